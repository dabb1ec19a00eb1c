"""Run them: ``python -m benchmarks.frames [--rows 1000000] [--postgres] [--ibis-python PYTHON]``.

Ibis has its own environment, because its requirements and ours may not fit together: ``pip install 'ibis-framework[duckdb]'``.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from pathlib import Path

from benchmarks.frames import everyday, shapes

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frames", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--postgres", action="store_true", help="run on Postgres 16 too")
    parser.add_argument("--ibis-python", help="the interpreter of an environment with Ibis")
    options = parser.parse_args()
    for line in shapes.rows(options.ibis_python):
        print(line, flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "rows.parquet"
        everyday.generate(path, options.rows)
        server = None
        if options.postgres:
            sys.path.append(str(ROOT / "tests"))
            from postgres_server import start

            server = start(16)
        try:
            if server is not None:
                everyday.load_postgres(path, server.url)
            for line in everyday.rows(path, options.runs, server.url if server is not None else None):
                print(line, flush=True)
        finally:
            if server is not None:
                server.stop()
    print(f"most memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
