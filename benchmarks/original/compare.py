"""Compare our answers with those of the original release, on the same events in a real Postgres.

    python benchmarks/original/compare.py --original-python ENV/bin/python --parquet data/sample.parquet

Starts a Postgres, loads the events, lets the original (see run_original.py for its environment) and ours answer every
case into CSV files, and prints a table of differences. Ours runs twice: on the Parquet file and on the same Postgres.
Exit code 1 if any answer differs.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cases import CASES, TIMINGS
from load_postgres import load

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

TOLERANCE = 1e-9
EXAMPLES = 3

Runner = Callable[[str, Path], None]
Row = dict[str, str]


@dataclass
class Comparison:
    """One case: the rows of both sides (None where there is no file) and a sentence per difference."""

    case: str
    original: int | None
    ours: int | None
    differences: list[str] = field(default_factory=list)


def compare(original: Path, ours: Path) -> list[Comparison]:
    """Return the comparison of every case; both directories hold one CSV file per case."""
    return [_compare_case(name, original / f"{name}.csv", ours / f"{name}.csv") for name in CASES]


def _compare_case(name: str, original: Path, ours: Path) -> Comparison:
    left, right = _read(original), _read(ours)
    result = Comparison(name, None if left is None else len(left[1]), None if right is None else len(right[1]))
    columns = list(CASES[name].columns)
    for side, table in (("original", left), ("ours", right)):
        if table is None:
            result.differences.append(f"{side}: no file")
        elif table[0] != columns:
            result.differences.append(f"{side}: columns {table[0]}, expected {columns}")
    if left is None or right is None or result.differences:
        return result
    keyed = []
    for side, (_, rows) in (("original", left), ("ours", right)):
        by_key, repeated = _by_key(name, rows)
        result.differences += [f"{side}: key {key} repeated" for key in repeated]
        keyed.append(by_key)
    result.differences += _compare_rows(CASES[name].columns, *keyed)
    return result


def _read(path: Path) -> tuple[list[str], list[Row]] | None:
    if not path.exists():
        return None
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
        return list(reader.fieldnames or []), rows


def _by_key(name: str, rows: list[Row]) -> tuple[dict[tuple[str, ...], Row], list[tuple[str, ...]]]:
    keys = CASES[name].keys
    by_key: dict[tuple[str, ...], Row] = {}
    repeated = []
    for row in rows:
        key = tuple(row[column] for column in keys)
        if key in by_key:
            repeated.append(key)
        by_key[key] = row
    return by_key, repeated


def _compare_rows(
    kinds: dict[str, str], original: dict[tuple[str, ...], Row], ours: dict[tuple[str, ...], Row]
) -> list[str]:
    differences = []
    for key in sorted(original.keys() | ours.keys()):
        if key not in ours:
            differences.append(f"{key}: only in original: {original[key]}")
        elif key not in original:
            differences.append(f"{key}: only in ours: {ours[key]}")
        else:
            cells = [
                f"{column} original {original[key][column]!r}, ours {ours[key][column]!r}"
                for column, kind in kinds.items()
                if not _same(original[key][column], ours[key][column], kind)
            ]
            if cells:
                differences.append(f"{key}: {'; '.join(cells)}")
    return differences


def _same(original: str, ours: str, kind: str) -> bool:
    """Whether two cells agree: floats within the tolerance, all else exactly; empty is NULL and equals only itself."""
    if kind != "float" or not original or not ours:
        return original == ours
    return math.isclose(float(original), float(ours), rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def report(title: str, comparisons: list[Comparison], original: Path, ours: Path) -> str:
    """Return the comparisons as a text table, with the seconds of both sides and the first differences of each case."""
    seconds = [_seconds(original), _seconds(ours)]
    header = ("case", "rows original", "rows ours", "s original", "s ours", "differences")
    layout = "{:<40} {:>13} {:>11} {:>10} {:>9} {:>11}"
    lines = [title, layout.format(*header)]
    for each in comparisons:
        counts = ["-" if count is None else f"{count:,}" for count in (each.original, each.ours)]
        times = [f"{side[each.case]:.3f}" if each.case in side else "-" for side in seconds]
        lines.append(layout.format(each.case, *counts, *times, f"{len(each.differences):,}"))
        lines += [f"    {difference}" for difference in each.differences[:EXAMPLES]]
        if len(each.differences) > EXAMPLES:
            lines.append(f"    and {len(each.differences) - EXAMPLES:,} more")
    return "\n".join(lines)


def _seconds(directory: Path) -> dict[str, float]:
    path = directory / TIMINGS
    return json.loads(path.read_text(encoding="utf-8"))["seconds"] if path.exists() else {}


def runner(command: list[str], option: str) -> Runner:
    """Return a function that runs the command with the target under this option, and `--out` for its answers."""

    def run(target: str, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        for name in CASES:  # an answer of an earlier run must not stand in for one that is missing now
            (directory / f"{name}.csv").unlink(missing_ok=True)
        subprocess.run([*command, option, target, "--out", str(directory)], check=True)

    return run


@contextmanager
def postgres(url: str | None, version: int) -> Iterator[str]:
    """Yield the URL of a Postgres: the given one, or one that is started here and stopped at the end."""
    if url is not None:
        yield url
        return
    sys.path.insert(0, str(ROOT / "tests"))
    from postgres_server import start

    server = start(version)
    try:
        yield server.url
    finally:
        server.stop()


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--original-python", required=True, help="Python of the original's environment")
    parser.add_argument("--original-jit", choices=("on", "off"), help="Postgres' JIT for the original only")
    parser.add_argument("--parquet", type=Path, default=ROOT / "data" / "sample.parquet", help="raw events")
    parser.add_argument("--ours", type=shlex.split, help="command that answers with ours (default: run_ours.py)")
    parser.add_argument("--postgres-version", type=int, default=16, help="version to start (default: %(default)s)")
    parser.add_argument("--postgres-url", help="a running Postgres without a table `data`, in place of starting one")
    parser.add_argument("--out", type=Path, help="keep the answers in this directory")
    arguments = parser.parse_args()

    jit = ["--jit", arguments.original_jit] if arguments.original_jit else []
    run_original = runner([arguments.original_python, str(HERE / "run_original.py"), *jit], "--url")
    run_ours = runner(arguments.ours or [sys.executable, str(HERE / "run_ours.py")], "--target")

    failed = False
    with (
        tempfile.TemporaryDirectory() as scratch,
        postgres(arguments.postgres_url, arguments.postgres_version) as url,
    ):
        out = arguments.out or Path(scratch)
        print(f"{load(arguments.parquet, url):,} events loaded from {arguments.parquet.name}", flush=True)
        run_original(url, out / "original")
        for name, target in (("parquet", str(arguments.parquet)), ("postgres", url)):
            run_ours(target, out / f"ours-{name}")
            comparisons = compare(out / "original", out / f"ours-{name}")
            print(report(f"\nours on {name}", comparisons, out / "original", out / f"ours-{name}"), flush=True)
            failed = failed or any(each.differences for each in comparisons)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
