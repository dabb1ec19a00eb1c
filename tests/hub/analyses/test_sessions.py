"""Sessions: rows computed by hand, and compared with plain Python over lists of events."""

from __future__ import annotations

import datetime

import pytest
from frame.frames import ENGINES
from hub.analyses.drawn import known, local, streams
from hub.analyses.fixture import case_id, day, fixture, loaded, rows, rows_of, with_nobody
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from objectiv_local import ModelHub
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
HUB = ModelHub()
MINUTE = datetime.timedelta(minutes=1)


def at(moment):
    return datetime.datetime.fromisoformat(f"2024-01-{moment}")


def table(analysis):
    return analysis.frame.reset_index().to_arrow().to_pylist()


@on_every_engine
def test_sessions(engine):
    found = HUB.sessions(with_nobody(engine))
    assert found.columns == ["user_id", "start", "end", "duration", "hits", "entry", "exit", "is_bounce"]
    assert rows(found) == [
        (1, "a", at("01 10:00"), at("01 10:20"), 20 * MINUTE, 3, "view", "buy", False),
        (2, "b", at("01 23:50"), at("02 00:05"), 15 * MINUTE, 2, "view", "cart", False),
        (3, "b", at("02 01:30"), at("02 01:30"), 0 * MINUTE, 1, "buy", "buy", True),
        (4, "c", at("02 08:00"), at("02 08:00"), 0 * MINUTE, 1, "view", "view", True),
        (5, "a", at("02 09:00"), at("02 09:00"), 0 * MINUTE, 1, "view", "view", True),
        (6, "c", at("02 09:30"), at("02 09:50"), 20 * MINUTE, 3, "view", "buy", False),
        (7, "e", at("03 10:00"), at("03 10:03"), 3 * MINUTE, 4, "view", "buy", False),
        (8, "d", at("03 12:00"), at("03 12:00"), 0 * MINUTE, 2, "cart", "view", False),
        (9, "f", at("04 08:00"), at("04 08:02"), 2 * MINUTE, 3, "buy", "view", False),
        (10, "b", at("08 12:00"), at("08 12:00"), 0 * MINUTE, 1, "view", "view", True),
    ]
    assert "1 of them have no user_id, and are left out." in found.definition
    assert rows(found.users(session_id=3)) == [("b", at("02 01:30"))]


@on_every_engine
def test_sessions_of_the_frame(engine):
    events = HUB.sessionize(with_nobody(engine))
    assert rows(HUB.sessions(events)) == rows(HUB.sessions(fixture(engine)))
    assert "Sessions come from the column session_id." in HUB.sessions(events).definition
    # With other arguments, sessions are recomputed.
    assert len(rows(HUB.sessions(events, gap=datetime.timedelta(days=30)))) == 6
    given_ids = fixture(engine).assign(session_id=fixture(engine).country)
    assert [row[:2] + row[5:6] for row in rows(HUB.sessions(given_ids))] == [("BE", "c", 6), ("DE", "e", 4), ("NL", "a", 8)]


@on_every_engine
def test_a_pause_of_exactly_the_gap_does_not_end_a_session(engine):
    events = loaded(
        engine,
        rows_of(
            [("a", "2024-01-01 10:00", "view"), ("a", "2024-01-01 10:30", "view"), ("a", "2024-01-01 11:00:00.000001", "view")]
        ),
    )
    assert [row["hits"] for row in table(HUB.sessions(events))] == [2, 1]
    assert [row["hits"] for row in table(HUB.sessions(events, gap=31 * MINUTE))] == [3]
    assert [row["hits"] for row in table(HUB.sessions(events, gap=0 * MINUTE))] == [1, 1, 1]


@on_every_engine
def test_midnight(engine):
    found = HUB.sessions(fixture(engine), midnight_reset=True)
    assert len(rows(found)) == 11
    assert [row["hits"] for row in table(found) if row["user_id"] == "b"] == [1, 1, 1, 1]
    # In Tokyo, neither 23:50 nor 00:05 is close to midnight.
    assert len(rows(ModelHub(time_zone="Asia/Tokyo").sessions(fixture(engine), midnight_reset=True))) == 10


