SELECT cities.country, avg(orders.amount::double) AS amount
FROM orders
LEFT JOIN cities
  ON orders.city = cities.city
GROUP BY 1
ORDER BY country NULLS LAST
