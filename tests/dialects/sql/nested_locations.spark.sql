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
),
-- adds __stack, __root
stacks AS (
  SELECT
    event_id,
    location_stack AS __stack,
    variant_get(
      try_element_at(
        coalesce(
          filter(
            try_cast(location_stack AS array<variant>),
            element -> variant_get(element, '$._type', 'string') = 'RootLocationContext'
          ),
          array()
        ),
        1
      ),
      '$.id',
      'string'
    ) AS __root
  FROM events
),
-- keeps some rows; one row for each root; only the first rows
most_common_root AS (
  SELECT __root AS root
  FROM stacks
  WHERE __root IS NOT NULL
  GROUP BY 1
  ORDER BY count(*) DESC NULLS LAST, root NULLS LAST
  LIMIT 1
),
-- keeps some rows
stacks_2 AS (
  SELECT event_id, __stack
  FROM stacks
  WHERE __root = (SELECT root FROM most_common_root)
),
-- one row for each element of an array; adds source
locations AS (
  SELECT
    stacks_2.event_id,
    element.position::bigint AS __position,
    variant_get(element.value, '$._type', 'string')
    || ': '
    || variant_get(element.value, '$.id', 'string') AS source
  FROM stacks_2
  CROSS JOIN LATERAL posexplode(try_cast(stacks_2.__stack AS array<variant>)) AS element (position, value)
),
-- adds target
nested_locations AS (
  SELECT source, lead(source) OVER (PARTITION BY event_id ORDER BY __position NULLS LAST) AS target
  FROM locations
)
SELECT source, target, count(*) AS value
FROM nested_locations
WHERE source IS NOT NULL AND target IS NOT NULL
GROUP BY source, target
ORDER BY value DESC NULLS LAST, source NULLS LAST, target NULLS LAST
