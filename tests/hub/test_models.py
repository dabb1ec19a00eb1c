"""Labels and aggregates on tables small enough to check by hand, on every way of storing events."""

from __future__ import annotations

import datetime

import pandas as pd
import pytest
from hub.tables import PLACES, event, event_id, stored

from objectiv_local import ModelHub

A, B, C = 1, 2, 3
LINK = [{"_type": "RootLocationContext", "id": "home"}, {"_type": "LinkContext", "id": "Quickstart Guide"}]
OTHER = [{"_type": "RootLocationContext", "id": "home"}, {"_type": "LinkContext", "id": "Blog"}]
APP = [{"_type": "ApplicationContext", "id": "website"}, {"_type": "ApplicationContext", "id": "second"}]
EVENTS = [
    event(1, A, "2022-02-01 10:00:00", stack=OTHER, contexts=APP),
    event(2, A, "2022-02-01 10:05:00", stack=LINK, contexts=APP),
    event(3, A, "2022-02-01 10:05:00", type_="VisibleEvent", stack=LINK),  # ties with the conversion
    event(4, A, "2022-02-01 10:06:00", stack=LINK),
    event(5, A, "2022-02-01 15:00:00", stack=OTHER),  # a later session on the first day
    event(6, A, "2022-02-02 09:00:00", stack=OTHER),
    event(7, A, "2022-02-02 09:10:00", stack=OTHER),
    event(8, B, "2022-02-01 23:50:00", stack=OTHER),  # a first session over midnight
    event(9, B, "2022-02-02 00:10:00", stack=OTHER),
    event(10, C, "2022-02-02 12:00:00", contexts=[{"_type": "ApplicationContext", "id": "app"}]),  # a bounce
]


@pytest.fixture(params=PLACES)
def df(request, tmp_path):
    target, table = stored(request.param, EVENTS, tmp_path)
    return HUB.get_objectiv_dataframe(db_url=target, table_name=table)


HUB = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])


@pytest.fixture
def hub(df):
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    hub.add_conversion_event(location_stack=df.location_stack.json[{"id": "Quickstart Guide", "_type": "LinkContext"}:],
                             event_type="PressEvent", name="quickstart")
    return hub


def of_events(series):
    found = series.to_pandas()
    return [found.loc[event_id(number)] for number in range(1, len(EVENTS) + 1)]


def check(series, expected):
    """Check the values of an aggregate and their groups, in order."""
    found = series.to_pandas()
    index = pd.Index(list(expected), name=found.index.name, dtype=found.index.dtype)
    wanted = pd.Series(list(expected.values()), index=index, name=found.name)
    pd.testing.assert_series_equal(found, wanted, check_dtype=False, check_index_type=False)


def test_first_session(hub, df):
    assert of_events(hub.map.is_first_session(df)) == [True] * 4 + [False] * 3 + [True] * 3


def test_new_user_by_day_and_by_month(hub, df):
    # A's later session on the first day counts; B's first session marks both days that it touches.
    assert of_events(hub.map.is_new_user(df)) == [True] * 5 + [False] * 2 + [True] * 3
    assert of_events(hub.map.is_new_user(df, time_aggregation="%Y-%m")) == [True] * 10


def test_conversion_event(hub, df):
    assert of_events(hub.map.is_conversion_event(df, "quickstart")) == [False, True, False, True] + [False] * 6
    hub.add_conversion_event(event_type="VisibleEvent")
    assert of_events(hub.map.is_conversion_event(df, "conversion_2")) == [False, False, True] + [False] * 7
    hub.add_conversion_event(location_stack=df.location_stack.json[{"id": "Quickstart Guide"}:], name="stack")
    assert of_events(hub.map.is_conversion_event(df, "stack")) == [False, True, True, True] + [False] * 6


def test_conversions_in_time_and_in_all(hub, df):
    assert of_events(hub.map.conversions_in_time(df, "quickstart")) == [0, 1, 1, 2] + [0] * 6
    assert of_events(hub.map.conversions_counter(df, "quickstart")) == [2, 2, 2, 2] + [0] * 6
    by_user = hub.map.conversions_in_time(df, "quickstart", partition="user_id")
    assert of_events(by_user) == [0, 1, 1, 2, 2, 2, 2, 0, 0, 0]
    assert hub.map.conversions_counter(df, "quickstart").name == "converted"


def test_stack_of_an_earlier_state_of_the_frame(hub, df):
    df["location_stack_before"] = df.location_stack
    df["is_new"] = hub.map.is_new_user(df)
    later = df[df.is_new]
    found = hub.map.is_conversion_event(later, "quickstart").to_pandas()
    assert found.loc[event_id(2)]
    assert found.sum() == 2
    assert "JOIN" not in hub.map.is_conversion_event(later, "quickstart").view_sql()


def test_contexts(df):
    ids = df.application.context.id.to_pandas()
    assert [ids.loc[event_id(number)] for number in (1, 10)] == ["website", "app"]  # of the first instance
    assert ids.isna().sum() == 7
    assert df.application.c.nothing.to_pandas().isna().all()


