"""Paths on the six users, and compared with plain Python on streams with ties and missing values."""

from __future__ import annotations

import datetime
import itertools
import random
import statistics
from collections import Counter

import pytest
from frame.frames import ENGINES
from hub.analyses.fixture import case_id, fixture, loaded, rows, with_nobody

from objectiv_local import ModelHub
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, NotSupported

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
HUB = ModelHub()
START, MINUTE = datetime.datetime(2024, 1, 1), datetime.timedelta(minutes=1)


@on_every_engine
def test_sessions_of_the_six_users(engine):
    found = HUB.paths(HUB.sessionize(with_nobody(engine)))
    assert found.index_columns == ["step", "source", "target"]
    # The sessions: a view cart buy | view; b view cart | buy | view; c view | view cart buy; d cart view; e view error cart buy;
    # f buy cart view.
    assert rows(found) == [
        (1, "buy", "(exit)", 1, 1, None),
        (1, "buy", "cart", 1, 1, MINUTE),
        (1, "cart", "view", 1, 1, 0 * MINUTE),
        (1, "view", "(exit)", 3, 3, None),
        (1, "view", "cart", 3, 3, 10 * MINUTE),
        (1, "view", "error", 1, 1, MINUTE),
        (2, "cart", "(exit)", 1, 1, None),
        (2, "cart", "buy", 2, 2, 12.5 * MINUTE),
        (2, "cart", "view", 1, 1, MINUTE),
        (2, "error", "cart", 1, 1, MINUTE),
        (2, "view", "(exit)", 1, 1, None),
        (3, "buy", "(exit)", 2, 2, None),
        (3, "cart", "buy", 1, 1, MINUTE),
        (3, "view", "(exit)", 1, 1, None),
        (4, "buy", "(exit)", 1, 1, None),
    ]
    assert rows(found.matrix("count")) == [
        ("(exit)", 0, 4, 6, 9, 10),
        ("buy", 2, 0, 2, 1, 0),
        ("cart", 1, 4, 1, 0, 0),
        ("error", 0, 1, 0, 0, 0),
        ("view", 7, 1, 1, 0, 0),
    ]
    assert rows(found.matrix())[1] == ("buy", 0.2, 0.0, 0.2, 0.1, 0.0)
    assert rows(found.matrix("users"))[0] == ("(exit)", 0, 3, 4, 5, 6)
    assert sorted(found.users(step=1, source="view", target="cart").to_pandas().index) == ["a", "b", "c"]
    assert sorted(found.users(step=2, target="(exit)").to_pandas().index) == ["b", "d"]


@on_every_engine
def test_transitions_of_the_six_users(engine):
    found = HUB.paths(fixture(engine), by="user_id").transitions()
    # a view cart buy view; b view cart buy view; c view view cart buy; d cart view; e view error cart buy; f buy cart view.
    assert [row[:5] for row in rows(found)] == [
        ("buy", "(exit)", 2, 2, 2 / 5),
        ("buy", "cart", 1, 1, 1 / 5),
        ("buy", "view", 2, 2, 2 / 5),
        ("cart", "buy", 4, 4, 4 / 6),
        ("cart", "view", 2, 2, 2 / 6),
        ("error", "cart", 1, 1, 1.0),
        ("view", "(exit)", 4, 4, 4 / 9),
        ("view", "cart", 3, 3, 3 / 9),
        ("view", "error", 1, 1, 1 / 9),
        ("view", "view", 1, 1, 1 / 9),
    ]
    assert rows(found.matrix("probability"))[2] == ("error", None, None, 1.0, None, None)
    assert sorted(found.users(source="cart", target="view").to_pandas().index) == ["d", "f"]
    longer = HUB.paths(fixture(engine), by="user_id").transitions(4)
    assert longer.index_columns == ["label_1", "label_2", "label_3", "label_4"]
    assert rows(longer) == [
        ("view", "cart", "buy", "view", 2, 2),
        ("view", "error", "cart", "buy", 1, 1),
        ("view", "view", "cart", "buy", 1, 1),
    ]


