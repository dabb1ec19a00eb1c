WITH
-- adds event_id, cookie_id, value; keeps some rows; adds user_id, application, id
id AS (
  SELECT
    event_id::uuid AS event_id,
    moment,
    cookie_id::uuid AS user_id,
    (list_filter(
          json_extract(value, '$.global_contexts[*]'),
          lambda element: (element ->> '_type') = 'ApplicationContext'
        ))[1]
    ->> 'id' AS id
  FROM read_parquet('sample.parquet')
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
      moment - lag(moment) OVER (PARTITION BY user_id ORDER BY moment, event_id)
      > INTERVAL '1800 seconds',
      TRUE
    ) AS is_session_start
  FROM id
),
-- adds session_id
sessions AS (
  SELECT
    user_id,
    id,
    count(*) FILTER (WHERE is_session_start) OVER (
      PARTITION BY user_id
      ORDER BY moment, event_id
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
ORDER BY id