def test_unique_users(hub, df):
    check(hub.agg.unique_users(df), {"2022-02-01": 2, "2022-02-02": 3})
    assert hub.agg.unique_users(df, groupby=None).value == 3
    check(hub.agg.unique_users(df, groupby="event_type"), {"PressEvent": 3, "VisibleEvent": 1})
    check(hub.agg.unique_users(df, groupby=df.application.context.id), {"app": 1, "website": 1, None: 2})
    by = hub.agg.unique_users(df, groupby=["day", "event_type"]).to_pandas()
    assert by.to_dict() == {(datetime.date(2022, 2, 1), "PressEvent"): 2, (datetime.date(2022, 2, 1), "VisibleEvent"): 1,
                            (datetime.date(2022, 2, 2), "PressEvent"): 3}
    assert by.dtype == "Int64"


def test_unique_sessions(hub, df):
    # A's 10:00 and 15:00 and B's on the first day; A's 9:00, B's over midnight and C's on the second.
    check(hub.agg.unique_sessions(df), {"2022-02-01": 3, "2022-02-02": 3})
    assert hub.agg.unique_sessions(df, groupby=None).value == 5


def test_session_duration(hub, df):
    minutes = pd.Timedelta(minutes=1)
    # A: 6 minutes and a bounce, then 10 minutes; B's twenty minutes are a bounce on each of two days; C's is a bounce.
    check(hub.agg.session_duration(df), {"2022-02-01": 6 * minutes, "2022-02-02": 10 * minutes})
    check(hub.agg.session_duration(df, exclude_bounces=False), {"2022-02-01": 2 * minutes, "2022-02-02": 10 * minutes / 3})
    check(hub.agg.session_duration(df, method="sum"), {"2022-02-01": 6 * minutes, "2022-02-02": 10 * minutes})
    assert hub.agg.session_duration(df, groupby=None).value == datetime.timedelta(minutes=12)
    found = hub.agg.session_duration(df[hub.map.is_new_user(df)]).to_pandas()
    assert found.to_dict() == {"2022-02-01": 6 * minutes}
    assert str(found.dtype) == "timedelta64[us]"


def test_duration_of_each_session(hub, df):
    minutes = pd.Timedelta(minutes=1)
    # A's first session of six minutes and the one of ten on the next day, and B's over midnight.
    check(hub.agg.session_duration(df, groupby="session_id"), {1: 6 * minutes, 3: 20 * minutes, 4: 10 * minutes})
    check(hub.agg.session_duration(df, groupby=df.session_id, exclude_bounces=False, method="sum"),
          {1: 6 * minutes, 2: 0 * minutes, 3: 20 * minutes, 4: 10 * minutes, 5: 0 * minutes})
    by = [hub.time_agg(df), df.session_id]
    parts = hub.agg.session_duration(df, groupby=by, exclude_bounces=False).to_pandas()
    assert parts.index.names == ["time_aggregation", "session_id"]
    assert parts.to_dict() == {("2022-02-01", 1): 6 * minutes, ("2022-02-01", 2): 0 * minutes, ("2022-02-01", 3): 0 * minutes,
                               ("2022-02-02", 3): 0 * minutes, ("2022-02-02", 4): 10 * minutes, ("2022-02-02", 5): 0 * minutes}
    renamed = hub.agg.session_duration(df, groupby=[df.event_type.rename("session_id")]).to_pandas()
    assert renamed.to_dict() == {"PressEvent": 12 * minutes}


def test_share_of_new_users(hub, df):
    share = hub.agg.unique_users(df[hub.map.is_new_user(df)]) / hub.agg.unique_users(df)
    check(share, {"2022-02-01": 1.0, "2022-02-02": 2 / 3})
    assert "JOIN" not in share.view_sql()


def test_period_without_new_users_has_no_share(hub, df):
    visible = df[df.event_type == "VisibleEvent"]
    share = hub.agg.unique_users(visible) / hub.agg.unique_users(df)
    check(share, {"2022-02-01": 0.5, "2022-02-02": float("nan")})


def test_presses_before_the_first_conversion(hub, df):
    df["so_far"] = hub.map.conversions_in_time(df, "quickstart")
    df["all"] = hub.map.conversions_counter(df, "quickstart")
    before = df[(df["all"] > 0) & (df.so_far == 0) & (df.event_type == "PressEvent")]
    check(before.groupby("session_id").event_type.count(), {1: 1})


def test_six_labels_join_nothing_and_run_nothing_while_they_are_built(hub, df, monkeypatch):
    ran = []
    for name in ("arrow", "batches", "execute", "table"):
        monkeypatch.setattr(type(df.engine), name, lambda *args, _name=name, **kwargs: ran.append(_name))
    df["new_day"], df["new_month"] = hub.map.is_new_user(df), hub.map.is_new_user(df, "%Y-%m")
    df["first"], df["conversion"] = hub.map.is_first_session(df), hub.map.is_conversion_event(df, "quickstart")
    df["in_time"], df["counter"] = (hub.map.conversions_in_time(df, "quickstart"),
                                    hub.map.conversions_counter(df, "quickstart"))
    sql = df.view_sql()
    assert ran == []
    assert "JOIN" not in sql
    assert sql.count("FROM ") - sql.count("DISTINCT FROM") <= 9  # a chain of steps, each reading the one before
