"""Run the benchmarks: ``python -m benchmarks [--events 1000000] [--postgres]``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import compiling, running
from objectiv_local import sample

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="how many events to generate")
    parser.add_argument("--parquet", type=Path, help="a Parquet file of raw events to use instead")
    parser.add_argument("--postgres", action="store_true", help="run on Postgres 16 too; loading takes a minute per million")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    for line in compiling.rows():
        print(line)
    with tempfile.TemporaryDirectory() as scratch:
        parquet = options.parquet or Path(scratch) / "events.parquet"
        if options.parquet is None:
            sample.generate(parquet, events=options.events, seed=7)
        for line in running.rows(str(parquet), options.runs):
            print(line)
        if options.postgres:
            sys.path += [str(ROOT / "tests"), str(ROOT / "benchmarks" / "original")]
            from load_postgres import load
            from postgres_server import start

            server = start(16)
            try:
                load(parquet, server.url)
                for line in running.rows(server.url, options.runs):
                    print(line)
            finally:
                server.stop()


if __name__ == "__main__":
    main()
