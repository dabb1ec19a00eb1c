"""Run them: ``python -m benchmarks.analyses [--events 1000000] [--postgres] [--runs 3]``.

Each analysis as the SQL of this package and by hand on the same connection, which have to give equal answers; and, over the
Parquet file, in Polars. Wall and CPU seconds, the least of the runs. Exit code 1 if answers differ.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.analyses import in_polars, questions
from benchmarks.events import clicks
from benchmarks.models.answers import answer, differences
from benchmarks.models.timing import DuckDB, Postgres, Seconds, timed

ROOT = Path(__file__).parents[2]
LAYOUT = "  {:<22} {:>19} {:>19} {:>14} {:>19} {:>14}"


def asked(target: DuckDB | Postgres, runs: int, arguments: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield the lines of one target, and whether answers are equal."""
    on_files = isinstance(target, DuckDB)
    table = f"read_parquet('{target.target}')" if on_files else "clicks"
    polars = ("Polars", "ratio") if on_files else ("", "")
    yield LAYOUT.format(target.name, "our SQL", "by hand", "ratio", *polars), True
    for title, program in questions.programs(target.target, **arguments):
        ours = program().view_sql()
        hand = questions.by_hand(title, "duckdb" if on_files else "postgres", table)
        one, other = target.answer(ours), target.answer(hand)
        wrong = differences(one, answer(one.columns, other.rows), questions.KEYS.get(title, 1), tolerance=1e-9)
        least = [Seconds(), Seconds(), Seconds()]
        actions = [partial(target.run, ours), partial(target.run, hand)]
        if on_files and title in in_polars.PROGRAMS:
            actions.append(partial(in_polars.run, title, Path(target.target)))
        for _ in range(runs):
            # In turns, so that a busy moment of the machine meets all.
            for place, action in enumerate(actions):
                least[place] = least[place].least(timed(action, time.process_time if place == 2 else target.cpu))
        beside = (str(least[2]), least[0].over(least[2])) if len(actions) > 2 else ("", "")
        yield LAYOUT.format(title, str(least[0]), str(least[1]), least[0].over(least[1]), *beside), not wrong
        yield from ((f"    differs: {each}", False) for each in wrong[:3])


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analyses", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="how many clicks to analyze")
    parser.add_argument("--postgres", action="store_true", help="run on Postgres 16 too")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    equal = True
    with tempfile.TemporaryDirectory() as scratch:
        parquet = Path(scratch) / "clicks.parquet"
        clicks.write(parquet, options.events)
        lines = asked(DuckDB(parquet), options.runs, {})
        for line, same in lines:
            print(line, flush=True)
            equal = equal and same
        if options.postgres:
            for line, same in _on_postgres(parquet, options.runs):
                print(line, flush=True)
                equal = equal and same
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
