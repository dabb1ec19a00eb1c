SELECT
  event_id::uuid AS event_id,
  (list_filter(
        json_extract(value, '$.location_stack[*]'),
        lambda element: (element ->> '_type') = 'LinkContext'
      ))[1]
  ->> 'href' AS location_stack
FROM read_parquet('sample.parquet')
