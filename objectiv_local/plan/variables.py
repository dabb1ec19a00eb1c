"""Variables of a plan: constants with a name, whose value can be set again."""

from __future__ import annotations

from collections.abc import Mapping

from objectiv_local.plan.expr import Expr, Literal, Variable, transform, walk
from objectiv_local.plan.nodes import Node, topological
from objectiv_local.plan.rewrite import map_exprs, rebuild


def variables(root: Node) -> list[Variable]:
    """Return the variables that a plan reads, each once, in the order in which they are met."""
    found: dict[Variable, None] = {}
    for node in topological(root):
        for expr in node.exprs():
            found |= dict.fromkeys(part for part in walk(expr) if isinstance(part, Variable))
    return list(found)


def set_variables(root: Node) -> Node:
    """Return the plan with constants in place of variables."""
    if not variables(root):
        return root

    def constant(part: Expr) -> Expr | None:
        return Literal(part.value, part.type) if isinstance(part, Variable) else None

    return rebuild(root, lambda old, node: map_exprs(node, lambda expr: transform(expr, constant)))


def with_values(root: Node, values: Mapping[Variable, Variable]) -> Node:
    """Return the plan with variables replaced by others."""
    return rebuild(root, lambda old, node: map_exprs(node, lambda expr: transform(
        expr, lambda part: values.get(part) if isinstance(part, Variable) else None)))
