"""Attribution: examples computed by hand, and generated events compared with brute force."""

from __future__ import annotations

import datetime
import time

import numpy as np
import pytest
from frame.frames import ENGINES, opened
from hub.analyses import credited
from hub.analyses.fixture import case_id, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from objectiv_local import DataFrame, ModelHub
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue
from objectiv_local.hub.analyses.attribution import MODELS
from objectiv_local.hub.analyses.attributions.markov import removal_effects

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
HUB = ModelHub()
DAY, HOUR = datetime.timedelta(days=1), datetime.timedelta(hours=1)
NOW = datetime.datetime(2024, 3, 31, 12)


def loaded(engine, events):
    return DataFrame.from_arrow(opened(engine), credited.table(events), "event_id")


def event(number, user, ago, channel=None, amount=None):
    """Return a touch of a channel, or a conversion worth an amount."""
    return {
        "event_id": f"e{number:02}",
        "user_id": user,
        "moment": NOW - ago,
        "channel": channel,
        "amount": amount,
        "event_type": "view" if amount is None else "buy",
    }


def asked(events, model, **options):
    return HUB.attribution(events, "buy", "channel", model, **{"value": "amount"} | options)


def credit_of(analysis):
    return {label: credit for label, credit, _, _ in rows(analysis)}


#: One conversion worth 100, after three touches.
JOURNEY = [
    event(1, "u", 10 * DAY, "ads"),
    event(2, "u", 3 * DAY, "email"),
    event(3, "u", 0 * DAY, "direct"),
    event(4, "u", 0 * DAY, amount=100.0),
]


@on_every_engine
@pytest.mark.parametrize(
    ("model", "options", "expected"),
    [
        ("first", {}, {"ads": 100}),
        ("last", {}, {"direct": 100}),
        ("last_non_direct", {}, {"email": 100}),
        ("linear", {}, {"ads": 100 / 3, "email": 100 / 3, "direct": 100 / 3}),
        ("position", {}, {"ads": 40, "email": 20, "direct": 40}),
        ("position", {"weights": (0.2, 0.2, 0.6)}, {"ads": 20, "email": 20, "direct": 60}),
        ("position", {"weights": (3, 1, 1)}, {"ads": 60, "email": 20, "direct": 20}),
        ("time_decay", {}, {"ads": 17.57, "email": 35.14, "direct": 47.29}),
        ("time_decay", {"half_life": DAY}, {"ads": 100 / 1153, "email": 12_800 / 1153, "direct": 102_400 / 1153}),
        ("participation", {}, {"ads": 100, "email": 100, "direct": 100}),
        ("shapley", {}, {"ads": 100 / 3, "email": 100 / 3, "direct": 100 / 3}),
        ("markov", {}, {"ads": 100 / 3, "email": 100 / 3, "direct": 100 / 3}),
    ],
    ids=case_id,
)
def test_one_conversion(engine, model, options, expected):
    found = asked(loaded(engine, JOURNEY), model, **options)
    assert credit_of(found) == pytest.approx(expected, abs=0.005)
    assert found.index_columns == ["channel"]
    assert found.index_dtypes == {"channel": "string"}
    assert found.dtypes == {"credit": "float64", "conversions": "int64", "share": "float64"}
    total = sum(expected.values())
    assert [row[2:] for row in rows(found)] == [(1, pytest.approx(expected[row[0]] / total, abs=1e-4)) for row in rows(found)]


@pytest.mark.parametrize("later", range(0, 10, 3))
def test_any_moment(later):
    # Sums are computed in blocks of ten days, which begin at fixed moments.
    events = [{**each, "moment": each["moment"] + later * DAY} for each in JOURNEY]
    found = asked(loaded("duckdb", events), "time_decay", window=10 * DAY)
    assert credit_of(found) == pytest.approx({"ads": 17.57, "email": 35.14, "direct": 47.29}, abs=0.005)


@on_every_engine
def test_two_touches_and_one(engine):
    two = loaded(engine, JOURNEY[1:])
    assert credit_of(asked(two, "position", weights=(0.2, 0.2, 0.6))) == pytest.approx({"email": 25, "direct": 75})
    assert credit_of(asked(two, "position", weights=(0.6, 0.2, 0.2))) == pytest.approx({"email": 75, "direct": 25})
    assert credit_of(asked(two, "position", weights=(0, 1, 0))) == pytest.approx({"email": 50, "direct": 50})
    assert credit_of(asked(loaded(engine, JOURNEY[2:]), "position")) == pytest.approx({"direct": 100})


