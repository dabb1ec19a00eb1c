"""Where users were last."""

from __future__ import annotations

import pytest
from hub.presses import BOUGHT, NAME, frame, hub_of
from hub.tables import PLACES

from objectiv_local.errors import ColumnNotFound


@pytest.fixture(params=PLACES)
def df(request, tmp_path):
    return frame(request.param, tmp_path)


@pytest.fixture
def hub(df):
    return hub_of(df)


def test_drop_off_locations(df, hub):
    found = hub.agg.drop_off_locations(df).to_pandas()
    assert found.index.name == "location"
    assert list(found["value_counts"].items()) == [(NAME, 2), (BOUGHT, 1)]
    by_session = hub.agg.drop_off_locations(df, groupby="session_id", percentage=True).to_pandas()
    assert list(by_session.percentage.items()) == [(NAME, 50.0), (BOUGHT, 25.0), ("Root Location: home", 25.0)]
    assert hub.agg.drop_off_locations(df, df.location_stack.ls.navigation_features).to_pandas().index.tolist() == [
        "Link: logo located at Navigation: top"]
    with pytest.raises(ColumnNotFound):
        hub.agg.drop_off_locations(df, groupby="visitor")
