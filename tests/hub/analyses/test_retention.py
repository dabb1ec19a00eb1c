"""Retention: cells computed by hand."""

from __future__ import annotations

import datetime

import pytest
from frame.frames import ENGINES
from hub.analyses.fixture import case_id, day, fixture, loaded, rows, rows_of, with_nobody

from objectiv_local import ModelHub
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
HUB = ModelHub()


def users(analysis):
    """Return the users of cells that have any, by (day of the cohort, periods since)."""
    table = analysis.frame.reset_index().to_arrow().to_pylist()
    return {(row["cohort"].day, row["periods_since"]): row["users"] for row in table if row["users"]}


def sizes(analysis):
    table = analysis.frame.reset_index().to_arrow().to_pylist()
    return {row["cohort"].day: row["cohort_users"] for row in table if row["cohort_users"]}


@on_every_engine
def test_days_of_the_calendar(engine):
    found = HUB.retention(with_nobody(engine))
    assert found.index_columns == ["cohort", "periods_since"]
    assert found.columns == ["cohort_users", "users", "rate", "complete"]
    assert rows(found)[:9] == [
        (day(1), 0, 2, 2, 1.0, True),
        (day(1), 1, 2, 2, 1.0, True),
        *((day(1), since, 2, 0, 0.0, True) for since in range(2, 7)),
        (day(1), 7, 2, 1, 0.5, False),
        (day(2), 0, 1, 1, 1.0, True),
    ]
    assert rows(found)[-1] == (day(8), 0, 0, 0, None, False)
    assert len(rows(found)) == 8 * 9 // 2
    assert sizes(found) == {1: 2, 2: 1, 3: 2, 4: 1}
    assert "1 of them have no user_id, and are left out." in found.definition


@on_every_engine
def test_elapsed_time(engine):
    found = HUB.retention(fixture(engine), clock="elapsed")
    assert users(found) == {(1, 0): 2, (1, 6): 1, (2, 0): 1, (3, 0): 2, (4, 0): 1}
    complete = {row[1]: row[5] for row in rows(found) if row[0] == day(1)}
    # The cohort ends with the 1st; its first 24 hours end with the 2nd, and the sixth ones at 24:00 on the 8th.
    assert complete == {0: True, 1: True, 2: True, 3: True, 4: True, 5: True, 6: False, 7: False}


@on_every_engine
def test_two_distances_within_one_day(engine):
    events = loaded(
        engine, rows_of([("a", "2024-01-01 20:00", "view"), ("a", "2024-01-02 19:59", "buy"), ("a", "2024-01-02 20:00", "buy")])
    )
    assert users(HUB.retention(events, "view", "buy", clock="elapsed")) == {(1, 0): 1, (1, 1): 1}
    assert users(HUB.retention(events, "view", "buy")) == {(1, 1): 1}


@on_every_engine
def test_users_that_start_again(engine):
    found = HUB.retention(fixture(engine), mode="recurring")
    assert sizes(found) == {1: 2, 2: 3, 3: 2, 4: 1, 8: 1}
    assert users(found) == {(1, 0): 2, (1, 1): 2, (1, 7): 1, (2, 0): 3, (2, 6): 1, (3, 0): 2, (4, 0): 1, (8, 0): 1}


@on_every_engine
def test_criteria(engine):
    events = fixture(engine)
    found = HUB.retention(events, criterion="on_or_after")
    assert {since: count for (cohort, since), count in users(found).items() if cohort == 1} == {0: 2, 1: 2} | dict.fromkeys(
        range(2, 8), 1
    )
    found = HUB.retention(events, "view", "buy", criterion="on_or_before")
    assert [users(found).get((1, since)) for since in range(8)] == [1] + [2] * 7
    assert [users(found).get((3, since)) for since in range(6)] == [1] * 6
    # f bought before the first view.
    assert (4, 0) not in users(found)


@on_every_engine
def test_streaks(engine):
    events = loaded(
        engine,
        rows_of(
            [("a", f"2024-01-0{each} 10:00", "view") for each in (1, 2, 3, 5)]
            + [("b", "2024-01-01 09:00", "view"), ("b", "2024-01-03 09:00", "view")]
        ),
    )
    assert users(HUB.retention(events, criterion="streak")) == {(1, 0): 2, (1, 1): 1, (1, 2): 1}
    assert users(HUB.retention(events, criterion="streak", periods=2)) == {(1, 0): 2, (1, 1): 1}
    assert users(HUB.retention(events, criterion="streak", brackets=[(0, 1), (1, 3), (4, 9)])) == {
        (1, 0): 2,
        (1, 1): 2,
        (1, 4): 1,
    }


