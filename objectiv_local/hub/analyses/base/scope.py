"""The scope of an analysis: the range of moments, the last known moment, and the unit."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Filter,
    Node,
    Ordering,
    ScalarQuery,
    Select,
    State,
    aggregation,
    call,
    expr_of,
    literal,
    series_of,
    state_of,
    unused_name,
)
from objectiv_local.hub.analyses.base.user_values import UserValues
from objectiv_local.hub.checks import column_names, require
from objectiv_local.hub.events.moments import limit
from objectiv_local.hub.hits import EVENT
from objectiv_local.hub.settings import Settings

MOMENT = "moment"
#: Names of columns that analyses add to the unit.
_RESERVED = (
    MOMENT,
    EVENT,
    "period",
    "day",
    "state",
    "part",
    "active",
    "created",
    "entered_at",
    "cohort",
    "step",
    "value",
    "period_before",
    "period_after",
    "first_period",
    "first_moment",
    "next_day",
    "until",
    "converted",
    "following",
)


@dataclass(frozen=True, slots=True)
class Scope:
    """The events of one analysis.

    ``data`` is the event frame. ``start`` (inclusive), ``end`` (exclusive) and ``as_of`` (inclusive) are in UTC; ``as_of`` is
    by default the last moment of the data. An analysis ignores events after ``as_of``.
    """

    settings: Settings
    name: str
    data: DataFrame
    unit: tuple[str, ...]
    start: datetime.datetime | None
    end: datetime.datetime | None
    as_of: datetime.datetime | None

    @property
    def state(self) -> State:
        """The state of the event frame."""
        return state_of(self.data)

    @property
    def event_key(self) -> tuple[str, ...]:
        """The columns that break ties between events at the same moment: the event id, or the index of the frame."""
        types = self.state.plan.types
        if EVENT in (*self.data.index_columns, *self.data.data_columns):
            return (EVENT,)
        return tuple(name for name in self.state.index if types[name].name != "json")

    def order(self, plan: Node, *, ascending: bool = True) -> tuple[Ordering, ...]:
        """Return the order of events: by moment, then by event id."""
        return tuple(Ordering(plan.column(name), ascending) for name in (MOMENT, *self.event_key))

    def units(self, plan: Node) -> list[Expr]:
        """Return the columns of the unit."""
        return [plan.column(name) for name in self.unit]

    def rows(
        self,
        columns: Mapping[str, Series | UserValues] | None = None,
        where: Series | None = None,
        *,
        ranged: bool = True,
        with_unit: bool = True,
    ) -> Node:
        """Return the events up to ``as_of``: their unit, moment, event id and the given columns, which are series of the event
        frame or values of users.

        ``where`` keeps the events for which it is true, ``ranged`` those from ``start`` to ``end``, and ``with_unit`` those
        that have a unit. Columns and conditions that read other rows see all events of the frame.
        """
        named = {*self.unit, MOMENT, *self.event_key, *self.data.index_columns}
        kept = dict.fromkeys((*self.unit, MOMENT, *self.event_key))
        data = self.data.copy()
        condition = None
        looked_up = {name: each for name, each in (columns or {}).items() if isinstance(each, UserValues)}
        for name, series in (columns or {}).items():
            if isinstance(series, UserValues):
                continue
            if name not in named:
                data[name] = series
            elif expr_of(series) != self.state.plan.column(name):
                raise InvalidValue(
                    f"{self.name} uses the column name {name!r} itself, and the unit or index of the frame has it too",
                    hint="rename it, or remove it from the index with reset_index()",
                )
            kept[name] = None
        if where is not None:
            condition = unused_name(f"{self.name}_where", state_of(data).plan.types)
            data[condition] = where
        state = state_of(data)
        plan: Node = state.plan
        for test in self._conditions(plan, ranged=ranged, with_unit=with_unit):
            plan = Filter(plan, test, "events")
        if condition is not None:
            plan = Filter(plan, plan.column(condition), "events")
        plan = Select(plan, tuple((name, plan.column(name)) for name in kept), "events")
        for name, each in looked_up.items():
            plan = each.added_to(plan, name)
        return plan

    def in_range(self, plan: Node) -> Node:
        """Return the rows with a moment from ``start`` (inclusive) to ``end`` (exclusive)."""
        moment = plan.column(MOMENT)
        for op, bound in (("ge", self.start), ("lt", self.end)):
            if bound is not None:
                plan = Filter(plan, call(op, moment, literal(bound)), "in_range")
        return plan

    def last_moment(self) -> Expr:
        """Return ``as_of`` as an expression: a constant, or the last moment of the data."""
        if self.as_of is not None:
            return literal(self.as_of)
        plan = self.rows(ranged=False, with_unit=False)
        found = Aggregate(plan, (), (("last_moment", aggregation("max", plan.column(MOMENT))),), "last_moment")
        return ScalarQuery(found, "last_moment")

    def first_moment(self) -> Expr:
        """Return the first moment of the data as an expression."""
        plan = self.rows(ranged=False, with_unit=False)
        found = Aggregate(plan, (), (("first_moment", aggregation("min", plan.column(MOMENT))),), "first_moment")
        return ScalarQuery(found, "first_moment")

    def local(self, plan: Node, moment: Expr) -> Expr:
        """Return a moment as the local time of the hub's time zone."""
        state = self.state.with_rows(plan, ())
        return expr_of(self.settings.clocks(series_of(state, moment, MOMENT)))

    def state_over(self, plan: Node, index: Sequence[str] = ()) -> State:
        """Return the state of other rows, indexed and sorted by columns."""
        return self.state.with_rows(plan, tuple(index), tuple(Ordering(plan.column(name)) for name in index))

    def _conditions(self, plan: Node, *, ranged: bool, with_unit: bool) -> list[Expr]:
        moment = plan.column(MOMENT)
        found = []
        if ranged and self.start is not None:
            found.append(call("ge", moment, literal(self.start)))
        if ranged and self.end is not None:
            found.append(call("lt", moment, literal(self.end)))
        if self.as_of is not None and not (ranged and self.end is not None and self.end <= self.as_of):
            found.append(call("le", moment, literal(self.as_of)))
        if not found:
            found.append(call("not_null", moment))
        if with_unit:
            found += [call("not_null", plan.column(name)) for name in self.unit]
        return found


