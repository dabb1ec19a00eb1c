"""Narrow rows early: row-wise expressions over a JSON column are computed before rows are sorted for windows.

A window sorts rows, and a sort that carries JSON costs several times as much as one that carries a few numbers. So an
expression over JSON that a later step needs moves below the first window, where the JSON column itself can then be dropped.
"""

from __future__ import annotations

from objectiv_local.plan.expr import Aggregation, Call, Case, Cast, Column, Expr, Over, Query, parses, transform, walk
from objectiv_local.plan.naming import unused_name
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, Limit, Node, Select, topological
from objectiv_local.plan.origins import title
from objectiv_local.plan.rewrite import map_exprs, rebuild
from objectiv_local.types import JSON


def narrow_early(root: Node) -> Node:
    """Return the plan with expressions over JSON moved below windows."""
    nodes = topological(root)
    taken = {name for node in nodes for name in node.types}
    given: set[str] = set()
    names: dict[tuple[Node, Expr], list[str]] = {}
    moved: dict[Node, dict[Expr, str]] = {}

    for node in nodes:
        if not isinstance(node, Extend | Filter | Aggregate | Select):
            continue
        for name, expr in _named_exprs(node):
            for part in _candidates(expr):
                place = _lowest_window(node, part)
                if place is None:
                    continue
                known = names.setdefault((place, part), [])
                # A name from another step may belong to another column on the way to this step.
                found = next((each for each in known if _is_free(each, node, place)), None)
                if found is None:
                    own = (
                        name
                        and part is expr
                        and name not in given
                        and name not in place.child.types
                        and _is_free(name, node, place)
                    )
                    found = name if own else unused_name(title(part), taken)
                    taken.add(found)
                    given.add(found)
                    known.append(found)
                moved.setdefault(node, {})[part] = found
    if not names:
        return root

    at: dict[Node, list[tuple[str, Expr]]] = {}
    for (window, part), all_names in names.items():
        at.setdefault(window, []).extend((name, part) for name in all_names)

    def change(old: Node, node: Node) -> Node:
        replaced = moved.get(old)
        if replaced:
            node = map_exprs(
                node, lambda expr: transform(expr, lambda part: Column(replaced[part], part.type) if part in replaced else None)
            )
        early = at.get(old)
        if early and isinstance(node, Extend):
            node = Extend(Extend(node.child, tuple(early), ""), node.columns, node.step, node.local, node.once)
        return node

    return rebuild(root, change)


def _named_exprs(node: Node) -> list[tuple[str, Expr]]:
    match node:
        case Extend(_, columns) | Select(_, columns):
            return list(columns)
        case Aggregate(_, keys, aggregates):
            return [*keys, *aggregates]
    return [("", expr) for expr in node.exprs()]


def _candidates(expr: Expr) -> list[Expr]:
    """Return the largest parts of ``expr`` that are computed from JSON of one row and are not JSON themselves."""
    found: list[Expr] = []
    stack = [expr]
    while stack:
        part = stack.pop()
        if _is_candidate(part):
            found.append(part)
        else:
            stack.extend(part.children())
    return found


def _is_candidate(expr: Expr) -> bool:
    if expr.type.plain == JSON or not isinstance(expr, Call | Case | Cast):
        return False
    if parses(expr):
        # It may raise an error for rows that a condition above excludes; the expressions that it reads do not.
        return False
    parts = list(walk(expr))
    if any(isinstance(part, Over | Aggregation | Query) for part in parts):
        return False
    return any(isinstance(part, Column) and part.type.plain == JSON for part in parts)


def _lowest_window(node: Node, part: Expr) -> Extend | None:
    """Return the lowest step with windows below which ``part`` can be computed, or None if there is none."""
    found: Extend | None = None
    current = node
    while isinstance(current, Extend | Filter | Limit) or current is node:
        if isinstance(current, Extend):
            if current is not node and not part.columns.isdisjoint(name for name, _ in current.columns):
                break
            if any(expr.has_window for _, expr in current.columns):
                found = current
        current = current.inputs()[0]
    return found


def _is_free(name: str, node: Node, place: Extend) -> bool:
    """Return whether no step between ``place`` and ``node`` defines a column ``name``."""
    current = node.inputs()[0] if node is not place else place
    while current is not place:
        if name in current.types:
            return False
        current = current.inputs()[0]
    return name not in place.types or node is place
