WITH
-- adds event_id, cookie_id, user_id
events AS (
  SELECT
    CASE
      WHEN event_id IS NULL THEN NULL
      WHEN regexp_like(event_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(event_id)
      ELSE raise_error('not a uuid: ' || event_id)
    END AS event_id,
    day,
    moment,
    ctid,
    tableoid,
    CASE
      WHEN cookie_id IS NULL THEN NULL
      WHEN regexp_like(cookie_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(cookie_id)
      ELSE raise_error('not a uuid: ' || cookie_id)
    END AS user_id
  FROM data
),
-- adds is_session_start, user_hit_number
session_starts AS (
  SELECT
    event_id,
    day,
    moment,
    ctid,
    tableoid,
    user_id,
    coalesce(timestampdiff(MICROSECOND, lag(moment) OVER w, moment) > 1800000000, TRUE) AS is_session_start,
    row_number() OVER w::bigint AS user_hit_number
  FROM events
  WINDOW w AS (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST)
),
-- adds session_start_number
numbered_starts AS (
  SELECT
    event_id,
    day,
    moment,
    ctid,
    tableoid,
    user_id,
    is_session_start,
    user_hit_number,
    CASE
      WHEN is_session_start THEN row_number() OVER (
          PARTITION BY is_session_start, CASE WHEN is_session_start THEN NULL::timestamp_ntz ELSE moment END
          ORDER BY CASE WHEN is_session_start THEN moment END NULLS LAST, CASE WHEN is_session_start THEN event_id END NULLS LAST
        )::bigint
    END AS session_start_number
  FROM session_starts
),
-- adds session_id, session_hit_number; only the first rows
first_rows AS (
  SELECT
    event_id,
    day,
    moment,
    ctid,
    tableoid,
    user_id,
    max(session_start_number) OVER w AS session_id,
    user_hit_number - max(CASE WHEN is_session_start THEN user_hit_number END) OVER w + 1 AS session_hit_number
  FROM numbered_starts
  WINDOW
    w AS (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
  ORDER BY event_id NULLS LAST
  LIMIT 5
),
-- reads value of the rows that are left
json AS (
  SELECT data.value, data.ctid, data.tableoid
  FROM data
  JOIN first_rows
    ON data.ctid = first_rows.ctid AND data.tableoid = first_rows.tableoid
),
-- the rows that are left with what was read of them; adds value
events_2 AS (
  SELECT
    first_rows.day,
    first_rows.moment,
    first_rows.event_id,
    first_rows.user_id,
    first_rows.session_id,
    first_rows.session_hit_number,
    CASE WHEN get_json_object('[' || json.value || ', "' || md5(json.value) || '"]', '$[1]') = md5(json.value) THEN parse_json(json.value) WHEN json.value IS NOT NULL THEN raise_error('not JSON: ' || json.value) END AS value
  FROM first_rows
  JOIN json
    ON first_rows.ctid = json.ctid AND first_rows.tableoid = json.tableoid
)
SELECT
  event_id,
  day,
  moment,
  user_id,
  to_json(variant_get(value, '$.location_stack')) AS location_stack,
  variant_get(value, '$._type', 'string') AS event_type,
  to_json(variant_get(value, '$._types')) AS stack_event_types,
  session_id,
  session_hit_number
FROM events_2
ORDER BY event_id NULLS LAST
