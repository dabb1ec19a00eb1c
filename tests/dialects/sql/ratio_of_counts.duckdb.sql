SELECT city, count(n)::float8 / coalesce(sum(n)::bigint, 0)::float8 AS n
FROM orders
GROUP BY city
ORDER BY city
