"""Recency, frequency, monetary value and lifetime value: by hand, and compared with plain Python."""

from __future__ import annotations

import datetime
import random
import zoneinfo
from collections import defaultdict

import pyarrow as pa
import pytest
from frame.frames import ENGINES, opened
from hub.analyses.fixture import rows
from hypothesis import given, settings
from hypothesis import strategies as st

from objectiv_local import DataFrame, ModelHub
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
HUB = ModelHub()
DAY = datetime.timedelta(days=1)


def loaded(engine, orders):
    """Return events of (user, moment, amount); an event without an amount is a view."""
    found = [
        {
            "event_id": f"e{number:03}",
            "user_id": user,
            "moment": datetime.datetime.fromisoformat(moment),
            "event_type": "view" if amount is None else "buy",
            "amount": amount,
        }
        for number, (user, moment, amount) in enumerate(orders)
    ]
    table = pa.Table.from_pylist(
        found,
        schema=pa.schema(
            [
                ("event_id", pa.string()),
                ("user_id", pa.string()),
                ("moment", pa.timestamp("us")),
                ("event_type", pa.string()),
                ("amount", pa.float64()),
            ]
        ),
    )
    return DataFrame.from_arrow(opened(engine), table, "event_id")


ORDERS = [
    ("a", "2024-01-01 10:00", 10.0),
    ("a", "2024-01-02 09:00", 20.0),
    ("a", "2024-01-20 10:00", 60.0),
    ("b", "2024-01-31 23:50", 5.0),
    ("b", "2024-02-01 00:10", 5.0),
    ("c", "2024-02-10 12:00", 100.0),
    ("d", "2024-02-10 12:00", 5.0),
    ("e", "2024-01-15 08:00", 0.0),
    ("f", "2024-01-15 08:00", None),
    (None, "2024-01-15 08:00", 999.0),
    ("f", "2024-03-01 12:00", None),  # the last moment
]


@on_every_engine
def test_measures_and_scores(engine):
    found = HUB.rfm(loaded(engine, ORDERS), "amount")
    assert found.index_columns == ["user_id"]
    assert found.dtypes == {
        "recency": "int64",
        "frequency": "int64",
        "monetary": "float64",
        "age": "int64",
        "recency_score": "int64",
        "frequency_score": "int64",
        "monetary_score": "int64",
    }
    # Of five users, the worst has rank 1 and score 1, the best has 5; equal users get the score of the worst of them.
    assert rows(found) == [
        ("a", 41, 3, 30.0, 60, 2, 5, 4),
        ("b", 29, 2, 5.0, 30, 3, 4, 2),
        ("c", 20, 1, 100.0, 20, 4, 1, 5),
        ("d", 20, 1, 5.0, 20, 4, 1, 2),
        ("e", 46, 1, 0.0, 46, 1, 1, 1),
    ]
    assert rows(found.users(recency_score=4, monetary_score=2)) == [("d", datetime.datetime(2024, 2, 10, 12))]
    assert [row[0] for row in rows(found.users(frequency_score=1))] == ["c", "d", "e"]
    assert rows(found.users(user_id="a")) == [("a", datetime.datetime(2024, 1, 1, 10))]
    assert "Orders are events with a value of amount." in found.definition


@on_every_engine
def test_orders(engine):
    events = loaded(engine, ORDERS)
    found = HUB.rfm(events, "amount", where=["buy", "view"], scores=2)
    assert rows(found)[-1] == ("f", 0, 2, 0.0, 46, 2, 2, 1)
    assert [row[0] for row in rows(HUB.rfm(events, events.amount, where=events.amount > 50))] == ["a", "c"]
    assert rows(HUB.rfm(events, lambda df: df.amount * 2, end="2024-01-03", as_of="2024-01-10"))[0][:5] == ("a", 1, 2, 30.0, 2)
    assert rows(HUB.rfm(events, "amount", end="2024-01-03", unit=["user_id", "event_type"]))[0][:6] == (
        "a",
        "buy",
        1,
        2,
        15.0,
        2,
    )
    assert rows(HUB.rfm(events, "amount", start="2024-02-10"))[0] == ("c", 20, 1, 100.0, 20, 1, 1, 5)


