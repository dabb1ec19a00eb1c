WITH
-- adds rank
rank AS (
  SELECT
    id,
    city,
    placed,
    amount,
    n,
    row_number() OVER (PARTITION BY city ORDER BY amount DESC NULLS LAST, id) AS rank
  FROM orders
),
-- one row for all; MATERIALIZED has it computed once
total AS MATERIALIZED (
  SELECT coalesce(sum(amount), 0.0::float8) AS amount
  FROM rank
)
SELECT
  id,
  city,
  placed,
  amount,
  n,
  rank,
  CASE
    WHEN (SELECT amount FROM total) = 0.0::float8 THEN amount
      * CASE
          WHEN (SELECT amount FROM total)::text = '-0' THEN '-Infinity'::float8
          ELSE 'Infinity'::float8
        END
    ELSE amount / (SELECT amount FROM total)
  END AS share
FROM rank
WHERE rank <= 3
