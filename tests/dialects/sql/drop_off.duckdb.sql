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
-- keeps some rows; one row for each user_id
location_2 AS (
  SELECT
    first(
      location
      ORDER BY moment DESC NULLS FIRST, event_id DESC NULLS FIRST
    ) FILTER (WHERE location IS NOT NULL) AS location
  FROM location
  WHERE location IS NOT NULL
  GROUP BY user_id
),
-- one row for each location
size AS (
  SELECT location, count(*) AS size
  FROM location_2
  GROUP BY location
),
-- one row for all
total AS (
  SELECT coalesce(sum(size)::bigint, 0) AS value_counts
  FROM size
)
SELECT
  location,
  size::float8 / (SELECT value_counts FROM total)::float8 * 100.0::float8 AS percentage
FROM size
ORDER BY percentage DESC NULLS LAST, location
