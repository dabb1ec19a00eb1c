"""The workloads as an experienced user of Ibis would write them, on DuckDB over the typed file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis
from ibis import _

from benchmarks.worker import Session

STEPS = [f"location_stack_step_{number}" for number in (1, 2, 3)]


def typed(data: dict[str, Any]) -> Session:
    """Return what answers over the typed file."""
    connection = ibis.duckdb.connect(threads=data["threads"])
    events = connection.read_parquet(data["typed"])
    programs: dict[str, Callable[[Any], Any]] = {
        "W0": _numbered,
        "W1": _users_and_sessions,
        "W2": _session_duration,
        "W3": new_and_converted_users,
        "W4": _features,
        "W5": lambda events: _retention(events, data["months"]),
        "W6": _paths,
        "W7": lambda events: _user_by_root(events, data["roots"]),
    }

    def action(program: Callable[[Any], Any]) -> Callable[[], Any]:
        # Its own way to Arrow needs more packages than its statements do.
        return lambda: connection.con.sql(ibis.to_sql(program(events), dialect="duckdb")).to_arrow_table()

    return Session(
        {**{name: action(program) for name, program in programs.items()}, "W8": lambda: action(_eight_columns)().to_pandas()}
    )


def _sessions(events: Any, **more: Any) -> Any:
    hits = events.select(e=_.event_id, u=_.user_id, m=_.moment, **more)
    by_time = ibis.window(group_by="u", order_by=["m", "e"])
    starts = hits.mutate(
        starts=(_.m - _.m.lag().over(by_time) > ibis.interval(seconds=1800)).fill_null(True),
        hit=ibis.row_number().over(by_time),
    )
    so_far = ibis.window(group_by="u", order_by=["m", "e"], following=0)
    return starts.mutate(n=_.starts.cast("int64").sum().over(so_far))


def _numbered(events: Any) -> Any:
    hits = _sessions(events)
    first = hits.filter(_.starts).select("u", "n", first=_.hit, session_id=ibis.row_number().over(order_by=["m", "e"]) + 1)
    return hits.join(first, ["u", "n"]).select(event_id=_.e, session_id=_.session_id, session_hit_number=_.hit - _.first + 1)


def _users_and_sessions(events: Any) -> Any:
    by_session = _sessions(events).select("u", "n", d=_.m.date()).distinct()
    by_user = by_session.group_by("u", "d").agg(sessions=_.count())
    result = by_user.group_by("d").agg(unique_users=_.count(), unique_sessions=_.sessions.sum()).order_by("d")
    return result.select(
        time_aggregation=_.d.strftime("%Y-%m-%d"), unique_users=_.unique_users, unique_sessions=_.unique_sessions
    )


def _session_duration(events: Any) -> Any:
    by_session = _sessions(events).group_by("u", "n", d=_.m.date()).agg(first=_.m.min(), last=_.m.max())
    is_new = _.n.min().over(group_by=["u", "d"]) == _.n.min().over(group_by="u")
    kept = by_session.mutate(is_new=is_new).filter(_.is_new, _.last > _.first)
    result = kept.group_by("d").agg(session_duration=_.last.delta(_.first, unit="microsecond").mean())
    return result.order_by("d").select(time_aggregation=_.d.strftime("%Y-%m-%d"), session_duration=_.session_duration)


def new_and_converted_users(events: Any) -> Any:
    link = _.location_stack.filter(lambda step: (step["_type"] == "LinkContext") & (step["id"] == "Quickstart Guide"))
    hits = _sessions(events, c=(_.event_type == "PressEvent") & (link.length() > 0))
    k = _.c.cast("int64").sum().over(ibis.range_window(group_by=["u", "n"], order_by="m", following=0))
    by_day = hits.mutate(k=k).group_by("u", d=_.m.date()).agg(n=_.n.min(), c=_.c.any(), two=(_.k == 2).any())
    first = _.n.min().over(group_by="u")
    labeled = by_day.mutate(month=_.d.truncate("M")).mutate(
        is_new=_.n == first, is_new_in_month=_.n.min().over(group_by=["u", "month"]) == first
    )
    result = (
        labeled.group_by("d")
        .agg(
            unique_users=_.count(),
            share_new=_.is_new.sum().nullif(0) / _.count(),
            converted=_.c.sum().nullif(0),
            new_with_two=(_.is_new_in_month & _.two).sum().nullif(0),
        )
        .order_by("d")
    )
    return result.select(
        time_aggregation=_.d.strftime("%Y-%m-%d"),
        unique_users=_.unique_users,
        share_new=_.share_new,
        converted=_.converted,
        new_with_two=_.new_with_two,
    )


def _named(stacks: Any) -> Any:
    parts = _.stack.map(
        lambda step: step["_type"].re_replace("([a-z])([A-Z])", r"\1 \2").re_replace(" ?Context$", "") + ": " + step["id"]
    )
    split = stacks.select("stack").distinct().mutate(parts=parts).mutate(size=_.parts.length())
    above = " located at " + split.parts[: split.size - 1].join(" => ")
    return split.select("stack", name=split.parts[split.size - 1] + ibis.cases((split.size > 1, above), else_=""))


def _features(events: Any) -> Any:
    used = (
        events.filter(_.event_types.contains("InteractiveEvent"))
        .select("user_id", "event_type", stack=_.location_stack, application=_.application["id"])
        .distinct()
    )
    users = used.join(_named(used), "stack").select("application", "name", "event_type", "user_id").distinct()
    known = users.filter(_.application.notnull(), _.name.notnull(), _.event_type.notnull())
    return (
        known.group_by("application", feature_nice_name=_.name, event_type=_.event_type)
        .agg(user_id_nunique=_.count())
        .order_by(ibis.desc("user_id_nunique"), "application", "feature_nice_name", "event_type")
    )


def _retention(events: Any, months: int) -> Any:
    active = events.select(u=_.user_id, month=_.moment.year() * 12 + _.moment.month() - 1).distinct()
    cohorts = active.mutate(first=_.month.min().over(group_by="u"))
    result = (
        cohorts.group_by("first")
        .agg(**{f"_{number}": (_.month - _.first == number).sum().nullif(0) for number in range(months)})
        .order_by("first")
    )
    label = (_.first // 12).cast("string") + "-" + (_.first % 12 + 1).cast("string").lpad(2, "0")
    return result.select(first_cohort=label, **{f"_{number}": result[f"_{number}"] for number in range(months)})


def _paths(events: Any) -> Any:
    hits = events.select(e=_.event_id, u=_.user_id, m=_.moment, stack=_.location_stack)
    named = hits.join(_named(hits), "stack")
    by_time = ibis.window(group_by="u", order_by=["m", "name", "e"])
    steps = named.select(
        hit=ibis.row_number().over(by_time),
        **{STEPS[0]: _.name, STEPS[1]: _.name.lead().over(by_time), STEPS[2]: _.name.lead(2).over(by_time)},
    )
    kept = steps.filter(steps[STEPS[1]].notnull() | (_.hit == 0))
    return kept.group_by(STEPS).agg(value_counts=_.count()).order_by(ibis.desc("value_counts"), *STEPS).limit(20)


def _user_by_root(events: Any, roots: list[str]) -> Any:
    located = events.select(u=_.user_id, root=_.location_stack[0]["id"]).filter(_.root.notnull())
    return located.group_by(user_id=_.u).agg(**{name: (_.root == name).sum().nullif(0) for name in roots}).order_by("user_id")


def _eight_columns(events: Any) -> Any:
    return events.select(
        "event_id",
        "user_id",
        "day",
        "moment",
        "event_type",
        application_id=_.application["id"],
        path_id=_.path["id"],
        root_id=_.location_stack[0]["id"],
    )
