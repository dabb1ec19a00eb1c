"""Generated SQL against hand-written SQL, on DuckDB over Parquet and on Postgres over the raw table."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import psycopg

from benchmarks import hand_sql
from benchmarks.programs import event_frame, programs

Rows = list[tuple[object, ...]]
Run = Callable[[str], Rows]
THREADS = 2


def rows(target: str, runs: int) -> Iterator[str]:
    """Yield the lines of the report of one target: a Parquet file or a Postgres address."""
    hub, df = event_frame(target)
    is_file = Path(target).exists()
    dialect = "duckdb" if is_file else "postgres"
    run, cpu = _duckdb() if is_file else _postgres(target)
    table = f"read_parquet('{target}')" if is_file else "data"
    yield f"{dialect}: seconds, least of {runs} (CPU)      ours              by hand           ratio  (CPU)"
    for question, series in programs(hub, df).items():
        ours = series.view_sql()
        for ids_are_text in ((True, False) if is_file else (False,)):
            hand = hand_sql.statement(question, dialect, table, ids_are_text=ids_are_text)
            _check_equal(question, run(ours), run(hand))
            a, b = _timed(run, cpu, ours, hand, runs)
            note = "" if ids_are_text or not is_file else ", ids left as text"
            yield (f"  {question + note:48} {a[0]:7.3f} ({a[1]:6.3f})  {b[0]:7.3f} ({b[1]:6.3f})  "
                   f"{a[0] / b[0]:5.2f}  ({a[1] / b[1]:4.2f})")


def _timed(run: Run, cpu: Callable[[], float], ours: str, hand: str, runs: int) -> list[tuple[float, float]]:
    least = [(math.inf, math.inf), (math.inf, math.inf)]
    for _ in range(runs):
        # In turns, so that a busy moment of the machine meets both.
        for position, sql in enumerate((ours, hand)):
            start, start_cpu = time.perf_counter(), cpu()
            run(sql)
            spent = (time.perf_counter() - start, cpu() - start_cpu)
            least[position] = (min(least[position][0], spent[0]), min(least[position][1], spent[1]))
    return least


def _check_equal(question: str, ours: Rows, hand: Rows) -> None:
    same = len(ours) == len(hand) and all(
        a[0] == b[0] and math.isclose(float(str(a[1])), float(str(b[1])), rel_tol=1e-9, abs_tol=1)
        for a, b in zip(ours, hand, strict=True))
    if not same:
        raise SystemExit(f"{question}: the answers differ: {ours[:3]} and {hand[:3]}")


def _duckdb() -> tuple[Run, Callable[[], float]]:
    connection = duckdb.connect(config={"threads": THREADS})
    return lambda sql: connection.sql(sql).fetchall(), time.process_time


def _postgres(url: str) -> tuple[Run, Callable[[], float]]:
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("SET jit = off; SET work_mem = '256MB'; SET TimeZone = 'UTC'; "
                       "SET max_parallel_workers_per_gather = 0")
    ticks = os.sysconf("SC_CLK_TCK")

    def cpu() -> float:
        # Fields 14 and 15: ticks that the backend spent in user and in kernel mode.
        fields = Path(f"/proc/{connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / ticks

    return lambda sql: connection.execute(sql.encode()).fetchall(), cpu
