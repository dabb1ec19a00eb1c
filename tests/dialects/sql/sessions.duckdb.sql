WITH
-- adds session_label; keeps some rows; adds session_starts
session_starts AS (
  SELECT
    user_id,
    moment,
    event_id,
    event_type AS session_label,
    coalesce(
      moment - lag(moment) OVER (PARTITION BY user_id ORDER BY moment, event_id)
      > INTERVAL '1800 seconds',
      TRUE
    ) AS session_starts
  FROM events
  WHERE moment IS NOT NULL AND user_id IS NOT NULL
),
-- adds session_number
numbered AS (
  SELECT
    user_id,
    moment,
    event_id,
    session_label,
    session_starts,
    count(*) FILTER (WHERE session_starts) OVER (
      PARTITION BY user_id
      ORDER BY moment, event_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_number
  FROM session_starts
),
-- one row for each user_id, session_number
sessions AS (
  SELECT
    user_id,
    session_number,
    min(moment) AS start,
    max(moment) AS "end",
    count(*) AS hits,
    first(session_label ORDER BY moment, event_id) FILTER (WHERE session_label IS NOT NULL) AS entry,
    first(
      session_label
      ORDER BY moment DESC NULLS FIRST, event_id DESC NULLS FIRST
    ) FILTER (WHERE session_label IS NOT NULL) AS exit,
    min(moment) AS session_first,
    min(event_id) FILTER (WHERE session_starts) AS session_first_event_id
  FROM numbered
  GROUP BY user_id, session_number
),
-- adds session_id
sessions_2 AS (
  SELECT
    row_number() OVER (ORDER BY session_first, session_first_event_id, user_id, session_number) AS session_id,
    user_id,
    start,
    "end",
    epoch_us("end" - start) AS duration,
    hits,
    entry,
    exit,
    hits = 1 AS is_bounce
  FROM sessions
)
SELECT
  session_id,
  user_id,
  start,
  "end",
  duration,
  hits,
  entry,
  exit,
  is_bounce
FROM sessions_2
WHERE hits > 0
ORDER BY session_id
