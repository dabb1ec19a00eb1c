WITH
-- one row for each placed
by_placed AS (
  SELECT
    strftime(placed, '%B %Y') AS placed,
    coalesce(sum(amount), 0.0::float8) AS amount_sum,
    avg(amount) AS amount_mean,
    count(n) AS n_count
  FROM orders
  GROUP BY 1
)
SELECT placed, amount_sum, amount_mean, n_count
FROM by_placed
ORDER BY placed