@on_every_engine
def test_paths_to_an_event(engine):
    found = HUB.paths(fixture(engine), by="user_id", end="buy", steps=3)
    # a and b view cart buy; c view view cart buy; e view error cart buy; f buy.
    assert [row[:5] for row in rows(found)] == [
        (1, "(entry)", "buy", 1, 1),
        (1, "cart", "buy", 4, 4),
        (2, "error", "cart", 1, 1),
        (2, "view", "cart", 3, 3),
    ]
    assert rows(found.matrix("count")) == [
        ("(entry)", 0, 1, 1),
        ("buy", 5, 0, 0),
        ("cart", 0, 4, 0),
        ("error", 0, 0, 1),
        ("view", 0, 0, 3),
    ]
    between = HUB.paths(fixture(engine), by="user_id", start="view", end="buy", steps=6)
    assert sum(row[3] for row in rows(between) if row[2] == "(exit)") == 4
    # An event is not the end of the path that it starts.
    same = HUB.paths(fixture(engine), by="user_id", start="view", end="view")
    assert sorted(same.users(step=1).to_pandas().index) == ["a", "b", "c"]


def stream(seed, users=25):
    draw = random.Random(seed)
    found = []
    for who in range(users):
        at = 0
        for _ in range(draw.randrange(1, 12)):
            found.append(
                {
                    "event_id": f"e{draw.randrange(10**9)}",
                    "user_id": None if who == 0 else f"u{who:02}",
                    "moment": START + at * MINUTE,
                    "event_type": draw.choice("aabbcd"),
                    "country": draw.choice(("NL", "BE", "BE", None)),
                    "amount": who // 2,
                }
            )
            at += draw.choice((0, 0, 1, 5))
    draw.shuffle(found)
    return found


def sequences(events, key, label, collapse, start, end):
    """Return the sequences as lists of (label, moment, user)."""
    kept = sorted(
        (each for each in events if each["user_id"] is not None and each[key] is not None),
        key=lambda each: (each["moment"], each["event_id"]),
    )
    found = {}
    for each in kept:
        found.setdefault(each[key], []).append(each)
    shown = [cut(own, label, collapse, start, end) for own in found.values()]
    return [[(each[label] or "(none)", each["moment"], each["user_id"]) for each in own] for own in shown if own]


def cut(own, label, collapse, start, end):
    """Return the events of a sequence from its start to its end."""
    if collapse:
        own = [each for number, each in enumerate(own) if number == 0 or each[label] != own[number - 1][label]]
    if start:
        own = list(itertools.dropwhile(lambda each: each["event_type"] != start, own))
    if end:
        ends = [number for number, each in enumerate(own) if each["event_type"] == end and (number or not start)]
        own = own[: ends[0] + 1] if ends else []
    return own


def expected(made, steps, top, reverse):
    outside = "(entry)" if reverse else "(exit)"
    shown = [(each[::-1] if reverse else each) for each in made]
    kept = {
        place: {
            label
            for label, _ in sorted(
                Counter(each[place][0] for each in shown if len(each) > place).items(), key=lambda item: (-item[1], item[0])
            )[:top]
        }
        for place in range(steps)
    }
    pairs = {}
    for each in shown:
        for place in range(min(steps - 1, len(each))):
            label, moment, user = each[place]
            other, later, _ = each[place + 1] if place + 1 < len(each) else (outside, None, None)
            here = label if top is None or label in kept[place] else "(other)"
            there = other if top is None or other == outside or other in kept[place + 1] else "(other)"
            key = (place + 1, there, here) if reverse else (place + 1, here, there)
            pairs.setdefault(key, []).append((user, None if later is None else abs(later - moment)))
    return [
        (
            *key,
            len(found),
            len({user for user, _ in found}),
            statistics.median(times) if (times := [time for _, time in found if time is not None]) else None,
        )
        for key, found in sorted(pairs.items())
    ]


CASES = [
    {},
    {"collapse": True},
    {"by": "country"},
    {"by": "amount", "steps": 3},
    {"top": 2},
    {"start": "b"},
    {"end": "c"},
    {"start": "a", "end": "b", "steps": 9},
    {"end": "a", "top": 1, "collapse": True},
    {"start": "b", "end": "b"},
    {"label": "country", "collapse": True, "start": "b"},
]


