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
    date_trunc('week', min(moment))::timestamp_ntz::date::timestamp_ntz AS first_period,
    date_trunc('week', max(moment))::timestamp_ntz::date::timestamp_ntz AS last_period,
    min(moment) AS first_time,
    max(moment) AS known_until
  FROM events_2
),
-- adds count
range_2 AS (
  SELECT
    first_period,
    first_time,
    known_until,
    timestampdiff(MICROSECOND, first_period, last_period) div 604800000000
    - (timestampdiff(MICROSECOND, first_period, last_period) % 604800000000 < 0)::int
    + 1 AS count
  FROM range
),
-- one row for each number
periods AS (
  SELECT
    timestampadd(MICROSECOND, element.position::bigint * 604800000000, range_2.first_period)::date AS period,
    range_2.first_time,
    range_2.known_until
  FROM range_2
  CROSS JOIN LATERAL posexplode(CASE WHEN range_2.count > 0 THEN sequence(0, range_2.count - 1) WHEN range_2.count IS NOT NULL THEN array() END) AS element (position, value)
),
-- adds next_period
periods_2 AS (
  SELECT
    period,
    first_time,
    known_until,
    timestampadd(MICROSECOND, 604800000000::bigint, period::timestamp_ntz)::date AS next_period
  FROM periods
),
-- columns of periods_2
periods_3 AS (
  SELECT
    period,
    next_period::timestamp_ntz <= known_until AND period >= first_time::date AS is_complete,
    timestampdiff(MICROSECOND, date_trunc('day', period::timestamp_ntz)::timestamp_ntz::date::timestamp_ntz, date_trunc('day', timestampadd(MICROSECOND, -1::bigint, next_period::timestamp_ntz))::timestamp_ntz::date::timestamp_ntz) AS sub
  FROM periods_2
),
-- columns of periods_3
periods_4 AS (
  SELECT
    period,
    is_complete AS complete,
    sub div 86400000000 - (sub % 86400000000 < 0)::int + 1 AS parts
  FROM periods_3
),
-- keeps some rows; one row for each period, part, user_id
parts_by_user AS (
  SELECT date_trunc('week', moment)::timestamp_ntz::date AS period, user_id
  FROM events_2
  WHERE user_id IS NOT NULL
  GROUP BY 1, date_trunc('day', moment)::timestamp_ntz::date, user_id
),
-- one row for each period, user_id
periods_by_user AS (
  SELECT period, count(*) AS active
  FROM parts_by_user
  GROUP BY period, user_id
),
-- one row for each period, active
counted AS (
  SELECT period, active, count(*) AS users
  FROM periods_by_user
  GROUP BY period, active
),
-- one row for each number
parts AS (
  SELECT periods_4.period, element.position::bigint + 1 AS active, periods_4.complete
  FROM periods_4
  CROSS JOIN LATERAL posexplode(CASE WHEN periods_4.parts > 0 THEN sequence(0, periods_4.parts - 1) WHEN periods_4.parts IS NOT NULL THEN array() END) AS element (position, value)
)
SELECT
  parts.period,
  parts.active,
  coalesce(counted.users, 0::bigint) AS users,
  coalesce(counted.users, 0::bigint)::double
  / nullif(
      coalesce(sum(coalesce(counted.users, 0::bigint)::decimal(38, 0)) OVER (PARTITION BY parts.period)::bigint, 0),
      0
    ) AS share,
  coalesce(sum(coalesce(counted.users, 0::bigint)::decimal(38, 0)) OVER (
      PARTITION BY parts.period
      ORDER BY parts.active DESC NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )::bigint, 0) AS users_at_least,
  parts.complete
FROM parts
LEFT JOIN counted
  ON parts.period = counted.period AND parts.active = counted.active
ORDER BY period NULLS LAST, active NULLS LAST