@on_every_engine
def test_brackets(engine):
    found = HUB.retention(fixture(engine), brackets=[(0, 1), (1, 7), (7, 8)])
    assert [row[1:] for row in rows(found) if row[0] == day(1)] == [
        (0, 2, 2, 1.0, True),
        (1, 2, 2, 1.0, True),
        (7, 2, 1, 0.5, False),
    ]
    assert [row[1] for row in rows(found) if row[0] == day(2)] == [0, 1]


@on_every_engine
def test_the_first_periods(engine):
    found = HUB.retention(fixture(engine), periods=2, criterion="on_or_after")
    assert users(found) == {(1, 0): 2, (1, 1): 2, (2, 0): 1, (3, 0): 2, (4, 0): 1}
    assert max(row[1] for row in rows(found)) == 1


@on_every_engine
def test_the_value_of_returns(engine):
    found = HUB.retention(fixture(engine), "view", "buy", criterion="on_or_before", measure=("sum", "amount"), periods=2)
    assert found.columns == ["cohort_users", "users", "rate", "value", "value_per_user", "complete"]
    # a bought for 20 on the 1st, b for 60 on the 2nd, c for 110 and e for 170 at once; d and f did not buy after their view.
    assert [row[:7] for row in rows(found)][:7] == [
        (day(1), 0, 2, 1, 0.5, 20, 10.0),
        (day(1), 1, 2, 2, 1.0, 80, 40.0),
        (day(2), 0, 1, 1, 1.0, 110, 110.0),
        (day(2), 1, 1, 1, 1.0, 110, 110.0),
        (day(3), 0, 2, 1, 0.5, 170, 85.0),
        (day(3), 1, 2, 1, 0.5, 170, 85.0),
        (day(4), 0, 1, 0, 0.0, 0, 0.0),
    ]
    found = HUB.retention(fixture(engine), measure=("mean", "amount"), by="week")
    # All amounts but the one of b on the 8th add up to 2030, over 20 events.
    assert [row[5] for row in rows(found)] == [101.5, 70.0, None]


@on_every_engine
def test_the_start_is_not_a_return_for_another_condition(engine):
    events = loaded(
        engine,
        rows_of([("a", "2024-01-01 10:00", "view"), ("b", "2024-01-01 10:00", "buy"), ("b", "2024-01-01 10:00", "view")]),
    )
    # The purchase of b is at the moment of the view, which counts; a only has the view itself.
    assert users(HUB.retention(events, "view")) == {(1, 0): 1}
    assert users(HUB.retention(events, "view", "view")) == {(1, 0): 2}
    assert users(HUB.retention(events, "view", events.event_type == "view")) == {(1, 0): 2}
    # An event without a type is a return, too.
    events = loaded(engine, rows_of([("a", "2024-01-01 10:00", "view"), ("a", "2024-01-01 11:00", None)]))
    assert users(HUB.retention(events, "view")) == {(1, 0): 1}


@on_every_engine
def test_the_range_applies_to_starts(engine):
    events = fixture(engine)
    assert sizes(HUB.retention(events, start_date="2024-01-02", end_date="2024-01-03")) == {2: 1}
    found = HUB.retention(events, start_date="2024-01-02", end_date="2024-01-03", mode="first_time_filtered")
    assert sizes(found) == {2: 3}
    assert users(found) == {(2, 0): 3, (2, 6): 1}
    assert users(HUB.retention(events, as_of="2024-01-02 09:00")) == {(1, 0): 2, (1, 1): 2, (2, 0): 1}


@on_every_engine
def test_breakdown(engine):
    found = HUB.retention(fixture(engine), by="week", breakdown="country", top=2)
    assert found.index_columns == ["country", "cohort", "periods_since"]
    # BE and NL have two starts each, the others one.
    assert {row[:3]: row[3:5] for row in rows(found)} == {
        (name, cohort, since): (2 if cohort == day(1) else 0, count)
        for name, later in (("(other)", 0), ("BE", 0), ("NL", 1))
        for cohort, since, count in ((day(1), 0, 2), (day(1), 1, later), (day(8), 0, 0))
    }