@on_every_engine
def test_one_user_and_no_users(engine):
    assert rows(HUB.rfm(loaded(engine, ORDERS[:1]), "amount")) == [("a", 0, 1, 10.0, 0, 1, 1, 1)]
    none = HUB.rfm(loaded(engine, []), "amount")
    assert rows(none) == []
    assert rows(none.ltv()) == []


@on_every_engine
def test_days_are_local(engine):
    # In Tokyo, the orders of b at 23:50 and 00:10 are on 2024-02-01, and the last moment is 2024-03-01 21:00.
    found = ModelHub(time_zone="Asia/Tokyo").rfm(loaded(engine, ORDERS), "amount")
    assert rows(found)[1][:5] == ("b", 29, 2, 5.0, 29)
    # On the day of the clock change, which has 23 hours: from 00:30 to 00:30 of the next day.
    events = loaded(engine, [("a", "2024-03-30 23:30", 1.0), ("a", "2024-03-31 22:30", 1.0)])
    found = ModelHub(time_zone="Europe/Amsterdam").rfm(events, "amount")
    assert rows(found)[0][:5] == ("a", 0, 2, 1.0, 1)


@on_every_engine
def test_means_of_the_same_values_are_equal(engine):
    orders = [
        (user, f"2024-01-0{number + 1}", amount)
        for user, amounts in (("a", (0.1, 0.2, 0.3)), ("b", (0.3, 0.2, 0.1)))
        for number, amount in enumerate(amounts)
    ]
    assert [row[-1] for row in rows(HUB.rfm(loaded(engine, orders), "amount"))] == [1, 1]


@on_every_engine
def test_lifetime_value(engine):
    january, february = datetime.date(2024, 1, 1), datetime.date(2024, 2, 1)
    found = HUB.rfm(loaded(engine, ORDERS), "amount").ltv(days=[1, 7, 30])
    assert found.index_columns == ["cohort", "days"]
    assert found.dtypes == {"cohort_users": "int64", "total": "float64", "ltv": "float64", "complete": "bool"}
    # The second order of a is after 23 hours. b came last in January: 30 days later is March 1st 23:50, which is unknown.
    assert rows(found) == [
        (january, 1, 3, 40.0, pytest.approx(40 / 3), True),
        (january, 7, 3, 40.0, pytest.approx(40 / 3), True),
        (january, 30, 3, 100.0, pytest.approx(100 / 3), False),
        (february, 1, 2, 105.0, 52.5, True),
        (february, 7, 2, 105.0, 52.5, True),
        (february, 30, 2, 105.0, 52.5, False),
    ]
    assert [row[0] for row in rows(found.users(cohort="2024-01-01"))] == ["a", "b", "e"]
    assert rows(found.users(cohort=february))[0] == ("c", datetime.datetime(2024, 2, 10, 12))
    # A month that has not ended is not complete.
    assert [row[-1] for row in rows(HUB.rfm(loaded(engine, ORDERS), "amount", as_of="2024-02-20").ltv(days=[1, 7]))] == [
        True,
        True,
        False,
        False,
    ]
    assert [row[-1] for row in rows(HUB.rfm(loaded(engine, ORDERS), "amount", end="2024-02-20").ltv(days=[1, 7]))] == [
        True,
        True,
        False,
        False,
    ]


def drawn(seed, count):
    draw = random.Random(seed)
    begin = datetime.datetime(2024, 3, 25)
    return [
        (
            draw.choice(["a", "b", "c", "d", "e", "f", None]),
            str(begin + draw.randrange(60 * 24) * datetime.timedelta(hours=1)),
            draw.choice([None, 1.0, 2.5, 10.0]),
        )
        for _ in range(count)
    ]


