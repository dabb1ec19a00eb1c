"""Compute an expensive expression once for each distinct value, and join the results to the rows.

Many rows share few values if a column describes a location or a kind of thing: a million events have a few hundred locations
in a product. If computing a result takes longer than a join by the value, as the operation declares, it is computed for the
distinct values. For rows that are only displayed, it is computed row by row, which is easier to read and costs little.
"""

from __future__ import annotations

from objectiv_local.plan.expr import Call, Column, Expr, Literal, transform, walk
from objectiv_local.plan.naming import new_name
from objectiv_local.plan.nodes import Aggregate, Extend, GroupingSets, Join, JoinSide, Node, topological
from objectiv_local.plan.ops import OPS
from objectiv_local.plan.rewrite import rebuild


def distinct_once(root: Node) -> Node:
    """Return the plan with expensive results computed from distinct values, below steps that read many rows."""
    nodes = topological(root)
    taken = {name for node in nodes for name in node.types}
    many: set[Node] = set()
    for node in reversed(nodes):
        looks = node in many or isinstance(node, Aggregate | GroupingSets) or any(expr.has_window for expr in node.exprs())
        if looks:
            # A dimension has few rows.
            many.update((node.left,) if isinstance(node, Join) and node.total else node.inputs())

    def change(old: Node, node: Node) -> Node:
        if old not in many or not isinstance(node, Extend):
            return node
        found = dict.fromkeys(
            part for _, expr in node.columns for part in walk(expr) if isinstance(part, Call) and _value(part) is not None
        )
        return _joined(node, list(found), taken) if found else node

    return rebuild(root, change)


def _value(part: Call) -> Expr | None:
    """Return the only non-constant argument of an expensive operation, if it is computed from a single column."""
    if OPS[part.op].costly is None or part.has_window or part.has_query:
        return None
    values = [arg for arg in part.args if not isinstance(arg, Literal)]
    return values[0] if len(values) == 1 and len(part.columns) == 1 else None


def _joined(node: Extend, calls: list[Call], taken: set[str]) -> Node:
    """Return the step with results joined to it instead of computed in it."""
    answers: dict[Expr, Column] = {}
    child = node.child
    for part in calls:
        value, title = _value(part), OPS[part.op].costly
        assert value is not None
        assert title is not None
        if isinstance(value, Column):
            key, rows = value.name, child
        else:
            key = new_name("key", taken)
            rows = Extend(child, ((key, value),), "keys")
        name = new_name(title, taken)
        distinct = Aggregate(rows, ((key, rows.column(key)),), (), f"distinct_{key}")
        args = tuple(distinct.column(key) if arg is value else arg for arg in part.args)
        computed = Extend(distinct, ((name, Call(part.op, args, part.type)),), f"{title}s")
        columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(each, "left", (each, each)) for each in rows.types]
        child = Join(
            rows,
            computed,
            "left",
            ((key, key),),
            (*columns, (name, "right", (name, name))),
            step=f"with_{title}s",
            key=rows.key,
        )
        answers[part] = Column(name, part.type)
    changed = tuple((name, transform(expr, answers.get)) for name, expr in node.columns)
    return Extend(child, changed, node.step, node.local, node.once)
