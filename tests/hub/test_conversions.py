"""Conversions registered over one state of a frame and applied to others: their columns are found, or reported missing."""

from __future__ import annotations

import pytest
from frame.frames import plain
from hub.tables import HOME, PLACES, event, event_id, stored

from objectiv_local import DataFrame, ModelHub, connect
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue

LOGO, BUY = {"_type": "LinkContext", "id": "logo"}, {"_type": "PressableContext", "id": "buy"}
EVENTS = [
    event(1, 1, "2022-02-01 10:00:00", stack=[HOME, BUY]),
    event(2, 1, "2022-02-01 10:05:00", stack=[HOME, LOGO]),
    event(3, 2, "2022-02-01 10:06:00", stack=[BUY], type_="VisibleEvent"),
    event(4, 2, "2022-02-02 10:00:00", stack=[HOME, LOGO, BUY]),
]
ENGINES = ("arrow", PLACES[-2])


@pytest.fixture(params=ENGINES)
def df(request, tmp_path):
    target, table = stored(request.param, EVENTS, tmp_path)
    return ModelHub().get_objectiv_dataframe(db_url=target, table_name=table)


def buying(stack):
    return stack.json[{"id": "buy"} :]


def registered(stack, **options):
    hub = ModelHub(time_aggregation="%Y-%m-%d")
    hub.add_conversion_event(location_stack=stack, name="bought", **options)
    return hub


def kept(frame):
    return frame.materialize(materialization="temp_table")


def converts(hub, frame):
    found = hub.map.is_conversion_event(frame, "bought")
    assert "JOIN" not in found.view_sql()
    return {
        number: plain([value])[0]
        for number in range(1, 5)
        if event_id(number) in (all_ := found.to_pandas()).index
        for value in [all_.loc[event_id(number)]]
    }


BOUGHT = {1: True, 2: False, 3: True, 4: True}


def test_a_column_of_another_name(df):
    hub = registered(buying(df.location_stack))
    renamed = df.rename(columns={"location_stack": "place", "event_type": "location_stack"})
    assert converts(hub, renamed) == converts(hub, kept(renamed)) == BOUGHT
    assert converts(hub, kept(kept(renamed).rename(columns={"place": "where"}))) == BOUGHT


def test_a_replaced_column(df):
    hub = registered(buying(df.location_stack), event_type="PressEvent")
    pressed = BOUGHT | {3: False}
    changed = df.copy()
    changed["location_stack"] = changed.location_stack.json[:1]
    # The replaced column is used if it still exists in an earlier step; otherwise it is missing, and its namesake is not used.
    assert converts(hub, changed) == pressed
    assert converts(hub, changed[changed.session_hit_number == 1]) == {1: True, 3: False, 4: True}
    for frame in (kept(changed), kept(changed[changed.session_hit_number == 1]), changed.get_sample(sample_percentage=100)):
        with pytest.raises(ColumnNotFound, match=r"conversion 'bought' is computed from location_stack as it was"):
            hub.map.is_conversion_event(frame, "bought")
    changed["before"] = df.location_stack
    assert converts(hub, kept(changed)) == pressed


def test_a_column_replaced_before_materializing_and_overwriting(tmp_path):
    target, table = stored("duckdb file", EVENTS, tmp_path)
    with connect(target, read_only=False, new=True) as engine:
        df = ModelHub().get_objectiv_dataframe(db_url=engine, table_name=table)
        hub = registered(buying(df.location_stack))
        changed = df.copy()
        changed["location_stack"] = changed.location_stack.json[:1]
        frame = kept(changed)
        changed.groupby("event_type").agg(n=("user_id", "count")).database_create_table("written")
        with pytest.raises(ColumnNotFound, match=r"conversion 'bought' is computed from location_stack as it was"):
            hub.map.is_conversion_event(frame, "bought")


def test_columns_computed_from_others(df):
    own = df.copy()
    own["part"] = buying(own.location_stack)
    hub = registered(own.part)
    # Frames that never had the column, and a frame that had it and lost it.
    for frame in (
        df,
        kept(df),
        kept(own),
        kept(own).drop(columns=["part"]),
        kept(own.drop(columns=["part"])),
        kept(own.drop(columns=["location_stack"])),
    ):
        assert converts(hub, frame) == BOUGHT
    neither = kept(own.drop(columns=["part", "location_stack"]))
    with pytest.raises(ColumnNotFound, match=r"computed from part as it was(.|\n)*register it again"):
        hub.map.is_conversion_event(neither, "bought")
    # The column that it was computed from now has other values.
    own["location_stack"] = own.location_stack.json[5:]
    with pytest.raises(ColumnNotFound, match="computed from part as it was"):
        hub.map.is_conversion_event(kept(own.drop(columns=["part"])), "bought")


def test_a_stack_of_other_rows(df):
    groups = df.groupby("user_id").session_id
    several = groups.transform("max") > groups.transform("min")
    hub = registered(buying(df.location_stack.where(several)))
    # The second user has two sessions, the first has one.
    bought = {1: False, 2: False, 3: True, 4: True}
    assert converts(hub, df) == converts(hub, df.assign(x=1)) == converts(hub, df.materialize()) == bought
    assert converts(hub, df[df.event_type == "PressEvent"]) == {1: False, 2: False, 4: True}
    with pytest.raises(InvalidValue, match=r"reads other rows than its own(.|\n)*register it again"):
        hub.map.is_conversion_event(kept(df), "bought")


def test_frames_of_other_rows_are_read_by_name(df, tmp_path):
    hub = registered(buying(df.location_stack), event_type="PressEvent")
    target, table = stored("duckdb file", EVENTS[1:], tmp_path)
    other = ModelHub().get_objectiv_dataframe(db_url=target, table_name=table)
    assert converts(hub, other) == {2: False, 3: False, 4: True}
    text = kept(other.assign(location_stack=other.location_stack.ls.nice_name))
    with pytest.raises(InvalidType, match=r"needs location_stack as objectiv_location_stack, not as string(.|\n)*cast it"):
        hub.map.is_conversion_event(text, "bought")
    with pytest.raises(ColumnNotFound, match="computed from location_stack as it was"):
        hub.map.is_conversion_event(other[["event_type"]], "bought")
    twice = df.append(df)
    assert sorted(plain(hub.map.is_conversion_event(twice, "bought").to_pandas())) == [False] * 4 + [True] * 4


def test_constants_are_not_columns(df):
    hub = registered(buying(df.location_stack))
    later = kept(df.assign(wanted='{"id": "buy"}', zero=0))
    assert converts(hub, later) == BOUGHT


def test_a_frame_without_connection():
    events = DataFrame.from_schema(
        {"event_id": "uuid", "location_stack": "objectiv_location_stack", "event_type": "string"}, index=["event_id"]
    )
    hub = registered(buying(events.location_stack))
    sql = hub.map.is_conversion_event(events[events.event_type == "PressEvent"].materialize(), "bought").view_sql()
    assert "JOIN" not in sql
