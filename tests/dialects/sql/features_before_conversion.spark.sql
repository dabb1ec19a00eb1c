WITH
-- adds event_id, cookie_id, value
events AS (
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
    END AS cookie_id,
    CASE WHEN get_json_object('[' || value || ', "' || md5(value) || '"]', '$[1]') = md5(value) THEN parse_json(value) WHEN value IS NOT NULL THEN raise_error('not JSON: ' || value) END AS value
  FROM data
),
-- adds user_id, location_stack, event_type, stack_event_types, application
events_2 AS (
  SELECT
    event_id,
    moment,
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
-- adds location_stack_matches, stack_event_types_matches, application_id, feature_nice_name
location_stack_matches AS (
  SELECT
    event_id,
    moment,
    user_id,
    event_type,
    coalesce(
      exists(
        try_cast(location_stack AS array<variant>),
        element -> variant_get(element, '$.id', 'string') = 'Quickstart Guide'
      ),
      FALSE
    ) AS location_stack_matches,
    CASE
      WHEN stack_event_types IS NOT NULL THEN coalesce(
          exists(
            try_cast(stack_event_types AS array<variant>),
            element -> element::string = 'InteractiveEvent'
          ),
          FALSE
        )
    END AS stack_event_types_matches,
    variant_get(try_element_at(try_cast(application AS array<variant>), 1), '$.id', 'string') AS application_id,
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
),
-- adds is_session_start
session_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    event_type,
    location_stack_matches,
    stack_event_types_matches,
    application_id,
    feature_nice_name,
    coalesce(
      timestampdiff(MICROSECOND, lag(moment) OVER (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST), moment)
      > 1800000000,
      TRUE
    ) AS is_session_start
  FROM location_stack_matches
),
-- adds session_id
sessions AS (
  SELECT
    moment,
    user_id,
    event_type,
    location_stack_matches,
    stack_event_types_matches,
    application_id,
    feature_nice_name,
    count(CASE WHEN is_session_start THEN 1 END) OVER (
      PARTITION BY user_id
      ORDER BY moment NULLS LAST, event_id NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_id
  FROM session_starts
),
-- adds condition
condition AS (
  SELECT
    user_id,
    event_type,
    stack_event_types_matches,
    application_id,
    feature_nice_name,
    count(CASE WHEN location_stack_matches THEN 1 END) OVER (PARTITION BY user_id, session_id) > 0
    AND count(CASE WHEN location_stack_matches THEN 1 END) OVER (
          PARTITION BY user_id, session_id
          ORDER BY moment NULLS LAST
          RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        )
      = 0 AS condition
  FROM sessions
),
-- keeps some rows; adds application, feature_nice_name; keeps some rows; one row for each application, feature_nice_name, event_type, user_id
by_application_feature_nice_name_event_type_user AS (
  SELECT application_id AS application, feature_nice_name, event_type, user_id
  FROM condition
  WHERE condition
  AND stack_event_types_matches
  AND application_id IS NOT NULL
  AND feature_nice_name IS NOT NULL
  AND event_type IS NOT NULL
  GROUP BY 1, feature_nice_name, event_type, user_id
)
SELECT application, feature_nice_name, event_type, count(user_id) AS unique_users
FROM by_application_feature_nice_name_event_type_user
GROUP BY application, feature_nice_name, event_type
ORDER BY
  unique_users DESC NULLS LAST,
  application NULLS LAST,
  feature_nice_name NULLS LAST,
  event_type NULLS LAST
