"""The declaration of an operation, and its properties for the rest of the plan.

A pass reads a property of the operation and has no list of names: a new operation declares the properties that it has, and by
default it has none, so no pass changes a plan because of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["scalar", "aggregate", "window"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Op:
    """An operation: its name, kind, signatures and meaning, and its properties."""

    name: str
    kind: Kind
    signatures: tuple[str, ...]
    meaning: str

    # ---- of aggregates and window functions
    ordered: bool = False
    """The result depends on the order of the rows."""
    ties: bool = False
    """Rows that tie in that order have equal results."""
    framed: bool = False
    """Over a window, it reads the rows of the frame instead of the partition."""
    windowed: bool = False
    """It can be computed over a window."""

    # ---- of aggregates
    combined_by: str | None = None
    """The aggregate that combines the results for parts of a group; None if none does."""
    idempotent: bool = False
    """Duplicate values do not change the result."""
    approximate: bool = False
    """The last digits of the result, a float, differ between engines."""
    internal: bool = False
    """Not named by users: it is a part of other aggregates."""
    extreme: bool = False
    """The result is the minimum or maximum of the values: for equal values, the value itself."""

    # ---- of any operation
    null_only: bool = False
    """The result depends only on which arguments are NULL."""

    # ---- of operations on one row
    total: bool = False
    """There is a result for every row and never an error, so it may be computed for rows that a condition excludes."""
    answers_null: bool = False
    """The result may be non-NULL although an argument is NULL. Any other row-wise operation then returns NULL."""
    compares: bool = False
    """The result depends only on the order of the two arguments."""
    of_period: bool = False
    """The result is the same for all timestamps of a period, which the first argument names."""
    costly: str | None = None
    """A join with the distinct arguments costs less than computing it for every row: the name of a result there."""
    parses: bool = False
    """It parses strings as another type, which raises an error for invalid strings."""
    adds_scales: bool = False
    """A decimal result has the sum of the decimal places of all arguments, instead of their maximum."""


def scalar(
    name: str,
    *signatures: str,
    meaning: str,
    null_only: bool = False,
    total: bool = False,
    answers_null: bool = False,
    compares: bool = False,
    of_period: bool = False,
    costly: str | None = None,
    parses: bool = False,
    adds_scales: bool = False,
) -> Op:
    """Return an operation on the values of one row."""
    return Op(
        name=name,
        kind="scalar",
        signatures=signatures,
        meaning=meaning,
        null_only=null_only,
        total=total,
        answers_null=answers_null,
        compares=compares,
        of_period=of_period,
        costly=costly,
        parses=parses,
        adds_scales=adds_scales,
    )


def aggregate(
    name: str,
    *signatures: str,
    meaning: str,
    ordered: bool = False,
    windowed: bool = True,
    combined_by: str | None = None,
    idempotent: bool = False,
    extreme: bool = False,
    null_only: bool = False,
    approximate: bool = False,
    internal: bool = False,
) -> Op:
    """Return an operation on the rows of a group, and of a window unless ``windowed`` is false."""
    return Op(
        name=name,
        kind="aggregate",
        signatures=signatures,
        meaning=meaning,
        ordered=ordered,
        framed=True,
        windowed=windowed,
        combined_by=combined_by,
        idempotent=idempotent,
        extreme=extreme,
        null_only=null_only,
        approximate=approximate,
        internal=internal,
    )


def window(name: str, *signatures: str, meaning: str, framed: bool = False, ties: bool = False) -> Op:
    """Return an operation on the rows of a window, in its order."""
    return Op(
        name=name, kind="window", signatures=signatures, meaning=meaning, ordered=True, framed=framed, windowed=True, ties=ties
    )
