WITH
-- keeps some rows; one row for all
last_moment AS (
  SELECT max(moment) AS last_moment
  FROM events
  WHERE moment IS NOT NULL
),
-- adds worth, rfm_where; keeps some rows; one row for each user_id
orders AS (
  SELECT
    user_id,
    count(*) AS frequency,
    avg(coalesce(CASE WHEN amount = 'NaN'::float8 THEN 0.0::float8 ELSE amount END, 0.0::float8)) AS monetary,
    ((SELECT last_moment FROM last_moment)::date - max(moment)::date)::bigint * 86400000000 AS sub,
    ((SELECT last_moment FROM last_moment)::date - min(moment)::date)::bigint * 86400000000 AS sub_2
  FROM events
  WHERE moment IS NOT NULL AND user_id IS NOT NULL AND event_type = 'buy'
  GROUP BY user_id
),
-- adds recency_score_rank, frequency_score_rank, monetary_score_rank, units
ranked AS (
  SELECT
    user_id,
    sub / 86400000000 - (sub % 86400000000 < 0)::int AS recency,
    frequency,
    monetary,
    sub_2 / 86400000000 - (sub_2 % 86400000000 < 0)::int AS age,
    rank() OVER (ORDER BY sub / 86400000000 - (sub % 86400000000 < 0)::int DESC NULLS LAST) AS recency_score_rank,
    rank() OVER (ORDER BY frequency) AS frequency_score_rank,
    rank() OVER (
      ORDER BY CASE WHEN abs(monetary) < 4503599627370496::float8 THEN round(monetary * 1e9::float8) / 1e9::float8 ELSE monetary END
    ) AS monetary_score_rank,
    count(*) OVER () AS units
  FROM orders
)
SELECT
  user_id,
  recency,
  frequency,
  monetary,
  age,
  CASE
    WHEN recency_score_rank = 1 THEN 1::bigint
    WHEN (recency_score_rank - 1) * 5 >= 4 * (units - 1) THEN 5
    WHEN (recency_score_rank - 1) * 5 >= 3 * (units - 1) THEN 4
    WHEN (recency_score_rank - 1) * 5 >= 2 * (units - 1) THEN 3
    WHEN (recency_score_rank - 1) * 5 >= 1 * (units - 1) THEN 2
    ELSE 1
  END AS recency_score,
  CASE
    WHEN frequency_score_rank = 1 THEN 1::bigint
    WHEN (frequency_score_rank - 1) * 5 >= 4 * (units - 1) THEN 5
    WHEN (frequency_score_rank - 1) * 5 >= 3 * (units - 1) THEN 4
    WHEN (frequency_score_rank - 1) * 5 >= 2 * (units - 1) THEN 3
    WHEN (frequency_score_rank - 1) * 5 >= 1 * (units - 1) THEN 2
    ELSE 1
  END AS frequency_score,
  CASE
    WHEN monetary_score_rank = 1 THEN 1::bigint
    WHEN (monetary_score_rank - 1) * 5 >= 4 * (units - 1) THEN 5
    WHEN (monetary_score_rank - 1) * 5 >= 3 * (units - 1) THEN 4
    WHEN (monetary_score_rank - 1) * 5 >= 2 * (units - 1) THEN 3
    WHEN (monetary_score_rank - 1) * 5 >= 1 * (units - 1) THEN 2
    ELSE 1
  END AS monetary_score
FROM ranked
ORDER BY user_id COLLATE "C"
