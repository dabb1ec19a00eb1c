"""Counts of users and sessions, how long sessions last, and what models of features and retention tell."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final

from objectiv_local.arguments import checked
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Aggregate as AggregateNode
from objectiv_local.frame.authoring import (
    Column,
    Extend,
    Filter,
    NamedExprs,
    Node,
    Ordering,
    State,
    aggregation,
    call,
    literal,
    unused_name,
)
from objectiv_local.frame.groupby import grouping
from objectiv_local.frame.series import make_series
from objectiv_local.hub import features, funnel, retention
from objectiv_local.hub.checks import require

if TYPE_CHECKING:
    from objectiv_local.hub.modelhub import ModelHub


class _NotSet:
    def __repr__(self) -> str:
        return "not_set"


not_set: Final = _NotSet()


@checked
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
        ``exclude_bounces=False``. A mean is rounded half to even, to whole microseconds. Grouping by ``session_id`` gives
        the duration of each session.

        Raises InvalidValue for another method.
        """
        if method not in ("mean", "sum"):
            raise InvalidValue(f"method has to be 'mean' or 'sum', not {method!r}")
        data = require(data, "session_duration", session_id="int64", moment="timestamp")
        state, keys = self._grouping(data, groupby, "session_duration")
        moment = state.column("moment")
        session = state.column("session_id")
        of_sessions = keys if any(expr is session for _, expr in keys) else (
            *keys, (unused_name("session_id", [name for name, _ in keys]), session))
        plan: Node = AggregateNode(
            state.plan, of_sessions,
            (("first_moment", aggregation("min", moment)), ("last_moment", aggregation("max", moment))), "by_session")
        length = call("sub", plan.column("last_moment"), plan.column("first_moment"))
        plan = Extend(plan, (("session_duration", length),), "by_session")
        if exclude_bounces:
            lasted = call("gt", plan.column("session_duration"), literal(datetime.timedelta(0)))
            plan = Filter(plan, lasted, "by_session")
        duration = aggregation("mean" if method == "mean" else "sum_or_null", plan.column("session_duration"))
        outer: NamedExprs = tuple((name, Column(name, expr.type)) for name, expr in keys)
        return self._result(state, AggregateNode(plan, outer, (("session_duration", duration),), "session_duration"),
                            "session_duration")

    def frequency(self, data: DataFrame) -> Series:
        """Return the number of users by the number of sessions that they had, indexed by ``session_id_nunique``.

        The series is named ``user_id_nunique``. Hits without a user do not count.
        """
        data = require(data, "frequency", user_id="", session_id="")
        sessions = data[data.user_id.notnull()].groupby("user_id").session_id.nunique().to_frame().reset_index()
        counted: Series = sessions.groupby("session_id_nunique").user_id.nunique()
        return counted

    def top_product_features(self, data: DataFrame, location_stack: Series | str | None = None,
                             event_type: str = "InteractiveEvent") -> DataFrame:
        """Return the number of users of each feature, most used first, in a column ``user_id_nunique``.

        A feature is an application, the nice name of ``location_stack`` (by default of the whole stack; a slice of it, or
        the name of a column) and the type of the event: the index is application, feature_nice_name, event_type. Hits
        count that are of ``event_type``, their own type or one above it. The frame needs the application context.
        """
        return features.top_product_features(data, location_stack, event_type, "user_id_nunique")

    def top_product_features_before_conversion(self, data: DataFrame, name: str,
                                               location_stack: Series | str | None = None,
                                               event_type: str = "InteractiveEvent") -> DataFrame:
        """Return the number of users of each feature in hits before the first conversion ``name`` of their session.

        As ``top_product_features``, of sessions with a conversion only, in a column ``unique_users``.
        """
        return features.before_conversion(self._hub, data, name, location_stack, event_type)

    def retention_matrix(self, data: DataFrame, time_period: str = "monthly", event_type: str | None = None,
                         start_date: object = None, end_date: object = None, percentage: bool = False,
                         display: bool = False, *, calendar_days: bool = False, fill_value: int | None = None,
                         parent_types: bool = False) -> DataFrame:
        """Return how many users of each cohort were seen again: a row for each cohort, a column for each distance.

        A cohort is the period of a user's first hit in the frame, ``first_cohort``: a day, a week (its Monday), a month or a
        year by ``time_period`` (daily, weekly, monthly, yearly). The columns ``_0``, ``_1`` and so on are periods since
        then, those that occur; asking for them is one query. Cells without users are missing, or ``fill_value``. With
        ``percentage`` they are shares of the cohort, 0 to 100.

        ``event_type`` counts hits of exactly that type, or with ``parent_types`` those of types below it too.
        ``start_date`` leaves out users first seen before it, ``end_date`` hits from it on. Daily distances are of elapsed
        24 hours, as the original counts them, or of calendar days with ``calendar_days``; weeks, months and years are of
        the calendar. With ``display`` the matrix is drawn as a heat map too.

        Raises InvalidValue for an unknown period and for an end before the start.
        """
        matrix = retention.retention_matrix(data, time_period, event_type, start_date, end_date, percentage=percentage,
                                            calendar_days=calendar_days, fill_value=fill_value, parent_types=parent_types)
        if display:
            retention.draw(matrix, percentage=percentage)
        return matrix

    def drop_off_locations(self, data: DataFrame, location_stack: Series | str | None = None,
                           groupby: str | list[str] = "user_id", percentage: bool = False) -> DataFrame:
        """Return where users (or other groups of ``groupby``) were last: the number of them by ``location``, most first.

        The location is the nice name of the last stack that has one, by moment. The column is ``value_counts``, or with
        ``percentage`` their share, 0 to 100.
        """
        return features.drop_off_locations(data, location_stack, groupby, percentage=percentage)

    def funnel_conversion(self, data: DataFrame, location_stack: Series | str | None = None,
                          groupby: str | list[str] | None = None) -> DataFrame:
        """Return for each location how many users came there, and how many of them went on to any other location.

        Filter the frame to the locations of the funnel before. Each user counts once for each location, by their first hit
        there. The columns are location, n_users, n_users_completed_step, and rounded to three digits step_conversion_rate
        (of the users at this step), full_conversion_rate and dropoff_share (of those at the step with most users). Most
        users come first. ``groupby`` names columns to count by; they come first. The order of steps is not looked at.
        """
        return funnel.funnel_conversion(data, location_stack, groupby)

    def _unique(self, data: DataFrame, groupby: object, column: str, name: str) -> Series:
        state, keys = self._grouping(data, groupby, name)
        for key, expr in keys:
            if key == column or expr is state.plan.column(column):
                raise ColumnNotFound(f"{name} counts {column} and cannot group by it", hint="group by another column")
        count = aggregation("nunique", state.column(column))
        return self._result(state, AggregateNode(state.plan, keys, ((name, count),), name), name)

    def _result(self, state: State, plan: AggregateNode, name: str) -> Series:
        index = tuple(key for key, _ in plan.keys)
        order = tuple(Ordering(plan.column(key)) for key in index)
        return make_series(state.with_rows(plan, index, order), plan.column(name), name)

    def _grouping(self, data: DataFrame, groupby: object, model: str) -> tuple[State, NamedExprs]:
        if isinstance(groupby, DataFrame) and groupby.group_by is not None:
            raise InvalidType(f"groupby of {model} takes names and series, not a grouped frame",
                              hint="pass what you group by, as in groupby=['name']")
        by: object = groupby
        if isinstance(groupby, _NotSet):
            require(data, model, moment="timestamp")
            by = self._hub.time_agg(data)
        state, keys = grouping(data, by)
        for name, _ in keys:
            if name == model:
                raise InvalidValue(f"a group cannot be named {name!r} as the result is", hint="rename the series")
        return state, keys