@on_every_engine
def test_users_of_each_cell(engine):
    for criterion in ("on", "on_or_after", "on_or_before", "streak"):
        found = HUB.retention(fixture(engine), mode="recurring", criterion=criterion, breakdown="country")
        for country, cohort, since, _, count, *_ in [row for row in rows(found) if row[3]]:
            assert len(rows(found.users(country=country, cohort=cohort, periods_since=since))) == count
    found = HUB.retention(fixture(engine), criterion="on_or_after")
    assert rows(found.users(cohort=day(1), periods_since=2)) == [("b", datetime.datetime(2024, 1, 8, 12))]
    returned = HUB.retention(fixture(engine)).users(cohort="2024-01-01", periods_since=1)
    assert rows(HUB.trend(fixture(engine), where=returned, by="month")) == [(day(1), 2, False)]


@on_every_engine
def test_the_mean_over_complete_cells(engine):
    found = HUB.retention(fixture(engine))
    # At 1, the cohorts of the 1st to the 4th have 6 users, of whom 2 came back.
    assert rows(found.mean())[:2] == [(0, 4, 6, 6, 1.0), (1, 4, 6, 2, pytest.approx(1 / 3))]
    assert rows(found.mean(weighted=False))[1] == (1, 4, 6, 2, 0.25)
    # The cell of the 1st at 7 is not complete.
    assert [row[0] for row in rows(found.mean())] == list(range(7))


def test_the_matrix():
    found = HUB.retention(fixture("duckdb")).matrix().to_pandas()
    assert list(found.columns) == [str(since) for since in range(8)]
    assert found.iloc[0].tolist() == [1, 1, 0, 0, 0, 0, 0, 0.5]
    assert found.iloc[1].isna().tolist() == [False] * 7 + [True]
    assert HUB.retention(fixture("duckdb")).matrix("users").to_pandas().iloc[0].tolist() == [2, 2, 0, 0, 0, 0, 0, 1]


@on_every_engine
def test_the_usage_interval(engine):
    # Between purchases: a after 1 and 3 days, so the median is 2; b after 4 days; c bought once.
    events = loaded(
        engine,
        rows_of(
            [
                ("a", "2024-01-01 10:00", "buy"),
                ("a", "2024-01-02 10:00", "buy"),
                ("a", "2024-01-05 10:00", "buy"),
                ("b", "2024-01-01 10:00", "buy"),
                ("b", "2024-01-03 10:00", "view"),
                ("b", "2024-01-05 10:00", "buy"),
                ("c", "2024-01-01 10:00", "buy"),
                (None, "2024-01-01 10:00", "buy"),
                (None, "2024-01-01 11:00", "buy"),
            ]
        ),
    )
    one = datetime.timedelta(days=1)
    assert rows(HUB.retention(events, returning="buy").usage_interval()) == [(2, 3 * one, 3.6 * one, 3.8 * one)]
    assert rows(HUB.retention(events, returning="cart").usage_interval()) == [(0, None, None, None)]


@on_every_engine
def test_units_of_several_columns(engine):
    found = HUB.retention(with_nobody(engine), unit=["user_id", "event_type"], mode="recurring", by="week")
    assert [row[2:4] for row in rows(found)] == [(18, 18), (18, 1), (1, 1)]


@on_every_engine
def test_no_events(engine):
    assert rows(HUB.retention(loaded(engine, []))) == []
    assert rows(HUB.retention(loaded(engine, []), breakdown="country").mean()) == []
    found = HUB.retention(fixture(engine), "viw")
    assert users(found) == {}
    assert "No event has the type 'viw'; did you mean 'view'?" in found.definition


@on_every_engine
def test_a_day_has_25_hours_when_clocks_go_back(engine):
    # In Amsterdam, 2024-10-27 starts at 22:00 UTC the day before, and ends at 23:00 UTC.
    events = loaded(
        engine,
        rows_of([("a", "2024-10-26 22:00", "view"), ("a", "2024-10-27 22:30", "view"), ("a", "2024-10-27 23:00", "view")]),
    )
    hub = ModelHub(time_zone="Europe/Amsterdam")
    assert users(hub.retention(events)) == {(27, 0): 1, (27, 1): 1}
    assert users(hub.retention(events, clock="elapsed")) == {(27, 0): 1, (27, 1): 1}
    assert users(hub.retention(events, as_of="2024-10-27 23:30", clock="elapsed")) == {(27, 0): 1, (27, 1): 1}


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"mode": "first"}, InvalidValue, "(?s)mode of retention cannot be 'first'.*first_time"),
        ({"clock": "wall"}, InvalidValue, "clock of retention"),
        ({"criterion": "after"}, InvalidValue, "criterion of retention"),
        ({"by": "minute"}, InvalidValue, "by is not a period"),
        ({"start": 3}, InvalidType, "start of retention cannot be"),
        ({"returning": lambda events: events.amount}, InvalidType, "returning of retention"),
        ({"brackets": []}, InvalidValue, "empty"),
        ({"brackets": [(0, 2), (1, 3)]}, InvalidValue, "ascending"),
        ({"brackets": [(2, 2)]}, InvalidValue, "ascending"),
        ({"brackets": [(0, 1)], "periods": 3}, InvalidValue, "either"),
        ({"periods": 0}, InvalidValue, "periods of retention is 0"),
        ({"measure": "sum"}, InvalidValue, "measure of retention cannot be"),
        ({"measure": ("sum", "amout")}, ColumnNotFound, "(?s)amout.*amount"),
        ({"measure": ("sum", "country")}, InvalidType, "cannot compute the sum"),
        ({"measure": ("sum", "amount"), "criterion": "streak"}, InvalidValue, "'users' with criterion='streak'"),
        ({"breakdown": "land"}, ColumnNotFound, "land"),
        ({"breakdown": "country", "top": 0}, InvalidValue, "top is 0"),
        ({"start_date": "2024-01-02", "end_date": "2024-01-02"}, InvalidValue, "is not after start"),
    ],
    ids=case_id,
)
def test_errors(arguments, error, words):
    with pytest.raises(error, match=words):
        HUB.retention(fixture("duckdb"), **arguments)


