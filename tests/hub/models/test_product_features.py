"""The most used features."""

from __future__ import annotations

import pytest
from hub.presses import BOUGHT, NAME, frame, hub_of
from hub.tables import PLACES

from objectiv_local.errors import ColumnNotFound, InvalidType


@pytest.fixture(params=PLACES)
def df(request, tmp_path):
    return frame(request.param, tmp_path)


@pytest.fixture
def hub(df):
    return hub_of(df)


def test_top_product_features(df, hub):
    found = hub.agg.top_product_features(df).to_pandas()
    assert found.index.names == ["application", "feature_nice_name", "event_type"]
    assert list(found.user_id_nunique.items()) == [(("shop", NAME, "PressEvent"), 2), (("shop", BOUGHT, "PressEvent"), 2)]
    navigation = hub.agg.top_product_features(df, df.location_stack.ls.navigation_features).to_pandas()
    assert list(navigation.user_id_nunique.items()) == [(("shop", "Link: logo located at Navigation: top", "PressEvent"), 2)]
    seen = hub.agg.top_product_features(df, event_type="VisibleEvent").to_pandas()
    assert list(seen.index) == [("shop", "Root Location: home", "VisibleEvent")]
    before = hub.agg.top_product_features_before_conversion(df, "bought").to_pandas()
    assert list(before.unique_users.items()) == [(("shop", NAME, "PressEvent"), 1)]
    with pytest.raises(ColumnNotFound, match=r"global_contexts=\['application'\]"):
        hub.agg.top_product_features(df.drop(columns=["application"]))
    with pytest.raises(InvalidType, match="series of location stacks"):
        hub.agg.top_product_features(df, df.session_id)
    with pytest.raises(ColumnNotFound, match="unknown conversion event"):
        hub.agg.top_product_features_before_conversion(df, "sold")
