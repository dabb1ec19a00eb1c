WITH
-- rows written out here
properties (property, dtype) AS (
  VALUES
    ('country', 'string'),
    ('amount', 'float64')
),
-- adds country, amount; keeps some rows; one row for all; MATERIALIZED has it computed once
counted AS MATERIALIZED (
  SELECT
    count(*) AS events,
    count(country) AS filled_0,
    count(DISTINCT country) AS distinct_0,
    min(country COLLATE "C") AS example_0,
    count(amount) AS filled_1,
    count(DISTINCT amount) AS distinct_1,
    min(amount) AS example_1
  FROM events
  WHERE moment IS NOT NULL
),
-- every row of both sides next to each other
properties_2 AS (
  SELECT
    properties.property,
    properties.dtype,
    counted.events,
    CASE
      WHEN properties.property = 'country' THEN counted.filled_0
      WHEN properties.property = 'amount' THEN counted.filled_1
    END AS filled,
    CASE
      WHEN properties.property = 'country' THEN counted.distinct_0
      WHEN properties.property = 'amount' THEN counted.distinct_1
    END AS "distinct",
    CASE
      WHEN properties.property = 'country' THEN counted.example_0
      WHEN properties.property = 'amount' THEN CASE
          WHEN counted.example_1 = 'NaN'::float8 THEN 'nan'
          WHEN counted.example_1 = 'Infinity'::float8 THEN 'inf'
          WHEN counted.example_1 = '-Infinity'::float8 THEN '-inf'
          WHEN counted.example_1::text = '-0' THEN '-0.0'
          WHEN abs(counted.example_1) < 1e16::float8 AND counted.example_1 = trunc(counted.example_1) THEN counted.example_1::bigint::text || '.0'
          WHEN abs(counted.example_1) >= 1e15 AND abs(counted.example_1) < 1e16 THEN counted.example_1::text::numeric::text
          ELSE counted.example_1::text
        END
    END AS example
  FROM properties
  CROSS JOIN counted
)
SELECT property, dtype, filled, filled::float8 / nullif(events, 0) AS fill, "distinct", example
FROM properties_2
ORDER BY property COLLATE "C"
