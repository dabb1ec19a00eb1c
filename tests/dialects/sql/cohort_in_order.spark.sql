WITH
-- adds rule_1_event_0, rule_1_event_1, cohort_where; keeps some rows; adds place, rule_1
sequences AS (
  SELECT
    user_id,
    moment,
    event_id,
    coalesce(coalesce(event_type = 'buy', FALSE), FALSE) AS rule_1_event_1,
    row_number() OVER (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST)::bigint AS place,
    CASE WHEN coalesce(coalesce(event_type = 'view', FALSE), FALSE) THEN moment END AS rule_1
  FROM events
  WHERE moment IS NOT NULL AND user_id IS NOT NULL AND (event_type = 'view' OR event_type = 'buy')
),
-- adds rule_1
sequences_2 AS (
  SELECT
    user_id,
    moment,
    CASE
      WHEN rule_1_event_1 AND timestampdiff(MICROSECOND, max(rule_1) OVER w, moment) <= 3600000000 THEN max(rule_1) OVER w
    END AS rule_1
  FROM sequences
  WINDOW
    w AS (PARTITION BY user_id ORDER BY place NULLS LAST, event_id NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
-- one row for each user_id
users AS (
  SELECT user_id, min(moment) FILTER (WHERE rule_1 IS NOT NULL) AS rule_1
  FROM sequences_2
  GROUP BY user_id
)
SELECT user_id, rule_1 AS entered_at
FROM users
WHERE rule_1 IS NOT NULL
ORDER BY user_id NULLS LAST
