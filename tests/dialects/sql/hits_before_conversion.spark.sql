WITH
-- adds event_id, cookie_id, value, user_id, location_stack, location_stack_matches
location_stack_matches AS (
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
    END AS user_id,
    coalesce(
      exists(
        try_cast(variant_get(
            CASE WHEN get_json_object('[' || value || ', "' || md5(value) || '"]', '$[1]') = md5(value) THEN parse_json(value) WHEN value IS NOT NULL THEN raise_error('not JSON: ' || value) END,
            '$.location_stack'
          ) AS array<variant>),
        element -> variant_get(element, '$.id', 'string') = 'Quickstart Guide'
      ),
      FALSE
    ) AS location_stack_matches
  FROM data
),
-- adds is_session_start, user_hit_number
session_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    location_stack_matches,
    coalesce(timestampdiff(MICROSECOND, lag(moment) OVER w, moment) > 1800000000, TRUE) AS is_session_start,
    row_number() OVER w::bigint AS user_hit_number
  FROM location_stack_matches
  WINDOW w AS (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST)
),
-- adds session_id, session_hit_number
sessions AS (
  SELECT
    event_id,
    user_id,
    location_stack_matches,
    count(CASE WHEN is_session_start THEN 1 END) OVER w AS session_id,
    user_hit_number - max(CASE WHEN is_session_start THEN user_hit_number END) OVER w + 1 AS session_hit_number
  FROM session_starts
  WINDOW
    w AS (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
-- columns of sessions
sessions_2 AS (
  SELECT
    event_id,
    user_id,
    session_id,
    session_hit_number,
    count(CASE WHEN location_stack_matches THEN 1 END) OVER (
      PARTITION BY user_id, session_id
      ORDER BY session_hit_number NULLS LAST, event_id NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS sum,
    count(CASE WHEN location_stack_matches THEN 1 END) OVER (PARTITION BY user_id, session_id) AS sum_2
  FROM sessions
)
SELECT
  event_id,
  CASE
    WHEN sum = 0 AND sum_2 > 0 THEN row_number() OVER (
        PARTITION BY user_id, session_id, sum = 0 AND sum_2 > 0
        ORDER BY session_hit_number DESC NULLS LAST, event_id NULLS LAST
      )::bigint
  END AS pre_conversion_hit_number
FROM sessions_2
