WITH
-- keeps some rows
events_2 AS (
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
    timestampadd(MICROSECOND, 518400000000::bigint, date_trunc(
        'week',
        timestampadd(MICROSECOND, -518400000000::bigint, convert_timezone('UTC', 'Europe/Amsterdam', TIMESTAMP_NTZ '2023-12-31 23:00:00'))
      )::timestamp_ntz)::date::timestamp_ntz AS first_period,
    timestampadd(MICROSECOND, 518400000000::bigint, date_trunc(
        'week',
        timestampadd(MICROSECOND, -518400000000::bigint, convert_timezone(
            'UTC',
            'Europe/Amsterdam',
            CASE
              WHEN (SELECT last_moment FROM last_moment) >= TIMESTAMP_NTZ '2024-02-29 22:59:59.999999' THEN TIMESTAMP_NTZ '2024-02-29 22:59:59.999999'
              ELSE (SELECT last_moment FROM last_moment)
            END
          ))
      )::timestamp_ntz)::date::timestamp_ntz AS last_period,
    convert_timezone('UTC', 'Europe/Amsterdam', TIMESTAMP_NTZ '2023-12-31 23:00:00') AS first_time,
    convert_timezone(
      'UTC',
      'Europe/Amsterdam',
      CASE
        WHEN (SELECT last_moment FROM last_moment) >= TIMESTAMP_NTZ '2024-02-29 23:00:00' THEN TIMESTAMP_NTZ '2024-02-29 23:00:00'
        ELSE (SELECT last_moment FROM last_moment)
      END
    ) AS known_until
  FROM events
  WHERE moment >= TIMESTAMP_NTZ '2023-12-31 23:00:00' AND moment < TIMESTAMP_NTZ '2024-02-29 23:00:00'
  HAVING count(*) >= 0
),
-- adds count
range_2 AS (
  SELECT
    first_period,
    first_time,
    known_until,
    timestampdiff(MICROSECOND, first_period, last_period) div 604800000000
    - (timestampdiff(MICROSECOND, first_period, last_period) % 604800000000 < 0)::int
    + 1 AS count
  FROM range
),
-- one row for each number
periods AS (
  SELECT
    timestampadd(MICROSECOND, element.position::bigint * 604800000000, range_2.first_period)::date AS period,
    range_2.first_time,
    range_2.known_until
  FROM range_2
  CROSS JOIN LATERAL posexplode(CASE WHEN range_2.count > 0 THEN sequence(0, range_2.count - 1) WHEN range_2.count IS NOT NULL THEN array() END) AS element (position, value)
),
-- keeps some rows; adds condition
condition AS (
  SELECT
    user_id,
    moment,
    row_number() OVER (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST)::bigint
    = 1 AS condition
  FROM events_2
  WHERE user_id IS NOT NULL
),
-- keeps some rows; adds period; one row for each period, user_id
by_period_user_id AS (
  SELECT
    timestampadd(MICROSECOND, 518400000000::bigint, date_trunc(
        'week',
        timestampadd(MICROSECOND, -518400000000::bigint, convert_timezone('UTC', 'Europe/Amsterdam', moment))
      )::timestamp_ntz)::date AS period,
    user_id
  FROM condition
  WHERE condition
  AND moment >= TIMESTAMP_NTZ '2023-12-31 23:00:00'
  AND moment < TIMESTAMP_NTZ '2024-02-29 23:00:00'
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
    timestampadd(MICROSECOND, 604800000000::bigint, period::timestamp_ntz)::date::timestamp_ntz
      <= known_until
    AND period::timestamp_ntz > first_time AS complete
  FROM periods
)
SELECT periods_2.period, coalesce(measured.value, 0::bigint) AS value, periods_2.complete
FROM periods_2
LEFT JOIN measured
  ON periods_2.period = measured.period
ORDER BY period NULLS LAST
