WITH
-- keeps some rows
events_2 AS NOT MATERIALIZED (
  SELECT event_id, user_id, moment
  FROM events
  WHERE moment IS NOT NULL
),
-- one row for all
last_moment AS (
  SELECT max(moment) AS last_moment
  FROM events_2
),
-- keeps some rows; one row for all
range AS (
  SELECT
    (
      date_trunc(
          'week',
          (TIMESTAMP '2023-12-31 23:00:00' AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Amsterdam'
          - INTERVAL '6 days'
        )
      + INTERVAL '6 days'
    )::date::timestamp AS first_period,
    (
      date_trunc(
          'week',
          (CASE
                  WHEN (SELECT last_moment FROM last_moment) >= TIMESTAMP '2024-02-29 22:59:59.999999' THEN TIMESTAMP '2024-02-29 22:59:59.999999'
                  ELSE (SELECT last_moment FROM last_moment)
                END AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Amsterdam'
          - INTERVAL '6 days'
        )
      + INTERVAL '6 days'
    )::date::timestamp AS last_period,
    (TIMESTAMP '2023-12-31 23:00:00' AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Amsterdam' AS first_time,
    (CASE
          WHEN (SELECT last_moment FROM last_moment) >= TIMESTAMP '2024-02-29 23:00:00' THEN TIMESTAMP '2024-02-29 23:00:00'
          ELSE (SELECT last_moment FROM last_moment)
        END AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Amsterdam' AS known_until
  FROM events
  WHERE moment >= TIMESTAMP '2023-12-31 23:00:00' AND moment < TIMESTAMP '2024-02-29 23:00:00'
  HAVING count(*) >= 0
),
-- adds count
range_2 AS (
  SELECT
    first_period,
    first_time,
    known_until,
    epoch_us(last_period - first_period) // 604800000000
    - (epoch_us(last_period - first_period) % 604800000000 < 0)::int
    + 1 AS count
  FROM range
),
-- one row for each number
periods AS (
  SELECT
    (range_2.first_period + to_microseconds(element.position * 604800000000))::date AS period,
    range_2.first_time,
    range_2.known_until
  FROM range_2
  CROSS JOIN LATERAL generate_series(0, range_2.count - 1) AS element (position)
),
-- keeps some rows; adds condition
condition AS (
  SELECT
    user_id,
    moment,
    row_number() OVER (PARTITION BY user_id ORDER BY moment, event_id) = 1 AS condition
  FROM events_2
  WHERE user_id IS NOT NULL
),
-- keeps some rows; adds period; one row for each period, user_id
by_period_user_id AS (
  SELECT
    (
      date_trunc(
          'week',
          (moment AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Amsterdam' - INTERVAL '6 days'
        )
      + INTERVAL '6 days'
    )::date AS period,
    user_id
  FROM condition
  WHERE condition AND moment >= TIMESTAMP '2023-12-31 23:00:00' AND moment < TIMESTAMP '2024-02-29 23:00:00'
  GROUP BY 1, user_id
),
-- one row for each period
measured AS (
  SELECT period, count(user_id) AS value
  FROM by_period_user_id
  GROUP BY period
),
-- adds next_period
periods_2 AS (
  SELECT
    period,
    (period::timestamp + INTERVAL '7 days')::date::timestamp <= known_until
    AND period::timestamp > first_time AS complete
  FROM periods
)
SELECT periods_2.period, coalesce(measured.value, 0::bigint) AS value, periods_2.complete
FROM periods_2
LEFT JOIN measured
  ON periods_2.period = measured.period
ORDER BY period
