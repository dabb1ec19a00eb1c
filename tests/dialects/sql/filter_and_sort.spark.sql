WITH
-- keeps some rows; only the first rows
first_rows AS (
  SELECT id, city, placed, amount, n
  FROM orders
  WHERE amount > 10.0::double AND startswith(city, 'A_')
  ORDER BY city NULLS LAST, id NULLS LAST
  LIMIT 5
)
SELECT id, city, placed, amount, n
FROM first_rows
ORDER BY city NULLS LAST, id NULLS LAST
