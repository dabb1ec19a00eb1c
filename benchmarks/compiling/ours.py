"""The programs on this library."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from benchmarks import engines
from benchmarks.compiling.constructs import CONSTRUCTS
from benchmarks.compiling.data import DATA, ROWS
from benchmarks.worker import Measured, Session
from objectiv_local import DataFrame, connect


def _table(data: dict[str, Any], on: str) -> DataFrame:
    if on == "postgres":
        # The server ends what takes too long, because it would not notice that the process is ended.
        return DataFrame.from_table(connect(data["postgres"], statement_timeout=data["limit"]), "data", key="id", index="id")
    connection = engines.duckdb_connection(data)
    connection.execute(f"CREATE TABLE data AS {DATA.format(rows=f'range({ROWS})')}")
    return DataFrame.from_table(connect(connection), "data", key="id", index="id")


def _session(data: dict[str, Any], on: str) -> Session:
    # What the first query loads is not the program's own.
    _table(data, on).groupby("g").x.sum().to_frame().to_arrow()

    def action(construct: Callable[[DataFrame, int], Any]) -> Callable[[], Measured]:
        df = _table(data, on)

        def run() -> Measured:
            start = time.process_time()
            frame = engines.as_frame(construct(df, data["size"]))
            built = time.process_time()
            characters = len(frame.view_sql())
            compiled = time.process_time()
            frame.to_arrow()
            return Measured(
                [float(data["size"])],
                {
                    "CPU seconds to build": built - start,
                    "CPU seconds to compile": compiled - built,
                    "characters of SQL": characters,
                },
            )

        return run

    return Session({data["question"]: action(CONSTRUCTS[data["question"]])}, *engines.server(data, on))


def duckdb(data: dict[str, Any]) -> Session:
    """Return what builds, compiles and runs a program on DuckDB."""
    return _session(data, "duckdb")


def postgres(data: dict[str, Any]) -> Session:
    """Return what builds, compiles and runs a program on Postgres."""
    return _session(data, "postgres")
