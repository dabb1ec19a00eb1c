"""Trends: users, events, sessions, or an aggregate of a column, per period."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from objectiv_local.arguments import in_words
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Aggregation,
    Expr,
    Extend,
    Filter,
    Node,
    Ordering,
    Select,
    aggregation,
    call,
    cast,
    frame_of,
    literal,
    over,
    unused_name,
)
from objectiv_local.hub.analyses.base.analysis import Analysis, Definition, analysis
from objectiv_local.hub.analyses.base.breakdown import breakdown_of, checked_top, groups_in_words, with_top
from objectiv_local.hub.analyses.base.calendar import PERIOD, before, checked_period, period_of, periods
from objectiv_local.hub.analyses.base.cells import period_in
from objectiv_local.hub.analyses.base.joins import crossed, looked_up
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope, scope_of
from objectiv_local.hub.analyses.base.user_values import UserValues
from objectiv_local.hub.conditions import Condition, condition
from objectiv_local.hub.settings import Settings

MEASURES: Final = ("users", "events", "sessions", "events_per_user", "first_time_users")
AGGREGATES: Final = ("sum", "mean", "median", "min", "max", "nunique")
#: Measures that are 0 in a period without events; other measures are missing there.
_COUNTS: Final = ("users", "events", "sessions", "first_time_users", "sum", "nunique")
#: Measures that only count events with a unit.
_OF_UNITS: Final = ("users", "first_time_users")
_VALUE, _COMPLETE, _PREVIOUS = "value", "complete", "previous"


@analysis
def trend(
    settings: Settings,
    events: DataFrame,
    measure: str | Sequence[str] = "users",
    by: str = "day",
    where: object = None,
    *,
    breakdown: object = None,
    top: int = 10,
    start: object = None,
    end: object = None,
    as_of: object = None,
    unit: str | list[str] = "user_id",
    compare: str | None = None,
) -> Analysis:
    """Return a measure for each period: index ``period`` and the breakdown, columns ``value`` and ``complete``.

    ``measure`` is one of

    ======================  =======================================================================================
    measure                 value of a period
    ======================  =======================================================================================
    ``users``               number of distinct users with an event
    ``events``              number of events, including events without a user
    ``sessions``            number of distinct sessions
    ``events_per_user``     number of events that have a user, divided by the number of users
    ``first_time_users``    number of users whose first event ever, even before ``start``, is in the period
    ``(how, column)``       ``sum``, ``mean``, ``median``, ``min``, ``max`` or ``nunique`` of a column of the events, as in
                            ``("sum", "amount")``; missing values are left out
    ======================  =======================================================================================

    ``by`` is the period: hour, day, week, month, quarter or year in the hub's time zone. The index ``period`` is its first day
    as a date or, for hours, the local time as a timestamp. When clocks are set back, the hour that occurs twice is one period.
    Periods run from ``start`` (by default the first event) to ``end`` (by default the last moment of the data). In periods
    without events, counts and sums are 0, and ratios and other aggregates are missing. ``complete`` is false for a period that
    the range covers only in part, and for a period that has not ended by the last moment of the data or by ``as_of``. Without
    ``start``, the data are assumed to begin on the day of the first event: the first week or month is not complete if it begins
    before that day.

    ``where`` filters events: an event type, a list of event types, a bool series of the frame, a function of the frame that
    returns such a series, or a frame of users.

    ``breakdown`` is a column, a series, a function of the frame, a frame of users, or a series of users that is indexed by the
    unit and has one value for each. It becomes a second index level of strings. Missing values are ``(none)``. Only the ``top``
    groups are kept: those with the most users over the whole range (for ``sessions``, the most sessions; for ``events`` and
    aggregates of a column, the most events). The others are combined as ``(other)``, in which each user counts once. Ties
    between groups are broken alphabetically. First-time users belong to the group of their first event.

    ``compare="previous"`` adds the column ``previous``: the value of the corresponding period in the preceding range, which has
    as many periods as the range from ``start`` to ``end``. Both are required.

    ``unit`` is the column, or the list of columns, that identifies a user. Events without it are not counted for any user.

    ``users(period=...)`` returns the users of a period.

    Reads moment and the unit; event_type if a condition names event types; session_id for ``sessions``. Raises InvalidValue
    for an unknown measure or period; InvalidType and ColumnNotFound for invalid columns.

    Definitions: insights of Mixpanel, trends of PostHog.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> hub.trend(hub.events(), by="week", where="PressEvent").columns
    ['value', 'complete']
    """
    scope = scope_of(settings, events, "trend", unit=unit, start=start, end=end, as_of=as_of)
    checked_period(by)
    request = _request(scope, measure, by, where, breakdown, top)
    counted = request.counted(request.rows())
    calendar = periods(scope, by)
    grid: Node = Select(calendar, ((PERIOD, calendar.column(PERIOD)), (_COMPLETE, calendar.column("is_complete"))), "periods")
    on = [PERIOD, *request.labels]
    if request.label is not None:
        there = Aggregate(counted, tuple((name, counted.column(name)) for name in request.labels), (), "groups")
        grid = crossed(grid, there, "groups_by_period")
    plan = looked_up(grid, counted, on, "trend", key=on)
    columns = [_VALUE, _COMPLETE]
    if compare is not None:
        plan = looked_up(_numbered(plan, request), _previous(request, compare), ["number", *request.labels], "compared", key=on)
        columns = [_VALUE, _PREVIOUS, _COMPLETE]
    filled = {name: _filled(request.kind, plan.column(name)) for name in columns if name != _COMPLETE}
    plan = Select(plan, tuple((name, filled.get(name, plan.column(name))) for name in (*on, *columns)), "trend")
    frame = frame_of(scope.state_over(plan, on), columns)
    members = request.members(request.rows())
    return Analysis(
        "trend",
        frame,
        scope,
        Definition(
            _rule(request, by, compare),
            () if request.test is None else request.test.types,
            unit_counts=request.kind not in _OF_UNITS,
        ),
        members,
        possible={PERIOD: period_in(scope, by)},
    )


@dataclass(frozen=True, slots=True)
class _Request:
    """The arguments of a trend: the measure, the events it counts, and the groups."""

    scope: Scope
    kind: str
    column: str | None
    by: str
    test: Condition | None
    label: Series | UserValues | None
    top: int
    #: Rows that determine the largest groups; by default the rows that are counted.
    largest: Node | None = None

    @property
    def labels(self) -> list[str]:
        return [] if self.label is None else [str(self.label.name)]

    @property
    def source(self) -> str:
        """The name of the measured column in the counted rows."""
        assert self.column is not None
        return f"{self.column}_of_event" if self.column in (PERIOD, _VALUE) else self.column

    def rows(self) -> Node:
        """Return the events that count, with their period and group."""
        scope = self.scope
        columns: dict[str, Series | UserValues] = {}
        if self.column is not None and self.column not in (*scope.unit, MOMENT):
            columns[self.source] = scope.data[self.column]
        if self.label is not None:
            columns[self.labels[0]] = self.label
        is_first = self.kind == "first_time_users"
        plan = scope.rows(
            columns, None if self.test is None else self.test.holds, ranged=not is_first, with_unit=self.kind in _OF_UNITS
        )
        if is_first:
            number = over(aggregation("row_number"), scope.units(plan), scope.order(plan))
            plan = Filter(plan, call("eq", number, literal(1)), "first_events")
            plan = scope.in_range(plan)
        return Extend(plan, ((PERIOD, period_of(scope, plan, plan.column(MOMENT), self.by)),), "events_by_period")

    def counted(self, rows: Node) -> Node:
        """Return the measure for each period and group that has events."""
        scope = self.scope
        if len(scope.unit) > 1 and self.kind in (*_OF_UNITS, "events_per_user"):
            # Units of several columns are grouped to one row each, and the rows are counted.
            names = [PERIOD, *self.labels, *scope.unit]
            size = unused_name("events", rows.types)
            rows = Aggregate(
                self._labeled(rows), tuple((name, rows.column(name)) for name in names), ((size, aggregation("size")),), "units"
            )
            there = self._has_unit(rows)
            values = [aggregation("size", where=there)]
            if self.kind == "events_per_user":
                values = [aggregation("sum", rows.column(size), where=there), *values]
        else:
            rows = self._labeled(rows)
            values = self._values(rows)
        keys = tuple((name, rows.column(name)) for name in (PERIOD, *self.labels))
        if len(values) == 1:
            return Aggregate(rows, keys, ((_VALUE, values[0]),), "measured")
        parts = unused_name("events", rows.types), unused_name("users", rows.types)
        plan = Aggregate(rows, keys, tuple(zip(parts, values, strict=True)), "counted")
        value = call("ratio", *map(plan.column, parts))
        return Select(plan, (*((name, plan.column(name)) for name, _ in keys), (_VALUE, value)), "measured")

    def members(self, rows: Node) -> Node:
        """Return the units of each period and group."""
        return Filter(self._labeled(rows), self._has_unit(rows), "members")

    def _has_unit(self, rows: Node) -> Expr:
        found = call("not_null", rows.column(self.scope.unit[0]))
        for name in self.scope.unit[1:]:
            found = call("and", found, call("not_null", rows.column(name)))
        return found

    def _labeled(self, rows: Node) -> Node:
        """Return the rows, with all but the largest groups combined under one label."""
        if self.label is None:
            return rows
        total, of = aggregation("size"), self.largest
        if len(self.scope.unit) > 1 and self.kind in (*_OF_UNITS, "events_per_user"):
            every = rows if of is None else of
            of = Aggregate(every, tuple((name, every.column(name)) for name in (*self.labels, *self.scope.unit)), (), "units")
            total = aggregation("size", where=self._has_unit(of))
        elif self.kind == "sessions":
            total = aggregation("nunique", rows.column("session_id"))
        elif self.kind in (*_OF_UNITS, "events_per_user"):
            total = aggregation("nunique", rows.column(self.scope.unit[0]))
        return with_top(rows, self.labels[0], total, self.top, of)

    def _values(self, rows: Node) -> list[Aggregation]:
        """Return the aggregate of the measure, or the two aggregates that it is the ratio of."""
        unit = rows.column(self.scope.unit[0])
        if self.kind in _OF_UNITS:
            return [aggregation("nunique", unit)]
        if self.kind == "events":
            return [aggregation("size")]
        if self.kind == "events_per_user":
            return [aggregation("count", unit), aggregation("nunique", unit)]
        assert self.column is not None
        amount = rows.column(self.source)
        if self.kind == "median":
            return [aggregation("quantile", amount, literal(0.5))]
        return [aggregation("nunique" if self.kind == "sessions" else self.kind, amount)]


def _request(scope: Scope, measure: str | Sequence[str], by: str, where: object, breakdown: object, top: int) -> _Request:
    """Return what to count. Raises an error for a measure, condition or breakdown that does not fit the frame."""
    kind, column = _measure(scope, measure)
    test = None if where is None else condition(where, scope.data, "where of trend", scope.unit)
    taken = (
        PERIOD,
        _VALUE,
        _COMPLETE,
        _PREVIOUS,
        "number",
        MOMENT,
        *scope.unit,
        *scope.event_key,
        *(() if column is None else (column, f"{column}_of_event")),
    )
    label = None if breakdown is None else breakdown_of(breakdown, scope.data, "trend", scope.unit, taken)
    return _Request(scope, kind, column, by, test, label, checked_top(top))


def _measure(scope: Scope, measure: str | Sequence[str]) -> tuple[str, str | None]:
    """Return the kind of a measure and the column that it reads. Raises InvalidValue, InvalidType and ColumnNotFound."""
    data = scope.data
    if isinstance(measure, str):
        if measure not in MEASURES:
            pair = f"also name a column: measure=({measure!r}, 'amount')"
            raise InvalidValue(
                f"measure of trend cannot be {measure!r}", hint=pair if measure in AGGREGATES else near(measure, MEASURES)
            )
        if measure == "sessions":
            if "session_id" not in data.data_columns:
                raise ColumnNotFound(
                    "measure='sessions' of trend needs session_id, which the frame does not have",
                    hint="add sessions: hub.sessionize(events)",
                )
            return measure, "session_id"
        return measure, None
    if len(measure) != 2 or measure[0] not in AGGREGATES:
        raise InvalidValue(
            f"measure of trend cannot be {in_words(measure)}",
            hint=f"a pair consists of one of {', '.join(AGGREGATES)} and a column, as in ('sum', 'amount')",
        )
    kind, column = measure
    if column not in data.data_columns:
        raise ColumnNotFound(
            f"measure of trend names column {column!r}, which the frame does not have", hint=near(column, data.data_columns)
        )
    dtype = data.dtypes[column]
    if kind in ("sum", "mean", "median") and not (dtype in ("int64", "float64", "timedelta") or dtype.startswith("decimal")):
        raise InvalidType(
            f"trend cannot compute the {kind} of column {column!r} of type {dtype}",
            hint="cast it to a number, or count its values with 'nunique'",
        )
    if dtype in ("list", "dict", "json"):
        raise InvalidType(
            f"trend cannot compute the {kind} of column {column!r} of type {dtype}", hint="select one of its elements"
        )
    return kind, column


def _filled(kind: str, value: Expr) -> Expr:
    if kind not in _COUNTS:
        return value
    zero = literal(datetime.timedelta(0)) if value.type.name == "timedelta" else cast(literal(0), value.type)
    return call("coalesce", value, zero)


def _numbered(plan: Node, request: _Request) -> Node:
    """Return rows with the position of their period, counted from 1."""
    number = over(aggregation("row_number"), [plan.column(name) for name in request.labels], [Ordering(plan.column(PERIOD))])
    return Extend(plan, (("number", number),), "numbered")


def _previous(request: _Request, compare: str) -> Node:
    """Return the measure of the periods before the range, with the position of the period that each is compared with."""
    scope = request.scope
    if compare != "previous":
        raise InvalidValue(f"compare of trend has to be 'previous' or None, not {compare!r}", hint="compare='previous'")
    if scope.start is None or scope.end is None:
        raise InvalidValue("compare of trend needs a range", hint="give start and end")
    start = before(scope, request.by)
    on = [PERIOD, *request.labels]
    earlier = replace(request, scope=replace(scope, start=start, end=scope.start), largest=request.rows())
    counted = earlier.counted(earlier.rows())
    calendar = periods(earlier.scope, request.by)
    grid: Node = Select(calendar, ((PERIOD, calendar.column(PERIOD)),), "previous_periods")
    if request.label is not None:
        there = Aggregate(counted, tuple((name, counted.column(name)) for name in request.labels), (), "previous_groups")
        grid = crossed(grid, there, "previous_groups_by_period")
    plan = _numbered(looked_up(grid, counted, on, "previous", key=on), request)
    return Select(
        plan,
        (
            ("number", plan.column("number")),
            *((name, plan.column(name)) for name in request.labels),
            (_PREVIOUS, plan.column(_VALUE)),
        ),
        "previous",
    )


def _rule(request: _Request, by: str, compare: str | None) -> tuple[str, ...]:
    """Return the definition in words."""
    unit = " and ".join(request.scope.unit)
    words = {
        "users": f"The number of distinct {unit} with an event in each {by}.",
        "events": f"The number of events in each {by}.",
        "sessions": f"The number of distinct session_id in each {by}.",
        "events_per_user": f"The number of events that have {unit}, divided by the number of distinct {unit}, in each {by}.",
        "first_time_users": f"The number of distinct {unit} whose first event ever is in the {by}.",
    }.get(request.kind, f"The {request.kind} of {request.column} over the events of each {by}.")
    lines = [words]
    if request.test is not None:
        lines.append(f"Only events that match {request.test.title} are counted.")
    if request.label is not None:
        lines.append(groups_in_words(request.labels[0], request.top))
    if compare is not None:
        lines.append("previous is the value of the corresponding period in the preceding range.")
    return tuple(lines)
