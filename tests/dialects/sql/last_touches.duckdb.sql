WITH
-- adds is_conversion, touch; keeps some rows
events_2 AS (
  SELECT
    user_id,
    moment,
    event_id,
    coalesce(event_type = 'buy', FALSE) AS is_conversion,
    country AS touch,
    1.0::float8 AS worth
  FROM events
  WHERE moment IS NOT NULL AND user_id IS NOT NULL
),
-- the rows of all of these
touches_and_conversions AS (
  SELECT user_id, moment, event_id, 0::bigint AS change, NULL::varchar AS touch, worth
  FROM events_2
  WHERE is_conversion
  UNION ALL
  SELECT user_id, moment, event_id, 1::bigint AS change, touch, 0.0::float8 AS worth
  FROM events_2
  WHERE touch IS NOT NULL
),
-- adds following
followed AS (
  SELECT
    user_id,
    moment,
    event_id,
    change,
    touch,
    worth,
    lead(change) OVER (PARTITION BY user_id ORDER BY moment, event_id, change, touch, worth) AS following
  FROM touches_and_conversions
),
-- keeps some rows; adds last_number
numbered AS (
  SELECT
    user_id,
    moment,
    change,
    touch,
    worth,
    coalesce(sum(CASE WHEN change = 1 THEN 1::bigint ELSE 0 END) OVER (
        PARTITION BY user_id
        ORDER BY moment, event_id, change, touch, worth, following
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      )::bigint, 0) AS last_number
  FROM followed
  WHERE change = 0 OR following = 0
),
-- adds last_touch, last_moment
last_touches AS (
  SELECT
    moment,
    change,
    worth,
    max(CASE WHEN change = 1 THEN touch END) OVER w AS last_touch,
    max(CASE WHEN change = 1 THEN moment END) OVER w AS last_moment
  FROM numbered
  WINDOW w AS (PARTITION BY user_id, last_number)
),
-- keeps some rows; one row for each touch; keeps some rows
credits AS (
  SELECT
    CASE WHEN moment - last_moment <= INTERVAL '30 days' THEN last_touch ELSE '(direct)' END AS touch,
    coalesce(sum(worth), 0.0::float8) AS credit,
    coalesce(sum(1::bigint)::bigint, 0) AS conversions
  FROM last_touches
  WHERE change = 0
  GROUP BY 1
  HAVING coalesce(sum(1::bigint)::bigint, 0) > 0
)
SELECT
  touch AS country,
  credit,
  conversions,
  CASE
    WHEN coalesce(sum(credit) OVER (), 0.0::float8) <> 0.0::float8 THEN credit / coalesce(sum(credit) OVER (), 0.0::float8)
  END AS share
FROM credits
ORDER BY country
