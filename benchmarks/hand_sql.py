"""The questions as an experienced analyst would write them in SQL, over the raw table of events.

The statements are narrow, number sessions within their user, group before they label, and count groups in place of
different values. Their answers are compared with ours before anything is timed.
"""

from __future__ import annotations

_SESSIONS = """
WITH starts AS (
  SELECT {user} AS u, moment AS m, {event} AS e,
    CASE WHEN moment - lag(moment) OVER (PARTITION BY {user} ORDER BY moment, {event}) <= INTERVAL '1800 seconds'
      THEN 0 ELSE 1 END AS start
  FROM {table}
),
numbered AS (
  SELECT u, m, sum(start) OVER (PARTITION BY u ORDER BY m, e ROWS UNBOUNDED PRECEDING) AS n
  FROM starts
)"""

_USERS = """
SELECT {text} AS period, count(*) AS value
FROM (SELECT DISTINCT moment::date AS d, {user} AS u FROM {table}) AS user_days
GROUP BY 1
ORDER BY 1"""

_DURATION = _SESSIONS + """,
grouped AS (
  SELECT u, m::date AS d, n, min(m) AS first_moment, max(m) AS last_moment
  FROM numbered
  GROUP BY 1, 2, 3
),
labeled AS (
  SELECT *, min(n) OVER (PARTITION BY u, d) = min(n) OVER (PARTITION BY u) AS is_new
  FROM grouped
)
SELECT {text} AS period, avg({microseconds})::bigint AS value
FROM labeled
WHERE is_new AND last_moment > first_moment
GROUP BY 1
ORDER BY 1"""

_SHARE = _SESSIONS + """,
grouped AS (
  SELECT u, m::date AS d, min(n) AS n
  FROM numbered
  GROUP BY 1, 2
),
labeled AS (
  SELECT d, n = min(n) OVER (PARTITION BY u) AS is_new
  FROM grouped
)
SELECT {text} AS period, count(*) FILTER (WHERE is_new)::float8 / count(*) AS value
FROM labeled
GROUP BY 1
ORDER BY 1"""

_WORDS = {
    "duckdb": {"text": "strftime(d, '%Y-%m-%d')", "microseconds": "epoch_us(last_moment - first_moment)"},
    "postgres": {"text": "to_char(d, 'YYYY-MM-DD')",
                 "microseconds": "extract(epoch FROM last_moment - first_moment)::float8 * 1e6"},
}

QUESTIONS = {"daily users": _USERS, "session duration of new users": _DURATION, "share of new users": _SHARE}


def statement(question: str, dialect: str, table: str, *, ids_are_text: bool) -> str:
    """Return the SQL of a question."""
    user, event = ("cookie_id::uuid", "event_id::uuid") if ids_are_text else ("cookie_id", "event_id")
    return QUESTIONS[question].format(table=table, user=user, event=event, **_WORDS[dialect]).strip()
