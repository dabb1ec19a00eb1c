"""The workloads as an experienced analyst would write them for Postgres, over the raw table with its ``json`` column.

As in :mod:`benchmarks.workloads.duckdb_sql`. A value of type ``json`` is text, parsed by each operator on it; so the members
that are asked for are taken out of it once, by ``json_to_record``.
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

_HITS = "hits AS (SELECT event_id AS e, cookie_id AS u, moment AS m FROM data)"

_W0 = f"""
WITH {_HITS},
starts AS (
  SELECT *, coalesce(m - lag(m) OVER w > INTERVAL '1800 seconds', TRUE) AS starts, row_number() OVER w AS hit
  FROM hits
  WINDOW w AS (PARTITION BY u ORDER BY m, e)
),
numbered AS (
  SELECT *, count(*) FILTER (WHERE starts) OVER w AS n,
    hit - max(CASE WHEN starts THEN hit END) OVER w + 1 AS session_hit_number
  FROM starts
  WINDOW w AS (PARTITION BY u ORDER BY m, e ROWS UNBOUNDED PRECEDING)
),
sessions AS (SELECT u, n, row_number() OVER (ORDER BY m, e) AS session_id FROM numbered WHERE starts)
SELECT e AS event_id, session_id, session_hit_number
FROM numbered JOIN sessions USING (u, n)
"""

_W1 = f"""
WITH {_HITS},
{_SESSIONS},
by_session AS (SELECT u, m::date AS d, n FROM numbered GROUP BY 1, 2, 3),
by_user AS (SELECT u, d, count(*) AS sessions FROM by_session GROUP BY 1, 2)
SELECT to_char(d, 'YYYY-MM-DD') AS time_aggregation, count(*) AS unique_users, sum(sessions)::bigint AS unique_sessions
FROM by_user
GROUP BY d
ORDER BY d
"""

_W2 = f"""
WITH {_HITS},
{_SESSIONS},
by_session AS (
  SELECT u, m::date AS d, n, min(m) AS first_moment, max(m) AS last_moment FROM numbered GROUP BY 1, 2, 3
),
labeled AS (
  SELECT *, min(n) OVER (PARTITION BY u, d) = min(n) OVER (PARTITION BY u) AS is_new
  FROM by_session
)
SELECT to_char(d, 'YYYY-MM-DD') AS time_aggregation,
  avg(extract(epoch FROM last_moment - first_moment)::float8 * 1e6)::bigint AS session_duration
FROM labeled
WHERE is_new AND last_moment > first_moment
GROUP BY d
ORDER BY d
"""

_W3 = f"""
WITH hits AS MATERIALIZED (
  SELECT event_id AS e, cookie_id AS u, moment AS m, coalesce(v._type = 'PressEvent'
    AND v.location_stack::jsonb @> '[{{"_type": "LinkContext", "id": "Quickstart Guide"}}]', FALSE) AS c
  FROM data, json_to_record(value) AS v(_type text, location_stack json)
),
{_SESSIONS},
so_far AS (
  SELECT *, count(*) FILTER (WHERE c) OVER (PARTITION BY u, n ORDER BY m RANGE UNBOUNDED PRECEDING) AS k
  FROM numbered
),
by_day AS (
  SELECT u, m::date AS d, min(n) AS n, bool_or(c) AS c, bool_or(k = 2) AS two
  FROM so_far
  GROUP BY 1, 2
),
labeled AS (
  SELECT *, n = min(n) OVER (PARTITION BY u) AS is_new,
    min(n) OVER (PARTITION BY u, date_trunc('month', d)) = min(n) OVER (PARTITION BY u) AS is_new_in_month
  FROM by_day
)
SELECT to_char(d, 'YYYY-MM-DD') AS time_aggregation, count(*) AS unique_users,
  nullif(count(*) FILTER (WHERE is_new), 0)::float8 / count(*) AS share_new,
  nullif(count(*) FILTER (WHERE c), 0) AS converted,
  nullif(count(*) FILTER (WHERE is_new_in_month AND two), 0) AS new_with_two
