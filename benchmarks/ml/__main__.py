"""Run them: ``python -m benchmarks.ml [--rows 1000000] [--postgres] [--only NAME ...]``.

Prints wall seconds, CPU seconds of client and server, and by how many MB the memory of the client grew, of each contender
in a process of its own; the least of the runs. Exit code 1 if answers differ, or if a contender fails. Linux only.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.ml.rows import generate, load_postgres
from benchmarks.ml.tasks import TASKS
from benchmarks.models.timing import SETTINGS

ROOT = Path(__file__).parents[2]
LAYOUT = "{:<44} {:<9} {:<8} {:>9} {:>9} {:>9}  {}"


class Report:
    """Runs contenders on targets, and compares each answer with the first one that there was of its task."""

    def __init__(self, models: Path, runs: int, timeout: float) -> None:
        self.models, self.runs, self.timeout = models, runs, timeout
        self.answers: dict[str, list[float]] = {}
        self.failures = 0

    def lines(self, title: str, target: str, names: list[str]) -> Iterator[str]:
        """Yield the lines of a target."""
        for name in names:
            for contender in TASKS[name].contenders:
                found = self.least(target, name, contender)
                note = found.get("error") or self.difference(name, found["answer"])
                self.failures += bool(note)
                figures = [f"{found[each]:.2f}" if each in found else "-" for each in ("wall", "cpu")]
                grown = f"{found['grown']:.0f}" if "grown" in found else "-"
                yield LAYOUT.format(TASKS[name].title, title, contender, *figures, grown, note or "equal")

    def least(self, target: str, task: str, contender: str) -> dict[str, Any]:
        """Return the answer of a contender, with the least figures of its runs, or what went wrong."""
        least: dict[str, Any] = {}
        for _ in range(self.runs):
            found = self.run(target, task, contender)
            if "error" in found:
                return found
            least = {"answer": found["answer"], **{each: min(found[each], least.get(each, math.inf))
                                                   for each in ("wall", "cpu", "grown")}}
        return least

    def run(self, target: str, task: str, contender: str) -> dict[str, Any]:
        """Return what a process of its own printed."""
        command = [sys.executable, "-m", "benchmarks.ml.measure", target, str(self.models), task, contender]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=self.timeout)
        except subprocess.TimeoutExpired:
            return {"error": f"not done after {self.timeout:.0f} s"}
        if done.returncode:
            return {"error": (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]}
        found: dict[str, Any] = json.loads(done.stdout) if done.stdout else {}
        return found

    def difference(self, task: str, answer: list[float]) -> str:
        """Return how an answer differs from the first one; nothing if it does not."""
        first, tolerance = self.answers.setdefault(task, answer), TASKS[task].tolerance
        if len(first) != len(answer):
            return f"{len(answer)} numbers, not {len(first)}"
        scale = max((abs(number) for number in first), default=0.0)
        wrong = [(one, other) for one, other in zip(first, answer, strict=True)
                 if not math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance * min(scale, 1))]
        return f"{len(wrong)} of {len(first)} differ: {wrong[0][1]!r}, not {wrong[0][0]!r}" if wrong else ""


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ml", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--postgres", action="store_true", help="run on Postgres 16 too; loading takes a minute")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="tasks whose name starts so: stream, fit, mean, rows ...")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=600, help="seconds that a contender may take")
    options = parser.parse_args()
    names = [name for name in TASKS if not options.only or name.startswith(tuple(options.only))]
    if not names:
        parser.error(f"no task is named so; there are: {', '.join(TASKS)}")
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        parquet = scratch / "rows.parquet"
        generate(parquet, options.rows)
        report = Report(scratch, options.runs, options.timeout)
        if any(name.startswith(("mean", "rows")) for name in names):
            failed = report.run(str(parquet), "prepare", "").get("error")
            if failed:
                raise RuntimeError(failed)
        print(f"{options.rows:,} rows; seconds and MB, least of {options.runs}")
        print(LAYOUT.format("", "engine", "", "wall", "CPU", "memory", "answer"))
        for line in report.lines("DuckDB", str(parquet), names):
            print(line, flush=True)
        if options.postgres:
            sys.path.append(str(ROOT / "tests"))
            from postgres_server import start

            server = start(16)
            try:
                with psycopg.connect(server.url, autocommit=True) as connection:
                    for name, value in SETTINGS.items():
                        connection.execute(f"ALTER ROLE CURRENT_USER SET {name} = '{value}'".encode())
                load_postgres(parquet, server.url)
                for line in report.lines("Postgres", server.url, names):
                    print(line, flush=True)
            finally:
                server.stop()
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
