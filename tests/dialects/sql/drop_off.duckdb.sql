WITH
-- adds event_id, cookie_id, value, user_id, location_stack
events AS (
  SELECT
    event_id::uuid AS event_id,
    moment,
    cookie_id::uuid AS user_id,
    value -> 'location_stack' AS location_stack
  FROM read_parquet('sample.parquet')
),
-- one row for each location_stack; adds name
names AS (
  SELECT
    location_stack,
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
      ))[1] AS name
  FROM events
  GROUP BY location_stack
),
-- all rows on the left with those on the right that have equal keys; adds location; keeps some rows; one row for each user_id
location AS (
  SELECT
    first(
      names.name
      ORDER BY events.moment DESC NULLS FIRST, events.event_id DESC NULLS FIRST
    ) FILTER (WHERE names.name IS NOT NULL) AS location
  FROM events
  LEFT JOIN names
    ON events.location_stack = names.location_stack
  WHERE names.name IS NOT NULL
  GROUP BY events.user_id
),
-- one row for each location
size AS (
  SELECT location, count(*) AS size
  FROM location
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
