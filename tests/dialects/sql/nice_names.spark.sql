SELECT
  CASE
    WHEN event_id IS NULL THEN NULL
    WHEN regexp_like(event_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(event_id)
    ELSE raise_error('not a uuid: ' || event_id)
  END AS event_id,
  element_at(
    transform(
      array(
        transform(
          try_cast(variant_get(
              CASE WHEN get_json_object('[' || value || ', "' || md5(value) || '"]', '$[1]') = md5(value) THEN parse_json(value) WHEN value IS NOT NULL THEN raise_error('not JSON: ' || value) END,
              '$.location_stack'
            ) AS array<variant>),
          element -> replace(
                regexp_replace(variant_get(element, '$._type', 'string'), '([a-z])([A-Z])', '$1 $2'),
                ' Context',
                ''
              )
            || ': '
            || variant_get(element, '$.id', 'string')
        )
      ),
      titles -> CASE WHEN size(titles) > 0 THEN element_at(titles, -1) || coalesce(' located at ' || nullif(array_join(slice(titles, 1, size(titles) - 1), ' => '), ''), '') END
    ),
    1
  ) AS location_stack
FROM data
