WITH
-- adds event_id, cookie_id, value; keeps some rows; OFFSET 0 has value computed once
events AS (
  SELECT event_id::uuid AS event_id, moment, cookie_id::uuid AS cookie_id, value::jsonb AS value
  FROM data
  WHERE day >= DATE '2022-02-01'
  OFFSET 0
),
-- adds user_id, location_stack, event_type, location_stack_matches
location_stack_matches AS (
  SELECT
    event_id,
    moment,
    cookie_id AS user_id,
    (value ->> '_type') = 'PressEvent'
    AND coalesce(
        (value -> 'location_stack') @> '[{"id": "Quickstart Guide", "_type": "LinkContext"}]'::jsonb,
        FALSE
      ) AS location_stack_matches
  FROM events
),
-- adds is_session_start
session_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    location_stack_matches,
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
    event_id,
    moment,
    user_id,
    location_stack_matches,
    count(*) FILTER (WHERE is_session_start) OVER (
      PARTITION BY user_id
      ORDER BY moment, event_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_id
  FROM session_starts
)
SELECT
  event_id,
  min(session_id) OVER (PARTITION BY to_char(moment, 'YYYY-MM-DD'), user_id)
  = min(session_id) OVER (PARTITION BY user_id) AS new_day,
  min(session_id) OVER (PARTITION BY to_char(moment, 'YYYY-MM'), user_id)
  = min(session_id) OVER (PARTITION BY user_id) AS new_month,
  min(session_id) OVER (PARTITION BY user_id) = session_id AS first_session,
  location_stack_matches AS conversion,
  count(*) FILTER (WHERE location_stack_matches) OVER (
    PARTITION BY user_id, session_id
    ORDER BY moment
    RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS so_far,
  count(*) FILTER (WHERE location_stack_matches) OVER (PARTITION BY user_id, session_id) AS converted
FROM sessions
