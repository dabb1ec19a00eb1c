"""Labels of conversions, for every way of storing events."""

from __future__ import annotations

import pytest
from hub.tables import PLACES, event_id
from hub.visits import check, frame, hub_of, of_events


@pytest.fixture(params=PLACES)
def df(request, tmp_path):
    return frame(request.param, tmp_path)


@pytest.fixture
def hub(df):
    return hub_of(df)


def test_conversion_event(hub, df):
    assert of_events(hub.map.is_conversion_event(df, "quickstart")) == [False, True, False, True] + [False] * 6
    hub.add_conversion_event(event_type="VisibleEvent")
    assert of_events(hub.map.is_conversion_event(df, "conversion_2")) == [False, False, True] + [False] * 7
    hub.add_conversion_event(location_stack=df.location_stack.json[{"id": "Quickstart Guide"} :], name="stack")
    assert of_events(hub.map.is_conversion_event(df, "stack")) == [False, True, True, True] + [False] * 6


def test_conversions_so_far_and_in_total(hub, df):
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


def test_presses_before_the_first_conversion(hub, df):
    df["so_far"] = hub.map.conversions_in_time(df, "quickstart")
    df["all"] = hub.map.conversions_counter(df, "quickstart")
    before = df[(df["all"] > 0) & (df.so_far == 0) & (df.event_type == "PressEvent")]
    check(before.groupby("session_id").event_type.count(), {1: 1})


def test_six_labels_need_no_join_and_no_query_while_they_are_built(hub, df, monkeypatch):
    ran = []
    for name in ("arrow", "batches", "execute", "table"):
        monkeypatch.setattr(type(df.engine), name, lambda *args, _name=name, **kwargs: ran.append(_name))
    df["new_day"], df["new_month"] = hub.map.is_new_user(df), hub.map.is_new_user(df, "%Y-%m")
    df["first"], df["conversion"] = hub.map.is_first_session(df), hub.map.is_conversion_event(df, "quickstart")
    df["in_time"], df["counter"] = (
        hub.map.conversions_in_time(df, "quickstart"),
        hub.map.conversions_counter(df, "quickstart"),
    )
    sql = df.view_sql()
    assert ran == []
    assert "JOIN" not in sql
    assert sql.count("FROM ") - sql.count("DISTINCT FROM") <= 9  # a chain of steps, each reading the one before
