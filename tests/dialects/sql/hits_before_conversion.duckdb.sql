WITH
-- adds event_id, cookie_id, value, user_id, location_stack, location_stack_matches
location_stack_matches AS (
  SELECT
    event_id::uuid AS event_id,
    moment,
    cookie_id::uuid AS user_id,
    coalesce(
      len(
          list_filter(
            json_extract(value, '$.location_stack[*]'),
            lambda element: (element ->> 'id') = 'Quickstart Guide'
          )
        )
      > 0,
      FALSE
    ) AS location_stack_matches
  FROM read_parquet('sample.parquet')
),
-- adds is_session_start, user_hit_number
session_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    location_stack_matches,
    coalesce(moment - lag(moment) OVER w > INTERVAL '1800 seconds', TRUE) AS is_session_start,
    row_number() OVER w AS user_hit_number
  FROM location_stack_matches
  WINDOW w AS (PARTITION BY user_id ORDER BY moment, event_id)
),
-- adds session_id, session_hit_number
sessions AS (
  SELECT
    event_id,
    user_id,
    location_stack_matches,
    count(*) FILTER (WHERE is_session_start) OVER w AS session_id,
    user_hit_number - max(CASE WHEN is_session_start THEN user_hit_number END) OVER w + 1 AS session_hit_number
  FROM session_starts
  WINDOW
    w AS (PARTITION BY user_id ORDER BY moment, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
-- columns of sessions
sessions_2 AS (
  SELECT
    event_id,
    user_id,
    session_id,
    session_hit_number,
    count(*) FILTER (WHERE location_stack_matches) OVER (
      PARTITION BY user_id, session_id
      ORDER BY session_hit_number, event_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS sum,
    count(*) FILTER (WHERE location_stack_matches) OVER (PARTITION BY user_id, session_id) AS sum_2
  FROM sessions
)
SELECT
  event_id,
  CASE
    WHEN sum = 0 AND sum_2 > 0 THEN row_number() OVER (
        PARTITION BY user_id, session_id, sum = 0 AND sum_2 > 0
        ORDER BY session_hit_number DESC NULLS LAST, event_id
      )
  END AS pre_conversion_hit_number
FROM sessions_2
