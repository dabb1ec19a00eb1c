WITH
-- keeps some rows
events_2 AS NOT MATERIALIZED (
  SELECT user_id, moment
  FROM events
  WHERE moment IS NOT NULL
),
-- keeps some rows; adds period
events_by_period AS (
  SELECT user_id, moment, date_trunc('day', moment)::date AS period
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
    date_trunc('day', min(moment))::date::timestamp AS first_period,
    date_trunc('day', max(moment))::date::timestamp AS last_period
  FROM events_2
),
-- adds count
range_2 AS (
  SELECT
    first_period,
    (extract(epoch FROM last_period - first_period) * 1000000)::bigint / 86400000000
    - ((extract(epoch FROM last_period - first_period) * 1000000)::bigint % 86400000000 < 0)::int
    + 1 AS count
  FROM range
),
-- one row for each number
periods AS (
  SELECT
    (range_2.first_period + element.position * 86400000000 * INTERVAL '1 microsecond')::date AS period
  FROM range_2
  CROSS JOIN LATERAL generate_series(0, range_2.count - 1) AS element (position)
),
-- one row for all; MATERIALIZED has it computed once
last_moment AS MATERIALIZED (
  SELECT max(moment) AS last_moment
  FROM events_2
),
-- columns of periods
periods_2 AS (
  SELECT
    period,
    (date_trunc('day', (SELECT last_moment FROM last_moment))::date - period)::bigint * 86400000000 AS sub
  FROM periods
),
-- adds cohorts
cohorts AS (
  SELECT
    period AS cohort,
    sub / 86400000000 - (sub % 86400000000 < 0)::int AS last_since,
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
  SELECT cohorts_2.cohort, element.position AS periods_since, element.position + 1 AS end_period
  FROM cohorts_2
  CROSS JOIN LATERAL generate_series(0, cohorts_2.add - 1) AS element (position)
),
-- the rows of both sides with equal keys; adds distance
returned AS (
  SELECT
    starts.user_id,
    starts.cohort,
    events_by_period.moment,
    (events_by_period.period - starts.cohort)::bigint * 86400000000 / 86400000000
    - ((events_by_period.period - starts.cohort)::bigint * 86400000000 % 86400000000 < 0)::int AS distance
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
ORDER BY returned.user_id COLLATE "C"
