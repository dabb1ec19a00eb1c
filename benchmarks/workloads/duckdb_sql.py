"""The workloads as an experienced analyst would write them for DuckDB, over files of two layouts.

- ``raw``: events as they are recorded, with ids as text and everything else as JSON in ``value``
- ``typed``: columns of their own types, as :mod:`benchmarks.workloads.data` writes them

Columns are pruned, a JSON value is parsed once, text is shortened to what is asked before anything is sorted, rows are
grouped before they are labeled, and names are made of different stacks only. Ids that are text stay text, which is faster.
"""

from __future__ import annotations

from collections.abc import Sequence

_SESSIONS = """starts AS (
  SELECT *, coalesce(m - lag(m) OVER (PARTITION BY u ORDER BY m, e) > INTERVAL '1800 seconds', TRUE) AS starts
  FROM hits
),
numbered AS (
  SELECT *, count(*) FILTER (WHERE starts) OVER (PARTITION BY u ORDER BY m, e ROWS UNBOUNDED PRECEDING) AS n
  FROM starts
)"""

_HITS = "hits AS (SELECT event_id AS e, {user} AS u, moment AS m FROM {table})"

_W0 = f"""
WITH {_HITS},
starts AS (
  SELECT *, coalesce(m - lag(m) OVER w > INTERVAL '1800 seconds', TRUE) AS starts, row_number() OVER w AS hit
  FROM hits
  WINDOW w AS (PARTITION BY u ORDER BY m, e)
),
first_hits AS (SELECT e, row_number() OVER (ORDER BY m, e) AS number FROM starts WHERE starts),
joined AS (SELECT starts.*, number FROM starts LEFT JOIN first_hits USING (e))
SELECT e AS event_id, max(number) OVER w AS session_id,
  hit - max(CASE WHEN starts THEN hit END) OVER w + 1 AS session_hit_number
FROM joined
WINDOW w AS (PARTITION BY u ORDER BY m, e ROWS UNBOUNDED PRECEDING)
"""

_W1 = f"""
WITH {_HITS},
{_SESSIONS},
by_session AS (SELECT u, m::date AS d, n FROM numbered GROUP BY ALL),
by_user AS (SELECT u, d, count(*) AS sessions FROM by_session GROUP BY ALL)
SELECT strftime(d, '%Y-%m-%d') AS time_aggregation, count(*) AS unique_users, sum(sessions)::bigint AS unique_sessions
FROM by_user
GROUP BY d
ORDER BY d
"""

_W2 = f"""
WITH {_HITS},
{_SESSIONS},
by_session AS (SELECT u, m::date AS d, n, min(m) AS first_moment, max(m) AS last_moment FROM numbered GROUP BY ALL),
labeled AS (
  SELECT *, min(n) OVER (PARTITION BY u, d) = min(n) OVER (PARTITION BY u) AS is_new
  FROM by_session
)
SELECT strftime(d, '%Y-%m-%d') AS time_aggregation, avg(epoch_us(last_moment - first_moment))::bigint AS session_duration
FROM labeled
WHERE is_new AND last_moment > first_moment
GROUP BY d
ORDER BY d
"""

_W3 = f"""
WITH {{conversions}},
{_SESSIONS},
so_far AS (
  SELECT *, count(*) FILTER (WHERE c) OVER (PARTITION BY u, n ORDER BY m RANGE UNBOUNDED PRECEDING) AS k
  FROM numbered
),
by_day AS (
  SELECT u, m::date AS d, min(n) AS n, bool_or(c) AS c, bool_or(k = 2) AS two
  FROM so_far
  GROUP BY ALL
),
labeled AS (
  SELECT *, n = min(n) OVER (PARTITION BY u) AS is_new,
    min(n) OVER (PARTITION BY u, date_trunc('month', d)) = min(n) OVER (PARTITION BY u) AS is_new_in_month
  FROM by_day
)
SELECT strftime(d, '%Y-%m-%d') AS time_aggregation, count(*) AS unique_users,
  nullif(count(*) FILTER (WHERE is_new), 0) / count(*) AS share_new,
  nullif(count(*) FILTER (WHERE c), 0) AS converted,
  nullif(count(*) FILTER (WHERE is_new_in_month AND two), 0) AS new_with_two
FROM labeled
GROUP BY d
ORDER BY d
"""

_STEP = (r"regexp_replace(regexp_replace(x._type, '([a-z])([A-Z])', '\1 \2', 'g'), ' ?Context$', '') || ': ' || x.id")

_NAMES = f"""names AS (
  SELECT stack,
    parts[-1] || CASE WHEN len(parts) > 1 THEN ' located at ' || array_to_string(parts[:-2], ' => ') ELSE '' END AS name
  FROM (
    SELECT stack, [{_STEP} FOR x IN {{elements}}] AS parts
    FROM (SELECT DISTINCT stack FROM {{source}})
  )
)"""

_W4 = f"""
WITH {{features}},
{_NAMES.replace("{source}", "used")},
users AS (
  SELECT DISTINCT application, name, event_type, u
  FROM used JOIN names USING (stack)
  WHERE application IS NOT NULL AND name IS NOT NULL AND event_type IS NOT NULL
)
SELECT application, name AS feature_nice_name, event_type, count(*) AS user_id_nunique
FROM users
GROUP BY ALL
ORDER BY user_id_nunique DESC, application, name, event_type
"""

