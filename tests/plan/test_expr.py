"""Windows whose rows are within a distance in the order: of whole numbers, with ties as one."""

from __future__ import annotations

import pyarrow as pa
import pytest
from frame.frames import ENGINES, opened
from plan.events import events
from reference import evaluate

from objectiv_local import DataFrame
from objectiv_local.errors import InvalidType
from objectiv_local.frame.authoring import frame_of, state_of
from objectiv_local.plan import rewrite
from objectiv_local.plan.expr import Ordering, WindowFrame, aggregation, literal, over
from objectiv_local.plan.nodes import Extend, Node, Values
from objectiv_local.types import INT64, STRING

#: Two groups; the rows of 4 are a tie.
ROWS = [(1, "a", 1), (2, "a", 2), (3, "a", 4), (4, "a", 4), (5, "a", 8), (6, "b", 3)]
EXPECTED = {
    "near_before": [1, 2, 3, 3, 1, 1],  # how many are up to 2 before, ties included
    "sum_after": [11, 10, 16, 16, 8, 3],  # the sum of those up to 4 later
    "before": [0, 1, 2, 2, 4, 0],  # how many are 1 or more before
    "last_after": [4, 4, 8, 8, 8, 3],  # the greatest within 4
    "later": [4, 3, 1, 1, 0, 0],  # how many are 1 or more later, by the descending order
}


def asked(plan: Node) -> Node:
    place, group, one = plan.column("place"), plan.column("kind"), aggregation("size")
    rising, falling = [Ordering(place)], [Ordering(place, ascending=False)]
    return Extend(
        plan,
        (
            ("near_before", over(one, [group], rising, WindowFrame("RANGE", -2, 0))),
            ("sum_after", over(aggregation("sum", place), [group], rising, WindowFrame("RANGE", 0, 4))),
            ("before", over(one, [group], rising, WindowFrame("RANGE", None, -1))),
            ("last_after", over(aggregation("last_value", place), [group], rising, WindowFrame("RANGE", 0, 4))),
            ("later", over(one, [group], falling, WindowFrame("RANGE", None, -1))),
        ),
    )


def test_the_reference():
    values = Values(
        (("id", INT64), ("kind", STRING), ("place", INT64)),
        tuple((literal(number), literal(kind), literal(place)) for number, kind, place in ROWS),
        ("id",),
        "data",
    )
    found = evaluate(rewrite.complete_orders(asked(values)))
    assert {name: [row[position] for row in sorted(found)] for position, name in enumerate(EXPECTED, 3)} == EXPECTED


@pytest.mark.parametrize("engine", ENGINES)
def test_engines(engine):
    table = pa.table(dict(zip(("id", "kind", "place"), map(list, zip(*ROWS, strict=True)), strict=True)))
    state = state_of(DataFrame.from_arrow(opened(engine), table, "id"))
    found = frame_of(state.with_plan(asked(state.plan)), list(EXPECTED)).sort_index().to_arrow().to_pydict()
    assert {name: found[name] for name in EXPECTED} == EXPECTED


def test_an_order_that_has_no_distances():
    plan = events()
    for order in (
        [],
        [Ordering(plan.column("k")), Ordering(plan.column("event_id"))],
        [Ordering(plan.column("user_id"))],
        [Ordering(plan.column("moment"))],
    ):
        with pytest.raises(InvalidType, match="ordered by one whole number"):
            over(aggregation("size"), [], order, WindowFrame("RANGE", -2, 0))
