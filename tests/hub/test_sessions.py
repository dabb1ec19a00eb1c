"""Sessions, their numbers and the event frame, on every way of storing events."""

from __future__ import annotations

import pytest
from hub.tables import PLACES, event, event_id, stored, user

from objectiv_local import ModelHub

A, B = 1, 2
# Session starts in order of time: A's first (10:00), B's (10:10), A's second (11:30:00.000001), A's third (next day).
EVENTS = [
    event(1, A, "2022-02-01 10:00:00"),
    event(2, A, "2022-02-01 10:30:00"),  # exactly the gap: still in the session
    event(4, A, "2022-02-01 11:00:00", type_="VisibleEvent"),
    event(3, A, "2022-02-01 11:00:00"),  # the same moment: ordered by id
    event(5, B, "2022-02-01 10:10:00"),
    event(6, A, "2022-02-01 11:30:00.000001"),  # a microsecond more than the gap: a new session
    event(7, A, "2022-02-01 23:50:00"),
    event(8, A, "2022-02-02 00:10:00"),  # over midnight, in the session of 7
]
SESSIONS = {1: (1, 1), 2: (1, 2), 3: (1, 3), 4: (1, 4), 5: (2, 1), 6: (3, 1), 7: (4, 1), 8: (4, 2)}


@pytest.fixture(params=PLACES)
def place(request, tmp_path):
    return stored(request.param, EVENTS, tmp_path)


def sessions(hub, place, **arguments):
    target, table = place
    df = hub.get_objectiv_dataframe(db_url=target, table_name=table, **arguments)
    found = df[["session_id", "session_hit_number"]].to_pandas()
    assert found.dtypes.astype(str).to_dict() == {"session_id": "Int64", "session_hit_number": "Int64"}
    return {
        number: tuple(int(value) for value in found.loc[event_id(number)])
        for number in range(1, 9)
        if event_id(number) in found.index
    }


def test_sessions(place):
    assert sessions(ModelHub(), place) == SESSIONS


def test_another_gap(place):
    # Ten seconds: only the two hits at the same moment stay together.
    assert sessions(ModelHub(), place, session_gap_seconds=10) == {
        1: (1, 1),
        5: (2, 1),
        2: (3, 1),
        3: (4, 1),
        4: (4, 2),
        6: (5, 1),
        7: (6, 1),
        8: (7, 1),
    }


def test_dates_are_inclusive_and_filter_before_sessions_are_computed(place):
    assert sessions(ModelHub(), place, start_date="2022-02-02") == {8: (1, 1)}
    assert sessions(ModelHub(), place, end_date="2022-02-01") == {
        number: value for number, value in SESSIONS.items() if number != 8
    }
    assert sessions(ModelHub(), place, start_date="2022-02-01", end_date="2022-02-02") == SESSIONS


def test_columns_and_types(place):
    target, table = place
    df = ModelHub(global_contexts=["application"]).get_objectiv_dataframe(db_url=target, table_name=table)
    assert df.index_dtypes == {"event_id": "uuid"}
    assert df.dtypes == {
        "day": "date",
        "moment": "timestamp",
        "user_id": "uuid",
        "location_stack": "objectiv_location_stack",
        "event_type": "string",
        "stack_event_types": "json",
        "session_id": "int64",
        "session_hit_number": "int64",
        "application": "objectiv_global_context",
    }
    row = df.to_pandas().loc[event_id(4)]
    assert row["user_id"] == str(user(A))
    assert row["event_type"] == "VisibleEvent"
    assert row["stack_event_types"] == ["AbstractEvent", "VisibleEvent"]
    assert (row["location_stack"], row["application"]) == ([], [])


def test_frame_without_sessions(place):
    target, table = place
    df = ModelHub().get_objectiv_dataframe(db_url=target, table_name=table, with_sessionized_data=False)
    assert "session_id" not in df.data_columns
    assert "lag(" not in df.view_sql()
    assert len(df.to_pandas()) == 8
    with pytest.raises(KeyError, match="session_id is not present"):
        ModelHub().map.is_first_session(df)