@on_every_engine
def test_a_new_campaign(engine):
    events = loaded(
        engine,
        rows_of(
            [
                ("a", f"2024-01-01 10:0{minute}", kind)
                for minute, kind in enumerate([None, "ads", None, "ads", "mail", None, "ads"])
            ]
        ),
    )
    assert [(row["hits"], row["entry"], row["exit"]) for row in table(HUB.sessions(events, new_on="event_type"))] == [
        (1, None, None),
        (3, "ads", "ads"),
        (2, "mail", "mail"),
        (1, "ads", "ads"),
    ]


@on_every_engine
def test_bounces(engine):
    events = fixture(engine)

    def bounces(**options):
        return [row["session_id"] for row in table(HUB.sessions(events, **options)) if row["is_bounce"]]

    assert bounces() == [3, 4, 5, 10]
    assert bounces(bounce="single_view", views="view") == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert bounces(bounce="single_view", views=["view", "cart"]) == [3, 4, 5, 10]
    assert bounces(bounce="not_engaged") == [3, 4, 5, 10]
    assert bounces(bounce="not_engaged", views="view") == [3, 4, 5, 8, 10]
    assert bounces(bounce="not_engaged", views="view", key_events="buy") == [4, 5, 8, 10]
    # A session of exactly that duration is engaged.
    assert bounces(bounce="not_engaged", views="view", engaged_after=3 * MINUTE) == [3, 4, 5, 8, 9, 10]


@on_every_engine
def test_filters_come_after_sessions(engine):
    found = HUB.sessions(fixture(engine), where=["cart", "buy"])
    assert [(row["session_id"], row["hits"], row["entry"], row["start"]) for row in table(found)] == [
        (1, 2, "cart", at("01 10:05")),
        (2, 1, "cart", at("02 00:05")),
        (3, 1, "buy", at("02 01:30")),
        (6, 2, "cart", at("02 09:40")),
        (7, 2, "cart", at("03 10:02")),
        (8, 1, "cart", at("03 12:00")),
        (9, 2, "buy", at("04 08:00")),
    ]
    assert [row["exit"] for row in table(found)] == ["buy", "cart", "buy", "buy", "buy", "cart", "cart"]
    found = HUB.sessions(HUB.sessionize(fixture(engine)), where="buy", views="buy", bounce="single_view")
    assert [(row["session_id"], row["is_bounce"]) for row in table(found)] == [
        (1, True),
        (3, True),
        (6, True),
        (7, True),
        (9, True),
    ]


@on_every_engine
def test_the_range_applies_to_starts(engine):
    found = HUB.sessions(fixture(engine), start="2024-01-02", end="2024-01-03")
    assert [row["session_id"] for row in table(found)] == [3, 4, 5, 6]
    found = HUB.sessions(fixture(engine), start="2024-01-02 01:30", end="2024-01-02 08:00")
    assert [row["session_id"] for row in table(found)] == [3]
    found = HUB.sessions(fixture(engine), as_of="2024-01-02 00:00")
    assert [(row["session_id"], row["hits"]) for row in table(found)] == [(1, 3), (2, 1)]


@on_every_engine
def test_the_summary(engine):
    found = HUB.sessions(with_nobody(engine))
    assert rows(found.summary()) == [(10, 6, 21, 2.1, 6 * MINUTE, 1 * MINUTE, 4, 0.4)]
    assert rows(found.summary("day"))[1:5] == [
        (day(2), 4, 3, 6, 1.5, 5 * MINUTE, 0 * MINUTE, 3, 0.75, True),
        (day(3), 2, 2, 6, 3.0, 1.5 * MINUTE, 1.5 * MINUTE, 0, 0.0, True),
        (day(4), 1, 1, 3, 3.0, 2 * MINUTE, 2 * MINUTE, 0, 0.0, True),
        (day(5), 0, 0, 0, None, None, None, 0, None, True),
    ]
    assert [row[-1] for row in rows(found.summary("day"))] == [True] * 7 + [False]
    assert rows(HUB.sessions(loaded(engine, [])).summary()) == [(0, 0, 0, None, None, None, 0, None)]
    assert rows(HUB.sessions(loaded(engine, [])).summary("day")) == []
    assert rows(HUB.sessions(loaded(engine, []))) == []


