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
-- all rows on the left with those on the right that have equal keys; adds is_conversion_event, __location
is_conversion_event AS (
  SELECT
    events.event_id,
    events.moment,
    events.user_id,
    coalesce(
      len(
          list_filter(
            json_extract(events.location_stack, '$[*]'),
            lambda element: (element ->> 'id') = 'Quickstart Guide'
          )
        )
      > 0,
      FALSE
    ) AS is_conversion_event,
    names.name AS __location
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
    is_conversion_event,
    __location,
    coalesce(
      moment - lag(moment) OVER (PARTITION BY user_id ORDER BY moment, event_id)
      > INTERVAL '1800 seconds',
      TRUE
    ) AS is_session_start
  FROM is_conversion_event
),
-- adds session_start_number
numbered_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    is_conversion_event,
    __location,
    CASE
      WHEN is_session_start THEN row_number() OVER (
          PARTITION BY is_session_start
          ORDER BY CASE WHEN is_session_start THEN moment END, CASE WHEN is_session_start THEN event_id END
        )
    END AS session_start_number
  FROM session_starts
),
-- adds session_id, is_conversion_event, __location
location AS (
  SELECT
    event_id,
    moment,
    is_conversion_event,
    __location,
    max(session_start_number) OVER (
      PARTITION BY user_id
      ORDER BY moment, event_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_id
  FROM numbered_starts
),
-- adds location_stack_step_1, location_stack_step_2, location_stack_step_3, __offset, __converts_1, __converts_2, __converts_3
paths AS (
  SELECT
    session_id,
    __location AS location_stack_step_1,
    lead(__location) OVER w AS location_stack_step_2,
    lead(__location, 2) OVER w AS location_stack_step_3,
    row_number() OVER w - 1 AS __offset,
    is_conversion_event AS __converts_1,
    lead(is_conversion_event) OVER w AS __converts_2,
    lead(is_conversion_event, 2) OVER w AS __converts_3
  FROM location
  WINDOW w AS (PARTITION BY session_id ORDER BY moment, __location, event_id)
),
-- keeps some rows; adds _first_conversion_step_number
paths_2 AS (
  SELECT
    session_id,
    location_stack_step_1,
    location_stack_step_2,
    location_stack_step_3,
    __offset,
    CASE WHEN __converts_1 THEN 1::bigint WHEN __converts_2 THEN 2 WHEN __converts_3 THEN 3 END AS _first_conversion_step_number
  FROM paths
  WHERE location_stack_step_2 IS NOT NULL OR __offset = 0
),
-- keeps some rows; adds location_stack_step_1, location_stack_step_2, location_stack_step_3
paths_3 AS (
  SELECT
    session_id,
    CASE WHEN 1 <= _first_conversion_step_number THEN location_stack_step_1 END AS location_stack_step_1,
    CASE WHEN 2 <= _first_conversion_step_number THEN location_stack_step_2 END AS location_stack_step_2,
    CASE WHEN 3 <= _first_conversion_step_number THEN location_stack_step_3 END AS location_stack_step_3,
    __offset
  FROM paths_2
  WHERE _first_conversion_step_number > 1
)
SELECT session_id, location_stack_step_1, location_stack_step_2, location_stack_step_3
FROM paths_3
ORDER BY session_id, __offset, location_stack_step_1, location_stack_step_2, location_stack_step_3
