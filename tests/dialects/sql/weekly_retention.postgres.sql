WITH
-- adds cookie_id, value, user_id, event_type; keeps some rows
events AS (
  SELECT moment, cookie_id::uuid AS user_id
  FROM data
  WHERE (value::json ->> '_type') = 'PressEvent'
),
-- one row for each user_id, condition, moment_week
by_user_id_condition_moment_week AS (
  SELECT
    user_id,
    user_id IS NOT NULL AS condition,
    date_trunc('week', moment) AS moment_week,
    min(moment) AS min_moment
  FROM events
  GROUP BY user_id, 2, 3
),
-- adds first_moment
first_moment AS (
  SELECT user_id, condition, moment_week, min(min_moment) OVER (PARTITION BY user_id) AS first_moment
  FROM by_user_id_condition_moment_week
),
-- keeps some rows; adds first_cohort
first_cohort AS (
  SELECT
    user_id,
    to_char(date_trunc('week', first_moment), 'YYYY-MM-DD') AS first_cohort,
    (extract(epoch FROM moment_week - date_trunc('week', first_moment)) * 1000000)::bigint AS sub
  FROM first_moment
  WHERE condition
),
-- adds cohort_distance; one row for each first_cohort, cohort_distance; adds users
users AS (
  SELECT
    first_cohort,
    sub / 604800000000 - (sub % 604800000000 < 0)::int AS cohort_distance,
    count(DISTINCT user_id) AS users
  FROM first_cohort
  GROUP BY first_cohort, 2
),
-- one row for each first_cohort
unstacked AS (
  SELECT
    first_cohort,
    max(users) FILTER (WHERE cohort_distance = 0) AS _0,
    max(users) FILTER (WHERE cohort_distance = 1) AS _1,
    max(users) FILTER (WHERE cohort_distance = 2) AS _2,
    max(users) FILTER (WHERE cohort_distance = 3) AS _3,
    max(users) FILTER (WHERE cohort_distance = 4) AS _4,
    max(users) FILTER (WHERE cohort_distance = 5) AS _5,
    max(users) FILTER (WHERE cohort_distance = 6) AS _6,
    max(users) FILTER (WHERE cohort_distance = 7) AS _7,
    max(users) FILTER (WHERE cohort_distance = 8) AS _8,
    max(users) FILTER (WHERE cohort_distance = 9) AS _9,
    max(users) FILTER (WHERE cohort_distance = 10) AS _10,
    max(users) FILTER (WHERE cohort_distance = 11) AS _11,
    max(users) FILTER (WHERE cohort_distance = 12) AS _12,
    max(users) FILTER (WHERE cohort_distance = 13) AS _13
  FROM users
  GROUP BY first_cohort
)
SELECT
  first_cohort,
  CASE WHEN _0 = 0 THEN _0::float8 * 'Infinity'::float8 ELSE _0::float8 / _0::float8 END
  * 100.0::float8 AS _0,
  CASE WHEN _0 = 0 THEN _1::float8 * 'Infinity'::float8 ELSE _1::float8 / _0::float8 END
  * 100.0::float8 AS _1,
  CASE WHEN _0 = 0 THEN _2::float8 * 'Infinity'::float8 ELSE _2::float8 / _0::float8 END
  * 100.0::float8 AS _2,
  CASE WHEN _0 = 0 THEN _3::float8 * 'Infinity'::float8 ELSE _3::float8 / _0::float8 END
  * 100.0::float8 AS _3,
  CASE WHEN _0 = 0 THEN _4::float8 * 'Infinity'::float8 ELSE _4::float8 / _0::float8 END
  * 100.0::float8 AS _4,
  CASE WHEN _0 = 0 THEN _5::float8 * 'Infinity'::float8 ELSE _5::float8 / _0::float8 END
  * 100.0::float8 AS _5,
  CASE WHEN _0 = 0 THEN _6::float8 * 'Infinity'::float8 ELSE _6::float8 / _0::float8 END
  * 100.0::float8 AS _6,
  CASE WHEN _0 = 0 THEN _7::float8 * 'Infinity'::float8 ELSE _7::float8 / _0::float8 END
  * 100.0::float8 AS _7,
  CASE WHEN _0 = 0 THEN _8::float8 * 'Infinity'::float8 ELSE _8::float8 / _0::float8 END
  * 100.0::float8 AS _8,
  CASE WHEN _0 = 0 THEN _9::float8 * 'Infinity'::float8 ELSE _9::float8 / _0::float8 END
  * 100.0::float8 AS _9,
  CASE WHEN _0 = 0 THEN _10::float8 * 'Infinity'::float8 ELSE _10::float8 / _0::float8 END
  * 100.0::float8 AS _10,
  CASE WHEN _0 = 0 THEN _11::float8 * 'Infinity'::float8 ELSE _11::float8 / _0::float8 END
  * 100.0::float8 AS _11,
  CASE WHEN _0 = 0 THEN _12::float8 * 'Infinity'::float8 ELSE _12::float8 / _0::float8 END
  * 100.0::float8 AS _12,
  CASE WHEN _0 = 0 THEN _13::float8 * 'Infinity'::float8 ELSE _13::float8 / _0::float8 END
  * 100.0::float8 AS _13
FROM unstacked
ORDER BY first_cohort COLLATE "C"
