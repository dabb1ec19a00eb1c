"""Counts of events and users for each event type, with the moments of the first and last event."""

from __future__ import annotations

from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Aggregate, Extend, Ordering, aggregation, call, frame_of, over
from objectiv_local.hub.analyses.base.analysis import Analysis, analysis, rule_of
from objectiv_local.hub.analyses.base.scope import MOMENT, scope_of
from objectiv_local.hub.conditions import condition
from objectiv_local.hub.settings import Settings

_TYPE, _EVENTS, _USERS = "event_type", "events", "users"


@analysis
def event_types(
    settings: Settings,
    events: DataFrame,
    where: object = None,
    *,
    start: object = None,
    end: object = None,
    as_of: object = None,
    unit: str = "user_id",
) -> Analysis:
    """Return counts for each event type: index ``event_type``; columns ``events``, ``share``, ``users``, ``events_per_user``,
    ``first_seen``, ``last_seen``.

    ``events`` is the number of events of the type, and ``share`` is that number divided by the number of all events. ``users``
    is the number of users with such an event. ``events_per_user`` is the number of events that have a user divided by
    ``users``, missing if there are no users. ``first_seen`` and ``last_seen`` are moments in UTC. Rows are sorted by event
    type; events without a type have a row of their own, which comes last.

    ``where`` filters events: an event type, a list of event types, a bool series of the frame, a function of the frame that
    returns such a series, or a frame of users. ``unit`` is the column that identifies a user.

    ``users(event_type=...)`` returns the users with such an event.

    Reads moment, event_type and the unit.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> hub.event_types(hub.events()).columns
    ['events', 'share', 'users', 'events_per_user', 'first_seen', 'last_seen']
    """
    scope = scope_of(settings, events, "event_types", unit=unit, start=start, end=end, as_of=as_of, event_type="string")
    test = None if where is None else condition(where, scope.data, "where of event_types", scope.unit)
    holds = None if test is None else test.holds
    rows = scope.rows({_TYPE: scope.data.event_type}, holds, with_unit=False)
    user, moment = rows.column(scope.unit[0]), rows.column(MOMENT)
    counted = Aggregate(
        rows,
        ((_TYPE, rows.column(_TYPE)),),
        (
            (_EVENTS, aggregation("size")),
            (_USERS, aggregation("nunique", user)),
            ("with_user", aggregation("count", user)),
            ("first_seen", aggregation("min", moment)),
            ("last_seen", aggregation("max", moment)),
        ),
        "event_types",
    )
    total = Extend(counted, (("total", over(aggregation("sum", counted.column(_EVENTS)), ())),), "event_types")
    plan = Extend(
        total,
        (
            ("share", call("ratio", total.column(_EVENTS), total.column("total"))),
            ("events_per_user", call("ratio", total.column("with_user"), total.column(_USERS))),
        ),
        "event_types",
    )
    state = scope.state.with_rows(plan, (_TYPE,), (Ordering(plan.column(_TYPE)),))
    frame = frame_of(state, [_EVENTS, "share", _USERS, "events_per_user", "first_seen", "last_seen"])
    members = scope.rows({_TYPE: scope.data.event_type}, holds)
    rule = f"The number of events of each type, and of the distinct {scope.unit[0]} that have them."
    return Analysis("event_types", frame, scope, rule_of(rule, test), members)
