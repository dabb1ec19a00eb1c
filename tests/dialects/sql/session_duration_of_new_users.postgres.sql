WITH
-- adds event_id, cookie_id; keeps some rows; adds user_id
events AS (
  SELECT event_id::uuid AS event_id, moment, cookie_id::uuid AS user_id
  FROM data
  WHERE day >= DATE '2022-02-01'
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
    moment,
    user_id,
    count(*) FILTER (WHERE is_session_start) OVER (
      PARTITION BY user_id
      ORDER BY moment, event_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_id
  FROM session_starts
),
-- one row for each moment_day, session_id, user_id
by_moment_day_session_id_user_id AS (
  SELECT
    moment::date AS moment_day,
    session_id,
    user_id,
    min(moment) AS min_moment,
    max(moment) AS max_moment
  FROM sessions
  GROUP BY 1, session_id, user_id
),
-- adds new_day
new_day AS (
  SELECT
    moment_day,
    session_id,
    user_id,
    min_moment,
    max_moment,
    min(session_id) OVER (PARTITION BY moment_day, user_id)
    = min(session_id) OVER (PARTITION BY user_id) AS new_day
  FROM by_moment_day_session_id_user_id
),
-- keeps some rows; one row for each user_id, time_aggregation, session_id; adds session_duration
by_session AS (
  SELECT
    to_char(moment_day, 'YYYY-MM-DD') AS time_aggregation,
    (extract(epoch FROM max(max_moment) - min(min_moment)) * 1000000)::bigint AS session_duration
  FROM new_day
  WHERE new_day
  GROUP BY user_id, 1, session_id
)
SELECT time_aggregation, avg(session_duration::float8)::bigint AS session_duration
FROM by_session
WHERE session_duration > 0
GROUP BY time_aggregation
ORDER BY time_aggregation COLLATE "C"
