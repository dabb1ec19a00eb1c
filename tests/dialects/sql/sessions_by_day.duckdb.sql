WITH
-- keeps some rows
events_2 AS NOT MATERIALIZED (
  SELECT event_id, user_id, moment
  FROM events
  WHERE moment IS NOT NULL
),
-- one row for all
range AS (
  SELECT
    date_trunc('day', min(moment))::date::timestamp AS first_period,
    date_trunc('day', max(moment))::date::timestamp AS last_period,
    max(moment) AS known_until
  FROM events_2
),
-- adds count
range_2 AS (
  SELECT
    first_period,
    known_until,
    epoch_us(last_period - first_period) // 86400000000
    - (epoch_us(last_period - first_period) % 86400000000 < 0)::int
    + 1 AS count
  FROM range
),
-- one row for each number
periods AS (
  SELECT
    (range_2.first_period + to_microseconds(element.position * 86400000000))::date AS period,
    range_2.known_until
  FROM range_2
  CROSS JOIN LATERAL generate_series(0, range_2.count - 1) AS element (position)
),
-- keeps some rows; adds session_starts
session_starts AS (
  SELECT
    user_id,
    moment,
    event_id,
    coalesce(
      moment - lag(moment) OVER (PARTITION BY user_id ORDER BY moment, event_id)
      > INTERVAL '1800 seconds',
      TRUE
    ) AS session_starts
  FROM events_2
  WHERE user_id IS NOT NULL
),
-- adds session_number
numbered AS (
  SELECT
    user_id,
    moment,
    count(*) FILTER (WHERE session_starts) OVER (
      PARTITION BY user_id
      ORDER BY moment, event_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_number
  FROM session_starts
),
-- one row for each user_id, session_number; keeps some rows; adds period
grouped_sessions AS (
  SELECT
    user_id,
    epoch_us(max(moment) - min(moment)) AS duration,
    count(*) AS hits,
    count(*) = 1 AS is_bounce,
    date_trunc('day', min(moment))::date AS period
  FROM numbered
  GROUP BY user_id, session_number
  HAVING count(*) > 0
),
-- one row for each period
summary AS (
  SELECT
    period,
    count(*) AS sessions,
    coalesce(sum(hits)::bigint, 0) AS hits,
    avg(duration::float8)::bigint AS mean_duration,
    (
        percentile_disc(0.5) WITHIN GROUP (ORDER BY duration)
        + percentile_disc(0.5) WITHIN GROUP (ORDER BY duration DESC)
      )
    // 2 AS median_duration,
    count(*) FILTER (WHERE is_bounce) AS bounces
  FROM grouped_sessions
  GROUP BY period
),
-- adds next_period
periods_2 AS (
  SELECT period, (period::timestamp + INTERVAL '1 days')::date::timestamp <= known_until AS complete
  FROM periods
),
-- one row for each period, user_id
users AS (
  SELECT period
  FROM grouped_sessions
  GROUP BY period, user_id
),
-- one row for each period
counted_users AS (
  SELECT period, count(*) AS users
  FROM users
  GROUP BY period
)
SELECT
  periods_2.period,
  coalesce(summary.sessions, 0::bigint) AS sessions,
  coalesce(counted_users.users, 0::bigint) AS users,
  coalesce(summary.hits, 0::bigint) AS hits,
  coalesce(summary.hits, 0::bigint)::float8 / nullif(coalesce(summary.sessions, 0::bigint), 0) AS hits_per_session,
  summary.mean_duration,
  summary.median_duration,
  coalesce(summary.bounces, 0::bigint) AS bounces,
  coalesce(summary.bounces, 0::bigint)::float8 / nullif(coalesce(summary.sessions, 0::bigint), 0) AS bounce_rate,
  periods_2.complete
FROM periods_2
LEFT JOIN summary
  ON periods_2.period = summary.period
LEFT JOIN counted_users
  ON periods_2.period = counted_users.period
ORDER BY period
