WITH
-- adds session_label; keeps some rows; adds session_starts
session_starts AS (
  SELECT
    user_id,
    moment,
    event_id,
    event_type AS session_label,
    coalesce(
      timestampdiff(MICROSECOND, lag(moment) OVER (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST), moment)
      > 1800000000,
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
    count(CASE WHEN session_starts THEN 1 END) OVER (
      PARTITION BY user_id
      ORDER BY moment NULLS LAST, event_id NULLS LAST
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
    max(moment) AS `end`,
    count(*) AS hits,
    min_by(
      session_label,
      struct(moment IS NULL, moment, event_id IS NULL, event_id)
    ) FILTER (WHERE session_label IS NOT NULL) AS entry,
    max_by(
      session_label,
      struct(moment IS NULL, moment, event_id IS NULL, event_id)
    ) FILTER (WHERE session_label IS NOT NULL) AS exit,
    min(moment) AS session_first,
    min(event_id) FILTER (WHERE session_starts) AS session_first_event_id
  FROM numbered
  GROUP BY user_id, session_number
),
-- adds session_id
sessions_2 AS (
  SELECT
    row_number() OVER (
      ORDER BY session_first NULLS LAST, session_first_event_id NULLS LAST, user_id NULLS LAST, session_number NULLS LAST
    )::bigint AS session_id,
    user_id,
    start,
    `end`,
    timestampdiff(MICROSECOND, start, `end`) AS duration,
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
  `end`,
  duration,
  hits,
  entry,
  exit,
  is_bounce
FROM sessions_2
WHERE hits > 0
ORDER BY session_id NULLS LAST
