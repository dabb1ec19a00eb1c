SELECT
  event_id::uuid AS event_id,
  coalesce(
    to_json(
      list_transform(
        json_extract(value, '$.location_stack[*]'),
        lambda element: json_merge_patch('{}', json_object('_type', element -> '_type', 'id', element -> 'id'))
      )
    ),
    '[]'::json
  ) AS location_stack
FROM read_parquet('sample.parquet')
