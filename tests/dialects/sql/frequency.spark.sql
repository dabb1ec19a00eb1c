WITH
-- adds event_id, cookie_id, user_id
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
    user_id,
    count(CASE WHEN is_session_start THEN 1 END) OVER (
      PARTITION BY user_id
      ORDER BY moment NULLS LAST, event_id NULLS LAST
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
ORDER BY session_id_nunique NULLS LAST
