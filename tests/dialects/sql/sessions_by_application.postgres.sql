WITH
-- adds event_id, cookie_id, value; keeps some rows; OFFSET 0 has global_contexts computed once
events AS (
  SELECT
    event_id::uuid AS event_id,
    moment,
    cookie_id::uuid AS cookie_id,
    (value::json -> 'global_contexts')::jsonb AS global_contexts
  FROM data
  WHERE day >= DATE '2022-02-01'
  OFFSET 0
),
-- adds user_id, application; OFFSET 0 has application computed once
events_2 AS (
  SELECT
    event_id,
    moment,
    cookie_id AS user_id,
    (
      SELECT coalesce(jsonb_agg(element ORDER BY position), '[]'::jsonb)
      FROM jsonb_array_elements(
          CASE WHEN jsonb_typeof(global_contexts) = 'array' THEN global_contexts END
        ) WITH ORDINALITY AS elements (element, position)
      WHERE element @> '{"_type": "ApplicationContext"}'::jsonb
    ) AS application
  FROM events
  OFFSET 0
),
-- adds id
id AS (
  SELECT
    event_id,
    moment,
    user_id,
    CASE WHEN jsonb_typeof(application) = 'array' THEN application -> 0 END ->> 'id' AS id
  FROM events_2
),
-- adds is_session_start
session_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    id,
    coalesce(
      moment - lag(moment) OVER (PARTITION BY user_id ORDER BY moment, event_id)
      > INTERVAL '1800 seconds',
      TRUE
    ) AS is_session_start
  FROM id
),
-- adds session_id
sessions AS (
  SELECT
    user_id,
    id,
    count(*) FILTER (WHERE is_session_start) OVER (
      PARTITION BY user_id
      ORDER BY moment, event_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_id
  FROM session_starts
),
-- one row for each user_id, id, session_id
by_id_session_id AS (
  SELECT id, session_id
  FROM sessions
  GROUP BY user_id, id, session_id
)
SELECT id, count(session_id) AS unique_sessions
FROM by_id_session_id
GROUP BY id
ORDER BY id COLLATE "C"
