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
-- all rows on the left with those on the right that have equal keys; adds location; keeps some rows; one row for each user_id
location AS (
  SELECT
    (array_agg(
        names.name
        ORDER BY events.moment DESC NULLS FIRST, events.event_id DESC NULLS FIRST
      ) FILTER (WHERE names.name IS NOT NULL))[1] AS location
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
-- one row for all; MATERIALIZED has it computed once
total AS MATERIALIZED (
  SELECT coalesce(sum(size)::bigint, 0) AS value_counts
  FROM size
),
-- adds value_counts, percentage
percentage AS (
  SELECT
    location,
    CASE
        WHEN (SELECT value_counts FROM total) = 0 THEN size::float8 * 'Infinity'::float8
        ELSE size::float8 / (SELECT value_counts FROM total)::float8
      END
    * 100.0::float8 AS percentage
  FROM size
)
SELECT location, percentage
FROM percentage
ORDER BY percentage DESC NULLS LAST, location COLLATE "C"
