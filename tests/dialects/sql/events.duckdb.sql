WITH
-- adds event_id, cookie_id, value, user_id, location_stack, event_type, stack_event_types, application
events AS (
  SELECT
    event_id::uuid AS event_id,
    day,
    moment,
    cookie_id::uuid AS user_id,
    value -> 'location_stack' AS location_stack,
    value ->> '_type' AS event_type,
    value -> '_types' AS stack_event_types,
    coalesce(
      to_json(
        list_filter(
          json_extract(value, '$.global_contexts[*]'),
          lambda element: (element ->> '_type') = 'ApplicationContext'
        )
      ),
      '[]'::json
    ) AS application
  FROM read_parquet('sample.parquet')
),
-- adds is_session_start, user_hit_number
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
    coalesce(moment - lag(moment) OVER w > INTERVAL '1800 seconds', TRUE) AS is_session_start,
    row_number() OVER w AS user_hit_number
  FROM events
  WINDOW w AS (PARTITION BY user_id ORDER BY moment, event_id)
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
    is_session_start,
    user_hit_number,
    CASE
      WHEN is_session_start THEN row_number() OVER (
          PARTITION BY is_session_start
          ORDER BY CASE WHEN is_session_start THEN moment END, CASE WHEN is_session_start THEN event_id END
        )
    END AS session_start_number
  FROM session_starts
)
SELECT
  event_id,
  day,
  moment,
  user_id,
  location_stack,
  event_type,
  stack_event_types,
  max(session_start_number) OVER w AS session_id,
  user_hit_number - max(CASE WHEN is_session_start THEN user_hit_number END) OVER w + 1 AS session_hit_number,
  application
FROM numbered_starts
WINDOW
  w AS (PARTITION BY user_id ORDER BY moment, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
