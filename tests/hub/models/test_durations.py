"""Durations of sessions, for every way of storing events."""

from __future__ import annotations

import datetime

import pandas as pd
import pytest
from hub.tables import PLACES
from hub.visits import check, frame, hub_of


@pytest.fixture(params=PLACES)
def df(request, tmp_path):
    return frame(request.param, tmp_path)


@pytest.fixture
def hub(df):
    return hub_of(df)


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
    check(
        hub.agg.session_duration(df, groupby=df.session_id, exclude_bounces=False, method="sum"),
        {1: 6 * minutes, 2: 0 * minutes, 3: 20 * minutes, 4: 10 * minutes, 5: 0 * minutes},
    )
    by = [hub.time_agg(df), df.session_id]
    parts = hub.agg.session_duration(df, groupby=by, exclude_bounces=False).to_pandas()
    assert parts.index.names == ["time_aggregation", "session_id"]
    assert parts.to_dict() == {
        ("2022-02-01", 1): 6 * minutes,
        ("2022-02-01", 2): 0 * minutes,
        ("2022-02-01", 3): 0 * minutes,
        ("2022-02-02", 3): 0 * minutes,
        ("2022-02-02", 4): 10 * minutes,
        ("2022-02-02", 5): 0 * minutes,
    }
    renamed = hub.agg.session_duration(df, groupby=[df.event_type.rename("session_id")]).to_pandas()
    assert renamed.to_dict() == {"PressEvent": 12 * minutes}
