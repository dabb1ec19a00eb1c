WITH
-- adds cookie_id, value; keeps some rows
events AS (
  SELECT
    moment,
    CASE
      WHEN cookie_id IS NULL THEN NULL
      WHEN regexp_like(cookie_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(cookie_id)
      ELSE raise_error('not a uuid: ' || cookie_id)
    END AS cookie_id,
    CASE WHEN get_json_object('[' || value || ', "' || md5(value) || '"]', '$[1]') = md5(value) THEN parse_json(value) WHEN value IS NOT NULL THEN raise_error('not JSON: ' || value) END AS value
  FROM data
  WHERE day >= DATE '2022-02-01'
),
-- adds user_id, location_stack, event_type, conversion; keeps some rows; one row for each moment_day, user_id
by_moment_day_user_id AS (
  SELECT moment::date AS moment_day, cookie_id AS user_id
  FROM events
  WHERE variant_get(value, '$._type', 'string') = 'PressEvent'
  AND coalesce(
      exists(
        try_cast(variant_get(value, '$.location_stack') AS array<variant>),
        element -> variant_get(element, '$.id', 'string') = 'Quickstart Guide'
          AND variant_get(element, '$._type', 'string') = 'LinkContext'
      ),
      FALSE
    )
  GROUP BY 1, 2
)
SELECT
  concat(
    date_format(moment_day, 'yyyy'),
    '-',
    date_format(moment_day, 'MM'),
    '-',
    date_format(moment_day, 'dd')
  ) AS time_aggregation,
  count(user_id) AS unique_users
FROM by_moment_day_user_id
GROUP BY 1
ORDER BY time_aggregation NULLS LAST
