"""Equivalent shorter expressions."""

from __future__ import annotations

import json
from collections.abc import Iterator

from objectiv_local.plan.expr import Aggregation, Call, Column, Expr, Literal, Over, literal, transform
from objectiv_local.plan.naming import unused_name
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, Node
from objectiv_local.plan.ops import OPS
from objectiv_local.plan.rewrite import map_exprs, rebuild
from objectiv_local.types import JSON


def simplified(expr: Expr) -> Expr:
    """Return ``expr`` with every part that has a shorter form replaced."""
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
            isinstance(start, Literal) and start.type == JSON
        ):
            return Call("json_has", (array, start), expr.type)
        # Within a partition, its keys are constant.
        case Over(call, partition, order, frame) if len(order) > 1:
            kept = tuple(key for key in order if key.expr not in partition)
            if kept and len(kept) < len(order):
                return Over(call, partition, kept, frame)
        # The member is read as a string directly.
        case Call("json_text", (Call("json_get" | "json_index" as op, args),)):
            return Call(f"{op}_text", args, expr.type)
        # A filter of a filter is a filter with the members of both.
        case Call("json_filter", (Call("json_filter", (array, Literal(inner))), Literal(outer))):
            first, second = json.loads(str(inner)), json.loads(str(outer))
            if isinstance(first, dict) and isinstance(second, dict) and first.keys().isdisjoint(second):
                return Call("json_filter", (array, literal(first | second)), expr.type)
    return expr


def true_for(predicate: Expr) -> Expr:
    """Return a shorter condition that is true for the same rows; it may be NULL where ``predicate`` is false.

    A filter keeps the rows for which its condition is true, so it does not distinguish NULL from false.
    """
    match predicate:
        case Call("coalesce", (test, Literal(False))):
            return true_for(test)
        case Call("and" | "or" as op, (left, right)):
            return Call(op, (true_for(left), true_for(right)), predicate.type)
    return predicate


def drop_single_row_windows(root: Node) -> Node:
    """Return the plan without windows over partitions of one row: MIN over a one-row partition is its argument."""

    def change(old: Node, node: Node) -> Node:
        if not isinstance(node, Extend) or not node.child.key:
            return node
        key = {node.child.column(name) for name in node.child.key}

        def single(part: Expr) -> Expr | None:
            if (
                isinstance(part, Over)
                and OPS[part.call.op].extreme
                and part.call.where is None
                and part.frame is None
                and key <= set(part.partition)
            ):
                return part.call.args[0]
            return None

        return map_exprs(node, lambda expr: transform(expr, single))

    return rebuild(root, change)


def label_first(root: Node) -> Node:
    """Return the plan with windows in filters and groups as columns of a separate step, as if a user had named them.

    Group keys, and arguments and conditions of aggregates, become columns as whole expressions.
    """

    def change(old: Node, node: Node) -> Node:
        if not isinstance(node, Filter | Aggregate):
            return node
        labels: dict[Expr, str] = {}
        taken = set(node.child.types)
        for name, expr in _read_expressions(node):
            if expr.has_window and expr not in labels:
                labels[expr] = name if name and name not in taken else unused_name(name or "condition", taken | set(node.types))
                taken.add(labels[expr])
        if not labels:
            return node
        child = Extend(node.child, tuple((name, expr) for expr, name in labels.items()))
        moved = map_exprs(
            node, lambda expr: transform(expr, lambda part: Column(labels[part], part.type) if part in labels else None)
        )
        return moved.with_inputs((child,))

    return rebuild(root, change)


def _read_expressions(node: Filter | Aggregate) -> Iterator[tuple[str, Expr]]:
    """Yield the expressions that a step computes for each row, with their names, if any."""
    if isinstance(node, Filter):
        yield "", node.predicate
        return
    yield from node.keys
    for name, expr in node.aggregates:
        assert isinstance(expr, Aggregation)
        yield from ((name, part) for part in (*expr.args, *(key.expr for key in expr.order)))
        if expr.where is not None:
            yield "", expr.where


def simplify(root: Node) -> Node:
    """Return the plan with shorter expressions."""
    return rebuild(root, lambda old, node: map_exprs(node, simplified))
