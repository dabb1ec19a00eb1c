"""Funnels: how many users continue from each location."""

from __future__ import annotations

from objectiv_local.errors import InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Column,
    Extend,
    Filter,
    Ordering,
    aggregation,
    call,
    frame_of,
    literal,
    over,
    state_of,
)
from objectiv_local.hub.checks import column_names, require
from objectiv_local.hub.hits import drop_ungrouped, in_order
from objectiv_local.hub.locations import location_names
from objectiv_local.types import STRING


def funnel_conversion(
    data: DataFrame, location_stack: Series | str | None = None, groupby: str | list[str] | None = None, *, dropna: bool = False
) -> DataFrame:
    """Return for each location the number of users who reached it, and how many of them went on to any other location.

    Filter the frame to the locations of the funnel first. Each user counts once per location, with their first hit there. The
    columns are ``location``; ``n_users``; ``n_users_completed_step``; ``step_conversion_rate``, a share of the users of this
    location; and ``full_conversion_rate`` and ``dropoff_share``, shares of the users of the location with the most users. Rates
    are rounded to three decimal places. Locations with the most users come first. ``groupby`` names columns to group by, which
    come first in the result. The order of the steps is not considered.

    Locations are the nice names of location stacks, or the values of the column ``location`` in frames without stacks;
    ``location_stack`` names another column, or is a series of stacks or of names. Hits without a location form a step of their
    own, from and to which no user continues; its users count when determining the largest step. ``dropna`` leaves them out.
    Hits without a user do not count.

    Reads user_id, moment, the locations and the columns of ``groupby``. The first of several hits at one location is determined
    by moment, hit number and event_id; in Objectiv's frames, by session and hit number.
    """
    keys = column_names(groupby)
    data = require(data, "funnel_conversion", keys, user_id="", moment="timestamp")
    taken = {"location", "n_users", "n_users_completed_step"} & set(keys)
    if taken:
        raise InvalidValue(
            f"a group cannot be named {min(taken)!r}, the name of a column of the result", hint="rename the column"
        )
    df = data.assign(location=location_names(data, location_stack, "funnel_conversion"))
    df = df[df.location.notnull()] if dropna else df
    state = drop_ungrouped(state_of(df), ["user_id", *keys])
    hits = in_order(state, "funnel_conversion")
    own = [state.column(name) for name in ("location", "user_id")]
    first = Filter(state.plan, call("eq", over(aggregation("row_number"), own, hits), literal(1)), "first_hits")
    order = (Ordering(Column("moment", state.plan.types["moment"])), Ordering(Column("location", STRING)))
    partition = [first.column(name) for name in dict.fromkeys(("user_id", *keys))]
    following = over(aggregation("lead", Column("location", STRING), literal(1), literal(None, STRING)), partition, order)
    plan = Extend(first, (("next_location", following),), "first_hits")
    paths = frame_of(state.with_plan(plan, ()), [*df.data_columns, "next_location"])
    went_on = paths.next_location.notnull() & paths.location.notnull()
    paths["went_on"] = paths.user_id.where(went_on)
    counted = (
        paths.groupby([*keys, "location"])
        .agg(n_users=("user_id", "nunique"), n_users_completed_step=("went_on", "nunique"))
        .reset_index()
    )
    most = counted.n_users.max() if not keys else counted.groupby(keys).n_users.transform("max")
    counted["step_conversion_rate"] = (counted.n_users_completed_step / counted.n_users).round(3)
    counted["full_conversion_rate"] = (counted.n_users_completed_step / most).round(3)
    counted["dropoff_share"] = ((counted.n_users - counted.n_users_completed_step) / most).round(3)
    return counted.sort_values([*keys, "n_users", "location"], [*([True] * len(keys)), False, True])
