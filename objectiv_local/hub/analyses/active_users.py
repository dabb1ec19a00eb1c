"""Daily, weekly and monthly active users."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from objectiv_local.errors import InvalidValue, near
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Filter,
    Node,
    Ordering,
    Select,
    WindowFrame,
    aggregation,
    call,
    case,
    cast,
    frame_of,
    literal,
    over,
)
from objectiv_local.hub.analyses.base.analysis import Analysis, analysis, rule_of
from objectiv_local.hub.analyses.base.calendar import PERIOD, day_of, moved, period_of, periods
from objectiv_local.hub.analyses.base.cells import period_in
from objectiv_local.hub.analyses.base.joins import looked_up
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope, scope_of
from objectiv_local.hub.conditions import Condition, condition
from objectiv_local.hub.settings import Settings
from objectiv_local.types import DATE, TIMESTAMP

_DAILY, _WEEKLY, _MONTHLY = "daily", "weekly", "monthly"
_DAY = "day"


@analysis
def active_users(
    settings: Settings,
    events: DataFrame,
    where: object = None,
    *,
    start: object = None,
    end: object = None,
    as_of: object = None,
    unit: str | list[str] = "user_id",
    month_days: int = 30,
) -> Analysis:
    """Return daily, weekly and monthly active users of each day: index ``day``; columns ``daily``, ``weekly``, ``monthly``,
    ``stickiness``, ``complete``.

    ``daily`` is the number of users with an event on the day, ``weekly`` the number with an event on that day or in the 6 days
    before, and ``monthly`` the number with an event on that day or in the ``month_days - 1`` days before. Events before
    ``start`` also count toward these windows. ``stickiness`` is daily divided by monthly, missing if nobody was active. Days
    are in the hub's time zone, and days without events are included. ``complete`` is false for a day that has not ended by the
    last moment of the data, or by ``as_of``. It is also false for the first days of the data, which have fewer than
    ``month_days - 1`` days of data before them.

    ``where`` filters events: an event type, a list of event types, a bool series of the frame, a function of the frame that
    returns such a series, or a frame of users. ``unit`` is the column, or the list of columns, that identifies a user; events
    without it are left out.

    ``users(day=..., window="monthly")`` returns the users active on a day or, with ``window``, in the window that ends on it.

    Reads moment and the unit, and event_type if the condition names event types.

    Definition: monthly active users over 30 days, as in Amplitude and Mixpanel; Google Analytics uses ``month_days=28``.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> hub.active_users(hub.events()).columns
    ['daily', 'weekly', 'monthly', 'stickiness', 'complete']
    """
    scope = scope_of(settings, events, "active_users", unit=unit, start=start, end=end, as_of=as_of)
    if isinstance(month_days, bool) or not 7 <= month_days <= 366:
        raise InvalidValue(f"month_days is {month_days}; it has to be from 7 to 366", hint="for instance month_days=28")
    test = None if where is None else condition(where, scope.data, "where of active_users", scope.unit)
    history = (
        scope
        if scope.start is None
        else replace(scope, start=moved(settings, moved(settings, scope.start, "day"), "day", 1 - month_days))
    )
    days = _days(history, test)
    unit_keys = [days.column(name) for name in scope.unit]
    following = over(
        aggregation("lead", days.column(PERIOD), literal(1), literal(None, DATE)), unit_keys, [Ordering(days.column(PERIOD))]
    )
    spans: Node = Extend(days, (("next_day", following),), "days_by_user")
    calendar = periods(history, "day")
    plan: Node = Select(calendar, ((_DAY, calendar.column(PERIOD)), ("is_over", calendar.column("is_complete"))), "days")
    started = Aggregate(spans, ((_DAY, spans.column(PERIOD)),), (("started", aggregation("size")),), "started")
    plan = looked_up(plan, started, [_DAY], "days_with_starts", key=[_DAY])
    for name, length in (("week_ended", 7), ("month_ended", month_days)):
        # A user stays active until the window has passed, or until their next day with events, which starts a new window.
        beyond = _days_later(spans.column(PERIOD), length)
        until = case([(call("lt", spans.column("next_day"), beyond), spans.column("next_day"))], beyond)
        ended: Node = Extend(spans, (("until", until),), f"until_{name}")
        ended = Aggregate(ended, ((_DAY, ended.column("until")),), ((name, aggregation("size")),), name)
        plan = looked_up(plan, ended, [_DAY], f"days_with_{name}", key=[_DAY])
    plan = Select(
        plan,
        tuple(
            (name, plan.column(name) if name in (_DAY, "is_over") else call("coalesce", plan.column(name), literal(0)))
            for name in plan.types
        ),
        "changes",
    )
    so_far = {
        name: over(aggregation("sum", plan.column(name)), (), [Ordering(plan.column(_DAY))], WindowFrame("ROWS", None, 0))
        for name in ("started", "week_ended", "month_ended")
    }
    plan = Select(
        plan,
        (
            (_DAY, plan.column(_DAY)),
            ("is_over", plan.column("is_over")),
            (_DAILY, plan.column("started")),
            *((f"{name}_so_far", value) for name, value in so_far.items()),
        ),
        "so_far",
    )
    first_day = cast(scope.local(plan, scope.first_moment()), DATE)
    known = call("coalesce", call("ge", plan.column(_DAY), _days_later(first_day, month_days - 1)), literal(False))
    plan = Select(
        plan,
        (
            (_DAY, plan.column(_DAY)),
            (_DAILY, plan.column(_DAILY)),
            (_WEEKLY, call("sub", plan.column("started_so_far"), plan.column("week_ended_so_far"))),
            (_MONTHLY, call("sub", plan.column("started_so_far"), plan.column("month_ended_so_far"))),
            ("complete", call("and", plan.column("is_over"), known)),
        ),
        "active",
    )
    plan = Extend(plan, (("stickiness", call("ratio", plan.column(_DAILY), plan.column(_MONTHLY))),), "active_users")
    if scope.start is not None:
        plan = Filter(plan, call("ge", plan.column(_DAY), literal(day_of(settings, scope.start))), "active_users")
    names = [_DAILY, _WEEKLY, _MONTHLY, "stickiness", "complete"]
    frame = frame_of(scope.state_over(plan, [_DAY]), names)
    users = " and ".join(scope.unit)
    rule = (
        f"The number of distinct {users} with an event on a day (daily), on that day or in the 6 days before (weekly), and on "
        f"that day or in the {month_days - 1} days before (monthly)."
    )

    def members(cell: Mapping[str, Any]) -> Node:
        return _members(scope, days, cell, {_DAILY: 1, _WEEKLY: 7, _MONTHLY: month_days})

    return Analysis(
        "active_users",
        frame,
        scope,
        rule_of(rule, test),
        members,
        {_DAY: "date", "window": "string"},
        {_DAY: period_in(scope, "day")},
    )


def _days(scope: Scope, test: Condition | None) -> Node:
    """Return the days on which each unit was active, with the moment of its first event on the day."""
    plan = scope.rows(where=None if test is None else test.holds)
    keys = ((PERIOD, period_of(scope, plan, plan.column(MOMENT), "day")), *((name, plan.column(name)) for name in scope.unit))
    return Aggregate(plan, keys, ((MOMENT, aggregation("min", plan.column(MOMENT))),), "days_by_user")


def _members(scope: Scope, days: Node, cell: Mapping[str, Any], windows: Mapping[str, int]) -> Node:
    """Return the active days of the units that a cell counts, or of all units from ``start`` on."""
    window = cell.get("window", _DAILY)
    if window not in windows:
        raise InvalidValue(f"window of users is one of {', '.join(windows)}, not {window!r}", hint=near(str(window), windows))
    earlier = datetime.timedelta(days=windows[window] - 1)
    first = None if scope.start is None else day_of(scope.settings, scope.start)
    tests: list[Expr] = []
    column = days.column(PERIOD)
    if _DAY in cell:
        day = cell[_DAY]
        if day is None:
            return Filter(days, literal(False), "cell")  # no such day is in the frame
        tests = [call("ge", column, literal(day - earlier)), call("le", column, literal(day))]
    elif first is not None:
        tests = [call("ge", column, literal(first - earlier))]
    for test in tests:
        days = Filter(days, test, "cell")
    return days


def _days_later(day: Expr, days: int) -> Expr:
    return cast(call("add", cast(day, TIMESTAMP), literal(datetime.timedelta(days=days))), DATE)
