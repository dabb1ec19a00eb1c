WITH
-- adds cookie_id, value; keeps some rows; adds user_id, location_stack, event_type, conversion; keeps some rows; one row for each moment_day, user_id
by_moment_day_user_id AS (
  SELECT moment::date AS moment_day, cookie_id::uuid AS user_id
  FROM read_parquet('sample.parquet')
  WHERE day >= DATE '2022-02-01'
  AND (value ->> '_type') = 'PressEvent'
  AND coalesce(
      len(
          list_filter(
            json_extract(value, '$.location_stack[*]'),
            lambda element: (element ->> 'id') = 'Quickstart Guide' AND (element ->> '_type') = 'LinkContext'
          )
        )
      > 0,
      FALSE
    )
  GROUP BY 1, 2
)
SELECT strftime(moment_day, '%Y-%m-%d') AS time_aggregation, count(user_id) AS unique_users
FROM by_moment_day_user_id
GROUP BY 1
ORDER BY time_aggregation
