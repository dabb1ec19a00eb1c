"""One program in a process of its own, so that its memory is its own and it can be ended: prints JSON."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from objectiv_local.types import INT64

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Measured:
    """Seconds to build a program, to make its SQL, and to run it, characters of SQL, and MB of memory that it took,
    of the server too.

    ``error`` is what stopped it, if anything did.
    """

    build: float = 0.0
    compile: float = 0.0
    characters: int = 0
    run: float = 0.0
    memory: float = 0.0
    error: str = ""

    @property
    def total(self) -> float:
        """The seconds of all three."""
        return self.build + self.compile + self.run


def measured(construct: str, size: int, target: str, limit: float) -> Measured:
    """Return what a program takes, or that it did not end within ``limit`` seconds."""
    command = [sys.executable, "-m", "benchmarks.sizes.measure", construct, str(size), target, str(limit)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired as stopped:
        output = stopped.stdout or b""
        phases = (output if isinstance(output, str) else output.decode()).split()
        return Measured(error=f"{phases[-1] if phases else 'start'}: not done in {limit:g} s")
    lines = done.stdout.strip().splitlines()
    if not lines:
        return Measured(error=f"the process ended with {done.returncode}: {done.stderr.strip()[-200:]}")
    return Measured(**json.loads(lines[-1]))


def _peak(processes: list[str]) -> float:
    """Return the most memory of the processes so far, in MB."""
    return sum(int(Path(f"/proc/{each}/status").read_text().partition("VmHWM:")[2].split()[0]) for each in processes) / 1024


def _server(df: Any) -> list[str]:
    """Return the process of the server that runs the statements of a frame."""
    if df.engine.dialect != "postgres":
        return []
    return [str(df.engine.arrow("SELECT pg_backend_pid()::bigint", (("pid", INT64),)).column(0)[0])]


def _run(construct: str, size: int, target: str, limit: float) -> dict[str, Any]:
    from benchmarks.sizes.constructs import CONSTRUCTS, table

    # What the first query loads is not the program's own.
    table(target, limit).groupby("g").x.sum().to_frame().to_arrow()
    df = table(target, limit)
    processes = ["self", *_server(df)]
    before = _peak(processes)
    found: dict[str, Any] = {}
    try:
        print("build", flush=True)
        start = time.perf_counter()
        made = CONSTRUCTS[construct](df, size)
        frame = made if hasattr(made, "data_columns") else made.to_frame()
        found["build"] = time.perf_counter() - start
        print("compile", flush=True)
        start = time.perf_counter()
        found["characters"] = len(frame.view_sql())
        found["compile"] = time.perf_counter() - start
        print("run", flush=True)
        start = time.perf_counter()
        frame.to_arrow()
        # Fetching compiles once more.
        found["run"] = max(time.perf_counter() - start - found["compile"], 0.0)
    except Exception as error:
        found["error"] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    found["memory"] = _peak(processes) - before
    return found


if __name__ == "__main__":
    print(json.dumps(_run(sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4]))), flush=True)
