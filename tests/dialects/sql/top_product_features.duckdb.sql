WITH
-- adds cookie_id, value, user_id, location_stack, event_type, stack_event_types, application
events AS (
  SELECT
    cookie_id::uuid AS user_id,
    value -> 'location_stack' AS location_stack,
    value ->> '_type' AS event_type,
    value -> '_types' AS stack_event_types,
    coalesce(
      to_json(
        list_filter(
          json_extract(value, '$.global_contexts[*]'),
          lambda element: (element ->> '_type') = 'ApplicationContext'
        )
      ),
      '[]'::json
    ) AS application
  FROM read_parquet('sample.parquet')
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
  FROM events
  GROUP BY location_stack
),
-- all rows on the left with those on the right that have equal keys; adds feature_nice_name, application; keeps some rows
application AS (
  SELECT
    events.user_id,
    events.event_type,
    (events.application -> 0) ->> 'id' AS application,
    names.name AS feature_nice_name
  FROM events
  LEFT JOIN names
    ON events.location_stack = names.location_stack
  WHERE len(
      list_filter(
        json_extract(events.stack_event_types, '$[*]'),
        lambda element: (element ->> '$') = 'InteractiveEvent'
      )
    )
  > 0
),
-- keeps some rows; one row for each application, feature_nice_name, event_type, user_id
by_application_feature_nice_name_event_type_user AS (
  SELECT application, feature_nice_name, event_type, user_id
  FROM application
  WHERE application IS NOT NULL AND feature_nice_name IS NOT NULL AND event_type IS NOT NULL
  GROUP BY application, feature_nice_name, event_type, user_id
)
SELECT application, feature_nice_name, event_type, count(user_id) AS user_id_nunique
FROM by_application_feature_nice_name_event_type_user
GROUP BY application, feature_nice_name, event_type
ORDER BY user_id_nunique DESC NULLS LAST, application, feature_nice_name, event_type
