"""The breakdown value that an attempt at a funnel counts for."""

from __future__ import annotations

from collections.abc import Sequence

from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Filter,
    Join,
    JoinSide,
    Node,
    Select,
    aggregation,
    call,
    case,
    literal,
)
from objectiv_local.hub.analyses.base.breakdown import NONE
from objectiv_local.hub.analyses.base.joins import looked_up
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope
from objectiv_local.hub.analyses.funnels.attempts import Steps, flag, moment_of
from objectiv_local.hub.analyses.funnels.units import REACHED


def labeled(plan: Node, every: Node, rows: Node, steps: Steps, label: str, attribution: str | int, scope: Scope) -> Node:
    """Return units with the value of the breakdown, according to ``attribution``.

    ``rows`` are the events that attempts can have, with their values in the column ``label``; ``every`` are all events of the
    units.
    """
    if attribution in ("user_first", "user_last"):
        found = _first(every, scope.unit, label, "any", scope, last=attribution == "user_last")
        plan = looked_up(plan, found, scope.unit, "labeled")
        return _with_label(plan, plan.column(label), label)
    if isinstance(attribution, int):
        numbers: Sequence[int] = [attribution]
    else:
        numbers = [1] if attribution == "first_step" else range(1, steps.count + 1)
    for k in numbers:
        plan = _looked_up(plan, _values(rows, steps, k, label, scope), steps, k)
    values: dict[int, Expr] = {k: plan.column(_value_of(k)) for k in numbers}
    value: Expr
    if len(values) == 1:
        (value,) = values.values()
    elif attribution == "last_step":
        value = case([(call("eq", plan.column(REACHED), literal(k)), each) for k, each in values.items()])
    else:
        order = list(values.values())
        value = _first_of(order if attribution == "first_defined" else order[::-1])
    return _with_label(plan, value, label)


def _value_of(step: int) -> str:
    return f"value_{step}"


def _values(rows: Node, steps: Steps, step: int, label: str, scope: Scope) -> Node:
    """Return the value of each moment at which an event matches a step (with ``order="any"``, any step)."""
    if steps.order != "any":
        rows = Filter(rows, rows.column(flag(step)), "values")
    else:
        tests = [rows.column(flag(k)) for k in range(1, steps.count + 1)]
        rows = Filter(rows, _any(tests), "values")
    return _first(rows, (*steps.unit, MOMENT), label, _value_of(step), scope)


def _any(tests: Sequence[Expr]) -> Expr:
    first, *rest = tests
    for each in rest:
        first = call("or", first, each)
    return first


def _first(rows: Node, keys: Sequence[str], label: str, name: str, scope: Scope, *, last: bool = False) -> Node:
    """Return the first value that is not missing within groups of ``keys``, in the order of events."""
    name = label if name == "any" else name
    value = rows.column(label)
    there = case([(call("ne", value, literal(NONE)), value)])
    made = aggregation("last" if last else "first", there, order=scope.order(rows))
    return Aggregate(rows, tuple((key, rows.column(key)) for key in keys), ((name, made),), "values")


def _looked_up(plan: Node, values: Node, steps: Steps, step: int) -> Node:
    """Return units with the value at the moment at which they reached a step, missing if they did not reach it."""
    name, moment = _value_of(step), moment_of(step)
    came = case([(call("le", literal(step), plan.column(REACHED)), plan.column(moment))])
    plan = Select(plan, (*((each, plan.column(each)) for each in plan.types), (f"at_{step}", came)), "labeled")
    columns: list[tuple[str, JoinSide, tuple[str, str]]] = [
        (each, "left", (each, each)) for each in plan.types if each != f"at_{step}"
    ]
    columns.append((name, "right", (name, name)))
    on = (*((key, key) for key in steps.unit), (f"at_{step}", MOMENT))
    return Join(plan, values, "left", on, tuple(columns), step="labeled", key=plan.key, single="right")


def _first_of(values: Sequence[Expr]) -> Expr:
    first, *rest = values
    for each in rest:
        first = call("coalesce", first, each)
    return first


def _with_label(plan: Node, value: Expr, label: str) -> Node:
    kept = tuple((name, plan.column(name)) for name in plan.types if not name.startswith("value_") and name != label)
    return Select(plan, (*kept, (label, call("coalesce", value, literal(NONE)))), "labeled")
