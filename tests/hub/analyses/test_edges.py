"""Where analyses are easily wrong: clocks that are set at midnight, ties, units of several columns, ranges without events."""

from __future__ import annotations

import datetime

import pytest
from frame.frames import ENGINES
from hub.analyses.fixture import day, loaded, rows

from objectiv_local import ModelHub

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
HUB = ModelHub()
HOUR = datetime.timedelta(hours=1)


def frame(engine, *events):
    """Return a frame of (user, moment, event type) or (user, moment, event type, country)."""
    return loaded(engine, [{"event_id": f"e{number:02}", "user_id": user, "moment": datetime.datetime.fromisoformat(moment),
                            "event_type": kind, "country": more[0] if more else None, "amount": number}
                           for number, (user, moment, kind, *more) in enumerate(events)])


@on_every_engine
def test_a_day_without_midnight_is_complete(engine):
    # On 2018-11-04, the clocks of São Paulo go from 23:59 to 01:00, which is 03:00 in UTC.
    hub = ModelHub(time_zone="America/Sao_Paulo", week_start="sunday")
    events = frame(engine, ("a", "2018-11-04 03:00", "view"), ("a", "2018-11-20 12:00", "view"))
    for by in ("day", "week"):
        assert rows(hub.trend(events, by=by, start="2018-11-04", end="2018-11-05"))[0] == (datetime.date(2018, 11, 4), 1, by == "day")
        assert rows(hub.trend(events, by=by, start="2018-11-04 01:30"))[0] == (datetime.date(2018, 11, 4), 0, False)
    assert rows(hub.trend(events, by="week", start="2018-11-04"))[0] == (datetime.date(2018, 11, 4), 1, True)
    found = rows(hub.lifecycle(events, start="2018-11-04", end="2018-11-06"))
    assert [(row[0].day, row[4], row[-1]) for row in found] == [(4, 0, True), (5, 1, True)]


@on_every_engine
def test_an_hour_that_begins_before_the_range_is_not_complete(engine):
    # Clocks in Amsterdam show 02:00 twice: at 00:00 and at 01:00 in UTC.
    hub = ModelHub(time_zone="Europe/Amsterdam")
    events = frame(engine, ("a", "2024-10-27 00:30", "view"), ("a", "2024-10-27 01:30", "view"), ("a", "2024-10-27 04:00", "view"))
    late, early = (datetime.datetime(2024, 10, 27, hour, tzinfo=datetime.UTC) for hour in (1, 0))
    assert rows(hub.trend(events, "events", by="hour", start=late))[0] == (datetime.datetime(2024, 10, 27, 2), 1, False)
    assert rows(hub.trend(events, "events", by="hour", start=early))[0] == (datetime.datetime(2024, 10, 27, 2), 2, True)


@on_every_engine
def test_a_midnight_that_is_shown_twice_is_the_first_one(engine):
    # Clocks in Havana show the midnight of 2023-11-05 twice: at 04:00 and at 05:00 in UTC.
    hub = ModelHub(time_zone="America/Havana")
    events = frame(engine, ("a", "2023-11-05 04:30", "view"), ("a", "2023-11-06 04:45", "buy"))
    # The return is 24 hours and 15 minutes after the start, and 24 hours and 45 minutes after the start of the day.
    assert rows(hub.retention(events, "view", "buy", clock="elapsed")) == [
        (datetime.date(2023, 11, 5), 0, 1, 0, 0.0, False), (datetime.date(2023, 11, 5), 1, 1, 1, 1.0, False)]
    events = frame(engine, ("a", "2023-11-04 04:30", "view"), ("a", "2023-11-05 04:15", "buy"))
    found = rows(hub.funnel(events, ["view"], datetime.timedelta(minutes=10), by="day"))
    assert [(row[0].day, row[-1]) for row in found] == [(4, True), (5, False)]


@on_every_engine
def test_without_events_no_period_is_known(engine):
    events = frame(engine)
    assert rows(HUB.trend(events, start="2024-01-01", end="2024-01-03")) == []
    assert rows(HUB.trend(events, start="2024-01-01", end="2024-01-03", as_of="2024-01-02")) == [(day(1), 0, True), (day(2), 0, False)]


@on_every_engine
def test_a_breakdown_of_starts_at_one_moment_is_that_of_the_first(engine):
    events = frame(engine, ("a", "2024-01-03 12:00", "view", "NL"), ("a", "2024-01-03 12:00", "view", "BE"),
                   ("a", "2024-01-03 13:00", "buy", "DE"))
    for options in ({}, {"mode": "recurring"}, {"clock": "elapsed"}):
        found = rows(HUB.retention(events, "view", "buy", breakdown="country", **options))
        assert [row[:5] for row in found] == [("NL", day(3), 0, 1, 1)]


@on_every_engine
def test_groups_of_units_of_several_columns_are_ranked_by_units(engine):
    # In BE one unit has three events, in NL two units have one.
    events = frame(engine, ("a", "2024-01-01 10:00", "view", "BE"), ("a", "2024-01-01 11:00", "view", "BE"),
                   ("a", "2024-01-01 12:00", "view", "BE"), ("a", "2024-01-01 10:00", "view", "NL"), ("b", "2024-01-01 10:00", "view", "NL"))
    unit = ["user_id", "event_type"]
    for measure, values in (("users", (1, 2)), ("events_per_user", (3.0, 1.0)), ("events", (3, 2))):
        found = rows(HUB.trend(events, measure, unit=unit, breakdown="country", top=1))
        other, kept = values if measure != "events" else values[::-1]
        name = "BE" if measure == "events" else "NL"
        assert [row[1:3] for row in found] == [("(other)", other), (name, kept)]


@on_every_engine
def test_users_of_all_days_are_those_of_the_range(engine):
    events = frame(engine, ("a", "2024-01-03 12:00", "view"), ("b", "2024-01-08 12:00", "view"), ("c", "2023-12-20 12:00", "view"))
    found = HUB.active_users(events, start="2024-01-08")
    assert [row[:4] for row in rows(found)] == [(day(8), 1, 2, 3)]

    def users(**cell):
        return [row[0] for row in rows(found.users(**cell))]

    assert (users(), users(window="weekly"), users(window="monthly")) == (["b"], ["a", "b"], ["a", "b", "c"])
    assert users(day="2024-01-08", window="weekly") == ["a", "b"]
    assert users(day=None) == users(day="2024-01-03") == []


@on_every_engine
def test_dormant_users_of_all_periods_are_those_of_complete_ones(engine):
    events = frame(engine, ("a", "2024-01-01 12:00", "view"), ("b", "2024-01-02 12:00", "view"), ("c", "2024-01-03 12:00", "view"))
    found = HUB.lifecycle(events)
    assert [row[4] for row in rows(found)] == [0, 1, None]
    assert [row[0] for row in rows(found.users(state="dormant"))] == ["a"]
    assert rows(found.users(period=None)) == rows(found.users(period="2024-01-03", state="dormant")) == []
