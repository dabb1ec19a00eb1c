"""Retention, on every way of storing events."""

from __future__ import annotations

import pytest
from charts.drawn import title
from frame.frames import plain
from hub.presses import EVENTS, HUB, frame, hub_of
from hub.tables import PLACES, stored

from objectiv_local.errors import InvalidValue


@pytest.fixture(params=PLACES)
def df(request, tmp_path):
    return frame(request.param, tmp_path)


@pytest.fixture
def hub(df):
    return hub_of(df)


def matrix(frame):
    found = frame.to_pandas()
    rows = [plain(row) for row in found.values.tolist()]
    return dict(zip(found.index, rows, strict=True)), found.columns.tolist()


def test_retention(df, hub):
    assert matrix(hub.agg.retention_matrix(df)) == ({"2022-01": [1.0, 1.0], "2022-02": [2.0, 1.0]}, ["_0", "_1"])
    assert matrix(hub.agg.retention_matrix(df, "yearly")) == ({"2022": [3.0]}, ["_0"])
    assert matrix(hub.agg.retention_matrix(df, "weekly")) == (
        {"2022-01-31": [2.0, 1.0], "2022-02-07": [1.0, None]},
        ["_0", "_4"],
    )
    assert matrix(hub.agg.retention_matrix(df, "daily")) == (
        {"2022-01-31": [1.0, None], "2022-02-01": [1.0, 1.0], "2022-02-07": [1.0, None]},
        ["_0", "_28"],
    )
    assert matrix(hub.agg.retention_matrix(df, "daily", calendar_days=True, fill_value=0)) == (
        {"2022-01-31": [1.0, 1.0, 0.0], "2022-02-01": [1.0, 0.0, 1.0], "2022-02-07": [1.0, 0.0, 0.0]},
        ["_0", "_1", "_28"],
    )
    assert matrix(hub.agg.retention_matrix(df, percentage=True)) == (
        {"2022-01": [100.0, 100.0], "2022-02": [100.0, 50.0]},
        ["_0", "_1"],
    )
    assert matrix(hub.agg.retention_matrix(df, start_date="2022-02-01", end_date="2022-03-01")) == ({"2022-02": [2.0]}, ["_0"])
    assert matrix(hub.agg.retention_matrix(df, event_type="VisibleEvent")) == ({"2022-02": [1.0]}, ["_0"])
    assert matrix(hub.agg.retention_matrix(df, event_type="InteractiveEvent"))[0] == {}
    assert matrix(hub.agg.retention_matrix(df, event_type="InteractiveEvent", parent_types=True))[1] == ["_0", "_1"]
    with pytest.raises(InvalidValue, match="did you mean 'daily'"):
        hub.agg.retention_matrix(df, "dayly")
    with pytest.raises(InvalidValue, match="not after start_date"):
        hub.agg.retention_matrix(df, start_date="2022-02-01", end_date="2022-01-01")
    with pytest.raises(InvalidValue, match="not a day or a moment"):
        hub.agg.retention_matrix(df, start_date="February")


def test_a_notebook_shows_retention_when_asked_to(tmp_path, monkeypatch):
    import IPython

    shown = []
    monkeypatch.setattr(IPython.display, "display", shown.append)
    target, table = stored("parquet", EVENTS, tmp_path)
    df = HUB.get_objectiv_dataframe(db_url=target, table_name=table)
    assert HUB.agg.retention_matrix(df, display=True).columns[0] == "_0"
    # Outside notebooks, nothing is shown.
    assert shown == []
    monkeypatch.setattr(IPython, "get_ipython", object)
    assert HUB.agg.retention_matrix(df, display=True, percentage=True).columns[0] == "_0"
    assert [title(chart)[0] for chart in shown] == ["Share of users who come back, %"]
