WITH
-- adds event_id, cookie_id, value, user_id, identity, user_id
events AS (
  SELECT
    CASE
      WHEN event_id IS NULL THEN NULL
      WHEN regexp_like(event_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(event_id)
      ELSE raise_error('not a uuid: ' || event_id)
    END AS event_id,
    moment,
    CASE
      WHEN cookie_id IS NULL THEN NULL
      WHEN regexp_like(cookie_id, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z') THEN lower(cookie_id)
      ELSE raise_error('not a uuid: ' || cookie_id)
    END::string AS user_id,
    coalesce(
      to_variant_object(
        filter(
          try_cast(variant_get(
              CASE WHEN get_json_object('[' || value || ', "' || md5(value) || '"]', '$[1]') = md5(value) THEN parse_json(value) WHEN value IS NOT NULL THEN raise_error('not JSON: ' || value) END,
              '$.global_contexts'
            ) AS array<variant>),
          element -> variant_get(element, '$._type', 'string') = 'IdentityContext'
        )
      ),
      parse_json('[]')
    ) AS identity
  FROM data
),
-- columns of events
identities AS (
  SELECT
    user_id AS known_user_id,
    moment,
    event_id,
    variant_get(
        try_element_at(
          coalesce(
            filter(
              try_cast(identity AS array<variant>),
              element -> variant_get(element, '$.id', 'string') = 'email'
            ),
            array()
          ),
          1
        ),
        '$.value',
        'string'
      )
    || '|'
    || 'email' AS identity_user_id
  FROM events
),
-- keeps some rows; one row for each known_user_id
identities_2 AS (
  SELECT
    known_user_id,
    max_by(
      identity_user_id,
      struct(moment IS NULL, moment, event_id IS NULL, event_id)
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
