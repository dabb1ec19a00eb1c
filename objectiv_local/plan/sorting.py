"""Sort some rows: a window whose result is read only for some rows does not sort the others.

Sessions are numbered by the order of their first events, so out of a million events, a few hundred thousand have to be sorted.
The window is partitioned by whether an event is the first of a session, and only such events read their number. The order is
NULL for the other rows, and engines sort equal rows quickly.
"""

from __future__ import annotations

from objectiv_local.plan.expr import Case, Column, Expr, Literal, Ordering, Over, case, transform
from objectiv_local.plan.nodes import Extend, Node
from objectiv_local.plan.rewrite import map_exprs, rebuild
from objectiv_local.types import BOOL


def sort_some_rows(root: Node) -> Node:
    """Return the plan in which windows that are read only for some rows sort only these."""

    def change(old: Node, node: Node) -> Node:
        has_window = isinstance(node, Extend) and any(expr.has_window for _, expr in node.columns)
        return map_exprs(node, lambda expr: transform(expr, _sorted)) if has_window else node

    return rebuild(root, change)


def _sorted(part: Expr) -> Expr | None:
    match part:
        case Case(((Column(type=type_) as test, Over(call, partition, order, frame)),), Literal(None)) if (
            type_ == BOOL and test in partition and any(isinstance(key.expr, Column) for key in order)
        ):
            # If the test is true, it is true in all rows of the partition, and their order is unchanged.
            keys = tuple(
                Ordering(case([(test, key.expr)]), key.ascending, key.nulls_last) if isinstance(key.expr, Column) else key
                for key in order
            )
            return case([(test, Over(call, partition, keys, frame))])
    return None
