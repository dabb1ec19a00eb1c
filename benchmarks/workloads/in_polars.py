"""The workloads as an experienced user of Polars would write them, lazily over the typed file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from benchmarks.worker import Session

GAP = pl.duration(minutes=30)
STEPS = [f"location_stack_step_{number}" for number in (1, 2, 3)]
_SEPARATOR = "\x1f"
_DAY = pl.col("m").dt.date().alias("d")
_TEXT = pl.col("d").dt.strftime("%Y-%m-%d").alias("time_aggregation")


def typed(data: dict[str, Any]) -> Session:
    """Return what answers over the typed file."""
    events = pl.scan_parquet(data["typed"])
    programs: dict[str, Callable[[pl.LazyFrame], pl.LazyFrame]] = {
        "W0": _numbered,
        "W1": _users_and_sessions,
        "W2": _session_duration,
        "W3": _new_and_converted_users,
        "W4": _features,
        "W5": lambda events: _retention(events, data["months"]),
        "W6": _paths,
        "W7": lambda events: _user_by_root(events, data["roots"]),
    }

    def action(program: Callable[[pl.LazyFrame], pl.LazyFrame]) -> Callable[[], Any]:
        return lambda: program(events).collect()

    return Session(
        {
            **{name: action(program) for name, program in programs.items()},
            "W8": lambda: _eight_columns(events).collect().to_pandas(),
        }
    )


def _sessions(events: pl.LazyFrame, *more: pl.Expr) -> pl.LazyFrame:
    """Return hits by user and time, with the start of sessions and their numbers in this order."""
    hits = events.select(pl.col("event_id").alias("e"), pl.col("user_id").alias("u"), pl.col("moment").alias("m"), *more)
    starts = (pl.col("u") != pl.col("u").shift()) | (pl.col("m") - pl.col("m").shift() > GAP)
    return (
        hits.sort("u", "m", "e")
        .with_columns(starts.fill_null(True).alias("starts"))
        .with_columns(pl.col("starts").cum_sum().alias("n"))
    )


def _or_missing(count: pl.Expr) -> pl.Expr:
    return pl.when(count > 0).then(count)


def _numbered(events: pl.LazyFrame) -> pl.LazyFrame:
    hits = _sessions(events).with_row_index("row")
    first = hits.filter("starts").sort("m", "e").select("n", pl.col("row").alias("first")).with_row_index("session_id", 1)
    return hits.join(first, on="n").select(
        pl.col("e").alias("event_id"), "session_id", (pl.col("row") - pl.col("first") + 1).alias("session_hit_number")
    )


def _users_and_sessions(events: pl.LazyFrame) -> pl.LazyFrame:
    by_user = _sessions(events).group_by("u", _DAY).agg(pl.col("n").max() - pl.col("n").min() + 1)
    return (
        by_user.group_by("d")
        .agg(pl.len().alias("unique_users"), pl.col("n").sum().alias("unique_sessions"))
        .sort("d")
        .select(_TEXT, "unique_users", "unique_sessions")
    )


def _session_duration(events: pl.LazyFrame) -> pl.LazyFrame:
    by_session = _sessions(events).group_by("u", _DAY, "n").agg((pl.col("m").max() - pl.col("m").min()).alias("length"))
    is_new = pl.col("n").min().over("u", "d") == pl.col("n").min().over("u")
    return (
        by_session.filter(is_new)
        .filter(pl.col("length") > pl.duration())
        .group_by("d")
        .agg(pl.col("length").mean().alias("session_duration"))
        .sort("d")
        .select(_TEXT, "session_duration")
    )


def _new_and_converted_users(events: pl.LazyFrame) -> pl.LazyFrame:
    step = pl.element().struct
    link = (
        pl.col("location_stack")
        .list.eval((step.field("id") == "Quickstart Guide") & (step.field("_type") == "LinkContext"))
        .list.any()
    )
    hits = _sessions(events, ((pl.col("event_type") == "PressEvent") & link).alias("c"))
    so_far = pl.col("c").cum_sum().cast(pl.Int64)
    is_last = (pl.col("n") != pl.col("n").shift(-1)) | (pl.col("m") != pl.col("m").shift(-1))
    counted = hits.with_columns(
        pl.when(is_last.fill_null(True)).then(so_far).backward_fill().alias("k"),
        pl.when("starts").then(so_far - pl.col("c")).forward_fill().alias("before"),
    )
    by_day = counted.group_by("u", _DAY).agg(
        pl.col("n").min(), pl.col("c").any(), (pl.col("k") - pl.col("before") == 2).any().alias("two")
    )
    first = pl.col("n").min().over("u")
    labeled = by_day.with_columns(
        (pl.col("n") == first).alias("is_new"),
        (pl.col("n").min().over("u", pl.col("d").dt.truncate("1mo")) == first).alias("is_new_in_month"),
    )
    return (
        labeled.group_by("d")
        .agg(
            pl.len().alias("unique_users"),
            (_or_missing(pl.col("is_new").sum()) / pl.len()).alias("share_new"),
            _or_missing(pl.col("c").sum()).alias("converted"),
            _or_missing((pl.col("is_new_in_month") & pl.col("two")).sum()).alias("new_with_two"),
        )
        .sort("d")
        .select(_TEXT, pl.exclude("d"))
    )


def _stack() -> pl.Expr:
    """Return the location stack as a text, of which there are few."""
    step = pl.element().struct
    return pl.col("location_stack").list.eval(step.field("_type") + ": " + step.field("id")).list.join(_SEPARATOR)


def _names(stacks: pl.LazyFrame) -> pl.LazyFrame:
    """Return the name of each stack."""
    kind = pl.element().str.extract("^([^:]*?)(Context)?: ").str.replace_all("([a-z])([A-Z])", "${1} ${2}")
    steps = pl.col("stack").str.split(_SEPARATOR).list.eval(kind + pl.element().str.extract("^[^:]*(: .*)$"))
    name = (
        pl.when(steps.list.len() > 1)
        .then(steps.list.last() + " located at " + steps.list.head(steps.list.len() - 1).list.join(" => "))
        .otherwise(steps.list.last())
    )
    return stacks.select("stack").unique().with_columns(pl.when(pl.col("stack") != "").then(name).alias("name"))


def _features(events: pl.LazyFrame) -> pl.LazyFrame:
    used = (
        events.filter(pl.col("event_types").list.contains("InteractiveEvent"))
        .select("user_id", "event_type", pl.col("application").struct.field("id").alias("application"), _stack().alias("stack"))
        .unique()
    )
    named = used.join(_names(used), on="stack").drop_nulls(["application", "name", "event_type"])
    return (
        named.group_by("application", pl.col("name").alias("feature_nice_name"), "event_type")
        .agg(pl.col("user_id").n_unique().alias("user_id_nunique"))
        .sort("user_id_nunique", "application", "feature_nice_name", "event_type", descending=[True, False, False, False])
    )


def _retention(events: pl.LazyFrame, months: int) -> pl.LazyFrame:
    month = pl.col("moment").dt.year() * 12 + pl.col("moment").dt.month().cast(pl.Int32) - 1
    active = (
        events.select("user_id", month.alias("month"))
        .unique()
        .with_columns(pl.col("month").min().over("user_id").alias("first"))
    )
    return (
        active.group_by("first")
        .agg(_or_missing((pl.col("month") - pl.col("first") == number).sum()).alias(f"_{number}") for number in range(months))
        .sort("first")
        .select(
            pl.format("{}-{}", pl.col("first") // 12, (pl.col("first") % 12 + 1).cast(pl.String).str.zfill(2)).alias(
                "first_cohort"
            ),
            pl.exclude("first"),
        )
    )


def _paths(events: pl.LazyFrame) -> pl.LazyFrame:
    hits = events.select(
        pl.col("event_id").alias("e"), pl.col("user_id").alias("u"), pl.col("moment").alias("m"), _stack().alias("stack")
    )
    named = hits.join(_names(hits), on="stack").drop("stack").sort("u", "m", "name", "e", nulls_last=True)

    def later(count: int) -> pl.Expr:
        return pl.when(pl.col("u").shift(-count) == pl.col("u")).then(pl.col("name").shift(-count))

    is_first = (pl.col("u") != pl.col("u").shift()).fill_null(True)
    steps = named.select(
        pl.col("name").alias(STEPS[0]), later(1).alias(STEPS[1]), later(2).alias(STEPS[2]), is_first.alias("hit")
    )
    return (
        steps.filter(pl.col(STEPS[1]).is_not_null() | pl.col("hit"))
        .group_by(STEPS)
        .agg(pl.len().alias("value_counts"))
        .sort("value_counts", *STEPS, descending=[True, False, False, False], nulls_last=True)
        .head(20)
    )


def _user_by_root(events: pl.LazyFrame, roots: list[str]) -> pl.LazyFrame:
    root = pl.col("location_stack").list.first().struct.field("id").alias("root")
    return (
        events.select("user_id", root)
        .drop_nulls("root")
        .group_by("user_id")
        .agg(_or_missing((pl.col("root") == name).sum()).alias(name) for name in roots)
        .sort("user_id")
    )


def _eight_columns(events: pl.LazyFrame) -> pl.LazyFrame:
    return events.select(
        "event_id",
        "user_id",
        "day",
        "moment",
        "event_type",
        pl.col("application").struct.field("id").alias("application_id"),
        pl.col("path").struct.field("id").alias("path_id"),
        pl.col("location_stack").list.first().struct.field("id").alias("root_id"),
    )
