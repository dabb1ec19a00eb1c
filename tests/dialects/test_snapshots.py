"""The SQL of everyday programs, for reading: `OBJECTIV_UPDATE_SQL=1` writes the files again, for review."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from objectiv_local import DataFrame, ModelHub, sample
from objectiv_local.dialects import names

DIRECTORY = Path(__file__).parent / "sql"


def hub_programs():
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    df = hub.get_objectiv_dataframe(db_url=sample.path(), start_date="2022-02-01")
    hub.add_conversion_event(location_stack=df.location_stack.json[{"id": "Quickstart Guide", "_type": "LinkContext"}:],
                             event_type="PressEvent", name="quickstart")
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


def frame_programs():
    orders = DataFrame.from_schema({"id": "int64", "city": "string", "placed": "timestamp", "amount": "float64", "n": "int64"},
                                   index=["id"], table_name="orders")
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


PROGRAMS = hub_programs() | frame_programs()


@pytest.mark.parametrize("dialect", names)
@pytest.mark.parametrize("name", PROGRAMS)
def test_sql(name, dialect):
    path = DIRECTORY / f"{name.replace(' ', '_')}.{dialect}.sql"
    sql = PROGRAMS[name].view_sql(dialect=dialect).replace(str(sample.path()), "sample.parquet") + "\n"
    if os.environ.get("OBJECTIV_UPDATE_SQL"):
        DIRECTORY.mkdir(exist_ok=True)
        path.write_text(sql, encoding="utf-8")
    assert sql == path.read_text(encoding="utf-8")
