WITH
-- adds event_id, cookie_id, user_id
events AS (
  SELECT event_id::uuid AS event_id, moment, cookie_id::uuid AS user_id
  FROM read_parquet('sample.parquet')
),
-- adds is_session_start
session_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    coalesce(
      moment - lag(moment) OVER (PARTITION BY user_id ORDER BY moment, event_id)
      > INTERVAL '1800 seconds',
      TRUE
    ) AS is_session_start
  FROM events
),
-- adds session_id
sessions AS (
  SELECT
    user_id,
    count(*) FILTER (WHERE is_session_start) OVER (
      PARTITION BY user_id
      ORDER BY moment, event_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_id
  FROM session_starts
),
-- keeps some rows; one row for each user_id, session_id
by_user_id_session_id AS (
  SELECT user_id, session_id
  FROM sessions
  WHERE user_id IS NOT NULL
  GROUP BY user_id, session_id
),
-- one row for each user_id
session_id_nunique AS (
  SELECT user_id, count(session_id) AS session_id_nunique
  FROM by_user_id_session_id
  GROUP BY user_id
)
SELECT session_id_nunique, count(DISTINCT user_id) AS user_id_nunique
FROM session_id_nunique
GROUP BY session_id_nunique
ORDER BY session_id_nunique
