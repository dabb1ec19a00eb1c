WITH
-- keeps some rows; only the first rows
first_rows AS (
  SELECT id, city, placed, amount, n
  FROM orders
  WHERE amount > 10.0::float8 AND starts_with(city, 'A_')
  ORDER BY city COLLATE "C", id
  LIMIT 5
)
SELECT id, city, placed, amount, n
FROM first_rows
ORDER BY city COLLATE "C", id
