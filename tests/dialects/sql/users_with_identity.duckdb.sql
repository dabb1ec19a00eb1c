WITH
-- adds event_id, cookie_id, value, user_id, identity, user_id
events AS (
  SELECT
    event_id::uuid AS event_id,
    moment,
    cookie_id::uuid::varchar AS user_id,
    coalesce(
      to_json(
        list_filter(
          json_extract(value, '$.global_contexts[*]'),
          lambda element: (element ->> '_type') = 'IdentityContext'
        )
      ),
      '[]'::json
    ) AS identity
  FROM read_parquet('sample.parquet')
),
-- columns of events
identities AS (
  SELECT
    user_id AS known_user_id,
    moment,
    event_id,
    (
        (list_filter(json_extract(identity, '$[*]'), lambda element: (element ->> 'id') = 'email'))[1]
        ->> 'value'
      )
    || '|'
    || 'email' AS identity_user_id
  FROM events
),
-- keeps some rows; one row for each known_user_id
identities_2 AS (
  SELECT
    known_user_id,
    first(
      identity_user_id
      ORDER BY moment DESC NULLS FIRST, event_id DESC NULLS FIRST
    ) FILTER (WHERE identity_user_id IS NOT NULL) AS identity_user_id
  FROM identities
  WHERE identity_user_id IS NOT NULL
  GROUP BY known_user_id
),
-- all rows on the left with those on the right that have equal keys; adds user_id; one row for each moment_day, user_id
by_moment_day_user_id AS (
  SELECT events.moment::date AS moment_day, identities_2.identity_user_id AS user_id
  FROM events
  LEFT JOIN identities_2
    ON events.user_id = identities_2.known_user_id
  GROUP BY 1, 2
)
SELECT strftime(moment_day, '%Y-%m-%d') AS time_aggregation, count(user_id) AS unique_users
FROM by_moment_day_user_id
GROUP BY 1
ORDER BY time_aggregation
