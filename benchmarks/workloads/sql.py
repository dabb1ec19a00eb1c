"""The workloads as an experienced analyst would write them, for DuckDB over files of two layouts, for Postgres and for Spark.

- ``raw``: events as they are recorded, with ids as text and everything else as JSON in ``value``
- ``typed``: columns of their own types, as :mod:`benchmarks.workloads.data` writes them
- ``postgres``: the raw table, with a column of type ``json``
- ``spark``: the raw file, as on DuckDB

Columns are pruned, a JSON value is parsed once, text is shortened to what is asked before anything is sorted, rows are
grouped before they are labeled, and names are made of different stacks only. Ids that are text stay text, which is faster.
On Postgres, a value of type ``json`` is text that each operator parses, so ``json_to_record`` takes all members at once. On
Spark, ``from_json`` with a schema does.
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

#: Engines differ in which of these is faster: the session of a hit by a running maximum, or by a join.
_W0_DUCKDB = f"""
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
_W0_POSTGRES = f"""
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
SELECT {{day}} AS time_aggregation, count(*) AS unique_users, sum(sessions)::bigint AS unique_sessions
FROM by_user
GROUP BY d
ORDER BY d
"""

_W2 = f"""
WITH {_HITS},
{_SESSIONS},
by_session AS (SELECT u, m::date AS d, n, min(m) AS first_moment, max(m) AS last_moment FROM numbered GROUP BY 1, 2, 3),
labeled AS (
  SELECT *, min(n) OVER (PARTITION BY u, d) = min(n) OVER (PARTITION BY u) AS is_new
  FROM by_session
)
SELECT {{day}} AS time_aggregation, avg({{microseconds}})::bigint AS session_duration
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
  GROUP BY 1, 2
),
labeled AS (
  SELECT *, n = min(n) OVER (PARTITION BY u) AS is_new,
    min(n) OVER (PARTITION BY u, date_trunc('month', d)) = min(n) OVER (PARTITION BY u) AS is_new_in_month
  FROM by_day
)
SELECT {{day}} AS time_aggregation, count(*) AS unique_users,
  nullif(count(*) FILTER (WHERE is_new), 0)::{{double}} / count(*) AS share_new,
  nullif(count(*) FILTER (WHERE c), 0) AS converted,
  nullif(count(*) FILTER (WHERE is_new_in_month AND two), 0) AS new_with_two
FROM labeled
GROUP BY d
ORDER BY d
"""

_W4 = """
WITH {features},
{names of features},
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
  SELECT DISTINCT {user} AS u, ({year} * 12 + {month} - 1)::int AS month
  FROM {table}
),
cohorts AS (
  SELECT month, min(month) OVER (PARTITION BY u) AS first
  FROM months
)
SELECT {cohort} AS first_cohort,
  {retention}
FROM cohorts
GROUP BY first
ORDER BY first
"""

_W6 = """
WITH hits AS {keep} (
  SELECT event_id AS e, {user} AS u, moment AS m, {stack} AS stack
  FROM {table}
),
{names of hits},
steps AS (
  SELECT name AS a, lead(name) OVER w AS b, lead(name, 2) OVER w AS c, row_number() OVER w AS hit
  FROM hits JOIN names USING (stack)
  WINDOW w AS (PARTITION BY u ORDER BY m, name NULLS LAST, e)
)
SELECT a AS location_stack_step_1, b AS location_stack_step_2, c AS location_stack_step_3, count(*) AS value_counts
FROM steps
WHERE b IS NOT NULL OR hit = 1
GROUP BY 1, 2, 3
ORDER BY value_counts DESC, 1 NULLS LAST, 2 NULLS LAST, 3 NULLS LAST
LIMIT 20
"""

