"""Merge conditions on pairs of rows, one from each side, given as a bool series over both frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.plan.expr import Column, Expr, substitute
from objectiv_local.plan.nodes import Extend, Filter, Join, Limit, Node, Select

if TYPE_CHECKING:
    from objectiv_local.frame.series.base import Series

_FUNCTION = "pass a function: on=lambda left, right: left.a < right.b"


def of_pairs(condition: Series, sides: Mapping[str, Node], columns: Mapping[str, Mapping[str, Expr]]) -> Expr:
    """Return a series such as ``left.a < right.b`` as a condition on pairs of rows.

    Such a series aligns the frames on their index. Here, each of its columns is traced back to the side that it comes from, so
    that the condition applies to every pair of rows. ``sides`` are the plans of the sides; ``columns`` maps their columns to
    those of the pair. Raises InvalidValue if a column comes from neither side, and InvalidType if all come from the same one.
    """

    def placed(plan: Node, expr: Expr) -> Expr:
        homes = [side for side, own in sides.items() if _is_of(expr, plan, own)]
        if len(homes) > 1:
            raise InvalidValue(
                f"condition {condition.name!r} is ambiguous: both frames are derived from the same rows, so it is "
                "unclear which frame it reads",
                hint=_FUNCTION,
            )
        if homes:
            return substitute(expr, dict(columns[homes[0]]))
        match plan:
            case Extend() | Select():
                return placed(plan.child, substitute(expr, dict(plan.columns)))
            case Join():
                parts: dict[str, Expr] = {}
                for name, side, (own, there) in plan.columns:
                    if name in expr.columns and side == "both":
                        raise InvalidValue(
                            f"condition {condition.name!r} reads the index on which the frames are aligned", hint=_FUNCTION
                        )
                    if name in expr.columns:
                        child, column = (plan.left, own) if side == "left" else (plan.right, there)
                        parts[name] = placed(child, Column(column, child.types[column]))
                return substitute(expr, parts)
        raise InvalidValue(f"condition {condition.name!r} is not over the columns of the two frames", hint=_FUNCTION)

    found = placed(condition._state.rows("a condition to merge on").plan, condition._expr)
    if any(
        found.columns.isdisjoint(each.name for each in own.values() if isinstance(each, Column)) for own in columns.values()
    ):
        raise InvalidType(
            f"condition {condition.name!r} reads columns of only one side",
            hint=f"filter that frame before the merge, or {_FUNCTION}",
        )
    return found


def _is_of(expr: Expr, plan: Node, frame: Node) -> bool:
    """Return whether an expression over ``plan`` has the same value in the rows of ``frame``, which is derived from it."""
    while frame is not plan:
        if not isinstance(frame, Extend | Filter | Limit):
            return False
        if isinstance(frame, Extend) and not expr.columns.isdisjoint(name for name, _ in frame.columns):
            return False
        frame = frame.child
    return not expr.has_window
