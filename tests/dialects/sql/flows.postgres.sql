WITH
-- adds event_id, cookie_id, value, user_id, location_stack; OFFSET 0 has location_stack computed once
events AS (
  SELECT
    event_id::uuid AS event_id,
    moment,
    cookie_id::uuid AS user_id,
    (value::json -> 'location_stack')::jsonb AS location_stack
  FROM data
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
  FROM events
  GROUP BY location_stack
),
-- all rows on the left with those on the right that have equal keys; adds __location, location_stack_step_1, location_stack_step_2, location_stack_step_3, __offset
paths AS (
  SELECT
    names.name AS location_stack_step_1,
    lead(names.name) OVER w AS location_stack_step_2,
    lead(names.name, 2) OVER w AS location_stack_step_3,
    row_number() OVER w - 1 AS __offset
  FROM events
  LEFT JOIN names
    ON events.location_stack = names.location_stack
  WINDOW
    w AS (PARTITION BY events.user_id ORDER BY events.moment, names.name COLLATE "C", events.event_id)
),
-- keeps some rows
paths_2 AS (
  SELECT location_stack_step_1, location_stack_step_2, location_stack_step_3
  FROM paths
  WHERE location_stack_step_2 IS NOT NULL OR __offset = 0
),
-- the rows of all of these
appended AS (
  SELECT location_stack_step_1 AS source, location_stack_step_2 AS target
  FROM paths_2
  UNION ALL
  SELECT location_stack_step_2 AS source, location_stack_step_3 AS target
  FROM paths_2
)
SELECT source, target, count(*) AS value
FROM appended
WHERE source IS NOT NULL AND target IS NOT NULL
GROUP BY source, target
ORDER BY value DESC NULLS LAST, source COLLATE "C", target COLLATE "C"
