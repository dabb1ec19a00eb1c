"""Unique users and sessions, on every way of storing events."""

from __future__ import annotations

import datetime

import pytest
from hub.tables import PLACES
from hub.visits import check, frame, hub_of


@pytest.fixture(params=PLACES)
def df(request, tmp_path):
    return frame(request.param, tmp_path)


@pytest.fixture
def hub(df):
    return hub_of(df)


def test_unique_users(hub, df):
    check(hub.agg.unique_users(df), {"2022-02-01": 2, "2022-02-02": 3})
    assert hub.agg.unique_users(df, groupby=None).value == 3
    check(hub.agg.unique_users(df, groupby="event_type"), {"PressEvent": 3, "VisibleEvent": 1})
    check(hub.agg.unique_users(df, groupby=df.application.context.id), {"app": 1, "website": 1, None: 2})
    by = hub.agg.unique_users(df, groupby=["day", "event_type"]).to_pandas()
    assert by.to_dict() == {
        (datetime.date(2022, 2, 1), "PressEvent"): 2,
        (datetime.date(2022, 2, 1), "VisibleEvent"): 1,
        (datetime.date(2022, 2, 2), "PressEvent"): 3,
    }
    assert by.dtype == "Int64"


def test_unique_sessions(hub, df):
    # A's 10:00 and 15:00 and B's on the first day; A's 9:00, B's over midnight and C's on the second.
    check(hub.agg.unique_sessions(df), {"2022-02-01": 3, "2022-02-02": 3})
    assert hub.agg.unique_sessions(df, groupby=None).value == 5


def test_share_of_new_users(hub, df):
    share = hub.agg.unique_users(df[hub.map.is_new_user(df)]) / hub.agg.unique_users(df)
    check(share, {"2022-02-01": 1.0, "2022-02-02": 2 / 3})
    assert "JOIN" not in share.view_sql()


def test_period_without_new_users_has_no_share(hub, df):
    visible = df[df.event_type == "VisibleEvent"]
    share = hub.agg.unique_users(visible) / hub.agg.unique_users(df)
    check(share, {"2022-02-01": 0.5, "2022-02-02": float("nan")})
