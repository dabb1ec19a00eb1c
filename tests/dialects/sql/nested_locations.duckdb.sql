WITH
-- adds event_id, value, location_stack
events AS (
  SELECT event_id::uuid AS event_id, value -> 'location_stack' AS location_stack
  FROM read_parquet('sample.parquet')
),
-- adds __stack, __root
stacks AS (
  SELECT
    event_id,
    location_stack AS __stack,
    (list_filter(
          json_extract(location_stack, '$[*]'),
          lambda element: (element ->> '_type') = 'RootLocationContext'
        ))[1]
    ->> 'id' AS __root
  FROM events
),
-- keeps some rows; one row for each root; only the first rows
most_common_root AS (
  SELECT __root AS root
  FROM stacks
  WHERE __root IS NOT NULL
  GROUP BY 1
  ORDER BY count(*) DESC NULLS LAST, root
  LIMIT 1
),
-- keeps some rows
stacks_2 AS (
  SELECT event_id, __stack
  FROM stacks
  WHERE __root = (SELECT root FROM most_common_root)
),
-- one row for each element of an array; adds source
locations AS (
  SELECT
    stacks_2.event_id,
    element.position - 1 AS __position,
    (element.value ->> '_type') || ': ' || (element.value ->> 'id') AS source
  FROM stacks_2
  CROSS JOIN LATERAL unnest(json_extract(stacks_2.__stack, '$[*]')) WITH ORDINALITY AS element (value, position)
),
-- adds target
nested_locations AS (
  SELECT source, lead(source) OVER (PARTITION BY event_id ORDER BY __position) AS target
  FROM locations
)
SELECT source, target, count(*) AS value
FROM nested_locations
WHERE source IS NOT NULL AND target IS NOT NULL
GROUP BY source, target
ORDER BY value DESC NULLS LAST, source, target
