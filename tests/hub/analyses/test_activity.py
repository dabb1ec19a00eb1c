"""Active users, stickiness and lifecycle: by hand for the six users, and against plain Python for generated streams."""

from __future__ import annotations

import datetime
import itertools
import zoneinfo
from functools import cache

import pytest
from frame.frames import ENGINES
from hub.analyses import streams
from hub.analyses.fixture import day, fixture, loaded, rows, with_nobody

from objectiv_local import ModelHub
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
HUB = ModelHub()
ZONE = "Europe/Amsterdam"
SEEDS = range(4)
on_every_stream = pytest.mark.parametrize(("engine", "seed"), [(engine, seed) for engine in ENGINES for seed in SEEDS])


@cache
def streamed(engine, seed):
    return loaded(engine, streams.stream(seed))


def known(seed):
    """Return the events with a user, with what their clocks show."""
    return [each | {"local": streams.local(each["moment"], zoneinfo.ZoneInfo(ZONE))} for each in streams.stream(seed)]


@on_every_engine
def test_active_users(engine):
    found = rows(HUB.active_users(with_nobody(engine)))
    daily, weekly = [2, 3, 2, 1, 0, 0, 0, 1], [2, 3, 5, 6, 6, 6, 6, 6]
    assert [row[:4] for row in found] == [
        (day(n), d, w, m) for n, d, w, m in zip(range(1, 9), daily, weekly, weekly, strict=True)
    ]
    # The week of the 8th begins on the 2nd: everybody but nobody of the 1st alone.
    assert [row[4] for row in found] == pytest.approx([d / m for d, m in zip(daily, weekly, strict=True)])
    assert not any(row[5] for row in found)


@on_every_engine
def test_a_day_is_complete_when_a_month_before_it_is_known(engine):
    found = rows(HUB.active_users(fixture(engine), as_of="2024-02-01"))
    assert [row[0] for row in found if row[5]] == [datetime.date(2024, 1, 30), datetime.date(2024, 1, 31)]
    found = rows(HUB.active_users(fixture(engine), as_of="2024-02-01", month_days=28, start="2024-01-27"))
    assert [(row[0].day, row[3], row[5]) for row in found] == [
        (27, 6, False),
        (28, 6, True),
        (29, 6, True),
        (30, 4, True),
        (31, 2, True),
        (1, 1, False),
    ]


@on_every_engine
def test_users_of_a_window(engine):
    found = HUB.active_users(fixture(engine))
    for window, place in (("daily", 1), ("weekly", 2), ("monthly", 3)):
        assert [len(found.users(day=row[0], window=window).to_arrow()) for row in rows(found)] == [
            row[place] for row in rows(found)
        ]
    assert len(found.users(day="2024-01-02").to_arrow()) == 3


@on_every_stream
def test_active_users_by_hand(engine, seed):
    events = [each for each in known(seed) if each["user_id"]]
    everything = known(seed)
    first, last = (end(each["local"] for each in everything) for end in (min, max))
    start = first + datetime.timedelta(days=3)
    expected = []
    for each in streams.calendar(start, last, "day"):
        counts = [
            len(
                {event["user_id"] for event in events if each - datetime.timedelta(days=length) < event["local"].date() <= each}
            )
            for length in (1, 7, 30)
        ]
        share = counts[0] / counts[2] if counts[2] else None
        # A generated stream is shorter than a month.
        expected.append((each, *counts, share, False))
    hub = ModelHub(time_zone=ZONE)
    assert rows(hub.active_users(streamed(engine, seed), start=start.date())) == expected


@on_every_engine
def test_stickiness(engine):
    found = HUB.stickiness(with_nobody(engine))
    assert [row[:3] for row in rows(found)][:7] == [(day(1), 1, 4), (day(1), 2, 2), *((day(1), n, 0) for n in range(3, 8))]
    assert [row[4] for row in rows(found)][:3] == [6, 2, 0]
    assert rows(found)[7] == (day(8), 1, 1, 1.0, 1, False)
    assert sorted(row[0] for row in rows(found.users(period=day(1), active=2))) == ["a", "b"]