def scope_of(
    settings: Settings,
    events: object,
    name: str,
    *,
    unit: str | Sequence[str] | None = "user_id",
    start: object = None,
    end: object = None,
    as_of: object = None,
    columns: Sequence[str] = (),
    limits: tuple[str, str] = ("start", "end"),
    **dtypes: str,
) -> Scope:
    """Return the scope of the analysis ``name``, which reads ``columns``, and columns with the types in ``dtypes``.

    Without a ``unit``, all events count. ``limits`` are the names of the arguments ``start`` and ``end`` in the analysis.

    Raises InvalidType and ColumnNotFound for frames that lack columns, and InvalidValue for an empty range.
    """
    units = tuple(column_names(unit))
    if (unit is not None and not units) or len(set(units)) < len(units):
        raise InvalidValue(
            f"unit of {name} has to be one or more distinct columns, not {unit!r}", hint="for instance unit='user_id'"
        )
    data = require(events, name, (*units, *columns), **{MOMENT: "timestamp"}, **dtypes)
    for each in units:
        if each in _RESERVED:
            raise InvalidValue(
                f"unit of {name} has a column {each!r}, a name that analyses use themselves",
                hint=f"rename it: events.rename(columns={{{each!r}: ...}})",
            )
        if data.dtypes[each] in ("json", "list", "dict"):
            raise InvalidType(
                f"unit of {name} is column {each!r} of type {data.dtypes[each]}",
                hint="units are ids: strings, numbers or uuids",
            )
    zone = settings.time_zone
    bounds = limit(start, limits[0], zone), limit(end, limits[1], zone), limit(as_of, "as_of", zone)
    if bounds[0] is not None and bounds[1] is not None and bounds[1] <= bounds[0]:
        raise InvalidValue(
            f"{limits[1]} {end} is not after {limits[0]} {start}", hint=f"{limits[0]} is inclusive, {limits[1]} is exclusive"
        )
    return Scope(settings, name, data, units, *bounds)
