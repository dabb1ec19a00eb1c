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
-- keeps some rows; one row for each period, user_id
days_by_user AS (
  SELECT date_trunc('day', moment)::timestamp_ntz::date AS period, user_id
  FROM events_2
  WHERE user_id IS NOT NULL
  GROUP BY 1, user_id
),
-- adds next_day
days_by_user_2 AS (
  SELECT period, lead(period) OVER (PARTITION BY user_id ORDER BY period NULLS LAST) AS next_day
  FROM days_by_user
),
-- one row for each day
started AS (
  SELECT period AS day, count(*) AS started
  FROM days_by_user_2
  GROUP BY 1
),
-- adds next_period
days AS (
  SELECT
    period AS day,
    timestampadd(MICROSECOND, 86400000000::bigint, period::timestamp_ntz)::date::timestamp_ntz
    <= known_until AS is_over
  FROM periods
),
-- adds until; one row for each day
week_ended AS (
  SELECT
    CASE
      WHEN next_day < timestampadd(MICROSECOND, 604800000000::bigint, period::timestamp_ntz)::date THEN next_day
      ELSE timestampadd(MICROSECOND, 604800000000::bigint, period::timestamp_ntz)::date
    END AS day,
    count(*) AS week_ended
  FROM days_by_user_2
  GROUP BY 1
),
-- adds until; one row for each day
month_ended AS (
  SELECT
    CASE
      WHEN next_day < timestampadd(MICROSECOND, 2592000000000::bigint, period::timestamp_ntz)::date THEN next_day
      ELSE timestampadd(MICROSECOND, 2592000000000::bigint, period::timestamp_ntz)::date
    END AS day,
    count(*) AS month_ended
  FROM days_by_user_2
  GROUP BY 1
),
-- all rows on the left with those on the right that have equal keys
so_far AS (
  SELECT
    days.day,
    days.is_over,
    coalesce(started.started, 0::bigint) AS daily,
    coalesce(sum(coalesce(started.started, 0::bigint)::decimal(38, 0)) OVER w::bigint, 0) AS started_so_far,
    coalesce(sum(coalesce(week_ended.week_ended, 0::bigint)::decimal(38, 0)) OVER w::bigint, 0) AS week_ended_so_far,
    coalesce(sum(coalesce(month_ended.month_ended, 0::bigint)::decimal(38, 0)) OVER w::bigint, 0) AS month_ended_so_far
  FROM days
  LEFT JOIN started
    ON days.day = started.day
  LEFT JOIN week_ended
    ON days.day = week_ended.day
  LEFT JOIN month_ended
    ON days.day = month_ended.day
  WINDOW w AS (ORDER BY days.day NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
-- one row for all
first_moment AS (
  SELECT min(moment) AS first_moment
  FROM events_2
)
SELECT
  day,
  daily,
  started_so_far - week_ended_so_far AS weekly,
  started_so_far - month_ended_so_far AS monthly,
  daily::double / nullif(started_so_far - month_ended_so_far, 0) AS stickiness,
  is_over
  AND coalesce(
      day
      >= timestampadd(MICROSECOND, 2505600000000::bigint, (SELECT first_moment FROM first_moment)::date::timestamp_ntz)::date,
      FALSE
    ) AS complete
FROM so_far
ORDER BY day NULLS LAST
