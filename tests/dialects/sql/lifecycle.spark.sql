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
    date_trunc('week', min(moment))::timestamp_ntz::date::timestamp_ntz AS first_period,
    date_trunc('week', max(moment))::timestamp_ntz::date::timestamp_ntz AS last_period,
    min(moment) AS first_time,
    max(moment) AS known_until
  FROM events_2
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
-- keeps some rows; one row for each period, user_id
periods_by_user AS (
  SELECT date_trunc('week', moment)::timestamp_ntz::date AS period, user_id
  FROM events_2
  WHERE user_id IS NOT NULL
  GROUP BY 1, user_id
),
-- adds period_before, period_after, first_period
history AS (
  SELECT
    period,
    lag(period) OVER w AS period_before,
    lead(period) OVER w AS period_after,
    min(period) OVER (PARTITION BY user_id) AS first_period
  FROM periods_by_user
  WINDOW w AS (PARTITION BY user_id ORDER BY period NULLS LAST)
),
-- adds state
states AS (
  SELECT
    period,
    period_after,
    CASE
      WHEN first_period = period THEN 'new'
      WHEN coalesce(
          timestampadd(MICROSECOND, 604800000000::bigint, period_before::timestamp_ntz)::date = period,
          FALSE
        ) THEN 'returning'
      ELSE 'resurrecting'
    END AS state
  FROM history
),
-- one row for each period
counted AS (
  SELECT
    period,
    count(*) FILTER (WHERE state = 'new') AS new,
    count(*) FILTER (WHERE state = 'returning') AS `returning`,
    count(*) FILTER (WHERE state = 'resurrecting') AS resurrecting,
    count(*) AS active
  FROM states
  GROUP BY period
),
-- adds next_period
periods_2 AS (
  SELECT
    period,
    timestampadd(MICROSECOND, 604800000000::bigint, period::timestamp_ntz)::date::timestamp_ntz
      <= known_until
    AND period >= first_time::date AS complete
  FROM periods
),
-- keeps some rows; one row for each period
dormant AS (
  SELECT
    timestampadd(MICROSECOND, 604800000000::bigint, period::timestamp_ntz)::date AS period,
    count(*) AS dormant
  FROM states
  WHERE NOT coalesce(
    period_after = timestampadd(MICROSECOND, 604800000000::bigint, period::timestamp_ntz)::date,
    FALSE
  )
  GROUP BY 1
),
-- all rows on the left with those on the right that have equal keys
lifecycle AS (
  SELECT
    periods_2.period,
    coalesce(counted.new, 0::bigint) AS new,
    coalesce(counted.`returning`, 0::bigint) AS `returning`,
    coalesce(counted.resurrecting, 0::bigint) AS resurrecting,
    CASE WHEN periods_2.complete THEN coalesce(dormant.dormant, 0::bigint) END AS dormant,
    coalesce(counted.active, 0::bigint) AS active,
    periods_2.complete
  FROM periods_2
  LEFT JOIN counted
    ON periods_2.period = counted.period
  LEFT JOIN dormant
    ON periods_2.period = dormant.period
)
SELECT
  period,
  new,
  `returning`,
  resurrecting,
  dormant,
  active,
  (new + resurrecting)::double / nullif(dormant, 0) AS quick_ratio,
  complete
FROM lifecycle
ORDER BY period NULLS LAST
