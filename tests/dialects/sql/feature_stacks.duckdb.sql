SELECT
  event_id::uuid AS event_id,
  coalesce(to_json(
      list_transform(
        json_extract(value, '$.location_stack[*]'),
        lambda element: map_from_entries(
            list_filter(
              list_value(('_type', element -> '_type'), ('id', element -> 'id')),
              lambda member: json_type(member[2]) <> 'NULL'
            )
          )
      )
    ), '[]'::json) AS location_stack
FROM read_parquet('sample.parquet')
