SELECT
  city,
  CASE WHEN coalesce(sum(n::decimal(38, 0))::bigint, 0)::double = 0 THEN count(n)::double * power(coalesce(sum(n::decimal(38, 0))::bigint, 0)::double, -1) ELSE count(n)::double / coalesce(sum(n::decimal(38, 0))::bigint, 0)::double END AS n
FROM orders
GROUP BY city
ORDER BY city NULLS LAST
