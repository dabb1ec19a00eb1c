"""Retention: how many users of a cohort come back, by the time since they were first seen."""

from __future__ import annotations

import datetime
from typing import Any

from objectiv_local.charts.showing import show
from objectiv_local.errors import InvalidValue, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import unstacked
from objectiv_local.hub.checks import require
from objectiv_local.hub.events.moments import limit
from objectiv_local.hub.models.heat_map import matrix_chart, progress
from objectiv_local.hub.settings import Settings

#: Periods, with the strftime format of their cohorts.
LABELS = {"daily": "%Y-%m-%d", "weekly": "%Y-%m-%d", "monthly": "%Y-%m", "yearly": "%Y"}


def retention_matrix(
    settings: Settings,
    data: DataFrame,
    time_period: str = "monthly",
    event_type: str | None = None,
    start_date: object = None,
    end_date: object = None,
    percentage: bool = False,
    display: bool = False,
    *,
    calendar_days: bool = False,
    fill_value: int | None = None,
    parent_types: bool = False,
    return_figure: bool = False,
) -> DataFrame | Any:
    """Return how many users of each cohort were seen again: one row per cohort, one column per distance in periods.

    A cohort is the period of a user's first hit in the frame, ``first_cohort``: a day, a week (its first day), a month or a
    year in the hub's time zone, by ``time_period`` (daily, weekly, monthly, yearly). The columns ``_0``, ``_1`` and so on are
    the periods since then that occur; one query determines them. Cells without users are missing, or ``fill_value``. With
    ``percentage``, cells are shares of the cohort, 0 to 100.

    ``event_type`` counts hits of exactly that type or, with ``parent_types``, also hits of its subtypes. ``start_date`` leaves
    out users first seen before it, and ``end_date`` hits from it on; both are days or moments in the hub's time zone. Daily
    distances are elapsed 24-hour periods, as in the original Objectiv, or calendar days with ``calendar_days``; weeks, months
    and years are calendar periods.

    With ``display``, a notebook also shows the matrix as a heat map. With ``return_figure``, the chart (an altair.Chart) is
    returned in place of the matrix, and not shown. In the heat map, the first column has no color, and cells are hatched if
    their period has not ended by the last moment of the frame, or by ``end_date``: they may still grow.

    Reads user_id and moment, and event_type or stack_event_types for ``event_type``. Hits without a user do not count. Raises
    InvalidValue for an unknown period and for an end that is not after the start.
    """
    if time_period not in LABELS:
        raise InvalidValue(f"unknown time period {time_period!r}", hint=near(str(time_period), LABELS))
    needed = {"user_id": "", "moment": "timestamp"}
    if event_type is not None:
        needed["stack_event_types" if parent_types else "event_type"] = "json" if parent_types else "string"
    data = require(data, "retention_matrix", **needed)
    start, end = limit(start_date, "start_date", settings.time_zone), limit(end_date, "end_date", settings.time_zone)
    if start is not None and end is not None and end <= start:
        raise InvalidValue(f"end_date {end} is not after start_date {start}", hint="swap them")
    everything = data
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
    is_elapsed = time_period == "daily" and not calendar_days
    days = _elapsed_days(df)
    if settings.time_zone != "UTC":
        df["first_moment"], df["moment"] = settings.clocks(df.first_moment), settings.clocks(df.moment)
    cohort = settings.week(df.first_moment) if time_period == "weekly" else df.first_moment
    df["first_cohort"] = cohort.dt.strftime(LABELS[time_period])
    df["cohort_distance"] = days if is_elapsed else _distance(settings, df, time_period)
    counted = df.groupby(["first_cohort", "cohort_distance"]).user_id.nunique().rename("users").to_frame()
    matrix = unstacked(counted, "cohort_distance", fill_value, "max", lambda value, _: f"_{value}")
    if percentage:
        matrix = matrix.assign(**{name: matrix[name] / matrix["_0"] * 100 for name in reversed(matrix.columns)})
    if display or return_figure:
        figure = _drawn(settings, matrix, everything, end, time_period, percentage=percentage, elapsed=is_elapsed)
        if return_figure:
            return figure
        show(figure)
    return matrix


def _drawn(
    settings: Settings,
    matrix: DataFrame,
    data: DataFrame,
    end: datetime.datetime | None,
    time_period: str,
    *,
    percentage: bool,
    elapsed: bool,
) -> Any:
    """Return the heat map of a matrix as of the last moment of the frame, or as of ``end``."""
    table = matrix.to_pandas()
    last = data.moment.max().value
    as_of = datetime.datetime.max if last is None else datetime.datetime.fromisoformat(str(last))
    as_of = as_of if end is None else min(as_of, end)

    def progress_of(cohort: str, distance: int) -> int:
        return progress(cohort, distance, time_period, as_of, settings.time_zone, elapsed=elapsed)

    shown = f"{as_of:%Y-%m-%d %H:%M}" + ("" if settings.time_zone == "UTC" else " UTC")
    return matrix_chart(table, progress_of, shown, percentage=percentage)


def _elapsed_days(df: DataFrame) -> Series:
    days: Series = (df.moment - df.first_moment) // datetime.timedelta(days=1)
    return days


def _distance(settings: Settings, df: DataFrame, time_period: str) -> Series:
    """Return the number of calendar periods between the first hit of a user and a hit, in local time."""
    first, moment = df.first_moment, df.moment
    found: Series
    if time_period == "yearly":
        found = moment.dt.year - first.dt.year
    elif time_period == "monthly":
        found = (moment.dt.year - first.dt.year) * 12 + (moment.dt.month - first.dt.month)
    elif time_period == "weekly":
        found = (settings.week(moment) - settings.week(first)) // datetime.timedelta(days=7)
    else:
        found = (moment.dt.date_trunc("day") - first.dt.date_trunc("day")) // datetime.timedelta(days=1)
    return found
