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
-- all rows on the left with those on the right that have equal keys; adds user_id, is_session_start
session_starts AS (
  SELECT
    events.event_id,
    events.moment,
    coalesce(identities_2.identity_user_id, events.user_id) AS user_id,
    coalesce(
      events.moment
        - lag(events.moment) OVER (
            PARTITION BY coalesce(identities_2.identity_user_id, events.user_id)
            ORDER BY events.moment, events.event_id
          )
      > INTERVAL '1800 seconds',
      TRUE
    ) AS is_session_start
  FROM events
  LEFT JOIN identities_2
    ON events.user_id = identities_2.known_user_id
),
-- adds session_id
sessions AS (
  SELECT
    moment,
    user_id,
    count(*) FILTER (WHERE is_session_start) OVER (
      PARTITION BY user_id
      ORDER BY moment, event_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_id
  FROM session_starts
),
-- one row for each user_id, session_id; adds session_duration
by_session AS (
  SELECT epoch_us(max(moment) - min(moment)) AS session_duration
  FROM sessions
  GROUP BY user_id, session_id
)
SELECT avg(session_duration::float8)::bigint AS session_duration
FROM by_session
WHERE session_duration > 0
