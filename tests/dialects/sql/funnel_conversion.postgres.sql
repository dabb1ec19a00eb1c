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
-- all rows on the left with those on the right that have equal keys; adds location, is_session_start, user_hit_number
session_starts AS (
  SELECT
    events.event_id,
    events.moment,
    events.user_id,
    names.name AS location,
    coalesce(events.moment - lag(events.moment) OVER w > INTERVAL '1800 seconds', TRUE) AS is_session_start,
    row_number() OVER w AS user_hit_number
  FROM events
  LEFT JOIN names
    ON events.location_stack = names.location_stack
  WINDOW w AS (PARTITION BY events.user_id ORDER BY events.moment, events.event_id)
),
-- adds session_start_number
numbered_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    location,
    is_session_start,
    user_hit_number,
    CASE
      WHEN is_session_start THEN row_number() OVER (
          PARTITION BY is_session_start
          ORDER BY CASE WHEN is_session_start THEN moment END, CASE WHEN is_session_start THEN event_id END
        )
    END AS session_start_number
  FROM session_starts
),
-- adds session_id, session_hit_number, location
location AS (
  SELECT
    event_id,
    moment,
    user_id,
    location,
    max(session_start_number) OVER w AS session_id,
    user_hit_number - max(CASE WHEN is_session_start THEN user_hit_number END) OVER w + 1 AS session_hit_number
  FROM numbered_starts
  WINDOW
    w AS (PARTITION BY user_id ORDER BY moment, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
-- adds condition
condition AS (
  SELECT
    event_id,
    moment,
    user_id,
    location,
    row_number() OVER (
        PARTITION BY location, user_id
        ORDER BY session_id, session_hit_number, event_id
      )
    = 1 AS condition
  FROM location
),
-- keeps some rows; adds next_location, went_on
went_on AS (
  SELECT
    user_id,
    location,
    CASE
      WHEN lead(location) OVER (PARTITION BY user_id ORDER BY moment, location COLLATE "C", event_id) IS NOT NULL
        AND location IS NOT NULL THEN user_id
    END AS went_on
  FROM condition
  WHERE condition
),
-- one row for each location
by_location AS (
  SELECT
    location,
    count(DISTINCT user_id) AS n_users,
    count(DISTINCT went_on) AS n_users_completed_step
  FROM went_on
  GROUP BY location
),
-- columns of by_location
by_location_2 AS (
  SELECT
    location,
    n_users,
    n_users_completed_step,
    CASE
      WHEN n_users = 0 THEN n_users_completed_step::float8 * 'Infinity'::float8
      ELSE n_users_completed_step::float8 / n_users::float8
    END AS truediv
  FROM by_location
),
-- one row for all
total AS (
  SELECT max(n_users) AS n_users
  FROM by_location
),
-- adds step_conversion_rate
step_conversion_rate AS (
  SELECT
    location,
    n_users,
    n_users_completed_step,
    CASE
      WHEN abs(truediv) < 4503599627370496::float8 THEN round(truediv * 1e3::float8) / 1e3::float8
      ELSE truediv
    END AS step_conversion_rate,
    CASE
      WHEN (SELECT n_users FROM total) = 0 THEN n_users_completed_step::float8 * 'Infinity'::float8
      ELSE n_users_completed_step::float8 / (SELECT n_users FROM total)::float8
    END AS truediv_2
  FROM by_location_2
),
-- adds full_conversion_rate
full_conversion_rate AS (
  SELECT
    location,
    n_users,
    n_users_completed_step,
    step_conversion_rate,
    CASE
      WHEN abs(truediv_2) < 4503599627370496::float8 THEN round(truediv_2 * 1e3::float8) / 1e3::float8
      ELSE truediv_2
    END AS full_conversion_rate,
    CASE
      WHEN (SELECT n_users FROM total) = 0 THEN (n_users - n_users_completed_step)::float8 * 'Infinity'::float8
      ELSE (n_users - n_users_completed_step)::float8 / (SELECT n_users FROM total)::float8
    END AS truediv_3
  FROM step_conversion_rate
)
SELECT
  location,
  n_users,
  n_users_completed_step,
  step_conversion_rate,
  full_conversion_rate,
  CASE
    WHEN abs(truediv_3) < 4503599627370496::float8 THEN round(truediv_3 * 1e3::float8) / 1e3::float8
    ELSE truediv_3
  END AS dropoff_share
FROM full_conversion_rate
ORDER BY n_users DESC NULLS LAST, location COLLATE "C"
