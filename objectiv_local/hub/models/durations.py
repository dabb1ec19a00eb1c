"""Duration of sessions."""

from __future__ import annotations

import datetime

from objectiv_local.errors import InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Column,
    Extend,
    Filter,
    NamedExprs,
    Node,
    aggregation,
    call,
    literal,
    unused_name,
)
from objectiv_local.hub.checks import require
from objectiv_local.hub.hits import null_is_no_group
from objectiv_local.hub.models.groups import grouped_by, not_set, of_groups
from objectiv_local.hub.settings import Settings


def session_duration(
    settings: Settings, data: DataFrame, groupby: object = not_set, exclude_bounces: bool = True, method: str = "mean"
) -> Series:
    """Return the mean (or sum, with ``method='sum'``) of the session durations in each group, as timedelta.

    A session lasts from its first to its last hit within the group. When grouping by day, a session that crosses midnight
    therefore counts on both days, each with its own part. Sessions without a duration (bounces) are left out unless
    ``exclude_bounces=False``. A mean is rounded to whole microseconds, half to even. Grouping by ``session_id`` returns the
    duration of each session. Hits without a session do not count.

    Reads session_id and moment. Raises InvalidValue for another method.
    """
    if method not in ("mean", "sum"):
        raise InvalidValue(f"method has to be 'mean' or 'sum', not {method!r}")
    data = require(data, "session_duration", session_id="", moment="timestamp")
    state, keys = grouped_by(settings, data, groupby, "session_duration")
    moment = state.column("moment")
    session = state.column("session_id")
    name = next((name for name, expr in keys if expr is session), None)
    of_sessions = keys
    if name is None:
        name = unused_name("session_id", [name for name, _ in keys])
        of_sessions = (*keys, (name, session))
    plan: Node = Aggregate(
        state.plan,
        of_sessions,
        (("first_moment", aggregation("min", moment)), ("last_moment", aggregation("max", moment))),
        "by_session",
    )
    if null_is_no_group(state, "session_id"):
        plan = Filter(plan, call("not_null", plan.column(name)), "by_session")
    length = call("sub", plan.column("last_moment"), plan.column("first_moment"))
    plan = Extend(plan, (("session_duration", length),), "by_session")
    if exclude_bounces:
        lasted = call("gt", plan.column("session_duration"), literal(datetime.timedelta(0)))
        plan = Filter(plan, lasted, "by_session")
    duration = aggregation("mean" if method == "mean" else "sum_or_null", plan.column("session_duration"))
    outer: NamedExprs = tuple((name, Column(name, expr.type)) for name, expr in keys)
    return of_groups(state, Aggregate(plan, outer, (("session_duration", duration),), "session_duration"), "session_duration")
