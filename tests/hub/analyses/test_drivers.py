"""Drivers: counts compared with plain Python, and scores with formulas computed by hand and with scikit-learn."""

from __future__ import annotations

import datetime
import random

import pytest
from frame.frames import ENGINES
from hub.analyses.fixture import case_id, loaded, rows
from sklearn.metrics import matthews_corrcoef

from objectiv_local import ModelHub
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
HUB = ModelHub()
START, MINUTE, HOUR = datetime.datetime(2024, 1, 1), datetime.timedelta(minutes=1), datetime.timedelta(hours=1)


def streams(engine, *events):
    """Return the event frame of (user, minute, event type), optionally with a country. It ends on the next day."""
    found = [(*event, None)[:4] for event in events]
    return loaded(
        engine,
        [
            {
                "event_id": f"e{number:03}",
                "user_id": user,
                "moment": START + minute * MINUTE,
                "event_type": kind,
                "country": country,
                "amount": number,
            }
            for number, (user, minute, kind, country) in enumerate([*found, (None, 1500, "end", None)])
        ],
    )


#: a, b and c convert; d, e and f drop; g is still pending; h never starts.
EVENTS = [
    ("a", 0, "view", "NL"),
    ("a", 1, "help"),
    ("a", 2, "buy"),
    ("a", 3, "search"),
    ("b", 0, "view", "NL"),
    ("b", 1, "help"),
    ("b", 1, "help"),
    ("b", 9, "buy"),
    ("c", 0, "view", "BE"),
    ("c", 5, "search"),
    ("c", 6, "buy"),
    ("c", 7, "help"),
    ("d", 0, "view", "BE"),
    ("d", 60, "search"),
    ("d", 61, "help"),
    ("e", 0, "view", "BE"),
    ("e", 0, "help"),
    ("f", 0, "search"),
    ("f", 1, "view"),
    ("f", 30, "help"),
    ("f", 40, "view"),
    ("g", 0, "search"),
    ("g", 1470, "view"),
    ("g", 1475, "help"),
    ("h", 0, "help"),
    ("h", 1, "buy"),
]


@on_every_engine
def test_exposed_users(engine):
    found = HUB.drivers(streams(engine, *EVENTS), "view", "buy", window=HOUR, least=1)
    assert found.index_columns == ["event_type"]
    assert found.columns == ["users", "converted", "rate", "rate_without", "odds_ratio", "phi", "lift", "p", "q"]
    # a and b had help, and f within the window; c and d searched, d at its very end. Help at the moment of the view, and
    # searches after the purchase, do not count as exposure.
    assert [row[:5] for row in rows(found)] == [("help", 3, 2, 2 / 3, 1 / 3), ("search", 2, 1, 1 / 2, 1 / 2)]
    assert [row[5] for row in rows(found)] == [3 * 3 / (2 * 2), 2 * 3 / (2 * 3)]
    assert [row[7] for row in rows(found)] == [(2 / 3) / (1 / 2), 1.0]
    assert [row[6] for row in rows(found)] == pytest.approx([3 / 9, 0.0])
    # Of 20 equally likely ways to choose three users, 1 + 9 + 9 + 1 are at least as unlikely as the observed one.
    assert [row[8] for row in rows(found)] == pytest.approx([1.0, 1.0])
    assert sorted(found.users(event_type="help").to_pandas().index) == ["a", "b", "f"]
    assert sorted(found.users(event_type="help", converted=True).to_pandas().index) == ["a", "b"]
    assert "3 converted and 3 dropped." in found.definition
    assert "exposed" in found.view_sql()


@on_every_engine
def test_a_horizon(engine):
    found = HUB.drivers(streams(engine, *EVENTS), "view", "buy", 5 * MINUTE, window=HOUR, least=1)
    assert [row[:3] for row in rows(found)] == [("help", 2, 2), ("search", 1, 1)]


@on_every_engine
def test_values_at_entry(engine):
    events = streams(engine, *EVENTS)
    found = HUB.drivers(events, "view", "buy", window=HOUR, least=1, by="country", at_entry=True)
    assert [row[:3] for row in rows(found)] == [("BE", 3, 1), ("NL", 2, 2)]
    assert found.index_columns == ["country"]
    assert rows(HUB.drivers(events, "view", "buy", window=HOUR, by="country", least=3, at_entry=True))[0][:2] == ("BE", 3)


@on_every_engine
def test_nothing_to_score(engine):
    assert rows(HUB.drivers(streams(engine), "view", "buy")) == []
    found = HUB.drivers(streams(engine, ("a", 0, "view"), ("a", 1, "help")), "view", "buy", window=HOUR, least=1)
    assert rows(found) == [("help", 1, 0, 0.0, None, 1 / 2, None, None, 1.0, 1.0)]
    assert "The outcomes are more unequal than 10 to 1: scores are unreliable." in found.definition


@pytest.mark.parametrize("engine", ENGINES)
def test_by_hand(engine):
    draw = random.Random(5)
    events = []
    for who in range(80):
        at = draw.randrange(4)
        for _ in range(draw.randrange(1, 9)):
            events.append((f"u{who:02}", at, draw.choice(("view", "buy", "help", "help", "search", "error"))))
            at += draw.choice((0, 0, 1, 3, 9))
    window = 10 * MINUTE
    outcomes, exposed = {}, {}
    for user in {event[0] for event in events}:
        own = sorted(event[1:] for event in events if event[0] == user)
        starts = [at for at, kind in own if kind == "view"]
        if not starts:
            continue
        tries = [
            (start, min((at for at, kind in own if kind == "buy" and start <= at <= start + 10), default=None))
            for start in starts
        ]
        entered, bought = next((each for each in tries if each[1] is not None), tries[0])
        outcomes[user] = bought is not None
        for at, kind in own:
            if kind not in ("view", "buy") and at > entered and (at < bought if bought is not None else at <= entered + 10):
                exposed.setdefault(kind, set()).add(user)
    found = {row[0]: row[1:] for row in rows(HUB.drivers(streams(engine, *events), "view", "buy", window=window, least=1))}
    assert found.keys() == exposed.keys()
    order = sorted(outcomes)
    for kind, users in exposed.items():
        assert found[kind][:2] == (len(users), sum(outcomes[user] for user in users))
        phi = matthews_corrcoef([outcomes[user] for user in order], [user in users for user in order])
        assert found[kind][5] == pytest.approx(phi)
    # By Benjamini and Hochberg: q of the i-th smallest of n p-values is the minimum of n p / j over all j >= i.
    tests = sorted((row[7], kind) for kind, row in found.items())
    for place, (_, kind) in enumerate(tests):
        wanted = min(1.0, *(p * len(tests) / (number + 1) for number, (p, _) in enumerate(tests) if number >= place), 1.0)
        assert found[kind][8] == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"horizon": -HOUR}, InvalidValue, "horizon of drivers is -1 day"),
        ({"horizon": 2 * HOUR}, InvalidValue, "at most the window"),
        ({"window": 0 * HOUR}, InvalidValue, "window of drivers"),
        ({"least": 0}, InvalidValue, "least of drivers is 0"),
        ({"by": "county"}, ColumnNotFound, "breakdown of drivers is column 'county', which the frame does not have"),
        ({"horizon": 3}, InvalidType, "horizon"),
        ({"from_step": 3}, InvalidType, "step 1 of drivers"),
    ],
    ids=case_id,
)
def test_bad_input(arguments, error, words):
    with pytest.raises(error, match=words):
        HUB.drivers(streams("duckdb", *EVENTS), **{"from_step": "view", "to_step": "buy", "window": HOUR, **arguments})
