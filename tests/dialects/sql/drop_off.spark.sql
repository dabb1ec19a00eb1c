WITH
-- adds event_id, cookie_id, value, user_id, location_stack, location
location AS (
  SELECT
    CASE
      WHEN event_id IS NULL THEN NULL
      WHEN regexp_like(event_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(event_id)
      ELSE raise_error('not a uuid: ' || event_id)
    END AS event_id,
    moment,
    CASE
      WHEN cookie_id IS NULL THEN NULL
      WHEN regexp_like(cookie_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(cookie_id)
      ELSE raise_error('not a uuid: ' || cookie_id)
    END AS user_id,
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
    ) AS location
  FROM data
),
-- keeps some rows; one row for each user_id
location_2 AS (
  SELECT
    max_by(
      location,
      struct(moment IS NULL, moment, event_id IS NULL, event_id)
    ) FILTER (WHERE location IS NOT NULL) AS location
  FROM location
  WHERE location IS NOT NULL
  GROUP BY user_id
),
-- one row for each location
size AS (
  SELECT location, count(*) AS size
  FROM location_2
  GROUP BY location
),
-- one row for all
total AS (
  SELECT coalesce(sum(size::decimal(38, 0))::bigint, 0) AS value_counts
  FROM size
)
SELECT
  location,
  CASE WHEN (SELECT value_counts FROM total)::double = 0 THEN size::double * power((SELECT value_counts FROM total)::double, -1) ELSE size::double / (SELECT value_counts FROM total)::double END
  * 100.0::double AS percentage
FROM size
ORDER BY percentage DESC NULLS LAST, location NULLS LAST