@on_every_engine
def test_units_of_several_columns(engine):
    found = HUB.sessions(with_nobody(engine), unit=["user_id", "event_type"])
    assert found.columns[:2] == ["user_id", "event_type"]
    # The views of c at 08:00 and 09:30 are in different sessions, and so are those of a and of b.
    assert len(rows(found)) == 3 + 3 + 3 + 2 + 4 + 3 + 3
    assert rows(found.summary("year"))[0][1:3] == (21, 18)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"bounce": "single"}, InvalidValue, "(?s)bounce of sessions cannot be 'single'.*single_event"),
        ({"gap": -MINUTE}, InvalidValue, "gap of sessions is negative"),
        ({"gap": 30}, InvalidType, "gap of "),
        ({"engaged_after": -MINUTE}, InvalidValue, "engaged_after"),
        ({"label": "page"}, ColumnNotFound, "label of sessions"),
        ({"label": 3}, InvalidType, "label of sessions"),
        ({"new_on": "campaign"}, ColumnNotFound, "new_on of sessions"),
        ({"where": 3}, InvalidType, "where of sessions"),
        ({"views": 3}, InvalidType, "views of sessions"),
        ({"key_events": lambda events: events.amount}, InvalidType, "key_events of sessions"),
        ({"unit": "visitor"}, ColumnNotFound, "visitor"),
    ],
    ids=case_id,
)
def test_errors(arguments, error, words):
    with pytest.raises(error, match=words):
        HUB.sessions(fixture("duckdb"), **arguments)


def test_more_errors():
    with pytest.raises(InvalidValue, match="by is not a period"):
        HUB.sessions(fixture("duckdb")).summary("minute")
    with pytest.raises(InvalidValue, match="also the name of a column of the result"):
        HUB.sessions(fixture("duckdb").rename(columns={"country": "hits"}), unit="hits")
    assert "did you mean 'buy'?" in HUB.sessions(fixture("duckdb"), key_events="bye").definition


def by_hand(events, gap, midnight, new_on, zone):
    """Return the sessions as lists of events, in order."""
    found = []
    for own in known(events).values():
        campaign, session = None, []
        for row in own:
            value = row["country"]
            is_new = not session or row["moment"] - session[-1]["moment"] > gap
            is_new |= (
                midnight and bool(session) and local(row["moment"], zone).date() != local(session[-1]["moment"], zone).date()
            )
            is_new |= new_on and value is not None and value != campaign
            campaign = campaign if value is None else value
            if is_new:
                session = []
                found.append(session)
            session.append(row)
    return sorted(found, key=lambda session: (session[0]["moment"], session[0]["event_id"]))


@on_every_engine
def test_sessions_match_plain_python(engine):
    @settings(
        max_examples=40 if engine == "duckdb" else 10,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
    )
    @given(
        events=streams(20),
        gap=st.sampled_from([0, 1, 30, 60, 1440]),
        midnight=st.booleans(),
        new_on=st.booleans(),
        zone=st.sampled_from(["UTC", "Europe/Amsterdam"]),
        kept=st.sampled_from([None, "view"]),
    )
    def check(events, gap, midnight, new_on, zone, kept):
        expected = []
        for number, session in enumerate(by_hand(events, gap * MINUTE, midnight, new_on, zone), 1):
            left = [row for row in session if kept in (None, row["event_type"])]
            labels = [row["country"] for row in left if row["country"] is not None] or [None]
            if left:
                expected.append(
                    (
                        number,
                        left[0]["user_id"],
                        left[0]["moment"],
                        left[-1]["moment"],
                        left[-1]["moment"] - left[0]["moment"],
                        len(left),
                        labels[0],
                        labels[-1],
                        len(left) == 1,
                    )
                )
        found = ModelHub(time_zone=zone).sessions(
            loaded(engine, events),
            "country",
            gap=gap * MINUTE,
            midnight_reset=midnight,
            new_on="country" if new_on else None,
            where=kept,
        )
        assert rows(found) == expected

    check()
