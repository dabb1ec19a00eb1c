"""Trends: measures of each period, by group, and compared with previous periods."""

from __future__ import annotations

import datetime

import pytest
from frame.frames import ENGINES
from hub.analyses.fixture import case_id, day, fixture, loaded, rows, rows_of, with_nobody

from objectiv_local import ModelHub
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
HUB = ModelHub()


def values(analysis):
    """Return the values of the eight days of the fixture."""
    return [row[1] for row in rows(analysis)]


@on_every_engine
def test_users_of_each_day(engine):
    found = HUB.trend(fixture(engine))
    assert rows(found) == [
        (day(number), users, number < 8) for number, users in zip(range(1, 9), (2, 3, 2, 1, 0, 0, 0, 1), strict=True)
    ]
    assert found.to_arrow().schema.field("period").type == "date32[day]"


@on_every_engine
@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("events", [4, 8, 6, 3, 0, 0, 0, 1]),
        ("events_per_user", [2.0, 7 / 3, 3.0, 3.0, None, None, None, 1.0]),
        ("first_time_users", [2, 1, 2, 1, 0, 0, 0, 0]),
        (
            ("sum", "amount"),
            [
                0 + 10 + 20 + 40,
                30 + 50 + 60 + 80 + 90 + 100 + 110 + 210,
                120 + 130 + 140 + 150 + 160 + 170,
                180 + 190 + 200,
                0,
                0,
                0,
                70,
            ],
        ),
        (("mean", "amount"), [17.5, 730 / 8, 145.0, 190.0, None, None, None, 70.0]),
        (("median", "amount"), [15.0, 85.0, 145.0, 190.0, None, None, None, 70.0]),
        (("min", "amount"), [0, 30, 120, 180, None, None, None, 70]),
        (("nunique", "event_type"), [3, 3, 4, 3, 0, 0, 0, 1]),
    ],
    ids=case_id,
)
def test_measures(engine, measure, expected):
    assert values(HUB.trend(with_nobody(engine), measure)) == pytest.approx(expected)


@on_every_engine
def test_an_event_without_a_user_counts_for_no_user(engine):
    assert values(HUB.trend(with_nobody(engine))) == [2, 3, 2, 1, 0, 0, 0, 1]
    found = HUB.trend(with_nobody(engine))
    assert "1 of them have no user_id, and are left out." in found.definition


@on_every_engine
def test_sessions(engine):
    found = HUB.trend(HUB.sessionize(with_nobody(engine)), "sessions")
    # Of the sessions on the 2nd, the one of b began the day before.
    assert values(found) == [2, 5, 2, 1, 0, 0, 0, 1]


@on_every_engine
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("buy", [1, 2, 1, 1, 0, 0, 0, 0]),
        (["cart", "error"], [1, 2, 2, 1, 0, 0, 0, 0]),
        (lambda events: events.amount >= 100, [0, 1, 2, 1, 0, 0, 0, 0]),
        ("bye", [0] * 8),
    ],
    ids=["type", "types", "function", "never"],
)
def test_conditions(engine, where, expected):
    assert values(HUB.trend(fixture(engine), where=where)) == expected


@on_every_engine
def test_a_series_and_a_frame_of_users_as_conditions(engine):
    events = fixture(engine)
    assert values(HUB.trend(events, where=events.event_type == "buy")) == [1, 2, 1, 1, 0, 0, 0, 0]
    buyers = HUB.trend(events, where="buy").users()
    assert sorted(buyers.to_pandas().index) == ["a", "b", "c", "e", "f"]
    assert values(HUB.trend(events, where=buyers)) == [2, 3, 1, 1, 0, 0, 0, 1]
    assert rows(HUB.trend(events, by="month", breakdown=buyers)) == [
        (datetime.date(2024, 1, 1), "in", 5, False),
        (datetime.date(2024, 1, 1), "not in", 1, False),
    ]


@on_every_engine
def test_a_type_that_never_occurs_is_named(engine):
    assert "No event has the type 'bye'; did you mean 'buy'?" in HUB.trend(fixture(engine), where="bye").definition


@on_every_engine
def test_breakdown(engine):
    found = HUB.trend(fixture(engine), by="week", breakdown="country")
    first, second = day(1), day(8)
    assert rows(found) == [
        (first, "(none)", 1, True),
        (first, "BE", 2, True),
        (first, "DE", 1, True),
        (first, "NL", 2, True),
        (second, "(none)", 0, False),
        (second, "BE", 0, False),
        (second, "DE", 0, False),
        (second, "NL", 1, False),
    ]
    assert found.matrix().to_pandas().iloc[0].to_dict() == {"(none)": 1, "BE": 2, "DE": 1, "NL": 2}


