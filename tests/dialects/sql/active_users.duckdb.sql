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
-- keeps some rows; one row for each period, user_id
days_by_user AS (
  SELECT date_trunc('day', moment)::date AS period, user_id
  FROM events_2
  WHERE user_id IS NOT NULL
  GROUP BY 1, user_id
),
-- adds next_day
days_by_user_2 AS (
  SELECT period, lead(period) OVER (PARTITION BY user_id ORDER BY period) AS next_day
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
    (period::timestamp + INTERVAL '1 days')::date::timestamp <= known_until AS is_over
  FROM periods
),
-- adds until; one row for each day
week_ended AS (
  SELECT
    CASE
      WHEN next_day < (period::timestamp + INTERVAL '7 days')::date THEN next_day
      ELSE (period::timestamp + INTERVAL '7 days')::date
    END AS day,
    count(*) AS week_ended
  FROM days_by_user_2
  GROUP BY 1
),
-- adds until; one row for each day
month_ended AS (
  SELECT
    CASE
      WHEN next_day < (period::timestamp + INTERVAL '30 days')::date THEN next_day
      ELSE (period::timestamp + INTERVAL '30 days')::date
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
    coalesce(sum(coalesce(started.started, 0::bigint)) OVER w::bigint, 0) AS started_so_far,
    coalesce(sum(coalesce(week_ended.week_ended, 0::bigint)) OVER w::bigint, 0) AS week_ended_so_far,
    coalesce(sum(coalesce(month_ended.month_ended, 0::bigint)) OVER w::bigint, 0) AS month_ended_so_far
  FROM days
  LEFT JOIN started
    ON days.day = started.day
  LEFT JOIN week_ended
    ON days.day = week_ended.day
  LEFT JOIN month_ended
    ON days.day = month_ended.day
  WINDOW w AS (ORDER BY days.day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
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
  daily::float8 / nullif(started_so_far - month_ended_so_far, 0) AS stickiness,
  is_over
  AND coalesce(
      day >= ((SELECT first_moment FROM first_moment)::date::timestamp + INTERVAL '29 days')::date,
      FALSE
    ) AS complete
FROM so_far
ORDER BY day
