"""Variables of a plan: named constants whose value can be changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from objectiv_local.plan.expr import Expr, Literal, Variable, transform, walk
from objectiv_local.plan.nodes import Node, topological
from objectiv_local.plan.rewrite import expressions_of, map_all


def uses(node: Node) -> Iterable[Variable]:
    """Return each use of a variable in a step."""
    return (part for expr in expressions_of(node) for part in walk(expr) if isinstance(part, Variable))


def variables(root: Node) -> list[Variable]:
    """Return the variables that a plan reads, each once, in the order of their first use."""
    return list(dict.fromkeys(part for node in topological(root) for part in uses(node)))


def set_variables(root: Node) -> Node:
    """Return the plan with constants in place of variables."""
    return _with(root, lambda variable: Literal(variable.value, variable.type)) if variables(root) else root


def with_values(root: Node, values: Mapping[Variable, Variable]) -> Node:
    """Return the plan with variables replaced by others."""
    return _with(root, values.get)


def _with(root: Node, value: Callable[[Variable], Expr | None]) -> Node:
    return map_all(root, lambda expr: transform(expr, lambda part: value(part) if isinstance(part, Variable) else None))
