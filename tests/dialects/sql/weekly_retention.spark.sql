WITH
-- adds cookie_id, value, user_id, event_type; keeps some rows
events AS (
  SELECT
    moment,
    CASE
      WHEN cookie_id IS NULL THEN NULL
      WHEN regexp_like(cookie_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(cookie_id)
      ELSE raise_error('not a uuid: ' || cookie_id)
    END AS user_id
  FROM data
  WHERE variant_get(
      CASE WHEN get_json_object('[' || value || ', "' || md5(value) || '"]', '$[1]') = md5(value) THEN parse_json(value) WHEN value IS NOT NULL THEN raise_error('not JSON: ' || value) END,
      '$._type',
      'string'
    )
  = 'PressEvent'
),
-- one row for each user_id, condition, moment_week
by_user_id_condition_moment_week AS (
  SELECT
    user_id,
    user_id IS NOT NULL AS condition,
    date_trunc('week', moment)::timestamp_ntz AS moment_week,
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
    concat(
      date_format(date_trunc('week', first_moment)::timestamp_ntz, 'yyyy'),
      '-',
      date_format(date_trunc('week', first_moment)::timestamp_ntz, 'MM'),
      '-',
      date_format(date_trunc('week', first_moment)::timestamp_ntz, 'dd')
    ) AS first_cohort,
    timestampdiff(MICROSECOND, date_trunc('week', first_moment)::timestamp_ntz, moment_week) AS sub
  FROM first_moment
  WHERE condition
),
-- adds cohort_distance; one row for each first_cohort, cohort_distance; adds users
users AS (
  SELECT
    first_cohort,
    sub div 604800000000 - (sub % 604800000000 < 0)::int AS cohort_distance,
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
  CASE WHEN _0::double = 0 THEN _0::double * power(_0::double, -1) ELSE _0::double / _0::double END
  * 100.0::double AS _0,
  CASE WHEN _0::double = 0 THEN _1::double * power(_0::double, -1) ELSE _1::double / _0::double END
  * 100.0::double AS _1,
  CASE WHEN _0::double = 0 THEN _2::double * power(_0::double, -1) ELSE _2::double / _0::double END
  * 100.0::double AS _2,
  CASE WHEN _0::double = 0 THEN _3::double * power(_0::double, -1) ELSE _3::double / _0::double END
  * 100.0::double AS _3,
  CASE WHEN _0::double = 0 THEN _4::double * power(_0::double, -1) ELSE _4::double / _0::double END
  * 100.0::double AS _4,
  CASE WHEN _0::double = 0 THEN _5::double * power(_0::double, -1) ELSE _5::double / _0::double END
  * 100.0::double AS _5,
  CASE WHEN _0::double = 0 THEN _6::double * power(_0::double, -1) ELSE _6::double / _0::double END
  * 100.0::double AS _6,
  CASE WHEN _0::double = 0 THEN _7::double * power(_0::double, -1) ELSE _7::double / _0::double END
  * 100.0::double AS _7,
  CASE WHEN _0::double = 0 THEN _8::double * power(_0::double, -1) ELSE _8::double / _0::double END
  * 100.0::double AS _8,
  CASE WHEN _0::double = 0 THEN _9::double * power(_0::double, -1) ELSE _9::double / _0::double END
  * 100.0::double AS _9,
  CASE WHEN _0::double = 0 THEN _10::double * power(_0::double, -1) ELSE _10::double / _0::double END
  * 100.0::double AS _10,
  CASE WHEN _0::double = 0 THEN _11::double * power(_0::double, -1) ELSE _11::double / _0::double END
  * 100.0::double AS _11,
  CASE WHEN _0::double = 0 THEN _12::double * power(_0::double, -1) ELSE _12::double / _0::double END
  * 100.0::double AS _12,
  CASE WHEN _0::double = 0 THEN _13::double * power(_0::double, -1) ELSE _13::double / _0::double END
  * 100.0::double AS _13
FROM unstacked
ORDER BY first_cohort NULLS LAST
