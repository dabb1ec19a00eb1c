"""Contents and quality of the data: event types, properties, quality checks."""

from __future__ import annotations

import datetime
import json
import statistics
from collections import Counter
from functools import cache

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from frame.frames import ENGINES, opened
from hub.analyses import streams
from hub.analyses.fixture import fixture, loaded, rows, rows_of, with_nobody

from objectiv_local import DataFrame, ModelHub, sample
from objectiv_local.errors import ColumnNotFound, DataInvalid, InvalidValue

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
HUB = ModelHub()


@on_every_engine
def test_event_types(engine):
    found = rows(HUB.event_types(with_nobody(engine)))
    assert [row[:5] for row in found] == [
        ("buy", 5, 5 / 22, 5, 1.0),
        ("cart", 6, 6 / 22, 6, 1.0),
        ("error", 1, 1 / 22, 1, 1.0),
        ("view", 10, 10 / 22, 6, 9 / 6),
    ]
    assert found[0][5:] == (datetime.datetime(2024, 1, 1, 10, 20), datetime.datetime(2024, 1, 4, 8))
    assert sorted(row[0] for row in rows(HUB.event_types(fixture(engine)).users(event_type="buy"))) == ["a", "b", "c", "e", "f"]
    assert rows(HUB.event_types(fixture(engine), "buy"))[0][:3] == ("buy", 5, 1.0)


@on_every_engine
def test_event_types_without_events(engine):
    assert rows(HUB.event_types(loaded(engine, []))) == []
    unnamed = loaded(
        engine, [each | {"event_type": None} for each in rows_of([("a", "2024-01-01", ""), (None, "2024-01-01", "")])]
    )
    assert [row[:5] for row in rows(HUB.event_types(unnamed))] == [(None, 2, 1.0, 1, 1.0)]


@on_every_engine
def test_properties(engine):
    found = rows(HUB.properties(with_nobody(engine)))
    assert found == [
        ("amount", "int64", 22, 1.0, 22, "0"),
        ("country", "string", 18, 18 / 22, 3, "BE"),
        ("event_id", "string", 22, 1.0, 22, "e00"),
        ("event_type", "string", 22, 1.0, 4, "buy"),
        ("moment", "timestamp", 22, 1.0, 21, "2024-01-01 10:00:00.000000"),
        ("user_id", "string", 21, 21 / 22, 6, "a"),
    ]
    assert rows(HUB.properties(with_nobody(engine), "country", "buy")) == [("country", "string", 4, 0.8, 3, "BE")]
    assert rows(HUB.properties(loaded(engine, []), ["amount"])) == [("amount", "int64", 0, None, 0, None)]


@on_every_engine
def test_json_has_no_examples(engine):
    df = fixture(engine).copy()
    df["words"] = df.event_type.str.split("i")
    assert [row[2:] for row in rows(HUB.properties(df, ["words"]))] == [(21, 1.0, None, None)]


def test_errors_of_properties():
    with pytest.raises(ColumnNotFound, match="amout"):
        HUB.properties(fixture("duckdb"), ["amout"])
    with pytest.raises(InvalidValue, match="twice"):
        HUB.properties(fixture("duckdb"), ["amount", "amount"])


#: Events that each fail some check, on days that do not include the 7th.
FLAWED = [
    ("a", "2024-01-01 10:00", "view"),
    ("a", "1999-12-31 23:59", "view"),
    (None, "2024-01-02 10:00", "View"),
    ("b", "2024-01-03 10:00", " "),
    ("b", "2024-01-04 10:00", None),
    ("b", "2024-01-05 10:00", "buy"),
    ("c", "2024-01-05 10:00", "add_to_cart"),
    ("c", "2024-01-06 10:00", "Add to cart"),
    ("c", "2024-01-08 10:00", "add-to-card"),
    ("a", "2024-01-08 11:00", "view"),
    ("a", "2024-01-08 12:00", "view"),
    ("d", "2024-01-08 13:00", "view"),
]


@cache
def flawed(engine):
    rows_ = rows_of(FLAWED)
    rows_[1]["moment"] = datetime.datetime(1999, 12, 31)
    rows_[2]["event_id"] = None
    rows_[4]["event_id"] = "e03"
    rows_[5]["moment"] = None
    table = pa.Table.from_pylist(
        [
            each | {"session_id": session}
            for each, session in zip(rows_, (1, 9, None, 2, 2, None, 3, 3, 3, 4, 4, 4), strict=True)
        ],
        schema=pa.schema(
            [
                ("event_id", pa.string()),
                ("user_id", pa.string()),
                ("moment", pa.timestamp("us")),
                ("event_type", pa.string()),
                ("session_id", pa.int64()),
            ]
        ),
    )
    df = DataFrame.from_arrow(opened(engine), table.append_column("row", pa.array(range(len(rows_)))), "row")
    return df.reset_index().set_index("event_id")


