SELECT
  CASE
    WHEN event_id IS NULL THEN NULL
    WHEN regexp_like(event_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(event_id)
    ELSE raise_error('not a uuid: ' || event_id)
  END AS event_id,
  variant_get(
    try_element_at(
      coalesce(
        filter(
          try_cast(variant_get(
              CASE WHEN get_json_object('[' || value || ', "' || md5(value) || '"]', '$[1]') = md5(value) THEN parse_json(value) WHEN value IS NOT NULL THEN raise_error('not JSON: ' || value) END,
              '$.location_stack'
            ) AS array<variant>),
          element -> variant_get(element, '$._type', 'string') = 'LinkContext'
        ),
        array()
      ),
      1
    ),
    '$.href',
    'string'
  ) AS location_stack
FROM data
