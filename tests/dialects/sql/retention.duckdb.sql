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
    date_trunc('week', max(moment))::date::timestamp AS last_period
  FROM events_2
),
-- adds count
range_2 AS (
  SELECT
    first_period,
    epoch_us(last_period - first_period) // 604800000000
    - (epoch_us(last_period - first_period) % 604800000000 < 0)::int
    + 1 AS count
  FROM range
),
-- one row for each number
periods AS (
  SELECT (range_2.first_period + to_microseconds(element.position * 604800000000))::date AS period
  FROM range_2
  CROSS JOIN LATERAL generate_series(0, range_2.count - 1) AS element (position)
),
-- one row for all
last_moment AS (
  SELECT max(moment) AS last_moment
  FROM events_2
),
-- columns of periods
periods_2 AS (
  SELECT
    period,
    epoch_us(date_trunc('week', (SELECT last_moment FROM last_moment))::date::timestamp - period::timestamp) AS sub
  FROM periods
),
-- columns of periods_2
cohorts AS (
  SELECT
    period AS cohort,
    sub // 604800000000 - (sub % 604800000000 < 0)::int AS last_since,
    sub // 604800000000 - (sub % 604800000000 < 0)::int + 1 AS add
  FROM periods_2
),
-- keeps some rows; adds period; one row for each user_id, period
active_periods AS (
  SELECT user_id, date_trunc('week', moment)::date AS period
  FROM events_2
  WHERE user_id IS NOT NULL
  GROUP BY user_id, 2
),
-- one row for each user_id
starts AS (
  SELECT user_id, min(period) AS cohort
  FROM active_periods
  GROUP BY user_id
),
-- one row for each cohort
cohorts_2 AS (
  SELECT cohort, count(*) AS cohort_users
  FROM starts
  GROUP BY cohort
),
-- one row for each number; adds end_period
cells AS (
  SELECT
    cohorts.cohort,
    element.position AS periods_since,
    cohorts.last_since >= element.position + 1 AS complete
  FROM cohorts
  CROSS JOIN LATERAL generate_series(0, cohorts.add - 1) AS element (position)
),
-- the rows of both sides with equal keys; adds distance; one row for each cohort, periods_since
counted_returns AS (
  SELECT
    starts.cohort,
    epoch_us(active_periods.period::timestamp - starts.cohort::timestamp) // 604800000000
    - (epoch_us(active_periods.period::timestamp - starts.cohort::timestamp) % 604800000000 < 0)::int AS periods_since,
    count(*) AS users
  FROM starts
  JOIN active_periods
    ON starts.user_id = active_periods.user_id AND active_periods.period >= starts.cohort
  GROUP BY 1, 2
)
SELECT
  cells.cohort,
  cells.periods_since,
  coalesce(cohorts_2.cohort_users, 0::bigint) AS cohort_users,
  coalesce(counted_returns.users, 0::bigint) AS users,
  coalesce(counted_returns.users, 0::bigint)::float8
  / nullif(coalesce(cohorts_2.cohort_users, 0::bigint), 0) AS rate,
  cells.complete
FROM cells
LEFT JOIN cohorts_2
  ON cells.cohort = cohorts_2.cohort
LEFT JOIN counted_returns
  ON cells.cohort = counted_returns.cohort AND cells.periods_since = counted_returns.periods_since
ORDER BY cohort, periods_since
