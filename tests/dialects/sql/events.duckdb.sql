WITH
-- adds event_id, cookie_id, value
events AS (
  SELECT event_id::uuid AS event_id, day, moment, cookie_id::uuid AS cookie_id, value::json AS value
  FROM read_parquet('sample.parquet')
),
-- adds user_id, location_stack, event_type, stack_event_types, application
events_2 AS (
  SELECT
    event_id,
    day,
    moment,
    cookie_id AS user_id,
    value -> 'location_stack' AS location_stack,
    value ->> '_type' AS event_type,
    value -> '_types' AS stack_event_types,
    coalesce(
      to_json(
        list_filter(
          json_extract(value -> 'global_contexts', '$[*]'),
          lambda element: (element ->> '_type') = 'ApplicationContext'
        )
      ),
      '[]'::json
    ) AS application
  FROM events
),
-- adds is_session_start
session_starts AS (
  SELECT
    event_id,
    day,
    moment,
    user_id,
    location_stack,
    event_type,
    stack_event_types,
    application,
    coalesce(
      moment - lag(moment) OVER (PARTITION BY user_id ORDER BY moment, event_id)
      > INTERVAL '1800 seconds',
      TRUE
    ) AS is_session_start
  FROM events_2
),
-- adds session_start_number
numbered_starts AS (
  SELECT
    event_id,
    day,
    moment,
    user_id,
    location_stack,
    event_type,
    stack_event_types,
    application,
    CASE
      WHEN is_session_start THEN row_number() OVER (PARTITION BY is_session_start ORDER BY moment, event_id)
    END AS session_start_number
  FROM session_starts
),
-- adds session_id
sessions AS (
  SELECT
    event_id,
    day,
    moment,
    user_id,
    location_stack,
    event_type,
    stack_event_types,
    application,
    max(session_start_number) OVER (
      PARTITION BY user_id
      ORDER BY moment, event_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_id
  FROM numbered_starts
)
SELECT
  event_id,
  day,
  moment,
  user_id,
  location_stack,
  event_type,
  stack_event_types,
  session_id,
  row_number() OVER (PARTITION BY session_id ORDER BY moment, event_id) AS session_hit_number,
  application
FROM sessions
