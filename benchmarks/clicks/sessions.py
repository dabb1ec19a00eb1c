"""Sessions of clicks, as SQL by hand on any engine."""

SESSIONS = """starts AS (
  SELECT *, CASE WHEN ts - lag(ts) OVER w > INTERVAL '30 minutes' OR lag(ts) OVER w IS NULL THEN 1 ELSE 0 END AS starts
  FROM {table} WINDOW w AS (PARTITION BY uid ORDER BY ts, event_id)
), sessions AS (
  SELECT *, sum(starts) OVER (PARTITION BY uid ORDER BY ts, event_id ROWS UNBOUNDED PRECEDING) AS visit FROM starts
)"""
