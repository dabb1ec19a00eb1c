WITH
-- keeps some rows; one row for all
range AS (
  SELECT
    date_trunc('month', min(moment))::timestamp_ntz::date::timestamp_ntz AS first_period,
    date_trunc('day', max(moment))::timestamp_ntz::date::timestamp_ntz AS last_period,
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
    timestampdiff(MICROSECOND, first_period, last_period) div 86400000000
    - (timestampdiff(MICROSECOND, first_period, last_period) % 86400000000 < 0)::int
    + 1 AS count
  FROM range
),
-- one row for each number
periods AS (
  SELECT
    timestampadd(MICROSECOND, element.position::bigint * 86400000000, range_2.first_period)::date AS period,
    range_2.first_time,
    range_2.known_until
  FROM range_2
  CROSS JOIN LATERAL posexplode(CASE WHEN range_2.count > 0 THEN sequence(0, range_2.count - 1) WHEN range_2.count IS NOT NULL THEN array() END) AS element (position, value)
),
-- adds amount, country, trend_where; keeps some rows; adds period
events_by_period AS (
  SELECT
    amount,
    coalesce(country, '(none)') AS country,
    date_trunc('month', moment)::timestamp_ntz::date AS period
  FROM events
  WHERE moment IS NOT NULL AND event_type = 'buy'
),
-- one row for each country; only the first rows
top_country AS (
  SELECT country
  FROM events_by_period
  GROUP BY country
  ORDER BY count(*) DESC NULLS LAST, country NULLS LAST
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
    coalesce(sum(amount), 0.0::double) AS value
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
    date_trunc('month', timestampadd(MICROSECOND, 2678400000000::bigint, period::timestamp_ntz))::timestamp_ntz::date::timestamp_ntz
      <= known_until
    AND period >= first_time::date AS complete
  FROM periods
  WHERE period = date_trunc('month', period::timestamp_ntz)::timestamp_ntz::date
)
SELECT
  periods_2.period,
  groups.country,
  coalesce(measured.value, 0.0::double) AS value,
  periods_2.complete
FROM periods_2
CROSS JOIN groups
LEFT JOIN measured
  ON periods_2.period = measured.period AND groups.country = measured.country
ORDER BY period NULLS LAST, country NULLS LAST
