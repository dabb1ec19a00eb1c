"""Lifecycle: new, returning, resurrecting and dormant users of each period."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, near
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Filter,
    Node,
    Ordering,
    Select,
    aggregation,
    call,
    case,
    frame_of,
    literal,
    over,
)
from objectiv_local.hub.analyses.base.analysis import Analysis, analysis, rule_of
from objectiv_local.hub.analyses.base.calendar import PERIOD, checked_period, moved, next_start, period_of, periods
from objectiv_local.hub.analyses.base.cells import period_in
from objectiv_local.hub.analyses.base.joins import looked_up
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope, scope_of
from objectiv_local.hub.conditions import condition
from objectiv_local.hub.settings import Settings

_NEW, _RETURNING, _RESURRECTING, _DORMANT, _ACTIVE = "new", "returning", "resurrecting", "dormant", "active"
STATES: Final = (_NEW, _RETURNING, _RESURRECTING, _DORMANT)
FIRST_SEEN: Final = ("first_event", "first_any_event", "range")


@analysis
def lifecycle(
    settings: Settings,
    events: DataFrame,
    by: str = "day",
    where: object = None,
    *,
    first_seen: str = "first_event",
    start: object = None,
    end: object = None,
    as_of: object = None,
    unit: str | list[str] = "user_id",
) -> Analysis:
    """Return the number of users in each lifecycle state per period: index ``period``; columns ``new``, ``returning``,
    ``resurrecting``, ``dormant``, ``active``, ``quick_ratio``, ``complete``.

    ================  ===========================================================================================
    column            users
    ================  ===========================================================================================
    ``new``           active in the period, and first seen in it
    ``returning``     active in the period and in the period before
    ``resurrecting``  active in the period but not in the one before, and first seen earlier
    ``dormant``       active in the period before but not in this one; missing for a period that is not complete
    ``active``        total of new, returning and resurrecting
    ================  ===========================================================================================

    A user is active in a period if they have an event in it that matches ``where``. ``first_seen`` defines when a user is new:

    - ``"first_event"``: in the period of their first matching event, including events before ``start``
    - ``"first_any_event"``: in the period of their first event of any kind, including events before ``start``
    - ``"range"``: in the period of their first matching event from ``start`` on
    - the name of an event column with the moment at which the user was created: in the period of its earliest value; users
      without a value are never new

    ``quick_ratio`` is the number of new and resurrecting users divided by the number of dormant users, missing if no user is
    dormant.

    ``by`` is the period. Periods, ``complete``, ``where`` and ``unit`` are as in ``trend``. A period that ``start`` divides is
    not complete, and only users with an event from ``start`` on are active in it; earlier events only decide who is new, so
    the other periods do not depend on ``start``. ``users(period=..., state="dormant")`` returns the users in a state, which is
    one of the columns, by default ``"active"``. Dormant users have as ``entered_at`` the moment of their first event in the
    period before. A period that is not complete has no dormant users.

    Reads moment and the unit, event_type if the condition names event types, and the column of ``first_seen``.

    Definition: lifecycle of PostHog and of Amplitude. In PostHog, users are new in the period in which their profile was
    created; set ``first_seen`` to the column with that moment.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> hub.lifecycle(hub.events(), by="week").columns
    ['new', 'returning', 'resurrecting', 'dormant', 'active', 'quick_ratio', 'complete']
    """
    checked_period(by)
    scope = scope_of(settings, events, "lifecycle", unit=unit, start=start, end=end, as_of=as_of)
    if first_seen not in FIRST_SEEN:
        _check_column(scope, first_seen)
    test = None if where is None else condition(where, scope.data, "where of lifecycle", scope.unit)
    cut = None if scope.start is None or scope.start == moved(settings, scope.start, by) else scope.start
    rows = replace(scope, start=cut if first_seen == "range" else None).rows(
        where=None if test is None else test.holds,
        columns={} if first_seen in FIRST_SEEN else {first_seen: scope.data[first_seen]},
    )
    active = _states(scope, rows, by, first_seen, cut)
    gone = _gone(scope, active, by)
    if cut is not None:
        active = _in_range(scope, active)
    counts = tuple(
        (name, aggregation("size", where=call("eq", active.column("state"), literal(name))))
        for name in (_NEW, _RETURNING, _RESURRECTING)
    )
    counted = Aggregate(active, ((PERIOD, active.column(PERIOD)),), (*counts, (_ACTIVE, aggregation("size"))), "counted")
    lost = Aggregate(gone, ((PERIOD, gone.column(PERIOD)),), ((_DORMANT, aggregation("size")),), "dormant")
    calendar = periods(scope, by)
    plan: Node = Select(calendar, ((PERIOD, calendar.column(PERIOD)), ("complete", calendar.column("is_complete"))), "periods")
    plan = looked_up(plan, counted, [PERIOD], "with_active", key=[PERIOD])
    plan = looked_up(plan, lost, [PERIOD], "with_dormant", key=[PERIOD])

    def number(name: str) -> Expr:
        return call("coalesce", plan.column(name), literal(0))

    dormant = case([(plan.column("complete"), number(_DORMANT))])
    plan = Select(
        plan,
        (
            (PERIOD, plan.column(PERIOD)),
            *((name, number(name)) for name in (_NEW, _RETURNING, _RESURRECTING)),
            (_DORMANT, dormant),
            (_ACTIVE, number(_ACTIVE)),
            ("complete", plan.column("complete")),
        ),
        "lifecycle",
    )
    gained = call("add", plan.column(_NEW), plan.column(_RESURRECTING))
    plan = Extend(plan, (("quick_ratio", call("ratio", gained, plan.column(_DORMANT))),), "lifecycle")
    frame = frame_of(scope.state_over(plan, [PERIOD]), [*STATES, _ACTIVE, "quick_ratio", "complete"])
    seen = {
        "first_event": "first such event ever",
        "range": "first such event in the range",
        "first_any_event": "first event of any kind",
    }.get(first_seen, f"earliest {first_seen}")
    users = " and ".join(scope.unit)
    rule = (
        f"In each {by}, {users} with an event are new ({seen} in this {by}), returning (also active in the {by} before) or "
        f"resurrecting (all others). Those active only in the {by} before are dormant."
    )

    def members(cell: Mapping[str, Any]) -> Node:
        state = cell.get("state", _ACTIVE)
        if state not in (*STATES, _ACTIVE):
            raise InvalidValue(
                f"state of users has to be one of {', '.join((*STATES, _ACTIVE))}, not {state!r}", hint=near(str(state), STATES)
            )
        found = scope_filtered(scope, gone if state == _DORMANT else active, by)
        if state == _DORMANT:
            # In a period that has not ended, users may still become active, so nobody is dormant yet.
            ended = Filter(calendar, calendar.column("is_complete"), "complete_periods")
            found = looked_up(
                found, Select(ended, ((PERIOD, ended.column(PERIOD)),), "complete_periods"), [PERIOD], "dormant", how="inner"
            )
        elif state != _ACTIVE:
            found = Filter(found, call("eq", found.column("state"), literal(state)), "cell")
        if PERIOD in cell:
            column = found.column(PERIOD)
            test = call("is_null", column) if cell[PERIOD] is None else call("eq", column, literal(cell[PERIOD], column.type))
            found = Filter(found, test, "cell")
        return found

    cells = {PERIOD: frame.index_dtypes[PERIOD], "state": "string"}
    return Analysis("lifecycle", frame, scope, rule_of(rule, test), members, cells, {PERIOD: period_in(scope, by)})


def scope_filtered(scope: Scope, plan: Node, by: str) -> Node:
    """Return the rows of the periods from the period of ``start`` on."""
    if scope.start is None:
        return plan
    first = period_of(scope, plan, literal(scope.start), by)
    return Filter(plan, call("ge", plan.column(PERIOD), first), "in_range")


def _in_range(scope: Scope, active: Node) -> Node:
    """Return one row per unit and period with an event from ``start`` on, with the first moment of these events."""
    plan = Filter(active, call("not", call("is_null", active.column("moment_in_range"))), "from_start")
    names = (PERIOD, *scope.unit, "state")
    return Select(
        plan, (*((name, plan.column(name)) for name in names), (MOMENT, plan.column("moment_in_range"))), "from_start"
    )


def _states(scope: Scope, rows: Node, by: str, first_seen: str, cut: datetime.datetime | None) -> Node:
    """Return one row per unit and active period: its state, its first moment there, and its next active period.

    ``moment_in_range`` is the first moment from ``start`` on, for a period in which ``start`` lies.
    """
    moment = rows.column(MOMENT)
    keys = ((PERIOD, period_of(scope, rows, moment, by)), *((name, rows.column(name)) for name in scope.unit))
    values: list[tuple[str, Expr]] = [(MOMENT, aggregation("min", moment))]
    if cut is not None:
        values.append(("moment_in_range", aggregation("min", moment, where=call("ge", moment, literal(cut)))))
    if first_seen not in FIRST_SEEN:
        values.append(("created", aggregation("min", rows.column(first_seen))))
    plan: Node = Aggregate(rows, keys, tuple(values), "periods_by_user")
    if first_seen == "range":
        plan = scope_filtered(scope, plan, by)
    units, period = [plan.column(name) for name in scope.unit], plan.column(PERIOD)
    missing = literal(None, period.type)
    order = [Ordering(period)]
    found = [
        ("period_before", over(aggregation("lag", period, literal(1), missing), units, order)),
        ("period_after", over(aggregation("lead", period, literal(1), missing), units, order)),
    ]
    if first_seen in ("first_event", "range"):
        first: Expr = over(aggregation("min", period), units)
    elif first_seen == "first_any_event":
        plan = looked_up(plan, _first_of_any(scope, by), list(scope.unit), "with_first")
        units, period = [plan.column(name) for name in scope.unit], plan.column(PERIOD)
        first = plan.column("first_period")
    else:
        first = period_of(scope, plan, over(aggregation("min", plan.column("created")), units), by)
    plan = Extend(plan, (*found, ("first_period", first)) if first_seen != "first_any_event" else tuple(found), "history")
    adjacent = call("eq", next_start(scope, plan, plan.column("period_before"), by), plan.column(PERIOD))
    state = case(
        [
            (call("eq", plan.column("first_period"), plan.column(PERIOD)), literal(_NEW)),
            (call("coalesce", adjacent, literal(False)), literal(_RETURNING)),
        ],
        literal(_RESURRECTING),
    )
    return Extend(plan, (("state", state),), "states")


def _first_of_any(scope: Scope, by: str) -> Node:
    """Return the period of the first event of any kind for each unit."""
    every = replace(scope, start=None).rows()
    first = Aggregate(
        every,
        tuple((name, every.column(name)) for name in scope.unit),
        (("first_moment", aggregation("min", every.column(MOMENT))),),
        "first_events",
    )
    return Select(
        first,
        (
            *((name, first.column(name)) for name in scope.unit),
            ("first_period", period_of(scope, first, first.column("first_moment"), by)),
        ),
        "first_periods",
    )


def _gone(scope: Scope, active: Node, by: str) -> Node:
    """Return one row per unit and period in which it was not active after a period in which it was."""
    following = next_start(scope, active, active.column(PERIOD), by)
    stays = call("coalesce", call("eq", active.column("period_after"), following), literal(False))
    plan = Filter(active, call("not", stays), "gone")
    return Select(plan, ((PERIOD, following), *((name, plan.column(name)) for name in (*scope.unit, MOMENT))), "gone")


def _check_column(scope: Scope, name: str) -> None:
    """Raise an error if the column with the moment of creation does not exist or is not a timestamp."""
    data = scope.data
    if name not in data.data_columns:
        raise ColumnNotFound(
            f"first_seen of lifecycle is {name!r}, which is neither a column nor one of {', '.join(FIRST_SEEN)}",
            hint=near(name, (*FIRST_SEEN, *data.data_columns)),
        )
    if data.dtypes[name] != "timestamp":
        raise InvalidType(
            f"first_seen of lifecycle is column {name!r} of type {data.dtypes[name]}, not timestamp",
            hint="convert it: to_datetime(events[...])",
        )
