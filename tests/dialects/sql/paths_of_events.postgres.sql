WITH
-- adds label; keeps some rows; adds place, next_label, next_moment
places AS (
  SELECT
    user_id,
    moment,
    coalesce(event_type, '(none)') AS label,
    row_number() OVER w AS place,
    lead(coalesce(event_type, '(none)')) OVER w AS next_label,
    lead(moment) OVER w AS next_moment
  FROM events
  WHERE moment IS NOT NULL AND user_id IS NOT NULL
  WINDOW w AS (PARTITION BY user_id ORDER BY moment, event_id COLLATE "C")
)
SELECT
  place AS step,
  label AS source,
  coalesce(next_label, '(exit)') AS target,
  count(*) AS count,
  count(DISTINCT user_id) AS users,
  (
      percentile_disc(0.5) WITHIN GROUP (ORDER BY (extract(epoch FROM next_moment - moment) * 1000000)::bigint)
      + percentile_disc(0.5) WITHIN GROUP (ORDER BY (extract(epoch FROM next_moment - moment) * 1000000)::bigint DESC)
    )
  / 2 AS median_time
FROM places
WHERE place < 5
GROUP BY 1, 2, 3
ORDER BY step, label COLLATE "C", coalesce(next_label, '(exit)') COLLATE "C"