@on_every_engine
@pytest.mark.parametrize(
    ("of", "by", "seed"),
    [
        *(("week", "day", seed) for seed in SEEDS),
        *(
            (*pair, seed)
            for pair in (("month", "day"), ("month", "week"), ("day", "hour"), ("quarter", "month"))
            for seed in (0, 3)
        ),
    ],
)
def test_stickiness_by_hand(engine, seed, of, by):
    everything = known(seed)
    sunday = 6
    expected = []
    first, last = (end(each["local"] for each in everything) for end in (min, max))
    for period in streams.calendar(first, last, of, sunday):
        end = streams.midnight(streams.following(period, of, sunday))
        possible = len(streams.calendar(streams.midnight(period), end - datetime.timedelta(microseconds=1), by, sunday))
        own = streams.by(
            [each for each in everything if each["user_id"] and streams.floor(each["local"], of, sunday) == period],
            lambda each: each["user_id"],
        )
        active = [len({streams.floor(each["local"], by, sunday) for each in events}) for events in own.values()]
        expected += [
            (
                period,
                number,
                active.count(number),
                active.count(number) / len(active) if active else None,
                sum(each >= number for each in active),
                streams.is_whole(period, of, first, last, sunday),
            )
            for number in range(1, possible + 1)
        ]
    hub = ModelHub(time_zone=ZONE, week_start="sunday")
    assert rows(hub.stickiness(streamed(engine, seed), of, by)) == expected


@on_every_engine
def test_lifecycle(engine):
    found = HUB.lifecycle(with_nobody(engine))
    assert [row[:6] for row in rows(found)] == [
        (day(1), 2, 0, 0, 0, 2),
        (day(2), 1, 2, 0, 0, 3),
        (day(3), 2, 0, 0, 3, 2),
        (day(4), 1, 0, 0, 2, 1),
        (day(5), 0, 0, 0, 1, 0),
        (day(6), 0, 0, 0, 0, 0),
        (day(7), 0, 0, 0, 0, 0),
        (day(8), 0, 0, 1, None, 1),
    ]
    assert [row[6] for row in rows(found)] == [None, None, 2 / 3, 0.5, 0.0, None, None, None]
    assert [row[7] for row in rows(found)] == [True] * 7 + [False]
    assert sorted(row[0] for row in rows(found.users(period=day(3), state="dormant"))) == ["a", "b", "c"]
    assert rows(found.users(period=day(8), state="resurrecting")) == [("b", datetime.datetime(2024, 1, 8, 12))]


@on_every_engine
def test_every_state_has_the_users_that_it_counts(engine):
    found = HUB.lifecycle(fixture(engine), start="2024-01-03")
    for row in rows(found):
        for state, count in zip(("new", "returning", "resurrecting", "dormant", "active"), row[1:6], strict=True):
            assert count is None or len(found.users(period=row[0], state=state).to_arrow()) == count


@on_every_engine
def test_a_week_that_start_cuts_has_its_users_from_then_on(engine):
    events = fixture(engine)
    # 1 January is a Monday. Of the first week, c, d, e and f have events from then on; a and b came before only.
    found = HUB.lifecycle(events, by="week", start="2024-01-02 09:15", as_of="2024-01-15")
    first, second = [(day(1), 4, 0, 0, None, 4, None, False), (day(8), 0, 1, 0, 5, 1, 0.0, True)]
    assert rows(found)[:2] == [first, second]
    assert rows(HUB.lifecycle(events, by="week", as_of="2024-01-15"))[1] == second
    trend = HUB.trend(events, by="week", start="2024-01-02 09:15", as_of="2024-01-15")
    assert rows(trend)[:2] == [(row[0], row[5], row[7]) for row in (first, second)]
    new = rows(found.users(period=day(1), state="new"))
    assert min(new) == ("c", datetime.datetime(2024, 1, 2, 9, 30))
    assert sorted(row[0] for row in new) == ["c", "d", "e", "f"]
    assert sorted(row[0] for row in rows(found.users(period=day(8), state="dormant"))) == ["a", "c", "d", "e", "f"]
    # With the range alone, a and b are of no account before, and b comes for the first time.
    alone = HUB.lifecycle(events, by="week", start="2024-01-02 09:15", as_of="2024-01-15", first_seen="range")
    assert rows(alone)[:2] == [first, (day(8), 1, 0, 0, 4, 1, 0.25, True)]


