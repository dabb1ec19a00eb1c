"""Funnels compared with funnels in plain Python, on streams with ties, repeated events and missing values."""

from __future__ import annotations

import datetime
import random
import statistics

import pytest
from frame.frames import ENGINES
from hub.analyses.fixture import case_id, loaded
from hub.analyses.funnels_by_hand import Event, Funnel, best, pending

from objectiv_local import ModelHub
from objectiv_local.hub.analyses.funnels import attempts

HUB = ModelHub()
START = datetime.datetime(2024, 3, 30, 22)
MINUTE = datetime.timedelta(minutes=1)
#: Steps as conditions, and in plain Python.
STEPS = {
    "apart": ((["a"], ["b"], ["c"]), ("a", "b", "c")),
    "repeated": ((["a"], ["a"], ["b"]), ("a", "a", "b")),
    "one": ((["a"],), ("a",)),
    "long": ((["a"], ["b"], ["a"], ["b"], ["c"]), ("a", "b", "a", "b", "c")),
    "overlapping": ((["a", "b"], ["b", "c"], ["a", "c"]), ("ab", "bc", "ac")),
    "nested": ((["a", "b", "c"], ["a"], ["a", "b"], ["a"]), ("abc", "a", "ab", "a")),
}


def stream(seed, users=40, longest=11):
    """Return events with few distinct moments, so that there are many ties; one of the users is missing."""
    draw = random.Random(seed)
    rows = []
    for who in range(users):
        moment = START + draw.randrange(3) * MINUTE
        for _ in range(draw.randrange(1, longest)):
            rows.append(
                {
                    "event_id": f"e{draw.randrange(10**9)}",
                    "user_id": None if who == 0 else f"u{who}",
                    "moment": moment,
                    "event_type": draw.choice("aaabbbccx"),
                    "country": draw.choice(("NL", "BE", None)),
                    "amount": who,
                }
            )
            moment += draw.choice((0, 0, 1, 1, 2, 4)) * MINUTE
    draw.shuffle(rows)
    return rows


def expected(rows, rule, letters, excluded=(), hold=None):
    """Return the rows of the table, and the units with the step that each reached."""
    units = {}
    for row in rows:
        key = (row["user_id"],) if hold is None else (row["user_id"], row[hold])
        if None not in key:
            units.setdefault(key, []).append(
                Event(
                    row["moment"],
                    row["event_id"],
                    frozenset(k for k, each in enumerate(letters, 1) if row["event_type"] in each),
                    frozenset(number for number, each in enumerate(excluded) if row["event_type"] in each),
                )
            )
    known = max(row["moment"] for row in rows)
    counted = []
    for events in units.values():
        chosen, others = best(events, rule)
        counted += [(each, pending(each, others, rule, known)) for each in chosen]
    table = []
    for step in range(1, rule.count + 1):
        there = [each for each, _ in counted if each.reached >= step]
        before = [each for each, _ in counted if each.reached >= step - 1]
        stayed = [still for each, still in counted if each.reached == step < rule.count]
        times = [(each.moments[step - 1] - each.entered) / MINUTE for each in there]
        table.append(
            (
                step,
                len(there),
                len(there) / len(counted) if counted else None,
                len(there) / len(before) if before else None,
                stayed.count(False),
                stayed.count(True),
                statistics.median(times) if times else None,
                round(statistics.fmean(times), 6) if times else None,
            )
        )
    return table


def found(analysis):
    """Return the rows of the table, with times in minutes."""
    table = analysis[["users", "of_first", "of_previous", "dropped", "pending", "median_time", "mean_time"]].to_arrow()
    return [
        tuple(round(value / MINUTE, 6) if isinstance(value, datetime.timedelta) else value for value in row.values())
        for row in table.to_pylist()
    ]


#: Options, each with funnels of every kind of steps.
CASES = [
    {},
    {"ties": "strict"},
    {"order": "strict"},
    {"order": "strict", "ties": "strict"},
    {"order": "any"},
    {"entry": "first"},
    {"entry": "each"},
    {"entry": "each", "order": "any"},
    {"entry": "first", "order": "strict"},
    {"exclude": [("x", 1, 2)]},
    {"exclude": [("x", 1, 3)], "exclude_mode": "remove"},
    {"exclude": ["x", ("c", 1, 2)], "ties": "strict"},
    {"exclude": "x", "entry": "first", "exclude_mode": "remove"},
    {"exclude": [("x", 2, 3)], "entry": "each"},
    {"hold": "country"},
    {"hold": "country", "order": "any"},
    {"start": START + 3 * MINUTE, "end": START + 8 * MINUTE},
    {"start": START + 2 * MINUTE, "order": "any", "entry": "first"},
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("switches", CASES, ids=case_id)
def test_by_hand(engine, switches):
    check(engine, switches)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("switches", [each for each in CASES if each.get("order") is None and "start" not in each], ids=case_id)
def test_many_steps_by_hand(engine, switches, monkeypatch):
    # Long funnels are computed in another way, which also works for short ones.
    monkeypatch.setattr(attempts, "MOST_LEVELS", 1)
    check(engine, switches)


def check(engine, switches):
    seeds = range(1) if engine.startswith("postgres") else range(1, 3)
    for seed in seeds:
        rows = stream(seed)
        events = loaded(engine, rows)
        for kind, (steps, letters) in STEPS.items():
            given = dict(switches)
            exclude = given.pop("exclude", None)
            items = [] if exclude is None else exclude if isinstance(exclude, list) else [exclude]
            items = [each if isinstance(each, tuple) else (each, 1, len(steps)) for each in items]
            if any(last > len(steps) or first >= last for _, first, last in items):
                continue
            window = (1 + seed) * MINUTE
            rule = Funnel(
                len(steps),
                window,
                exclusions=tuple((first, last) for _, first, last in items),
                **{name: value for name, value in given.items() if name != "hold"},
            )
            wanted = expected(rows, rule, letters, [each for each, _, _ in items], given.get("hold"))
            analysis = HUB.funnel(events, list(map(list, steps)), window, **switches)
            assert found(analysis) == wanted, (seed, kind)
