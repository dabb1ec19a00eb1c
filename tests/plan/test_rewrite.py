"""Replacing the expressions of a step keeps everything else of it."""

from __future__ import annotations

import pytest
from plan.events import events, per_user

from objectiv_local.plan.expr import Expr, Literal, Ordering, aggregation, call, literal, transform
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, GroupingSets, Limit, Node, Pin, Select, Sort, Union, Unnest
from objectiv_local.plan.rewrite import map_exprs
from objectiv_local.types import INT64

PLAN = events()
K = PLAN.column("k")
MORE = call("add", K, literal(1))
ORDER = (Ordering(MORE, False, False),)
#: A step of each kind, with no argument left at its default.
STEPS: list[Node] = [
    PLAN,
    Extend(PLAN, (("more", MORE),), "step", (("size", "user_id", per_user(PLAN, "size")),), once=True),
    Select(PLAN, (("more", MORE),), "step"),
    Filter(PLAN, call("gt", MORE, literal(1)), "step", left_key=("user_id",)),
    Aggregate(PLAN, (("more", MORE),), (("n", aggregation("sum", MORE)),), "step"),
    GroupingSets(PLAN, (("more", MORE), ("k", K)), ((0,), ()), (("n", aggregation("sum", MORE)),), "level", "step"),
    Unnest(PLAN, call("json_index", PLAN.column("stack"), literal(1)), "item", "position", "step"),
    Limit(PLAN, ORDER, 3, 1, "step"),
    Sort(PLAN, ORDER, "step"),
    Pin(PLAN, "step"),
    Union((PLAN, PLAN), ("k",), "step"),
]


def plus_one(expr: Expr) -> Expr:
    return transform(expr, lambda part: Literal(2, INT64) if part == literal(1) else None)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
def test_a_step_keeps_what_is_no_expression(step):
    assert map_exprs(step, lambda expr: expr) is step
    changed = map_exprs(step, plus_one)
    assert (changed is step) == all(plus_one(expr) == expr for expr in step.exprs())
    assert changed.key == step.key
    assert list(changed.types) == list(step.types)
    for name in step.__match_args__:
        value = getattr(step, name)
        if isinstance(value, str | int | bool | Node) or name in ("left_key", "sets"):
            assert getattr(changed, name) == value
