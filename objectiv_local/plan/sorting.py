"""Windows whose result is read only for some rows: the other rows are not sorted, and are divided.

Sessions are numbered by the order of their first events, so out of a million events, a few hundred thousand have to be sorted.
The window is partitioned by whether an event is the first of a session, and only such events read their number. The order is
NULL for the other rows, and engines sort equal rows quickly.

An engine that divides a window by its partitions still sends all other rows to one task. There, these rows get partitions of
their own.
"""

from __future__ import annotations

from collections.abc import Callable

from objectiv_local.plan.expr import Case, Column, Expr, Literal, Ordering, Over, case, literal, transform
from objectiv_local.plan.nodes import Extend, Node
from objectiv_local.plan.rewrite import map_exprs, rebuild
from objectiv_local.types import BOOL


def sort_some_rows(root: Node) -> Node:
    """Return the plan in which windows that are read only for some rows sort only these."""
    return _changed(root, _sorted)


def divide_other_rows(root: Node) -> Node:
    """Return the plan in which windows whose other rows are not sorted have many partitions of other rows."""
    return _changed(root, _divided)


def _changed(root: Node, change: Callable[[Expr], Expr | None]) -> Node:
    def changed(old: Node, node: Node) -> Node:
        has_window = isinstance(node, Extend) and any(expr.has_window for _, expr in node.columns)
        return map_exprs(node, lambda expr: transform(expr, change)) if has_window else node

    return rebuild(root, changed)


def _sorted(part: Expr) -> Expr | None:
    match part:
        case Case(((Column(type=type_) as test, Over(function, partition, order, frame)),), Literal(None)) if (
            type_ == BOOL and test in partition and any(isinstance(key.expr, Column) for key in order)
        ):
            # If the test is true, it is true in all rows of the partition, and their order is unchanged.
            keys = tuple(
                Ordering(case([(test, key.expr)]), key.ascending, key.nulls_last) if isinstance(key.expr, Column) else key
                for key in order
            )
            return case([(test, Over(function, partition, keys, frame))])
    return None


def _divided(part: Expr) -> Expr | None:
    match part:
        case Case(((test, Over(function, (partition,), order, frame)),), Literal(None)) if test == partition:
            for key in order:
                match key.expr:
                    case Case(((condition, Column() as column),), Literal(None)) if condition == test:
                        # In rows that read the window, it is NULL, so these remain one partition.
                        other = case([(test, literal(None, column.type))], column)
                        return case([(test, Over(function, (partition, other), order, frame))])
    return None
