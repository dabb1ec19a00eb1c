"""A snapshot equals the frame that was written: rows, types, names, index; and its files are readable by other programs."""

from __future__ import annotations

import datetime
import decimal
import json
import math
import uuid

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from frame.frames import ENGINES, opened
from hub import tables
from snapshot.sources import HUB, Table, content, event, parquet_rows, stream

from objectiv_local import DataFrame, connect, ml, snapshot
from objectiv_local.errors import InvalidType, InvalidValue

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
MANY = {
    "text": ["", "it's", 'a "quote"', "💥\n\t", None],
    "whole": [1, -(2**63), 2**63 - 1, 0, None],
    "float": [0.1, math.inf, -math.inf, -0.0, None],
    "yes": [True, False, True, False, None],
    "day": [datetime.date(1970, 1, 1), datetime.date(9999, 12, 31), datetime.date(1, 1, 1), datetime.date(2024, 2, 29), None],
    "at": [
        datetime.datetime(2024, 1, 31, 23, 59, 59, 999999),
        datetime.datetime(2024, 2, 1),
        datetime.datetime(1, 1, 1),
        datetime.datetime(9999, 12, 31, 23, 59, 59, 999999),
        None,
    ],
    "took": [
        datetime.timedelta(microseconds=1),
        datetime.timedelta(days=-1),
        datetime.timedelta(0),
        datetime.timedelta(days=365000),
        None,
    ],
    "clock": [datetime.time(0), datetime.time(23, 59, 59, 999999), datetime.time(12), datetime.time(1), None],
    "money": [
        decimal.Decimal("0.01"),
        decimal.Decimal("-123456789012345678901234.56"),
        decimal.Decimal(0),
        decimal.Decimal(5),
        None,
    ],
    "id": [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1), uuid.UUID(int=1), uuid.UUID(int=7), None],
    "json": [{"a": [1, {"b": None}]}, [], {"k": "x"}, [1, "2"], None],
}


def many(engine):
    types = {
        "text": pa.string(),
        "whole": pa.int64(),
        "float": pa.float64(),
        "yes": pa.bool_(),
        "day": pa.date32(),
        "at": pa.timestamp("us"),
        "took": pa.duration("us"),
        "clock": pa.time64("us"),
        "money": pa.decimal128(38, 2),
    }
    frame = DataFrame.from_arrow(
        opened(engine),
        pa.table(
            {
                "row": pa.array(range(5), pa.int64()),
                **{name: pa.array(MANY[name], type_) for name, type_ in types.items()},
                "id": pa.array([None if each is None else str(each) for each in MANY["id"]]),
                "json": pa.array([None if each is None else json.dumps(each) for each in MANY["json"]]),
            }
        ),
        "row",
    )
    frame["id"] = frame.id.astype("uuid")
    frame["json"] = frame.json.astype("json")
    frame["interval"] = frame.whole.where(frame.whole < 2).clip(-5).cut(bins=3)
    return frame


@on_every_engine
def test_values_of_every_type_round_trip(engine, tmp_path):
    frame = many(engine)
    local = frame.snapshot(tmp_path / "many")
    assert content(local) == content(frame)
    assert local.dtypes == frame.dtypes
    assert local.index_columns == ["row"]
    # The values are the ones that were inserted.
    found = local.sort_index().to_arrow().to_pydict()
    for name, values in MANY.items():
        expected = [None if value is None else str(value) for value in values] if name == "id" else values
        assert (
            [None if value is None else json.loads(value) for value in found[name]] if name == "json" else found[name]
        ) == expected, name
    assert math.copysign(1, found["float"][3]) == -1


@on_every_engine
def test_rows_are_divided_by_any_timestamp(engine, tmp_path):
    frame = many(engine)
    local = frame.snapshot(tmp_path / "many", time="at")
    assert content(local) == content(frame)
    assert sorted(path.name for path in (tmp_path / "many").glob("v*/rows/*")) == [
        "month=0001-01",
        "month=2024-01",
        "month=2024-02",
        "month=9999-12",
        "month=none",
    ]
    assert snapshot.verify(tmp_path / "many").rows == 5


@on_every_engine
def test_an_event_frame_round_trips(engine, tmp_path):
    table = Table(engine, tmp_path, stream(1))
    events = table.events()
    local = events.snapshot(tmp_path / "local")
    assert content(local) == content(events)
    assert content(HUB.events(tmp_path / "local")) == content(events)
    assert "user_id from user" in repr(local)
    assert ml.fingerprint(local.drop(columns=["props"])) == ml.fingerprint(events.drop(columns=["props"]))
    assert parquet_rows(tmp_path / "local") == 80