#: Paths of one user each: AB converts twice and A never; B, A and CB convert once; C does not convert, twice.
PATHS = [("AB", 1), ("AB", 1), ("A", 0), ("B", 1), ("A", 1), ("C", 0), ("C", 0), ("CB", 1)]


def on_paths():
    events = []
    for user, (path, converts) in enumerate(PATHS):
        for place, label in enumerate(path):
            events.append(event(len(events), str(user), (9 - place) * HOUR, label))
        if converts:
            events.append(event(len(events), str(user), HOUR, amount=1.0))
    return events


@on_every_engine
def test_markov_and_shapley(engine):
    events = loaded(engine, on_paths())
    assert rows(asked(events, "markov")) == [
        ("A", pytest.approx(1.875), 3, pytest.approx(0.375)),
        ("B", pytest.approx(2.5), 4, pytest.approx(0.5)),
        ("C", pytest.approx(0.625), 1, pytest.approx(0.125)),
    ]
    assert credit_of(asked(events, "shapley")) == pytest.approx({"A": 2.0, "B": 2.5, "C": 0.5})


def test_removal_effects():
    counted = credited.transitions(on_paths(), DAY)
    found = removal_effects((*pair, *counts) for pair, counts in counted.items())
    assert found == pytest.approx({"A": 0.6, "B": 0.8, "C": 0.2})
    assert removal_effects([]) == {}
    assert removal_effects([(None, "a", 0, 2), ("a", None, 0, 2)]) == {"a": 0.0}
    with pytest.raises(InvalidValue, match=r"at most 2,000 distinct touches, not 2,001"):
        removal_effects((None, str(number), 1, 0) for number in range(2001))


@on_every_engine
def test_which_touches_count(engine):
    events = loaded(
        engine,
        [
            event(1, "a", 30 * DAY, "old"),  # as old as the window
            event(2, "a", 30 * DAY + datetime.timedelta(microseconds=1), "older"),
            event(3, "a", 0 * DAY, "before"),  # at the same moment, with a lower id
            {**event(4, "a", 0 * DAY, "self", amount=8.0)},
            event(5, "a", 0 * DAY, "after"),
            event(6, "b", DAY, "other"),
            event(7, None, DAY, "nobody"),
            event(8, None, 0 * DAY, amount=5.0),
            event(9, "c", 0 * DAY, amount=3.0),
        ],
    )
    assert rows(asked(events, "linear")) == [("(direct)", 3.0, 1, 3 / 11), ("before", 4.0, 1, 4 / 11), ("old", 4.0, 1, 4 / 11)]
    assert "2 of them have no user_id, and are left out." in asked(events, "linear").definition
    # The conversion of a is a touch of later conversions.
    later = {**event(10, "a", -DAY, amount=1.0)}
    assert credit_of(asked(loaded(engine, [event(4, "a", 0 * DAY, "self", amount=8.0), later]), "last")) == {
        "(direct)": 8,
        "self": 1,
    }


@on_every_engine
def test_a_touch_counts_for_several_conversions(engine):
    events = loaded(
        engine,
        [
            event(1, "a", 9 * DAY, "ads"),
            event(2, "a", 8 * DAY, amount=1.0),
            event(3, "a", 7 * DAY, "email"),
            event(4, "a", 6 * DAY, amount=10.0),
            event(5, "a", 5 * DAY, "ads"),
            event(6, "a", DAY, amount=100.0),
        ],
    )
    assert rows(asked(events, "linear")) == [
        ("ads", pytest.approx(6 + 200 / 3), 3, pytest.approx(0.6547, abs=1e-4)),
        ("email", pytest.approx(5 + 100 / 3), 2, pytest.approx(0.3453, abs=1e-4)),
    ]
    assert credit_of(asked(events, "participation")) == {"ads": 111, "email": 110}
    assert credit_of(asked(events, "first", window=4 * DAY)) == {"ads": 101 + 10}
    assert credit_of(asked(events, "last", window=DAY)) == {"(direct)": 100, "ads": 1, "email": 10}
    assert credit_of(asked(events, "first", start=NOW - 7 * DAY, end=NOW - DAY)) == {"ads": 10}
    assert credit_of(asked(events, "first", as_of=NOW - 6 * DAY)) == {"ads": 11}