@on_every_engine
@pytest.mark.parametrize("switches", CASES, ids=case_id)
def test_by_hand(engine, switches):
    events = stream(3)
    switches = {"by": "user_id", **switches}
    made = sequences(
        events,
        switches["by"],
        switches.get("label", "event_type"),
        switches.get("collapse"),
        switches.get("start"),
        switches.get("end"),
    )
    reverse = "end" in switches and "start" not in switches
    found = HUB.paths(loaded(engine, events), **switches)
    assert rows(found) == expected(made, switches.get("steps", 5), switches.get("top"), reverse)
    pairs = Counter((one[0], other[0]) for each in made for one, other in itertools.pairwise([*each, ("(exit)",)]))
    transitions = {row[:2]: row[2:5] for row in rows(found.transitions())}
    assert {key: row[0] for key, row in transitions.items()} == pairs
    assert all(
        row[2] == row[0] / sum(count for (source, _), count in pairs.items() if source == key[0])
        for key, row in transitions.items()
    )
    grams = Counter(tuple(label for label, _, _ in each[place : place + 3]) for each in made for place in range(len(each) - 2))
    assert {row[:3]: row[3] for row in rows(found.transitions(3))} == grams
    matrix = rows(found.matrix("count"))
    assert {sum(row[place] for row in matrix) for place in range(1, len(matrix[0]))} == {len(made)}


@on_every_engine
def test_edges(engine):
    assert rows(HUB.paths(loaded(engine, []), by="user_id")) == []
    assert rows(HUB.paths(loaded(engine, []), by="user_id").matrix()) == []
    assert rows(HUB.paths(fixture(engine), by="user_id", start="refund")) == []
    assert "No event has the type 'refund'." in HUB.paths(fixture(engine), by="user_id", start="refund").definition
    pairs = HUB.paths(fixture(engine), by="user_id", unit=["user_id", "country"], steps=2)
    # f has no country, so it is not a unit.
    assert [row[:5] for row in rows(pairs)] == [
        (1, "cart", "view", 1, 1),
        (1, "view", "cart", 2, 2),
        (1, "view", "error", 1, 1),
        (1, "view", "view", 1, 1),
    ]
    kept = HUB.paths(
        fixture(engine),
        lambda events: events.event_type.str.upper(),
        by="user_id",
        where=["cart", "buy"],
        steps=2,
        start_date="2024-01-03",
    )
    assert [row[:4] for row in rows(kept)] == [(1, "BUY", "CART", 1), (1, "CART", "(exit)", 1), (1, "CART", "BUY", 1)]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"steps": 1}, InvalidValue, "steps of paths is 1"),
        ({"steps": 101}, InvalidValue, "a number from 2 to 100"),
        ({"top": 0}, InvalidValue, "top of paths is 0"),
        ({"by": []}, InvalidValue, "by of paths is empty"),
        ({"by": "visit"}, ColumnNotFound, "visit is not present"),
        ({"by": "session_id"}, ColumnNotFound, "(?s)session_id.*sessionize"),
        ({"label": "url"}, ColumnNotFound, "label of paths is column 'url'"),
        ({"label": 3}, InvalidType, "label of paths"),
        ({"start": 3}, InvalidType, "start of paths cannot be 3"),
    ],
    ids=case_id,
)
def test_bad_input(arguments, error, words):
    with pytest.raises(error, match=words):
        HUB.paths(fixture("duckdb"), **{"by": "user_id", **arguments})


def test_bad_input_to_the_result():
    found = HUB.paths(fixture("duckdb"), by="user_id")
    with pytest.raises(InvalidValue, match="has to be one of share, count, users, not 'shares'"):
        found.matrix("shares")
    with pytest.raises(InvalidValue, match="length of transitions is 1"):
        found.transitions(1)
    with pytest.raises(NotSupported, match="a unit of one column"):
        HUB.paths(fixture("duckdb"), by="user_id", unit=["user_id", "country"]).matrix("users")
    events = fixture("duckdb").copy()
    events["source"] = events.user_id
    with pytest.raises(InvalidValue, match="'source' has a name that paths uses for a column of its own"):
        HUB.paths(events, by="source")
