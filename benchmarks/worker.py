"""One contender on one question in a process of its own, which runs it as often as it is told.

Started by :mod:`benchmarks.measuring`, by any interpreter: standard library only, for Python 3.9, until the contender imports
more. It reads commands from standard input and answers each with a line of JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

if sys.platform != "linux":
    raise SystemExit("the benchmarks read memory and CPU from /proc, which only Linux has")

from benchmarks.usage import forget_peak, memory


@dataclass
class Session:
    """What a contender can do: for each question a function that returns its answer.

    ``server_cpu`` returns the CPU seconds of a server that works for this process. ``untimed``, where there is one, runs before
    each measured run.
    """

    actions: dict[str, Callable[[], Any]]
    server_cpu: Callable[[], float] = lambda: 0.0
    untimed: Callable[[], object] = lambda: None


@dataclass
class Measured:
    """An answer with more figures than wall time, CPU and memory."""

    answer: Any
    figures: dict[str, Any] = field(default_factory=dict)


class Worker:
    """Runs one action."""

    def __init__(self, job: dict[str, Any]) -> None:
        module, _, function = job["opens"].partition(":")
        self.session: Session = getattr(importlib.import_module(module), function)(job["data"])
        self.action = self.session.actions[job["question"]]
        self.answer: Any = None

    def run(self) -> dict[str, Any]:
        """Run it once and return wall and CPU seconds, and MB: the peak of this process and by how much it grew."""
        self.answer = None
        self.session.untimed()
        held = memory("VmRSS")
        forget_peak()
        start, start_cpu = time.perf_counter(), self._cpu()
        answer = self.action()
        wall, cpu = time.perf_counter() - start, self._cpu() - start_cpu
        peak = memory("VmHWM")
        figures = {}
        if isinstance(answer, Measured):
            answer, figures = answer.answer, answer.figures
        self.answer = answer
        return {"wall": wall, "cpu": cpu, "peak": peak, "grown": peak - held, **figures}

    def write(self, path: str) -> dict[str, Any]:
        """Write the answer to a Parquet file and forget it."""
        from benchmarks.answers import write

        write(self.answer, path)
        self.answer = None
        return {}

    def _cpu(self) -> float:
        return time.process_time() + self.session.server_cpu()


def main() -> None:
    """Answer commands until standard input ends."""
    # Libraries may write to standard output, such as progress bars; the answers go to a copy of it.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def reply(found: dict[str, Any]) -> None:
        replies.write(json.dumps(found) + "\n")
        replies.flush()

    def attempt(action: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return action(*arguments)
        except ImportError as error:
            reply({"missing": str(error)})
        except Exception as error:
            lines = str(error).splitlines() or [""]
            reply({"error": f"{type(error).__name__}: {lines[0]}"})
        return None

    job = json.loads(sys.argv[1])
    worker = attempt(Worker, job)
    if worker is None:
        return
    reply({})
    for line in sys.stdin:
        command = json.loads(line)
        found = attempt(getattr(worker, command[0]), *command[1:])
        if found is not None:
            reply(found)


if __name__ == "__main__":
    # By its name as a module, so that contenders import the same classes.
    importlib.import_module("benchmarks.worker").main()
