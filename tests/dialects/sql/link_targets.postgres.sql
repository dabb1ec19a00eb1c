WITH
-- adds event_id, value, location_stack; OFFSET 0 has location_stack computed once
events AS (
  SELECT event_id::uuid AS event_id, (value::json -> 'location_stack')::jsonb AS location_stack
  FROM data
  OFFSET 0
),
-- columns of events; OFFSET 0 has json_filter computed once
events_2 AS (
  SELECT
    event_id,
    (
      SELECT coalesce(jsonb_agg(element ORDER BY position), '[]'::jsonb)
      FROM jsonb_array_elements(CASE WHEN jsonb_typeof(location_stack) = 'array' THEN location_stack END) WITH ORDINALITY AS elements (element, position)
      WHERE element @> '{"_type": "LinkContext"}'::jsonb
    ) AS json_filter
  FROM events
  OFFSET 0
)
SELECT
  event_id,
  CASE WHEN jsonb_typeof(json_filter) = 'array' THEN json_filter -> 0 END ->> 'href' AS location_stack
FROM events_2