def compare(engine, seed, count, zone):
    orders = drawn(seed, count)
    users, moments = defaultdict(list), [datetime.datetime.fromisoformat(moment) for _, moment, _ in orders]

    def local(moment):
        return moment.replace(tzinfo=datetime.UTC).astimezone(zoneinfo.ZoneInfo(zone))

    for (user, _, amount), moment in zip(orders, moments, strict=True):
        if user is not None and amount is not None:
            users[user].append((moment, amount))
    today = local(max(moments)).date() if moments else None
    measures = {
        user: (
            (today - local(max(own)[0]).date()).days,
            len(own),
            sum(amount for _, amount in own) / len(own),
            (today - local(min(own)[0]).date()).days,
        )
        for user, own in users.items()
    }

    def scores(place, sign):
        values = [sign * each[place] for each in measures.values()]
        return {
            user: min(5, 1 + 5 * sum(other < sign * each[place] for other in values) // max(len(values) - 1, 1))
            for user, each in measures.items()
        }

    parts = [scores(0, -1), scores(1, 1), scores(2, 1)]
    expected = [(user, *measures[user], *(part[user] for part in parts)) for user in sorted(measures)]
    found = ModelHub(time_zone=zone).rfm(loaded(engine, orders), "amount")
    assert rows(found) == [(*row[:3], pytest.approx(row[3]), *row[4:]) for row in expected]
    cohorts = defaultdict(list)
    for own in users.values():
        first = local(min(own)[0]).date()
        cohorts[first - datetime.timedelta(days=first.weekday())].append(own)
    table = []
    for cohort, own in sorted(cohorts.items()):
        for days in (2, 10, 40):
            total = sum(amount for each in own for moment, amount in each if moment - min(each)[0] < days * DAY)
            over = local(max(moments)).replace(tzinfo=None) >= datetime.datetime.combine(cohort + 7 * DAY, datetime.time())
            complete = over and all(min(each)[0] + days * DAY <= max(moments) for each in own)
            table.append((cohort, days, len(own), total, pytest.approx(total / len(own)), complete))
    assert rows(found.ltv("week", days=(2, 10, 40))) == table


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), count=st.sampled_from([0, 1, 8, 60]), zone=st.sampled_from(["UTC", "Europe/Amsterdam"]))
def test_generated_events(seed, count, zone):
    compare("duckdb", seed, count, zone)


@on_every_engine
def test_generated_events_everywhere(engine):
    compare(engine, 1, 60, "Europe/Amsterdam")


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda events: HUB.rfm(events, "event_type"), InvalidType, "value of rfm is string"),
        (lambda events: HUB.rfm(events, "amont"), ColumnNotFound, "amount"),
        (lambda events: HUB.rfm(events, 3), InvalidType, "value of rfm has to be a column"),
        (lambda events: HUB.rfm(events, "amount", scores=1), InvalidValue, "scores of rfm"),
        (lambda events: HUB.rfm(events, "amount", scores=101), InvalidValue, "from 2 to 100, not 101"),
        (lambda events: HUB.rfm(events, "amount", where=3), InvalidType, "where of rfm cannot be"),
        (
            lambda events: HUB.rfm(events.rename(columns={"user_id": "age"}), "amount", unit="age"),
            InvalidValue,
            "unit of rfm has a column 'age'",
        ),
        (lambda events: HUB.rfm(events, "amount").ltv(by="hour"), InvalidValue, "no cohorts by hour"),
        (lambda events: HUB.rfm(events, "amount").ltv(by="fortnight"), InvalidValue, "not a period"),
        (lambda events: HUB.rfm(events, "amount").ltv(days=[7, 1]), InvalidValue, "ascending numbers"),
        (lambda events: HUB.rfm(events, "amount").ltv(days=[0, 1]), InvalidValue, "ascending numbers from 1"),
        (lambda events: HUB.rfm(events, "amount").ltv(days=[]), InvalidType, "whole numbers"),
    ],
)
def test_errors(ask, error, words):
    with pytest.raises(error, match=words):
        ask(loaded("duckdb", ORDERS))
