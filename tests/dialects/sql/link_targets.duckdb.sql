SELECT
  event_id::uuid AS event_id,
  (
      coalesce(
          to_json(
            list_filter(
              json_extract(value::json -> 'location_stack', '$[*]'),
              lambda element: (element ->> '_type') = 'LinkContext'
            )
          ),
          '[]'::json
        )
      -> 0
    )
  ->> 'href' AS location_stack
FROM read_parquet('sample.parquet')
