"""Some of the programs in Ibis."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from benchmarks import engines
from benchmarks.compiling.data import DATA, ROWS
from benchmarks.worker import Measured, Session


def duckdb(data: dict[str, Any]) -> Session:
    """Return what builds, compiles and runs a program."""
    import ibis

    connection = engines.duckdb_connection(data)
    connection.execute(f"CREATE TABLE data AS {DATA.format(rows=f'range({ROWS})')}")

    def table() -> Any:
        return ibis.table({"id": "int64", "g": "string", "x": "int64", "y": "float64"}, name="data")

    def assignments(n: int) -> Any:
        t = table()
        for _ in range(n):
            t = t.mutate(x=t.x + 1)
        return t

    def columns(n: int) -> Any:
        t = table()
        return t.mutate(**{f"c{i}": t.x * i + t.y for i in range(n)})

    def filters(n: int) -> Any:
        t = table()
        for i in range(n):
            t = t.filter(t.x > -i)
        return t

    def pipeline(n: int) -> Any:
        t = table()
        for i in range(n):
            if i % 5 == 4:
                t = t.filter(t.x > -i)
            elif i % 25 == 12:
                t = t.group_by("g").agg(x=t.x.sum(), y=t.y.max())
            else:
                t = t.mutate(**{f"c{i % 7}": t.x + i})
                t = t.mutate(x=t[f"c{i % 7}"] - t.x)
        return t

    def merges(n: int) -> Any:
        left = table()
        for i in range(n):
            left = left.join(table().select("id", **{f"y{i}": table().y}).view(), "id")
        return left

    def action(program: Callable[[int], Any]) -> Callable[[], Measured]:
        def run() -> Measured:
            start = time.process_time()
            made = program(data["size"])
            built = time.process_time()
            sql = ibis.to_sql(made, dialect="duckdb")
            compiled = time.process_time()
            connection.sql(sql).to_arrow_table()
            return Measured(
                [float(data["size"])],
                {
                    "CPU seconds to build": built - start,
                    "CPU seconds to compile": compiled - built,
                    "characters of SQL": len(sql),
                },
            )

        return run

    programs = {
        "assignments": assignments,
        "columns": columns,
        "filters": filters,
        "pipeline steps": pipeline,
        "merges": merges,
    }
    return Session({name: action(program) for name, program in programs.items()})
