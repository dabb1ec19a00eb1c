"""Features, retention, frequency and hits before a conversion, on a table small enough to check by hand."""

from __future__ import annotations

import pytest
from frame.frames import plain
from hub.tables import APP, HOME, PLACES, event, event_id, stored

from objectiv_local import ModelHub
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue

A, B, C = 1, 2, 3
TOP = {"_type": "NavigationContext", "id": "top"}
LOGO = {"_type": "LinkContext", "id": "logo", "href": "/"}
BUY = {"_type": "PressableContext", "id": "buy"}


def press(number, who, moment, stack, *, contexts=APP, type_="PressEvent"):
    made = event(number, who, moment, stack=stack, contexts=contexts, type_=type_)
    return made | {"value": made["value"].replace('["AbstractEvent", "PressEvent"]',
                                                  '["AbstractEvent", "InteractiveEvent", "PressEvent"]')}


EVENTS = [
    press(1, A, "2022-01-31 23:00:00", [HOME, TOP, LOGO]),
    press(2, A, "2022-01-31 23:01:00", [HOME, TOP, LOGO]),
    press(3, A, "2022-01-31 23:02:00", [HOME, BUY]),  # the conversion
    press(4, A, "2022-01-31 23:03:00", [HOME, TOP, LOGO]),
    press(5, A, "2022-02-01 22:00:00", []),  # 23 hours later: the same elapsed day, the next one of the calendar
    press(6, B, "2022-02-01 10:00:00", [HOME, TOP, LOGO]),
    press(7, B, "2022-02-01 10:01:00", [HOME], type_="VisibleEvent"),
    press(8, B, "2022-03-01 10:00:00", [HOME, BUY]),
    press(9, C, "2022-02-07 10:00:00", [HOME, TOP, LOGO], contexts=[]),
]
NAME = "Link: logo located at Root Location: home => Navigation: top"
BOUGHT = "Pressable: buy located at Root Location: home"


@pytest.fixture(params=PLACES)
def df(request, tmp_path):
    target, table = stored(request.param, EVENTS, tmp_path)
    return HUB.get_objectiv_dataframe(db_url=target, table_name=table)


HUB = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])


@pytest.fixture
def hub(df):
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    hub.add_conversion_event(location_stack=df.location_stack.json[{"id": "buy"}:], event_type="PressEvent", name="bought")
    return hub


def of_events(series):
    found = series.to_pandas()
    return plain(found.loc[event_id(number)] for number in range(1, len(EVENTS) + 1))


def test_location_stacks(df):
    stack = df.location_stack.ls
    assert of_events(stack.nice_name) == [NAME, NAME, BOUGHT, NAME, None, NAME, "Root Location: home", BOUGHT, NAME]
    assert of_events(stack.feature_stack)[0] == [HOME, TOP, {"_type": "LinkContext", "id": "logo"}]
    assert of_events(stack.navigation_features)[:3] == [[TOP, LOGO], [TOP, LOGO], []]
    assert stack.feature_stack.dtype == stack.navigation_features.dtype == "objectiv_location_stack"
    assert of_events(stack.navigation_features.ls.nice_name)[0] == "Link: logo located at Navigation: top"
    assert of_events(stack.get_from_context_with_type_series("LinkContext", "href"))[:3] == ["/", "/", None]
    assert of_events(df.location_stack.location_stack.nice_name)[2] == BOUGHT
    with pytest.warns(DeprecationWarning, match=r"use SeriesLocationStack\.ls"):
        assert of_events(df.location_stack.obj.nice_name)[2] == BOUGHT
    with pytest.raises(InvalidValue, match="'string' or 'json'"):
        stack.get_from_context_with_type_series("LinkContext", "href", dtype="int64")


def test_sessions_of_several_users_convert_apart(tmp_path):
    # Both users are in their first session, and one converts at once.
    events = [press(1, A, "2022-01-31 23:00:00", [HOME]), press(2, A, "2022-01-31 23:01:00", [HOME]),
              press(3, A, "2022-01-31 23:02:00", [HOME, BUY]), press(4, A, "2022-01-31 23:03:00", [HOME]),
              press(5, B, "2022-01-31 23:00:30", [HOME, BUY]), press(6, B, "2022-01-31 23:01:30", [HOME])]
    for number, place in enumerate(PLACES):
        (tmp_path / str(number)).mkdir()
        target, table = stored(place, events, tmp_path / str(number))
        df = HUB.get_objectiv_dataframe(db_url=target, table_name=table)
        hub = ModelHub()
        hub.add_conversion_event(location_stack=df.location_stack.json[{"id": "buy"}:], name="bought")
        found = hub.map.pre_conversion_hit_number(df, "bought").to_pandas()
        assert plain(found.loc[event_id(number)] for number in range(1, 7)) == [2, 1, None, None, None, None]


