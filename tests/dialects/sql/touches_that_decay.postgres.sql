WITH
-- adds is_conversion, touch, worth; keeps some rows
events_2 AS NOT MATERIALIZED (
  SELECT
    user_id,
    moment,
    event_id,
    coalesce(event_type = 'buy', FALSE) AS is_conversion,
    country AS touch,
    coalesce(CASE WHEN amount = 'NaN'::float8 THEN 0.0::float8 ELSE amount END, 0.0::float8) AS worth
  FROM events
  WHERE moment IS NOT NULL AND user_id IS NOT NULL
),
-- keeps some rows
touches AS (
  SELECT user_id, moment, event_id, touch
  FROM events_2
  WHERE touch IS NOT NULL
),
-- the rows of all of these
touches_and_conversions AS (
  SELECT user_id, moment, event_id, 0::bigint AS change, NULL::text AS touch, worth
  FROM events_2
  WHERE is_conversion
  UNION ALL
  SELECT user_id, moment, event_id, 1::bigint AS change, touch, 0.0::float8 AS worth
  FROM touches
  UNION ALL
  SELECT
    user_id,
    moment + INTERVAL '30 days' AS moment,
    event_id,
    (-1)::bigint AS change,
    touch,
    0.0::float8 AS worth
  FROM touches
),
-- adds place, open, converted, block
stream AS (
  SELECT
    user_id,
    moment,
    change,
    touch,
    worth,
    row_number() OVER (
      PARTITION BY user_id
      ORDER BY moment, change = -1, event_id COLLATE "C", change, touch COLLATE "C", worth
    ) AS place,
    coalesce(sum(change) OVER w::bigint, 0) AS open,
    coalesce(sum(CASE WHEN change = 0 THEN 1::bigint ELSE 0 END) OVER w::bigint, 0) AS converted,
    (extract(epoch FROM moment - TIMESTAMP '1970-01-01 00:00:00') * 1000000)::bigint / 2592000000000
    - (
        (extract(epoch FROM moment - TIMESTAMP '1970-01-01 00:00:00') * 1000000)::bigint
          % 2592000000000
        < 0
      )::int AS block
  FROM touches_and_conversions
  WINDOW
    w AS (PARTITION BY user_id ORDER BY moment, change = -1, event_id COLLATE "C", change, touch COLLATE "C", worth ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
-- columns of stream
stream_2 AS (
  SELECT
    user_id,
    change,
    touch,
    worth,
    place,
    open,
    converted,
    block,
    CASE
      WHEN change = -1 THEN (extract(epoch FROM moment
              - (TIMESTAMP '1970-01-01 00:00:00' + 2592000000000 * block * INTERVAL '1 microsecond')) * 1000000)::bigint::float8
          / 604800000000::float8
        - '4.285714285714286'::float8
      ELSE (extract(epoch FROM moment
            - (TIMESTAMP '1970-01-01 00:00:00' + 2592000000000 * block * INTERVAL '1 microsecond')) * 1000000)::bigint::float8
        / 604800000000::float8
    END AS value
  FROM stream
),
-- adds weight, open_label
weights AS (
  SELECT
    user_id,
    change,
    touch,
    worth,
    place,
    open,
    converted,
    block,
    CASE
      WHEN NOT change = 0 THEN CASE WHEN 2.0::float8 = 0 AND value < 0 THEN 'Infinity'::float8 WHEN 2.0::float8 = 0 OR value = 0 OR abs(2.0::float8) >= 'Infinity' OR abs(value) >= 'Infinity' THEN power(2.0::float8, value) WHEN 2.0::float8 < 0 AND value <> floor(value) THEN 'NaN'::float8 WHEN value * ln(abs(2.0::float8)) > 709.7827 THEN CASE WHEN 2.0::float8 < 0 AND mod(value::numeric, 2) <> 0 THEN '-Infinity' ELSE 'Infinity' END::float8 WHEN value * ln(abs(2.0::float8)) < -745.1332 THEN 0 ELSE power(2.0::float8, value) END
      ELSE 0.0::float8
    END AS weight,
    coalesce(sum(change) OVER (
        PARTITION BY user_id, touch
        ORDER BY place
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      )::bigint, 0) AS open_label
  FROM stream_2
),
-- adds touched_weight, unexpired_weight
weights_2 AS (
  SELECT
    user_id,
    change,
    touch,
    worth,
    place,
    open,
    converted,
    block,
    weight,
    open_label,
    coalesce(sum(CASE WHEN change = 1 THEN weight ELSE 0.0::float8 END) OVER (
        PARTITION BY user_id, block
        ORDER BY place
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ), 0.0::float8) AS touched_weight,
    coalesce(sum(CASE WHEN change = -1 THEN weight ELSE 0.0::float8 END) OVER (
        PARTITION BY user_id, block
        ORDER BY place DESC NULLS LAST
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ), 0.0::float8) AS unexpired_weight
  FROM weights
),
-- adds part
shares AS (
  SELECT
    user_id,
    change,
    touch,
    worth,
    place,
    open,
    converted,
    block,
    weight,
    open_label,
    CASE
      WHEN change = 0 AND open > 0 THEN CASE
          WHEN touched_weight + unexpired_weight = 0.0::float8 THEN worth
            * CASE
                WHEN (touched_weight + unexpired_weight)::text = '-0' THEN '-Infinity'::float8
                ELSE 'Infinity'::float8
              END
          ELSE worth / (touched_weight + unexpired_weight)
        END
      ELSE 0.0::float8
    END AS part
  FROM weights_2
),
-- adds from_block, from_next_block; OFFSET 0 has it computed once
shares_2 AS (
  SELECT
    change,
    touch,
    worth,
    open,
    converted,
    weight,
    open_label,
    coalesce(sum(part) OVER (
        PARTITION BY user_id, block
        ORDER BY place DESC NULLS LAST
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ), 0.0::float8) AS from_block,
    coalesce(sum(part) OVER (
        PARTITION BY user_id, block
        ORDER BY place
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ), 0.0::float8) AS from_next_block
  FROM shares
  OFFSET 0
),
-- keeps some rows
credited AS (
  SELECT
    coalesce(touch, '(direct)') AS touch,
    CASE
      WHEN change = 1 THEN weight * from_block
      WHEN change = -1 THEN weight * from_next_block
      ELSE worth
    END AS credit,
    CASE
      WHEN change = 1 AND open_label = 1 THEN -converted
      WHEN change = -1 AND open_label = 0 THEN converted
      WHEN change = 0 THEN 1
      ELSE 0
    END AS conversions
  FROM shares_2
  WHERE NOT change = 0 OR NOT open > 0
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
