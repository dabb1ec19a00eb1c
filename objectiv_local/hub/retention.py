"""Retention: how many users of a cohort come back, by the time since they were first seen."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidType, InvalidValue, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.reshape import unstacked
from objectiv_local.hub.checks import require

if TYPE_CHECKING:
    from typing import Any

#: Periods, with the text of a cohort.
LABELS = {"daily": "%Y-%m-%d", "weekly": "%Y-%m-%d", "monthly": "%Y-%m", "yearly": "%Y"}


def retention_matrix(data: DataFrame, time_period: str, event_type: str | None, start_date: object, end_date: object, *,
                     percentage: bool, calendar_days: bool, fill_value: int | None, parent_types: bool) -> DataFrame:
    """Return the matrix; see Aggregate.retention_matrix."""
    if time_period not in LABELS:
        raise InvalidValue(f"{time_period!r} is not a time period", hint=near(str(time_period), LABELS))
    needed = {"user_id": "", "moment": "timestamp"}
    if event_type is not None:
        needed["stack_event_types" if parent_types else "event_type"] = "json" if parent_types else "string"
    data = require(data, "retention_matrix", **needed)
    start, end = _moment(start_date, "start_date"), _moment(end_date, "end_date")
    if start is not None and end is not None and end <= start:
        raise InvalidValue(f"end_date {end} is not after start_date {start}", hint="swap them")
    if event_type is not None:
        kept = data.stack_event_types.json.array_contains(event_type) if parent_types else data.event_type == event_type
        data = data[kept]
    df = data[["user_id", "moment"]]
    df["first_moment"] = df.groupby("user_id").moment.transform("min")
    if start is not None:
        df = df[df.first_moment >= start]
    if end is not None:
        df = df[df.moment < end]
    df = df[df.user_id.notnull()]
    cohort = df.first_moment.dt.date_trunc("week") if time_period == "weekly" else df.first_moment
    df["first_cohort"] = cohort.dt.strftime(LABELS[time_period])
    df["cohort_distance"] = _distance(df, time_period, calendar_days=calendar_days)
    counted = df.groupby(["first_cohort", "cohort_distance"]).user_id.nunique().rename("users").to_frame()
    matrix = unstacked(counted, "cohort_distance", fill_value, "max", lambda value, _: f"_{value}")
    if percentage:
        matrix = matrix.assign(**{name: matrix[name] / matrix["_0"] * 100 for name in reversed(matrix.columns)})
    return matrix


def _distance(df: DataFrame, time_period: str, *, calendar_days: bool) -> Series:
    """Return how many periods lie between the first moment of a user and a moment."""
    first, moment = df.first_moment, df.moment
    found: Series
    if time_period == "yearly":
        found = moment.dt.year - first.dt.year
    elif time_period == "monthly":
        found = (moment.dt.year - first.dt.year) * 12 + (moment.dt.month - first.dt.month)
    elif time_period == "weekly":
        found = (moment.dt.date_trunc("week") - first.dt.date_trunc("week")) // datetime.timedelta(days=7)
    elif calendar_days:
        found = (moment.dt.date_trunc("day") - first.dt.date_trunc("day")) // datetime.timedelta(days=1)
    else:
        found = (moment - first) // datetime.timedelta(days=1)
    return found


def _moment(value: object, name: str) -> datetime.datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime.datetime):
        return value
    if isinstance(value, datetime.date):
        return datetime.datetime.combine(value, datetime.time())
    try:
        return datetime.datetime.fromisoformat(str(value))
    except ValueError:
        raise InvalidValue(f"{name} is not a day or a moment: {value!r}", hint=f"for instance {name}='2022-02-01'") from None


def draw(matrix: DataFrame, *, percentage: bool) -> Any:
    """Draw a matrix as a heat map, and return the axes."""
    from objectiv_local.frame.plot import _pyplot

    table = matrix.to_pandas().astype("float64")
    if table.empty:
        raise InvalidType("there is nothing to draw: no user was seen")
    plt = _pyplot()
    _, axis = plt.subplots(figsize=(max(6, len(table.columns)), max(3, len(table) * 0.6)))
    drawn = axis.imshow(table.to_numpy(), aspect="auto", cmap="viridis")
    axis.set_xticks(range(len(table.columns)), [name.removeprefix("_") for name in table.columns])
    axis.set_yticks(range(len(table)), table.index)
    axis.set(xlabel="periods since first seen", ylabel="first seen",
             title="share of users who come back, %" if percentage else "users who come back")
    axis.figure.colorbar(drawn, ax=axis)
    return axis


