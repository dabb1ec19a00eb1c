WITH
-- adds cookie_id, value
events AS (
  SELECT
    CASE
      WHEN cookie_id IS NULL THEN NULL
      WHEN regexp_like(cookie_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(cookie_id)
      ELSE raise_error('not a uuid: ' || cookie_id)
    END AS cookie_id,
    CASE WHEN get_json_object('[' || value || ', "' || md5(value) || '"]', '$[1]') = md5(value) THEN parse_json(value) WHEN value IS NOT NULL THEN raise_error('not JSON: ' || value) END AS value
  FROM data
),
-- adds user_id, location_stack, event_type, stack_event_types, application
events_2 AS (
  SELECT
    cookie_id AS user_id,
    variant_get(value, '$.location_stack') AS location_stack,
    variant_get(value, '$._type', 'string') AS event_type,
    variant_get(value, '$._types') AS stack_event_types,
    coalesce(
      to_variant_object(
        filter(
          try_cast(variant_get(value, '$.global_contexts') AS array<variant>),
          element -> variant_get(element, '$._type', 'string') = 'ApplicationContext'
        )
      ),
      parse_json('[]')
    ) AS application
  FROM events
),
-- keeps some rows; adds application, feature_nice_name
feature_nice_name AS (
  SELECT
    user_id,
    event_type,
    variant_get(try_element_at(try_cast(application AS array<variant>), 1), '$.id', 'string') AS application,
    element_at(
      transform(
        array(
          transform(
            try_cast(location_stack AS array<variant>),
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
    ) AS feature_nice_name
  FROM events_2
  WHERE CASE
    WHEN stack_event_types IS NOT NULL THEN coalesce(
        exists(
          try_cast(stack_event_types AS array<variant>),
          element -> element::string = 'InteractiveEvent'
        ),
        FALSE
      )
  END
),
-- keeps some rows; one row for each application, feature_nice_name, event_type, user_id
by_application_feature_nice_name_event_type_user AS (
  SELECT application, feature_nice_name, event_type, user_id
  FROM feature_nice_name
  WHERE application IS NOT NULL AND feature_nice_name IS NOT NULL AND event_type IS NOT NULL
  GROUP BY application, feature_nice_name, event_type, user_id
)
SELECT application, feature_nice_name, event_type, count(user_id) AS user_id_nunique
FROM by_application_feature_nice_name_event_type_user
GROUP BY application, feature_nice_name, event_type
ORDER BY
  user_id_nunique DESC NULLS LAST,
  application NULLS LAST,
  feature_nice_name NULLS LAST,
  event_type NULLS LAST
