"""Unique users and unique sessions."""

from __future__ import annotations

from objectiv_local.errors import ColumnNotFound
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Aggregate, aggregation
from objectiv_local.hub.checks import require
from objectiv_local.hub.models.groups import grouped_by, not_set, of_groups
from objectiv_local.hub.settings import Settings


def unique_users(settings: Settings, data: DataFrame, groupby: object = not_set) -> Series:
    """Return the number of distinct users in each group. Hits without a user do not count. Reads user_id."""
    data = require(data, "unique_users", user_id="")
    return _unique(settings, data, groupby, "user_id", "unique_users")


def unique_sessions(settings: Settings, data: DataFrame, groupby: object = not_set) -> Series:
    """Return the number of distinct sessions in each group. Hits without a session do not count. Reads session_id."""
    data = require(data, "unique_sessions", session_id="")
    return _unique(settings, data, groupby, "session_id", "unique_sessions")


def _unique(settings: Settings, data: DataFrame, groupby: object, column: str, name: str) -> Series:
    state, keys = grouped_by(settings, data, groupby, name)
    for key, expr in keys:
        if key == column or expr is state.column(column):
            raise ColumnNotFound(f"{name} counts {column} and cannot group by it", hint="group by another column")
    count = aggregation("nunique", state.column(column))
    return of_groups(state, Aggregate(state.plan, keys, ((name, count),), name), name)