@pytest.mark.parametrize("place", tables.PLACES)
def test_objectiv_events_round_trip(place, tmp_path):
    stack = [tables.HOME, {"_type": "LinkContext", "id": "logo"}]
    events = [
        tables.event(
            number,
            number % 3,
            f"2022-0{1 + number % 3}-01 10:{number:02}:00",
            stack=stack[: 1 + number % 2],
            contexts=tables.APP,
        )
        for number in range(30)
    ]
    source, name = tables.stored(place, events, tmp_path)
    hub = type(HUB)(global_contexts=["application"])
    df = hub.get_objectiv_dataframe(db_url=source, table_name=name)
    local = df.snapshot(tmp_path / "local")
    assert content(local) == content(df)
    assert (
        local.location_stack.ls.nice_name.value_counts().to_pandas().to_dict()
        == df.location_stack.ls.nice_name.value_counts().to_pandas().to_dict()
    )
    assert [(each.column, each.values) for each in snapshot.manifest.read(tmp_path / "local").dictionaries] == [
        ("location_stack", 3),
        ("stack_event_types", 2),
        ("application", 2),
    ]


@on_every_engine
def test_sessions_are_known_to_be_the_hubs(engine, tmp_path):
    events = Table(engine, tmp_path, stream(2)).events()
    local = events.snapshot(tmp_path / "local")
    for frame in (events, local):
        assert (
            HUB.agg.session_duration(frame).sort_index().to_pandas().to_dict()
            == HUB.agg.session_duration(events).sort_index().to_pandas().to_dict()
        )
    # Paths are only ordered by session if the hub numbered the sessions.
    from objectiv_local.hub.hits import sessions_are_numbered

    assert sessions_are_numbered(events._state)
    assert sessions_are_numbered(local._state)
    assert not sessions_are_numbered(local.assign(session_id=local.session_id + 1)._state)


@on_every_engine
@pytest.mark.parametrize("rows", [[], [event(1)], [event(1, user=None)]], ids=["none", "one", "nobody"])
def test_few_rows(engine, tmp_path, rows):
    events = Table(engine, tmp_path, [event(1), event(2)]).events()
    few = (
        events[events.event_type == "buy"]
        if not rows
        else events[events.session_hit_number == 1]
        if rows[0]["user"]
        else Table(engine, tmp_path, rows).events()
    )
    local = few.snapshot(tmp_path / "few")
    assert content(local) == content(few)
    assert snapshot.verify(tmp_path / "few").rows == len(rows)
    assert HUB.agg.unique_users(local, groupby=None).value == (1 if rows and rows[0]["user"] else 0)


def test_column_names_that_are_not_valid_file_names(tmp_path):
    names = ["a", "A", 'q"', "it's", "a.b", "x" * 90, "ключ", "c0"]
    engine = connect(pa.table({"x": [1]}))
    frame = DataFrame.from_arrow(engine, pa.table({name: [number, None] for number, name in enumerate(names)}))
    local = frame.snapshot(tmp_path / "odd")
    assert content(local) == content(frame)
    assert local.columns == names
    again = DataFrame.from_arrow(
        engine, pa.table({"row": list(range(40)), "D/e": ['{"k": 1}', "[]"] * 20, "d/E": ['{"k": 2}', "{}"] * 20}), "row"
    )
    for name in ("D/e", "d/E"):
        again[name] = again[name].astype("json")
    local = again.snapshot(tmp_path / "odd json")
    assert content(local) == content(again)
    assert len(snapshot.manifest.read(tmp_path / "odd json").dictionaries) == 2


def test_json_with_few_repeats_is_stored_with_its_keys(tmp_path):
    rows = [event(number, n=number, plan="pro", deep={"x": [number]}) for number in range(50)]
    events = Table("duckdb", tmp_path, rows).events()
    events["props"] = events.props.astype("json")
    local = events.snapshot(tmp_path / "local")
    manifest = snapshot.manifest.read(tmp_path / "local")
    assert (manifest.dictionaries, [each.name for each in manifest.members]) == ((), ["props.n", "props.plan"])
    assert content(local) == content(events)
    rows = pq.read_table(tmp_path / "local" / manifest.version / "rows" / "month=2024-01" / "rows.parquet").to_pylist()
    assert [(json.loads(row["props"]), row["props.n"], row["props.plan"]) for row in rows[:2]] == [
        ({"n": 0, "plan": "pro", "deep": {"x": [0]}}, "0", "pro"),
        ({"n": 1, "plan": "pro", "deep": {"x": [1]}}, "1", "pro"),
    ]


def test_files_are_sorted_and_read_by_others(tmp_path):
    events = Table("duckdb", tmp_path, stream(3)).events()
    events.snapshot(tmp_path / "local")
    version = snapshot.manifest.read(tmp_path / "local").version
    found = pl.read_parquet(tmp_path / "local" / version / "rows" / "**" / "*.parquet", hive_partitioning=True)
    assert found.height == 80
    for (month,), rows in found.group_by("month"):
        keys = [(user is None, user, *others) for user, *others in rows.select("user_id", "moment", "event_id").rows()]
        assert keys == sorted(keys)
        assert {f"{at:%Y-%m}" for at in rows["moment"]} == {month}
    one = connect(tmp_path / "local")
    assert one.tables() == ["data"]
    table = DataFrame.from_table(tmp_path / "local", "data", index="event_id")
    assert content(table[list(events.columns)]) == content(events)


