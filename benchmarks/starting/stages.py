"""Stages of starting, each in a process that has imported nothing but the standard library."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.worker import Measured, Session

HEAVY = ("duckdb", "numpy", "pandas", "polars", "psycopg", "pyarrow", "sklearn", "ibis", "sqlglot")
RUNS = 30


def _duckdb() -> None:
    import duckdb  # noqa: F401


def _package() -> None:
    import objectiv_local  # noqa: F401


def _hub() -> None:
    import objectiv_local

    objectiv_local.ModelHub()


def _frame() -> None:
    import objectiv_local

    objectiv_local.DataFrame.from_schema({"x": "int64"}).view_sql()


def _ibis() -> None:
    import ibis  # noqa: F401


STAGES: dict[str, Callable[[], None]] = {
    "import duckdb": _duckdb,
    "import objectiv_local": _package,
    "a hub": _hub,
    "a frame of a schema, as SQL": _frame,
    "import ibis": _ibis,
}


def stage(data: dict[str, Any]) -> Session:
    """Return the stage, and which of the large packages it loads."""

    def run() -> Measured:
        STAGES[data["stage"]]()
        loaded = [name for name in HEAVY if name in sys.modules]
        return Measured([0.0], {"large packages loaded": ", ".join(loaded) or "none"})

    return Session({"import": run})


def _compiled(build: Callable[[], Any], to_sql: Callable[[Any], str]) -> Measured:
    least = [float("inf"), float("inf")]
    sql = ""
    for _ in range(RUNS):
        gc.collect()
        start = time.process_time()
        made = build()
        built = time.process_time()
        sql = to_sql(made)
        least = [min(least[0], (built - start) * 1e3), min(least[1], (time.process_time() - built) * 1e3)]
        del made
    return Measured([0.0], {"CPU ms to build": least[0], "CPU ms to compile": least[1], "characters of SQL": len(sql)})


def w3(data: dict[str, Any]) -> Session:
    """Return what builds W3 and compiles it, over a raw file or a Postgres."""
    from benchmarks.workloads import ours

    program = ours.programs(*ours.events(data, data["layout"]))["W3"]
    return Session({"W3 to SQL": lambda: _compiled(program, lambda frame: frame.view_sql())})


def w3_in_ibis(data: dict[str, Any]) -> Session:
    """Return what builds W3 in Ibis and compiles it, over the typed file."""
    import ibis

    from benchmarks.workloads import in_ibis

    events = ibis.duckdb.connect().read_parquet(data["typed"])
    return Session(
        {
            "W3 to SQL": lambda: _compiled(
                lambda: in_ibis.new_and_converted_users(events), lambda frame: str(ibis.to_sql(frame, dialect="duckdb"))
            )
        }
    )
