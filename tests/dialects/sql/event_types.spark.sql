WITH
-- adds event_type; keeps some rows; one row for each event_type, user_id
by_event_type_user_id AS (
  SELECT
    event_type,
    user_id,
    count(*) AS size_rows,
    count(user_id) AS count_user_id,
    min(moment) AS min_moment,
    max(moment) AS max_moment
  FROM events
  WHERE moment IS NOT NULL
  GROUP BY event_type, user_id
),
-- one row for each event_type
event_types AS (
  SELECT
    event_type,
    sum(size_rows::decimal(38, 0))::bigint AS events,
    count(user_id) AS users,
    sum(count_user_id::decimal(38, 0))::bigint AS with_user,
    min(min_moment) AS first_seen,
    max(max_moment) AS last_seen
  FROM by_event_type_user_id
  GROUP BY event_type
)
SELECT
  event_type,
  events,
  events::double / nullif(coalesce(sum(events::decimal(38, 0)) OVER ()::bigint, 0), 0) AS share,
  users,
  with_user::double / nullif(users, 0) AS events_per_user,
  first_seen,
  last_seen
FROM event_types
ORDER BY event_type NULLS LAST
