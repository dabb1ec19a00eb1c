"""Compute on the dimension: an expression over the columns of a small table is computed once for each of its rows.

A million events have a few hundred locations. If the locations are in a table of their own, joined by their id, then a name
or a test of a location is computed for those few hundred rows and joined to the events as a short column, and the locations
themselves, which are long JSON, need not be joined at all.

This applies to every expression if each row matches one row of the dimension (:class:`Join`, ``total``). Other left joins by a
unique key have NULL in rows without a match, so there it applies to expressions that are NULL for NULL arguments, and is
worthwhile if they read JSON or are expensive. A dimension may have rows that no event refers to, and filters remove events, so
expressions that may raise an error are not moved.
"""

from __future__ import annotations

from collections.abc import Iterable

from objectiv_local.plan.expr import Call, Column, Expr, never_raises, walk
from objectiv_local.plan.nodes import Extend, Join, JoinSide, NamedExprs, Node, Source, topological
from objectiv_local.plan.ops import OPS
from objectiv_local.plan.origins import Origin
from objectiv_local.types import JSON


def compute_on_dimensions(root: Node) -> Node:
    """Return the plan with expressions over the columns of a dimension computed before the join."""
    if not any(_is_dimension(node) for node in topological(root)):
        return root
    return _Dimensions(root).done()


def _is_dimension(node: Node) -> bool:
    return isinstance(node, Join) and node.how == "left" and node.meets_one


class _Dimensions(Origin):
    """Expressions over the right side of a left join by a unique key."""

    def starts(self, node: Node) -> Iterable[str]:
        if not isinstance(node, Join) or not _is_dimension(node):
            return ()
        return [name for name, side, _ in node.columns if side == "right"]

    def takes(self, place: Node, expr: Expr) -> bool:
        assert isinstance(place, Join)
        return never_raises(expr) and (place.total or _costs(expr))

    def at(self, place: Node, node: Node, columns: NamedExprs) -> Node:
        assert isinstance(node, Join)
        sides: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "right", (name, name)) for name, _ in columns]
        title = f"of_{node.right.step}" if isinstance(node.right, Source) and node.right.step else ""
        right = Extend(node.right, columns, title, once=True)
        return Join(
            node.left,
            right,
            node.how,
            node.on,
            (*node.columns, *sides),
            node.nulls_match,
            node.step,
            node.key,
            node.condition,
            node.single,
            node.total,
        )


def _costs(expr: Expr) -> bool:
    """Return whether ``expr`` is expensive to compute."""
    return any(
        (isinstance(part, Column) and part.type.plain == JSON) or (isinstance(part, Call) and OPS[part.op].costly is not None)
        for part in walk(expr)
    )
