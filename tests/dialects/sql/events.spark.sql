WITH
-- adds event_id, cookie_id, value
events AS (
  SELECT
    CASE
      WHEN event_id IS NULL THEN NULL
      WHEN regexp_like(event_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(event_id)
      ELSE raise_error('not a uuid: ' || event_id)
    END AS event_id,
    day,
    moment,
    CASE
      WHEN cookie_id IS NULL THEN NULL
      WHEN regexp_like(cookie_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(cookie_id)
      ELSE raise_error('not a uuid: ' || cookie_id)
    END AS cookie_id,
    CASE WHEN get_json_object('[' || value || ', "' || md5(value) || '"]', '$[1]') = md5(value) THEN parse_json(value) WHEN value IS NOT NULL THEN raise_error('not JSON: ' || value) END AS value
  FROM data
),
-- adds user_id, location_stack, event_type, stack_event_types, application
events_2 AS (
  SELECT
    event_id,
    day,
    moment,
    cookie_id AS user_id,
    variant_get(value, '$.location_stack') AS location_stack,
    variant_get(value, '$._type', 'string') AS event_type,
    variant_get(value, '$._types') AS stack_event_types,
    coalesce(
      to_variant_object(
        filter(
          try_cast(variant_get(value, '$.global_contexts') AS array<variant>),
          element -> variant_get(element, '$._type', 'string') = 'ApplicationContext'
        )
      ),
      parse_json('[]')
    ) AS application
  FROM events
),
-- adds is_session_start, user_hit_number
session_starts AS (
  SELECT
    event_id,
    day,
    moment,
    user_id,
    location_stack,
    event_type,
    stack_event_types,
    application,
    coalesce(timestampdiff(MICROSECOND, lag(moment) OVER w, moment) > 1800000000, TRUE) AS is_session_start,
    row_number() OVER w::bigint AS user_hit_number
  FROM events_2
  WINDOW w AS (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST)
),
-- adds session_start_number
numbered_starts AS (
  SELECT
    event_id,
    day,
    moment,
    user_id,
    location_stack,
    event_type,
    stack_event_types,
    application,
    is_session_start,
    user_hit_number,
    CASE
      WHEN is_session_start THEN row_number() OVER (
          PARTITION BY is_session_start, CASE WHEN is_session_start THEN NULL::timestamp_ntz ELSE moment END
          ORDER BY CASE WHEN is_session_start THEN moment END NULLS LAST, CASE WHEN is_session_start THEN event_id END NULLS LAST
        )::bigint
    END AS session_start_number
  FROM session_starts
)
SELECT
  event_id,
  day,
  moment,
  user_id,
  to_json(location_stack) AS location_stack,
  event_type,
  to_json(stack_event_types) AS stack_event_types,
  max(session_start_number) OVER w AS session_id,
  user_hit_number - max(CASE WHEN is_session_start THEN user_hit_number END) OVER w + 1 AS session_hit_number,
  to_json(application) AS application
FROM numbered_starts
WINDOW
  w AS (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
