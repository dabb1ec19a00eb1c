"""Random programs return the result of the reference engine on DuckDB and on Postgres.

``OBJECTIV_FUZZ_EXAMPLES=20000`` runs that many programs, new ones each time.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest
from fuzz.differences import is_known_error
from fuzz.programs import Program, programs, programs_with
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import reject as rejected
from hypothesis.errors import Unsatisfiable
from reference import Failure, evaluate
from servers import CLUSTERS
from spec.engines import Rows, Sql, same_rows
from spec.opened import DATABASES, opened

from objectiv_local import dialects
from objectiv_local.errors import ObjectivError
from objectiv_local.plan import nodes
from objectiv_local.plan.explain import explain
from objectiv_local.plan.expr import Aggregation, Call, Cast, Over, walk
from objectiv_local.plan.ops import OPS, casts

EXAMPLES = int(os.environ.get("OBJECTIV_FUZZ_EXAMPLES", "0"))
#: How many tests the programs are divided into, and how many programs each of them has, unless the variable says so.
PARTS, USUAL = 4, 75
#: One in this many programs runs on a cluster, where each one takes a second, unless more are requested.
CLUSTER_SHARE = 3
#: How often programs with an operation are generated until one has a result.
MOST = 4
PROFILE = settings(
    max_examples=USUAL,
    deadline=None,
    database=None,
    print_blob=bool(EXAMPLES),
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)


@dataclass
class Compared:
    """Compares programs with the reference engine, and notes what they have. Some of them run on a cluster."""

    engines: list[Sql] = field(default_factory=lambda: [opened(name) for name in DATABASES])
    number: int = 0
    seen: set[object] = field(default_factory=set)

    def run(self, program: Program) -> None:
        try:
            expected = evaluate(program.plan)
        except (Failure, OverflowError):
            rejected()  # an error on every engine, except for rows and columns that an engine need not compute
        for engine in self.engines:
            if EXAMPLES or engine.name not in CLUSTERS or self.number % CLUSTER_SHARE == 0:
                compare(engine, program, expected, self.engines)
        self.number += 1
        self.seen |= used(program.plan)


@pytest.mark.hypothesis
@pytest.mark.parametrize("part", range(PARTS))
def test_programs_have_one_answer(part, postgres_url, unparsed):
    compared = Compared()
    # Hypothesis takes functions only.
    run = settings(PROFILE, max_examples=EXAMPLES // PARTS or USUAL)(given(programs())(lambda program: compared.run(program)))
    (run if EXAMPLES else seed(part)(run))()


def test_programs_with_each_operation_have_one_answer(postgres_url, unparsed):
    compared = Compared()
    casts_ = {(source.name, target.name) for source, target in casts()}
    steps = {
        kind
        for kind in vars(nodes).values()
        if isinstance(kind, type) and issubclass(kind, nodes.Node) and not kind.__name__.startswith("_")
    } - {nodes.Node, nodes.Source}

    def until_seen(each: object) -> Callable[[Program], None]:
        def run(program: Program) -> None:
            if each not in compared.seen:
                compared.run(program)

        return run

    for each in sorted({*OPS, *casts_, *steps}, key=str):
        if each in compared.seen:
            continue
        for attempt in range(MOST):
            # Some programs have no result, such as those with a number that is too large.
            with suppress(Unsatisfiable):
                seed(attempt)(settings(PROFILE, max_examples=8)(given(programs_with(each))(until_seen(each))))()
            if each in compared.seen:
                break
        assert each in compared.seen, "no program with this has an answer"


@pytest.mark.hypothesis
def test_programs_have_the_same_answer_in_parts(postgres_url, unparsed, monkeypatch):
    """With every step in a temporary table, as if the engine could never plan two steps at once."""
    named = dialects.dialect_named
    monkeypatch.setattr(dialects, "dialect_named", lambda name: replace(named(name), most_steps=0))
    parts: Counter[int] = Counter()
    numbers = itertools.count()

    def run(program: Program) -> None:
        try:
            expected = evaluate(program.plan)
        except (Failure, OverflowError):
            rejected()
        number = next(numbers)
        for engine in map(opened, DATABASES):
            if engine.name in CLUSTERS and number % CLUSTER_SHARE and not EXAMPLES:
                continue
            parts[compare_in_parts(engine, program, expected)] += 1

    profile = settings(PROFILE, max_examples=EXAMPLES or 120)
    (profile(given(programs())(run)) if EXAMPLES else seed(0)(profile(given(programs())(run))))()
    assert sum(number for count, number in parts.items() if count >= 2) >= sum(parts.values()) / 10


def compare_in_parts(engine: Sql, program: Program, expected: Rows) -> int:
    """Compare the result of a program whose steps are stored, and return how many were."""
    try:
        found, count = engine.rows_in_parts(program.plan)
    except ObjectivError as error:
        if is_known_error(error):
            rejected()
        raise AssertionError(report(program, f"{engine.name} raises {error}", expected, [engine])) from None
    assert same_rows(found, expected, ordered=program.ordered), report(
        program, f"{engine.name}: {list(found)}", expected, [engine]
    )
    return count


def compare(engine: Sql, program: Program, expected: Rows, engines: list[Sql]) -> None:
    try:
        found = engine.rows(program.plan, program.without)
    except (ObjectivError, AssertionError, KeyError, TypeError, AttributeError) as error:
        if is_known_error(error):
            rejected()
        raise AssertionError(
            report(program, f"{engine.name} raises {type(error).__name__}: {error}", expected, engines)
        ) from None
    if not same_rows(found, expected, ordered=program.ordered):
        raise AssertionError(report(program, f"{engine.name}: {list(found)}", expected, engines))


def report(program: Program, found: str, expected: Rows, engines: list[Sql]) -> str:
    parts = [explain(program.plan), f"without {sorted(program.without)}", f"reference: {list(expected)}", found]
    for engine in engines:
        try:
            parts.append(f"-- {engine.name}\n{engine.sql(program.plan, program.without)}")
        except Exception as error:  # if it cannot be compiled, it is shown without its SQL
            parts.append(f"-- {engine.name}\n{type(error).__name__}: {str(error)[:500]}")
    return "\n\n".join(["", *parts])


def used(plan: nodes.Node) -> set[object]:
    """Return the operations, casts and steps of a plan."""
    found: set[object] = set()
    for node in nodes.topological(plan):
        found.add(type(node))
    for part in (part for node in nodes.topological(plan) for expr in node.exprs() for part in walk(expr)):
        if isinstance(part, Over):
            found.add(part.call.op)
        if isinstance(part, Call | Aggregation):
            found.add(part.op)
        elif isinstance(part, Cast):
            found.add((part.arg.type.name, part.type.name))
    return found
