"""Compare our answers with those of the original release, on the same events in a real Postgres.

    python benchmarks/original/compare.py --original-python ENV/bin/python --parquet data/sample.parquet

Starts a Postgres, loads the events, lets the original (see run_original.py for its environment) and ours answer every
case into CSV files, and prints a table of differences. Ours runs twice: on the Parquet file and on the same Postgres.
Differences that are meant are declared in cases.py and counted apart. Exit code 1 if any other answer differs.
With --awkward, the events are made up on the spot, of all that is hard to get right (see awkward.py).
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
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import awkward
from cases import CASES, END_DATE, INTENDED, START_DATE, TIMINGS, Row
from load_postgres import load

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

TOLERANCE = 1e-9
EXAMPLES = 3
LINE = 400  # ids can be very long

Runner = Callable[[str, Path], None]


@dataclass
class Comparison:
    """One case: the rows of both sides (None where there is no answer), and a sentence per difference.

    Differences that are meant are counted by their reason.
    """

    case: str
    original: int | None = None
    ours: int | None = None
    differences: list[str] = field(default_factory=list)
    intended: Counter[str] = field(default_factory=Counter)

    def add(self, sentence: str, original: Row | None, ours: Row | None) -> None:
        """Add the difference of two rows, under the first reason that explains it."""
        for each in INTENDED.get(self.case, ()):
            if each.explains(original, ours):
                self.intended[each.reason] += 1
                return
        self.differences.append(sentence)


def compare(original: Path, ours: Path) -> list[Comparison]:
    """Return the comparison of every case; both directories hold one CSV file per case, or why there is none."""
    return [_compare_case(name, original, ours) for name in CASES]


def _compare_case(name: str, original: Path, ours: Path) -> Comparison:
    left, right = _read(original / f"{name}.csv"), _read(ours / f"{name}.csv")
    result = Comparison(name, None if left is None else len(left), None if right is None else len(right))
    if right is None:
        result.differences.append(f"ours: {_error(ours, name)}")
    if left is None:
        error = _error(original, name)
        reason = next((each.reason for each in INTENDED.get(name, ()) if each.error and each.error in error), None)
        if reason is None:
            result.differences.append(f"original: {error}")
        else:
            result.intended[reason] += 1
    elif right is not None:
        if CASES[name].keys is None:
            _compare_bags(result, left, right)
        else:
            _compare_rows(result, left, right)
    return result


def _read(path: Path) -> list[Row] | None:
    if not path.exists():
        return None
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _error(directory: Path, name: str) -> str:
    path = directory / f"{name}.error"
    return path.read_text(encoding="utf-8").strip() if path.exists() else "no answer"


def _compare_rows(result: Comparison, left: list[Row], right: list[Row]) -> None:
    """Add the differences of rows with equal keys."""
    original, ours = _by_key(result, "original", left), _by_key(result, "ours", right)
    kinds = CASES[result.case].columns
    for key in sorted(original.keys() | ours.keys()):
        before, now = original.get(key), ours.get(key)
        if before is None or now is None:
            result.add(f"{key}: only in {'ours' if before is None else 'original'}: {now or before}", before, now)
            continue
        cells = [
            f"{column} original {before[column]!r}, ours {now[column]!r}"
            for column, kind in kinds.items()
            if not _same(before[column], now[column], kind)
        ]
        if cells:
            result.add(f"{key}: {'; '.join(cells)}", before, now)


def _by_key(result: Comparison, side: str, rows: list[Row]) -> dict[tuple[str, ...], Row]:
    keys = CASES[result.case].keys
    assert keys is not None
    by_key: dict[tuple[str, ...], Row] = {}
    for row in rows:
        key = tuple(row[column] for column in keys)
        if key in by_key:
            result.differences.append(f"{side}: key {key} repeated")
        by_key[key] = row
    return by_key


def _compare_bags(result: Comparison, left: list[Row], right: list[Row]) -> None:
    """Add each row that one side has more often than the other, as often as that."""
    original, ours = (Counter(tuple(row.items()) for row in rows) for rows in (left, right))
    for cells in (original - ours).elements():
        result.add(f"only in original: {dict(cells)}", dict(cells), None)
    for cells in (ours - original).elements():
        result.add(f"only in ours: {dict(cells)}", None, dict(cells))


def _same(original: str, ours: str, kind: str) -> bool:
    """Whether two cells agree: floats within the tolerance, all else exactly; empty is NULL and equals only itself."""
    if kind != "float" or not original or not ours:
        return original == ours
    return math.isclose(float(original), float(ours), rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def report(title: str, comparisons: list[Comparison], original: Path, ours: Path) -> str:
    """Return the comparisons as a text table, with the seconds of both sides, the first differences of each case, and
    the reasons of those that are intended."""
    seconds = [_seconds(original), _seconds(ours)]
    header = ("case", "rows original", "rows ours", "s original", "s ours", "differences", "intended")
    layout = "{:<45} {:>13} {:>11} {:>10} {:>9} {:>11} {:>9}"
    lines = [title, layout.format(*header)]
    for each in comparisons:
        lines.append(
            layout.format(
                each.case,
                *("-" if count is None else f"{count:,}" for count in (each.original, each.ours)),
                *(f"{side[each.case]:.3f}" if each.case in side else "-" for side in seconds),
                f"{len(each.differences):,}",
                f"{each.intended.total():,}",
            )
        )
        lines += [f"    {difference[:LINE]}" for difference in each.differences[:EXAMPLES]]
        if len(each.differences) > EXAMPLES:
            lines.append(f"    and {len(each.differences) - EXAMPLES:,} more")
        lines += [f"    intended, {count:,}: {reason}" for reason, count in each.intended.items()]
    rows = sum(each.original or 0 for each in comparisons)
    lines.append(
        f"{len(comparisons)} cases, {rows:,} rows of the original, "
        f"{sum(len(each.differences) for each in comparisons):,} differences in "
        f"{sum(bool(each.differences) for each in comparisons)} cases, "
        f"{sum(each.intended.total() for each in comparisons):,} intended ones in "
        f"{sum(bool(each.intended) for each in comparisons)} cases"
    )
    return "\n".join(lines)


def _seconds(directory: Path) -> dict[str, float]:
    path = directory / TIMINGS
    return json.loads(path.read_text(encoding="utf-8"))["seconds"] if path.exists() else {}


def runner(command: list[str], option: str) -> Runner:
    """Return a function that runs the command with the target under this option, and `--out` for its answers."""

    def run(target: str, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        for name in CASES:  # an answer of an earlier run must not stand in for one that is missing now
            for suffix in ("csv", "error"):
                (directory / f"{name}.{suffix}").unlink(missing_ok=True)
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
    parser.add_argument("--awkward", action="store_true", help="compare on awkward events in place of a file")
    parser.add_argument("--ours", type=shlex.split, help="command that answers with ours (default: run_ours.py)")
    parser.add_argument("--postgres-version", type=int, default=16, help="version to start (default: %(default)s)")
    parser.add_argument("--postgres-url", help="a running Postgres without a table `data`, in place of starting one")
    parser.add_argument("--out", type=Path, help="keep the answers in this directory")
    arguments = parser.parse_args()

    jit = ["--jit", arguments.original_jit] if arguments.original_jit else []
    days = (awkward.START_DATE, awkward.END_DATE) if arguments.awkward else (START_DATE, END_DATE)
    dates = ["--start-date", days[0], "--end-date", days[1]]
    run_original = runner([arguments.original_python, str(HERE / "run_original.py"), *jit, *dates], "--url")
    run_ours = runner([*(arguments.ours or [sys.executable, str(HERE / "run_ours.py")]), *dates], "--target")

    failed = False
    with tempfile.TemporaryDirectory() as scratch, postgres(arguments.postgres_url, arguments.postgres_version) as url:
        out: Path = arguments.out or Path(scratch)
        out.mkdir(parents=True, exist_ok=True)
        parquet = arguments.parquet
        if arguments.awkward:
            parquet = out / "awkward.parquet"
            awkward.generate(parquet)
        print(f"{load(parquet, url):,} events loaded from {parquet.name}", flush=True)
        run_original(url, out / "original")
        for name, target in (("parquet", str(parquet)), ("postgres", url)):
            run_ours(target, out / f"ours-{name}")
            comparisons = compare(out / "original", out / f"ours-{name}")
            print(report(f"\nours on {name}", comparisons, out / "original", out / f"ours-{name}"), flush=True)
            failed = failed or any(each.differences for each in comparisons)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
