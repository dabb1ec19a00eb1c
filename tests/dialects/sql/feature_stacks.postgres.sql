WITH
-- adds event_id, value, location_stack; OFFSET 0 has location_stack computed once
events AS (
  SELECT event_id::uuid AS event_id, (value::json -> 'location_stack')::jsonb AS location_stack
  FROM data
  OFFSET 0
)
SELECT
  event_id,
  (
    SELECT coalesce(
        jsonb_agg(
          (
            SELECT coalesce(jsonb_object_agg(key, value), '{}'::jsonb)
            FROM jsonb_each(CASE WHEN jsonb_typeof(element) = 'object' THEN element END)
            WHERE key IN ('_type', 'id') AND value <> 'null'::jsonb
          )
          ORDER BY position
        ),
        '[]'::jsonb
      )
    FROM jsonb_array_elements(CASE WHEN jsonb_typeof(location_stack) = 'array' THEN location_stack END) WITH ORDINALITY AS elements (element, position)
  ) AS location_stack
FROM events
