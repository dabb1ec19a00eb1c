"""The parts of a feature or label: its events, its aggregate, and durations as text."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Literal as OneOf

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.authoring import Expr
from objectiv_local.types import python_value

Censored = OneOf["null", "drop", "error"]


#: The longest duration: on every engine, it leads from any timestamp in the years 1 to 9999 to a valid value.
_LONGEST = datetime.timedelta(days=1_000_000)


@dataclass(frozen=True, slots=True)
class Aspect:
    """One feature or label: an aggregate of the events from ``start`` (inclusive) to ``end``, relative to the cutoff.

    ``start`` is None for all earlier events. ``where`` is a condition over the frame of events.
    """

    name: str
    agg: str
    column: str | None
    start: datetime.timedelta | None
    end: datetime.timedelta
    where: Expr | None
    censored: Censored | None = None
    until: datetime.datetime | None = None

    @property
    def is_label(self) -> bool:
        """Whether it is computed from events after the cutoff."""
        return self.censored is not None


def span(aspect: Aspect) -> str:
    """Return the range of its events as text."""
    if aspect.is_label:
        assert aspect.start is not None
        return f"in the {shown(aspect.end - aspect.start)} from {shown(aspect.start)} after the cutoff"
    return "of all time" if aspect.start is None else f"in the {shown(-aspect.start)} before the cutoff"


def shown(value: datetime.timedelta) -> str:
    """Return a duration as text, such as ``7 days``."""
    rest = value - datetime.timedelta(days=value.days)
    parts = ([f"{value.days} day{'s' if value.days != 1 else ''}"] if value.days else []) + ([str(rest)] if rest else [])
    return " ".join(parts) or "0 days"


def duration(value: object, what: str, name: str) -> datetime.timedelta:
    """Return a Python, numpy or pandas duration as a Python one. Raises InvalidType for anything else."""
    plain = python_value(value)
    if not isinstance(plain, datetime.timedelta):
        raise InvalidType(f"{what} of {name!r} has to be a duration, not {value!r}", hint="datetime.timedelta(days=7)")
    if abs(plain) > _LONGEST:
        raise InvalidValue(
            f"{what} of {name!r} is longer than {shown(_LONGEST)}, beyond the timestamps of the engines",
            hint="without a window, a feature uses all events before the cutoff",
        )
    return plain


def positive(value: object, what: str, name: str) -> datetime.timedelta:
    """Return a positive duration. Raises InvalidType and InvalidValue."""
    found = duration(value, what, name)
    if found <= datetime.timedelta(0):
        raise InvalidValue(f"{what} of {name!r} has to be positive, not {found}")
    return found
