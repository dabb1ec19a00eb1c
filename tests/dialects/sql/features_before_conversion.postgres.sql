WITH
-- adds event_id, cookie_id, value; OFFSET 0 has value computed once
events AS (
  SELECT event_id::uuid AS event_id, moment, cookie_id::uuid AS cookie_id, value::jsonb AS value
  FROM data
  OFFSET 0
),
-- columns of events; OFFSET 0 has global_contexts computed once
events_2 AS (
  SELECT event_id, moment, cookie_id, value, value -> 'global_contexts' AS global_contexts
  FROM events
  OFFSET 0
),
-- adds user_id, location_stack, event_type, stack_event_types, application; OFFSET 0 has application and location_stack computed once
events_3 AS (
  SELECT
    event_id,
    moment,
    cookie_id AS user_id,
    value -> 'location_stack' AS location_stack,
    value ->> '_type' AS event_type,
    value -> '_types' AS stack_event_types,
    (
      SELECT coalesce(jsonb_agg(element ORDER BY position), '[]'::jsonb)
      FROM jsonb_array_elements(
          CASE WHEN jsonb_typeof(global_contexts) = 'array' THEN global_contexts END
        ) WITH ORDINALITY AS elements (element, position)
      WHERE element @> '{"_type": "ApplicationContext"}'::jsonb
    ) AS application
  FROM events_2
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
  FROM events_3
  GROUP BY location_stack
),
-- all rows on the left with those on the right that have equal keys; adds location_stack_matches, stack_event_types_matches, application_id, feature_nice_name
location_stack_matches AS (
  SELECT
    events_3.event_id,
    events_3.moment,
    events_3.user_id,
    events_3.event_type,
    coalesce(events_3.location_stack @> '[{"id": "Quickstart Guide"}]'::jsonb, FALSE) AS location_stack_matches,
    events_3.stack_event_types @> '["InteractiveEvent"]'::jsonb AS stack_event_types_matches,
    CASE WHEN jsonb_typeof(events_3.application) = 'array' THEN events_3.application -> 0 END ->> 'id' AS application_id,
    names.name AS feature_nice_name
  FROM events_3
  LEFT JOIN names
    ON events_3.location_stack = names.location_stack
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
ORDER BY
  unique_users DESC NULLS LAST,
  application COLLATE "C",
  feature_nice_name COLLATE "C",
  event_type COLLATE "C"