def test_reserved_names():
    with pytest.raises(InvalidValue, match="rename it"):
        HUB.retention(fixture("duckdb").rename(columns={"country": "cohort"}), unit="cohort")


@on_every_engine
def test_events_excluded_by_where_neither_start_nor_return(engine):
    # a buys on January 1, b and c on the 2nd, e on the 3rd, f on the 4th; the last event is on the 8th.
    found = HUB.retention(fixture(engine), where="buy")
    assert sizes(found) == {1: 1, 2: 2, 3: 1, 4: 1}
    assert users(found) == {(1, 0): 1, (2, 0): 2, (3, 0): 1, (4, 0): 1}
    assert len(rows(found)) == 8 * 9 // 2
    # Without country BE, c and d are left out; a and b view again on the 2nd and 8th.
    found = HUB.retention(fixture(engine), "view", "view", where=lambda events: events.country == "NL")
    assert sizes(found) == {1: 2}
    assert users(found) == {(1, 0): 2, (1, 1): 1, (1, 7): 1}
    with pytest.raises(InvalidType, match="where of retention"):
        HUB.retention(fixture(engine), where=3)


@on_every_engine
def test_an_event_with_a_wrong_clock_does_not_add_millions_of_cells(engine):
    def at(user, moment):
        return {
            "event_id": f"{user}{moment}",
            "user_id": user,
            "moment": datetime.datetime.fromisoformat(moment),
            "event_type": "view",
            "country": None,
            "amount": 1,
        }

    events = loaded(engine, [at("a", "1970-01-01 00:00"), at("b", "2024-01-01 10:00"), at("b", "2024-01-03 10:00")])
    days = (datetime.date(2024, 1, 3) - datetime.date(1970, 1, 1)).days + 1
    found = rows(HUB.retention(events)[["cohort_users", "users"]])
    assert len(found) == days + 3
    assert found[0] == (datetime.date(1970, 1, 1), 0, 1, 1)
    assert {row[2:] for row in found[1:days]} == {(1, 0)}
    assert found[days:] == [(day(1), 0, 1, 1), (day(1), 1, 1, 0), (day(1), 2, 1, 1)]
    # Up to 1,000 periods, cohorts without users are included.
    assert len(rows(HUB.retention(events, start_date="2021-04-09"))) == 1000 * 1001 // 2
    assert len(rows(HUB.retention(events, start_date="2021-04-08"))) == 3


@on_every_engine
@pytest.mark.parametrize("criterion", ["on", "on_or_before"])
def test_the_value_of_many_returns_of_one_user(engine, criterion):
    # 40 days with 50 events each: each day is a cohort, and each event counts for all earlier cohorts and for its own.
    start = datetime.datetime(2024, 1, 1)
    events = loaded(
        engine,
        [
            {
                "event_id": f"e{number:04}",
                "user_id": "a",
                "moment": start + datetime.timedelta(minutes=number * 1440 // 50),
                "event_type": "view",
                "country": None,
                "amount": 1,
            }
            for number in range(2000)
        ],
    )
    found = rows(HUB.retention(events, mode="recurring", criterion=criterion, measure=("sum", "amount"))[["value"]])
    assert found == [
        (start.date() + datetime.timedelta(days=cohort), since, 50 if criterion == "on" else 50 * (since + 1))
        for cohort in range(40)
        for since in range(40 - cohort)
    ]