@on_every_engine
def test_direct_touches(engine):
    events = loaded(engine, [event(1, "a", 9 * DAY, "ads"), event(2, "a", 2 * DAY, "direct"), event(3, "a", DAY, amount=1.0)])
    assert credit_of(asked(events, "last_non_direct")) == {"ads": 1}
    assert credit_of(asked(events, "last_non_direct", window=4 * DAY)) == {"direct": 1}
    assert credit_of(asked(events, "last_non_direct", direct="ads")) == {"direct": 1}
    assert credit_of(asked(events, "last_non_direct", direct=[])) == {"direct": 1}
    assert credit_of(asked(events, "last_non_direct", direct="DIRECT")) == {"ads": 1}


@on_every_engine
def test_values(engine):
    events = loaded(engine, JOURNEY)
    assert rows(HUB.attribution(events, "buy", "channel")) == [("direct", 1.0, 1, 1.0)]
    assert credit_of(asked(events, "last", value=events.amount * 2)) == {"direct": 200}
    assert credit_of(asked(events, "last", value=lambda df: df.amount > 50)) == {"direct": 1}
    assert rows(asked(events, "linear", value=lambda df: df.amount.isnull())) == [
        (name, 0.0, 1, None) for name in ("ads", "direct", "email")
    ]


@on_every_engine
def test_conditions_and_touches_of_other_forms(engine):
    events = loaded(engine, JOURNEY)
    kinds = (events.channel + "!").rename("kind")
    assert rows(HUB.attribution(events, events.amount > 5, kinds)) == [("direct!", 1.0, 1, 1.0)]
    assert rows(
        HUB.attribution(events, ["buy", "order"], lambda df: df.amount.isnull().where(df.channel == "ads").rename("n"))
    ) == [("true", 1.0, 1, 1.0)]
    assert rows(HUB.attribution(events, "buy", "channel", unit=["user_id", "event_type"])) == [("(direct)", 1.0, 1, 1.0)]


@on_every_engine
def test_nothing_to_credit(engine):
    none = ModelHub().attribution(loaded(engine, []), "buy", "channel", "linear")
    assert rows(none) == []
    for model in MODELS:
        assert rows(asked(loaded(engine, []), model)) == []
        assert rows(asked(loaded(engine, [each for each in JOURNEY if each["amount"] is None]), model)) == []
        assert rows(asked(loaded(engine, JOURNEY[3:]), model)) == [("(direct)", 100.0, 1, 1.0)]


def test_a_conversion_that_never_occurs_is_named():
    found = HUB.attribution(loaded("duckdb", JOURNEY), "buys", "channel")
    assert rows(found) == []
    assert "No event has the type 'buys'; did you mean 'buy'?" in found.definition


def test_the_rule_is_in_the_definition():
    found = asked(loaded("duckdb", JOURNEY), "time_decay", half_life=2, window=4 * DAY)
    assert found.definition.splitlines()[:3] == [
        "Touches are events with a value of channel; conversions are events that match buy.",
        "Touches of the same user_id in the 4 days before a conversion get credit, or (direct) if there are none.",
        "These touches share a conversion by weight; the weight halves with each 2 days before the conversion.",
    ]


def compare(engine, seed, count, window, *, unique):
    """Compare all models on generated events with brute force; ``unique`` if the event frame knows that ids are unique."""
    generated = credited.drawn(seed, count)
    if unique:
        generated = list({each["event_id"]: each for each in generated}.values())
    events = loaded(engine, generated)
    if unique:
        events = HUB.events(events) if generated else events
    for model in MODELS:
        options = (
            {"weights": (0.2, 0.3, 0.5)} if model == "position" else {"half_life": window / 5} if model == "time_decay" else {}
        )
        found = asked(events, model, window=window, **options)
        table = rows(found)
        expected, conversions, users = credited.credit(generated, model, window, **options)
        assert {row[0]: row[2] for row in table} == conversions
        scale = sum(map(abs, expected.values())) + 1
        assert {row[0]: row[1] / scale for row in table} == pytest.approx(
            {name: each / scale for name, each in expected.items()}, abs=1e-12
        )
        worth = sum(each["amount"] or 0 for each in generated if each["user_id"] is not None and each["event_type"] == "buy")
        if model != "participation":
            assert sum(row[1] for row in table) / scale == pytest.approx(worth / scale, abs=1e-12)
        for label, _, _, _ in table[:1]:
            assert {row[0] for row in rows(found.users(channel=label))} == users[label]


