"""Questions of product analytics have the same result with all passes, and with each of them left out.

Half of the programs begin with rows in a table, and the others with literal rows.

The reference engine computes a plan step by step, as if each step were written to a table. Its result for the plan without
optional passes is the expected one; the plan after all passes, and after all but one, has to return the same rows, on the
reference engine and, compiled to SQL, on each engine.

``OBJECTIV_FUZZ_EXAMPLES=20000`` runs that many programs, new ones each time; a failure names the programs. ``make search`` runs
more of them.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest
from fuzz.questions import question, question_of_text, rows_left
from fuzz.snapshots import snapshot_question, snapshot_rows
from fuzz.stored import in_memory, in_tables
from reference import Failure, evaluate
from servers import CLUSTERS
from spec.engines import Rows, Sql, same_rows
from spec.opened import DATABASES, opened

from objectiv_local.errors import ObjectivError
from objectiv_local.plan.explain import explain
from objectiv_local.plan.nodes import Limit, Node, Sort
from objectiv_local.plan.passes import PASSES, rewritten

EXAMPLES = int(os.environ.get("OBJECTIV_FUZZ_EXAMPLES", "0"))
OPTIONAL = tuple(name for name, _, required in PASSES if not required)
#: How many tests the programs are divided into, and how many programs each of them has, unless the variable says so.
PARTS, USUAL = 4, 75
#: One in this many programs also runs on the databases, and on a cluster, where each one takes a second.
SHARE, CLUSTER_SHARE = 5, 15


def program_of(number: int) -> tuple[Callable[[int], Node], bool]:
    """Return what generates the program with a number, and whether its rows are in a table."""
    # Only rows in a table are shown, because literal rows have no row id.
    shows = number % 3 == 0
    if number % 4 == 1:
        found = (snapshot_question, snapshot_rows)
    else:
        found = (question_of_text if number % 8 == 2 else question, rows_left)
    return found[shows], shows or number % 2 == 0


@pytest.mark.hypothesis
@pytest.mark.parametrize("part", range(PARTS))
def test_every_pass_keeps_the_answers(part, postgres_url, unparsed):
    engines = [opened(name, read_only=False) for name in DATABASES]
    first = random.SystemRandom().randrange(10**12) if EXAMPLES else part * USUAL
    failures: list[str] = []
    for number in range(first, first + (EXAMPLES // PARTS or USUAL)):
        program, stored = program_of(number)
        near = [engine for engine in engines if EXAMPLES or engine.name not in CLUSTERS or number % CLUSTER_SHARE == 0]
        found = failure(program(number), Counter(), near if number % SHARE == 0 else [], stored=stored)
        if found:
            failures.append(f"{program.__name__}({number}): {found}")
    assert not failures, f"{len(failures)} programs, of which the shortest is {min(failures, key=len)}"


def test_every_pass_changes_a_program():
    changed: Counter[str] = Counter()
    for number in range(PARTS * USUAL):
        program, stored = program_of(number)
        plan = program(number)
        for _ in variants(in_memory(plan)[0] if stored else plan, changed):
            pass
    assert set(OPTIONAL) <= changed.keys()


def failure(plan: Node, changed: Counter[str], engines: list[Sql], *, stored: bool) -> str:
    """Return the differences between the results of ``plan``, if any; ``stored`` is where its rows are."""
    truth_plan = rewritten(plan, OPTIONAL)
    try:
        truth = evaluate(truth_plan)
    except (Failure, OverflowError):
        return ""
    done = {truth_plan}
    own, sources = in_memory(plan) if stored else (plan, None)
    try:
        for without, other in variants(own, changed):
            if other not in done:
                done.add(other)
                found = in_order(evaluate(other, sources), other, plan)
                if not same_rows(found, truth):
                    return report(plan, f"without {without or 'nothing'}", truth, found, other)
        for engine in engines:
            with in_tables(plan, engine) if stored else nullcontext(plan) as own:
                for without in ((), OPTIONAL):
                    found = engine.rows(own, without)
                    if not same_rows(found, truth, ordered=isinstance(plan, Sort | Limit)):
                        return report(plan, engine.sql(own, without), truth, found)
    except (Failure, ObjectivError, AssertionError, KeyError, TypeError, AttributeError) as error:
        return report(plan, f"{type(error).__name__}: {error}", truth, [])
    return ""


def variants(plan: Node, changed: Counter[str]) -> Iterator[tuple[str, Node]]:
    """Yield the plan after all passes, and after all except each one that changes it."""
    steps = [plan]
    for _, pass_, _ in PASSES:
        steps.append(pass_(steps[-1]))
    yield "", steps[-1]
    for position, (name, _, required) in enumerate(PASSES):
        if not required and steps[position + 1] is not steps[position]:
            changed[name] += 1
            other = steps[position]
            for _, pass_, _ in PASSES[position + 1 :]:
                other = pass_(other)
            yield name, other


def in_order(rows: Rows, plan: Node, wanted: Node) -> Rows:
    """Return the rows of ``plan`` with their columns in the order of ``wanted``."""
    positions = [list(plan.types).index(name) for name in wanted.types]
    return [tuple(row[position] for position in positions) for row in rows]


def report(plan: Node, how: str, truth: Rows, found: Rows, other: Node | None = None) -> str:
    parts = [how, explain(plan), *([explain(other)] if other is not None else []), f"truth: {truth}", f"found: {found}"]
    return "\n\n".join(parts)
