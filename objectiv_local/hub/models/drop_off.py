"""Drop-off: the locations where users were last."""

from __future__ import annotations

from objectiv_local.errors import InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import frame_of, state_of
from objectiv_local.hub.checks import require
from objectiv_local.hub.hits import by_moment, drop_ungrouped
from objectiv_local.hub.locations import location_names


def drop_off_locations(
    data: DataFrame, location_stack: Series | str | None = None, groupby: str | list[str] = "user_id", percentage: bool = False
) -> DataFrame:
    """Return the locations where users (or other groups of ``groupby``) were last, with their number, in descending order.

    Locations are the nice names of location stacks, or the values of the column ``location`` in frames without stacks;
    ``location_stack`` names another column, or is a series of stacks or of names. The last hit is the one with the maximum
    moment, and of several the one with the maximum event_id; hits without a location, a user or a session are left out. The
    index is ``location``. The column is ``value_counts``, the number of users, or with ``percentage`` their share, 0 to 100.

    Reads moment, the locations, and user_id or the columns of ``groupby``.
    """
    keys = [groupby] if isinstance(groupby, str) else list(groupby)
    data = require(data, "drop_off_locations", keys, moment="timestamp")
    if "location" in keys:
        raise InvalidValue("a group cannot be named 'location', the name of the result", hint="rename the column")
    df = data.assign(location=location_names(data, location_stack, "drop_off_locations"))
    state = drop_ungrouped(state_of(df), keys)
    df = frame_of(state.with_plan(state.plan, by_moment(state, keys)), df.data_columns)
    last = df[df.location.notnull()].groupby(keys).location.last().to_frame()
    counts: DataFrame = last.value_counts("location", normalize=percentage).to_frame()
    if percentage:
        counts = counts.assign(percentage=counts["value_counts"] * 100)[["percentage"]]
    column = counts.data_columns[0]
    return counts.sort_values([column, "location"], [False, True])
