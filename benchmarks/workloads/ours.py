"""The workloads as programs of the model hub, over the frame of events of any layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import objectiv_local as ol
from benchmarks import engines
from benchmarks.worker import Session
from objectiv_local import DataFrame, Series

CONVERSION = "quickstart"
STEPS = [f"location_stack_step_{number}" for number in (1, 2, 3)]
TOP = 20


def events(data: dict[str, Any], layout: str) -> tuple[ol.ModelHub, DataFrame]:
    """Return a hub and the frame of events."""
    hub = ol.ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application", "path"])
    if layout == "snapshot":
        df = hub.events(data[layout])
    elif layout == "spark":
        directory = str(Path(data["raw"]).parent)
        df = hub.get_objectiv_dataframe(db_url=ol.connect(data["spark"]), table_name=directory)
    else:
        df = hub.get_objectiv_dataframe(db_url=ol.connect(data[layout]))
    if df.engine.dialect == "duckdb":
        df.engine.execute(f"SET threads = {data['threads']}")
    stack = df.location_stack.json[{"id": "Quickstart Guide", "_type": "LinkContext"} :]
    hub.add_conversion_event(location_stack=stack, event_type="PressEvent", name=CONVERSION)
    return hub, df


def programs(hub: ol.ModelHub, df: DataFrame) -> dict[str, Callable[[], DataFrame | Series]]:
    """Return for each workload a function that builds its frame. Those that need the values of a level ask for them."""

    def users_and_sessions() -> DataFrame:
        result = hub.agg.unique_users(df).to_frame()
        result["unique_sessions"] = hub.agg.unique_sessions(df)
        return result

    def new_and_converted_users() -> DataFrame:
        labeled = df.copy()
        labeled["is_new"] = hub.map.is_new_user(labeled)
        labeled["is_new_in_month"] = hub.map.is_new_user(labeled, "%Y-%m")
        labeled["converts"] = hub.map.is_conversion_event(labeled, CONVERSION)
        labeled["conversions"] = hub.map.conversions_in_time(labeled, CONVERSION)
        result = hub.agg.unique_users(labeled).to_frame()
        result["share_new"] = hub.agg.unique_users(labeled[labeled.is_new]) / result.unique_users
        result["converted"] = hub.agg.unique_users(labeled[labeled.converts])
        result["new_with_two"] = hub.agg.unique_users(labeled[labeled.is_new_in_month & (labeled.conversions == 2)])
        return result

    def paths() -> DataFrame:
        found = hub.get_funnel_discovery().get_navigation_paths(df, steps=3, by="user_id")
        counted = found.value_counts().to_frame()
        most: DataFrame = counted.sort_values(["value_counts", *STEPS], ascending=[False, True, True, True])[:TOP]
        return most

    def root(frame: DataFrame) -> Series:
        found: Series = frame.location_stack.json[0].json.get_value("id", as_str=True)
        return found

    def user_by_root() -> DataFrame:
        located = df.assign(root=root(df))
        matrix: DataFrame = located[located.root.notnull()].groupby(["user_id", "root"]).moment.count().unstack("root")
        return matrix

    def eight_columns() -> DataFrame:
        wide = df.assign(application_id=df.application.context.id, path_id=df.path.context.id, root_id=root(df))
        return wide[["user_id", "day", "moment", "event_type", "application_id", "path_id", "root_id"]]

    return {
        "W0": lambda: df[["session_id", "session_hit_number"]],
        "W1": users_and_sessions,
        "W2": lambda: hub.agg.session_duration(df[hub.map.is_new_user(df)]),
        "W3": new_and_converted_users,
        "W4": lambda: hub.agg.top_product_features(df),
        "W5": lambda: hub.agg.retention_matrix(df, display=False),
        "W6": paths,
        "W7": user_by_root,
        "W8": eight_columns,
    }


def _called(data: dict[str, Any], layout: str) -> Session:
    known = programs(*events(data, layout))
    session = engines.called(data, known, on=layout)
    session.actions["W8"] = lambda: known["W8"]().to_pandas()
    return session


def raw(data: dict[str, Any]) -> Session:
    """Return whole calls on the raw file: building, compiling, and running."""
    return _called(data, "raw")


def snapshot(data: dict[str, Any]) -> Session:
    """Return whole calls on a snapshot of the events."""
    return _called(data, "snapshot")


def postgres(data: dict[str, Any]) -> Session:
    """Return whole calls on Postgres."""
    return _called(data, "postgres")


def spark(data: dict[str, Any]) -> Session:
    """Return whole calls on Spark."""
    return _called(data, "spark")


def raw_sql(data: dict[str, Any]) -> Session:
    """Return the statements of the programs alone, run as those by hand are."""
    return _compiled(data, "raw")


def snapshot_sql(data: dict[str, Any]) -> Session:
    """Return the statements over a snapshot alone."""
    return _compiled(data, "snapshot")


def postgres_sql(data: dict[str, Any]) -> Session:
    """Return the statements on Postgres alone."""
    return _compiled(data, "postgres")


def spark_sql(data: dict[str, Any]) -> Session:
    """Return the statements on Spark alone."""
    return _compiled(data, "spark")


def _compiled(data: dict[str, Any], layout: str) -> Session:
    session = engines.compiled(data, programs(*events(data, layout)), on=layout)
    if data["question"] == "W8":
        session.actions["W8"] = engines.to_pandas(session.actions["W8"])
    return session
