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
    SELECT titles[n] || coalesce(' located at ' || nullif(array_to_string(titles[:n - 1], ' => '), ''), '')
    FROM (
        SELECT array_agg(
              replace(
                  regexp_replace(element ->> '_type', '([a-z])([A-Z])', '\1 \2', 'g'),
                  ' Context',
                  ''
                )
              || ': '
              || (element ->> 'id')
              ORDER BY position
            ) AS titles, count(*) AS n
        FROM jsonb_array_elements(
            CASE WHEN jsonb_typeof(location_stack) = 'array' THEN location_stack END
          ) WITH ORDINALITY AS elements (element, position)
      ) AS path
  ) AS location_stack
FROM events
