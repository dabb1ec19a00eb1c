WITH
-- adds cookie_id; keeps some rows; adds user_id; one row for each moment_day, user_id
by_moment_day_user_id AS (
  SELECT
    moment::date AS moment_day,
    CASE
      WHEN cookie_id IS NULL THEN NULL
      WHEN regexp_like(cookie_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(cookie_id)
      ELSE raise_error('not a uuid: ' || cookie_id)
    END AS user_id
  FROM data
  WHERE day >= DATE '2022-02-01'
  GROUP BY 1, 2
)
SELECT
  concat(
    date_format(moment_day, 'yyyy'),
    '-',
    date_format(moment_day, 'MM'),
    '-',
    date_format(moment_day, 'dd')
  ) AS time_aggregation,
  count(user_id) AS unique_users
FROM by_moment_day_user_id
GROUP BY 1
ORDER BY time_aggregation NULLS LAST
