WITH
-- adds event_id, cookie_id; keeps some rows; adds user_id
events AS (
  SELECT
    CASE
      WHEN event_id IS NULL THEN NULL
      WHEN regexp_like(event_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(event_id)
      ELSE raise_error('not a uuid: ' || event_id)
    END AS event_id,
    moment,
    CASE
      WHEN cookie_id IS NULL THEN NULL
      WHEN regexp_like(cookie_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(cookie_id)
      ELSE raise_error('not a uuid: ' || cookie_id)
    END AS user_id
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
      timestampdiff(MICROSECOND, lag(moment) OVER (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST), moment)
      > 1800000000,
      TRUE
    ) AS is_session_start
  FROM events
),
-- adds session_id
sessions AS (
  SELECT
    moment,
    user_id,
    count(CASE WHEN is_session_start THEN 1 END) OVER (
      PARTITION BY user_id
      ORDER BY moment NULLS LAST, event_id NULLS LAST
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
    concat(
      date_format(moment_day, 'yyyy'),
      '-',
      date_format(moment_day, 'MM'),
      '-',
      date_format(moment_day, 'dd')
    ) AS time_aggregation,
    CASE WHEN bool_or(new_day) THEN count(user_id) FILTER (WHERE new_day) END AS unique_users,
    count(user_id) AS unique_users_2
  FROM new_day
  GROUP BY 1
)
SELECT
  time_aggregation,
  CASE WHEN unique_users_2::double = 0 THEN unique_users::double * power(unique_users_2::double, -1) ELSE unique_users::double / unique_users_2::double END AS unique_users
FROM unique_users
ORDER BY time_aggregation NULLS LAST
