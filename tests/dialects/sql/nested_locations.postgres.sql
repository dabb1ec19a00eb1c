WITH
-- adds event_id, value, location_stack; OFFSET 0 has location_stack computed once
events AS (
  SELECT event_id::uuid AS event_id, (value::json -> 'location_stack')::jsonb AS location_stack
  FROM data
  OFFSET 0
),
-- adds __stack; OFFSET 0 has json_filter computed once
stack AS (
  SELECT
    event_id,
    location_stack AS __stack,
    (
      SELECT coalesce(jsonb_agg(element ORDER BY position), '[]'::jsonb)
      FROM jsonb_array_elements(CASE WHEN jsonb_typeof(location_stack) = 'array' THEN location_stack END) WITH ORDINALITY AS elements (element, position)
      WHERE element @> '{"_type": "RootLocationContext"}'::jsonb
    ) AS json_filter
  FROM events
  OFFSET 0
),
-- adds __root; OFFSET 0 has __root computed once
stacks AS (
  SELECT
    event_id,
    __stack,
    CASE WHEN jsonb_typeof(json_filter) = 'array' THEN json_filter -> 0 END ->> 'id' AS __root
  FROM stack
  OFFSET 0
),
-- keeps some rows; one row for each root; only the first rows; MATERIALIZED has it computed once
most_common_root AS MATERIALIZED (
  SELECT __root AS root
  FROM stacks
  WHERE __root IS NOT NULL
  GROUP BY 1
  ORDER BY count(*) DESC NULLS LAST, __root COLLATE "C"
  LIMIT 1
),
-- keeps some rows
stacks_2 AS (
  SELECT event_id, __stack
  FROM stacks
  WHERE __root = (SELECT root FROM most_common_root)
),
-- one row for each element of an array; adds source; OFFSET 0 has source computed once
locations AS (
  SELECT
    stacks_2.event_id,
    element.position - 1 AS __position,
    (element.value ->> '_type') || ': ' || (element.value ->> 'id') AS source
  FROM stacks_2
  CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(stacks_2.__stack) = 'array' THEN stacks_2.__stack END) WITH ORDINALITY AS element (value, position)
  OFFSET 0
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
ORDER BY value DESC NULLS LAST, source COLLATE "C", target COLLATE "C"
