"""Some of the analyses in Polars, lazily over the file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from benchmarks.worker import Session

_DAY = pl.col("ts").dt.date().alias("day")
_WEEK = pl.col("ts").dt.truncate("1w").dt.date().alias("week")


def _periods(clicks: pl.LazyFrame, name: str, every: str) -> pl.LazyFrame:
    """Return all days, or weeks, of the clicks."""
    first, last = (each.dt.truncate(every).dt.date() for each in (pl.col("ts").min(), pl.col("ts").max()))
    return clicks.select(pl.date_range(first, last, every).alias(name))


def _trend(clicks: pl.LazyFrame) -> pl.LazyFrame:
    users = clicks.group_by(_DAY).agg(pl.col("uid").n_unique().alias("value"))
    return _periods(clicks, "day", "1d").join(users, on="day", how="left").fill_null(0).sort("day")


def _active_users(clicks: pl.LazyFrame) -> pl.LazyFrame:
    active = clicks.select("uid", _DAY).unique()
    spans = active.with_columns(pl.int_ranges(0, 30).alias("later")).explode("later")
    counted = (
        spans.select("uid", "later", (pl.col("day") + pl.duration(days="later")).alias("day"))
        .group_by("day")
        .agg(
            pl.col("uid").filter(pl.col("later") == 0).n_unique().alias("daily"),
            pl.col("uid").filter(pl.col("later") < 7).n_unique().alias("weekly"),
            pl.col("uid").n_unique().alias("monthly"),
        )
    )
    return _periods(clicks, "day", "1d").join(counted, on="day", how="left").fill_null(0).sort("day")


def _stickiness(clicks: pl.LazyFrame) -> pl.LazyFrame:
    counted = (
        clicks.group_by("uid", _WEEK)
        .agg(_DAY.n_unique().alias("active"))
        .group_by("week", "active")
        .agg(pl.len().alias("users"))
    )
    grid = _periods(clicks, "week", "1w").join(pl.LazyFrame({"active": range(1, 8)}, {"active": pl.UInt32}), how="cross")
    return grid.join(counted, on=["week", "active"], how="left").fill_null(0).sort("week", "active")


def _lifecycle(clicks: pl.LazyFrame) -> pl.LazyFrame:
    active = clicks.select("uid", _WEEK).unique().sort("uid", "week")
    gap = (pl.col("week") - pl.col("week").shift().over("uid")).dt.total_days()
    counted = (
        active.with_columns(gap.alias("gap"))
        .group_by("week")
        .agg(
            pl.col("gap").is_null().sum().alias("new"),
            (pl.col("gap") == 7).sum().alias("returning"),
            (pl.col("gap") > 7).sum().alias("resurrecting"),
            pl.len().alias("active"),
        )
    )
    return _periods(clicks, "week", "1w").join(counted, on="week", how="left").fill_null(0).sort("week")


def _retention(clicks: pl.LazyFrame) -> pl.LazyFrame:
    active = clicks.select("uid", _WEEK).unique()
    counted = (
        active.with_columns(pl.col("week").min().over("uid").alias("cohort"))
        .group_by("cohort", "week")
        .agg(pl.len().alias("users"))
    )
    weeks = _periods(clicks, "week", "1w")
    grid = weeks.select(pl.col("week").alias("cohort")).join(weeks, how="cross").filter(pl.col("week") >= pl.col("cohort"))
    since = ((pl.col("week") - pl.col("cohort")).dt.total_days() // 7).alias("periods_since")
    return (
        grid.join(counted, on=["cohort", "week"], how="left")
        .fill_null(0)
        .sort("cohort", "week")
        .select("cohort", since, pl.col("users").first().over("cohort").alias("cohort_users"), "users")
    )


def _event_types(clicks: pl.LazyFrame) -> pl.LazyFrame:
    return clicks.group_by("action").agg(pl.len().alias("events"), pl.col("uid").n_unique().alias("users")).sort("action")


def _sessions(clicks: pl.LazyFrame) -> pl.LazyFrame:
    ordered = clicks.select("uid", "ts", "event_id").sort("uid", "ts", "event_id")
    gap = pl.col("ts") - pl.col("ts").shift().over("uid")
    numbered = ordered.with_columns((gap.is_null() | (gap > pl.duration(minutes=30))).cum_sum().alias("visit"))
    visits = numbered.group_by("visit").agg(
        pl.col("uid").first(),
        pl.col("ts").min().dt.date().alias("day"),
        (pl.col("ts").max() - pl.col("ts").min()).alias("duration"),
        pl.len().alias("hits"),
    )
    counted = visits.group_by("day").agg(
        pl.len().alias("sessions"),
        pl.col("uid").n_unique().alias("users"),
        pl.col("hits").sum(),
        pl.col("duration").mean().alias("mean_duration"),
        (pl.col("hits") == 1).sum().alias("bounces"),
    )
    counts = pl.col("sessions", "users", "hits", "bounces").fill_null(0)
    return _periods(clicks, "day", "1d").join(counted, on="day", how="left").with_columns(counts).sort("day")


def _last(clicks: pl.LazyFrame) -> pl.LazyFrame:
    ordered = clicks.select("uid", "ts", "event_id", "action", "device").sort("uid", "ts", "event_id")
    touched = ordered.with_columns(
        pl.col("device").shift().over("uid").alias("touch"), (pl.col("ts") - pl.col("ts").shift().over("uid")).alias("gap")
    )
    return (
        touched.filter(pl.col("action") == "buy")
        .with_columns(pl.when(pl.col("gap") <= pl.duration(days=30)).then("touch").otherwise(pl.lit("(direct)")).alias("touch"))
        .group_by("touch")
        .len()
        .sort("touch")
    )


PROGRAMS: dict[str, Callable[[pl.LazyFrame], pl.LazyFrame]] = {
    "trend": _trend,
    "active users": _active_users,
    "stickiness": _stickiness,
    "lifecycle": _lifecycle,
    "retention": _retention,
    "event types": _event_types,
    "sessions": _sessions,
    "attribution, last": _last,
}


def parquet(data: dict[str, Any]) -> Session:
    """Return the analyses over the file."""

    def action(program: Callable[[pl.LazyFrame], pl.LazyFrame]) -> Callable[[], Any]:
        return lambda: program(pl.scan_parquet(data["parquet"])).collect()

    return Session({name: action(program) for name, program in PROGRAMS.items()})
