"""Between moments in UTC and what the clocks of a time zone show."""

from __future__ import annotations

import datetime
from functools import reduce

from objectiv_local import zones
from objectiv_local.errors import InvalidValue, NotSupported, near
from objectiv_local.plan.expr import Expr, call, case, literal
from objectiv_local.types import TIMESTAMP

#: The days of the week in their order, the first of which is that of ISO 8601.
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def shown(moment: Expr, zone: str) -> Expr:
    """Return what the clocks of a zone show at a moment in UTC. Raises InvalidValue for an unknown zone."""
    zones.zone(zone)
    return moment if zones.is_utc(zone) else call("at_zone", moment, literal(zone))


def localized(time: Expr, zone: str, ambiguous: bool | str = "raise", nonexistent: datetime.timedelta | str = "raise") -> Expr:
    """Return the moment in UTC at which the clocks of a zone show a time; see ``dt.tz_localize``."""
    zones.zone(zone)
    if ambiguous not in ("raise", "NaT", True, False):
        raise InvalidValue(
            f"ambiguous is 'raise', 'NaT', True or False, not {ambiguous!r}",
            hint="True takes a time that the clocks show twice as the first one, False as the second",
        )
    if nonexistent in ("shift_forward", "shift_backward"):
        raise NotSupported(
            f"nonexistent={nonexistent!r} is not supported",
            hint="move times that clocks skip by a duration, as in nonexistent=timedelta(hours=1)",
        )
    if isinstance(nonexistent, str) and nonexistent not in ("raise", "NaT"):
        raise InvalidValue(
            f"nonexistent is 'raise', 'NaT' or a duration, not {nonexistent!r}", hint=near(nonexistent, ("raise", "NaT"))
        )
    if zones.is_utc(zone):
        return time
    skipped = f"is skipped by the clocks of {zone}; tz_localize(nonexistent=...) takes such times"
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
    """Return what a time is that the clocks show twice, by the condition that they do; none where the second one is meant."""
    # As much earlier as the clocks have ever been set back.
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
        else _refused(time, f"is shown twice by the clocks of {zone}; tz_localize(ambiguous=...) takes such times")
    )
    return [(reduce(lambda left, right: call("or", left, right), shown_before), value)]


def _is_shown(time: Expr, zone: str, op: str = "eq") -> Expr:
    return call(op, shown(_second(time, zone), zone), time)


def _refused(time: Expr, why: str) -> Expr:
    return call("failing", time, literal(f" {why}"))


def days_after_monday(day: str) -> int:
    """Return by how many days weeks start after Monday. Raises InvalidValue for what is no day of the week."""
    if day not in WEEKDAYS:
        raise InvalidValue(f"{day!r} is not a day of the week", hint=near(day.lower(), WEEKDAYS))
    return WEEKDAYS.index(day)


def week_of(time: Expr, first: str) -> Expr:
    """Return the start of the week that a time is in, where weeks start on the day ``first``."""
    days = days_after_monday(first)
    if days == 0:
        return call("date_trunc", literal("week"), time)
    moved = literal(datetime.timedelta(days=days))
    return call("add", call("date_trunc", literal("week"), call("sub", time, moved)), moved)
