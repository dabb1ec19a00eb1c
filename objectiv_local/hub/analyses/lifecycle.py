"""Who is new, who stays, who comes back and who leaves, from one period to the next."""

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
    """Return the users of each period by what they did before: index ``period``; columns ``new``, ``returning``,
    ``resurrecting``, ``dormant``, ``active``, ``quick_ratio``, ``complete``.

    ================  ===========================================================================================
    column            users
    ================  ===========================================================================================
    ``new``           active in the period, and first seen in it
    ``returning``     active in the period and in the one before
    ``resurrecting``  active in the period, not in the one before, and first seen earlier
    ``dormant``       active in the period before, and not in this one; missing for a period that is not complete
    ``active``        new, returning and resurrecting together
    ================  ===========================================================================================

    A user is active in a period with an event for which ``where`` holds. ``first_seen`` says what makes a user new: the first
    of these events (``"first_event"``), the first event of any kind (``"first_any_event"``), both also before ``start``; the
    first of these events in the range (``"range"``); or the name of a column of the events that has the moment at which the
    user was created, of which the earliest counts: users without it are never new. ``quick_ratio`` is new and resurrecting
    users divided by dormant ones, missing where no user is dormant.

    ``by`` is the period. Periods, ``complete``, ``where`` and ``unit`` are as in ``trend``: a period that ``start`` cuts is not
    complete, and only users with an event from ``start`` on are active in it. Earlier events count as history, so the other
    periods are the same whatever ``start`` is. ``users(period=..., state="dormant")`` are the users in a state: one of the
    columns, by default ``"active"``. Dormant users entered with their first event in the period before, and there are none in
    a period that is not complete.

    Reads moment and the unit, event_type where the condition names event types, and the column of ``first_seen``.

    Definition: lifecycle of PostHog and of Amplitude. PostHog takes users for new in the period in which their profile was
    created: that is ``first_seen`` with the column of it.

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
        "first_event": "first such event of all",
        "range": "first such event in the range",
        "first_any_event": "first event of any kind",
    }.get(first_seen, f"earliest {first_seen}")
    users = " and ".join(scope.unit)
    rule = (
        f"Each {by}, {users} with an event are new (their {seen} is in it), returning (active in the {by} before, too) or "
        f"resurrecting; those active in the {by} before only are dormant."
    )

    def members(cell: Mapping[str, Any]) -> Node:
        state = cell.get("state", _ACTIVE)
        if state not in (*STATES, _ACTIVE):
            raise InvalidValue(
                f"state of users is one of {', '.join((*STATES, _ACTIVE))}, not {state!r}", hint=near(str(state), STATES)
            )
        found = scope_filtered(scope, gone if state == _DORMANT else active, by)
        if state == _DORMANT:
            # Nobody is dormant yet in a period that is not over.
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
    """Return the rows of the periods from the one of ``start`` on."""
    if scope.start is None:
        return plan
    first = period_of(scope, plan, literal(scope.start), by)
    return Filter(plan, call("ge", plan.column(PERIOD), first), "in_range")


def _in_range(scope: Scope, active: Node) -> Node:
    """Return the periods in which a unit was active from ``start`` on, with its first moment of these."""
    plan = Filter(active, call("not", call("is_null", active.column("moment_in_range"))), "from_start")
    names = (PERIOD, *scope.unit, "state")
    return Select(
        plan, (*((name, plan.column(name)) for name in names), (MOMENT, plan.column("moment_in_range"))), "from_start"
    )


def _states(scope: Scope, rows: Node, by: str, first_seen: str, cut: datetime.datetime | None) -> Node:
    """Return each unit in each period that it was active in: its state, its first moment there, and the next such period.

    Where ``start`` cuts a period, ``moment_in_range`` is the first moment from then on.
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
    """Return the period of the first event of each unit, of any kind."""
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
    """Return each unit in each period that it was not active in after one that it was."""
    following = next_start(scope, active, active.column(PERIOD), by)
    stays = call("coalesce", call("eq", active.column("period_after"), following), literal(False))
    plan = Filter(active, call("not", stays), "gone")
    return Select(plan, ((PERIOD, following), *((name, plan.column(name)) for name in (*scope.unit, MOMENT))), "gone")


def _check_column(scope: Scope, name: str) -> None:
    """Raise for a column of the moment of creation that is not there, or not a moment."""
    data = scope.data
    if name not in data.data_columns:
        raise ColumnNotFound(
            f"first_seen of lifecycle is {name!r}, which is no column, and not one of {', '.join(FIRST_SEEN)}",
            hint=near(name, (*FIRST_SEEN, *data.data_columns)),
        )
    if data.dtypes[name] != "timestamp":
        raise InvalidType(
            f"first_seen of lifecycle is column {name!r}, which is {data.dtypes[name]}",
            hint="convert it to moments: to_datetime(events[...])",
        )
