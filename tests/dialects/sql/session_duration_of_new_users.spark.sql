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
    concat(
      date_format(moment_day, 'yyyy'),
      '-',
      date_format(moment_day, 'MM'),
      '-',
      date_format(moment_day, 'dd')
    ) AS time_aggregation,
    timestampdiff(MICROSECOND, min(min_moment), max(max_moment)) AS session_duration
  FROM new_day
  WHERE new_day
  GROUP BY user_id, 1, session_id
)
SELECT time_aggregation, rint(avg(session_duration::double))::bigint AS session_duration
FROM by_session
WHERE session_duration > 0
GROUP BY time_aggregation
ORDER BY time_aggregation NULLS LAST
