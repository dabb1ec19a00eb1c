SELECT
  event_id::uuid AS event_id,
  (list_transform(
      list_value(
        list_transform(
          json_extract(value, '$.location_stack[*]'),
          lambda element: replace(
                regexp_replace((element ->> '_type'), '([a-z])([A-Z])', '\1 \2', 'g'),
                ' Context',
                ''
              )
            || ': '
            || (element ->> 'id')
        )
      ),
      lambda titles: titles[-1] || coalesce(' located at ' || nullif(array_to_string(titles[:-2], ' => '), ''), '')
    ))[1] AS location_stack
FROM read_parquet('sample.parquet')
