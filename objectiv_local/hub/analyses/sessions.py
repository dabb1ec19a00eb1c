"""Sessions: one row per session, with its first and last event, its duration, and whether it is a bounce."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidValue, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Filter,
    Node,
    Ordering,
    Select,
    Values,
    WindowFrame,
    aggregation,
    call,
    frame_of,
    literal,
    over,
    unused_name,
)
from objectiv_local.hub.analyses.base.analysis import Analysis, Definition, analysis
from objectiv_local.hub.analyses.base.calendar import PERIOD, checked_period, period_of, periods
from objectiv_local.hub.analyses.base.event_values import label_of
from objectiv_local.hub.analyses.base.joins import looked_up
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope, scope_of
from objectiv_local.hub.analyses.base.words import in_time
from objectiv_local.hub.conditions import Condition, condition
from objectiv_local.hub.hits import USER, are_numbered
from objectiv_local.hub.settings import Settings
from objectiv_local.types import INT64

BOUNCES: Final = ("single_event", "single_view", "not_engaged")
_GAP: Final = datetime.timedelta(minutes=30)
_SESSION, _START, _END, _DURATION, _HITS, _ENTRY, _EXIT, _BOUNCE = (
    "session_id",
    "start",
    "end",
    "duration",
    "hits",
    "entry",
    "exit",
    "is_bounce",
)
_COLUMNS: Final = (_SESSION, _START, _END, _DURATION, _HITS, _ENTRY, _EXIT, _BOUNCE)


@checked
class Sessions(Analysis):
    """Sessions, one row each; ``summary`` returns totals by period."""

    def summary(self, by: str | None = None) -> DataFrame:
        """Return counts and averages over all sessions, or over those that start in each period of the hub's calendar.

        Columns: ``sessions``, ``users``, ``hits``, ``hits_per_session``, ``mean_duration``, ``median_duration``, ``bounces``
        and ``bounce_rate``; by period also ``complete``, which is false if the period has not ended by the last moment of the
        data or by ``as_of``, or if the range covers only a part of it. In a period without sessions, counts are 0 and other
        values missing. A user with sessions in several periods counts in each of them.

        Raises InvalidValue for an unknown period.

        >>> import objectiv_local as ol
        >>> hub = ol.ModelHub()
        >>> hub.sessions(hub.events()).summary("month").columns[:3]
        ['sessions', 'users', 'hits']
        """
        scope = self._scope
        request: _Request = vars(self)["_request"]
        plan = request.sessions()
        # Without periods, all sessions are grouped by a constant.
        key, group = (PERIOD, period_of(scope, plan, plan.column(_START), checked_period(by))) if by else ("all", literal(1))
        plan = Extend(plan, ((key, group),), "grouped_sessions")
        keys, duration = ((key, plan.column(key)),), plan.column(_DURATION)
        users: Node = Aggregate(plan, (*keys, *((name, plan.column(name)) for name in scope.unit)), (), "users")
        users = Aggregate(users, ((key, users.column(key)),), (("users", aggregation("size")),), "counted_users")
        found: Node = Aggregate(
            plan,
            keys,
            (
                ("sessions", aggregation("size")),
                (_HITS, aggregation("sum", plan.column(_HITS))),
                ("mean_duration", aggregation("mean", duration)),
                ("median_duration", aggregation("quantile", duration, literal(0.5))),
                ("bounces", aggregation("size", where=plan.column(_BOUNCE))),
            ),
            "summary",
        )
        if by is None:
            grid: Node = Values(((key, INT64),), ((literal(1),),), (key,), "all")
        else:
            calendar = periods(scope, by)
            grid = Select(calendar, ((key, calendar.column(PERIOD)), ("complete", calendar.column("is_complete"))), "periods")
        for part in (found, users):
            grid = looked_up(grid, part, [key], "summary", key=[key])
        counts = {name: call("coalesce", grid.column(name), literal(0)) for name in ("sessions", "users", _HITS, "bounces")}
        columns: dict[str, Expr] = {
            "sessions": counts["sessions"],
            "users": counts["users"],
            _HITS: counts[_HITS],
            "hits_per_session": call("ratio", counts[_HITS], counts["sessions"]),
            "mean_duration": grid.column("mean_duration"),
            "median_duration": grid.column("median_duration"),
            "bounces": counts["bounces"],
            "bounce_rate": call("ratio", counts["bounces"], counts["sessions"]),
        }
        if by is None:
            return frame_of(scope.state_over(Select(grid, tuple(columns.items()), "summary")), list(columns))
        columns["complete"] = grid.column("complete")
        plan = Select(grid, ((PERIOD, grid.column(PERIOD)), *columns.items()), "summary")
        return frame_of(scope.state_over(plan, [PERIOD]), list(columns))


@analysis
def sessions(
    settings: Settings,
    events: DataFrame,
    label: object = "event_type",
    *,
    gap: datetime.timedelta | None = None,
    midnight_reset: bool = False,
    new_on: object = None,
    where: object = None,
    bounce: str = "single_event",
    views: object = None,
    key_events: object = None,
    engaged_after: datetime.timedelta = datetime.timedelta(seconds=10),
    start: object = None,
    end: object = None,
    as_of: object = None,
    unit: str | list[str] = "user_id",
) -> Sessions:
    """Return one row per session: index ``session_id``.

    Columns: the unit, by default ``user_id``; ``start`` and ``end``, the moments of the first and the last event; ``duration``,
    the time between them; ``hits``, the number of events; ``entry`` and ``exit``, the first and the last value of ``label``
    that is not missing; and ``is_bounce``. ``label`` is a column, a series or a function of the frame.

    Sessions come from the column ``session_id`` of the frame. If there is no such column, or if ``gap``, ``midnight_reset`` or
    ``new_on`` is given, they are computed from the events of each user and numbered from 1 in the order of their first events.
    A session ends when the user is inactive for longer than ``gap``, by default 30 minutes; it does not end if the pause has
    exactly this length. With ``midnight_reset``, a session also ends at midnight in the hub's time zone. ``new_on`` is a
    column, a series or a function of the frame, such as the campaign: an event whose value differs from the user's last known
    value starts a new session.

    ``where`` filters events, as in ``trend``, after the sessions are computed; all columns describe the remaining events.

    ==================  ================================================================================================
    ``bounce``          a session is a bounce with
    ==================  ================================================================================================
    ``"single_event"``  one event
    ``"single_view"``   fewer than two events that match ``views``
    ``"not_engaged"``   a duration below ``engaged_after``, fewer than two ``views`` and no ``key_events``
    ==================  ================================================================================================

    ``views`` matches any event by default, and ``key_events`` no event. Both are conditions, like ``where``.

    ``start`` and ``end`` are the range in which sessions start. Events after ``as_of`` are left out, and so are events without
    a user or a session. Events at the same moment are ordered by id. If a session of the frame has several users, its user is
    that of its first event.

    ``users(session_id=...)`` returns the user of a session, and ``summary(by="day")`` totals by period.

    Raises InvalidValue for an unknown value of ``bounce`` and a negative gap; InvalidType and ColumnNotFound for invalid
    columns.

    Definitions: sessions of Objectiv (inactivity), Mixpanel (midnight), and Google Analytics: in GA4, a session that is not
    engaged is a bounce, and in Universal Analytics, a new campaign started a session.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> hub.sessions(hub.events()).columns
    ['user_id', 'start', 'end', 'duration', 'hits', 'entry', 'exit', 'is_bounce']
    """
    scope = scope_of(settings, events, "sessions", unit=unit, start=start, end=end, as_of=as_of)
    used = [name for name in scope.unit if name in _COLUMNS]
    if used:
        raise InvalidValue(
            f"unit of sessions has a column {used[0]!r}, which is also the name of a column of the result", hint="rename it"
        )
    if bounce not in BOUNCES:
        raise InvalidValue(f"bounce of sessions cannot be {bounce!r}", hint=near(bounce, BOUNCES))
    if gap is not None and gap < datetime.timedelta(0):
        raise InvalidValue(f"gap of sessions is negative: {gap}", hint="for instance datetime.timedelta(minutes=30)")
    if engaged_after < datetime.timedelta(0):
        raise InvalidValue(
            f"engaged_after of sessions is negative: {engaged_after}", hint="for instance datetime.timedelta(seconds=10)"
        )
    tests = {
        name: None if given is None else condition(given, scope.data, f"{name} of sessions", scope.unit)
        for name, given in (("where", where), ("views", views), ("key_events", key_events))
    }
    data = scope.data
    has_sessions = _SESSION in (*data.data_columns, *data.index_columns)
    is_made = gap is not None or midnight_reset or new_on is not None or not has_sessions
    if new_on is not None:
        new_on = label_of(new_on, data, "new_on of sessions", "for instance new_on='utm_campaign'")
    request = _Request(
        scope,
        label_of(label, data, "label of sessions", "for instance label='event_type'"),
        is_made,
        _GAP if gap is None else gap,
        midnight_reset,
        new_on,
        tests["where"],
        bounce,
        tests["views"],
        tests["key_events"],
        engaged_after,
    )
    plan = request.sessions()
    types = tuple(each for test in tests.values() if test is not None for each in test.types)
    frame = frame_of(scope.state_over(plan, [_SESSION]), [*scope.unit, *_COLUMNS[1:]])
    members = Select(
        plan,
        ((_SESSION, plan.column(_SESSION)), *((name, plan.column(name)) for name in scope.unit), (MOMENT, plan.column(_START))),
        "members",
    )
    found = Sessions("sessions", frame, scope, Definition(_rule(request), types), members)
    vars(found)["_request"] = request
    return found


@dataclass(frozen=True, slots=True)
class _Request:
    """The arguments of a sessions analysis, and the plan that computes it."""

    scope: Scope
    label: Series
    is_made: bool
    gap: datetime.timedelta
    midnight_reset: bool
    new_on: Series | None
    where: Condition | None
    bounce: str
    views: Condition | None
    key_events: Condition | None
    engaged_after: datetime.timedelta

    def name(self, title: str) -> str:
        """Return a name for a column that does not clash with those of the events."""
        return unused_name(f"session_{title}", self.scope.state.plan.types)

    def sessions(self) -> Node:
        """Return one row per session."""
        scope = self.scope
        rows = self._rows()
        number, first = self.name("number"), self.name("first")
        if self.is_made:
            keys = tuple((name, rows.column(name)) for name in (*scope.unit, number))
            values: list[tuple[str, Expr]] = []
        elif scope.unit == (USER,) and are_numbered(scope.state, _SESSION) and are_numbered(scope.state, USER):
            # Sessions that the hub numbered have one user each.
            keys = ((USER, rows.column(USER)), (_SESSION, rows.column(self.name("given"))))
            values = []
        else:
            keys = ((_SESSION, rows.column(self.name("given"))),)
            values = [(name, aggregation("first", rows.column(name), order=scope.order(rows))) for name in scope.unit]
        moment, label, order = rows.column(MOMENT), rows.column(self.name("label")), scope.order(rows)
        kept, views, keyed = (self._named(rows, title) for title in ("where", "views", "key"))
        values += [
            (_START, aggregation("min", moment, where=kept)),
            (_END, aggregation("max", moment, where=kept)),
            (_HITS, aggregation("size", where=kept)),
            (_ENTRY, aggregation("first", label, order=order, where=kept)),
            (_EXIT, aggregation("last", label, order=order, where=kept)),
        ]
        if views is not None:
            values.append((self.name("views"), aggregation("size", where=views if kept is None else call("and", kept, views))))
        if keyed is not None:
            values.append((self.name("key"), aggregation("any", keyed, where=kept)))
        if self.is_made:
            values.append((first, aggregation("min", moment)))
            begins = rows.column(self.name("starts"))
            # A session has one first event, so MIN returns its id without a sort.
            values += [(f"{first}_{name}", aggregation("min", rows.column(name), where=begins)) for name in scope.event_key]
        plan: Node = Aggregate(rows, keys, tuple(values), "sessions")
        duration = call("sub", plan.column(_END), plan.column(_START))
        columns: list[tuple[str, Expr]] = [(name, plan.column(name)) for name in scope.unit]
        columns += [
            (_START, plan.column(_START)),
            (_END, plan.column(_END)),
            (_DURATION, duration),
            (_HITS, plan.column(_HITS)),
            (_ENTRY, plan.column(_ENTRY)),
            (_EXIT, plan.column(_EXIT)),
            (_BOUNCE, self._is_bounce(plan, duration)),
        ]
        if self.is_made:
            ties = [first, *(f"{first}_{name}" for name in scope.event_key), *scope.unit, number]
            session = over(aggregation("row_number"), [], [Ordering(plan.column(name)) for name in ties])
            plan = Extend(plan, ((_SESSION, session),), "numbered_sessions")
        plan = Select(plan, ((_SESSION, plan.column(_SESSION)), *columns), "sessions")
        plan = Filter(plan, call("gt", plan.column(_HITS), literal(0)), "sessions_that_count", left_key=(_SESSION,))
        for op, bound in (("ge", scope.start), ("lt", scope.end)):
            if bound is not None:
                plan = Filter(plan, call(op, plan.column(_START), literal(bound)), "sessions_in_range")
        return plan

    def _rows(self) -> Node:
        """Return the events that have a session, with its number among the user's sessions or its id in the frame."""
        scope = self.scope
        columns = {self.name("label"): self.label}
        for title, test in (("where", self.where), ("views", self.views), ("key", self.key_events)):
            if test is not None:
                columns[self.name(title)] = test.holds.fillna(False)
        if not self.is_made:
            columns[self.name("given")] = scope.data.all_series[_SESSION]
            rows = scope.rows(columns, ranged=False)
            return Filter(rows, call("not_null", rows.column(self.name("given"))), "events_with_session")
        if self.new_on is not None:
            columns[self.name("new_on")] = self.new_on
        rows = scope.rows(columns, ranged=False)
        units, order, moment = scope.units(rows), scope.order(rows), rows.column(MOMENT)
        previous = over(aggregation("lag", moment, literal(1), literal(None, moment.type)), units, order)
        starts: Expr = call("coalesce", call("gt", call("sub", moment, previous), literal(self.gap)), literal(True))
        if self.midnight_reset:
            days = [period_of(scope, rows, each, "day") for each in (moment, previous)]
            starts = call("or", starts, call("coalesce", call("ne", *days), literal(True)))
        if self.new_on is not None:
            value = rows.column(self.name("new_on"))
            there = call("not_null", value)
            known = over(aggregation("lag", value, literal(1), literal(None, value.type)), [*units, there], order)
            starts = call("or", starts, call("and", there, call("coalesce", call("ne", value, known), literal(True))))
        rows = Extend(rows, ((self.name("starts"), starts),), "session_starts")
        number = over(aggregation("size", where=rows.column(self.name("starts"))), units, order, WindowFrame("ROWS", None, 0))
        return Extend(rows, ((self.name("number"), number),), "numbered")

    def _named(self, rows: Node, title: str) -> Expr | None:
        return rows.column(self.name(title)) if self.name(title) in rows.types else None

    def _is_bounce(self, plan: Node, duration: Expr) -> Expr:
        hits = plan.column(_HITS)
        if self.bounce == "single_event":
            return call("eq", hits, literal(1))
        views = self._named(plan, "views")
        found = call("lt", hits if views is None else views, literal(2))
        if self.bounce == "not_engaged":
            found = call("and", found, call("lt", duration, literal(self.engaged_after)))
            keyed = self._named(plan, "key")
            found = found if keyed is None else call("and", found, call("not", keyed))
        return found


def _rule(request: _Request) -> tuple[str, ...]:
    """Return the definition in words."""
    unit = " and ".join(request.scope.unit)
    if request.is_made:
        lines = [f"A session ends when a {unit} is inactive for more than {in_time(request.gap)}."]
        if request.midnight_reset:
            lines.append("It also ends at midnight.")
        if request.new_on is not None:
            lines.append(f"It also ends before an event whose {request.new_on.name} differs from the last known one.")
    else:
        lines = ["Sessions come from the column session_id."]
    if request.where is not None:
        lines.append(f"Only events that match {request.where.title} are counted, after sessions are computed.")
    views = "events" if request.views is None else f"events of {request.views.name}"
    engaged = "" if request.key_events is None else f" and no event of {request.key_events.name}"
    lines.append(
        {
            "single_event": "A session with one event is a bounce.",
            "single_view": f"A session with fewer than two {views} is a bounce.",
            "not_engaged": f"A session that is shorter than {in_time(request.engaged_after)} and has fewer than two {views}"
            f"{engaged} is a bounce.",
        }[request.bounce]
    )
    lines.append("Sessions count for the period in which they start.")
    return tuple(lines)
