WITH
-- adds event_id, cookie_id, value; keeps some rows; adds user_id, location_stack, event_type
events AS (
  SELECT
    event_id::uuid AS event_id,
    moment,
    cookie_id::uuid AS user_id,
    value -> 'location_stack' AS location_stack,
    value ->> '_type' AS event_type
  FROM read_parquet('sample.parquet')
  WHERE day >= DATE '2022-02-01'
),
-- adds location_stack_matches
location_stack_matches AS (
  SELECT
    event_id,
    moment,
    user_id,
    event_type,
    event_type = 'PressEvent'
    AND coalesce(
        len(
            list_filter(
              json_extract(location_stack, '$[*]'),
              lambda element: (element ->> 'id') = 'Quickstart Guide' AND (element ->> '_type') = 'LinkContext'
            )
          )
        > 0,
        FALSE
      ) AS location_stack_matches
  FROM events
),
-- adds is_session_start
session_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    event_type,
    location_stack_matches,
    coalesce(
      moment - lag(moment) OVER (PARTITION BY user_id ORDER BY moment, event_id)
      > INTERVAL '1800 seconds',
      TRUE
    ) AS is_session_start
  FROM location_stack_matches
),
-- adds session_start_number
numbered_starts AS (
  SELECT
    event_id,
    moment,
    user_id,
    event_type,
    location_stack_matches,
    CASE
      WHEN is_session_start THEN row_number() OVER (
          PARTITION BY is_session_start
          ORDER BY CASE WHEN is_session_start THEN moment END, CASE WHEN is_session_start THEN event_id END
        )
    END AS session_start_number
  FROM session_starts
),
-- adds session_id
sessions AS (
  SELECT
    moment,
    event_type,
    location_stack_matches,
    max(session_start_number) OVER (
      PARTITION BY user_id
      ORDER BY moment, event_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_id
  FROM numbered_starts
),
-- adds so_far
so_far AS (
  SELECT
    event_type,
    location_stack_matches,
    session_id,
    count(*) FILTER (WHERE location_stack_matches) OVER (
      PARTITION BY session_id
      ORDER BY moment
      RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS so_far
  FROM sessions
),
-- one row for each session_id, condition, condition_2
by_session_id_condition_condition_2 AS (
  SELECT
    session_id,
    so_far = 0 AS condition,
    event_type = 'PressEvent' AS condition_2,
    count(*) FILTER (WHERE location_stack_matches) AS sum_rows,
    count(event_type) AS count_event_type
  FROM so_far
  GROUP BY session_id, 2, 3
),
-- adds converted
converted AS (
  SELECT
    session_id,
    condition,
    condition_2,
    count_event_type,
    sum(sum_rows) OVER (PARTITION BY session_id)::bigint AS converted
  FROM by_session_id_condition_condition_2
)
SELECT session_id, sum(count_event_type)::bigint AS event_type
FROM converted
WHERE converted > 0 AND condition AND condition_2
GROUP BY session_id
ORDER BY session_id
