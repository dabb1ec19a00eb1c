"""Count users and their sessions together: group by both, then by users, then count.

``count(distinct user), count(distinct session)`` keeps a set for each of them in every group. A session belongs to one user, so
rows grouped by user and session can be counted: the groups are the sessions, and the groups of those are the users. The numbers
of sessions then only need to differ within a user, which avoids numbering them over all users.
"""

from __future__ import annotations

from objectiv_local.plan.early import day_of
from objectiv_local.plan.expr import Aggregation, Call, Column, Expr, aggregation
from objectiv_local.plan.naming import new_name
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, NamedExprs, Node
from objectiv_local.plan.rewrite import rebuild


def count_within(root: Node) -> Node:
    """Return the plan with such pairs of counts computed one within the other."""
    return rebuild(root, lambda old, node: _counted(node) or node)


def _counted(node: Node) -> Node | None:
    if not isinstance(node, Aggregate):
        return None
    counts: dict[str, Column] = {}
    for name, expr in node.aggregates:
        if not (
            isinstance(expr, Aggregation) and expr.op == "nunique" and expr.where is None and isinstance(expr.args[0], Column)
        ):
            return None
        counts[name] = expr.args[0]
    pair = _pair(node.child, {column.name for column in counts.values()})
    if pair is None or any(not expr.columns.isdisjoint(pair) for _, expr in node.keys):
        return None
    inner, outer = node.child.column(pair[0]), node.child.column(pair[1])
    taken = {*node.types, *node.child.types}

    grouped: list[tuple[str, Expr]] = []
    keys: list[tuple[str, Expr]] = []
    for name, expr in node.keys:
        day = day_of(expr)
        own = new_name(f"{min(day.columns)}_day" if day is not None else name, taken)
        grouped.append((own, expr if day is None else day))
        column: Expr = Column(own, grouped[-1][1].type)
        # The string of a date is computed from the few remaining dates instead of every row.
        keys.append(
            (
                name,
                Call("strftime", (column, expr.args[1]), expr.type) if day is not None and isinstance(expr, Call) else column,
            )
        )
    plan: Node = Aggregate(node.child, (*grouped, (outer.name, outer), (inner.name, inner)), ())
    by_outer: NamedExprs = tuple((name, Column(name, expr.type)) for name, expr in grouped)
    number = new_name(f"{inner.name}_count", taken)
    plan = Aggregate(plan, (*by_outer, (outer.name, outer)), ((number, aggregation("count", inner)),))
    # Without any rows, both are 0.
    total = aggregation("sum_or_null" if node.keys else "sum", plan.column(number))
    aggregates = tuple((name, aggregation("count", outer) if column is outer else total) for name, column in counts.items())
    return Aggregate(plan, tuple(keys), aggregates, node.step)


def _pair(node: Node, names: set[str]) -> tuple[str, str] | None:
    """Return the two columns that are counted, if each value of the first occurs with one value of the second."""
    if len(names) != 2:
        return None
    while isinstance(node, Extend | Filter):
        if isinstance(node, Extend):
            found = next(((column, per) for column, per, _ in node.local if {column, per} == names), None)
            if found is not None:
                return found
            if not names.isdisjoint(name for name, _ in node.columns):
                return None
        node = node.child
    return None