@settings(max_examples=10)
@given(
    seed=st.integers(0, 10**6),
    count=st.sampled_from([0, 1, 5, 30, 80]),
    hours=st.sampled_from([1, 100, 720]),
    unique=st.booleans(),
)
def test_generated_events(seed, count, hours, unique):
    compare("duckdb", seed, count, hours * HOUR, unique=unique)


@pytest.mark.parametrize("engine", [engine for engine in ENGINES if engine != "duckdb"])
@pytest.mark.parametrize("seed", [3, 8])
def test_generated_events_elsewhere(engine, seed):
    compare(engine, seed, 60, 100 * HOUR, unique=seed == 3)


@on_every_engine
def test_the_moment_of_the_first_conversion(engine):
    generated = credited.drawn(8, 80)
    for model in ("last", "linear"):
        found = asked(loaded(engine, generated), model, window=100 * HOUR)
        first = {}
        for conversion, path, own in credited.paths(generated, 100 * HOUR):
            labels = [own[place]["channel"] for place in path]
            for label in (labels[-1:] if model == "last" else set(labels)) or ["(direct)"]:
                key = label, conversion["user_id"]
                first[key] = min(first.get(key, conversion["moment"]), conversion["moment"])
        assert {
            (label, user): moment for label, *_ in rows(found) for user, moment in rows(found.users(channel=label))
        } == first


@on_every_engine
def test_a_user_with_many_events(engine):
    count = 20_000
    table = credited.table(
        [
            {
                "event_id": str(number),
                "user_id": "u",
                "moment": NOW + number * datetime.timedelta(seconds=60),
                "event_type": "buy" if number % 2 else "view",
                "channel": None if number % 2 else "abcde"[number % 5],
                "amount": 1.0,
            }
            for number in range(count)
        ]
    )
    events = DataFrame.from_arrow(opened(engine), table, "event_id", materialization="temp_table")
    known = HUB.events(events)  # this frame knows that ids are unique
    for model, frame in [*((each, events) for each in MODELS), ("last", known), ("linear", known)]:
        begun = time.perf_counter()
        found = rows(asked(frame, model))
        # Joining each touch with each conversion would make 50 million rows.
        assert time.perf_counter() - begun < 5
        assert model == "participation" or sum(row[1] for row in found) == pytest.approx(count / 2)
        assert model in ("first", "last", "last_non_direct") or {row[2] for row in found} <= {
            count // 2 - late for late in range(5)
        }


def test_decay_over_many_half_lives():
    events = [event(1, "u", 300 * DAY, "ads"), event(2, "u", 299 * DAY, "email"), event(3, "u", 0 * DAY, amount=6.0)]
    found = asked(loaded("duckdb", events), "time_decay", window=300 * DAY, half_life=DAY)
    assert credit_of(found) == pytest.approx({"ads": 2.0, "email": 4.0})


def test_names_that_the_analysis_uses_itself():
    events = loaded("duckdb", JOURNEY).rename(columns={"user_id": "place", "channel": "touch", "amount": "worth"})
    found = HUB.attribution(events, "buy", "touch", "linear", value="worth", unit="place")
    assert credit_of(found) == pytest.approx(dict.fromkeys(("ads", "email", "direct"), 100 / 3))
    assert rows(found.users(touch="ads")) == [("u", NOW)]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"model": "lst"}, InvalidValue, "(?s)model of attribution cannot be 'lst'.*'last'"),
        ({"window": 0 * DAY}, InvalidValue, "window of attribution has to be positive"),
        ({"window": -DAY}, InvalidValue, "window of attribution has to be positive"),
        ({"window": 30}, InvalidType, "window"),
        ({"half_life": 0}, InvalidValue, "half_life of attribution has to be positive"),
        ({"half_life": float("nan")}, InvalidValue, "half_life of attribution is nan days"),
        ({"model": "time_decay", "half_life": HOUR}, InvalidValue, "is more than 500 half-lives"),
        ({"weights": (1, 2)}, InvalidType, "weights of attribution have to be three numbers"),
        ({"weights": (1, -1, 1)}, InvalidValue, "weights of attribution have to be 0 or more"),
        ({"weights": (0, 0, 0)}, InvalidValue, "not all 0"),
        ({"conversion": 3}, InvalidType, "conversion of attribution cannot be"),
        ({"touch": "chanel"}, ColumnNotFound, "(?s)touch of attribution is column 'chanel'.*'channel'"),
        ({"touch": 3}, InvalidType, "touch of attribution has to be a column"),
        ({"touch": lambda df: df.channel.rename("credit")}, InvalidValue, "(?s)named 'credit'.*rename it"),
        ({"touch": "user_id"}, InvalidValue, "named 'user_id'"),
        ({"value": "channel"}, InvalidType, "value of attribution is string, and has to be a number"),
        ({"unit": "visitor"}, ColumnNotFound, "visitor"),
        ({"direct": 3}, InvalidType, "direct"),
    ],
    ids=case_id,
)
def test_errors(options, error, words):
    arguments = {"conversion": "buy", "touch": "channel"} | options
    with pytest.raises(error, match=words):
        HUB.attribution(loaded("duckdb", JOURNEY), **arguments)


