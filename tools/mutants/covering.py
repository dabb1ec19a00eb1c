"""Which tests run a line, as Coverage.py records it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ("plan", "dialects", "spec", "frame", "hub", "snapshot")
#: One version of each engine that needs no cluster: each test runs twice instead of four times.
ENGINES = "not spark and not postgres18"


def record(data: Path, arguments: Sequence[str]) -> None:
    """Run tests, and record for each line which of them run it."""
    data.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", "--cov=objectiv_local"]
    command += ["--cov-context=test", "--cov-report=", *(arguments or [f"tests/{name}" for name in TESTS]), "-k", ENGINES]
    subprocess.run(command, cwd=ROOT, check=True, env=os.environ | {"COVERAGE_FILE": str(data)})


@dataclass
class Covering:
    """The recorded tests."""

    path: Path

    def __post_init__(self) -> None:
        from coverage import CoverageData

        self._data = CoverageData(str(self.path))
        self._data.read()

    def tests(self, path: Path, lines: Iterable[int]) -> list[str]:
        """Return the tests that run any of the lines, or the file, if only its import runs them."""
        by_line = self._data.contexts_by_lineno(str(path.resolve()))
        found = {test for line in lines for test in by_line.get(line, [])}
        if found == {""}:
            found = {test for tests in by_line.values() for test in tests}
        # A context is the id of a test and its phase: set up, run, or tear down.
        return sorted({test.rpartition("|")[0] for test in found if test.endswith("|run")})