_W5 = """
WITH months AS (
  SELECT DISTINCT {user} AS u, date_part('year', moment) * 12 + date_part('month', moment) - 1 AS month
  FROM {table}
),
cohorts AS (
  SELECT month, min(month) OVER (PARTITION BY u) AS first
  FROM months
)
SELECT printf('%04d-%02d', first // 12, first % 12 + 1) AS first_cohort,
  {retention}
FROM cohorts
GROUP BY first
ORDER BY first
"""

_W6 = f"""
WITH hits AS (
  SELECT event_id AS e, {{user}} AS u, moment AS m, {{stack}} AS stack
  FROM {{table}}
),
{_NAMES.replace("{source}", "hits")},
steps AS (
  SELECT name AS a, lead(name) OVER w AS b, lead(name, 2) OVER w AS c, row_number() OVER w AS hit
  FROM hits JOIN names USING (stack)
  WINDOW w AS (PARTITION BY u ORDER BY m, name, e)
)
SELECT a AS location_stack_step_1, b AS location_stack_step_2, c AS location_stack_step_3, count(*) AS value_counts
FROM steps
WHERE b IS NOT NULL OR hit = 1
GROUP BY a, b, c
ORDER BY value_counts DESC, a, b, c
LIMIT 20
"""

_W7 = """
WITH hits AS (
  SELECT {user} AS u, {root} AS root
  FROM {table}
)
SELECT u AS user_id,
  {matrix}
FROM hits
WHERE root IS NOT NULL
GROUP BY u
ORDER BY u
"""

_W8 = """
SELECT event_id, {user} AS user_id, day, moment, {facts}
FROM {parsed}
"""

_STATEMENTS = {"W0": _W0, "W1": _W1, "W2": _W2, "W3": _W3, "W4": _W4, "W5": _W5, "W6": _W6, "W7": _W7, "W8": _W8}

#: The parts of the statements that depend on the layout.
_RAW = {
    "user": "cookie_id",
    "conversions": """parsed AS (
  SELECT event_id AS e, cookie_id AS u, moment AS m, json_extract_string(value, ['_type', 'location_stack']) AS v
  FROM {table}
),
hits AS (
  SELECT e, u, m, v[1] = 'PressEvent' AND json_contains(v[2], '{"_type": "LinkContext", "id": "Quickstart Guide"}') AS c
  FROM parsed
)""",
    "features": """parsed AS (
  SELECT cookie_id AS u, json_extract_string(value, ['_types', 'location_stack', 'global_contexts', '_type']) AS v
  FROM {table}
),
hits AS (
  SELECT u, v[2] AS stack, v[4] AS event_type, v[3] AS contexts
  FROM parsed
  WHERE json_contains(v[1], '"InteractiveEvent"')
),
used AS (
  SELECT DISTINCT u, stack, event_type,
    json_extract_string(contexts, '$[*].id')[
      list_position(json_extract_string(contexts, '$[*]._type'), 'ApplicationContext')] AS application
  FROM hits
)""",
    "elements": """from_json(stack, '[{"_type": "VARCHAR", "id": "VARCHAR"}]')""",
    "stack": "value ->> 'location_stack'",
    "root": "value ->> '$.location_stack[0].id'",
    "facts": """v[1] AS event_type,
  json_extract_string(v[2], '$[*].id')[
    list_position(json_extract_string(v[2], '$[*]._type'), 'ApplicationContext')] AS application_id,
  json_extract_string(v[2], '$[*].id')[
    list_position(json_extract_string(v[2], '$[*]._type'), 'PathContext')] AS path_id,
  v[3] AS root_id""",
    "parsed": """(
  SELECT *, json_extract_string(value, ['$._type', '$.global_contexts', '$.location_stack[0].id']) AS v
  FROM {table}
)""",
}
_TYPED = {
    "user": "user_id",
    "conversions": """hits AS (
  SELECT event_id AS e, user_id AS u, moment AS m,
    CASE WHEN event_type = 'PressEvent'
      THEN len(list_filter(location_stack, lambda x: x._type = 'LinkContext' AND x.id = 'Quickstart Guide')) > 0
      ELSE FALSE END AS c
  FROM {table}
)""",
    "features": """used AS (
  SELECT DISTINCT user_id AS u, location_stack AS stack, event_type, application.id AS application
  FROM {table}
  WHERE list_contains(event_types, 'InteractiveEvent')
)""",
    "elements": "stack",
    "stack": "location_stack",
    "root": "location_stack[1].id",
    "facts": "event_type, application.id AS application_id, path.id AS path_id, location_stack[1].id AS root_id",
    "parsed": "{table}",
}
_LAYOUTS = {"raw": _RAW, "typed": _TYPED}


def statements(layout: str, table: str, roots: Sequence[str], months: int) -> dict[str, str]:
    """Return the SQL of each workload. The roots and the number of months are what the analyst knows of the data."""
    retention = ",\n  ".join(f'nullif(count(*) FILTER (WHERE month - first = {n}), 0) AS "_{n}"' for n in range(months))
    matrix = ",\n  ".join(f"nullif(count(*) FILTER (WHERE root = '{root}'), 0) AS \"{root}\"" for root in roots)
    parts = {**_LAYOUTS[layout], "retention": retention, "matrix": matrix}
    return {name: _filled(text, {**parts, "table": table}) for name, text in _STATEMENTS.items()}


def _filled(text: str, parts: dict[str, str]) -> str:
    for _ in range(2):  # the parts have the table in them
        for name, part in parts.items():
            text = text.replace("{" + name + "}", part)
    return text.strip()
