"""Durations between timestamps, as the engine's own intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from objectiv_local.dialects.dialect import Builder
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import Number, Raw, Sql, Template, binary
from objectiv_local.dialects.standard.table import STANDARD_SCALAR
from objectiv_local.plan.expr import Call, Expr
from objectiv_local.types import TIMEDELTA


def difference(pattern: str, left: Sql, right: Sql) -> Sql:
    """Return the microseconds between two timestamps; ``pattern`` converts the engine's interval to them."""
    return Template(pattern, (binary("-", left, right),), tree.CAST)


def compared(standard: Mapping[str, Builder] = STANDARD_SCALAR) -> dict[str, Builder]:
    """Return the comparisons, with a duration between two timestamps compared as the engine's own interval.

    ``moment - previous <= INTERVAL '1800 seconds'`` is easier to read than a number of microseconds, and faster.
    """

    def build(name: str) -> Builder:
        def compare(args: Sequence[Sql], expr: Expr) -> Sql:
            assert isinstance(expr, Call)
            left, right = args
            if expr.args[0].type == TIMEDELTA and isinstance(left, Template) and isinstance(right, Number):
                interval = left.args[0]
                if isinstance(interval, tree.Binary) and interval.operator == "-":
                    left, right = interval, interval_literal(right.value)
            return standard[name]((left, right), expr)

        return compare

    return {name: build(name) for name in ("eq", "ne", "lt", "le", "gt", "ge")}


def interval_literal(microseconds: int) -> Raw:
    """Return a duration as the engine's own interval, in days or seconds: a day has 24 hours without time zones."""
    if microseconds and microseconds % 86_400_000_000 == 0:
        return Raw(f"INTERVAL '{microseconds // 86_400_000_000} days'")
    return Raw(f"INTERVAL '{_seconds(microseconds)} seconds'")


def _seconds(value: int) -> str:
    whole, rest = divmod(abs(value), 1_000_000)
    return ("-" if value < 0 else "") + str(whole) + (f".{rest:06d}" if rest else "")
