WITH
-- adds cookie_id, value; OFFSET 0 has value computed once
events AS (
  SELECT cookie_id::uuid AS cookie_id, value::jsonb AS value
  FROM data
  OFFSET 0
),
-- columns of events; OFFSET 0 has global_contexts computed once
events_2 AS (
  SELECT cookie_id, value, value -> 'global_contexts' AS global_contexts
  FROM events
  OFFSET 0
),
-- adds user_id, location_stack, event_type, stack_event_types, application; keeps some rows; OFFSET 0 has application computed once
events_3 AS (
  SELECT
    cookie_id AS user_id,
    value -> 'location_stack' AS location_stack,
    value ->> '_type' AS event_type,
    (
      SELECT coalesce(jsonb_agg(element ORDER BY position), '[]'::jsonb)
      FROM jsonb_array_elements(
          CASE WHEN jsonb_typeof(global_contexts) = 'array' THEN global_contexts END
        ) WITH ORDINALITY AS elements (element, position)
      WHERE element @> '{"_type": "ApplicationContext"}'::jsonb
    ) AS application
  FROM events_2
  WHERE (value -> '_types') @> '["InteractiveEvent"]'::jsonb
  OFFSET 0
),
-- adds application; OFFSET 0 has application computed once
application AS (
  SELECT
    user_id,
    location_stack,
    event_type,
    CASE WHEN jsonb_typeof(application) = 'array' THEN application -> 0 END ->> 'id' AS application
  FROM events_3
  OFFSET 0
),
-- one row for each location_stack; adds name; MATERIALIZED has it computed once
names AS MATERIALIZED (
  SELECT
    location_stack,
    (
      SELECT titles[n] || coalesce(' located at ' || nullif(array_to_string(titles[:n - 1], ' => '), ''), '')
      FROM (
          SELECT array_agg(
                replace(
                    regexp_replace(element ->> '_type', '([a-z])([A-Z])', '\1 \2', 'g'),
                    ' Context',
                    ''
                  )
                || ': '
                || (element ->> 'id')
                ORDER BY position
              ) AS titles, count(*) AS n
          FROM jsonb_array_elements(
              CASE WHEN jsonb_typeof(location_stack) = 'array' THEN location_stack END
            ) WITH ORDINALITY AS elements (element, position)
        ) AS path
    ) AS name
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
ORDER BY
  user_id_nunique DESC NULLS LAST,
  application COLLATE "C",
  feature_nice_name COLLATE "C",
  event_type COLLATE "C"
