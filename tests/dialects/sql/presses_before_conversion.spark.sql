WITH
-- adds event_id, cookie_id, value; keeps some rows
events AS (
  SELECT
    CASE
      WHEN event_id IS NULL THEN NULL
      WHEN regexp_like(event_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(event_id)
      ELSE raise_error('not a uuid: ' || event_id)
    END AS event_id,
    moment,
    CASE
      WHEN cookie_id IS NULL THEN NULL
      WHEN regexp_like(cookie_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(cookie_id)
      ELSE raise_error('not a uuid: ' || cookie_id)
    END AS cookie_id,
    CASE WHEN get_json_object('[' || value || ', "' || md5(value) || '"]', '$[1]') = md5(value) THEN parse_json(value) WHEN value IS NOT NULL THEN raise_error('not JSON: ' || value) END AS value
  FROM data
  WHERE day >= DATE '2022-02-01'
),
-- adds user_id, location_stack, event_type
events_2 AS (
  SELECT
    event_id,
    moment,
    cookie_id AS user_id,
    variant_get(value, '$.location_stack') AS location_stack,
    variant_get(value, '$._type', 'string') AS event_type
  FROM events
),
-- adds location_stack_matches
location_stack_matches AS (
  SELECT
    event_id,
    moment,
    user_id,
    event_type,
    event_type = 'PressEvent'
    AND coalesce(
        exists(
          try_cast(location_stack AS array<variant>),
          element -> variant_get(element, '$.id', 'string') = 'Quickstart Guide'
            AND variant_get(element, '$._type', 'string') = 'LinkContext'
        ),
        FALSE
      ) AS location_stack_matches
  FROM events_2
),
-- adds is_session_start
session_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    event_type,
    location_stack_matches,
    coalesce(
      timestampdiff(MICROSECOND, lag(moment) OVER (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST), moment)
      > 1800000000,
      TRUE
    ) AS is_session_start
  FROM location_stack_matches
),
-- adds session_start_number
numbered_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    event_type,
    location_stack_matches,
    CASE
      WHEN is_session_start THEN row_number() OVER (
          PARTITION BY is_session_start, CASE WHEN is_session_start THEN NULL::timestamp_ntz ELSE moment END
          ORDER BY CASE WHEN is_session_start THEN moment END NULLS LAST, CASE WHEN is_session_start THEN event_id END NULLS LAST
        )::bigint
    END AS session_start_number
  FROM session_starts
),
-- adds session_id
sessions AS (
  SELECT
    moment,
    event_type,
    location_stack_matches,
    max(session_start_number) OVER (
      PARTITION BY user_id
      ORDER BY moment NULLS LAST, event_id NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_id
  FROM numbered_starts
),
-- adds so_far
so_far AS (
  SELECT
    event_type,
    location_stack_matches,
    session_id,
    count(CASE WHEN location_stack_matches THEN 1 END) OVER (
      PARTITION BY session_id
      ORDER BY moment NULLS LAST
      RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS so_far
  FROM sessions
),
-- one row for each session_id, condition, condition_2
by_session_id_condition_condition_2 AS (
  SELECT
    session_id,
    so_far = 0 AS condition,
    event_type = 'PressEvent' AS condition_2,
    count(*) FILTER (WHERE location_stack_matches) AS sum_rows,
    count(event_type) AS count_event_type
  FROM so_far
  GROUP BY session_id, 2, 3
),
-- adds converted
converted AS (
  SELECT
    session_id,
    condition,
    condition_2,
    count_event_type,
    sum(sum_rows::decimal(38, 0)) OVER (PARTITION BY session_id)::bigint AS converted
  FROM by_session_id_condition_condition_2
)
SELECT session_id, sum(count_event_type::decimal(38, 0))::bigint AS event_type
FROM converted
WHERE converted > 0 AND condition AND condition_2
GROUP BY session_id
ORDER BY session_id NULLS LAST
