WITH
-- adds is_conversion, touch, worth; keeps some rows
events_2 AS (
  SELECT
    user_id,
    moment,
    event_id,
    coalesce(event_type = 'buy', FALSE) AS is_conversion,
    country AS touch,
    coalesce(CASE WHEN amount = 'NaN'::double THEN 0.0::double ELSE amount END, 0.0::double) AS worth
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
  SELECT user_id, moment, event_id, 0::bigint AS change, NULL::string AS touch, worth
  FROM events_2
  WHERE is_conversion
  UNION ALL
  SELECT user_id, moment, event_id, 1::bigint AS change, touch, 0.0::double AS worth
  FROM touches
  UNION ALL
  SELECT
    user_id,
    timestampadd(MICROSECOND, 2592000000000::bigint, moment) AS moment,
    event_id,
    (-1)::bigint AS change,
    touch,
    0.0::double AS worth
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
      ORDER BY moment NULLS LAST, change = -1 NULLS LAST, event_id NULLS LAST, change NULLS LAST, touch NULLS LAST, worth NULLS LAST
    )::bigint AS place,
    coalesce(sum(change::decimal(38, 0)) OVER w::bigint, 0) AS open,
    coalesce(sum(CASE WHEN change = 0 THEN 1::bigint ELSE 0 END::decimal(38, 0)) OVER w::bigint, 0) AS converted,
    timestampdiff(MICROSECOND, TIMESTAMP_NTZ '1970-01-01 00:00:00', moment) div 2592000000000
    - (timestampdiff(MICROSECOND, TIMESTAMP_NTZ '1970-01-01 00:00:00', moment) % 2592000000000 < 0)::int AS block
  FROM touches_and_conversions
  WINDOW
    w AS (PARTITION BY user_id ORDER BY moment NULLS LAST, change = -1 NULLS LAST, event_id NULLS LAST, change NULLS LAST, touch NULLS LAST, worth NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
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
      WHEN change = -1 THEN timestampdiff(MICROSECOND, timestampadd(MICROSECOND, 2592000000000 * block, TIMESTAMP_NTZ '1970-01-01 00:00:00'), moment)::double
          / 604800000000::double
        - '4.285714285714286'::double
      ELSE timestampdiff(MICROSECOND, timestampadd(MICROSECOND, 2592000000000 * block, TIMESTAMP_NTZ '1970-01-01 00:00:00'), moment)::double
        / 604800000000::double
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
      WHEN NOT change = 0 THEN CASE WHEN 2.0::double = 1 OR (2.0::double = -1 AND abs(value) = 'Infinity'::double) THEN CASE WHEN value IS NOT NULL THEN 1::double END ELSE power(2.0::double, value) END
      ELSE 0.0::double
    END AS weight,
    coalesce(sum(change::decimal(38, 0)) OVER (
        PARTITION BY user_id, touch
        ORDER BY place NULLS LAST
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
    coalesce(sum(CASE WHEN change = 1 THEN weight ELSE 0.0::double END) OVER (
        PARTITION BY user_id, block
        ORDER BY place NULLS LAST
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ), 0.0::double) AS touched_weight,
    coalesce(sum(CASE WHEN change = -1 THEN weight ELSE 0.0::double END) OVER (
        PARTITION BY user_id, block
        ORDER BY place DESC NULLS LAST
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ), 0.0::double) AS unexpired_weight
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
      WHEN change = 0 AND open > 0 THEN CASE WHEN (touched_weight + unexpired_weight) = 0 THEN worth * power((touched_weight + unexpired_weight), -1) ELSE worth / (touched_weight + unexpired_weight) END
      ELSE 0.0::double
    END AS part
  FROM weights_2
),
-- adds from_block, from_next_block
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
      ), 0.0::double) AS from_block,
    coalesce(sum(part) OVER (
        PARTITION BY user_id, block
        ORDER BY place NULLS LAST
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ), 0.0::double) AS from_next_block
  FROM shares
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
