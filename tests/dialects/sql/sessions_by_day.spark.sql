WITH
-- keeps some rows
events_2 AS (
  SELECT event_id, user_id, moment
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
-- keeps some rows; adds session_starts
session_starts AS (
  SELECT
    user_id,
    moment,
    event_id,
    coalesce(
      timestampdiff(MICROSECOND, lag(moment) OVER (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST), moment)
      > 1800000000,
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
    count(CASE WHEN session_starts THEN 1 END) OVER (
      PARTITION BY user_id
      ORDER BY moment NULLS LAST, event_id NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_number
  FROM session_starts
),
-- one row for each user_id, session_number; keeps some rows; adds period
grouped_sessions AS (
  SELECT
    user_id,
    timestampdiff(MICROSECOND, min(moment), max(moment)) AS duration,
    count(*) AS hits,
    count(*) = 1 AS is_bounce,
    date_trunc('day', min(moment))::timestamp_ntz::date AS period
  FROM numbered
  GROUP BY user_id, session_number
  HAVING count(*) > 0
),
-- one row for each period
summary AS (
  SELECT
    period,
    count(*) AS sessions,
    coalesce(sum(hits::decimal(38, 0))::bigint, 0) AS hits,
    rint(avg(duration::double))::bigint AS mean_duration,
    element_at(transform(array(array_sort(array_agg(duration))), v -> CASE WHEN size(v) > 0 THEN transform(array((size(v) - 1) * 0.5::double), p -> (v[floor(p)::int] + (v[ceil(p)::int] - v[floor(p)::int]) * (p - floor(p))::decimal(17, 16))::bigint)[0] END), 1) AS median_duration,
    count(*) FILTER (WHERE is_bounce) AS bounces
  FROM grouped_sessions
  GROUP BY period
),
-- adds next_period
periods_2 AS (
  SELECT
    period,
    timestampadd(MICROSECOND, 86400000000::bigint, period::timestamp_ntz)::date::timestamp_ntz
    <= known_until AS complete
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
  coalesce(summary.hits, 0::bigint)::double / nullif(coalesce(summary.sessions, 0::bigint), 0) AS hits_per_session,
  summary.mean_duration,
  summary.median_duration,
  coalesce(summary.bounces, 0::bigint) AS bounces,
  coalesce(summary.bounces, 0::bigint)::double / nullif(coalesce(summary.sessions, 0::bigint), 0) AS bounce_rate,
  periods_2.complete
FROM periods_2
LEFT JOIN summary
  ON periods_2.period = summary.period
LEFT JOIN counted_users
  ON periods_2.period = counted_users.period
ORDER BY period NULLS LAST
