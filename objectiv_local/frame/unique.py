"""Checks that an alignment on an index matches each row with at most one other: proved by a key, or by a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidValue
from objectiv_local.frame.running import Running
from objectiv_local.plan.expr import Column, aggregation, call, literal
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, Join, Limit, Node, Select, topological
from objectiv_local.types import BOOL

if TYPE_CHECKING:
    from objectiv_local.engines.base import Engine


#: A step, and its columns that label the rows.
Labelled = tuple[Node, tuple[str, ...]]


def check_aligned(plan: Node, engine: Engine) -> None:
    """Raise InvalidValue if an alignment in ``plan`` would multiply rows. Runs one query for each index without a key."""
    known: dict[Labelled, dict[str, object]] = {}

    def repeated(side: Labelled) -> dict[str, object]:
        if side not in known:
            known[side] = repeated_label(*side, engine)
        return known[side]

    for node in topological(plan):
        if not isinstance(node, Join) or not node.single:
            continue
        sides = [labelled(node.right, [there for _, there in node.on])]
        if node.single == "either":
            sides.append(labelled(node.left, [here for here, _ in node.on]))
        if any(_has_key(side) for side in sides) or not all(repeated(side) for side in sides):
            continue
        raise InvalidValue(
            _message(node, repeated(sides[0])),
            hint="set an aggregate with one row per "
            "label as a column first (df['x'] = aggregate) and compute with df.x, or use "
            "groupby(...).transform(...), left.merge(right, on=[...]) on columns that identify a row, or "
            "another index with reset_index() and set_index([...])",
        )


def labelled(side: Node, labels: list[str]) -> Labelled:
    """Return the step from which the labels come, so that the query on it is short and runs once."""
    while isinstance(side, Extend | Select):
        computed = dict(side.columns)
        below = [computed.get(name, None if isinstance(side, Select) else side.column(name)) for name in labels]
        names = [expr.name for expr in below if isinstance(expr, Column)]
        if len(names) < len(labels):
            break
        side, labels = side.child, names
    return side, tuple(labels)


def _has_key(side: Labelled) -> bool:
    node, labels = side
    return node.key is not None and set(node.key) <= set(labels)


def repeated_label(side: Node, labels: tuple[str, ...], engine: Engine) -> dict[str, object]:
    """Return one label of several rows, with their number as ``rows``; empty if labels are unique."""
    # Neutral names: a column name could be too long for the engine, or clash with ``rows``.
    keys = tuple((f"label_{number}", side.column(name)) for number, name in enumerate(labels, 1))
    counted = Aggregate(side, keys, (("rows", aggregation("size")),))
    several = Limit(Filter(counted, call("gt", counted.column("rows"), literal(1))), (), 1)
    with Running(several, engine) as run:
        found = engine.arrow(run.statement.sql, run.statement.schema).to_pylist()
    return found[0] if found else {}


def _message(node: Join, repeated: dict[str, object]) -> str:
    index = [here for here, _ in node.on]
    shown = ", ".join(f"{name}={value!r}" for name, value in zip(index, repeated.values(), strict=False))
    labels = f"labels are not unique ({repeated['rows']} rows have {shown})"
    if node.single == "either":
        return (
            f"series cannot be combined on the index ({', '.join(index)}): {labels} on both sides, so "
            "rows would match several rows of the other side"
        )
    name = node.columns[-1][0]
    what = "a condition" if node.types[name] == BOOL else f"series {name!r}"
    return f"{what} cannot be aligned on the index ({', '.join(index)}): {labels}, so a row would match several"
