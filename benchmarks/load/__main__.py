"""Ask one source from many processes at once: ``python -m benchmarks.load``.

Each reader is a process of its own, which imports the package, opens the source and asks each question. Its answers are
compared with those of a reader that is alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import document, engines
from benchmarks.usage import memory
from benchmarks.workloads import ours
from benchmarks.workloads.data import prepare

HEADER = ("source", "readers", "seconds until the last is done", "CPU s per reader", "MB at most", "answers")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line. Exit code 1 if a reader fails or has another answer."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000, metavar="N", help="how many to generate")
    parser.add_argument("--readers", type=int, nargs="+", default=[1, 20, 50], metavar="N", help="how many processes at once")
    parser.add_argument("--questions", nargs="+", default=["W1", "W2", "W3", "W5", "W6"], metavar="W", help="workloads to ask")
    parser.add_argument("--threads", type=int, default=1, help="of each DuckDB")
    parser.add_argument("--write", type=Path, metavar="MARKDOWN", help="put the table into this document")
    parser.add_argument("--reader", metavar="JSON", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.reader:
        print(json.dumps(read(json.loads(options.reader))))
        return 0
    rows, wrong = [], 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        given = argparse.Namespace(parquet=None, threads=options.threads, original=None, postgres=True, spark=False)
        data = prepare(folder, options.events, given, stack)
        engines.analyze(data["postgres"], "data")
        for layout in ("snapshot", "postgres"):
            job = {"data": data, "layout": layout, "questions": options.questions}
            alone = crowd(job, 1)[1][0]
            if "failure" in alone:
                raise SystemExit(alone["failure"])
            for readers in options.readers:
                seconds, found = crowd(job, readers)
                same = sum(each.get("answers") == alone["answers"] for each in found)
                wrong += readers - same
                rows.append((layout, readers, seconds, found, same))
                for each in found:
                    if "failure" in each:
                        print(each["failure"], file=sys.stderr)
    lines = [
        [layout, str(readers), f"{seconds:.1f}", *figures(found), f"{same} of {readers} the same"]
        for layout, readers, seconds, found, same in rows
    ]
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in [HEADER, ["---"] + ["---:"] * 4 + ["---"], *lines])
    print(text)
    if options.write:
        document.put(options.write, "load", text)
    return 1 if wrong else 0


def figures(found: list[dict[str, Any]]) -> list[str]:
    """Return the CPU seconds and the memory of the readers that were not ended by a failure."""
    done = [each for each in found if "failure" not in each]
    if not done:
        return ["", ""]
    return [f"{sum(each['cpu'] for each in done) / len(done):.1f}", f"{max(each['memory'] for each in done):,.0f}"]


def crowd(job: dict[str, Any], readers: int) -> tuple[float, list[dict[str, Any]]]:
    """Start readers at once and return the seconds until the last is done, and what each has found."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.load", "--reader", json.dumps(job)]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=engines.ROOT)
        for _ in range(readers)
    ]
    found = []
    for each in started:
        output, errors = each.communicate()
        found.append(json.loads(output) if each.returncode == 0 else {"failure": errors})
    return time.perf_counter() - start, found


def read(job: dict[str, Any]) -> dict[str, Any]:
    """Return a digest of the answer to each question, and what this process has used."""
    programs = ours.programs(*ours.events(job["data"], job["layout"]))
    answers = {}
    for question in job["questions"]:
        rows = engines.as_frame(programs[question]()).to_arrow().to_pylist()
        answers[question] = hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()
    return {"answers": answers, "cpu": time.process_time(), "memory": memory("VmHWM")}


if __name__ == "__main__":
    sys.exit(main())