@on_every_engine
def test_users_of_several_other_groups_count_once(engine):
    found = HUB.trend(fixture(engine), by="week", breakdown="event_type", top=1)
    # view and cart have 6 users each, and view is later in the alphabet; all six users are in the other groups.
    assert rows(found)[:2] == [(day(1), "(other)", 6, True), (day(1), "cart", 6, True)]
    assert rows(found.users(period=day(8), event_type="(other)"))[0] == ("b", datetime.datetime(2024, 1, 8, 12))


@on_every_engine
def test_users_of_each_cell(engine):
    for by in ("hour", "day", "week", "month", "quarter", "year"):
        found = HUB.trend(fixture(engine), by=by, breakdown="country", top=2)
        for period, country, value, _ in rows(found)[:24]:
            assert len(found.users(period=period, country=country).to_arrow()) == value


@on_every_engine
def test_periods(engine):
    events = fixture(engine)
    hours = rows(HUB.trend(events, by="hour", end="2024-01-02"))
    assert len(hours) == 14
    assert hours[0] == (datetime.datetime(2024, 1, 1, 10), 1, True)
    assert hours[-1] == (datetime.datetime(2024, 1, 1, 23), 1, True)
    assert rows(HUB.trend(events, by="month", start="2023-11-15", end="2024-02-01")) == [
        (datetime.date(2023, 11, 1), 0, False),
        (datetime.date(2023, 12, 1), 0, True),
        (datetime.date(2024, 1, 1), 6, False),
    ]
    assert rows(HUB.trend(events, by="quarter", as_of="2024-04-01")) == [
        (day(1), 6, True),
        (datetime.date(2024, 4, 1), 0, False),
    ]
    assert rows(HUB.trend(events, by="year")) == [(day(1), 6, False)]
    assert rows(ModelHub(week_start="sunday").trend(events, by="week")) == [
        (datetime.date(2023, 12, 31), 6, False),
        (day(7), 1, False),
    ]


@on_every_engine
def test_local_days(engine):
    # In Tokyo, 2024-01-01 23:50 is the 2nd, and the last event, at 12:00, is at 21:00.
    found = ModelHub(time_zone="Asia/Tokyo").trend(fixture(engine), as_of="2024-01-09")
    assert rows(found) == [
        (day(number), users, True) for number, users in zip(range(1, 9), (1, 3, 2, 1, 0, 0, 0, 1), strict=True)
    ] + [(day(9), 0, False)]


@on_every_engine
def test_as_of_leaves_later_events_out(engine):
    found = HUB.trend(fixture(engine), "events", as_of="2024-01-02 09:30")
    assert rows(found) == [(day(1), 4, True), (day(2), 5, False)]


@on_every_engine
def test_the_previous_periods(engine):
    events = fixture(engine)
    found = HUB.trend(events, start="2024-01-03", end="2024-01-05", compare="previous")
    assert rows(found) == [(day(3), 2, 2, True), (day(4), 1, 3, True)]
    found = HUB.trend(events, start="2024-01-03", end="2024-01-05", compare="previous", breakdown="country", top=1)
    # In the range, BE, DE and the missing country have one user each: the first of them alphabetically is kept.
    assert rows(found) == [
        (day(3), "(none)", 0, 0, True),
        (day(3), "(other)", 2, 2, True),
        (day(4), "(none)", 1, 0, True),
        (day(4), "(other)", 0, 3, True),
    ]


@on_every_engine
def test_units_of_several_columns(engine):
    found = HUB.trend(with_nobody(engine), by="week", unit=["user_id", "event_type"])
    assert values(found) == [3 + 3 + 3 + 2 + 4 + 3, 1]
    found = HUB.trend(with_nobody(engine), "events_per_user", "week", unit=["user_id", "event_type"])
    assert values(found) == pytest.approx([20 / 18, 1.0])
    assert found.users(period=day(8)).index_columns == ["user_id", "event_type"]


@on_every_engine
def test_no_events(engine):
    none = loaded(engine, [])
    assert rows(HUB.trend(none)) == []
    assert rows(HUB.trend(none, "events", start="2024-01-01", as_of="2024-01-02 12:00")) == [
        (day(1), 0, True),
        (day(2), 0, False),
    ]
    assert "There are no events." in HUB.trend(none).definition


