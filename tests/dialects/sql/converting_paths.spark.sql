WITH
-- adds event_id, cookie_id, value, user_id, location_stack
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
    END AS user_id,
    variant_get(
      CASE WHEN get_json_object('[' || value || ', "' || md5(value) || '"]', '$[1]') = md5(value) THEN parse_json(value) WHEN value IS NOT NULL THEN raise_error('not JSON: ' || value) END,
      '$.location_stack'
    ) AS location_stack
  FROM data
),
-- adds is_conversion_event, __location
is_conversion_event AS (
  SELECT
    event_id,
    moment,
    user_id,
    coalesce(
      exists(
        try_cast(location_stack AS array<variant>),
        element -> variant_get(element, '$.id', 'string') = 'Quickstart Guide'
      ),
      FALSE
    ) AS is_conversion_event,
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
    ) AS __location
  FROM events
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
      timestampdiff(MICROSECOND, lag(moment) OVER (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST), moment)
      > 1800000000,
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
          PARTITION BY is_session_start, CASE WHEN is_session_start THEN NULL::timestamp_ntz ELSE moment END
          ORDER BY CASE WHEN is_session_start THEN moment END NULLS LAST, CASE WHEN is_session_start THEN event_id END NULLS LAST
        )::bigint
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
      ORDER BY moment NULLS LAST, event_id NULLS LAST
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
    row_number() OVER w::bigint - 1 AS __offset,
    is_conversion_event AS __converts_1,
    lead(is_conversion_event) OVER w AS __converts_2,
    lead(is_conversion_event, 2) OVER w AS __converts_3
  FROM location
  WINDOW
    w AS (PARTITION BY session_id ORDER BY moment NULLS LAST, __location NULLS LAST, event_id NULLS LAST)
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
ORDER BY
  session_id NULLS LAST,
  __offset NULLS LAST,
  location_stack_step_1 NULLS LAST,
  location_stack_step_2 NULLS LAST,
  location_stack_step_3 NULLS LAST