@on_every_engine
def test_who_is_new(engine):
    events = fixture(engine)
    # f viewed on the 4th, after it had bought on the same day; a and b bought first on the days after they came.
    assert [row[1] for row in rows(HUB.lifecycle(events, where="buy"))] == [1, 2, 1, 1, 0, 0, 0, 0]
    assert [row[1:4] for row in rows(HUB.lifecycle(events, where="buy", first_seen="first_any_event"))][:3] == [
        (1, 0, 0),
        (1, 0, 1),
        (1, 0, 0),
    ]
    found = HUB.lifecycle(events, start="2024-01-02", first_seen="range")
    assert [row[1:4] for row in rows(found)][:2] == [(3, 0, 0), (2, 0, 0)]
    assert [row[1:4] for row in rows(HUB.lifecycle(events, start="2024-01-02"))][:2] == [(1, 2, 0), (2, 0, 0)]
    events = events.copy()
    events["signed_up"] = events.groupby("user_id").moment.transform("min") - datetime.timedelta(days=1)
    assert [row[1:4] for row in rows(HUB.lifecycle(events, first_seen="signed_up"))][:2] == [(0, 0, 2), (0, 2, 1)]


@on_every_stream
@pytest.mark.parametrize("by", ["day", "week", "hour"])
def test_lifecycle_by_hand(engine, seed, by):
    everything = known(seed)
    own = streams.by(
        [each for each in everything if each["user_id"] and each["event_type"] == "view"], lambda each: each["user_id"]
    )
    active = {user: {streams.floor(each["local"], by) for each in events} for user, events in own.items()}
    first, last = (end(each["local"] for each in everything) for end in (min, max))
    expected, before = [], None
    for period in streams.calendar(first, last, by):
        here = {user for user, periods in active.items() if period in periods}
        there = {user for user, periods in active.items() if before in periods}
        new = {user for user in here if min(active[user]) == period}
        whole = streams.is_whole(period, by, first, last)
        gone = len(there - here)
        back = len(here - there - new)
        expected.append(
            (
                period,
                len(new),
                len(here & there),
                back,
                gone if whole else None,
                len(here),
                (len(new) + back) / gone if whole and gone else None,
                whole,
            )
        )
        before = period
    found = rows(ModelHub(time_zone=ZONE).lifecycle(streamed(engine, seed), by, "view"))
    assert found == expected
    for one, two in itertools.pairwise(found):
        assert two[4] is None or two[5] == one[5] - two[4] + two[1] + two[3]


@on_every_engine
def test_no_events(engine):
    none = loaded(engine, [])
    for found in (HUB.active_users(none), HUB.stickiness(none), HUB.lifecycle(none)):
        assert rows(found) == []
        assert rows(found.users()) == []
    found = HUB.active_users(none, start="2024-01-01", as_of="2024-01-02")
    assert rows(found) == [(day(1), 0, 0, 0, None, False), (day(2), 0, 0, 0, None, False)]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda events: HUB.active_users(events, month_days=3), InvalidValue, "month_days is 3"),
        (lambda events: HUB.active_users(events).users(window="yearly"), InvalidValue, "window of users is one of"),
        (lambda events: HUB.stickiness(events, "day", "week"), InvalidValue, "a week is not shorter than a day"),
        (lambda events: HUB.stickiness(events, "hour", "hour"), InvalidValue, "of='day'"),
        (lambda events: HUB.stickiness(events, "days"), InvalidValue, "of is not a period"),
        (lambda events: HUB.lifecycle(events, first_seen="firstevent"), ColumnNotFound, "(?s)no column.*first_event"),
        (lambda events: HUB.lifecycle(events, first_seen="country"), InvalidType, "which is string"),
        (lambda events: HUB.lifecycle(events).users(state="gone"), InvalidValue, "state of users is one of"),
        (lambda events: HUB.lifecycle(events, unit="moment"), InvalidValue, "rename it"),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call(fixture("duckdb"))
