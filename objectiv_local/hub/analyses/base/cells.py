"""Checks of the cells that an analysis can have, as far as they are known without a query."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from typing import TypeAlias

from objectiv_local.errors import InvalidValue, near
from objectiv_local.hub.analyses.base.calendar import day_of, floor_of
from objectiv_local.hub.analyses.base.scope import Scope

#: Raises InvalidValue for an impossible value; called with the value in the type of its column, and its name.
Check: TypeAlias = Callable[[object, str], None]


def one_of(values: Iterable[object]) -> Check:
    """Return the check of a level that only has the given values."""
    known = list(values)

    def check(value: object, name: str) -> None:
        if value not in known:
            raise InvalidValue(
                f"{name} of users is {value!r}, which is not a {name} of the analysis", hint=near(str(value), map(str, known))
            )

    return check


def between(first: int, last: int | None = None) -> Check:
    """Return the check of a level of whole numbers from ``first`` to ``last``; no upper limit by default."""

    def check(value: object, name: str) -> None:
        if not isinstance(value, int) or value < first or (last is not None and value > last):
            raise InvalidValue(
                f"{name} of users is {value!r}, which is not a {name} of the analysis",
                hint=f"give a number from {first}" + ("" if last is None else f" to {last}"),
            )

    return check


def period_in(scope: Scope, by: str) -> Check:
    """Return the check of a level of periods: the value has to be the start of a period, within the range."""
    settings = scope.settings
    last = scope.end - datetime.timedelta(microseconds=1) if scope.end is not None else None
    ends = [each for each in (last, scope.as_of) if each is not None]

    def check(value: object, name: str) -> None:
        assert isinstance(value, datetime.date)
        start = floor_of(settings, value, by)
        if start != value:
            raise InvalidValue(
                f"{name} of users is {value}, which is not the start of its {by}", hint=f"the {by} starts at {start}"
            )
        day = value.date() if isinstance(value, datetime.datetime) else value
        if scope.start is not None and day < _day(floor_of(settings, day_of(settings, scope.start), by)):
            raise InvalidValue(
                f"{name} of users is {value}, which is before the range of the analysis",
                hint=f"the range starts at {scope.start} UTC",
            )
        if ends and day > day_of(settings, min(ends)):
            raise InvalidValue(
                f"{name} of users is {value}, which is after the range of the analysis",
                hint=f"the range ends at {min(ends)} UTC",
            )

    return check


def _day(period: datetime.date) -> datetime.date:
    return period.date() if isinstance(period, datetime.datetime) else period
