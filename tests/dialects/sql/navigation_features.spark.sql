WITH
-- adds event_id, value, location_stack
events AS (
  SELECT
    CASE
      WHEN event_id IS NULL THEN NULL
      WHEN regexp_like(event_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(event_id)
      ELSE raise_error('not a uuid: ' || event_id)
    END AS event_id,
    variant_get(
      CASE WHEN get_json_object('[' || value || ', "' || md5(value) || '"]', '$[1]') = md5(value) THEN parse_json(value) WHEN value IS NOT NULL THEN raise_error('not JSON: ' || value) END,
      '$.location_stack'
    ) AS location_stack
  FROM data
)
SELECT
  event_id,
  to_json(
    coalesce(
      to_variant_object(
        filter(
          try_cast(location_stack AS array<variant>),
          (element, position) -> position
            >= nullif(
                  array_position(
                    transform(
                      try_cast(location_stack AS array<variant>),
                      element -> variant_get(element, '$._type', 'string') = 'NavigationContext'
                    ),
                    TRUE
                  ),
                  0
                )
              - 1
        )
      ),
      parse_json('[]')
    )
  ) AS location_stack
FROM events
