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
-- adds user_id, location_stack, event_type, location_stack_matches
location_stack_matches AS (
  SELECT
    event_id,
    moment,
    cookie_id AS user_id,
    variant_get(value, '$._type', 'string') = 'PressEvent'
    AND coalesce(
        exists(
          try_cast(variant_get(value, '$.location_stack') AS array<variant>),
          element -> variant_get(element, '$.id', 'string') = 'Quickstart Guide'
            AND variant_get(element, '$._type', 'string') = 'LinkContext'
        ),
        FALSE
      ) AS location_stack_matches
  FROM events
),
-- adds is_session_start
session_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    location_stack_matches,
    coalesce(
      timestampdiff(MICROSECOND, lag(moment) OVER (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST), moment)
      > 1800000000,
      TRUE
    ) AS is_session_start
  FROM location_stack_matches
),
-- adds session_id
sessions AS (
  SELECT
    event_id,
    moment,
    user_id,
    location_stack_matches,
    count(CASE WHEN is_session_start THEN 1 END) OVER (
      PARTITION BY user_id
      ORDER BY moment NULLS LAST, event_id NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_id
  FROM session_starts
)
SELECT
  event_id,
  min(session_id) OVER (
      PARTITION BY concat(date_format(moment, 'yyyy'), '-', date_format(moment, 'MM'), '-', date_format(moment, 'dd')), user_id
    )
  = min(session_id) OVER (PARTITION BY user_id) AS new_day,
  min(session_id) OVER (
      PARTITION BY concat(date_format(moment, 'yyyy'), '-', date_format(moment, 'MM')), user_id
    )
  = min(session_id) OVER (PARTITION BY user_id) AS new_month,
  min(session_id) OVER (PARTITION BY user_id) = session_id AS first_session,
  location_stack_matches AS conversion,
  count(CASE WHEN location_stack_matches THEN 1 END) OVER (
    PARTITION BY user_id, session_id
    ORDER BY moment NULLS LAST
    RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS so_far,
  count(CASE WHEN location_stack_matches THEN 1 END) OVER (PARTITION BY user_id, session_id) AS converted
FROM sessions
