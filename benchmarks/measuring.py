"""Questions, contenders, and how they are measured: in turns, each in a process of its own, with answers that have to agree."""

from __future__ import annotations

import json
import math
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.answers import RELATIVE, differences

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Question:
    """A question: how many columns of its answer name a row, and how far numbers may be apart."""

    title: str
    keys: int = 1
    absolute: float = RELATIVE
    relative: float = RELATIVE


@dataclass(frozen=True)
class Contender:
    """One that answers questions.

    ``opens`` names a function, as in ``package.module:function``, that takes the data of the family and returns a
    :class:`benchmarks.worker.Session`. ``base`` is the contender that this one is held against. ``needs`` names what has to be
    in the data, with the reason to give if it is not. ``python`` is another interpreter than this one. ``questions`` are those
    that it answers, if not all. ``arguments`` are added to the data.
    """

    name: str
    opens: str
    base: str = ""
    needs: tuple[tuple[str, str], ...] = ()
    python: str = sys.executable
    questions: tuple[str, ...] = ()
    arguments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Family:
    """Questions of one kind, who answers them, and how their data are made.

    ``prepare`` gets a folder, a size, and the options of the command line, and returns the data as a dict for all contenders.
    It may leave what has to be closed on the stack. With ``fresh``, every run is in a new process, as is right where a second
    run in the same process would find something done by the first.
    """

    title: str
    questions: dict[str, Question]
    contenders: tuple[Contender, ...]
    prepare: Callable[[Path, int, Any, ExitStack], dict[str, Any]]
    sizes: tuple[int, ...]
    fresh: bool = False


@dataclass
class Result:
    """What was measured of a contender on a question; ``note`` says what went wrong, or why it did not run."""

    family: str
    size: int
    question: str
    contender: str
    base: str
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: float = math.inf
    grown: float = math.inf
    figures: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    is_missing: bool = False

    @property
    def failed(self) -> bool:
        """Whether it ran and gave no answer, or another one."""
        return bool(self.note) and not self.is_missing

    def add(self, found: dict[str, Any], *, fresh: bool) -> None:
        """Add what a worker measured; its memory only if the process ran nothing before."""
        self.wall.append(found.pop("wall"))
        self.cpu.append(found.pop("cpu"))
        peak, grown = found.pop("peak"), found.pop("grown")
        if fresh or len(self.wall) == 1:
            self.peak, self.grown = min(self.peak, peak), min(self.grown, grown)
        for name, value in found.items():
            is_time = isinstance(value, float) and name in self.figures
            self.figures[name] = min(value, self.figures[name]) if is_time else value


class Ended(Exception):
    """A worker that gave no answer."""


