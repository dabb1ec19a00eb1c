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
    date_trunc('day', max(moment))::timestamp_ntz::date::timestamp_ntz AS last_period
  FROM events_2
),
-- adds count
range_2 AS (
  SELECT
    first_period,
    timestampdiff(MICROSECOND, first_period, last_period) div 86400000000
    - (timestampdiff(MICROSECOND, first_period, last_period) % 86400000000 < 0)::int
    + 1 AS count
  FROM range
),
-- one row for each number
periods AS (
  SELECT
    timestampadd(MICROSECOND, element.position::bigint * 86400000000, range_2.first_period)::date AS period
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
    timestampdiff(MICROSECOND, period::timestamp_ntz, date_trunc('day', (SELECT last_moment FROM last_moment))::timestamp_ntz::date::timestamp_ntz) AS sub
  FROM periods
),
-- keeps some rows; adds period; one row for each user_id, period
active_periods AS (
  SELECT user_id, date_trunc('day', moment)::timestamp_ntz::date AS period
  FROM events_2
  WHERE user_id IS NOT NULL
  GROUP BY user_id, 2
),
-- one row for each user_id, cohort
starts AS (
  SELECT user_id, period AS cohort
  FROM active_periods
  GROUP BY user_id, 2
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
    sub div 86400000000 - (sub % 86400000000 < 0)::int AS last_since,
    count(*) OVER () AS cohorts
  FROM periods_2
),
-- rows written out here
brackets (periods_since, end_period) AS (
  VALUES
    (0::bigint, 1::bigint),
    (1::bigint, 4::bigint),
    (4::bigint, 8::bigint)
),
-- keeps some rows
cohorts_2 AS (
  SELECT cohort, last_since
  FROM cohorts
  WHERE cohorts <= 1000 OR coalesce(cohort IN (SELECT cohort FROM cohort_sizes), FALSE)
),
-- every row of both sides next to each other; keeps some rows
cells AS (
  SELECT
    cohorts_2.cohort,
    brackets.periods_since,
    cohorts_2.last_since >= brackets.end_period AS complete
  FROM cohorts_2
  CROSS JOIN brackets
  WHERE cohorts_2.last_since >= brackets.periods_since
),
-- the rows of both sides with equal keys; adds distance
returned AS (
  SELECT
    starts.user_id,
    starts.cohort,
    timestampdiff(MICROSECOND, starts.cohort::timestamp_ntz, active_periods.period::timestamp_ntz)
      div 86400000000
    - (
        timestampdiff(MICROSECOND, starts.cohort::timestamp_ntz, active_periods.period::timestamp_ntz)
          % 86400000000
        < 0
      )::int AS distance
  FROM starts
  JOIN active_periods
    ON starts.user_id = active_periods.user_id AND active_periods.period >= starts.cohort
),
-- columns of returned
slots AS (
  SELECT
    cohort,
    user_id,
    CASE
      WHEN distance >= 0 AND distance < 1 THEN 0::bigint
      WHEN distance >= 1 AND distance < 4 THEN 1
      WHEN distance >= 4 AND distance < 8 THEN 4
    END AS periods_since
  FROM returned
),
-- keeps some rows; one row for each cohort, user_id, periods_since
user_slots AS (
  SELECT cohort, user_id, periods_since
  FROM slots
  WHERE periods_since IS NOT NULL
  GROUP BY cohort, user_id, periods_since
),
-- keeps some rows; adds condition
condition AS (
  SELECT
    cohort,
    user_id,
    periods_since,
    CASE
        WHEN periods_since = 0 THEN 0::bigint
        WHEN periods_since = 1 THEN 1
        WHEN periods_since = 4 THEN 2
      END
    = row_number() OVER (PARTITION BY cohort, user_id ORDER BY periods_since NULLS LAST)::bigint AS condition
  FROM user_slots
  WHERE periods_since > 0
),
-- the rows of all of these
slots_and_streaks AS (
  SELECT cohort, periods_since
  FROM user_slots
  WHERE periods_since = 0
  UNION ALL
  SELECT cohort, max(periods_since) AS periods_since
  FROM condition
  WHERE condition
  GROUP BY cohort, user_id
),
-- one row for each cohort, periods_since
counted_returns AS (
  SELECT cohort, periods_since, count(*) AS users
  FROM slots_and_streaks
  GROUP BY cohort, periods_since
),
-- all rows on the left with those on the right that have equal keys; adds cohort_users, users, users
summed AS (
  SELECT
    cells.cohort,
    cells.periods_since,
    cells.complete,
    coalesce(cohort_sizes.cohort_users, 0::bigint) AS cohort_users,
    coalesce(sum(coalesce(counted_returns.users, 0::bigint)::decimal(38, 0)) OVER (
        PARTITION BY cells.cohort, cells.periods_since > 0
        ORDER BY cells.periods_since DESC NULLS LAST
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      )::bigint, 0) AS users
  FROM cells
  LEFT JOIN cohort_sizes
    ON cells.cohort = cohort_sizes.cohort
  LEFT JOIN counted_returns
    ON cells.cohort = counted_returns.cohort AND cells.periods_since = counted_returns.periods_since
)
SELECT
  cohort,
  periods_since,
  cohort_users,
  users,
  users::double / nullif(cohort_users, 0) AS rate,
  complete
FROM summed
ORDER BY cohort NULLS LAST, periods_since NULLS LAST
