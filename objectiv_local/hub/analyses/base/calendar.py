"""Periods of the local calendar: hours, days, weeks, months, quarters and years of the hub's time zone."""

from __future__ import annotations

import datetime
from typing import Final

from objectiv_local import zones
from objectiv_local.errors import InvalidValue, near
from objectiv_local.frame import Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Filter,
    Node,
    Select,
    Unnest,
    aggregation,
    call,
    case,
    cast,
    days_after_monday,
    expr_of,
    literal,
    series_of,
)
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope
from objectiv_local.hub.settings import Settings
from objectiv_local.types import DATE, TIMESTAMP

#: Periods, with the time between the starts of consecutive ones; None if it varies.
PERIODS: Final[dict[str, datetime.timedelta | None]] = {
    "hour": datetime.timedelta(hours=1),
    "day": datetime.timedelta(days=1),
    "week": datetime.timedelta(days=7),
    "month": None,
    "quarter": None,
    "year": None,
}
#: Numbers of days from the first day of a period that always end in the next one.
_BEYOND: Final = {"month": 31, "quarter": 92, "year": 366}
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
PERIOD: Final = "period"


def checked_period(by: str, name: str = "by") -> str:
    """Return the name of a period. Raises InvalidValue for unknown names."""
    if by not in PERIODS:
        raise InvalidValue(f"{name} is not a period: {by!r}", hint=near(by, PERIODS))
    return by


def start_of(settings: Settings, time: Series, by: str) -> Series:
    """Return the start of the period of a local time: a date, or a timestamp for hours. A date counts as its midnight."""
    found: Series = settings.week(time) if by == "week" else time.dt.date_trunc(by)
    return found if by == "hour" else found.astype("date")


def period_of(scope: Scope, plan: Node, moment: Expr, by: str) -> Expr:
    """Return the start of the local period of a moment."""
    return _start(scope, plan, scope.local(plan, moment), by)


def moment_of(scope: Scope, period: Expr, by: str) -> Expr:
    """Return the moment in UTC at which a local period starts; the first one if its start occurs twice."""
    zone, time = scope.settings.time_zone, cast(period, TIMESTAMP)
    if zones.is_utc(zone):
        return time
    last = call("from_zone", time, literal(zone))
    firsts = [
        call("sub", last, literal(datetime.timedelta(seconds=step)))
        for step in zones.shown_twice(zone, 3_600 if by == "hour" else 86_400)
    ]
    shown = [(call("eq", call("at_zone", first, literal(zone)), time), first) for first in firsts]
    return case(shown, last) if shown else last


def next_start(scope: Scope, plan: Node, period: Expr, by: str) -> Expr:
    """Return the start of the next period, with the type of ``period``."""
    step = PERIODS[by]
    if by == "hour":
        assert step is not None
        return call("add", period, literal(step))
    if step is not None:
        return cast(call("add", cast(period, TIMESTAMP), literal(step)), DATE)
    later = call("add", cast(period, TIMESTAMP), literal(datetime.timedelta(days=_BEYOND[by])))
    return _start(scope, plan, later, by)


def before(scope: Scope, by: str) -> datetime.datetime:
    """Return the start, in UTC, of the range before ``start`` that has as many periods as the range up to ``end``."""
    assert scope.start is not None
    assert scope.end is not None
    first = _number(_floor(scope.settings, _local(scope.settings, scope.start), by), by)
    last = _number(_floor(scope.settings, _local(scope.settings, scope.end - datetime.timedelta(microseconds=1)), by), by)
    return moved(scope.settings, scope.start, by, first - last - 1)


