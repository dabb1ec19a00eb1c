"""What an operation is, and what the rest of the plan may know of it.

A pass asks the operation for a fact and has no list of names: a new operation declares what holds for it, and by default
nothing does, so that no pass changes a plan because of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["scalar", "aggregate", "window"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Op:
    """An operation: its name, kind, signatures and meaning, and facts about it."""

    name: str
    kind: Kind
    signatures: tuple[str, ...]
    meaning: str

    # ---- of aggregates and window functions
    ordered: bool = False
    """The answer depends on the order of the rows."""
    ties: bool = False
    """Rows that are equal in that order have equal answers."""
    framed: bool = False
    """Over a window, it looks at the rows of the frame rather than at the partition."""
    windowed: bool = False
    """It can be computed over a window."""

    # ---- of aggregates
    combined_by: str | None = None
    """The aggregate that makes the answer for a group of the answers for parts of it; None if none does."""
    idempotent: bool = False
    """It makes no difference how often a value occurs."""
    approximate: bool = False
    """The last digits of the answer, a float, differ between engines."""
    internal: bool = False
    """Users have no name for it: it is a part of other aggregates."""
    extreme: bool = False
    """The answer is the minimum or the maximum of the values: of equal values, the value itself."""

    # ---- of any operation
    null_only: bool = False
    """The answer depends on which arguments are NULL, and on nothing else about them."""

    # ---- of operations on one row
    total: bool = False
    """There is an answer for every row and never an error, so it may be computed for rows that a condition leaves out."""
    answers_null: bool = False
    """There may be an answer although an argument is NULL. The answer of any other operation on one row is NULL then."""
    compares: bool = False
    """The answer depends on the order of the two arguments, and on nothing else about them."""
    of_period: bool = False
    """The answer is the same for all moments of a period, which the first argument names."""
    costly: str | None = None
    """A join with the distinct arguments costs less than computing it for every row: what an answer is called there."""
    parses: bool = False
    """It reads text as something else, which raises for other text."""
    adds_scales: bool = False
    """A decimal answer has the decimal places of all arguments together, rather than those of the one with most."""


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
