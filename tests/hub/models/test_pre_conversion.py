"""Hits before a conversion, on every way of storing events."""

from __future__ import annotations

import pytest
from frame.frames import plain
from hub.presses import BUY, HUB, A, B, frame, hub_of, of_events, press
from hub.tables import HOME, PLACES, event_id, stored

from objectiv_local import ModelHub


@pytest.fixture(params=PLACES)
def df(request, tmp_path):
    return frame(request.param, tmp_path)


@pytest.fixture
def hub(df):
    return hub_of(df)


def test_shared_sessions_convert_per_user(tmp_path):
    # Both users are in their first session, and one of them converts immediately.
    events = [
        press(1, A, "2022-01-31 23:00:00", [HOME]),
        press(2, A, "2022-01-31 23:01:00", [HOME]),
        press(3, A, "2022-01-31 23:02:00", [HOME, BUY]),
        press(4, A, "2022-01-31 23:03:00", [HOME]),
        press(5, B, "2022-01-31 23:00:30", [HOME, BUY]),
        press(6, B, "2022-01-31 23:01:30", [HOME]),
    ]
    for number, place in enumerate(PLACES):
        (tmp_path / str(number)).mkdir()
        target, table = stored(place, events, tmp_path / str(number))
        df = HUB.get_objectiv_dataframe(db_url=target, table_name=table)
        hub = ModelHub()
        hub.add_conversion_event(location_stack=df.location_stack.json[{"id": "buy"} :], name="bought")
        found = hub.map.pre_conversion_hit_number(df, "bought").to_pandas()
        assert plain(found.loc[event_id(number)] for number in range(1, 7)) == [2, 1, None, None, None, None]


def test_hits_before_a_conversion(df, hub):
    assert of_events(hub.map.pre_conversion_hit_number(df, "bought")) == [2, 1, None, None, None, None, None, None, None]
    by_user = hub.map.pre_conversion_hit_number(df, "bought", partition="user_id")
    assert by_user.name == "pre_conversion_hit_number"
    assert by_user.dropna().to_pandas().to_dict() == {event_id(1): 2, event_id(2): 1, event_id(6): 2, event_id(7): 1}
