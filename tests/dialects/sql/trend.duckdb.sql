WITH
-- keeps some rows
events_2 AS NOT MATERIALIZED (
  SELECT user_id, moment
  FROM events
  WHERE moment IS NOT NULL
),
-- one row for all
range AS (
  SELECT
    date_trunc('day', min(moment))::date::timestamp AS first_period,
    date_trunc('day', max(moment))::date::timestamp AS last_period,
    max(moment) AS known_until
  FROM events_2
),
-- adds count
range_2 AS (
  SELECT
    first_period,
    known_until,
    epoch_us(last_period - first_period) // 86400000000
    - (epoch_us(last_period - first_period) % 86400000000 < 0)::int
    + 1 AS count
  FROM range
),
-- one row for each number
periods AS (
  SELECT
    (range_2.first_period + to_microseconds(element.position * 86400000000))::date AS period,
    range_2.known_until
  FROM range_2
  CROSS JOIN LATERAL generate_series(0, range_2.count - 1) AS element (position)
),
-- keeps some rows; adds period; one row for each period, user_id
by_period_user_id AS (
  SELECT date_trunc('day', moment)::date AS period, user_id
  FROM events_2
  WHERE user_id IS NOT NULL
  GROUP BY 1, user_id
),
-- one row for each period
measured AS (
  SELECT period, count(user_id) AS value
  FROM by_period_user_id
  GROUP BY period
),
-- adds next_period
periods_2 AS (
  SELECT period, (period::timestamp + INTERVAL '1 days')::date::timestamp <= known_until AS complete
  FROM periods
)
SELECT periods_2.period, coalesce(measured.value, 0::bigint) AS value, periods_2.complete
FROM periods_2
LEFT JOIN measured
  ON periods_2.period = measured.period
ORDER BY period
