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
-- keeps some rows; adds last_touch, last_moment
rows_before AS (
  SELECT
    user_id,
    moment,
    event_id,
    is_conversion,
    touch,
    worth,
    1::bigint AS conversions,
    lag(touch) OVER w AS last_touch,
    lag(CASE WHEN touch IS NOT NULL THEN moment END) OVER w AS last_moment
  FROM events_2
  WHERE is_conversion OR touch IS NOT NULL
  WINDOW w AS (PARTITION BY user_id ORDER BY moment, event_id COLLATE "C")
),
-- keeps some rows
conversions AS (
  SELECT
    user_id,
    moment,
    event_id,
    touch,
    worth,
    conversions,
    last_touch,
    last_moment
  FROM rows_before
  WHERE is_conversion
),
-- keeps some rows; adds last_number
numbered AS (
  SELECT
    user_id,
    moment,
    worth,
    conversions,
    last_touch,
    last_moment,
    count(last_touch) OVER (
      PARTITION BY user_id
      ORDER BY moment, event_id COLLATE "C"
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS last_number
  FROM conversions
  WHERE touch IS NULL OR last_touch IS NULL
),
-- columns of numbered
last_touches AS (
  SELECT
    moment,
    worth,
    conversions,
    max(last_touch COLLATE "C") OVER w AS last_touch,
    max(last_moment) OVER w AS last_moment,
    last_touch AS row_before
  FROM numbered
  WINDOW w AS (PARTITION BY user_id, last_number)
),
-- the rows of all of these
credited AS (
  SELECT
    CASE WHEN moment - last_moment <= INTERVAL '30 days' THEN last_touch ELSE '(direct)' END AS touch,
    worth AS credit,
    conversions
  FROM conversions
  WHERE last_touch IS NOT NULL
  UNION ALL
  SELECT
    CASE WHEN moment - last_moment <= INTERVAL '30 days' THEN last_touch ELSE '(direct)' END AS touch,
    worth AS credit,
    conversions
  FROM last_touches
  WHERE row_before IS NULL
),
-- one row for each touch; keeps some rows
credits AS (
  SELECT
    touch,
    coalesce(sum(credit), 0.0::float8) AS credit,
    coalesce(sum(conversions)::bigint, 0) AS conversions
  FROM credited
  GROUP BY touch
  HAVING coalesce(sum(conversions)::bigint, 0) > 0
),
-- columns of credits
credits_2 AS (
  SELECT touch, credit, conversions, coalesce(sum(credit) OVER (), 0.0::float8) AS sum
  FROM credits
)
SELECT
  touch AS country,
  credit,
  conversions,
  CASE
    WHEN sum <> 0.0::float8 THEN CASE
        WHEN sum = 0.0::float8 THEN credit * CASE WHEN sum::text = '-0' THEN '-Infinity'::float8 ELSE 'Infinity'::float8 END
        ELSE credit / sum
      END
  END AS share
FROM credits_2
ORDER BY touch COLLATE "C"
