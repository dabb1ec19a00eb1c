"""Run them: ``python -m benchmarks.events [--events 1000000] [--csv 1000000000] [--postgres] [--runs 5]``.

Ten questions to an event frame of a table that no schema knows, as SQL of ours and by hand on the same connection; then what it
takes to open a CSV file of that many bytes and ask for daily users, against one query of DuckDB's own ``read_csv``, each in a
process of its own. Wall and CPU seconds, the least of the runs. Exit code 1 if answers differ.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.events import clicks, questions
from benchmarks.models.answers import answer, differences
from benchmarks.models.timing import DuckDB, Postgres, Seconds, timed

ROOT = Path(__file__).parents[2]
LAYOUT = "  {:<24} {:>19} {:>19} {:>14}"
#: Bytes of a line of the CSV file, about.
_LINE = 75


def asked(target: DuckDB | Postgres, runs: int, arguments: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield the lines of one target, and whether answers are equal."""
    on_files = isinstance(target, DuckDB)
    table = f"read_parquet('{target.target}')" if on_files else "clicks"
    yield LAYOUT.format(target.name, "our SQL", "by hand", "ratio"), True
    for title, program in questions.programs(target.target, **arguments):
        ours = program().view_sql()
        hand = questions.by_hand(title, "duckdb" if on_files else "postgres", table)
        one, other = target.answer(ours), target.answer(hand)
        keys = 2 if "paths" in title else 1
        renamed = answer(one.columns, other.rows)
        wrong = differences(one, renamed, keys, tolerance=1)
        least = [Seconds(), Seconds()]
        for _ in range(runs):
            # In turns, so that a busy moment of the machine meets both.
            least = [seconds.least(timed(partial(target.run, sql), target.cpu))
                     for seconds, sql in zip(least, (ours, hand), strict=True)]
        yield LAYOUT.format(title, str(least[0]), str(least[1]), least[0].over(least[1])), not wrong
        yield from ((f"    differs: {each}", False) for each in wrong[:3])


_OURS = """
import objectiv_local as ol
events = ol.ModelHub(time_aggregation="%Y-%m-%d").events(path)
rows = ol.ModelHub(time_aggregation="%Y-%m-%d").agg.unique_users(events).to_frame().to_arrow().to_pylist()
"""
_THEIRS = """
connection = duckdb.connect(config={"threads": 2})
rows = connection.sql(f"SELECT strftime(ts, '%Y-%m-%d') AS time_aggregation, count(DISTINCT uid) AS unique_users "
                      f"FROM read_csv('{path}') GROUP BY 1 ORDER BY 1").to_arrow_table().to_pylist()
"""
_PROCESS = """
import json, resource, sys, time
import duckdb, pyarrow
import objectiv_local
path = sys.argv[1]
start, before = time.perf_counter(), time.process_time()
{}
print(json.dumps([time.perf_counter() - start, time.process_time() - before,
                  resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, rows]))
"""


def opened(path: Path, runs: int) -> Iterator[tuple[str, bool]]:
    """Yield the lines for a CSV file, and whether answers are equal."""
    yield f"  opening {path.stat().st_size / 1e6:,.0f} MB of CSV and asking for daily users", True
    found = {}
    for name, program in (("ours", _OURS), ("read_csv", _THEIRS)):
        least = [math.inf] * 3
        for _ in range(runs):
            command = [sys.executable, "-c", _PROCESS.format(program), str(path)]
            printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
            # The last line: before it, DuckDB may have drawn a progress bar.
            *figures, rows = json.loads(printed.splitlines()[-1])
            least = [min(pair) for pair in zip(least, figures, strict=True)]
        found[name] = (least, rows)
        yield f"    {name:<10} {least[0]:7.2f} s wall {least[1]:7.2f} s CPU {least[2]:8,.0f} MB", True
    (ours, rows), (theirs, other) = found.values()
    yield f"    ratio      {ours[0] / theirs[0]:7.2f}        {ours[1] / theirs[1]:7.2f}", rows == other


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.events", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="how many clicks to ask questions of")
    parser.add_argument("--csv", type=int, default=1_000_000_000, help="bytes of the CSV file, about; 0 for none")
    parser.add_argument("--postgres", action="store_true", help="run on Postgres 16 too")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    equal = True
    with tempfile.TemporaryDirectory() as scratch:
        parquet = Path(scratch) / "clicks.parquet"
        clicks.write(parquet, options.events)
        for line, same in asked(DuckDB(parquet), options.runs, {}):
            print(line, flush=True)
            equal = equal and same
        if options.postgres:
            for line, same in _on_postgres(parquet, options.runs):
                print(line, flush=True)
                equal = equal and same
        if options.csv:
            path = Path(scratch) / "clicks.csv"
            clicks.write(path, options.csv // _LINE, "(header)")
            for line, same in opened(path, min(options.runs, 3)):
                print(line, flush=True)
                equal = equal and same
            path.unlink()
    return 0 if equal else 1


def _on_postgres(parquet: Path, runs: int) -> Iterator[tuple[str, bool]]:
    sys.path.append(str(ROOT / "tests"))
    import pyarrow.parquet as pq
    from postgres_server import start

    from objectiv_local import DataFrame, connect

    server = start(16)
    try:
        DataFrame.from_arrow(connect(server.url, read_only=False), pq.read_table(parquet), name="clicks",
                             materialization="table")
        target = Postgres(server.url)
        target.run("SELECT 1")
        yield from asked(target, runs, {"table_name": "clicks"})
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
