"""Labels of new users and first sessions, on every way of storing events."""

from __future__ import annotations

import pytest
from hub.tables import PLACES
from hub.visits import frame, hub_of, of_events


@pytest.fixture(params=PLACES)
def df(request, tmp_path):
    return frame(request.param, tmp_path)


@pytest.fixture
def hub(df):
    return hub_of(df)


def test_first_session(hub, df):
    assert of_events(hub.map.is_first_session(df)) == [True] * 4 + [False] * 3 + [True] * 3


def test_new_user_by_day_and_by_month(hub, df):
    # A's later session on the first day counts; B's first session marks both days that it touches.
    assert of_events(hub.map.is_new_user(df)) == [True] * 5 + [False] * 2 + [True] * 3
    assert of_events(hub.map.is_new_user(df, time_aggregation="%Y-%m")) == [True] * 10
