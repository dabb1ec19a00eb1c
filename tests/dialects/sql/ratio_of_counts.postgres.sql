SELECT
  city,
  CASE
    WHEN coalesce(sum(n)::bigint, 0) = 0 THEN count(n)::float8 * 'Infinity'::float8
    ELSE count(n)::float8 / coalesce(sum(n)::bigint, 0)::float8
  END AS n
FROM orders
GROUP BY city
ORDER BY city COLLATE "C"
