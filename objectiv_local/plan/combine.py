"""Two aggregates of the same rows by the same keys, one of them over a subset of the rows, become one GROUP BY.

``users(df[df.is_new]) / users(df)`` aligns two results on their index. If the groups of one are among those of the other,
reading the rows once with FILTER returns the same result without a join.
"""

from __future__ import annotations

from functools import reduce

from objectiv_local.plan.expr import Aggregation, Column, Expr, aggregation, call, case, substitute
from objectiv_local.plan.naming import unused_name
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, Join, Node, Select
from objectiv_local.plan.rewrite import rebuild


def combine_aggregates(root: Node) -> Node:
    """Return the plan with such joins replaced."""
    return rebuild(root, lambda old, node: _combined(node) or node)


class _Side:
    """One side of a join: an aggregate of filtered rows, and the columns computed from it."""

    def __init__(self, node: Node) -> None:
        self.chain: list[Extend | Select] = []
        while isinstance(node, Extend | Select):
            self.chain.append(node)
            node = node.child
        self.aggregate = node if isinstance(node, Aggregate) else None
        self.predicates: list[Expr] = []
        if self.aggregate is not None:
            node = self.aggregate.child
            while isinstance(node, Filter):
                self.predicates.append(node.predicate)
                node = node.child
        self.rows = node

    def resolve(self, name: str) -> Expr:
        """Return a column of this side in terms of the columns of its aggregate."""
        expr: Expr | None = None
        for step in self.chain:
            columns = dict(step.columns)
            expr = columns.get(name, Column(name, step.types[name])) if expr is None else substitute(expr, columns)
        assert self.aggregate is not None
        return Column(name, self.aggregate.types[name]) if expr is None else expr


def _combined(node: Node) -> Node | None:
    if not isinstance(node, Join) or not node.nulls_match or node.how == "inner":
        return None
    left, right = _Side(node.left), _Side(node.right)
    if left.aggregate is None or right.aggregate is None or left.rows is not right.rows:
        return None
    keys = left.aggregate.keys
    if not keys or [expr for _, expr in keys] != [expr for _, expr in right.aggregate.keys]:
        return None
    joined = {(left.resolve(a), right.resolve(b)) for a, b in node.on}
    wanted = {
        (Column(a, expr.type), Column(b, expr.type)) for (a, expr), (b, _) in zip(keys, right.aggregate.keys, strict=True)
    }
    if joined != wanted:
        return None
    if right.predicates and left.predicates:
        return None
    if any(_windows_over_part(side) for side in (left, right)):
        return None
    if left.predicates and node.how == "left":
        # The rows would be only those of the groups that remain after the filter.
        return None

    aggregates: list[tuple[str, Expr]] = []
    taken = {name for name, _ in keys}
    outputs: dict[str, dict[str, Expr]] = {}
    for title, side in (("left", left), ("right", right)):
        renamed: dict[str, Expr] = {}
        predicate = reduce(lambda a, b: call("and", a, b), side.predicates) if side.predicates else None
        assert side.aggregate is not None
        for name, expr in side.aggregate.aggregates:
            assert isinstance(expr, Aggregation)
            own = unused_name(name, taken)
            taken.add(own)
            aggregates.append((own, expr if predicate is None else _where(expr, predicate)))
            renamed[name] = Column(own, expr.type)
        for (name, _), (key, expr) in zip(side.aggregate.keys, keys, strict=True):
            renamed[name] = Column(key, expr.type)
        present: Expr | None = None
        if predicate is not None:
            name = unused_name("has_rows", taken)
            taken.add(name)
            aggregates.append((name, aggregation("max", predicate)))
            present = Column(name, predicate.type)
        outputs[title] = {}
        for name in (node.left if title == "left" else node.right).types:
            expr = substitute(side.resolve(name), renamed)
            outputs[title][name] = expr if present is None else case([(present, expr)])

    plan = Aggregate(left.rows, keys, tuple(aggregates), left.aggregate.step or right.aggregate.step)
    columns: list[tuple[str, Expr]] = []
    for name, side_name, (a, b) in node.columns:
        if side_name == "both":
            # The side without a filter has every group.
            columns.append((name, outputs["right" if left.predicates else "left"][b if left.predicates else a]))
        else:
            columns.append((name, outputs[side_name][a if side_name == "left" else b]))
    return Select(plan, tuple(columns), plan.step)


def _windows_over_part(side: _Side) -> bool:
    """Return whether a side has windows over filtered rows, which would differ over all rows.

    The filter directly above the rows may use windows, because those are over all rows.
    """
    assert side.aggregate is not None
    return bool(side.predicates) and any(expr.has_window for expr in (*side.aggregate.exprs(), *side.predicates[:-1]))


def _where(expr: Aggregation, predicate: Expr) -> Aggregation:
    where = predicate if expr.where is None else call("and", expr.where, predicate)
    return Aggregation(expr.op, expr.args, expr.order, where, expr.type)
