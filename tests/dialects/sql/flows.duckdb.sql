WITH
-- adds event_id, cookie_id, value, user_id, location_stack
events AS (
  SELECT
    event_id::uuid AS event_id,
    moment,
    cookie_id::uuid AS user_id,
    value -> 'location_stack' AS location_stack
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
  WINDOW w AS (PARTITION BY events.user_id ORDER BY events.moment, names.name, events.event_id)
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
ORDER BY value DESC NULLS LAST, source, target