@on_every_engine
def test_days_on_which_clocks_change(engine):
    moments = [
        "2024-03-31 00:30",
        "2024-03-31 21:59",
        "2024-03-31 22:00",
        "2024-10-27 00:30",
        "2024-10-27 01:30",
        "2024-10-27 22:59",
        "2024-10-27 23:00",
    ]
    events = loaded(engine, rows_of([("a", each, "view") for each in moments]))
    hub = ModelHub(time_zone="Europe/Amsterdam")
    assert [row for row in rows(hub.trend(events, "events")) if row[1]] == [
        (datetime.date(2024, 3, 31), 2, True),
        (datetime.date(2024, 4, 1), 1, True),
        (datetime.date(2024, 10, 27), 3, True),
        (datetime.date(2024, 10, 28), 1, False),
    ]
    # 02:30 occurs twice.
    hours = rows(hub.trend(events, "events", "hour", start="2024-10-27", end="2024-10-28"))
    assert len(hours) == 24
    assert hours[2] == (datetime.datetime(2024, 10, 27, 2), 2, True)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"measure": "user"}, InvalidValue, "(?s)measure of trend cannot be 'user'.*users"),
        ({"measure": "sum"}, InvalidValue, "also name a column"),
        ({"measure": ("total", "amount")}, InvalidValue, "measure of trend cannot be"),
        ({"measure": ("sum", "amout")}, ColumnNotFound, "(?s)amout.*amount"),
        ({"measure": ("sum", "event_type")}, InvalidType, "cannot compute the sum"),
        ({"measure": "sessions"}, ColumnNotFound, "sessionize"),
        ({"by": "minute"}, InvalidValue, "by is not a period"),
        ({"where": 3}, InvalidType, "where of trend cannot be"),
        ({"where": lambda events: events.amount}, InvalidType, "bool series"),
        ({"where": []}, InvalidType, "where of trend cannot be"),
        ({"breakdown": "land"}, ColumnNotFound, "breakdown of trend is column 'land', which the frame does not have"),
        ({"breakdown": "user_id"}, InvalidValue, "rename it"),
        ({"breakdown": "country", "top": 0}, InvalidValue, "top is 0, and has to be"),
        ({"unit": "visitor"}, ColumnNotFound, "visitor"),
        ({"unit": []}, InvalidValue, "unit of trend"),
        ({"start": "2024-01-02", "end": "2024-01-02"}, InvalidValue, "is not after start"),
        ({"start": "soon"}, InvalidValue, "start is not a day or a moment"),
        ({"compare": "previous"}, InvalidValue, "needs a range"),
        ({"compare": "year", "start": "2024-01-02", "end": "2024-01-03"}, InvalidValue, "compare of trend"),
    ],
    ids=case_id,
)
def test_errors(arguments, error, words):
    with pytest.raises(error, match=words):
        HUB.trend(fixture("duckdb"), **arguments)


def test_missing_values_of_cells():
    found = HUB.trend(fixture("duckdb"))
    with pytest.raises(InvalidValue, match="no index level 'day'"):
        found.users(day="2024-01-01")
    with pytest.raises(InvalidValue, match="period of users has to be a date"):
        found.users(period="yesterday")
    assert rows(found.users(period="1999-01-01")) == []


def test_the_analysis_is_its_frame():
    found = HUB.trend(fixture("duckdb"), by="week", where="buy")
    assert found.to_pandas().equals(found.frame.to_pandas())
    assert repr(found) == "<trend(by='week', where='buy')\nindex: period; columns: value, complete>"
    assert found["value"].sum().value == 5
    assert {"to_pandas", "view_sql", "users", "definition"} <= {*dir(found)}
    assert found.view_sql(dialect="postgres").startswith("WITH")
    with pytest.raises(AttributeError, match="definition"):
        found.definitions  # noqa: B018


@on_every_engine
def test_the_first_period_is_complete_if_the_data_begin_with_its_first_day(engine):
    # The data begin on Monday, January 1, 2024 at 10:00.
    events = fixture(engine)
    for by, complete in (("hour", True), ("day", True), ("week", True), ("month", False)):
        assert rows(HUB.trend(events, by=by))[0][-1] is complete, by
    # Without b, who only has events before 8 o'clock and on the 8th.
    later = events[events.moment >= datetime.datetime(2024, 1, 2, 8)].copy()
    assert rows(HUB.trend(later, by="day"))[0] == (day(2), 2, True)
    assert rows(HUB.trend(later, by="week"))[0] == (day(1), 5, False)
    # An explicit range counts as covered, with or without events.
    assert rows(HUB.trend(later, by="week", start="2024-01-01"))[0] == (day(1), 5, True)
    assert rows(HUB.trend(later, by="month", start="2024-01-01", as_of="2024-02-01"))[0] == (day(1), 6, True)
    assert rows(HUB.trend(later, by="month", as_of="2024-02-01"))[0] == (day(1), 6, False)
