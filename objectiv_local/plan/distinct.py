"""Name each location once: what is costly to compute of a JSON value is computed of the different values only.

Events share their location stacks: a million of them have some hundred. The name of a stack takes longer to write than a
join by the stack does, so the different stacks are named, and the names are joined to the rows. Rows that are only shown
are named as they are, which reads better and costs little.
"""

from __future__ import annotations

from objectiv_local.plan.expr import Call, Column, Expr, transform, walk
from objectiv_local.plan.naming import new_name
from objectiv_local.plan.nodes import Aggregate, Extend, GroupingSets, Join, JoinSide, Node, topological
from objectiv_local.plan.ops import OPS
from objectiv_local.plan.rewrite import rebuild


def name_distinct(root: Node) -> Node:
    """Return the plan with names computed of different values, below what looks at many rows."""
    nodes = topological(root)
    taken = {name for node in nodes for name in node.types}
    many: set[Node] = set()
    for node in reversed(nodes):
        looks = node in many or isinstance(node, Aggregate | GroupingSets) or any(expr.has_window for expr in node.exprs())
        if looks:
            many.update(node.inputs())

    def change(old: Node, node: Node) -> Node:
        if old not in many or not isinstance(node, Extend):
            return node
        found = dict.fromkeys(part for _, expr in node.columns for part in walk(expr) if _is_costly(part))
        return _joined(node, list(found), taken) if found else node

    return rebuild(root, change)


def _is_costly(part: Expr) -> bool:
    return (isinstance(part, Call) and OPS[part.op].costly and len(part.columns) == 1
            and not part.has_window and not part.has_query)


def _joined(node: Extend, calls: list[Expr], taken: set[str]) -> Node:
    """Return the step with names joined to it instead of computed in it."""
    names: dict[Expr, Column] = {}
    child = node.child
    for part in calls:
        assert isinstance(part, Call)
        (value,) = part.args
        if isinstance(value, Column):
            key, rows = value.name, child
        else:
            key = new_name("stack", taken)
            rows = Extend(child, ((key, value),), "stacks")
        name = new_name("name", taken)
        different = Aggregate(rows, ((key, rows.column(key)),), (), "different_stacks")
        named = Extend(different, ((name, Call(part.op, (different.column(key),), part.type)),), "names")
        columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(each, "left", (each, each)) for each in rows.types]
        child = Join(rows, named, "left", ((key, key),), (*columns, (name, "right", (name, name))), step="named_events",
                     key=rows.key)
        names[part] = Column(name, part.type)
    changed = tuple((name, transform(expr, names.get)) for name, expr in node.columns)
    return Extend(child, changed, node.step, node.local, node.once)
