WITH
-- adds event_id, cookie_id, value, user_id, event_type
events AS (
  SELECT
    event_id::uuid AS event_id,
    day,
    moment,
    ctid,
    tableoid,
    cookie_id::uuid AS user_id,
    value::json ->> '_type' AS event_type
  FROM data
),
-- adds is_session_start, user_hit_number
session_starts AS (
  SELECT
    event_id,
    day,
    moment,
    ctid,
    tableoid,
    user_id,
    event_type,
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
    ctid,
    tableoid,
    user_id,
    event_type,
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
    ctid,
    tableoid,
    user_id,
    event_type,
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
    ctid,
    tableoid,
    user_id,
    event_type,
    session_id,
    session_hit_number
  FROM sessions
  WHERE day = DATE '2022-02-01' AND event_type = 'PressEvent'
),
-- reads value of the rows that are left
json AS (
  SELECT data.value, data.ctid, data.tableoid
  FROM data
  JOIN sessions_2
    ON data.ctid = sessions_2.ctid AND data.tableoid = sessions_2.tableoid
),
-- the rows that are left with what was read of them; adds value; OFFSET 0 has value computed once
events_2 AS (
  SELECT
    sessions_2.day,
    sessions_2.moment,
    sessions_2.event_id,
    sessions_2.user_id,
    sessions_2.event_type,
    sessions_2.session_id,
    sessions_2.session_hit_number,
    json.value::jsonb AS value
  FROM sessions_2
  JOIN json
    ON sessions_2.ctid = json.ctid AND sessions_2.tableoid = json.tableoid
  OFFSET 0
)
SELECT
  event_id,
  day,
  moment,
  user_id,
  value -> 'location_stack' AS location_stack,
  event_type,
  value -> '_types' AS stack_event_types,
  session_id,
  session_hit_number
FROM events_2
ORDER BY moment, event_id
