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
            json_extract(value::json -> 'location_stack', '$[*]'),
            lambda element: (element ->> 'id') = 'Quickstart Guide'
          )
        )
      > 0,
      FALSE
    ) AS location_stack_matches
  FROM read_parquet('sample.parquet')
),
-- adds is_session_start
session_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    location_stack_matches,
    coalesce(
      moment - lag(moment) OVER (PARTITION BY user_id ORDER BY moment, event_id)
      > INTERVAL '1800 seconds',
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
    count(*) FILTER (WHERE is_session_start) OVER (
      PARTITION BY user_id
      ORDER BY moment, event_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_id
  FROM session_starts
),
-- adds session_hit_number
session_hits AS (
  SELECT
    event_id,
    user_id,
    location_stack_matches,
    session_id,
    row_number() OVER (PARTITION BY user_id, session_id ORDER BY moment, event_id) AS session_hit_number
  FROM sessions
),
-- columns of session_hits
session_hits_2 AS (
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
  FROM session_hits
)
SELECT
  event_id,
  CASE
    WHEN sum = 0 AND sum_2 > 0 THEN row_number() OVER (
        PARTITION BY user_id, session_id, sum = 0 AND sum_2 > 0
        ORDER BY session_hit_number DESC NULLS LAST, event_id
      )
  END AS pre_conversion_hit_number
FROM session_hits_2
