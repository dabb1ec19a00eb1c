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
-- one row for each moment_day, user_id
by_moment_day_user_id AS (
  SELECT moment::date AS moment_day, user_id, min(session_id) AS min_session_id
  FROM sessions
  GROUP BY 1, user_id
),
-- adds new_day
new_day AS (
  SELECT
    moment_day,
    user_id,
    min_session_id = min(min_session_id) OVER (PARTITION BY user_id) AS new_day
  FROM by_moment_day_user_id
),
-- one row for each time_aggregation
unique_users AS (
  SELECT
    to_char(moment_day, 'YYYY-MM-DD') AS time_aggregation,
    CASE WHEN bool_or(new_day) THEN count(user_id) FILTER (WHERE new_day) END AS unique_users,
    count(user_id) AS unique_users_2
  FROM new_day
  GROUP BY 1
)
SELECT
  time_aggregation,
  CASE
    WHEN unique_users_2 = 0 THEN unique_users::float8 * 'Infinity'::float8
    ELSE unique_users::float8 / unique_users_2::float8
  END AS unique_users
FROM unique_users
ORDER BY time_aggregation COLLATE "C"
