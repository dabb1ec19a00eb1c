WITH
-- adds event_id, cookie_id, value, user_id, location_stack, __location
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
    ) AS __location
  FROM data
),
-- adds location_stack_step_1, location_stack_step_2, location_stack_step_3, __offset
paths AS (
  SELECT
    user_id,
    __location AS location_stack_step_1,
    lead(__location) OVER w AS location_stack_step_2,
    lead(__location, 2) OVER w AS location_stack_step_3,
    row_number() OVER w::bigint - 1 AS __offset
  FROM location
  WINDOW
    w AS (PARTITION BY user_id ORDER BY moment NULLS LAST, __location NULLS LAST, event_id NULLS LAST)
)
SELECT user_id, location_stack_step_1, location_stack_step_2, location_stack_step_3
FROM paths
WHERE location_stack_step_2 IS NOT NULL OR __offset = 0
ORDER BY
  user_id NULLS LAST,
  __offset NULLS LAST,
  location_stack_step_1 NULLS LAST,
  location_stack_step_2 NULLS LAST,
  location_stack_step_3 NULLS LAST
