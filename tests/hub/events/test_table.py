"""Event frames of tables without a schema: columns that are named and guessed, moments, ids, ranges and sessions."""

from __future__ import annotations

import datetime
import logging
import random
from collections import Counter
from typing import Any

import postgres_server
import pyarrow as pa
import pytest
from hub.events import stream

from objectiv_local import DataFrame, ModelHub, connect, to_datetime
from objectiv_local.errors import ColumnNotFound, DataInvalid, InvalidType, InvalidValue, TableNotFound

HUB = ModelHub(time_aggregation="%Y-%m-%d")
ENGINES = ("duckdb", *(f"postgres{version}" for version in postgres_server.default_versions()))


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(f"2024-{text}")


def frame(engine: str, columns: dict[str, list[Any]]) -> DataFrame:
    """Return a frame over a table of an engine."""
    table = pa.table(columns)
    if engine == "duckdb":
        return DataFrame.from_table(connect(table), "data")
    target = connect(postgres_server.session_url(int(engine.removeprefix("postgres"))))
    return DataFrame.from_arrow(target, table, name="given", materialization="temp_table")


def rows(events: DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """Return columns in the order of the ids, with the id first."""
    found = events.sort_index()[[*columns]].reset_index().to_arrow()
    return [tuple(row.values()) for row in found.select(["event_id", *columns]).to_pylist()]


CLICKS = {
    "uid": ["a", "a", "b", None, "a", None],
    "ts": [at("03-01 10:00"), at("03-01 10:30"), at("03-01 10:00"), at("03-02 00:00"), at("03-01 11:00:01"), at("03-02 00:01")],
    "action": ["view", "buy", "view", "view", "view", "view"],
    "page": ["/", "/cart", "/", "/x", "/", "/y"],
    "amount": [None, 3.5, None, 1.0, 2.0, None],
}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_table_with_guessed_columns(engine):
    events = HUB.events(frame(engine, CLICKS))
    assert events.index_dtypes == {"event_id": "string"}
    assert events.dtypes == {
        "day": "date",
        "moment": "timestamp",
        "user_id": "string",
        "event_type": "string",
        "location": "string",
        "session_id": "int64",
        "session_hit_number": "int64",
        "amount": "float64",
    }
    # A pause of exactly the gap does not end a session; hits without a user have none.
    assert rows(events, "day", "user_id", "event_type", "location", "session_id", "session_hit_number", "amount") == [
        ("a|1709287200000000|view|1", datetime.date(2024, 3, 1), "a", "view", "/", 1, 1, None),
        ("a|1709289000000000|buy|1", datetime.date(2024, 3, 1), "a", "buy", "/cart", 1, 2, 3.5),
        ("a|1709290801000000|view|1", datetime.date(2024, 3, 1), "a", "view", "/", 3, 1, 2.0),
        ("b|1709287200000000|view|1", datetime.date(2024, 3, 1), "b", "view", "/", 2, 1, None),
        ("|1709337600000000|view|1", datetime.date(2024, 3, 2), None, "view", "/x", None, None, 1.0),
        ("|1709337660000000|view|1", datetime.date(2024, 3, 2), None, "view", "/y", None, None, None),
    ]
    assert "user_id from uid (guessed)" in repr(events)
    assert repr(events[events.user_id == "a"]).endswith(repr(events).splitlines()[-1]), "a filter keeps the note"
    assert "guessed" not in repr(events.groupby("user_id").size().to_frame()), "rows made of others have another origin"


@pytest.mark.parametrize("engine", ENGINES)
def test_named_columns_and_functions_take_the_place_of_guesses(engine):
    events = HUB.events(
        frame(engine, CLICKS),
        user_id="page",
        event_type=lambda each: each.action.str.upper(),
        session_id=["uid", "action"],
        properties=["uid", "amount"],
    )
    assert events.columns == ["day", "moment", "user_id", "event_type", "session_id", "session_hit_number", "uid", "amount"]
    assert sorted(map(str, (row[1:] for row in rows(events, "user_id", "event_type", "session_id", "session_hit_number")))) == [
        "('/', 'VIEW', 'a|view', 1)",
        "('/', 'VIEW', 'a|view', 2)",
        "('/', 'VIEW', 'b|view', 1)",
        "('/cart', 'BUY', 'a|buy', 1)",
        "('/x', 'VIEW', None, None)",
        "('/y', 'VIEW', None, None)",
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_ids_do_not_depend_on_the_order_of_rows_and_on_the_columns_that_are_kept(engine):
    draw = random.Random(3)
    n = 60
    columns = {
        "uid": [draw.choice(("a", "b|", "b", None)) for _ in range(n)],
        "ts": [at(f"03-01 10:0{draw.randrange(3)}") for _ in range(n)],
        "event": [draw.choice(("x", "|x", None)) for _ in range(n)],
        "n": list(range(n)),
    }
    shuffled = list(range(n))
    draw.shuffle(shuffled)
    first = HUB.events(frame(engine, columns))
    second = HUB.events(frame(engine, {name: [values[place] for place in shuffled] for name, values in columns.items()}))
    ids = {row[1]: row[0] for row in rows(first, "n")}
    assert len(set(ids.values())) == n, "they differ"
    assert {row[1]: row[0] for row in rows(second, "n")} == ids
    assert {row[0] for row in rows(HUB.events(frame(engine, columns), properties=[]), "user_id")} == set(ids.values())
    part = HUB.events(frame(engine, columns), start="2024-03-01T10:01:00")
    assert {row[1]: row[0] for row in rows(part, "n")} == {
        number: ids[number] for number in range(n) if columns["ts"][number] >= at("03-01 10:01")
    }
    duckdb = HUB.events(frame("duckdb", columns))
    assert {row[1]: row[0] for row in rows(duckdb, "n")} == ids, "every engine makes the same ids"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["text", "offset", "blank", "s", "ms", "us", "ns", "date", "float"])
def test_moments_of_every_form(engine, kind):
    moments = [at("03-01 10:00"), None, at("03-02 00:00"), at("03-31 03:00")]
    epoch = datetime.datetime(1970, 1, 1)
    factors = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
    forms = {
        "text": lambda value: value.isoformat() + "Z",
        "blank": str,
        "date": lambda value: value.date(),
        "offset": lambda value: (value + datetime.timedelta(hours=2)).isoformat() + ".000+02:00",
        "float": lambda value: float((value - epoch).total_seconds()),
        **{
            unit: lambda value, factor=factor: int((value - epoch).total_seconds()) * factor for unit, factor in factors.items()
        },
    }
    given = frame(
        engine,
        {
            "user_id": ["a"] * 4,
            "moment": [None if each is None else forms[kind](each) for each in moments],
            "event_type": ["x"] * 4,
        },
    )
    events = HUB.events(given)
    expected = [each for each in moments if each is not None]
    if kind == "date":
        expected = [datetime.datetime.combine(each.date(), datetime.time()) for each in expected]
    assert sorted(row[1] for row in rows(events, "moment")) == expected, "without a moment, it is no event"


@pytest.mark.parametrize("engine", ENGINES)
def test_numbers_are_compared_as_they_are_stored(engine):
    milliseconds = [1709287200000 + 500 * number for number in range(6)]
    given = frame(engine, {"user_id": ["a"] * 6, "moment": milliseconds, "event_type": ["x"] * 6, "n": list(range(6))})
    for start, end, expected in (
        (at("03-01 10:00:01"), None, [2, 3, 4, 5]),
        (at("03-01 10:00:00.500001"), None, [2, 3, 4, 5]),
        (at("03-01 10:00:00.499999"), None, [1, 2, 3, 4, 5]),
        (None, at("03-01 10:00:01"), [0, 1]),
        (None, at("03-01 10:00:01.000001"), [0, 1, 2]),
        (at("03-01 10:00:00.5"), at("03-01 10:00:01.5"), [1, 2]),
    ):
        events = HUB.events(given, start=start, end=end)
        assert sorted(row[1] for row in rows(events, "n")) == expected
    assert ">= 1709287201000" in HUB.events(given, start=at("03-01 10:00:01"))[["n"]].view_sql()


def test_ranges_are_half_open_and_of_days_or_moments():
    given = frame("duckdb", CLICKS)

    def found(start: object = None, end: object = None) -> list[str]:
        return sorted(str(row[1]) for row in rows(HUB.events(given, start=start, end=end), "moment"))

    assert found("2024-03-02") == ["2024-03-02 00:00:00", "2024-03-02 00:01:00"]
    assert found(None, datetime.date(2024, 3, 2)) == sorted(str(each) for each in CLICKS["ts"] if each < at("03-02 00:00"))
    assert found("2024-03-01T11:30:00+01:00", "2024-03-01 11:00") == ["2024-03-01 10:30:00"]
    assert found(at("03-01 10:30").replace(tzinfo=datetime.timezone(datetime.timedelta(hours=-1))), "2024-03-02") == []
    for start, end in (("2024-03-02", "2024-03-02"), ("2024-03-02", "2024-03-01")):
        with pytest.raises(InvalidValue, match="is not after"):
            HUB.events(given, start=start, end=end)
    for wrong in ("yesterday", "2024-02-30", 5, 1.5, True):
        with pytest.raises(InvalidValue, match="start is not a day or a moment"):
            HUB.events(given, start=wrong)


DOUBLE = {
    "event_id": [1, 1, 2, 3, 3],
    "user_id": ["a", "a", "b", "c", "c"],
    "event_type": ["x"] * 5,
    "n": [1, 2, 3, 4, 5],
    "moment": [at("03-02 10:00"), at("03-01 10:00"), at("03-01 10:00"), at("03-01 10:00"), at("03-01 10:00")],
}


@pytest.mark.parametrize("engine", ENGINES)
def test_repeated_ids(engine, caplog):
    given = frame(engine, DOUBLE)
    with caplog.at_level(logging.WARNING):
        assert len(HUB.events(given).to_pandas()) == 5
    assert "2 of 5 events" in caplog.text
    assert "dedup=True" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        assert rows(HUB.events(given, dedup=True), "n") == [(1, 2), (2, 3), (3, 4)], "the first by moment, then by the rest"
        # The first of event 1 is before the range, so the event is.
        assert rows(HUB.events(given, dedup=True, start="2024-03-02"), "n") == []
    assert not caplog.text


@pytest.mark.parametrize("engine", ENGINES)
def test_devices_stand_in_for_users(engine):
    given = frame(
        engine,
        {
            "device": [1, 2, 2, None],
            "customer": ["a", None, "b", None],
            "event_id": ["1", "2", "3", "4"],
            "moment": [at("03-01 10:00")] * 4,
            "event_type": ["x"] * 4,
        },
    )
    events = HUB.events(given, user_id=("device", "customer"))
    assert rows(events, "user_id", "device_id") == [("1", "a", 1), ("2", "2", 2), ("3", "b", 2), ("4", None, None)]
    for wrong in (("device",), ("device", "customer", "moment"), ("device", 1)):
        with pytest.raises(InvalidType):
            HUB.events(given, user_id=wrong)


def test_a_column_with_the_name_of_another_one_is_kept():
    given = frame(
        "duckdb",
        {
            "uid": ["a"],
            "at": [at("03-01 10:00")],
            "event": ["x"],
            "day": ["Friday"],
            "location": ["Paris"],
            "session_id": [{"a": 1}],
            "raw_day": [1],
        },
    )
    events = HUB.events(given, location="event", event_type="event")
    assert {
        name: events.dtypes[name] for name in ("day", "location", "session_id", "raw_location", "raw_day", "raw_day_2")
    } == {
        "day": "date",
        "location": "string",
        "session_id": "int64",
        "raw_location": "string",
        "raw_day": "int64",
        "raw_day_2": "string",
    }


def test_properties_inside_of_json():
    given = frame(
        "duckdb",
        {
            "uid": ["a", "b"],
            "at": [at("03-01 10:00")] * 2,
            "event": ["x"] * 2,
            "props": ['{"plan": "pro", "n": 1}', None],
            "struct": [{"k": "v"}, {"k": None}],
        },
    )
    events = HUB.events(given, properties={"plan": "props.plan", "k": "struct.k", "is_a": lambda each: each.uid == "a"})
    assert [row[1:] for row in rows(events, "plan", "k", "is_a")] == [("pro", "v", True), (None, None, False)]
    assert [row[1:] for row in rows(HUB.events(given, properties=["props.n"]), "n")] == [("1",), (None,)]
    kept = HUB.events(given.assign(props=given.props.astype("json")))
    assert sorted(map(str, kept.props["plan"].to_pandas())) == ["None", "pro"]
    with pytest.raises(ColumnNotFound, match="nope"):
        HUB.events(given, properties=["nope"])
    with pytest.raises(InvalidType, match="has no properties"):
        HUB.events(given, properties=["at.year"])
    with pytest.raises(ColumnNotFound, match=r"no row of .* has a property 'props\.plam'\nhint: did you mean 'props\.plan'"):
        HUB.events(given, properties={"plan": "props.plan", "other": "props.plam"})


class TestBadInput:
    """Each wrong table or argument gives an error that says what to do."""

    def test_no_events(self):
        with pytest.raises(InvalidValue, match=r"no column of .* was recognized as user_id; it has a, b"):
            HUB.events(frame("duckdb", {"a": [1], "b": ["x"]}))
        with pytest.raises(InvalidValue, match="recognized as event_type") as caught:
            HUB.events(frame("duckdb", {"customer_id": [1], "date": [datetime.date(2024, 1, 1)], "cds": [2]}))
        assert "event_type=lambda rows: 'order'" in str(caught.value)

    def test_ambiguous_columns(self):
        given = frame("duckdb", {"uid": ["a"], "customer": ["b"], "ts": [at("03-01 10:00")], "event": ["x"]})
        with pytest.raises(InvalidValue, match=r"several columns of .* may be user_id: uid, customer") as caught:
            HUB.events(given)
        assert "user_id='uid'" in str(caught.value)
        assert HUB.events(given, user_id="customer").columns[-1] == "uid"

    @pytest.mark.parametrize("name", ["visitor", "Visitor_ID", "person", "member"])
    def test_names_of_users(self, name):
        given = frame("duckdb", {name: ["a"], "ts": [at("03-01 10:00")], "event": ["x"], "color": ["red"]})
        assert HUB.events(given).user_id.to_pandas().tolist() == ["a"]

    def test_the_name_of_a_role_wins(self):
        given = frame("duckdb", {"uid": ["a"], "user_id": ["b"], "ts": [at("03-01 10:00")], "event": ["x"]})
        assert rows(HUB.events(given), "user_id")[0][1] == "b"

    @pytest.mark.parametrize("engine", ENGINES)
    def test_moments_that_cannot_be_read(self, engine):
        given = frame(
            engine, {"uid": list("abcde"), "ts": ["2024-03-01", "soon", "01/02/2024", None, "soon"], "event": ["x"] * 5}
        )
        with pytest.raises(DataInvalid, match=r"3 rows of .* have no moment in ISO 8601 in 'ts', such as '01/02/2024', 'soon'"):
            HUB.events(given)
        assert len(HUB.events(given, moment=lambda each: to_datetime(each.ts, errors="coerce")).to_pandas()) == 1

    def test_numbers_that_are_no_moments(self):
        for numbers in ([1, 2], [1709287200, 1709287200000], [-5, 1709287200]):
            given = frame("duckdb", {"uid": ["a", "b"], "ts": numbers, "event": ["x"] * 2})
            with pytest.raises(DataInvalid, match="not all seconds"):
                HUB.events(given)
        empty = DataFrame.from_table(
            connect(
                pa.table({"uid": pa.array([], pa.string()), "ts": pa.array([], pa.int64()), "event": pa.array([], pa.string())})
            ),
            "data",
        )
        assert HUB.events(empty).to_pandas().empty

    def test_columns_of_other_types(self):
        columns = {"uid": [1.5], "ts": [at("03-01 10:00")], "event": ["x"], "flag": [True], "j": [{"a": 1}]}
        with pytest.raises(InvalidType, match=r"user_id of .* is float64"):
            HUB.events(frame("duckdb", columns), user_id="uid")
        with pytest.raises(InvalidType, match=r"moment of .* is bool"):
            HUB.events(frame("duckdb", columns), user_id="event", event_type="event", moment="flag")
        with pytest.raises(InvalidType, match=r"event_type of .* is"):
            HUB.events(frame("duckdb", columns), user_id="event", event_type="j")

    def test_wrong_arguments(self):
        given = frame("duckdb", CLICKS)
        with pytest.raises(ColumnNotFound, match="no column 'uidd' for user_id") as caught:
            HUB.events(given, user_id="uidd")
        assert "'uid'" in str(caught.value)
        with pytest.raises(InvalidType, match="has to return a series of the frame"):
            HUB.events(given, user_id=lambda each: frame("duckdb", CLICKS).uid)
        with pytest.raises(InvalidType, match="has to return a series"):
            HUB.events(given, user_id=lambda each: 5)
        with pytest.raises(InvalidValue, match="there is no schema 'post-hog'") as caught:
            HUB.events(given, schema="post-hog")
        assert "posthog" in str(caught.value)
        with pytest.raises(InvalidValue, match="has no column uuid, event, distinct_id, timestamp, properties"):
            HUB.events(given, schema="posthog")
        with pytest.raises(InvalidValue, match="table_name"):
            HUB.events(given, table_name="x")
        with pytest.raises(InvalidType, match="session_gap"):
            HUB.events(given, session_gap=1800)
        with pytest.raises(InvalidValue, match="negative"):
            HUB.events(given, session_gap=datetime.timedelta(seconds=-1))

    def test_several_tables(self, tmp_path):
        import duckdb

        path = tmp_path / "shop.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute("CREATE TABLE a (x int); CREATE TABLE b (uid text, ts timestamp, event text)")
        with pytest.raises(InvalidValue, match="2 tables") as caught:
            HUB.events(str(path))
        assert "a, b" in str(caught.value)
        assert HUB.events(str(path), table_name="b").columns[:4] == ["day", "moment", "user_id", "event_type"]
        with pytest.raises(TableNotFound):
            HUB.events(str(path), table_name="c")

    def test_a_grouped_frame(self):
        with pytest.raises(InvalidValue, match="grouped"):
            HUB.events(frame("duckdb", CLICKS).groupby("uid"))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_frame_that_was_filtered_and_a_window_in_a_role(engine):
    given = frame(engine, CLICKS)
    events = HUB.events(given[given.action == "view"], user_id="uid")
    assert Counter(row[1] for row in rows(events, "event_type")) == {"view": 5}
    # The rank is that among all rows, not among those of the range.
    ranked = HUB.events(
        given, session_id=lambda each: each.sort_values("ts").ts.rank(method="min").astype("int64"), start="2024-03-02"
    )
    assert sorted(row[1] for row in rows(ranked, "session_id")) == [5, 6]


def by_hand(
    hits: list[tuple[int, str | None, datetime.datetime | None]], gap: datetime.timedelta
) -> dict[int, tuple[Any, Any]]:
    """Return the session and the number in it for each hit: (id, user, moment)."""
    found: dict[int, tuple[Any, Any]] = {}
    last: dict[str, tuple[datetime.datetime, tuple[datetime.datetime, int], int]] = {}
    sessions: dict[tuple[datetime.datetime, int], list[int]] = {}
    for number, user, moment in sorted(
        (each for each in hits if each[1] is not None and each[2] is not None), key=lambda each: (each[2], each[0])
    ):
        previous = last.get(user)
        key = previous[1] if previous is not None and moment - previous[0] <= gap else (moment, number)
        last[user] = (moment, key, number)
        sessions.setdefault(key, []).append(number)
    for place, key in enumerate(sorted(sessions), 1):
        for count, number in enumerate(sessions[key], 1):
            found[number] = (place, count)
    return {number: found.get(number, (None, None)) for number, _, _ in hits}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", range(3))
def test_sessionize(engine, seed):
    draw = random.Random(seed)
    hits = [
        (
            number,
            draw.choice(("a", "b", "c", None)),
            None if draw.random() < 0.1 else at("03-01 10:00") + datetime.timedelta(minutes=draw.randrange(300)),
        )
        for number in range(80)
    ]
    columns = {"n": [each[0] for each in hits], "who": [each[1] for each in hits], "at": [each[2] for each in hits]}
    gap = datetime.timedelta(minutes=draw.choice((5, 20)))
    found = HUB.sessionize(frame(engine, columns), gap, user_id="who", moment="at", event_id="n")
    table = found.to_arrow().to_pylist()
    assert {row["n"]: (row["session_id"], row["session_hit_number"]) for row in table} == by_hand(hits, gap)
    assert found.columns == ["n", "who", "at", "session_id", "session_hit_number"]


def test_sessionize_refuses():
    given = frame("duckdb", CLICKS)
    with pytest.raises(ColumnNotFound):
        HUB.sessionize(given)
    with pytest.raises(InvalidType, match="timestamp"):
        HUB.sessionize(given, user_id="uid", moment="page")
    with pytest.raises(ColumnNotFound, match="nope"):
        HUB.sessionize(given, user_id="uid", moment="ts", event_id="nope")
    twice = HUB.sessionize(given, user_id="uid", moment="ts")
    with pytest.raises(InvalidValue, match="has a column session_id already"):
        HUB.sessionize(twice, user_id="uid", moment="ts")
    again = HUB.sessionize(twice.sort_values("session_id")[["uid", "ts"]], user_id="uid", moment="ts")
    assert again.to_pandas().session_id.dropna().is_monotonic_increasing, "the order is by the dropped column still"


def test_objectiv_is_the_frame_of_get_objectiv_dataframe_and_more(tmp_path):
    import pyarrow.parquet as pq

    path = tmp_path / "data.parquet"
    pq.write_table(pa.Table.from_pylist(stream.objectiv(stream.stream())), path)
    hub = ModelHub(global_contexts=["http"])
    own = hub.get_objectiv_dataframe(db_url=str(path))
    events = hub.events(str(path))
    assert "by the schema objectiv" in repr(events)
    assert set(events.columns) - set(own.columns) == {"location"}
    shared = sorted(own.columns)
    assert events.sort_index()[shared].to_pandas().equals(own.sort_index()[shared].to_pandas())
    assert events.sort_index().location.to_pandas().equals(own.sort_index().location_stack.ls.nice_name.to_pandas())
