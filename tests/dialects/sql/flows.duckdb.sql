WITH
-- adds event_id, cookie_id, value, user_id, location_stack
events AS (
  SELECT
    event_id::uuid AS event_id,
    moment,
    cookie_id::uuid AS user_id,
    value::json -> 'location_stack' AS location_stack
  FROM read_parquet('sample.parquet')
),
-- adds __location
location AS (
  SELECT
    event_id,
    moment,
    user_id,
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
      ))[1] AS __location
  FROM events
),
-- adds location_stack_step_1, location_stack_step_2, location_stack_step_3, __offset
paths AS (
  SELECT
    __location AS location_stack_step_1,
    lead(__location) OVER w AS location_stack_step_2,
    lead(__location, 2) OVER w AS location_stack_step_3,
    row_number() OVER w - 1 AS __offset
  FROM location
  WINDOW w AS (PARTITION BY user_id ORDER BY moment, __location, event_id)
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
