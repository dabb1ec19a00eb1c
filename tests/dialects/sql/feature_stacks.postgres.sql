WITH
-- adds event_id, value, location_stack
events AS (
  SELECT event_id::uuid AS event_id, value::jsonb -> 'location_stack' AS location_stack
  FROM data
)
SELECT
  event_id,
  (
    SELECT coalesce(
        jsonb_agg(
          jsonb_strip_nulls(jsonb_build_object('_type', element -> '_type', 'id', element -> 'id'))
          ORDER BY position
        ),
        '[]'::jsonb
      )
    FROM jsonb_array_elements(CASE WHEN jsonb_typeof(location_stack) = 'array' THEN location_stack END) WITH ORDINALITY AS elements (element, position)
  ) AS location_stack
FROM events