def moved(settings: Settings, moment: datetime.datetime, by: str, count: int = 0) -> datetime.datetime:
    """Return the start in UTC of the period of a moment in UTC, or of the period ``count`` periods later."""
    time = _floor(settings, _local(settings, moment), by)
    step = PERIODS[by]
    if step is not None:
        time += count * step
    else:
        months = time.year * 12 + time.month - 1 + count * _MONTHS[by]
        time = datetime.datetime(months // 12, months % 12 + 1, 1)
    return time.replace(tzinfo=zones.zone(settings.time_zone)).astimezone(datetime.UTC).replace(tzinfo=None)


def floor_of(settings: Settings, period: datetime.date, by: str) -> datetime.date:
    """Return the start of the period of a local day or time: a date, or a datetime for hours."""
    time = period if isinstance(period, datetime.datetime) else datetime.datetime.combine(period, datetime.time())
    start = _floor(settings, time, by)
    return start if by == "hour" else start.date()


def day_of(settings: Settings, moment: datetime.datetime) -> datetime.date:
    """Return the local day of a moment in UTC."""
    return _local(settings, moment).date()


def _local(settings: Settings, moment: datetime.datetime) -> datetime.datetime:
    return moment.replace(tzinfo=datetime.UTC).astimezone(zones.zone(settings.time_zone)).replace(tzinfo=None)


def _floor(settings: Settings, time: datetime.datetime, by: str) -> datetime.datetime:
    if by == "hour":
        return time.replace(minute=0, second=0, microsecond=0)
    day = time.replace(hour=0, minute=0, second=0, microsecond=0)
    if by == "day":
        return day
    if by == "week":
        return day - datetime.timedelta(days=(day.weekday() - days_after_monday(settings.week_start)) % 7)
    return day.replace(month=(day.month - 1) // _MONTHS[by] * _MONTHS[by] + 1, day=1)


def _number(start: datetime.datetime, by: str) -> int:
    """Return the number of the period that starts at a local time; consecutive periods have consecutive numbers."""
    step = PERIODS[by]
    if step is not None:
        return (start - datetime.datetime(1, 1, 1)) // step
    return (start.year * 12 + start.month - 1) // _MONTHS[by]


def periods(scope: Scope, by: str) -> Node:
    """Return the periods of the scope, with or without events: ``period``, its ``next_period`` and ``is_complete``.

    The first period is that of ``start`` or the first event, and the last one is that of the last moment before ``end`` and up
    to ``as_of``. A period is complete if the range covers all of it and it has ended by ``as_of``. Without ``start``, the data
    are assumed to begin on the day of the first event (for hours, in its hour): a first week or month that begins before that
    day is not complete. Without events, there are no periods.
    """
    plan = scope.rows(with_unit=False)
    first, last, known = _ends(scope)
    bounds: Node = Aggregate(
        plan,
        (),
        (("first_moment", aggregation("min", plan.column(MOMENT))), ("last_moment", aggregation("max", plan.column(MOMENT)))),
        "range",
    )
    first = bounds.column("first_moment") if first is None else first
    last = bounds.column("last_moment") if last is None else last
    bounds = Select(
        bounds,
        (
            ("first_time", scope.local(bounds, first)),
            ("last_time", scope.local(bounds, last)),
            ("known_until", scope.local(bounds, known if known is not None else bounds.column("last_moment"))),
        ),
        "range",
    )
    step = "hour" if by == "hour" else "week" if by == "week" else "day"
    size = PERIODS[step]
    assert size is not None
    begin = _start(scope, bounds, bounds.column("first_time"), by)
    until = _start(scope, bounds, bounds.column("last_time"), step)
    bounds = Select(
        bounds,
        (
            ("first_period", cast(begin, TIMESTAMP)),
            ("last_period", cast(until, TIMESTAMP)),
            *((name, bounds.column(name)) for name in ("first_time", "known_until")),
        ),
        "range",
    )
    distance = call("floordiv", call("sub", bounds.column("last_period"), bounds.column("first_period")), literal(size))
    counted = Extend(bounds, (("count", call("add", distance, literal(1))),), "range")
    made = Unnest(counted, call("json_range", counted.column("count")), "item", "position", "periods")
    time = call("add", made.column("first_period"), call("mul", made.column("position"), literal(size)))
    plan = Select(
        made,
        (
            (PERIOD, time if by == "hour" else cast(time, DATE)),
            *((name, made.column(name)) for name in ("first_time", "known_until")),
        ),
        "periods",
    )
    if PERIODS[by] is None:
        plan = Filter(plan, call("eq", plan.column(PERIOD), _start(scope, plan, plan.column(PERIOD), by)), "periods")
    plan = Extend(plan, (("next_period", next_start(scope, plan, plan.column(PERIOD), by)),), "periods")
    whole = call("le", cast(plan.column("next_period"), TIMESTAMP), plan.column("known_until"))
    if scope.start is not None and scope.start != moved(scope.settings, scope.start, by):
        # A day may not start at midnight when clocks change, so moments are compared instead of local times.
        whole = call("and", whole, call("gt", cast(plan.column(PERIOD), TIMESTAMP), plan.column("first_time")))
    elif scope.start is None and by not in ("hour", "day"):
        # The data are assumed to begin on the day of the first event.
        whole = call("and", whole, call("ge", plan.column(PERIOD), cast(plan.column("first_time"), DATE)))
    return Select(
        plan, ((PERIOD, plan.column(PERIOD)), ("next_period", plan.column("next_period")), ("is_complete", whole)), "periods"
    )


def _ends(scope: Scope) -> tuple[Expr | None, Expr | None, Expr | None]:
    """Return the first and last moment of the range, and the last known moment; None for those of the events."""
    first = None if scope.start is None else literal(scope.start)
    if scope.end is None:
        as_of = None if scope.as_of is None else literal(scope.as_of)
        return first, as_of, as_of
    end, last = scope.end, scope.end - datetime.timedelta(microseconds=1)
    if scope.as_of is not None:
        return first, literal(min(last, scope.as_of)), literal(min(end, scope.as_of))
    known = scope.last_moment()
    # Both are missing if there are no events at all.
    return (
        first,
        case([(call("ge", known, literal(last)), literal(last))], known),
        case([(call("ge", known, literal(end)), literal(end))], known),
    )


def _start(scope: Scope, plan: Node, time: Expr, by: str) -> Expr:
    state = scope.state.with_rows(plan, ())
    return expr_of(start_of(scope.settings, series_of(state, cast(time, TIMESTAMP), PERIOD), by))


def parts_of(scope: Scope, calendar: Node, by: str) -> Expr:
    """Return the number of shorter periods in each period of a calendar, including those that overlap it only in part.

    A day has 24 hours: a local hour that occurs twice counts once, and one that is skipped counts too.
    """
    first, following = cast(calendar.column(PERIOD), TIMESTAMP), cast(calendar.column("next_period"), TIMESTAMP)
    step = PERIODS[by]
    if step is not None:
        # Weeks may begin before the period; hours and days begin with it.
        begin = cast(_start(scope, calendar, first, by), TIMESTAMP)
        last = cast(_start(scope, calendar, call("sub", following, literal(datetime.timedelta(microseconds=1))), by), TIMESTAMP)
        return call("add", call("floordiv", call("sub", last, begin), literal(step)), literal(1))
    years = call("sub", call("date_part", literal("year"), following), call("date_part", literal("year"), first))
    months = call("sub", call("date_part", literal("month"), following), call("date_part", literal("month"), first))
    return call("floordiv", call("add", call("mul", years, literal(12)), months), literal(_MONTHS[by]))
