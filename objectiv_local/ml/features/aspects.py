"""What a feature or label is made of: the events it is of, the aggregate of them, and durations in words."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Literal as OneOf

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.authoring import Expr
from objectiv_local.types import python_value

Censored = OneOf["null", "drop", "error"]


#: The longest duration: moments of the years 1 to 9999 have others so far away on every engine.
_LONGEST = datetime.timedelta(days=1_000_000)


@dataclass(frozen=True, slots=True)
class Aspect:
    """One feature or label: an aggregate of the events from ``start`` to before ``end``, counted from the cutoff.

    ``start`` is None for all events before. ``where`` is a condition over the frame of events.
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
        """Whether it is about events after the cutoff."""
        return self.censored is not None


def span(aspect: Aspect) -> str:
    """Return what events it is of, in words."""
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
    """Return a duration, of Python, numpy or pandas, as Python's. Raises InvalidType for anything else."""
    plain = python_value(value)
    if not isinstance(plain, datetime.timedelta):
        raise InvalidType(f"{what} of {name!r} has to be a duration, not {value!r}", hint="datetime.timedelta(days=7)")
    if abs(plain) > _LONGEST:
        raise InvalidValue(
            f"{what} of {name!r} is longer than {shown(_LONGEST)}, and may end at no moment that engines know",
            hint="without a window, a feature is about all events before the cutoff",
        )
    return plain


def positive(value: object, what: str, name: str) -> datetime.timedelta:
    """Return a duration that is more than nothing. Raises InvalidType and InvalidValue."""
    found = duration(value, what, name)
    if found <= datetime.timedelta(0):
        raise InvalidValue(f"{what} of {name!r} has to be positive, not {found}")
    return found
