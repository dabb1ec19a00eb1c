WITH
-- adds is_conversion, touch; keeps some rows
events_2 AS (
  SELECT
    user_id,
    moment,
    event_id,
    coalesce(event_type = 'buy', FALSE) AS is_conversion,
    country AS touch,
    1.0::double AS worth
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
  WINDOW w AS (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST)
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
      ORDER BY moment NULLS LAST, event_id NULLS LAST
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
    max(last_touch) OVER w AS last_touch,
    max(last_moment) OVER w AS last_moment,
    last_touch AS row_before
  FROM numbered
  WINDOW w AS (PARTITION BY user_id, last_number)
),
-- the rows of all of these
credited AS (
  SELECT
    CASE
      WHEN timestampdiff(MICROSECOND, last_moment, moment) <= 2592000000000 THEN last_touch
      ELSE '(direct)'
    END AS touch,
    worth AS credit,
    conversions
  FROM conversions
  WHERE last_touch IS NOT NULL
  UNION ALL
  SELECT
    CASE
      WHEN timestampdiff(MICROSECOND, last_moment, moment) <= 2592000000000 THEN last_touch
      ELSE '(direct)'
    END AS touch,
    worth AS credit,
    conversions
  FROM last_touches
  WHERE row_before IS NULL
),
-- one row for each touch; keeps some rows
credits AS (
  SELECT
    touch,
    coalesce(sum(credit), 0.0::double) AS credit,
    coalesce(sum(conversions::decimal(38, 0))::bigint, 0) AS conversions
  FROM credited
  GROUP BY touch
  HAVING coalesce(sum(conversions::decimal(38, 0))::bigint, 0) > 0
),
-- columns of credits
credits_2 AS (
  SELECT touch, credit, conversions, coalesce(sum(credit) OVER (), 0.0::double) AS sum
  FROM credits
)
SELECT
  touch AS country,
  credit,
  conversions,
  CASE
    WHEN sum <> 0.0::double THEN CASE WHEN sum = 0 THEN credit * power(sum, -1) ELSE credit / sum END
  END AS share
FROM credits_2
ORDER BY country NULLS LAST
