"""Ordered-set aggregates: those with a WITHIN GROUP clause."""

from __future__ import annotations

import math

from objectiv_local.dialects.dialect import float_literal
from objectiv_local.dialects.sql.tree import Func, Ordered, Raw, Sql, Template, binary, case, number
from objectiv_local.plan.expr import Cast, Expr


def within_group(name: str, value: Sql, *arguments: Sql, suffix: str = "") -> Func:
    """Return an ordered-set aggregate; ``suffix`` is a collation or a sort direction."""
    return Func(name, arguments, order=(Ordered(value, suffix),), within=True)


def middle(value: Sql, pattern: str, division: str) -> Sql:
    """Return the median of timestamps or durations, truncated to microseconds: a float cannot hold all of them exactly.

    ``pattern`` converts a value to microseconds, ``division`` is the engine's integer division, which truncates toward zero.
    """
    ends = [
        Template(pattern, (within_group("percentile_disc", value, Raw("0.5"), suffix=direction),))
        for direction in ("", " DESC")
    ]
    return binary(division, binary("+", *ends), number(2))


def beside_infinity(found: Sql, value: Sql, share: float) -> Sql:
    """Return a quantile of values that may be infinite; an engine's own is NaN next to infinity, because inf - inf is."""
    if share == 0.5:
        halves = [
            binary("*", within_group("percentile_disc", value, Raw("0.5"), suffix=direction), float_literal(0.5))
            for direction in ("", " DESC")
        ]
        return binary("+", *halves)
    nan, infinity = float_literal(math.nan), float_literal(math.inf)
    place = Template(f"{share!r} * ({{}} - 1)", (Func("count", (value,)),))
    finite, numbers = (Func("count", (value,), where=binary("<", value, end)) for end in (infinity, nan))
    below, above = Template("floor({})", (place,)), Template("ceil({})", (place,))
    infinite = case(
        (binary(">", finite, above), float_literal(-math.inf)),
        (binary("AND", binary("<=", finite, below), binary(">", numbers, above)), infinity),
    )
    return Template("coalesce(nullif({}, 'NaN'), {}, {})", (found, infinite, found))


def is_finite(expr: Expr) -> bool:
    """Return whether a float was cast from a type that cannot be infinite."""
    return isinstance(expr, Cast) and expr.arg.type.name in ("int64", "decimal", "bool")
