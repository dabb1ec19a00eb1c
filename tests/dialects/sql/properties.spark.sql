WITH
-- rows written out here
properties (property, dtype) AS (
  VALUES
    ('country', 'string'),
    ('amount', 'float64')
),
-- adds country, amount; keeps some rows; one row for all
counted AS (
  SELECT
    count(*) AS events,
    count(country) AS filled_0,
    count(DISTINCT country) AS distinct_0,
    min(country) AS example_0,
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
    END AS `distinct`,
    CASE
      WHEN properties.property = 'country' THEN counted.example_0
      WHEN properties.property = 'amount' THEN CASE WHEN counted.example_1 = 'NaN'::double THEN 'nan' WHEN abs(counted.example_1) = 'Infinity'::double THEN CASE WHEN counted.example_1 > 0 THEN 'inf' ELSE '-inf' END WHEN counted.example_1 = 0 THEN counted.example_1::string WHEN abs(counted.example_1) < 1e16::double AND abs(counted.example_1) >= 1 AND counted.example_1 = rint(counted.example_1) THEN (counted.example_1::bigint)::string || '.0' WHEN abs(counted.example_1) >= 1e-4::double AND abs(counted.example_1) < 1e16::double THEN trim(TRAILING '0' FROM ((counted.example_1::string)::decimal(38, 21))::string) ELSE regexp_replace(regexp_replace(replace(counted.example_1::string, '.0E', 'E'), 'E(-?)([0-9])$', 'E$10$2'), 'E(-?)', CASE WHEN abs(counted.example_1) < 1 THEN 'e-' ELSE 'e+' END) END
    END AS example
  FROM properties
  CROSS JOIN counted
)
SELECT property, dtype, filled, filled::double / nullif(events, 0) AS fill, `distinct`, example
FROM properties_2
ORDER BY property NULLS LAST
