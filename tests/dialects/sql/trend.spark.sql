WITH
-- keeps some rows
events_2 AS (
  SELECT user_id, moment
  FROM events
  WHERE moment IS NOT NULL
),
-- one row for all
range AS (
  SELECT
    date_trunc('day', min(moment))::timestamp_ntz::date::timestamp_ntz AS first_period,
    date_trunc('day', max(moment))::timestamp_ntz::date::timestamp_ntz AS last_period,
    max(moment) AS known_until
  FROM events_2
),
-- adds count
range_2 AS (
  SELECT
    first_period,
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
    range_2.known_until
  FROM range_2
  CROSS JOIN LATERAL posexplode(CASE WHEN range_2.count > 0 THEN sequence(0, range_2.count - 1) WHEN range_2.count IS NOT NULL THEN array() END) AS element (position, value)
),
-- keeps some rows; adds period; one row for each period, user_id
by_period_user_id AS (
  SELECT date_trunc('day', moment)::timestamp_ntz::date AS period, user_id
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
  SELECT
    period,
    timestampadd(MICROSECOND, 86400000000::bigint, period::timestamp_ntz)::date::timestamp_ntz
    <= known_until AS complete
  FROM periods
)
SELECT periods_2.period, coalesce(measured.value, 0::bigint) AS value, periods_2.complete
FROM periods_2
LEFT JOIN measured
  ON periods_2.period = measured.period
ORDER BY period NULLS LAST
