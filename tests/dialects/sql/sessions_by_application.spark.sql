WITH
-- adds event_id, cookie_id, value; keeps some rows; adds user_id, application, id
id AS (
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
    END AS user_id,
    variant_get(
      try_element_at(
        coalesce(
          filter(
            try_cast(variant_get(
                CASE WHEN get_json_object('[' || value || ', "' || md5(value) || '"]', '$[1]') = md5(value) THEN parse_json(value) WHEN value IS NOT NULL THEN raise_error('not JSON: ' || value) END,
                '$.global_contexts'
              ) AS array<variant>),
            element -> variant_get(element, '$._type', 'string') = 'ApplicationContext'
          ),
          array()
        ),
        1
      ),
      '$.id',
      'string'
    ) AS id
  FROM data
  WHERE day >= DATE '2022-02-01'
),
-- adds is_session_start
session_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    id,
    coalesce(
      timestampdiff(MICROSECOND, lag(moment) OVER (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST), moment)
      > 1800000000,
      TRUE
    ) AS is_session_start
  FROM id
),
-- adds session_id
sessions AS (
  SELECT
    user_id,
    id,
    count(CASE WHEN is_session_start THEN 1 END) OVER (
      PARTITION BY user_id
      ORDER BY moment NULLS LAST, event_id NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_id
  FROM session_starts
),
-- one row for each user_id, id, session_id
by_id_session_id AS (
  SELECT id, session_id
  FROM sessions
  GROUP BY user_id, id, session_id
)
SELECT id, count(session_id) AS unique_sessions
FROM by_id_session_id
GROUP BY id
ORDER BY id NULLS LAST
