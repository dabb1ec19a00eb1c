WITH
-- adds event_id, cookie_id, user_id
events AS (
  SELECT event_id::uuid AS event_id, day, moment, ctid, tableoid, cookie_id::uuid AS user_id
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
-- adds session_id, session_hit_number; only the first rows
first_rows AS (
  SELECT
    event_id,
    day,
    moment,
    ctid,
    tableoid,
    user_id,
    max(session_start_number) OVER w AS session_id,
    user_hit_number - max(CASE WHEN is_session_start THEN user_hit_number END) OVER w + 1 AS session_hit_number
  FROM numbered_starts
  WINDOW
    w AS (PARTITION BY user_id ORDER BY moment, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
  ORDER BY event_id
  LIMIT 5
),
-- reads value of the rows that are left
json AS (
  SELECT data.value, data.ctid, data.tableoid
  FROM data
  JOIN first_rows
    ON data.ctid = first_rows.ctid AND data.tableoid = first_rows.tableoid
),
-- the rows that are left with what was read of them; adds value; OFFSET 0 has value computed once
events_2 AS (
  SELECT
    first_rows.day,
    first_rows.moment,
    first_rows.event_id,
    first_rows.user_id,
    first_rows.session_id,
    first_rows.session_hit_number,
    json.value::jsonb AS value
  FROM first_rows
  JOIN json
    ON first_rows.ctid = json.ctid AND first_rows.tableoid = json.tableoid
  OFFSET 0
)
SELECT
  event_id,
  day,
  moment,
  user_id,
  value -> 'location_stack' AS location_stack,
  value ->> '_type' AS event_type,
  value -> '_types' AS stack_event_types,
  session_id,
  session_hit_number
FROM events_2
ORDER BY event_id
