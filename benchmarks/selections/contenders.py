"""Some rows of the event frame, and SQL by hand for them.

Contenders are ``ours``, ``carried`` (ours without the pass that reads JSON late) and ``hand``, SQL as one would write it for
these rows: sessions of narrow rows, and the raw rows by event id at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks import engines
from benchmarks.usage import memory
from benchmarks.worker import Measured, Session
from objectiv_local import DataFrame, ModelHub, Series, connect
from objectiv_local.dialects import compile_plan
from objectiv_local.engines import Engine
from objectiv_local.types import INT64, STRING, Type

PASS = "read JSON late"
ORDER = "ORDER BY moment, event_id"
#: Selections of the frame, and their SQL by hand: conditions on the sessions, or an order and a limit.
FRAMES: dict[str, tuple[Callable[[DataFrame, str], DataFrame], str]] = {
    "head": (lambda df, user: df.sort_index()[:5], "ORDER BY event_id LIMIT 5"),
    "first by moment": (lambda df, user: df.sort_values("moment")[:5], f"{ORDER} LIMIT 5"),
    "one user": (lambda df, user: df[df.user_id == user], "WHERE user_id = '{user}'"),
    "one day": (lambda df, user: df[df.day == "2022-02-01"], "WHERE day = DATE '2022-02-01'"),
    "first hits": (lambda df, user: df[df.session_hit_number == 1], "WHERE session_hit_number = 1"),
    "0.4 % of the events": (lambda df, user: df[_is_drawn(df)], "WHERE left(event_id::text, 2) = '00'"),
    "all events": (lambda df, user: df, ""),
}

HAND = """
WITH hits AS (
  SELECT event_id{to_uuid} AS event_id, day, moment, cookie_id{to_uuid} AS user_id FROM {table}
), starts AS (
  SELECT *, row_number() OVER w AS hit, coalesce(moment - lag(moment) OVER w > INTERVAL '30 minutes', TRUE) AS is_start
  FROM hits WINDOW w AS (PARTITION BY user_id ORDER BY moment, event_id)
), numbered AS (
  SELECT *, CASE WHEN is_start THEN row_number() OVER (PARTITION BY is_start ORDER BY moment, event_id) END AS number
  FROM starts
), sessions AS (
  SELECT event_id, day, moment, user_id, max(number) OVER w AS session_id,
         hit - max(CASE WHEN is_start THEN hit END) OVER w + 1 AS session_hit_number
  FROM numbered WINDOW w AS (PARTITION BY user_id ORDER BY moment, event_id ROWS UNBOUNDED PRECEDING)
), kept AS (SELECT * FROM sessions {kept})
SELECT k.event_id, k.day, k.moment, k.user_id, r.value -> 'location_stack' AS location_stack,
       r.value ->> '_type' AS event_type, r.value -> '_types' AS stack_event_types, k.session_id, k.session_hit_number
FROM kept AS k JOIN {table} AS r ON r.event_id = k.event_id{to_stored}
"""


def _is_drawn(df: DataFrame) -> Series:
    return df.all_series["event_id"].astype("string").str[:2] == "00"


ANSWER = ["event_id", "moment", "user_id", "event_type", "session_id", "session_hit_number"]


def opens(data: dict[str, Any]) -> Session:
    """Return what a contender asks of a layout."""
    layout, contender, question = data["layout"], data["contender"], data["question"]
    engine = connect(data[layout])
    is_file = engine.dialect == "duckdb"
    if is_file:
        engine.execute(f"SET threads = {data['threads']}")
    df = ModelHub().get_objectiv_dataframe(db_url=engine)
    table = f"read_parquet('{data['raw']}')" if is_file else "data"
    user = str(_value(engine, f"SELECT min(cookie_id::text) AS value FROM {table}", STRING))
    choose, kept = FRAMES[question]
    plan = choose(df, user)._state._chosen([*df.index_columns, *df.data_columns], None)
    statement = compile_plan(plan, engine.dialect, without=[PASS] if contender == "carried" else [])
    sql = statement.sql
    if contender == "hand":
        casts = {"to_uuid": "::uuid", "to_stored": "::varchar"} if is_file else {"to_uuid": "", "to_stored": ""}
        sql = HAND.format(table=table, kept=kept.format(user=user), **casts)

    def run() -> Measured:
        found = engine.arrow(sql, statement.schema)
        backend = None if is_file else str(_value(engine, "SELECT pg_backend_pid()::bigint AS value", INT64))
        # Without the columns of JSON, whose blanks differ.
        return Measured(found.select(ANSWER), {} if backend is None else {"MB of the server process": memory("VmHWM", backend)})

    return Session({question: run}, *engines.server(data, layout))


def _value(engine: Engine, sql: str, type_: Type) -> object:
    return engine.arrow(sql, (("value", type_),)).column(0)[0].as_py()
