"""Ordered-set aggregates: those with a WITHIN GROUP clause."""

from __future__ import annotations

from objectiv_local.dialects.sql.tree import Func, Ordered, Raw, Sql, Template, binary, number


def within_group(name: str, value: Sql, *arguments: Sql, suffix: str = "") -> Func:
    """Return an ordered-set aggregate; ``suffix`` is a collation or a sort direction."""
    return Func(name, arguments, order=(Ordered(value, suffix),), within=True)


def middle(value: Sql, pattern: str, division: str) -> Sql:
    """Return the median of timestamps or durations, truncated to microseconds: a float cannot hold all of them exactly.

    ``pattern`` turns a value into microseconds, ``division`` is the engine's integer division, which cuts towards zero.
    """
    ends = [Template(pattern, (within_group("percentile_disc", value, Raw("0.5"), suffix=direction),))
            for direction in ("", " DESC")]
    return binary(division, binary("+", *ends), number(2))
