"""Stickiness: on how many days (or in how many other parts) of a period users are active."""

from __future__ import annotations

from typing import Final

from objectiv_local.errors import InvalidValue
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Node,
    Ordering,
    Select,
    Unnest,
    WindowFrame,
    aggregation,
    call,
    frame_of,
    literal,
    over,
    unused_name,
)
from objectiv_local.hub.analyses.base.analysis import Analysis, analysis, rule_of
from objectiv_local.hub.analyses.base.calendar import PERIOD, PERIODS, checked_period, parts_of, period_of, periods
from objectiv_local.hub.analyses.base.cells import between, period_in
from objectiv_local.hub.analyses.base.joins import looked_up
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope, scope_of
from objectiv_local.hub.conditions import condition
from objectiv_local.hub.settings import Settings

_ACTIVE: Final = "active"
_ORDER: Final = tuple(PERIODS)


@analysis
def stickiness(
    settings: Settings,
    events: DataFrame,
    of: str = "week",
    by: str = "day",
    where: object = None,
    *,
    start: object = None,
    end: object = None,
    as_of: object = None,
    unit: str | list[str] = "user_id",
) -> Analysis:
    """Return how many users were active in how many parts of a period: index ``period`` and ``active``; columns ``users``,
    ``share``, ``users_at_least``, ``complete``.

    ``of`` is the period (day, week, month, quarter or year) and ``by`` its parts (hour, day, week, month or quarter). Each
    period has one row for each possible number of parts: for the days of a week, ``active`` is 1 to 7. ``users`` is the number
    of users active in exactly ``active`` parts of the period, and ``users_at_least`` of those active in ``active`` or more.
    ``share`` is ``users`` divided by the number of all users active in the period, missing if there are none. Users who were
    not active in a period are not counted. A week that spans two months is a part of both.

    Periods, ``complete``, ``where`` and ``unit`` are as in ``trend``. ``users(period=..., active=...)`` returns the users of a
    row.

    Reads moment and the unit, and event_type if the condition names event types. Raises InvalidValue for parts that are not
    shorter than the period.

    Definitions: stickiness of PostHog and of Amplitude; the power-user curve is ``of="month"``.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> hub.stickiness(hub.events(), of="month").columns
    ['users', 'share', 'users_at_least', 'complete']
    """
    checked_period(of, "of")
    checked_period(by)
    if _ORDER.index(by) >= _ORDER.index(of):
        shorter = ", ".join(_ORDER[: _ORDER.index(of)])
        raise InvalidValue(
            f"the parts of stickiness have to be shorter than its periods, and a {by} is not shorter than a {of}",
            hint=f"by can be one of {shorter}" if shorter else "an hour has no parts: of='day'",
        )
    scope = scope_of(settings, events, "stickiness", unit=unit, start=start, end=end, as_of=as_of)
    test = None if where is None else condition(where, scope.data, "where of stickiness", scope.unit)
    rows = scope.rows(where=None if test is None else test.holds)
    active = _active(scope, rows, of, by)
    counted = Aggregate(
        active, tuple((name, active.column(name)) for name in (PERIOD, _ACTIVE)), (("users", aggregation("size")),), "counted"
    )
    index = [PERIOD, _ACTIVE]
    grid = _grid(scope, of, by)
    plan = looked_up(grid, counted, index, "stickiness", key=index)
    plan = Select(
        plan,
        (
            *((name, plan.column(name)) for name in index),
            ("users", call("coalesce", plan.column("users"), literal(0))),
            ("complete", plan.column("complete")),
        ),
        "stickiness",
    )
    period, users = plan.column(PERIOD), plan.column("users")
    total = over(aggregation("sum", users), [period])
    at_least = over(
        aggregation("sum", users), [period], [Ordering(plan.column(_ACTIVE), ascending=False)], WindowFrame("ROWS", None, 0)
    )
    plan = Extend(plan, (("total", total), ("users_at_least", at_least)), "stickiness")
    plan = Extend(plan, (("share", call("ratio", plan.column("users"), plan.column("total"))),), "stickiness")
    frame = frame_of(scope.state_over(plan, index), ["users", "share", "users_at_least", "complete"])
    rule = f"The number of distinct {' and '.join(scope.unit)} by the number of {by}s in a {of} with an event of theirs."
    return Analysis(
        "stickiness", frame, scope, rule_of(rule, test), active, possible={PERIOD: period_in(scope, of), "active": between(1)}
    )


def _active(scope: Scope, rows: Node, of: str, by: str) -> Node:
    """Return one row per unit and period: the number of parts in which the unit was active, and its first moment."""
    part = unused_name("part", rows.types)
    moment = rows.column(MOMENT)
    keys: list[tuple[str, Expr]] = [(PERIOD, period_of(scope, rows, moment, of)), (part, period_of(scope, rows, moment, by))]
    units = [(name, rows.column(name)) for name in scope.unit]
    parts = Aggregate(rows, (*keys, *units), ((MOMENT, aggregation("min", moment)),), "parts_by_user")
    return Aggregate(
        parts,
        tuple((name, parts.column(name)) for name in (PERIOD, *scope.unit)),
        ((_ACTIVE, aggregation("size")), (MOMENT, aggregation("min", parts.column(MOMENT)))),
        "periods_by_user",
    )


def _grid(scope: Scope, of: str, by: str) -> Node:
    """Return every period with every possible number of active parts, from 1."""
    calendar = periods(scope, of)
    plan: Node = Select(
        calendar,
        (
            (PERIOD, calendar.column(PERIOD)),
            ("complete", calendar.column("is_complete")),
            ("parts", parts_of(scope, calendar, by)),
        ),
        "periods",
    )
    plan = Unnest(plan, call("json_range", plan.column("parts")), "item", "position", "parts")
    return Select(
        plan,
        (
            (PERIOD, plan.column(PERIOD)),
            (_ACTIVE, call("add", plan.column("position"), literal(1))),
            ("complete", plan.column("complete")),
        ),
        "parts",
    )
