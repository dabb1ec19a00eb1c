"""Run them: ``python -m benchmarks.sizes [--postgres] [--sizes 10 100 1000 10000] [--limit 60] [--constructs NAME ...]``.

Each cell is a process of its own. A construct that fails or does not end in time is not tried in larger sizes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.sizes.constructs import CONSTRUCTS, load_postgres
from benchmarks.sizes.measure import Measured, measured

ROOT = Path(__file__).parents[2]
SIZES = (10, 100, 1_000, 10_000)
#: Times below this say little of how they grow.
LEAST = 0.05


def rows(names: list[str], sizes: list[int], target: str, limit: float) -> Iterator[str]:
    """Yield the lines of one engine. ``growth`` is how many times longer a program takes than one of the size before."""
    engine = "DuckDB" if target == "duckdb" else "Postgres"
    yield f"| {engine} | size | build s | compile s | SQL characters | run s | memory MB | growth |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for name in names:
        before: Measured | None = None
        for size in sizes:
            found = measured(name, size, target, limit)
            if found.error:
                yield f"| {name} | {size:,} | {found.error[:150].replace('|', '/')} | | | | | |"
                if "Error" in found.error or "not done" in found.error or "ended" in found.error:
                    break
                continue
            growth = f"x{found.total / before.total:.1f}" if before is not None and before.total > LEAST else ""
            yield (f"| {name} | {size:,} | {found.build:.2f} | {found.compile:.2f} | {found.characters:,} | {found.run:.2f} "
                   f"| {found.memory:.0f} | {growth} |")
            before = found


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sizes", description=__doc__)
    parser.add_argument("--postgres", action="store_true", help="run on Postgres 16 too")
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--constructs", nargs="+", choices=list(CONSTRUCTS), default=list(CONSTRUCTS))
    parser.add_argument("--limit", type=float, default=60, help="seconds after which a program is ended")
    options = parser.parse_args()
    targets = ["duckdb"]
    server = None
    if options.postgres:
        sys.path.append(str(ROOT / "tests"))
        from postgres_server import start

        server = start(16)
        targets.append(server.url)
    try:
        if server is not None:
            load_postgres(server.url)
        for target in targets:
            for line in rows(options.constructs, options.sizes, target, options.limit):
                print(line, flush=True)
    finally:
        if server is not None:
            server.stop()


if __name__ == "__main__":
    main()
