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
-- adds location
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
      ))[1] AS location
  FROM events
),
-- adds is_session_start
session_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    location,
    coalesce(
      moment - lag(moment) OVER (PARTITION BY user_id ORDER BY moment, event_id)
      > INTERVAL '1800 seconds',
      TRUE
    ) AS is_session_start
  FROM location
),
-- adds session_start_number
numbered_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    location,
    CASE
      WHEN is_session_start THEN row_number() OVER (PARTITION BY is_session_start ORDER BY moment, event_id)
    END AS session_start_number
  FROM session_starts
),
-- adds session_id
sessions AS (
  SELECT
    event_id,
    moment,
    user_id,
    location,
    max(session_start_number) OVER (
      PARTITION BY user_id
      ORDER BY moment, event_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_id
  FROM numbered_starts
),
-- adds session_hit_number, location
location_2 AS (
  SELECT
    event_id,
    moment,
    user_id,
    location,
    session_id,
    row_number() OVER (PARTITION BY session_id ORDER BY moment, event_id) AS session_hit_number
  FROM sessions
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
  FROM location_2
),
-- keeps some rows; adds next_location, went_on
went_on AS (
  SELECT
    user_id,
    location,
    CASE
      WHEN lead(location) OVER (PARTITION BY user_id ORDER BY moment, location, event_id) IS NOT NULL
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
    n_users_completed_step::float8 / n_users::float8 AS truediv
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
      WHEN abs(truediv) < 4503599627370496::float8 THEN round_even(truediv * 1e3::float8, 0) / 1e3::float8
      ELSE truediv
    END AS step_conversion_rate,
    n_users_completed_step::float8 / (SELECT n_users FROM total)::float8 AS truediv_2
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
      WHEN abs(truediv_2) < 4503599627370496::float8 THEN round_even(truediv_2 * 1e3::float8, 0) / 1e3::float8
      ELSE truediv_2
    END AS full_conversion_rate,
    (n_users - n_users_completed_step)::float8 / (SELECT n_users FROM total)::float8 AS truediv_3
  FROM step_conversion_rate
)
SELECT
  location,
  n_users,
  n_users_completed_step,
  step_conversion_rate,
  full_conversion_rate,
  CASE
    WHEN abs(truediv_3) < 4503599627370496::float8 THEN round_even(truediv_3 * 1e3::float8, 0) / 1e3::float8
    ELSE truediv_3
  END AS dropoff_share
FROM full_conversion_rate
ORDER BY n_users DESC NULLS LAST, location
