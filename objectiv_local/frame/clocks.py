"""Conversion between timestamps in UTC and the local times of a time zone."""

from __future__ import annotations

import datetime
from functools import reduce

from objectiv_local import zones
from objectiv_local.errors import InvalidValue, NotSupported, near
from objectiv_local.plan.expr import Expr, call, case, literal
from objectiv_local.types import TIMESTAMP

#: The days of the week, starting on Monday as in ISO 8601.
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def shown(moment: Expr, zone: str) -> Expr:
    """Return the local time in a zone of a timestamp in UTC. Raises InvalidValue for an unknown zone."""
    zones.zone(zone)
    return moment if zones.is_utc(zone) else call("at_zone", moment, literal(zone))


def localized(time: Expr, zone: str, ambiguous: bool | str = "raise", nonexistent: datetime.timedelta | str = "raise") -> Expr:
    """Return the timestamp in UTC of a local time in a zone; see ``dt.tz_localize``."""
    zones.zone(zone)
    if ambiguous not in ("raise", "NaT", True, False):
        raise InvalidValue(
            f"ambiguous has to be 'raise', 'NaT', True or False, not {ambiguous!r}",
            hint="for a time that the clocks show twice, True selects the first and False the second",
        )
    if nonexistent in ("shift_forward", "shift_backward"):
        raise NotSupported(
            f"nonexistent={nonexistent!r} is not supported",
            hint="shift times that clocks skip by a duration, as in nonexistent=timedelta(hours=1)",
        )
    if isinstance(nonexistent, str) and nonexistent not in ("raise", "NaT"):
        raise InvalidValue(
            f"nonexistent has to be 'raise', 'NaT' or a duration, not {nonexistent!r}", hint=near(nonexistent, ("raise", "NaT"))
        )
    if zones.is_utc(zone):
        return time
    skipped = f"is skipped by the clocks of {zone}; use tz_localize(nonexistent=...) for such times"
    second, twice = _second(time, zone), _shown_twice(time, zone, ambiguous)
    if nonexistent == "raise":
        return case([(_is_shown(time, zone, "ne"), _refused(time, skipped)), *twice], second)
    there = [(_is_shown(time, zone), case(twice, second) if twice else second)]
    if nonexistent == "NaT":
        return case(there)
    moved = call("add", time, literal(nonexistent))
    second, twice = _second(moved, zone), _shown_twice(moved, zone, ambiguous)
    there.append((_is_shown(moved, zone), case(twice, second) if twice else second))
    return case(there, _refused(moved, skipped))


def _second(time: Expr, zone: str) -> Expr:
    return call("from_zone", time, literal(zone))


def _shown_twice(time: Expr, zone: str, ambiguous: bool | str) -> list[tuple[Expr, Expr]]:
    """Return pairs of a condition, that the clocks show a time twice, and its value; empty where the second time is used."""
    # Earlier by each amount that the clocks have ever been set back.
    firsts = [call("sub", _second(time, zone), literal(datetime.timedelta(seconds=step))) for step in zones.set_back(zone)]
    shown_before = [call("eq", shown(first, zone), time) for first in firsts]
    if ambiguous is True:
        return list(zip(shown_before, firsts, strict=True))
    if ambiguous is False or not shown_before:
        return []
    missing = ambiguous == "NaT"
    value = (
        literal(None, TIMESTAMP)
        if missing
        else _refused(time, f"is shown twice by the clocks of {zone}; use tz_localize(ambiguous=...) for such times")
    )
    return [(reduce(lambda left, right: call("or", left, right), shown_before), value)]


def _is_shown(time: Expr, zone: str, op: str = "eq") -> Expr:
    return call(op, shown(_second(time, zone), zone), time)


def _refused(time: Expr, why: str) -> Expr:
    return call("failing", time, literal(f" {why}"))


def days_after_monday(day: str) -> int:
    """Return the number of days from Monday to the first day of the week. Raises InvalidValue for an invalid day."""
    if day not in WEEKDAYS:
        raise InvalidValue(f"{day!r} is not a day of the week", hint=near(day.lower(), WEEKDAYS))
    return WEEKDAYS.index(day)


def week_of(time: Expr, first: str) -> Expr:
    """Return the start of the week of a time, for weeks that start on the day ``first``."""
    days = days_after_monday(first)
    if days == 0:
        return call("date_trunc", literal("week"), time)
    moved = literal(datetime.timedelta(days=days))
    return call("add", call("date_trunc", literal("week"), call("sub", time, moved)), moved)
