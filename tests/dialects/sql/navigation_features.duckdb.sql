WITH
-- adds event_id, value, location_stack
events AS (
  SELECT event_id::uuid AS event_id, value -> 'location_stack' AS location_stack
  FROM read_parquet('sample.parquet')
)
SELECT
  event_id,
  coalesce(
    CASE
      WHEN list_position(
          list_transform(
            json_extract(location_stack, '$[*]'),
            lambda element: (element ->> '_type') = 'NavigationContext'
          ),
          TRUE
        ) IS NOT NULL THEN to_json(
          json_extract(location_stack, '$[*]')[list_position(
              list_transform(
                json_extract(location_stack, '$[*]'),
                lambda element: (element ->> '_type') = 'NavigationContext'
              ),
              TRUE
            ):]
        )
    END,
    '[]'::json
  ) AS location_stack
FROM events
