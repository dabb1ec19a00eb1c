"""Sessions: one row for each, with its first and last event, its length, and whether the user left at once."""

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
from objectiv_local.hub.analyses.base.given import label_of
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
    """Sessions, a row for each; ``summary`` has their numbers by period."""

    def summary(self, by: str | None = None) -> DataFrame:
        """Return the numbers of all sessions, or of those that start in each period of the hub's calendar.

        Columns are ``sessions``, ``users``, ``hits``, ``hits_per_session``, ``mean_duration``, ``median_duration``,
        ``bounces`` and ``bounce_rate``; by period also ``complete``, false for a period that is not over as of the last moment
        of the data or ``as_of``, or is covered by the range in part only. A period without sessions has 0 of what is counted,
        and nothing of the others. Users of several periods count in each of them.

        Raises InvalidValue for an unknown period.

        >>> import objectiv_local as ol
        >>> hub = ol.ModelHub()
        >>> hub.sessions(hub.events()).summary("month").columns[:3]
        ['sessions', 'users', 'hits']
        """
        scope = self._scope
        asked: _Asked = vars(self)["_asked"]
        plan = asked.sessions()
        # One group of all is a group of a constant.
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
    """Return the sessions: index ``session_id``, and a row for each.

    Columns are the unit, that is ``user_id``; ``start`` and ``end``, the moments of the first and the last event; ``duration``,
    the time between the two; ``hits``, the number of events; ``entry`` and ``exit``, the first and the last known value of
    ``label``, which is a column, a series or a function of the frame; and ``is_bounce``.

    Sessions are those of the column ``session_id`` of the frame. If it has none, or one of the following is given, they are
    made from the events of each user, and numbered from 1 in the order of their first events. A session ends before a pause
    that is longer than ``gap``, by default 30 minutes; a pause of exactly that length does not end it. With
    ``midnight_reset``, it ends at midnight of the hub's time zone, too. ``new_on`` is a column, a series or a function, such as
    the campaign: an event with a value other than the last known one of the user starts a session.

    ``where`` keeps some events, as in ``trend``, after sessions are made: all columns are of the events that are left.

    ==================  ================================================================================================
    ``bounce``          a session is a bounce with
    ==================  ================================================================================================
    ``"single_event"``  one event
    ``"single_view"``   fewer than two events of ``views``
    ``"not_engaged"``   a duration below ``engaged_after``, fewer than two events of ``views`` and none of ``key_events``
    ==================  ================================================================================================

    ``views`` are any events by default, and ``key_events`` none. Both are conditions as ``where`` is.

    ``start`` and ``end`` are the range in which sessions start. Events after ``as_of`` are left out, as are those without a
    user or a session. Events at one moment are in the order of their ids. If the frame has a session of several users, the
    user is that of its first event.

    ``users(session_id=...)`` is the user of a session, and ``summary(by="day")`` has their numbers by period.

    Raises InvalidValue for an unknown rule and a gap that is negative, InvalidType and ColumnNotFound for columns.

    Definitions: sessions of Objectiv (pauses), Mixpanel (midnight), and Google Analytics: GA4 counts sessions that are not
    engaged as bounces, and Universal Analytics started a session with a new campaign.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> hub.sessions(hub.events()).columns
    ['user_id', 'start', 'end', 'duration', 'hits', 'entry', 'exit', 'is_bounce']
    """
    scope = scope_of(settings, events, "sessions", unit=unit, start=start, end=end, as_of=as_of)
    used = [name for name in scope.unit if name in _COLUMNS]
    if used:
        raise InvalidValue(f"unit of sessions is named {used[0]!r}, as a column of sessions is", hint="rename it")
    if bounce not in BOUNCES:
        raise InvalidValue(f"bounce of sessions is not known: {bounce!r}", hint=near(bounce, BOUNCES))
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
    asked = _Asked(
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
    plan = asked.sessions()
    types = tuple(each for test in tests.values() if test is not None for each in test.types)
    frame = frame_of(scope.state_over(plan, [_SESSION]), [*scope.unit, *_COLUMNS[1:]])
    members = Select(
        plan,
        ((_SESSION, plan.column(_SESSION)), *((name, plan.column(name)) for name in scope.unit), (MOMENT, plan.column(_START))),
        "members",
    )
    found = Sessions("sessions", frame, scope, Definition(_rule(asked), types), members)
    vars(found)["_asked"] = asked
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked, and the plan that answers it."""

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
        """Return the name of a column beside those of the events."""
        return unused_name(f"session_{title}", self.scope.state.plan.types)

    def sessions(self) -> Node:
        """Return a row for each session."""
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
            # There is one first event, so that its id is the minimum, which needs no sort.
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
        """Return the events that have a session: with its number among those of the user, or with the id of the frame."""
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


def _rule(asked: _Asked) -> tuple[str, ...]:
    """Return the rule in words."""
    unit = " and ".join(asked.scope.unit)
    if asked.is_made:
        lines = [f"A session of a {unit} ends before a pause of more than {in_time(asked.gap)}."]
        if asked.midnight_reset:
            lines.append("It ends at midnight, too.")
        if asked.new_on is not None:
            lines.append(f"It ends, too, before an event with another {asked.new_on.name} than the last known one.")
    else:
        lines = ["Sessions are those of the column session_id."]
    if asked.where is not None:
        lines.append(f"Only events that match {asked.where.title} are counted, once sessions are made.")
    views = "events" if asked.views is None else f"events of {asked.views.name}"
    engaged = "" if asked.key_events is None else f" and no event of {asked.key_events.name}"
    lines.append(
        {
            "single_event": "A session of one event is a bounce.",
            "single_view": f"A session of fewer than two {views} is a bounce.",
            "not_engaged": f"A session that is shorter than {in_time(asked.engaged_after)} and has fewer than two {views}"
            f"{engaged} is a bounce.",
        }[asked.bounce]
    )
    lines.append("Sessions count for the period in which they start.")
    return tuple(lines)