class Process:
    """A worker, as it is seen from here."""

    def __init__(self, contender: Contender, question: str, data: dict[str, Any], timeout: float) -> None:
        self.timeout = timeout
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment |= {"POLARS_MAX_THREADS": str(data["threads"]), "OMP_NUM_THREADS": str(data["threads"])}
        data = {**data, **dict(contender.arguments), "question": question}
        job = {"opens": contender.opens, "question": question, "data": data}
        self.process = subprocess.Popen(
            [contender.python, "-m", "benchmarks.worker", json.dumps(job)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )

    def reply(self) -> dict[str, Any]:
        """Return the next reply."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], self.timeout)[0]:
            raise Ended(f"not done in {self.timeout:g} s")
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            lines = self.errors.read().decode(errors="replace").strip().splitlines() or [""]
            raise Ended(f"the process ended with {self.process.wait()}: {lines[-1]}")
        found: dict[str, Any] = json.loads(line)
        return found

    def tell(self, *command: str) -> dict[str, Any]:
        """Return the reply to a command."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(command).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the reply says why
        return self.reply()

    def close(self) -> None:
        """End the process."""
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.process.kill()
        self.process.wait()
        self.errors.close()


@dataclass
class Run:
    """How a family is measured: ``runs`` times each after a first one, but no more than ``seconds`` of a contender on a
    question. One that takes longer than ``timeout`` for a run is ended.
    """

    runs: int = 5
    seconds: float = 60
    timeout: float = 900


class _Turns:
    """One question to all contenders."""

    def __init__(
        self,
        run: Run,
        family: tuple[str, Family],
        name: str,
        size: int,
        data: dict[str, Any],
        contenders: Sequence[Contender],
        scratch: Path,
    ) -> None:
        self.run, self.name, self.data, self.scratch = run, name, data, scratch
        self.fresh, self.asked = family[1].fresh, family[1].questions[name]
        self.first: Path | None = None
        self.entries: list[tuple[Contender, Result]] = [
            (each, Result(family[0], size, name, each.name, each.base)) for each in contenders
        ]
        self.processes: dict[str, Process] = {}

    def results(self) -> Iterator[Result]:
        """Yield the results."""
        try:
            for contender, result in self.entries:
                self._first_run(contender, result)
            for _ in range(self.run.runs - (1 if self.fresh else 0)):
                # In turns, so that a busy moment of the machine meets all.
                for contender, result in self.entries:
                    if not result.note and sum(result.wall) < self.run.seconds:
                        self._again(contender, result)
        finally:
            for process in self.processes.values():
                process.close()
        for _, result in self.entries:
            if not self.fresh and len(result.wall) > 1:
                # The first run also loads what it needs.
                del result.wall[0], result.cpu[0]
            yield result

    def _first_run(self, contender: Contender, result: Result) -> None:
        for need, reason in contender.needs:
            if not self.data.get(need):
                result.note, result.is_missing = reason, True
                return
        if not self._opened(contender, result) or not self._measured(contender, result):
            return
        path = self.scratch / f"answer{len(list(self.scratch.glob('answer*')))}.parquet"
        if self._told(contender, result, "write", str(path)) is None:
            return
        if self.first is None:
            self.first = path
            return
        found = differences(
            str(self.first), str(path), self.asked.keys, absolute=self.asked.absolute, relative=self.asked.relative
        )
        if found:
            result.note = f"differs: {found[0]}"
        path.unlink()

    def _again(self, contender: Contender, result: Result) -> None:
        if not self.fresh or self._opened(contender, result):
            self._measured(contender, result)

    def _opened(self, contender: Contender, result: Result) -> bool:
        before = self.processes.pop(contender.name, None)
        if before is not None:
            before.close()
        self.processes[contender.name] = Process(contender, self.name, self.data, self.run.timeout)
        return self._told(contender, result) is not None

    def _measured(self, contender: Contender, result: Result) -> bool:
        found = self._told(contender, result, "run")
        if found is not None:
            result.add(found, fresh=self.fresh)
        return found is not None

    def _told(self, contender: Contender, result: Result, *command: str) -> dict[str, Any] | None:
        process = self.processes[contender.name]
        try:
            found = process.tell(*command) if command else process.reply()
        except Ended as ended:
            found = {"error": str(ended)}
            # At once, so that it takes nothing from the others.
            self.processes.pop(contender.name).close()
        result.is_missing = "missing" in found
        result.note = found.get("missing") or found.get("error") or ""
        return None if result.note else found


def measured(
    name: str, family: Family, size: int, run: Run, options: Any, failed: Collection[tuple[str, str]] = ()
) -> Iterator[list[Result]]:
    """Yield the results of the questions of a family at one size; without those who failed, by question and contender."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        start = time.perf_counter()
        data = {"threads": options.threads, **family.prepare(folder, size, options, stack)}
        print(f"{name}, {size:,}: data prepared in {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
        for question in family.questions:
            if options.questions and question not in options.questions:
                continue
            contenders = [
                each
                for each in family.contenders
                if (not options.contenders or each.name in options.contenders)
                and (not each.questions or question in each.questions)
                and (question, each.name) not in failed
            ]
            if not contenders:
                continue
            with tempfile.TemporaryDirectory() as scratch:
                yield list(_Turns(run, (name, family), question, size, data, contenders, Path(scratch)).results())
