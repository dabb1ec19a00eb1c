WITH
-- keeps some rows
events_2 AS (
  SELECT moment
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
-- adds next_period
periods_2 AS (
  SELECT
    period,
    timestampadd(MICROSECOND, 86400000000::bigint, period::timestamp_ntz)::date AS next_period,
    timestampdiff(MICROSECOND, period::timestamp_ntz, (SELECT last_moment FROM last_moment)) AS sub
  FROM periods
),
-- adds is_start, is_return, retention_where; keeps some rows; adds period
events_by_period AS (
  SELECT
    user_id,
    moment,
    event_id,
    coalesce(coalesce(event_type = 'view', FALSE), FALSE) AS is_start,
    coalesce(coalesce(event_type = 'buy', FALSE), FALSE) AS is_return,
    date_trunc('day', moment)::timestamp_ntz::date AS period
  FROM events
  WHERE moment IS NOT NULL AND user_id IS NOT NULL AND (event_type = 'view' OR event_type = 'buy')
),
-- adds is_first
first_starts AS (
  SELECT
    user_id,
    moment,
    is_start,
    is_return,
    period,
    is_start
    AND row_number() OVER (
          PARTITION BY user_id, period
          ORDER BY CASE WHEN is_start THEN 0::bigint ELSE 1 END NULLS LAST, moment NULLS LAST, event_id NULLS LAST
        )::bigint
      = 1 AS is_first
  FROM events_by_period
),
-- one row for each user_id, period, slot, is_first
active_periods AS (
  SELECT
    user_id,
    period,
    is_first,
    min(moment) FILTER (WHERE is_start) AS entered,
    max(moment) FILTER (WHERE is_return) AS moment,
    min(moment) FILTER (WHERE is_return) AS first_return
  FROM first_starts
  GROUP BY
    user_id,
    period,
    timestampdiff(MICROSECOND, TIMESTAMP_NTZ '1970-01-01 00:00:00', moment) div 86400000000 - (timestampdiff(MICROSECOND, TIMESTAMP_NTZ '1970-01-01 00:00:00', moment) % 86400000000 < 0)::int,
    is_first
),
-- keeps some rows; one row for each user_id
starts AS (
  SELECT user_id, min(entered) AS entered, min(period) AS cohort
  FROM active_periods
  WHERE entered IS NOT NULL
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
    next_period,
    sub div 86400000000 - (sub % 86400000000 < 0)::int AS last_since,
    count(*) OVER () AS cohorts
  FROM periods_2
),
-- keeps some rows
cohorts_2 AS (
  SELECT cohort, next_period, last_since + 1 AS add
  FROM cohorts
  WHERE cohorts <= 1000 OR coalesce(cohort IN (SELECT cohort FROM cohort_sizes), FALSE)
),
-- one row for each number; adds end_period
cells AS (
  SELECT
    cohorts_2.cohort,
    element.position::bigint AS periods_since,
    timestampadd(MICROSECOND, (element.position::bigint + 1) * 86400000000, cohorts_2.next_period::timestamp_ntz)
    <= (SELECT last_moment FROM last_moment) AS complete
  FROM cohorts_2
  CROSS JOIN LATERAL posexplode(CASE WHEN cohorts_2.add > 0 THEN sequence(0, cohorts_2.add - 1) WHEN cohorts_2.add IS NOT NULL THEN array() END) AS element (position, value)
),
-- keeps some rows
periods_with_returns AS (
  SELECT user_id, period, is_first, moment, first_return
  FROM active_periods
  WHERE moment IS NOT NULL
),
-- the rows of all of these
returns AS (
  SELECT user_id, period, is_first, first_return AS moment
  FROM periods_with_returns
  UNION ALL
  SELECT user_id, period, is_first, moment
  FROM periods_with_returns
),
-- the rows of both sides with equal keys; adds distance; one row for each cohort, user_id
slots AS (
  SELECT
    starts.cohort,
    max(
      timestampdiff(MICROSECOND, starts.entered, returns.moment) div 86400000000
      - (timestampdiff(MICROSECOND, starts.entered, returns.moment) % 86400000000 < 0)::int
    ) AS periods_since
  FROM starts
  JOIN returns
    ON starts.user_id = returns.user_id
    AND returns.moment >= starts.entered
    AND NOT (returns.is_first AND returns.period = starts.cohort)
  GROUP BY 1, starts.user_id
),
-- one row for each cohort, periods_since
counted_returns AS (
  SELECT cohort, periods_since, count(*) AS users
  FROM slots
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
        PARTITION BY cells.cohort
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
