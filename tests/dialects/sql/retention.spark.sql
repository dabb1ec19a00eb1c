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
    date_trunc('week', max(moment))::timestamp_ntz::date::timestamp_ntz AS last_period
  FROM events_2
),
-- adds count
range_2 AS (
  SELECT
    first_period,
    timestampdiff(MICROSECOND, first_period, last_period) div 604800000000
    - (timestampdiff(MICROSECOND, first_period, last_period) % 604800000000 < 0)::int
    + 1 AS count
  FROM range
),
-- one row for each number
periods AS (
  SELECT
    timestampadd(MICROSECOND, element.position::bigint * 604800000000, range_2.first_period)::date AS period
  FROM range_2
  CROSS JOIN LATERAL posexplode(CASE WHEN range_2.count > 0 THEN sequence(0, range_2.count - 1) WHEN range_2.count IS NOT NULL THEN array() END) AS element (position, value)
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
    timestampdiff(MICROSECOND, period::timestamp_ntz, date_trunc('week', (SELECT last_moment FROM last_moment))::timestamp_ntz::date::timestamp_ntz) AS sub
  FROM periods
),
-- keeps some rows; adds period; one row for each user_id, period
active_periods AS (
  SELECT user_id, date_trunc('week', moment)::timestamp_ntz::date AS period
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
cohort_sizes AS (
  SELECT cohort, count(*) AS cohort_users
  FROM starts
  GROUP BY cohort
),
-- adds cohorts
cohorts AS (
  SELECT
    period AS cohort,
    sub div 604800000000 - (sub % 604800000000 < 0)::int AS last_since,
    count(*) OVER () AS cohorts
  FROM periods_2
),
-- keeps some rows
cohorts_2 AS (
  SELECT cohort, last_since, last_since + 1 AS add
  FROM cohorts
  WHERE cohorts <= 1000 OR coalesce(cohort IN (SELECT cohort FROM cohort_sizes), FALSE)
),
-- one row for each number; adds end_period
cells AS (
  SELECT
    cohorts_2.cohort,
    element.position::bigint AS periods_since,
    cohorts_2.last_since >= element.position::bigint + 1 AS complete
  FROM cohorts_2
  CROSS JOIN LATERAL posexplode(CASE WHEN cohorts_2.add > 0 THEN sequence(0, cohorts_2.add - 1) WHEN cohorts_2.add IS NOT NULL THEN array() END) AS element (position, value)
),
-- the rows of both sides with equal keys; adds distance; one row for each cohort, periods_since
counted_returns AS (
  SELECT
    starts.cohort,
    timestampdiff(MICROSECOND, starts.cohort::timestamp_ntz, active_periods.period::timestamp_ntz)
      div 604800000000
    - (
        timestampdiff(MICROSECOND, starts.cohort::timestamp_ntz, active_periods.period::timestamp_ntz)
          % 604800000000
        < 0
      )::int AS periods_since,
    count(*) AS users
  FROM starts
  JOIN active_periods
    ON starts.user_id = active_periods.user_id AND active_periods.period >= starts.cohort
  GROUP BY 1, 2
)
SELECT
  cells.cohort,
  cells.periods_since,
  coalesce(cohort_sizes.cohort_users, 0::bigint) AS cohort_users,
  coalesce(counted_returns.users, 0::bigint) AS users,
  coalesce(counted_returns.users, 0::bigint)::double
  / nullif(coalesce(cohort_sizes.cohort_users, 0::bigint), 0) AS rate,
  cells.complete
FROM cells
LEFT JOIN cohort_sizes
  ON cells.cohort = cohort_sizes.cohort
LEFT JOIN counted_returns
  ON cells.cohort = counted_returns.cohort AND cells.periods_since = counted_returns.periods_since
ORDER BY cohort NULLS LAST, periods_since NULLS LAST
