WITH
-- keeps some rows; one row for all
last_moment AS (
  SELECT max(moment) AS last_moment
  FROM events
  WHERE moment IS NOT NULL
),
-- adds rule_1, rule_2; keeps some rows; adds rule_1, rule_2
in_time AS (
  SELECT
    user_id,
    moment,
    event_id,
    coalesce(coalesce(event_type = 'buy', FALSE), FALSE)
    AND moment
      >= timestampadd(MICROSECOND, -2592000000000::bigint, (SELECT last_moment FROM last_moment)) AS rule_1,
    coalesce(coalesce(event_type = 'refund', FALSE), FALSE) AS rule_2
  FROM events
  WHERE moment IS NOT NULL AND user_id IS NOT NULL
),
-- adds rule_1
counted AS (
  SELECT
    user_id,
    moment,
    rule_1
    AND count(CASE WHEN rule_1 THEN 1 END) OVER (
          PARTITION BY user_id
          ORDER BY moment NULLS LAST, event_id NULLS LAST
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        )
      >= 2 AS rule_1,
    rule_2
  FROM in_time
),
-- one row for each user_id; adds met_1
met AS (
  SELECT
    user_id,
    CASE
      WHEN min(moment) FILTER (WHERE rule_1)
        >= CASE WHEN min(moment) FILTER (WHERE rule_2) IS NULL THEN min(moment) END THEN min(moment) FILTER (WHERE rule_1)
      WHEN min(moment) FILTER (WHERE rule_1)
        < CASE WHEN min(moment) FILTER (WHERE rule_2) IS NULL THEN min(moment) END THEN CASE WHEN min(moment) FILTER (WHERE rule_2) IS NULL THEN min(moment) END
    END AS met_1
  FROM counted
  GROUP BY user_id
)
SELECT user_id, met_1 AS entered_at
FROM met
WHERE met_1 IS NOT NULL
ORDER BY user_id NULLS LAST
