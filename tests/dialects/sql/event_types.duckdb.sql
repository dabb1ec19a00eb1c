WITH
-- adds event_type; keeps some rows; one row for each event_type
event_types AS (
  SELECT
    event_type,
    count(*) AS events,
    count(DISTINCT user_id) AS users,
    count(user_id) AS with_user,
    min(moment) AS first_seen,
    max(moment) AS last_seen
  FROM events
  WHERE moment IS NOT NULL
  GROUP BY event_type
)
SELECT
  event_type,
  events,
  events::float8 / nullif(coalesce(sum(events) OVER ()::bigint, 0), 0) AS share,
  users,
  with_user::float8 / nullif(users, 0) AS events_per_user,
  first_seen,
  last_seen
FROM event_types
ORDER BY event_type
