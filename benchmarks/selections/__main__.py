"""Run them: ``python -m benchmarks.selections [--events 1000000] [--parquet FILE] [--postgres] [--runs 3]``.

Prints wall seconds, CPU seconds of client and server, and MB: by how much the client grew on DuckDB, the most that the
server process held on Postgres. Each contender runs in a process of its own; figures are the least of the runs. Exit code 1
if answers differ. Linux only.
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

from benchmarks.models.timing import SETTINGS
from benchmarks.selections.measure import FRAMES
from objectiv_local import sample

ROOT = Path(__file__).parents[2]
CONTENDERS = ("ours", "hand", "carried")
LAYOUT = "  {:<20} {:<9} {:>8} {:>8} {:>8}  {}"


def lines(target: str, names: list[str], runs: int) -> Iterator[tuple[str, bool]]:
    """Yield the lines of a target, and whether the answer is that of the contender before."""
    for name in names:
        answers: list[Any] = []
        for contender in CONTENDERS:
            least = dict.fromkeys(("wall", "cpu", "grown"), math.inf)
            for _ in range(runs):
                command = [sys.executable, "-m", "benchmarks.selections.measure", target, name, contender]
                found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                answers.append(found["answer"])
                least = {figure: min(value, found[figure]) for figure, value in least.items()}
            same = answers[-1] == answers[0]
            yield LAYOUT.format(name, contender, f"{least['wall']:.2f}", f"{least['cpu']:.2f}", f"{least['grown']:.0f}",
                                f"{answers[-1][0]:,} rows" if same else "DIFFERS"), same


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.selections", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="how many events to generate")
    parser.add_argument("--parquet", type=Path, help="a Parquet file of raw events to use instead")
    parser.add_argument("--postgres", action="store_true", help="run on Postgres 16 too; loading takes a minute per million")
    parser.add_argument("--only", nargs="+", metavar="NAME", help=f"of {', '.join(FRAMES)}")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    names = [name for name in FRAMES if not options.only or name in options.only]
    equal = True
    with tempfile.TemporaryDirectory() as scratch:
        parquet = options.parquet or Path(scratch) / "events.parquet"
        if options.parquet is None:
            sample.generate(parquet, events=options.events, seed=7)
        targets = [("DuckDB over Parquet", str(parquet), None)]
        if options.postgres:
            targets.append(("Postgres", *_loaded(parquet)))
        for title, target, server in targets:
            print(title + LAYOUT.format("", "", "wall", "CPU", "MB", "")[len(title):])
            try:
                for line, same in lines(target, names, options.runs):
                    equal = equal and same
                    print(line, flush=True)
            finally:
                if server is not None:
                    server.stop()
    return 0 if equal else 1


def _loaded(parquet: Path) -> tuple[str, Any]:
    """Return the address of a new server with the events in a table, and the server."""
    sys.path += [str(ROOT / "tests"), str(ROOT / "benchmarks" / "original")]
    from load_postgres import load
    from postgres_server import start

    server = start(16)
    with psycopg.connect(server.url, autocommit=True) as connection:
        for name, value in SETTINGS.items():
            connection.execute(f"ALTER ROLE CURRENT_USER SET {name} = '{value}'".encode())
    load(parquet, server.url)
    return server.url, server


if __name__ == "__main__":
    sys.exit(main())
