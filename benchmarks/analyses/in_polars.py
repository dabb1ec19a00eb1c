"""The same analyses in Polars, lazily over the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

_DAY = pl.col("ts").dt.date().alias("day")
_WEEK = pl.col("ts").dt.truncate("1w").dt.date().alias("week")


def _trend(clicks: pl.LazyFrame) -> pl.LazyFrame:
    return clicks.group_by(_DAY).agg(pl.col("uid").n_unique()).sort("day")


def _active_users(clicks: pl.LazyFrame) -> pl.LazyFrame:
    active = clicks.select("uid", _DAY).unique()
    spans = active.with_columns(pl.int_ranges(0, 30).alias("later")).explode("later")
    return spans.with_columns((pl.col("day") + pl.duration(days="later")).alias("on")).group_by("on").agg(
        pl.col("uid").filter(pl.col("later") == 0).n_unique().alias("daily"),
        pl.col("uid").filter(pl.col("later") < 7).n_unique().alias("weekly"),
        pl.col("uid").n_unique().alias("monthly")).sort("on")


def _stickiness(clicks: pl.LazyFrame) -> pl.LazyFrame:
    return clicks.group_by("uid", _WEEK).agg(_DAY.n_unique().alias("active")).group_by("week", "active").len().sort(
        "week", "active")


def _lifecycle(clicks: pl.LazyFrame) -> pl.LazyFrame:
    active = clicks.select("uid", _WEEK).unique().sort("uid", "week")
    gap = (pl.col("week") - pl.col("week").shift().over("uid")).dt.total_days()
    return active.with_columns(gap.alias("gap")).group_by("week").agg(
        pl.col("gap").is_null().sum().alias("new"), (pl.col("gap") == 7).sum().alias("returning"),
        (pl.col("gap") > 7).sum().alias("resurrecting"), pl.len().alias("active")).sort("week")


def _retention(clicks: pl.LazyFrame) -> pl.LazyFrame:
    active = clicks.select("uid", _WEEK).unique()
    return active.with_columns(pl.col("week").min().over("uid").alias("cohort")).group_by("cohort", "week").len().sort(
        "cohort", "week")


def _event_types(clicks: pl.LazyFrame) -> pl.LazyFrame:
    return clicks.group_by("action").agg(pl.len().alias("events"), pl.col("uid").n_unique().alias("users")).sort("action")


def _sessions(clicks: pl.LazyFrame) -> pl.LazyFrame:
    ordered = clicks.select("uid", "ts", "event_id").sort("uid", "ts", "event_id")
    gap = pl.col("ts") - pl.col("ts").shift().over("uid")
    return ordered.filter(gap.is_null() | (gap > pl.duration(minutes=30))).group_by(_DAY).len().sort("day")


def _last(clicks: pl.LazyFrame) -> pl.LazyFrame:
    ordered = clicks.select("uid", "ts", "event_id", "action", "device").sort("uid", "ts", "event_id")
    touched = ordered.with_columns(pl.col("device").shift().over("uid").alias("touch"),
                                   (pl.col("ts") - pl.col("ts").shift().over("uid")).alias("gap"))
    return touched.filter(pl.col("action") == "buy").with_columns(
        pl.when(pl.col("gap") <= pl.duration(days=30)).then("touch").otherwise(pl.lit("(direct)")).alias("touch")
    ).group_by("touch").len().sort("touch")


PROGRAMS: dict[str, Callable[[pl.LazyFrame], pl.LazyFrame]] = {
    "trend": _trend, "active users": _active_users, "stickiness": _stickiness, "lifecycle": _lifecycle,
    "retention": _retention, "event types": _event_types, "sessions": _sessions, "attribution, last": _last,
}


def run(question: str, path: Path) -> pl.DataFrame:
    """Return the answer of a question over a Parquet file."""
    return PROGRAMS[question](pl.scan_parquet(path)).collect()
