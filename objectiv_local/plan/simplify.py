"""Expressions that say the same in a shorter way."""

from __future__ import annotations

from objectiv_local.plan.expr import Call, Expr, Literal
from objectiv_local.plan.nodes import Node
from objectiv_local.types import JSON


def simplified(expr: Expr) -> Expr:
    """Return ``expr`` with every part replaced that has a shorter form."""
    children = expr.children()
    if children:
        new = tuple(map(simplified, children))
        if any(a is not b for a, b in zip(new, children, strict=True)):
            expr = expr.rebuilt(new)
    return _shorter(expr)


def _shorter(expr: Expr) -> Expr:
    match expr:
        # A slice from an object has elements exactly if an element contains the object.
        case Call("gt", (Call("json_length", (Call("json_slice", (array, start, Literal(None))),)), Literal(0))) if (
                isinstance(start, Literal) and start.type == JSON):
            return Call("json_has", (array, start), expr.type)
    return expr


def simplify(root: Node) -> Node:
    """Return the plan with shorter expressions."""
    from objectiv_local.plan.rewrite import map_exprs, rebuild

    return rebuild(root, lambda old, node: map_exprs(node, simplified))