_W7 = """
WITH hits AS {keep} (
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

_STATEMENTS = {"W1": _W1, "W2": _W2, "W3": _W3, "W4": _W4, "W5": _W5, "W6": _W6, "W7": _W7, "W8": _W8}

_DUCKDB = {
    "W0": _W0_DUCKDB,
    "keep": "",
    "double": "float8",
    "day": "strftime(d, '%Y-%m-%d')",
    "microseconds": "epoch_us(last_moment - first_moment)",
    "year": "date_part('year', moment)",
    "month": "date_part('month', moment)",
    "cohort": "printf('%04d-%02d', first // 12, first % 12 + 1)",
    "names": r"""names AS (
  SELECT stack,
    parts[-1] || CASE WHEN len(parts) > 1 THEN ' located at ' || array_to_string(parts[:-2], ' => ') ELSE '' END AS name
  FROM (
    SELECT stack, [
      regexp_replace(regexp_replace(x._type, '([a-z])([A-Z])', '\1 \2', 'g'), ' ?Context$', '') || ': ' || x.id
      FOR x IN {elements}] AS parts
    FROM (SELECT DISTINCT stack FROM {source})
  )
)""",
}
_RAW = {
    **_DUCKDB,
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
    **_DUCKDB,
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
_CONTEXT = "(SELECT x ->> 'id' FROM json_array_elements({from}) AS x WHERE x ->> '_type' = '{type}Context' LIMIT 1)"
_POSTGRES = {
    "W0": _W0_POSTGRES,
    "keep": "MATERIALIZED",
    "double": "float8",
    "day": "to_char(d, 'YYYY-MM-DD')",
    "microseconds": "extract(epoch FROM last_moment - first_moment)::float8 * 1e6",
    "year": "extract(year FROM moment)",
    "month": "extract(month FROM moment)",
    "cohort": "to_char(first / 12, 'FM0000') || '-' || to_char(first % 12 + 1, 'FM00')",
    "user": "cookie_id",
    "conversions": """hits AS MATERIALIZED (
  SELECT event_id AS e, cookie_id AS u, moment AS m, coalesce(v._type = 'PressEvent'
    AND v.location_stack::jsonb @> '[{"_type": "LinkContext", "id": "Quickstart Guide"}]', FALSE) AS c
  FROM data, json_to_record(value) AS v(_type text, location_stack json)
)""",
    "features": f"""hits AS MATERIALIZED (
  SELECT cookie_id AS u, v._type AS event_type, v.location_stack AS stack, v.global_contexts AS contexts
  FROM data, json_to_record(value) AS v(_type text, _types jsonb, location_stack text, global_contexts json)
  WHERE v._types ? 'InteractiveEvent'
),
used AS MATERIALIZED (
  SELECT DISTINCT u, event_type, stack, {_CONTEXT.format(**{"from": "contexts", "type": "Application"})} AS application
  FROM hits
)""",
    "names": r"""names AS MATERIALIZED (
  SELECT stack, parts[cardinality(parts)] || CASE WHEN cardinality(parts) > 1
    THEN ' located at ' || array_to_string(trim_array(parts, 1), ' => ') ELSE '' END AS name
  FROM (
    SELECT stack, ARRAY(
      SELECT regexp_replace(regexp_replace(x ->> '_type', '([a-z])([A-Z])', '\1 \2', 'g'), ' ?Context$', '')
        || ': ' || (x ->> 'id')
      FROM json_array_elements(stack::json) WITH ORDINALITY AS y(x, i) ORDER BY i) AS parts
    FROM (SELECT DISTINCT stack FROM {source}) AS stacks
  ) AS steps
)""",
    "stack": "value ->> 'location_stack'",
    "root": "value -> 'location_stack' -> 0 ->> 'id'",
    "facts": f"""v._type AS event_type,
  {_CONTEXT.format(**{"from": "v.global_contexts", "type": "Application"})} AS application_id,
  {_CONTEXT.format(**{"from": "v.global_contexts", "type": "Path"})} AS path_id,
  v.location_stack -> 0 ->> 'id' AS root_id""",
    "parsed": "data, json_to_record(value) AS v(_type text, location_stack json, global_contexts json)",
}
_APPLICATION, _PATH = (
    f"try_element_at(filter(v.global_contexts, x -> x._type = '{name}Context'), 1).id" for name in ("Application", "Path")
)
_SPARK = {
    "W0": _W0_POSTGRES,
    "keep": "",
    "double": "double",
    "day": "date_format(d, 'yyyy-MM-dd')",
    "microseconds": "timestampdiff(MICROSECOND, first_moment, last_moment)",
    "year": "year(moment)",
    "month": "month(moment)",
    "cohort": "printf('%04d-%02d', first div 12, first % 12 + 1)",
    "user": "cookie_id",
    "conversions": """parsed AS (
  SELECT event_id AS e, cookie_id AS u, moment AS m,
    from_json(value, '_type string, location_stack array<struct<_type string, id string>>') AS v
  FROM {table}
),
hits AS (
  SELECT e, u, m, coalesce(v._type = 'PressEvent'
    AND exists(v.location_stack, x -> x._type = 'LinkContext' AND x.id = 'Quickstart Guide'), FALSE) AS c
  FROM parsed
)""",
    "features": f"""parsed AS (
  SELECT cookie_id AS u, from_json(value, '_type string, _types array<string>, location_stack string,
    global_contexts array<struct<_type string, id string>>') AS v
  FROM {{table}}
),
used AS (
  SELECT DISTINCT u, v.location_stack AS stack, v._type AS event_type, {_APPLICATION} AS application
  FROM parsed
  WHERE array_contains(v._types, 'InteractiveEvent')
)""",
    "names": r"""names AS (
  SELECT stack, try_element_at(parts, -1) || CASE WHEN size(parts) > 1
    THEN ' located at ' || array_join(slice(parts, 1, size(parts) - 1), ' => ') ELSE '' END AS name
  FROM (
    SELECT stack, transform(from_json(stack, 'array<struct<_type string, id string>>'), x ->
      regexp_replace(regexp_replace(x._type, '([a-z])([A-Z])', '$1 $2'), ' ?Context$', '') || ': ' || x.id) AS parts
    FROM (SELECT DISTINCT stack FROM {source})
  )
)""",
    "stack": "from_json(value, 'location_stack string').location_stack",
    "root": "get(from_json(value, 'location_stack array<struct<id string>>').location_stack, 0).id",
    "facts": f"""v._type AS event_type, {_APPLICATION} AS application_id, {_PATH} AS path_id,
  get(v.location_stack, 0).id AS root_id""",
    "parsed": """(
  SELECT *, from_json(value, '_type string, location_stack array<struct<id string>>,
    global_contexts array<struct<_type string, id string>>') AS v
  FROM {table}
)""",
}
_LAYOUTS = {"raw": _RAW, "typed": _TYPED, "postgres": _POSTGRES, "spark": _SPARK}


def statements(layout: str, table: str, roots: Sequence[str], months: int) -> dict[str, str]:
    """Return the SQL of each workload. The roots and the number of months are what the analyst knows of the data."""
    parts = dict(_LAYOUTS[layout])
    names, first = parts.pop("names"), parts.pop("W0")
    parts |= {
        "names of features": names.replace("{source}", "used"),
        "names of hits": names.replace("{source}", "hits"),
        "retention": _columns(range(months), 'count(*) FILTER (WHERE month - first = {0}), 0) AS "_{0}"'),
        "matrix": _columns(roots, "count(*) FILTER (WHERE root = '{0}'), 0) AS \"{0}\""),
    }
    return {name: _filled(text, {**parts, "table": table}) for name, text in {"W0": first, **_STATEMENTS}.items()}


def _columns(values: Sequence[object], column: str) -> str:
    return ",\n  ".join("nullif(" + column.format(value) for value in values)


def _filled(text: str, parts: dict[str, str]) -> str:
    for _ in range(2):  # parts have others in them
        for name, part in parts.items():
            text = text.replace("{" + name + "}", part)
    return text.strip()
