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
    avg(
      coalesce(CASE WHEN amount = 'NaN'::double THEN 0.0::double ELSE amount END, 0.0::double)::double
    ) AS monetary,
    timestampdiff(MICROSECOND, max(moment)::date::timestamp_ntz, (SELECT last_moment FROM last_moment)::date::timestamp_ntz) AS sub,
    timestampdiff(MICROSECOND, min(moment)::date::timestamp_ntz, (SELECT last_moment FROM last_moment)::date::timestamp_ntz) AS sub_2
  FROM events
  WHERE moment IS NOT NULL AND user_id IS NOT NULL AND event_type = 'buy'
  GROUP BY user_id
),
-- adds recency_score_rank, frequency_score_rank, monetary_score_rank, units
ranked AS (
  SELECT
    user_id,
    sub div 86400000000 - (sub % 86400000000 < 0)::int AS recency,
    frequency,
    monetary,
    sub_2 div 86400000000 - (sub_2 % 86400000000 < 0)::int AS age,
    rank() OVER (ORDER BY sub div 86400000000 - (sub % 86400000000 < 0)::int DESC NULLS LAST)::bigint AS recency_score_rank,
    rank() OVER (ORDER BY frequency NULLS LAST)::bigint AS frequency_score_rank,
    rank() OVER (
      ORDER BY CASE WHEN abs(monetary) < 4503599627370496::double THEN rint(monetary * 1e9::double) / 1e9::double ELSE monetary END NULLS LAST
    )::bigint AS monetary_score_rank,
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
ORDER BY user_id NULLS LAST
