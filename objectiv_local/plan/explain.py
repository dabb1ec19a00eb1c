"""A plan as a text tree, for display and tests."""

from __future__ import annotations

from collections.abc import Sequence

from objectiv_local.plan.expr import (
    Aggregation,
    Call,
    Case,
    Cast,
    Column,
    Expr,
    InQuery,
    Literal,
    Ordering,
    Over,
    ScalarQuery,
    Variable,
    WindowFrame,
)
from objectiv_local.plan.nodes import (
    Aggregate,
    Extend,
    Filter,
    GroupingSets,
    Join,
    Limit,
    NamedExprs,
    Node,
    Pin,
    Select,
    Sort,
    Source,
    Union,
    Unnest,
    Values,
    topological,
)


def explain(root: Node, columns: Sequence[str] | None = None) -> str:
    """Return the steps of a plan, the last first, each numbered; a step that two others read is shown once.

    >>> from objectiv_local.plan.nodes import Values
    >>> from objectiv_local.types import INT64
    >>> print(explain(Values((("x", INT64),), (), None, "loaded")))
    1 Values loaded: x int64 (0 rows)
    """
    numbers = {node: number for number, node in enumerate(topological(root), 1)}
    lines = [f"columns {', '.join(columns)}"] if columns is not None else []
    for node in reversed(numbers):
        below = [str(numbers[child]) for child in node.inputs()]
        lines.append(f"{numbers[node]} {_step(node, numbers)}" + (f" <- {', '.join(below)}" if below else ""))
    return "\n".join(lines)


def _step(node: Node, numbers: dict[Node, int]) -> str:
    def named(columns: NamedExprs) -> str:
        return ", ".join(f"{name} = {shown(expr)}" for name, expr in columns)

    title = f" {node.step}" if node.step else ""
    match node:
        case Source(relation, columns):
            return f"Source {relation.title}: " + ", ".join(f"{name} {type_}" for name, _, _, type_ in columns)
        case Values(columns, rows):
            return f"Values{title}: " + ", ".join(f"{name} {type_}" for name, type_ in columns) + f" ({len(rows)} rows)"
        case Extend(_, columns):
            return f"Extend{title}: {named(columns)}"
        case Select(_, columns):
            return f"Select{title}: {named(columns)}"
        case Filter(_, predicate):
            return f"Filter{title}: {shown(predicate)}"
        case Aggregate(_, keys, aggregates):
            by = f" by {named(keys)}" if keys else ""
            return f"Aggregate{title}{by}: {named(aggregates)}"
        case GroupingSets(_, keys, sets, aggregates, level):
            names = [name for name, _ in keys]
            by = ", ".join("(" + ", ".join(names[position] for position in each) + ")" for each in sets)
            return f"GroupingSets{title} by {named(keys)}, sets {by} as {level}: {named(aggregates)}"
        case Pin():
            return f"Pin{title}"
        case Unnest(_, array, item, position):
            return f"Unnest{title} {shown(array)} as {item} at {position}"
        case Union(_, columns):
            return f"Union{title}: {', '.join(columns)}"
        case Join(_, _, how, on, columns, condition=condition):
            pairs = [f"{left} = {right}" for left, right in on] + ([] if condition is None else [shown(condition)])
            met = " on " + " and ".join(pairs) if pairs else ", every row with every other"
            return f"Join{title} {how}{met}: {', '.join(name for name, _, _ in columns)}"
        case Limit(_, order, count, offset):
            return f"Limit{title} {count} after {offset} by {_order(order)}"
        case Sort(_, order):
            return f"Sort{title} by {_order(order)}"
    raise AssertionError(node)


def frame_text(frame: WindowFrame) -> str:
    """Return the boundaries of a window, as in SQL."""

    def bound(value: int | None, unbounded: str) -> str:
        if value is None:
            return f"UNBOUNDED {unbounded}"
        return "CURRENT ROW" if value == 0 else f"{abs(value)} {'PRECEDING' if value < 0 else 'FOLLOWING'}"

    return f"{frame.mode} BETWEEN {bound(frame.start, 'PRECEDING')} AND {bound(frame.end, 'FOLLOWING')}"


def _order(order: tuple[Ordering, ...]) -> str:
    return (
        ", ".join(
            shown(key.expr) + ("" if key.ascending else " desc") + ("" if key.nulls_last else " nulls first") for key in order
        )
        or "any order"
    )


def shown(expr: Expr) -> str:
    """Return an expression as a string."""
    match expr:
        case Column(name):
            return name
        case Literal(value):
            return repr(value)
        case Call(op, args) | Aggregation(op, args):
            inner = ", ".join(map(shown, args))
            if isinstance(expr, Aggregation):
                inner += f" order by {_order(expr.order)}" if expr.order else ""
                inner += f" where {shown(expr.where)}" if expr.where is not None else ""
            return f"{op}({inner})"
        case Cast(arg, type_):
            return f"{shown(arg)} as {type_}"
        case Case(whens, default):
            parts = [f"when {shown(condition)} then {shown(value)}" for condition, value in whens]
            return f"case {' '.join(parts)} else {shown(default)}"
        case Over(function, partition, order, frame):
            clauses = [f"partition {', '.join(map(shown, partition))}"] if partition else []
            clauses += [f"order {_order(order)}"] if order else []
            clauses += [frame_text(frame).lower()] if frame is not None else []
            return f"{shown(function)} over ({'; '.join(clauses)})"
        case ScalarQuery(plan, column):
            return f"the {column} of {type(plan).__name__}"
        case InQuery(arg, plan, column):
            return f"{shown(arg)} in the {column} of {type(plan).__name__}"
        case Variable(name, value):
            return f"{name}={value!r}"
    return repr(expr)
