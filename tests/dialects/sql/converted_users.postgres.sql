WITH
-- adds cookie_id, value; keeps some rows; OFFSET 0 has value computed once
events AS (
  SELECT moment, cookie_id::uuid AS cookie_id, value::jsonb AS value
  FROM data
  WHERE day >= DATE '2022-02-01'
  OFFSET 0
),
-- adds user_id, location_stack, event_type, conversion; keeps some rows; one row for each moment_day, user_id
by_moment_day_user_id AS (
  SELECT moment::date AS moment_day, cookie_id AS user_id
  FROM events
  WHERE (value ->> '_type') = 'PressEvent'
  AND coalesce(
      (value -> 'location_stack') @> '[{"id": "Quickstart Guide", "_type": "LinkContext"}]'::jsonb,
      FALSE
    )
  GROUP BY 1, 2
)
SELECT to_char(moment_day, 'YYYY-MM-DD') AS time_aggregation, count(user_id) AS unique_users
FROM by_moment_day_user_id
GROUP BY 1
ORDER BY to_char(moment_day, 'YYYY-MM-DD') COLLATE "C"
