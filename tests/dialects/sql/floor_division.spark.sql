SELECT
  id,
  city,
  placed,
  amount,
  n,
  n div 12 - (n % 12 < 0)::int AS dozens,
  n % 12 + CASE WHEN n % 12 < 0 THEN 12::bigint ELSE 0 END AS rest,
  n div nullif(n - 3, 0)
  - CASE WHEN n % nullif(n - 3, 0) <> 0 AND (n < 0) <> (n - 3 < 0) THEN 1 ELSE 0 END AS ratio
FROM orders
