"""Change the source in small ways and see whether the tests notice: ``make mutants``.

A sample of all mutants is tried. For each, some of the tests that run the changed line are run in a copy of the checkout, until
one fails. A failure counts only if the same test passes in a copy without the change. Mutants that survive are printed as
diffs: either a test is missing, or the change makes no difference.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tools.mutants.covering import ROOT, Covering, record
from tools.mutants.mutations import Mutant, sampled

PARTS = ("plan", "dialects", "hub", "snapshot")
#: How many tests are tried first, and how many if none of them fails.
FEW, MANY = 25, 250
SECONDS = 300
_IGNORED = shutil.ignore_patterns(".*", "site", "build", "__pycache__")
_FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


@dataclass
class Copies:
    """Copies of the checkout, one for each job, and one without changes."""

    folder: Path
    jobs: int

    def __post_init__(self) -> None:
        self.clean = self._copy("clean")
        self.free: SimpleQueue[Path] = SimpleQueue()
        for number in range(self.jobs):
            self.free.put(self._copy(f"job{number}"))
        self._one = threading.Lock()
        self._passed: dict[tuple[str, ...], bool] = {}

    def _copy(self, name: str) -> Path:
        return Path(shutil.copytree(ROOT, self.folder / name, ignore=_IGNORED))

    def verdict(self, mutant: Mutant, tests: list[str]) -> str:
        """Return what becomes of a mutant: "killed", "survived", or "not run by a test"."""
        if not tests:
            return "not run by a test"
        copy = self.free.get()
        changed = copy / mutant.path.relative_to(ROOT)
        original = changed.read_text(encoding="utf-8")
        changed.write_text(mutant.source(), encoding="utf-8")
        try:
            return (
                "killed" if any(self._fails(copy, batch) for batch in (tests[:FEW], tests[FEW:MANY]) if batch) else "survived"
            )
        finally:
            changed.write_text(original, encoding="utf-8")
            self.free.put(copy)

    def _fails(self, copy: Path, tests: list[str]) -> bool:
        failed = _run(copy, tests)
        return bool(failed) and self._pass_unchanged(failed)

    def _pass_unchanged(self, tests: list[str]) -> bool:
        """Return whether tests pass in the copy without a change, which one job at a time uses."""
        with self._one:
            key = tuple(tests)
            if key not in self._passed:
                self._passed[key] = not _run(self.clean, tests)
            return self._passed[key]


def _run(copy: Path, tests: list[str]) -> list[str]:
    """Run tests until one fails and return those that failed: all, if none can be named, or they take too long."""
    names = copy / "tests.txt"
    names.write_text("\n".join(tests), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--tb=no", f"@{names}"]
    try:
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return tests
    if done.returncode == 0:
        return []
    # A change at import fails before any test has a name.
    return [name for name in _FAILED.findall(done.stdout) if "::" in name] or tests


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=100, metavar="N", help="how many mutants of each part")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--parts", nargs="+", default=list(PARTS), metavar="PART", help="directories of objectiv_local")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--recorded", type=Path, default=ROOT / ".mutants" / "coverage", help="which tests run which line")
    parser.add_argument("--tests", nargs="+", default=[], help="the tests to record, if none are recorded yet")
    options = parser.parse_args(arguments)
    if not options.recorded.exists():
        record(options.recorded, options.tests)
    covering, random_ = Covering(options.recorded), random.Random(options.seed)
    counts: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        copies = Copies(Path(folder), options.jobs)
        for part in options.parts:
            mutants = sampled((ROOT / "objectiv_local" / part).rglob("*.py"), options.sample, options.seed)
            chosen = []
            for mutant in mutants:
                tests = covering.tests(mutant.path, range(mutant.first, mutant.last + 1))
                chosen.append(random_.sample(tests, min(len(tests), MANY)))
            counts[part] = Counter()
            for mutant, verdict in zip(mutants, pool.map(copies.verdict, mutants, chosen), strict=True):
                counts[part][verdict] += 1
                if verdict != "killed":
                    print(f"{verdict}, {mutant.operator}\n{mutant.diff()}", flush=True)
            print(f"{part}: {dict(counts[part])}", flush=True)
    print("| part | mutants | killed | survived | not run by a test | score |\n|---|---:|---:|---:|---:|---:|")
    for part, found in counts.items():
        cells = [str(found.total()), *(str(found[each]) for each in ("killed", "survived", "not run by a test"))]
        print(f"| {part} | {' | '.join(cells)} | {found['killed'] / found.total():.0%} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
