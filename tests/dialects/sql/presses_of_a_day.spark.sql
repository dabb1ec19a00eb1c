WITH
-- adds event_id, cookie_id, value, user_id, event_type
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
    END AS user_id,
    variant_get(
      CASE WHEN get_json_object('[' || value || ', "' || md5(value) || '"]', '$[1]') = md5(value) THEN parse_json(value) WHEN value IS NOT NULL THEN raise_error('not JSON: ' || value) END,
      '$._type',
      'string'
    ) AS event_type
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
    event_type,
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
    event_type,
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
-- adds session_id, session_hit_number
sessions AS (
  SELECT
    event_id,
    day,
    moment,
    ctid,
    tableoid,
    user_id,
    event_type,
    max(session_start_number) OVER w AS session_id,
    user_hit_number - max(CASE WHEN is_session_start THEN user_hit_number END) OVER w + 1 AS session_hit_number
  FROM numbered_starts
  WINDOW
    w AS (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
-- keeps some rows
sessions_2 AS (
  SELECT
    event_id,
    day,
    moment,
    ctid,
    tableoid,
    user_id,
    event_type,
    session_id,
    session_hit_number
  FROM sessions
  WHERE day = DATE '2022-02-01' AND event_type = 'PressEvent'
),
-- reads value of the rows that are left
json AS (
  SELECT data.value, data.ctid, data.tableoid
  FROM data
  JOIN sessions_2
    ON data.ctid = sessions_2.ctid AND data.tableoid = sessions_2.tableoid
),
-- the rows that are left with what was read of them; adds value
events_2 AS (
  SELECT
    sessions_2.day,
    sessions_2.moment,
    sessions_2.event_id,
    sessions_2.user_id,
    sessions_2.event_type,
    sessions_2.session_id,
    sessions_2.session_hit_number,
    CASE WHEN get_json_object('[' || json.value || ', "' || md5(json.value) || '"]', '$[1]') = md5(json.value) THEN parse_json(json.value) WHEN json.value IS NOT NULL THEN raise_error('not JSON: ' || json.value) END AS value
  FROM sessions_2
  JOIN json
    ON sessions_2.ctid = json.ctid AND sessions_2.tableoid = json.tableoid
)
SELECT
  event_id,
  day,
  moment,
  user_id,
  to_json(variant_get(value, '$.location_stack')) AS location_stack,
  event_type,
  to_json(variant_get(value, '$._types')) AS stack_event_types,
  session_id,
  session_hit_number
FROM events_2
ORDER BY moment NULLS LAST, event_id NULLS LAST
