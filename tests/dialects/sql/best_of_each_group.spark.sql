WITH
-- adds rank
rank AS (
  SELECT
    id,
    city,
    placed,
    amount,
    n,
    row_number() OVER (PARTITION BY city ORDER BY amount DESC NULLS LAST, id NULLS LAST)::bigint AS rank
  FROM orders
),
-- one row for all
total AS (
  SELECT coalesce(sum(amount), 0.0::double) AS amount
  FROM rank
)
SELECT
  id,
  city,
  placed,
  amount,
  n,
  rank,
  CASE WHEN (SELECT amount FROM total) = 0 THEN amount * power((SELECT amount FROM total), -1) ELSE amount / (SELECT amount FROM total) END AS share
FROM rank
WHERE rank <= 3
