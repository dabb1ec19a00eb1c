SELECT
  city,
  CASE
    WHEN coalesce(sum(n)::bigint, 0) = 0 THEN CASE
        WHEN count(n) = 0 THEN 'NaN'::float8
        WHEN count(n) > 0 THEN 'Infinity'::float8
        WHEN count(n) < 0 THEN '-Infinity'::float8
      END
    ELSE count(n)::float8 / coalesce(sum(n)::bigint, 0)::float8
  END AS n
FROM orders
GROUP BY city
ORDER BY city COLLATE "C"