FROM labeled
GROUP BY d
ORDER BY d
"""

_STEP = (r"regexp_replace(regexp_replace(x ->> '_type', '([a-z])([A-Z])', '\1 \2', 'g'), ' ?Context$', '')"
         " || ': ' || (x ->> 'id')")

_NAMES = f"""names AS MATERIALIZED (
  SELECT stack, parts[cardinality(parts)] || CASE WHEN cardinality(parts) > 1
    THEN ' located at ' || array_to_string(trim_array(parts, 1), ' => ') ELSE '' END AS name
  FROM (
    SELECT stack, ARRAY(SELECT {_STEP} FROM json_array_elements(stack::json) WITH ORDINALITY AS y(x, i) ORDER BY i) AS parts
    FROM (SELECT DISTINCT stack FROM {{source}}) AS stacks
  ) AS steps
)"""

_W4 = f"""
WITH hits AS MATERIALIZED (
  SELECT cookie_id AS u, v._type AS event_type, v.location_stack AS stack, v.global_contexts AS contexts
  FROM data, json_to_record(value) AS v(_type text, _types jsonb, location_stack text, global_contexts json)
  WHERE v._types ? 'InteractiveEvent'
),
used AS MATERIALIZED (
  SELECT DISTINCT u, event_type, stack,
    (SELECT x ->> 'id' FROM json_array_elements(contexts) AS x WHERE x ->> '_type' = 'ApplicationContext' LIMIT 1)
      AS application
  FROM hits
),
{_NAMES.replace("{source}", "used")},
users AS (
  SELECT DISTINCT application, name, event_type, u
  FROM used JOIN names USING (stack)
  WHERE application IS NOT NULL AND name IS NOT NULL AND event_type IS NOT NULL
)
SELECT application, name AS feature_nice_name, event_type, count(*) AS user_id_nunique
FROM users
GROUP BY 1, 2, 3
ORDER BY user_id_nunique DESC, application, name, event_type
"""

_W5 = """
WITH months AS (
  SELECT DISTINCT cookie_id AS u, (extract(year FROM moment) * 12 + extract(month FROM moment) - 1)::int AS month
  FROM data
),
cohorts AS (
  SELECT month, min(month) OVER (PARTITION BY u) AS first
  FROM months
)
SELECT to_char(first / 12, 'FM0000') || '-' || to_char(first % 12 + 1, 'FM00') AS first_cohort,
  {retention}
FROM cohorts
GROUP BY first
ORDER BY first
"""

_W6 = f"""
WITH hits AS MATERIALIZED (
  SELECT event_id AS e, cookie_id AS u, moment AS m, value ->> 'location_stack' AS stack
  FROM data
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
WITH hits AS MATERIALIZED (
  SELECT cookie_id AS u, value -> 'location_stack' -> 0 ->> 'id' AS root
  FROM data
)
SELECT u AS user_id,
  {matrix}
FROM hits
WHERE root IS NOT NULL
GROUP BY u
ORDER BY u
"""

_W8 = """
SELECT event_id, cookie_id AS user_id, day, moment, v._type AS event_type,
  (SELECT x ->> 'id' FROM json_array_elements(v.global_contexts) AS x WHERE x ->> '_type' = 'ApplicationContext' LIMIT 1)
    AS application_id,
  (SELECT x ->> 'id' FROM json_array_elements(v.global_contexts) AS x WHERE x ->> '_type' = 'PathContext' LIMIT 1) AS path_id,
  v.location_stack -> 0 ->> 'id' AS root_id
FROM data, json_to_record(value) AS v(_type text, location_stack json, global_contexts json)
"""

_STATEMENTS = {"W0": _W0, "W1": _W1, "W2": _W2, "W3": _W3, "W4": _W4, "W5": _W5, "W6": _W6, "W7": _W7, "W8": _W8}


def statements(roots: Sequence[str], months: int) -> dict[str, str]:
    """Return the SQL of each workload. The roots and the number of months are what the analyst knows of the data."""
    retention = ",\n  ".join(f'nullif(count(*) FILTER (WHERE month - first = {n}), 0) AS "_{n}"' for n in range(months))
    matrix = ",\n  ".join(f"nullif(count(*) FILTER (WHERE root = '{root}'), 0) AS \"{root}\"" for root in roots)
    return {name: text.replace("{retention}", retention).replace("{matrix}", matrix).strip()
            for name, text in _STATEMENTS.items()}
