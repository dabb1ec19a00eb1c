WITH
-- adds label; keeps some rows; adds place, next_label, next_moment
places AS (
  SELECT
    user_id,
    moment,
    coalesce(event_type, '(none)') AS label,
    row_number() OVER w::bigint AS place,
    lead(coalesce(event_type, '(none)')) OVER w AS next_label,
    lead(moment) OVER w AS next_moment
  FROM events
  WHERE moment IS NOT NULL AND user_id IS NOT NULL
  WINDOW w AS (PARTITION BY user_id ORDER BY moment NULLS LAST, event_id NULLS LAST)
)
SELECT
  place AS step,
  label AS source,
  coalesce(next_label, '(exit)') AS target,
  count(*) AS count,
  count(DISTINCT user_id) AS users,
  element_at(transform(array(array_sort(array_agg(timestampdiff(MICROSECOND, moment, next_moment)))), v -> CASE WHEN size(v) > 0 THEN transform(array((size(v) - 1) * 0.5::double), p -> (v[floor(p)::int] + (v[ceil(p)::int] - v[floor(p)::int]) * (p - floor(p))::decimal(17, 16))::bigint)[0] END), 1) AS median_time
FROM places
WHERE place < 5
GROUP BY 1, 2, 3
ORDER BY step NULLS LAST, source NULLS LAST, target NULLS LAST