def test_days_are_in_the_time_zone_of_the_hub(tmp_path):
    rows = [event(1, at="2024-01-31 23:30"), event(2, at="2024-02-01 12:00")]
    amsterdam = type(HUB)(time_zone="Europe/Amsterdam")
    Table("duckdb", tmp_path, rows).events().snapshot(tmp_path / "local")
    days = {
        hub.time_zone: hub.events(tmp_path / "local").sort_index().day.astype("string").to_pandas().to_list()
        for hub in (HUB, amsterdam)
    }
    assert days == {"UTC": ["2024-01-31", "2024-02-01"], "Europe/Amsterdam": ["2024-02-01", "2024-02-01"]}


def test_an_event_frame_of_a_snapshot_is_not_read_in_another_way(tmp_path):
    Table("duckdb", tmp_path, stream(4)).events().snapshot(tmp_path / "local")
    with pytest.raises(InvalidValue, match="start cannot be set for a snapshot") as raised:
        HUB.events(tmp_path / "local", start="2024-01-01")
    assert "events.moment >=" in str(raised.value)


def test_a_snapshot_of_a_table_is_a_source_of_events(tmp_path):
    table = Table("duckdb", tmp_path, stream(5))
    DataFrame.from_table(table.target, "data").snapshot(tmp_path / "raw", time="at")
    events = HUB.events(tmp_path / "raw", user_id="user", moment="at", event_type="kind", event_id="id")
    assert content(events[["moment", "user_id", "session_id"]]) == content(table.events()[["moment", "user_id", "session_id"]])


@pytest.mark.parametrize(
    ("time", "message"), [("user_id", "has to name a timestamp column"), ("momnt", "did you mean 'moment'")]
)
def test_a_time_column_that_does_not_divide_rows(tmp_path, time, message):
    events = Table("duckdb", tmp_path, [event(1)]).events()
    with pytest.raises((InvalidType, InvalidValue), match=message):
        events.snapshot(tmp_path / "local", time=time)
    assert not (tmp_path / "local").exists()


def test_a_comparison_of_a_json_key_as_condition_and_value(tmp_path):
    plans = [None, "pro", "free", 5, {"a": 1}, ["pro"]]
    rows = [event(number, n=number, plan=plans[number % 6]) for number in range(30)] + [event(30, n=30)]
    events = Table("duckdb", tmp_path, rows).events()
    events["props"] = events.props.astype("json")
    local = events.snapshot(tmp_path / "local")
    assert [each.name for each in snapshot.manifest.read(tmp_path / "local").members] == ["props.n", "props.plan"]
    for frame in (events, local):
        test = frame.props["plan"] == "pro"
        # JSON null differs from a string, and an absent key is missing.
        counts = [len(frame[condition]) for condition in (test, ~test, test | ~test, test | test.isnull())]
        assert counts == [5, 25, 30, 6]
        both = frame.assign(yes=test.fillna(False), test=test)
        assert [both[both.test == value].event_type.count().value for value in (True, False)] == [5, 25]


def test_json_reads_as_in_the_source(tmp_path):
    texts = [
        '{"a": 1e2}',
        '{"a": -0.0}',
        '{"a": "first", "a": "last"}',
        '{"a":1.50}',
        '{"a": [1, {"b" : 2}]}',
        '{"a": null}',
        '{"A": "other"}',
        '{"a.b": 1, "a": {"b": "x"}}',
        "null",
        '"a"',
        "[]",
        '[{"a": 1e2}]',
        None,
    ]
    rows = pa.table({"row": range(len(texts)), "json": texts})
    for copies, dictionaries in ((1, 0), (5, 1)):  # with keys as columns, and in a dictionary
        frame = DataFrame.from_arrow(
            connect(rows), pa.concat_tables([rows] * copies).set_column(0, "row", pa.array(range(len(texts) * copies))), "row"
        )
        frame["json"] = frame.json.astype("json")
        local = frame.snapshot(tmp_path / str(copies))
        assert len(snapshot.manifest.read(tmp_path / str(copies)).dictionaries) == dictionaries
        answers = []
        for each in (frame, local):
            member = each.json["a"]
            asked = each.assign(
                text=member.astype("string"),
                json=member,
                first=each.json[0]["a"].astype("string"),
                missing=member.isnull(),
                is_x=member == "x",
            )
            answers.append(content(asked))
        assert answers[0] == answers[1]
        assert [row["text"] for row in answers[1][1] if row["row"] in (0, 1, 2)] == ["100.0", "-0.0", "first"]


@pytest.mark.parametrize(
    "names", [["Text", "ID"], ["Props", "props_id"], ["PROPS.ID", "Event_ID.order"], ["Known", "Session_ID.Computed"]]
)
def test_names_that_differ_in_case_from_those_of_steps(names, tmp_path):
    table = Table("duckdb", tmp_path, [event(number, n=number % 3) for number in range(30)])

    def made():
        events = table.events()
        events["props"] = events.props.astype("json")
        return events.assign(**{name: events.event_type + name for name in names})

    for number in range(2):
        local = made().snapshot(tmp_path / "local")
        assert content(local) == content(made())
        table.write([*table.rows, event(90 + number, at="2024-05-05 10:00", n=number)])
    assert len(snapshot.manifest.read(tmp_path / "local").dictionaries) == 1