def test_markov_needs_a_connection():
    events = DataFrame.from_schema(
        {"user_id": "string", "moment": "timestamp", "event_type": "string", "channel": "string"},
        dialect="duckdb",
        table_name="events",
    )
    assert "SELECT" in HUB.attribution(events, "buy", "channel", "linear").view_sql()
    with pytest.raises(InvalidValue, match="no connection"):
        HUB.attribution(events, "buy", "channel", "markov")


def test_the_twin_by_hand():
    assert credited.lost_paths(on_paths(), DAY) == [["A"], ["C"], ["C"]]
    assert np.isclose(credited.converting(credited.transitions(on_paths(), DAY), ["A", "B", "C"], None), 0.625)


def test_the_sql_of_markov_is_that_of_the_transitions():
    assert "converting" in asked(loaded("duckdb", JOURNEY), "markov").view_sql(dialect="postgres")


@on_every_engine
@pytest.mark.parametrize("unique", [True, False])
def test_conversions_after_each_other_have_the_touch_before_them(engine, unique):
    # Each conversion is worth a different power of 2. Those without a channel are not touches.
    journey = [
        event(0, "u", 31 * DAY, amount=1.0),
        event(1, "u", 30 * DAY, "ads"),
        event(2, "u", 20 * DAY, amount=2.0),
        event(3, "u", 10 * DAY, amount=4.0),
        event(4, "u", 9 * DAY, "direct"),
        event(5, "u", 8 * DAY, "email", 8.0),
        event(6, "u", 7 * DAY, amount=16.0),
        event(7, "u", 6 * DAY, "direct"),
        event(8, "u", 0 * DAY, amount=32.0),
    ]
    events = loaded(engine, journey)
    events = HUB.events(events) if unique else events
    assert credit_of(asked(events, "last")) == {"(direct)": 1, "ads": 2 + 4, "direct": 8 + 32, "email": 16}
    assert credit_of(asked(events, "last", window=19 * DAY)) == {"(direct)": 1 + 4, "ads": 2, "direct": 8 + 32, "email": 16}
    assert credit_of(asked(events, "last_non_direct")) == {"(direct)": 1, "ads": 2 + 4 + 8, "email": 16 + 32}
    # For two conversions, touches that are not direct are too old, but the last touches are not.
    assert credit_of(asked(events, "last_non_direct", window=7 * DAY)) == {"(direct)": 1 + 2 + 4, "direct": 8 + 32, "email": 16}


@on_every_engine
@pytest.mark.parametrize("unique", [True, False])
def test_touches_share_what_converts_within_the_window(engine, unique):
    # Touches are 20, 15, 10 and 5 days old at the last event, and expire after exactly 10 days.
    journey = [
        event(1, "u", 20 * DAY, "ads"),
        event(2, "u", 15 * DAY, "email"),
        event(3, "u", 10 * DAY, "ads", 6.0),
        event(4, "u", 10 * DAY, amount=12.0),
        event(5, "u", 5 * DAY, "email"),
        event(6, "u", 0 * DAY, amount=4.0),
        event(7, "u", -DAY, amount=8.0),
        event(8, "u", -20 * DAY, amount=16.0),
        event(9, "v", 3 * HOUR, "ads"),
        event(10, "v", HOUR, amount=32.0),
    ]
    events = loaded(engine, journey)
    events = HUB.events(events) if unique else events
    found = asked(events, "linear", window=10 * DAY)
    # 6 by events 1 and 2; 12 by 1, 2 and 3; 4 by 3 and 5; 8 by 5 alone; 16 by none.
    assert rows(found[["credit", "conversions"]]) == [
        ("(direct)", 16, 1),
        ("ads", 3 + 8 + 2 + 32, 4),
        ("email", 3 + 4 + 2 + 8, 4),
    ]
