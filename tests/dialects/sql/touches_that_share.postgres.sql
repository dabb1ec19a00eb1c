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
-- keeps some rows; adds passed; OFFSET 0 has it computed once
passed AS (
  SELECT
    user_id,
    event_id,
    is_conversion,
    touch,
    worth,
    (extract(epoch FROM moment - TIMESTAMP '1970-01-01 00:00:00') * 1000000)::bigint AS passed
  FROM events_2
  WHERE is_conversion OR touch IS NOT NULL
  OFFSET 0
),
-- adds block, touched, expired, converted, converted_until
counts AS (
  SELECT
    user_id,
    event_id,
    is_conversion,
    touch,
    worth,
    passed,
    passed / 2592000000000 - (passed % 2592000000000 < 0)::int AS block,
    count(touch) OVER (
      PARTITION BY user_id
      ORDER BY passed, event_id COLLATE "C"
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS touched,
    count(touch) OVER (
      PARTITION BY user_id
      ORDER BY passed
      RANGE BETWEEN UNBOUNDED PRECEDING AND 2592000000001 PRECEDING
    ) AS expired,
    count(*) FILTER (WHERE is_conversion) OVER (
      PARTITION BY user_id
      ORDER BY passed, event_id COLLATE "C"
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS converted,
    count(*) FILTER (WHERE is_conversion) OVER (
      PARTITION BY user_id
      ORDER BY passed
      RANGE BETWEEN UNBOUNDED PRECEDING AND 2592000000000 FOLLOWING
    ) AS converted_until
  FROM passed
),
-- adds open, part; OFFSET 0 has it computed once
shares AS (
  SELECT
    user_id,
    event_id,
    is_conversion,
    touch,
    worth,
    passed,
    block,
    converted,
    converted_until,
    touched - expired AS open,
    CASE
      WHEN is_conversion AND touched - expired > 0 THEN CASE
          WHEN touched - expired = 0 THEN worth * 'Infinity'::float8
          ELSE worth / (touched - expired)::float8
        END
      ELSE 0.0::float8
    END AS part
  FROM counts
  OFFSET 0
),
-- adds from_block, part_so_far, next_converted
shares_2 AS (
  SELECT
    user_id,
    is_conversion,
    touch,
    worth,
    passed,
    block,
    converted,
    converted_until,
    open,
    coalesce(sum(part) OVER (
        PARTITION BY user_id, block
        ORDER BY passed DESC NULLS LAST, event_id COLLATE "C" DESC NULLS LAST
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ), 0.0::float8) AS from_block,
    coalesce(sum(part) OVER (
        PARTITION BY user_id, block
        ORDER BY passed
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ), 0.0::float8) AS part_so_far,
    lead(converted) OVER (PARTITION BY user_id, touch ORDER BY passed, event_id COLLATE "C") AS next_converted
  FROM shares
),
-- adds last_block, last_part_so_far, last_converted
shares_3 AS (
  SELECT
    is_conversion,
    touch,
    worth,
    block,
    converted,
    open,
    from_block,
    last_value(block) OVER w AS last_block,
    last_value(part_so_far) OVER w AS last_part_so_far,
    CASE WHEN next_converted < converted_until THEN next_converted ELSE converted_until END AS last_converted
  FROM shares_2
  WINDOW
    w AS (PARTITION BY user_id ORDER BY passed RANGE BETWEEN CURRENT ROW AND 2592000000000 FOLLOWING)
),
-- the rows of all of these
credited AS (
  SELECT
    touch,
    from_block + CASE WHEN last_block > block THEN last_part_so_far ELSE 0.0::float8 END AS credit,
    CASE WHEN last_converted > converted THEN last_converted - converted ELSE 0 END AS conversions
  FROM shares_3
  WHERE touch IS NOT NULL
  UNION ALL
  SELECT '(direct)' AS touch, worth AS credit, 1::bigint AS conversions
  FROM shares_3
  WHERE is_conversion AND open = 0
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
