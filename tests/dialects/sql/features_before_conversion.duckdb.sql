WITH
-- adds event_id, cookie_id, value, user_id, location_stack, event_type, stack_event_types, application
events AS (
  SELECT
    event_id::uuid AS event_id,
    moment,
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
-- all rows on the left with those on the right that have equal keys; adds location_stack_matches, stack_event_types_matches, application_id, feature_nice_name
location_stack_matches AS (
  SELECT
    events.event_id,
    events.moment,
    events.user_id,
    events.event_type,
    coalesce(
      len(
          list_filter(
            json_extract(events.location_stack, '$[*]'),
            lambda element: (element ->> 'id') = 'Quickstart Guide'
          )
        )
      > 0,
      FALSE
    ) AS location_stack_matches,
    list_contains(json_extract_string(events.stack_event_types, '$[*]'), 'InteractiveEvent') AS stack_event_types_matches,
    (events.application -> 0) ->> 'id' AS application_id,
    names.name AS feature_nice_name
  FROM events
  LEFT JOIN names
    ON events.location_stack = names.location_stack
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
      moment - lag(moment) OVER (PARTITION BY user_id ORDER BY moment, event_id)
      > INTERVAL '1800 seconds',
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
    count(*) FILTER (WHERE is_session_start) OVER (
      PARTITION BY user_id
      ORDER BY moment, event_id
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
    count(*) FILTER (WHERE location_stack_matches) OVER (PARTITION BY user_id, session_id) > 0
    AND count(*) FILTER (WHERE location_stack_matches) OVER (
          PARTITION BY user_id, session_id
          ORDER BY moment
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
ORDER BY unique_users DESC NULLS LAST, application, feature_nice_name, event_type
