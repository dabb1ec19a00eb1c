"""The SQL of everyday programs, for reading: `make sql` writes the files again, for review."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from objectiv_local import DataFrame, ModelHub, sample
from objectiv_local.dialects import compile_plan, names
from objectiv_local.frame.translate import translated
from objectiv_local.plan.nodes import Source
from objectiv_local.plan.rewrite import rebuild

DIRECTORY = Path(__file__).parent / "sql"


def hub_programs():
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    df = hub.get_objectiv_dataframe(db_url=sample.path(), start_date="2022-02-01")
    hub.add_conversion_event(
        location_stack=df.location_stack.json[{"id": "Quickstart Guide", "_type": "LinkContext"} :],
        event_type="PressEvent",
        name="quickstart",
    )
    df["new_day"] = hub.map.is_new_user(df)
    df["new_month"] = hub.map.is_new_user(df, "%Y-%m")
    df["first_session"] = hub.map.is_first_session(df)
    df["conversion"] = hub.map.is_conversion_event(df, "quickstart")
    df["so_far"] = hub.map.conversions_in_time(df, "quickstart")
    df["converted"] = hub.map.conversions_counter(df, "quickstart")
    labels = ["new_day", "new_month", "first_session", "conversion", "so_far", "converted"]
    before = df[(df.converted > 0) & (df.so_far == 0) & (df.event_type == "PressEvent")]
    return {
        "six labels": df[labels],
        "daily users": hub.agg.unique_users(df),
        "sessions by application": hub.agg.unique_sessions(df, groupby=df.application.context.id),
        "session duration of new users": hub.agg.session_duration(df[df.new_day]),
        "share of new users": hub.agg.unique_users(df[df.new_day]) / hub.agg.unique_users(df),
        "presses before conversion": before.groupby("session_id").event_type.count(),
        "converted users": hub.agg.unique_users(df[df.conversion]),
    }


def model_programs():
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    df = hub.get_objectiv_dataframe(db_url=sample.path())
    identified = hub.get_objectiv_dataframe(db_url=sample.path(), identity_resolution="email")
    hub.add_conversion_event(location_stack=df.location_stack.json[{"id": "Quickstart Guide"} :], name="quickstart")
    funnels = hub.get_funnel_discovery()
    paths = funnels.get_navigation_paths(df, 3, by="user_id")
    converting = df.assign(is_conversion_event=hub.map.is_conversion_event(df, "quickstart"))
    return {
        "events": df,
        "hits before conversion": hub.map.pre_conversion_hit_number(df, "quickstart"),
        "nice names": df.location_stack.ls.nice_name,
        "feature stacks": df.location_stack.ls.feature_stack,
        "navigation features": df.location_stack.ls.navigation_features,
        "link targets": df.location_stack.ls.get_from_context_with_type_series("LinkContext", "href"),
        "frequency": hub.agg.frequency(df),
        "top product features": hub.agg.top_product_features(df),
        "features before conversion": hub.agg.top_product_features_before_conversion(df, "quickstart"),
        "weekly retention": hub.agg.retention_matrix(df, "weekly", event_type="PressEvent", percentage=True),
        "drop off": hub.agg.drop_off_locations(df, percentage=True),
        "funnel conversion": hub.agg.funnel_conversion(df),
        "paths": paths,
        "converting paths": funnels.get_navigation_paths(converting, 3, by="session_id", only_converted_paths=True),
        "flows": funnels.plot_sankey_diagram(paths, show=False),
        "nested locations": hub.visualize_location_stack(df, return_df=True, show=False),
        "users with identity": hub.agg.unique_users(identified),
        "sessions with identity": hub.agg.session_duration(identified, groupby=None),
    }


def frame_programs():
    orders = DataFrame.from_schema(
        {"id": "int64", "city": "string", "placed": "timestamp", "amount": "float64", "n": "int64"},
        index=["id"],
        table_name="orders",
    )
    cities = DataFrame.from_schema({"city": "string", "country": "string"}, index=["city"], table_name="cities").reset_index()
    ranked = orders.copy()
    ranked["rank"] = ranked.amount.window_row_number(ranked.sort_values("amount", ascending=False).groupby("city").window())
    ranked["share"] = ranked.amount / ranked.amount.sum()
    return {
        "filter and sort": orders[(orders.amount > 10) & orders.city.str.startswith("A_")].sort_values("city")[:5],
        "groups of months": orders.groupby(orders.placed.dt.strftime("%B %Y")).agg({"amount": ["sum", "mean"], "n": "count"}),
        "best of each group": ranked[ranked["rank"] <= 3],
        "merge": orders.merge(cities, on="city", how="left").groupby("country").amount.mean(),
        "ratio of counts": orders.groupby("city").n.count() / orders.groupby("city").n.sum(),
        "floor division": orders.assign(dozens=orders.n // 12, rest=orders.n % 12, ratio=orders.n // (orders.n - 3)),
    }


def rows_left():
    """Return programs that show some rows of the event frame."""
    df = ModelHub().get_objectiv_dataframe(db_url=sample.path())
    return {
        "first events": df[:5],
        "events of a user": df[df.user_id == "a4d6ea1c-4cf3-4a6a-8c1d-1f0a2fb2b9f4"],
        "presses of a day": df[(df.day == "2022-02-01") & (df.event_type == "PressEvent")].sort_values("moment"),
    }


ROWS_LEFT = rows_left()
#: What identifies a row of a Postgres table. Nothing is known of the tables of another engine, so it is given here.
ROW_ID = (("ctid", "tid"), ("tableoid", "oid"))
PROGRAMS = hub_programs() | model_programs() | frame_programs()


@pytest.mark.parametrize("dialect", names())
@pytest.mark.parametrize("name", PROGRAMS)
def test_sql(name, dialect):
    check(name, dialect, PROGRAMS[name].view_sql(dialect=dialect))


@pytest.mark.parametrize("dialect", names())
@pytest.mark.parametrize("name", ROWS_LEFT)
def test_sql_of_rows_that_are_left(name, dialect):
    frame = ROWS_LEFT[name]
    plan = frame._state._chosen([*frame.index_columns, *frame.data_columns], None)
    if dialect != "duckdb":
        plan = rebuild(
            translated(plan, "duckdb", dialect),
            lambda _, node: (
                Source(node.relation, node.columns, node.key, node.connection, node.step, ROW_ID)
                if isinstance(node, Source)
                else node
            ),
        )
    check(name, dialect, compile_plan(plan, dialect).sql)


def check(name, dialect, sql):
    path = DIRECTORY / f"{name.replace(' ', '_')}.{dialect}.sql"
    sql = sql.replace(str(sample.path()), "sample.parquet") + "\n"
    if os.environ.get("OBJECTIV_UPDATE_SQL"):
        DIRECTORY.mkdir(exist_ok=True)
        path.write_text(sql, encoding="utf-8")
    assert sql == path.read_text(encoding="utf-8")
