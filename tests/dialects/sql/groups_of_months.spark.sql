WITH
-- one row for each placed
by_placed AS (
  SELECT
    concat(date_format(placed, 'MMMM'), ' ', date_format(placed, 'yyyy')) AS placed,
    coalesce(sum(amount), 0.0::double) AS amount_sum,
    avg(amount::double) AS amount_mean,
    count(n) AS n_count
  FROM orders
  GROUP BY 1
)
SELECT placed, amount_sum, amount_mean, n_count
FROM by_placed
ORDER BY placed NULLS LAST
