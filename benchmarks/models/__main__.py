"""Run them: ``python -m benchmarks.models [--events 100000] [--parquet FILE] [--postgres] [--original-python PY39]``.

Times are of the SQL that ours compiles to against SQL by hand on the same connection; and, as "call", of a whole call to
pandas, of the queries that building a frame asks too, against that of the original release. Exit code 1 if answers differ.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.models.answers import Answer, differences
from benchmarks.models.timing import DuckDB, Postgres, Seconds, timed
from benchmarks.models.workloads import WORKLOADS, Programs
from objectiv_local import DataFrame, Series, sample

ROOT = Path(__file__).parents[2]
EXAMPLES = 3
LAYOUT = "  {:<34} {:>19} {:>19} {:>14} {:>19} {:>19} {:>16}"


class Report:
    """Runs workloads on one target, and compares every answer with the first one that there was of its workload."""

    def __init__(self, runs: int) -> None:
        self.runs = runs
        self.answers: dict[str, Answer] = {}
        self.differing = 0

    def rows(self, target: DuckDB | Postgres, names: list[str], original: dict[str, Any]) -> Iterator[str]:
        """Yield the lines of one target."""
        yield f"{target.name}: wall seconds, least of {self.runs} (CPU of client and server)"
        yield LAYOUT.format("", "our SQL", "SQL by hand", "ratio", "our call", "original's call", "original/ours")
        programs = Programs(target.target).programs()
        for name in names:
            program = programs[name]
            frame = program()
            ours = frame.view_sql()
            hand = target.hand_sql(name, frame.data_columns if isinstance(frame, DataFrame) else [])
            yield from self._compared(name, "ours", target.answer(ours))
            yield from self._compared(name, "by hand", target.answer(hand))
            sql, by_hand, call = Seconds(), Seconds(), Seconds()
            for _ in range(self.runs):
                # In turns, so that a busy moment of the machine meets all.
                sql = sql.least(timed(partial(target.run, ours), target.cpu))
                by_hand = by_hand.least(timed(partial(target.run, hand), target.cpu))
                call = call.least(timed(partial(_call, program), target.cpu))
            theirs: tuple[object, str] = ("", "")
            if name in original:
                found = original[name]
                if "error" in found:
                    self.differing += 1
                    yield f"    {name}, original: {found['error']}"
                else:
                    rows = [tuple(row) for row in found["rows"]]
                    yield from self._compared(name, "original", Answer(tuple(found["columns"]), rows))
                    seconds = Seconds(found["wall"], found["cpu"])
                    theirs = (seconds, seconds.over(call))
            title = f"{name} {WORKLOADS[name].title}"
            yield LAYOUT.format(title, str(sql), str(by_hand), sql.over(by_hand), str(call), *map(str, theirs))

    def _compared(self, name: str, contender: str, found: Answer) -> Iterator[str]:
        workload = WORKLOADS[name]
        first = self.answers.setdefault(name, found)
        wrong = differences(first, found, len(workload.keys), workload.tolerance)
        if wrong:
            self.differing += 1
            yield f"    {name}, {contender}: {len(wrong)} differences from the first answer"
            yield from (f"      {difference}" for difference in wrong[:EXAMPLES])


def _call(program: Callable[[], DataFrame | Series]) -> None:
    program().to_pandas()


def _original(python: str, url: str, names: list[str], runs: int, scratch: Path) -> dict[str, Any]:
    """Return what the original release answers, with seconds."""
    out = scratch / "original.json"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([python, str(Path(__file__).with_name("run_original.py")), "--url", url, "--out", str(out),
                    "--runs", str(runs), "--workloads", *names], check=True, env=environment)
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000, help="how many events to generate")
    parser.add_argument("--parquet", type=Path, help="a Parquet file of raw events to use instead")
    parser.add_argument("--postgres", action="store_true", help="run on Postgres 16 too; loading takes a minute per million")
    parser.add_argument("--original-python", help="Python of the original's environment, to run it on Postgres as well")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workloads", nargs="+", choices=list(WORKLOADS), default=list(WORKLOADS))
    options = parser.parse_args()
    report = Report(options.runs)
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        parquet = options.parquet or scratch / "events.parquet"
        if options.parquet is None:
            sample.generate(parquet, events=options.events, seed=7)
        for line in report.rows(DuckDB(parquet), options.workloads, {}):
            print(line, flush=True)
        if options.postgres or options.original_python:
            sys.path += [str(ROOT / "tests"), str(ROOT / "benchmarks" / "original")]
            from load_postgres import load
            from postgres_server import start

            server = start(16)
            try:
                load(parquet, server.url)
                target = Postgres(server.url)
                original = {}
                if options.original_python:
                    original = _original(options.original_python, server.url, options.workloads, options.runs, scratch)
                for line in report.rows(target, options.workloads, original):
                    print(line, flush=True)
            finally:
                server.stop()
    return 1 if report.differing else 0


if __name__ == "__main__":
    sys.exit(main())
