WITH
-- adds event_id, cookie_id, value, user_id, location_stack, location
location AS (
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
    element_at(
      transform(
        array(
          transform(
            try_cast(variant_get(
                CASE WHEN get_json_object('[' || value || ', "' || md5(value) || '"]', '$[1]') = md5(value) THEN parse_json(value) WHEN value IS NOT NULL THEN raise_error('not JSON: ' || value) END,
                '$.location_stack'
              ) AS array<variant>),
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
    ) AS location
  FROM data
),
-- adds is_session_start, user_hit_number
session_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    location,
    coalesce(timestampdiff(MICROSECOND, lag(moment) OVER w, moment) > 1800000000, TRUE) AS is_session_start,
    row_number() OVER w::bigint AS user_hit_number
  FROM location
  WINDOW w AS (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST)
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
          PARTITION BY is_session_start, CASE WHEN is_session_start THEN NULL::timestamp_ntz ELSE moment END
          ORDER BY CASE WHEN is_session_start THEN moment END NULLS LAST, CASE WHEN is_session_start THEN event_id END NULLS LAST
        )::bigint
    END AS session_start_number
  FROM session_starts
),
-- adds session_id, session_hit_number, location
location_2 AS (
  SELECT
    event_id,
    moment,
    user_id,
    location,
    max(session_start_number) OVER w AS session_id,
    user_hit_number - max(CASE WHEN is_session_start THEN user_hit_number END) OVER w + 1 AS session_hit_number
  FROM numbered_starts
  WINDOW
    w AS (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
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
        ORDER BY session_id NULLS LAST, session_hit_number NULLS LAST, event_id NULLS LAST
      )::bigint
    = 1 AS condition
  FROM location_2
),
-- keeps some rows; adds next_location, went_on
went_on AS (
  SELECT
    user_id,
    location,
    CASE
      WHEN lead(location) OVER (
            PARTITION BY user_id
            ORDER BY moment NULLS LAST, location NULLS LAST, event_id NULLS LAST
          ) IS NOT NULL
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
    CASE WHEN n_users::double = 0 THEN n_users_completed_step::double * power(n_users::double, -1) ELSE n_users_completed_step::double / n_users::double END AS truediv
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
      WHEN abs(truediv) < 4503599627370496::double THEN rint(truediv * 1e3::double) / 1e3::double
      ELSE truediv
    END AS step_conversion_rate,
    CASE WHEN (SELECT n_users FROM total)::double = 0 THEN n_users_completed_step::double * power((SELECT n_users FROM total)::double, -1) ELSE n_users_completed_step::double / (SELECT n_users FROM total)::double END AS truediv_2
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
      WHEN abs(truediv_2) < 4503599627370496::double THEN rint(truediv_2 * 1e3::double) / 1e3::double
      ELSE truediv_2
    END AS full_conversion_rate,
    CASE WHEN (SELECT n_users FROM total)::double = 0 THEN (n_users - n_users_completed_step)::double * power((SELECT n_users FROM total)::double, -1) ELSE (n_users - n_users_completed_step)::double / (SELECT n_users FROM total)::double END AS truediv_3
  FROM step_conversion_rate
)
SELECT
  location,
  n_users,
  n_users_completed_step,
  step_conversion_rate,
  full_conversion_rate,
  CASE
    WHEN abs(truediv_3) < 4503599627370496::double THEN rint(truediv_3 * 1e3::double) / 1e3::double
    ELSE truediv_3
  END AS dropoff_share
FROM full_conversion_rate
ORDER BY n_users DESC NULLS LAST, location NULLS LAST
