WITH
-- adds event_id, cookie_id, value; OFFSET 0 has global_contexts computed once
events AS (
  SELECT
    event_id::uuid AS event_id,
    moment,
    cookie_id::uuid AS cookie_id,
    (value::json -> 'global_contexts')::jsonb AS global_contexts
  FROM data
  OFFSET 0
),
-- adds user_id, identity, user_id; OFFSET 0 has identity computed once
events_2 AS (
  SELECT
    event_id,
    moment,
    cookie_id::text AS user_id,
    (
      SELECT coalesce(jsonb_agg(element ORDER BY position), '[]'::jsonb)
      FROM jsonb_array_elements(
          CASE WHEN jsonb_typeof(global_contexts) = 'array' THEN global_contexts END
        ) WITH ORDINALITY AS elements (element, position)
      WHERE element @> '{"_type": "IdentityContext"}'::jsonb
    ) AS identity
  FROM events
  OFFSET 0
),
-- columns of events_2; OFFSET 0 has json_filter computed once
events_3 AS (
  SELECT
    event_id,
    moment,
    user_id,
    (
      SELECT coalesce(jsonb_agg(element ORDER BY position), '[]'::jsonb)
      FROM jsonb_array_elements(CASE WHEN jsonb_typeof(identity) = 'array' THEN identity END) WITH ORDINALITY AS elements (element, position)
      WHERE element @> '{"id": "email"}'::jsonb
    ) AS json_filter
  FROM events_2
  OFFSET 0
),
-- columns of events_3; OFFSET 0 has identity_user_id computed once
identities AS (
  SELECT
    user_id AS known_user_id,
    moment,
    event_id,
    (CASE WHEN jsonb_typeof(json_filter) = 'array' THEN json_filter -> 0 END ->> 'value')
    || '|'
    || 'email' AS identity_user_id
  FROM events_3
  OFFSET 0
),
-- keeps some rows; one row for each known_user_id; MATERIALIZED has it computed once
identities_2 AS MATERIALIZED (
  SELECT
    known_user_id,
    (array_agg(
        identity_user_id
        ORDER BY moment DESC NULLS FIRST, event_id DESC NULLS FIRST
      ) FILTER (WHERE identity_user_id IS NOT NULL))[1] AS identity_user_id
  FROM identities
  WHERE identity_user_id IS NOT NULL
  GROUP BY known_user_id
),
-- all rows on the left with those on the right that have equal keys; adds user_id, is_session_start
session_starts AS (
  SELECT
    events_2.event_id,
    events_2.moment,
    coalesce(identities_2.identity_user_id, events_2.user_id) AS user_id,
    coalesce(
      events_2.moment
        - lag(events_2.moment) OVER (
            PARTITION BY coalesce(identities_2.identity_user_id, events_2.user_id)
            ORDER BY events_2.moment, events_2.event_id
          )
      > INTERVAL '1800 seconds',
      TRUE
    ) AS is_session_start
  FROM events_2
  LEFT JOIN identities_2
    ON events_2.user_id = identities_2.known_user_id
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
  SELECT (extract(epoch FROM max(moment) - min(moment)) * 1000000)::bigint AS session_duration
  FROM sessions
  GROUP BY user_id, session_id
)
SELECT avg(session_duration::float8)::bigint AS session_duration
FROM by_session
WHERE session_duration > 0
