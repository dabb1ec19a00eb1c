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
    date_trunc('week', min(moment))::date::timestamp AS first_period,
    date_trunc('week', max(moment))::date::timestamp AS last_period,
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
    epoch_us(last_period - first_period) // 604800000000
    - (epoch_us(last_period - first_period) % 604800000000 < 0)::int
    + 1 AS count
  FROM range
),
-- one row for each number
periods AS (
  SELECT
    (range_2.first_period + to_microseconds(element.position * 604800000000))::date AS period,
    range_2.first_time,
    range_2.known_until
  FROM range_2
  CROSS JOIN LATERAL generate_series(0, range_2.count - 1) AS element (position)
),
-- adds next_period
periods_2 AS (
  SELECT
    period,
    first_time,
    known_until,
    (period::timestamp + INTERVAL '7 days')::date AS next_period
  FROM periods
),
-- columns of periods_2
periods_3 AS (
  SELECT
    period,
    next_period::timestamp <= known_until AND period >= first_time::date AS is_complete,
    epoch_us(date_trunc('day', next_period::timestamp - INTERVAL '0.000001 seconds')::date::timestamp
      - date_trunc('day', period::timestamp)::date::timestamp) AS sub
  FROM periods_2
),
-- columns of periods_3
periods_4 AS (
  SELECT
    period,
    is_complete AS complete,
    sub // 86400000000 - (sub % 86400000000 < 0)::int + 1 AS parts
  FROM periods_3
),
-- keeps some rows; one row for each period, part, user_id
parts_by_user AS (
  SELECT date_trunc('week', moment)::date AS period, user_id
  FROM events_2
  WHERE user_id IS NOT NULL
  GROUP BY 1, date_trunc('day', moment)::date, user_id
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
  SELECT periods_4.period, element.position + 1 AS active, periods_4.complete
  FROM periods_4
  CROSS JOIN LATERAL generate_series(0, periods_4.parts - 1) AS element (position)
)
SELECT
  parts.period,
  parts.active,
  coalesce(counted.users, 0::bigint) AS users,
  coalesce(counted.users, 0::bigint)::float8
  / nullif(
      coalesce(sum(coalesce(counted.users, 0::bigint)) OVER (PARTITION BY parts.period)::bigint, 0),
      0
    ) AS share,
  coalesce(sum(coalesce(counted.users, 0::bigint)) OVER (
      PARTITION BY parts.period
      ORDER BY parts.active DESC NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )::bigint, 0) AS users_at_least,
  parts.complete
FROM parts
LEFT JOIN counted
  ON parts.period = counted.period AND parts.active = counted.active
ORDER BY period, active
