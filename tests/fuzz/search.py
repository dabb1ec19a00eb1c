"""Search for programs with different results on different engines, for a given time: ``make search MINUTES=60``.

Three kinds of programs take turns: random programs, random programs with every step stored, and questions of product analytics
with each pass turned off. Each is compared with the reference engine. A summary says how many ran, how often each operation
occurred, and which programs differ, with the seed that generates them again and the SQL of each engine.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
import servers
from fuzz.programs import Program, programs
from fuzz.questions import question, question_of_text, rows_left
from fuzz.snapshots import snapshot_question, snapshot_rows
from fuzz.test_passes import failure
from fuzz.test_programs import PROFILE, compare, compare_in_parts, used
from hypothesis import given, seed, settings
from hypothesis import reject as rejected
from reference import Failure, evaluate
from spec.opened import opened

from objectiv_local import dialects
from objectiv_local.dialects.lowering.lowering import lower
from objectiv_local.plan.ops import OPS

if TYPE_CHECKING:
    from spec.engines import Rows, Sql

#: Programs of one kind before the next kind, and questions.
TURN = 50
#: Differences of one kind after which it is not searched further.
MOST = 10
QUESTIONS = (question, question_of_text, rows_left, snapshot_question, snapshot_rows)


@dataclass
class Tally:
    """What a search has seen."""

    programs: Counter[str] = field(default_factory=Counter)
    #: Programs without a result on the reference engine, such as a number that is too large.
    rejected: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    operations: Counter[object] = field(default_factory=Counter)
    passes: Counter[str] = field(default_factory=Counter)
    differences: dict[str, list[str]] = field(default_factory=dict)

    def lines(self, engines: Sequence[str]) -> Iterator[str]:
        """Yield the lines of the summary."""
        yield f"engines: {', '.join(engines)}"
        for kind, number in self.programs.items():
            found = self.differences.get(kind, [])
            yield (
                f"{kind}: {number:,} programs compared, {self.rejected[kind]:,} without a result, "
                f"{self.seconds[kind]:,.0f} s, {len(found)} differences"
            )
        shown = ((str(each), count) for each, count in self.operations.items() if isinstance(each, str))
        yield f"operations: {sum(self.operations.values()):,} in programs, {', '.join(f'{a} {b:,}' for a, b in sorted(shown))}"
        yield f"operations that did not occur: {', '.join(sorted(OPS.keys() - self.operations.keys())) or 'none'}"
        yield f"passes that changed a question: {', '.join(f'{name} {n:,}' for name, n in sorted(self.passes.items()))}"
        for kind, found in self.differences.items():
            for each in found:
                yield f"\n==== {kind}: {each}"


def random_programs(compared: Callable[[Sql, Program, Rows], object]) -> Callable[[str, int, list[Sql], Tally], None]:
    """Return a function that runs one turn of random programs with a seed."""

    def turn(kind: str, number: int, engines: list[Sql], tally: Tally) -> None:
        def run(program: Program) -> None:
            try:
                expected = evaluate(program.plan)
            except (Failure, OverflowError):
                tally.rejected[kind] += 1
                rejected()
            for engine in engines:
                compared(engine, program, expected)
            tally.programs[kind] += 1
            tally.operations.update(used(program.plan))

        try:
            seed(number)(settings(PROFILE, max_examples=TURN)(given(programs())(run)))()
        except Exception as error:  # every failure is in the summary, also one that no comparison expects
            tally.differences.setdefault(kind, []).append(f"seed {number}\n{type(error).__name__}: {error}")

    return turn


def questions(kind: str, number: int, engines: list[Sql], tally: Tally) -> None:
    """Run one turn of questions with each pass turned off."""
    for each in range(number, number + TURN):
        program = QUESTIONS[each % len(QUESTIONS)]
        found = failure(program(each), tally.passes, engines, stored=each % 2 == 0)
        tally.programs[kind] += 1
        if found:
            tally.differences.setdefault(kind, []).append(f"{program.__name__}({each})\n{found}")


KINDS = {
    "programs": random_programs(lambda engine, program, expected: compare(engine, program, expected, [engine])),
    "programs in parts": random_programs(compare_in_parts),
    "questions without passes": questions,
}


def search(seconds: float, first: int, names: Sequence[str], kinds: Sequence[str]) -> Tally:
    """Search until the time is over."""
    tally, engines = Tally(), [opened(name, read_only=False) for name in names]
    end, number = time.monotonic() + seconds, first
    named = dialects.dialect_named
    with pytest.MonkeyPatch.context() as patch:
        # Skips parsing every statement with sqlglot, which takes longer than everything else.
        patch.setattr(dialects, "lower", lower)
        while time.monotonic() < end:
            number += TURN
            for kind in kinds:
                if len(tally.differences.get(kind, [])) >= MOST:
                    continue
                start = time.monotonic()
                with patch.context() as inner:
                    if kind == "programs in parts":
                        inner.setattr(dialects, "dialect_named", lambda name: replace(named(name), most_steps=0))
                    KINDS[kind](kind, number, engines, tally)
                tally.seconds[kind] += time.monotonic() - start
    return tally


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="make search", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**12))
    parser.add_argument("--engines", nargs="+", default=list(servers.STARTED), choices=list(servers.STARTED))
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}", flush=True)
    tally = search(options.minutes * 60, options.seed, options.engines, options.kinds)
    print("\n".join(tally.lines(options.engines)))
    return 1 if tally.differences else 0


if __name__ == "__main__":
    sys.exit(main())
