"""Frequency of users."""

from __future__ import annotations

import pytest
from hub.presses import frame, hub_of
from hub.tables import PLACES


@pytest.fixture(params=PLACES)
def df(request, tmp_path):
    return frame(request.param, tmp_path)


@pytest.fixture
def hub(df):
    return hub_of(df)


def test_frequency(df, hub):
    assert hub.agg.frequency(df).to_pandas().to_dict() == {1: 1, 2: 2}
    assert hub.agg.frequency(df).name == "user_id_nunique"
    assert list(hub.agg.frequency(df).index) == ["session_id_nunique"]
