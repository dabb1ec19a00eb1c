WITH
-- adds event_id, cookie_id, value; OFFSET 0 has value computed once
events AS (
  SELECT event_id::uuid AS event_id, day, moment, cookie_id::uuid AS cookie_id, value::jsonb AS value
  FROM data
  OFFSET 0
),
-- columns of events; OFFSET 0 has global_contexts computed once
events_2 AS (
  SELECT event_id, day, moment, cookie_id, value, value -> 'global_contexts' AS global_contexts
  FROM events
  OFFSET 0
),
-- adds user_id, location_stack, event_type, stack_event_types, application
events_3 AS (
  SELECT
    event_id,
    day,
    moment,
    cookie_id AS user_id,
    value -> 'location_stack' AS location_stack,
    value ->> '_type' AS event_type,
    value -> '_types' AS stack_event_types,
    (
      SELECT coalesce(jsonb_agg(element ORDER BY position), '[]'::jsonb)
      FROM jsonb_array_elements(
          CASE WHEN jsonb_typeof(global_contexts) = 'array' THEN global_contexts END
        ) WITH ORDINALITY AS elements (element, position)
      WHERE element @> '{"_type": "ApplicationContext"}'::jsonb
    ) AS application
  FROM events_2
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
  FROM events_3
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
