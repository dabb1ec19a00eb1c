WITH
-- keeps some rows; one row for all
range AS (
  SELECT
    date_trunc('month', min(moment))::date::timestamp AS first_period,
    date_trunc('day', max(moment))::date::timestamp AS last_period,
    min(moment) AS first_time,
    max(moment) AS known_until
  FROM events
  WHERE moment IS NOT NULL
),
-- adds count
range_2 AS (
  SELECT
    first_period,
    first_time,
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
    range_2.first_time,
    range_2.known_until
  FROM range_2
  CROSS JOIN LATERAL generate_series(0, range_2.count - 1) AS element (position)
),
-- adds amount, country, trend_where; keeps some rows; adds period
events_by_period AS (
  SELECT amount, coalesce(country, '(none)') AS country, date_trunc('month', moment)::date AS period
  FROM events
  WHERE moment IS NOT NULL AND event_type = 'buy'
),
-- one row for each country; only the first rows
top_country AS (
  SELECT country
  FROM events_by_period
  GROUP BY country
  ORDER BY count(*) DESC NULLS LAST, country
  LIMIT 10
),
-- one row for each period, country
measured AS (
  SELECT
    period,
    CASE
      WHEN coalesce(country IN (SELECT country FROM top_country), FALSE) THEN country
      ELSE '(other)'
    END AS country,
    coalesce(sum(amount), 0.0::float8) AS value
  FROM events_by_period
  GROUP BY period, 2
),
-- one row for each country
groups AS (
  SELECT country
  FROM measured
  GROUP BY country
),
-- keeps some rows; adds next_period
periods_2 AS (
  SELECT
    period,
    date_trunc('month', period::timestamp + INTERVAL '31 days')::date::timestamp <= known_until
    AND period >= first_time::date AS complete
  FROM periods
  WHERE period = date_trunc('month', period::timestamp)::date
)
SELECT
  periods_2.period,
  groups.country,
  coalesce(measured.value, 0.0::float8) AS value,
  periods_2.complete
FROM periods_2
CROSS JOIN groups
LEFT JOIN measured
  ON periods_2.period = measured.period AND groups.country = measured.country
ORDER BY period, country
