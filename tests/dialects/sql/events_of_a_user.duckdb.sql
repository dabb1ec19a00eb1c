WITH
-- adds event_id, cookie_id, user_id
events AS (
  SELECT event_id::uuid AS event_id, day, moment, file_row_number, cookie_id::uuid AS user_id
  FROM read_parquet('sample.parquet')
),
-- adds is_session_start, user_hit_number
session_starts AS (
  SELECT
    event_id,
    day,
    moment,
    file_row_number,
    user_id,
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
    file_row_number,
    user_id,
    is_session_start,
    user_hit_number,
    CASE
      WHEN is_session_start THEN row_number() OVER (
          PARTITION BY is_session_start
          ORDER BY CASE WHEN is_session_start THEN moment END, CASE WHEN is_session_start THEN event_id END
        )
    END AS session_start_number
  FROM session_starts
),
-- adds session_id, session_hit_number
sessions AS (
  SELECT
    event_id,
    day,
    moment,
    file_row_number,
    user_id,
    max(session_start_number) OVER w AS session_id,
    user_hit_number - max(CASE WHEN is_session_start THEN user_hit_number END) OVER w + 1 AS session_hit_number
  FROM numbered_starts
  WINDOW
    w AS (PARTITION BY user_id ORDER BY moment, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
-- keeps some rows
sessions_2 AS (
  SELECT
    event_id,
    day,
    moment,
    file_row_number,
    user_id,
    session_id,
    session_hit_number
  FROM sessions
  WHERE user_id = 'a4d6ea1c-4cf3-4a6a-8c1d-1f0a2fb2b9f4'::uuid
),
-- reads value of the rows that are left
json AS (
  SELECT l.value, l.file_row_number
  FROM read_parquet('sample.parquet') AS l
  JOIN sessions_2
    ON l.file_row_number = sessions_2.file_row_number
)
SELECT
  sessions_2.event_id,
  sessions_2.day,
  sessions_2.moment,
  sessions_2.user_id,
  json.value -> 'location_stack' AS location_stack,
  json.value ->> '_type' AS event_type,
  json.value -> '_types' AS stack_event_types,
  sessions_2.session_id,
  sessions_2.session_hit_number
FROM sessions_2
JOIN json
  ON sessions_2.file_row_number = json.file_row_number