@on_every_engine
def test_checks(engine):
    found = {row[0]: row[1:] for row in rows(HUB.quality(flawed(engine), start="1999-01-01", as_of="2024-01-08 12:30", busy=1))}
    # Of the days since 1999 (25 years and 8 days), 8 have events; sessions of exactly one day are not long.
    assert found["day_without_events"] == ("warning", 25 * 365 + 6 + 8 - 8, 25 * 365 + 6 + 8, "1999-01-01")
    expected = {
        "missing_moment": ("error", 1, 12, "e05"),
        "missing_event_id": ("error", 1, 11, "2024-01-02 10:00:00.000000"),
        "repeated_event_id": ("error", 1, 11, "e03"),
        "missing_event_type": ("error", 2, 11, "e03"),
        "ancient_moment": ("error", 1, 11, "e01"),
        "future_moment": ("error", 1, 11, "e11"),
        "missing_user": ("warning", 1, 11, None),
        "busy_user": ("warning", 1, 4, "a"),
        "shared_session": ("warning", 1, 5, "4"),
        "long_session": ("warning", 1, 5, "3"),
        "similar_event_type": ("warning", 4, 6, "Add to cart"),
    }
    assert {name: found[name] for name in expected} == expected


@on_every_engine
def test_days(engine):
    # Mondays have 1, 1, 1, 1 and 9 events; the median absolute deviation is 0.
    events = [
        ("a", f"2024-01-{1 + 7 * week:02} 10:{minute:02}", "view")
        for week in range(5)
        for minute in range(9 if week == 3 else 1)
    ]
    found = {row[0]: row[1:] for row in rows(HUB.quality(loaded(engine, rows_of(events))))}
    assert found["day_without_events"] == ("warning", 29 - 5, 29, "2024-01-02")
    assert found["odd_day"] == ("warning", 1, 28, "2024-01-22")


@on_every_engine
@pytest.mark.parametrize("seed", range(2))
def test_odd_days_by_hand(engine, seed):
    events = streams.stream(seed, 400, hours=24 * 30)
    days = Counter(each["moment"].date() for each in events)
    last = max(each["moment"] for each in events)
    numbers = {each: days[each] for each in streams.calendar(min(each["moment"] for each in events), last, "day")}
    whole = {each: number for each, number in numbers.items() if streams.midnight(each) + datetime.timedelta(days=1) <= last}
    odd = []
    for weekday in range(7):
        same = {each: number for each, number in whole.items() if each.weekday() == weekday}
        middle = statistics.median(same.values())
        spread = statistics.median(abs(number - middle) for number in same.values())
        odd += [each for each, number in same.items() if abs(number - middle) > 3 * spread]
    found = {row[0]: row[1:] for row in rows(HUB.quality(loaded(engine, events)))}
    assert found["odd_day"] == ("warning", len(odd), len(whole), str(min(odd)) if odd else None)
    assert found["day_without_events"][1] == sum(number == 0 for number in numbers.values())


def test_contexts_of_objectiv():
    """The sample against plain Python, with contexts removed from some events."""
    needed = {
        "InteractiveEvent": "AbstractLocationContext",
        "PressEvent": "PressableContext",
        "InputChangeEvent": "InputContext",
        "VisibleEvent": "AbstractLocationContext",
        "HiddenEvent": "AbstractLocationContext",
        "MediaEvent": "MediaPlayerContext",
    }
    table = pq.read_table(sample.path()).slice(0, 400).to_pylist()
    expected = Counter()
    for number, row in enumerate(table):
        value = json.loads(row["value"])
        if number % 7 == 0:
            value["location_stack"] = value["location_stack"][1:]
        if number % 11 == 0:
            value["location_stack"] = value["location_stack"][:1] * 2
            value["global_contexts"] = value["global_contexts"] * 2
        if number % 13 == 0:
            value["global_contexts"] = [each for each in value["global_contexts"] if each["_type"] != "ApplicationContext"]
        row["value"] = json.dumps(value)
        stack, contexts = value["location_stack"], value["global_contexts"]
        expected["lacks_location"] += any(
            event in value["_types"] and not any(context in each["_types"] for each in stack)
            for event, context in needed.items()
        )
        expected["lacks_root_location"] += bool(stack) and not any(each["_type"] == "RootLocationContext" for each in stack)
        expected["lacks_application"] += not any(each["_type"] == "ApplicationContext" for each in contexts)
        for name, some in (("repeated_location", stack), ("repeated_context", contexts)):
            expected[name] += len({(each["_type"], each["id"]) for each in some}) < len(some)
    hub = ModelHub(global_contexts=["global_contexts"])
    assert all(expected.values())
    for engine in ENGINES:
        raw = DataFrame.from_arrow(opened(engine), pa.Table.from_pylist(table))
        found = {row[0]: row[2] for row in rows(hub.quality(hub.events(raw, schema="objectiv")))}
        assert {name: found[name] for name in expected} == dict(expected)


def test_raise_on():
    found = HUB.quality(flawed("duckdb"), as_of="2024-01-08 12:30")
    with pytest.raises(DataInvalid, match=r"(?s)missing_moment: 1 of 12, such as e05; .*all checks"):
        found.raise_on("error")
    with pytest.raises(DataInvalid, match="long_session"):
        found.raise_on("warning")
    with pytest.raises(InvalidValue, match="severity has to be error or warning"):
        found.raise_on("errors")
    HUB.quality(fixture("duckdb")).raise_on("error")


@on_every_engine
def test_quality_without_events(engine):
    found = rows(HUB.quality(loaded(engine, [])))
    assert {row[2:] for row in found} == {(0, 0, None)}


def test_checks_of_missing_columns_are_left_out():
    found = [row[0] for row in rows(HUB.quality(fixture("duckdb")[["moment", "country"]]))]
    assert "missing_user" not in found
    assert "ancient_moment" in found
