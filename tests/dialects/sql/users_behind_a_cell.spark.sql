WITH
-- keeps some rows
events_2 AS (
  SELECT user_id, moment
  FROM events
  WHERE moment IS NOT NULL
),
-- keeps some rows; adds period
events_by_period AS (
  SELECT user_id, moment, date_trunc('day', moment)::timestamp_ntz::date AS period
  FROM events_2
  WHERE user_id IS NOT NULL
),
-- one row for each user_id, period
active_periods AS (
  SELECT user_id, period, min(moment) AS entered
  FROM events_by_period
  GROUP BY user_id, period
),
-- one row for each user_id
starts AS (
  SELECT user_id, min(entered) AS entered, min(period) AS cohort
  FROM active_periods
  GROUP BY user_id
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
-- adds cohorts
cohorts AS (
  SELECT
    period AS cohort,
    sub div 86400000000 - (sub % 86400000000 < 0)::int AS last_since,
    count(*) OVER () AS cohorts
  FROM periods_2
),
-- one row for each cohort
cohort_sizes AS (
  SELECT cohort
  FROM starts
  GROUP BY cohort
),
-- keeps some rows
cohorts_2 AS (
  SELECT cohort, last_since + 1 AS add
  FROM cohorts
  WHERE cohorts <= 1000 OR coalesce(cohort IN (SELECT cohort FROM cohort_sizes), FALSE)
),
-- one row for each number; adds end_period
cells AS (
  SELECT
    cohorts_2.cohort,
    element.position::bigint AS periods_since,
    element.position::bigint + 1 AS end_period
  FROM cohorts_2
  CROSS JOIN LATERAL posexplode(CASE WHEN cohorts_2.add > 0 THEN sequence(0, cohorts_2.add - 1) WHEN cohorts_2.add IS NOT NULL THEN array() END) AS element (position, value)
),
-- the rows of both sides with equal keys; adds distance
returned AS (
  SELECT
    starts.user_id,
    starts.cohort,
    events_by_period.moment,
    timestampdiff(MICROSECOND, starts.cohort::timestamp_ntz, events_by_period.period::timestamp_ntz)
      div 86400000000
    - (
        timestampdiff(MICROSECOND, starts.cohort::timestamp_ntz, events_by_period.period::timestamp_ntz)
          % 86400000000
        < 0
      )::int AS distance
  FROM starts
  JOIN events_by_period
    ON starts.user_id = events_by_period.user_id AND events_by_period.moment >= starts.entered
)
SELECT returned.user_id, min(returned.moment) AS entered_at
FROM returned
JOIN cells
  ON returned.cohort = cells.cohort
  AND returned.distance >= cells.periods_since
  AND returned.distance < cells.end_period
WHERE returned.cohort = DATE '2024-01-01' AND cells.periods_since = 1
GROUP BY 1
ORDER BY user_id NULLS LAST
