"""Counts of users and sessions, and how long sessions last."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final

from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.groupby import GroupBy, grouping
from objectiv_local.frame.series import make_series
from objectiv_local.frame.state import State, unused_name
from objectiv_local.hub.checks import require
from objectiv_local.plan.expr import Column, Ordering, aggregation, call, literal
from objectiv_local.plan.nodes import Aggregate as AggregateNode
from objectiv_local.plan.nodes import Extend, Filter, Named, Node

if TYPE_CHECKING:
    from objectiv_local.hub.modelhub import ModelHub


class _NotSet:
    def __repr__(self) -> str:
        return "not_set"


not_set: Final = _NotSet()


class Aggregate:
    """The aggregates of a model hub.

    ``groupby`` is a column name, a series, or a list of them; left out, it is the hub's ``time_agg``; with None, the
    result is one value over all rows. Results are series in the order of their groups.
    """

    def __init__(self, hub: ModelHub) -> None:
        self._hub = hub

    def unique_users(self, data: DataFrame, groupby: object = not_set) -> Series:
        """Return the number of different users in each group. Hits without a user do not count."""
        data = require(data, "unique_users", user_id="")
        return self._unique(data, groupby, "user_id", "unique_users")

    def unique_sessions(self, data: DataFrame, groupby: object = not_set) -> Series:
        """Return the number of different sessions in each group."""
        data = require(data, "unique_sessions", session_id="")
        return self._unique(data, groupby, "session_id", "unique_sessions")

    def session_duration(self, data: DataFrame, groupby: object = not_set, exclude_bounces: bool = True,
                         method: str = "mean") -> Series:
        """Return the mean, or with ``method='sum'`` the sum, of the durations of sessions in each group, as timedelta.

        A session lasts from its first to its last hit within the group, so a session that crosses midnight counts in
        both days of a grouping by day, with its part of each. Sessions of no length (bounces) are left out unless
        ``exclude_bounces=False``. A mean is rounded to a microsecond, a half to the even one.

        Raises InvalidValue for another method.
        """
        if method not in ("mean", "sum"):
            raise InvalidValue(f"method has to be 'mean' or 'sum', not {method!r}")
        data = require(data, "session_duration", session_id="int64", moment="timestamp")
        state, keys = self._grouping(data, groupby, "session_id", "session_duration")
        moment = state.column("moment")
        session = unused_name("session_id", [name for name, _ in keys])
        plan: Node = AggregateNode(
            state.plan, (*keys, (session, state.column("session_id"))),
            (("first_moment", aggregation("min", moment)), ("last_moment", aggregation("max", moment))), "by_session")
        length = call("sub", plan.column("last_moment"), plan.column("first_moment"))
        plan = Extend(plan, (("session_duration", length),), "by_session")
        if exclude_bounces:
            lasted = call("gt", plan.column("session_duration"), literal(datetime.timedelta(0)))
            plan = Filter(plan, lasted, "by_session")
        duration = aggregation("mean" if method == "mean" else "sum_or_null", plan.column("session_duration"))
        outer: Named = tuple((name, Column(name, expr.type)) for name, expr in keys)
        return self._result(state, AggregateNode(plan, outer, (("session_duration", duration),), "session_duration"),
                            "session_duration")

    def _unique(self, data: DataFrame, groupby: object, column: str, name: str) -> Series:
        state, keys = self._grouping(data, groupby, column, name)
        count = aggregation("nunique", state.column(column))
        return self._result(state, AggregateNode(state.plan, keys, ((name, count),), name), name)

    def _result(self, state: State, plan: AggregateNode, name: str) -> Series:
        index = tuple(key for key, _ in plan.keys)
        order = tuple(Ordering(plan.column(key)) for key in index)
        return make_series(state.onto(plan, index, order), plan.column(name), name)

    def _grouping(self, data: DataFrame, groupby: object, counted: str, model: str) -> tuple[State, Named]:
        if isinstance(groupby, GroupBy):
            raise InvalidType(f"groupby of {model} takes names and series, not a grouped frame",
                              hint="pass what you group by, as in groupby=['name']")
        by: object = groupby
        if isinstance(groupby, _NotSet):
            require(data, model, moment="timestamp")
            by = self._hub.time_agg(data)
        state, keys = grouping(data, by)
        for name, expr in keys:
            if name == counted or expr is state.plan.column(counted):
                raise ColumnNotFound(f"{model} counts {counted} and cannot group by it", hint="group by another column")
            if name == model:
                raise InvalidValue(f"a group cannot be named {name!r} as the result is", hint="rename the series")
        return state, keys
