"""One contender of one task in a process of its own: its answer, wall and CPU seconds, and how far its memory grew.

Run by :mod:`benchmarks.ml`; prints JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import psycopg

from benchmarks.ml import tasks
from benchmarks.models.answers import memory, server_cpu
from objectiv_local import DataFrame


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ml.measure", description=__doc__)
    parser.add_argument("target", help="a Parquet file, or the address of a Postgres server with a table data")
    parser.add_argument("models", type=Path)
    parser.add_argument("task")
    parser.add_argument("contender")
    options = parser.parse_args()
    side = None
    if options.target.startswith("postgresql:"):
        side = psycopg.connect(options.target, autocommit=True)
        df = DataFrame.from_table(options.target, "data", index="id")
    else:
        df = DataFrame.from_parquet(options.target, index="id", key="id")
    if options.task == "prepare":
        tasks.prepare(df, options.models)
        return
    contender = tasks.TASKS[options.task].contenders[options.contender]

    def cpu() -> float:
        return time.process_time() + (server_cpu(side.info.backend_pid) if side is not None else 0)

    before = memory("VmRSS")
    # The most memory so far is that of the imports.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    start, start_cpu = time.perf_counter(), cpu()
    try:
        answer = contender(df, options.models)
    except Exception as error:
        sys.stdout.write(json.dumps({"error": f"{type(error).__name__}: {str(error).splitlines()[0]}"}))
        return
    seconds, cpu_seconds = time.perf_counter() - start, cpu() - start_cpu
    sys.stdout.write(json.dumps({"answer": answer, "wall": seconds, "cpu": cpu_seconds, "grown": memory("VmHWM") - before}))


if __name__ == "__main__":
    main()