def test_hits_before_a_conversion(df, hub):
    assert of_events(hub.map.pre_conversion_hit_number(df, "bought")) == [2, 1, None, None, None, None, None, None, None]
    by_user = hub.map.pre_conversion_hit_number(df, "bought", partition="user_id")
    assert by_user.name == "pre_conversion_hit_number"
    assert by_user.dropna().to_pandas().to_dict() == {event_id(1): 2, event_id(2): 1, event_id(6): 2, event_id(7): 1}


def test_frequency(df, hub):
    assert hub.agg.frequency(df).to_pandas().to_dict() == {1: 1, 2: 2}
    assert hub.agg.frequency(df).name == "user_id_nunique"
    assert list(hub.agg.frequency(df).index) == ["session_id_nunique"]


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
    with pytest.raises(ColumnNotFound, match="no conversion event"):
        hub.agg.top_product_features_before_conversion(df, "sold")


def matrix(frame):
    found = frame.to_pandas()
    rows = [plain(row) for row in found.values.tolist()]
    return dict(zip(found.index, rows, strict=True)), found.columns.tolist()


def test_retention(df, hub):
    assert matrix(hub.agg.retention_matrix(df)) == ({"2022-01": [1.0, 1.0], "2022-02": [2.0, 1.0]}, ["_0", "_1"])
    assert matrix(hub.agg.retention_matrix(df, "yearly")) == ({"2022": [3.0]}, ["_0"])
    assert matrix(hub.agg.retention_matrix(df, "weekly")) == (
        {"2022-01-31": [2.0, 1.0], "2022-02-07": [1.0, None]}, ["_0", "_4"])
    assert matrix(hub.agg.retention_matrix(df, "daily")) == (
        {"2022-01-31": [1.0, None], "2022-02-01": [1.0, 1.0], "2022-02-07": [1.0, None]}, ["_0", "_28"])
    assert matrix(hub.agg.retention_matrix(df, "daily", calendar_days=True, fill_value=0)) == (
        {"2022-01-31": [1.0, 1.0, 0.0], "2022-02-01": [1.0, 0.0, 1.0], "2022-02-07": [1.0, 0.0, 0.0]}, ["_0", "_1", "_28"])
    assert matrix(hub.agg.retention_matrix(df, percentage=True)) == (
        {"2022-01": [100.0, 100.0], "2022-02": [100.0, 50.0]}, ["_0", "_1"])
    assert matrix(hub.agg.retention_matrix(df, start_date="2022-02-01", end_date="2022-03-01")) == (
        {"2022-02": [2.0]}, ["_0"])
    assert matrix(hub.agg.retention_matrix(df, event_type="VisibleEvent")) == ({"2022-02": [1.0]}, ["_0"])
    assert matrix(hub.agg.retention_matrix(df, event_type="InteractiveEvent"))[0] == {}
    assert matrix(hub.agg.retention_matrix(df, event_type="InteractiveEvent", parent_types=True))[1] == ["_0", "_1"]
    with pytest.raises(InvalidValue, match="did you mean 'daily'"):
        hub.agg.retention_matrix(df, "dayly")
    with pytest.raises(InvalidValue, match="not after start_date"):
        hub.agg.retention_matrix(df, start_date="2022-02-01", end_date="2022-01-01")
    with pytest.raises(InvalidValue, match="not a day or a moment"):
        hub.agg.retention_matrix(df, start_date="February")


def test_retention_is_drawn_when_asked_to(tmp_path):
    import matplotlib.pyplot as plt

    target, table = stored("parquet", EVENTS, tmp_path)
    df = HUB.get_objectiv_dataframe(db_url=target, table_name=table)
    before = len(plt.get_fignums())
    HUB.agg.retention_matrix(df, display=True, percentage=True)
    assert len(plt.get_fignums()) == before + 1
    plt.close("all")


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
