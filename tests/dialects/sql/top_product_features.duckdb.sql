WITH
-- adds cookie_id, value, user_id, location_stack, event_type, stack_event_types, application; keeps some rows; adds application
application AS (
  SELECT
    cookie_id::uuid AS user_id,
    value -> 'location_stack' AS location_stack,
    value ->> '_type' AS event_type,
    (list_filter(
          json_extract(value, '$.global_contexts[*]'),
          lambda element: (element ->> '_type') = 'ApplicationContext'
        ))[1]
    ->> 'id' AS application
  FROM read_parquet('sample.parquet')
  WHERE list_contains(json_extract_string(value -> '_types', '$[*]'), 'InteractiveEvent')
),
-- one row for each location_stack; adds name
names AS (
  SELECT
    location_stack,
    (list_transform(
        list_value(
          list_transform(
            json_extract(location_stack, '$[*]'),
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
      ))[1] AS name
  FROM application
  GROUP BY location_stack
),
-- all rows on the left with those on the right that have equal keys; adds feature_nice_name; keeps some rows; one row for each application, feature_nice_name, event_type, user_id
by_application_feature_nice_name_event_type_user AS (
  SELECT
    application.application,
    names.name AS feature_nice_name,
    application.event_type,
    application.user_id
  FROM application
  LEFT JOIN names
    ON application.location_stack = names.location_stack
  WHERE application.application IS NOT NULL
  AND names.name IS NOT NULL
  AND application.event_type IS NOT NULL
  GROUP BY 1, 2, 3, 4
)
SELECT application, feature_nice_name, event_type, count(user_id) AS user_id_nunique
FROM by_application_feature_nice_name_event_type_user
GROUP BY application, feature_nice_name, event_type
ORDER BY user_id_nunique DESC NULLS LAST, application, feature_nice_name, event_type
