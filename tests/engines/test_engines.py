"""Behavior that all engines share: the same statement returns the same rows in the same types."""

from __future__ import annotations

import copy
import datetime
import math
import pickle
import threading
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from objectiv_local.engines import Engine, connect
from objectiv_local.errors import (
    ConnectionFailed,
    DataInvalid,
    InvalidType,
    InvalidValue,
    NotSupported,
    ObjectivError,
    QueryFailed,
    ReadOnly,
    TableNotFound,
)
from objectiv_local.types import BOOL, DATE, FLOAT64, INT64, JSON, STRING, TIMEDELTA, TIMESTAMP, UUID, Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from objectiv_local.plan.relation import Schema

ONE = (("n", INT64),)
NUMBERS = "SELECT i::bigint AS i FROM generate_series(1, {}) AS t(i)"


def json_type(kind: str) -> str:
    return "json" if kind == "duckdb" else "jsonb"


# ---- values and types

VALUES = [
    (BOOL, pa.bool_(), ["true", "false"], [True, False]),
    (INT64, pa.int64(), ["-9223372036854775807", "0", "9223372036854775807"], [-9223372036854775807, 0, 9223372036854775807]),
    (
        FLOAT64,
        pa.float64(),
        ["0.1", "1e300", "'Infinity'", "'-Infinity'", "-2.5", "5e-324"],
        [0.1, 1e300, math.inf, -math.inf, -2.5, 5e-324],
    ),
    (
        STRING,
        pa.string(),
        [
            "''",
            "' '",
            "'NULL'",
            "'null'",
            "'NaN'",
            "'1'",
            "'\"'",
            "'a,b'",
            "'a\nb'",
            "'a\r\nb'",
            "'\r'",
            "'\\.'",
            "'\\N'",
            "'é😀'",
            "'t'",
            "'\"\"'",
            "'a\"b'",
            "'\n'",
            "'2020-01-01'",
            "'\\'",
        ],
        [
            "",
            " ",
            "NULL",
            "null",
            "NaN",
            "1",
            '"',
            "a,b",
            "a\nb",
            "a\r\nb",
            "\r",
            "\\.",
            "\\N",
            "é😀",
            "t",
            '""',
            'a"b',
            "\n",
            "2020-01-01",
            "\\",
        ],
    ),
    (
        DATE,
        pa.date32(),
        ["'0001-01-01'", "'1969-12-31'", "'2020-02-29'", "'9999-12-31'"],
        [datetime.date(1, 1, 1), datetime.date(1969, 12, 31), datetime.date(2020, 2, 29), datetime.date(9999, 12, 31)],
    ),
    (
        TIMESTAMP,
        pa.timestamp("us"),
        [
            "'0001-01-01 00:00:00'",
            "'1969-12-31 23:59:59.999999'",
            "'2020-01-01 12:00:00'",
            "'2020-01-01 12:00:00.5'",
            "'9999-12-31 23:59:59.999999'",
        ],
        [
            datetime.datetime(1, 1, 1),
            datetime.datetime(1969, 12, 31, 23, 59, 59, 999999),
            datetime.datetime(2020, 1, 1, 12),
            datetime.datetime(2020, 1, 1, 12, 0, 0, 500000),
            datetime.datetime(9999, 12, 31, 23, 59, 59, 999999),
        ],
    ),
    (
        TIMEDELTA,
        pa.duration("us"),
        ["-1", "0", "86400000000"],
        [datetime.timedelta(microseconds=-1), datetime.timedelta(0), datetime.timedelta(days=1)],
    ),
    (UUID, pa.string(), ["'ABCDEF00-0000-4000-8000-000000000001'"], ["abcdef00-0000-4000-8000-000000000001"]),
    (
        JSON,
        pa.string(),
        ["""'{"b": [1, 2.50], "a": null}'""", "'null'", "'\"x\"'", "'[ ]'", "'1e2'", "'-0.0'"],
        ['{"a":null,"b":[1,2.5]}', "null", '"x"', "[]", "100", "0.0"],
    ),
]

STORED = {
    "bool": "boolean",
    "int64": "bigint",
    "float64": "float8",
    "string": "text",
    "date": "date",
    "timestamp": "timestamp",
    "timedelta": "bigint",
    "uuid": "uuid",
}


@pytest.mark.parametrize(("type_", "arrow", "written", "expected"), VALUES, ids=lambda value: getattr(value, "name", ""))
def test_values_and_nulls_of_each_type(
    kind: str, engine: Engine, type_: Type, arrow: pa.DataType, written: list[str], expected: list[object]
) -> None:
    stored = STORED.get(type_.name, json_type(kind))
    rows = [*written, "NULL", *written, "NULL"]
    # A single column: a row of one NULL is an empty line in CSV.
    sql = " UNION ALL ".join(f"SELECT {position} AS p, CAST({value} AS {stored}) AS v" for position, value in enumerate(rows))
    table = engine.arrow(f"SELECT v FROM ({sql}) AS t ORDER BY p", (("v", type_),))
    assert table.schema == pa.schema([("v", arrow)])
    assert table["v"].to_pylist() == [*expected, None, *expected, None]
    beside = engine.arrow(f"SELECT v, p::bigint FROM ({sql}) AS t ORDER BY p", (("v", type_), ("p", INT64)))
    assert beside["v"].to_pylist() == table["v"].to_pylist()


def test_nan_is_not_null(engine: Engine) -> None:
    values = engine.arrow("SELECT 'NaN'::float8 UNION ALL SELECT NULL", (("x", FLOAT64),))["x"].to_pylist()
    assert None in values
    assert any(value is not None and math.isnan(value) for value in values)


def test_empty_result_has_its_types(kind: str, engine: Engine) -> None:
    schema = tuple((type_.name, type_) for type_, *_ in VALUES)
    columns = ", ".join(f"NULL::{STORED.get(type_.name, json_type(kind))}" for type_, *_ in VALUES)
    table = engine.arrow(f"SELECT {columns} WHERE false", schema)
    assert table.num_rows == 0
    assert table.schema == pa.schema([(type_.name, arrow) for type_, arrow, *_ in VALUES])
    assert list(engine.batches(f"SELECT {columns} WHERE false", schema)) == []


def test_columns_are_taken_by_position(engine: Engine) -> None:
    long = "x" * 70
    schema = ((long, INT64), (long + "y", INT64), ("a", INT64), ("A", INT64))
    table = engine.arrow('SELECT 1::bigint AS c1, 2::bigint AS c2, 3::bigint AS a, 4::bigint AS "A"', schema)
    assert table.column_names == [name for name, _ in schema]
    assert [column[0].as_py() for column in table.columns] == [1, 2, 3, 4]


def test_statement_may_end_in_a_comment_or_a_semicolon(engine: Engine) -> None:
    assert engine.arrow("SELECT 1::bigint -- one", ONE)["n"].to_pylist() == [1]
    assert engine.arrow("SELECT 1::bigint;\n", ONE)["n"].to_pylist() == [1]
    assert engine.arrow("SELECT 7::bigint % 4", ONE)["n"].to_pylist() == [3]


def test_session_is_in_utc(kind: str, engine: Engine) -> None:
    value = engine.arrow("SELECT TIMESTAMPTZ '2020-07-01 12:00:00+02'::timestamp", (("t", TIMESTAMP),))["t"][0].as_py()
    assert value == datetime.datetime(2020, 7, 1, 10)


@pytest.mark.parametrize("value", ["'infinity'", "'-infinity'", "'10000-01-01'", "'0044-03-15 (BC)'"])
@pytest.mark.parametrize("type_", [DATE, TIMESTAMP], ids=str)
def test_dates_that_python_cannot_hold(kind: str, engine: Engine, type_: Type, value: str) -> None:
    if kind != "duckdb":
        value = value.replace("(BC)", "BC")
    with pytest.raises(DataInvalid, match=f"'when' contains a {type_.name} outside the years 1 to 9999"):
        engine.arrow(f"SELECT {value}::{type_.name}", (("when", type_),))


def test_wrong_number_of_columns(kind: str, engine: Engine) -> None:
    with pytest.raises(QueryFailed, match="returned 2 columns instead of the declared 1"):
        engine.arrow("SELECT 1::bigint, 2::bigint", ONE)
    with pytest.raises(QueryFailed, match="returned 1 columns instead of the declared 2"):
        engine.arrow("SELECT 1::bigint", (("n", INT64), ("m", INT64)))
    assert engine.arrow("SELECT 1::bigint", ONE)["n"].to_pylist() == [1]


# ---- batches


def test_batches_stream_in_order(engine: Engine) -> None:
    batches = list(engine.batches(NUMBERS.format(10_000) + " ORDER BY i", (("i", INT64),), batch_rows=3000))
    assert all(batch.num_rows <= 3000 for batch in batches)
    assert all(batch.schema == pa.schema([("i", pa.int64())]) for batch in batches)
    assert pa.Table.from_batches(batches)["i"].to_pylist() == list(range(1, 10_001))


def test_batch_rows_must_be_positive(engine: Engine) -> None:
    with pytest.raises(InvalidValue, match="batch_rows is 0"):
        engine.batches(NUMBERS.format(1), ONE, batch_rows=0)


def test_other_queries_run_while_batches_are_read(engine: Engine) -> None:
    first = engine.batches(NUMBERS.format(5000) + " ORDER BY i", ONE, batch_rows=500)
    read = [next(first)]
    second = engine.batches(NUMBERS.format(3000) + " ORDER BY i", ONE, batch_rows=500)
    read_second = [next(second)]
    assert engine.arrow("SELECT 1::bigint", ONE)["n"].to_pylist() == [1]
    read += first
    read_second += second
    assert pa.Table.from_batches(read)["n"].to_pylist() == list(range(1, 5001))
    assert pa.Table.from_batches(read_second)["n"].to_pylist() == list(range(1, 3001))


def test_failure_in_moved_rows_is_raised_when_reading_gets_there(kind: str, engine: Engine) -> None:
    # DuckDB computes ahead of the reader.
    wrong = 3_000_000 if kind == "duckdb" else 150_000
    sql = (
        f"SELECT CASE WHEN i < {wrong} THEN i ELSE (CASE WHEN i > 0 THEN 'x' ELSE '1' END)::bigint END "
        f"FROM generate_series(1, {wrong} + 50000) AS t(i)"
    )
    stream = engine.batches(sql, ONE, batch_rows=1000)
    next(stream)
    assert engine.arrow("SELECT 1::bigint", ONE)["n"].to_pylist() == [1]
    with pytest.raises(DataInvalid, match="x"):
        list(stream)
    assert list(stream) == []


def test_abandoned_batches_free_the_connection(engine: Engine) -> None:
    rows = "SELECT a::bigint FROM generate_series(1, 100000) AS t(a), generate_series(1, 100000) AS u(b)"
    stream = engine.batches(rows, ONE, batch_rows=100)
    next(stream)
    del stream
    assert engine.arrow("SELECT 1::bigint", ONE)["n"].to_pylist() == [1]


def test_threads_take_turns(engine: Engine) -> None:
    answers: list[list[int]] = []

    def ask(number: int) -> None:
        stream = engine.batches(f"SELECT {number}::bigint FROM generate_series(1, 2000)", ONE, batch_rows=100)
        answers.append([value for batch in stream for value in batch.column(0).to_pylist()])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [[number] * 2000 for number in range(6)]


# ---- tables


def test_table_gives_columns_types_and_key(kind: str, writable: Engine) -> None:
    writable.execute(
        "CREATE TABLE scratch.events (b text, a bigint, w double precision, t timestamptz, "
        "j json, d date, u uuid, PRIMARY KEY (a, b))"
    )
    found = writable.table("scratch.events")
    assert found.relation.kind == "table"
    assert found.relation.parts == ("scratch", "events")
    assert found.primary_key == ("a", "b")
    types = (
        ["VARCHAR", "BIGINT", "DOUBLE", "TIMESTAMP WITH TIME ZONE", "JSON", "DATE", "UUID"]
        if kind == "duckdb"
        else ["text", "int8", "float8", "timestamptz", "json", "date", "uuid"]
    )
    assert found.columns == tuple(zip("bawtjdu", types, strict=True))


def test_views_and_temporary_tables_are_tables(writable: Engine) -> None:
    writable.execute("CREATE TABLE scratch.base AS SELECT 1::bigint AS x")
    writable.execute("CREATE VIEW scratch.seen AS SELECT x, x AS y FROM scratch.base")
    writable.execute('CREATE TEMPORARY TABLE "odd.name" AS SELECT true AS z')
    assert [name for name, _ in writable.table("scratch.seen").columns] == ["x", "y"]
    assert writable.table('"odd.name"').relation.parts == ("odd.name",)


def test_unknown_table_names_the_near_ones(writable: Engine) -> None:
    writable.execute("CREATE TABLE scratch.page_views AS SELECT 1 AS x")
    with pytest.raises(TableNotFound, match=r"no table 'scratch\.page_view' in .*\nhint: did you mean 'scratch\.page_views'"):
        writable.table("scratch.page_view")
    with pytest.raises(TableNotFound):
        writable.table("p" * 70)
    with pytest.raises(TableNotFound):
        writable.table("")


def test_load_keeps_values_and_types(kind: str, engine: Engine) -> None:
    schema: Schema = tuple((type_.name, type_) for type_, *_ in VALUES)
    length = max(len(expected) for *_, expected in VALUES) + 1
    table = pa.table(
        {type_.name: pa.array((expected + [None] * length)[:length], arrow) for type_, arrow, _, expected in VALUES}
    )
    stored = engine.load("My Rows!", table, schema)
    assert stored.relation.parts == ("my_rows",)
    types = (
        ["BOOLEAN", "BIGINT", "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP", "BIGINT", "UUID", "JSON"]
        if kind == "duckdb"
        else ["bool", "int8", "float8", "text", "date", "timestamp", "int8", "uuid", "jsonb"]
    )
    assert stored.columns == tuple((name, type_) for (name, _), type_ in zip(schema, types, strict=True))
    back = engine.arrow("SELECT * FROM my_rows", schema)
    assert back.schema == table.schema
    assert sorted(map(repr, back.to_pylist())) == sorted(map(repr, table.to_pylist()))
    assert engine.table("my_rows").columns == stored.columns


def test_load_of_one_column_keeps_null_apart_from_empty_text(engine: Engine) -> None:
    stored = engine.load("one", pa.table({"s": [None, "", None]}), (("s", STRING),))
    sql = f"SELECT count(*)::bigint, count(s)::bigint FROM {stored.relation.title}"
    assert engine.arrow(sql, (("rows", INT64), ("texts", INT64))).to_pylist() == [{"rows": 3, "texts": 1}]


def test_load_takes_an_unused_name_and_safe_column_names(engine: Engine) -> None:
    table = pa.table([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "A", "x" * 70])
    schema = tuple((name, INT64) for name in table.column_names)
    first, second = engine.load("rows", table, schema), engine.load("rows", table, schema)
    assert (first.relation.parts, second.relation.parts) == (("rows",), ("rows_2",))
    assert [name for name, _ in first.columns] == ["column_1", "column_2", "column_3"]
    assert engine.load("Straße 7", table, schema).relation.parts == ("stra_e_7",)
    assert engine.arrow("SELECT column_3 FROM rows_2", ONE)["n"].to_pylist() == [3]


def test_load_of_wrong_values(engine: Engine) -> None:
    with pytest.raises(DataInvalid):
        engine.load("rows", pa.table({"u": ["not a uuid"]}), (("u", UUID),))
    with pytest.raises(DataInvalid):
        engine.load("rows", pa.table({"j": ["{"]}), (("j", JSON),))
    with pytest.raises(DataInvalid, match="'i' cannot be stored as int64"):
        engine.load("rows", pa.table({"i": [1.5]}), (("i", INT64),))
    with pytest.raises(InvalidValue, match="2 columns, but its schema has 1"):
        engine.load("rows", pa.table({"i": [1], "j": [2]}), (("i", INT64),))
    assert engine.load("rows", pa.table({"i": [1]}), (("i", INT64),)).relation.parts == ("rows",)


def test_temporary_table_on_a_connection_for_reading(engine: Engine) -> None:
    first = engine.create_table("pinned", NUMBERS.format(3) + ";")
    assert first.relation.parts == ("pinned",)
    assert first.columns[0][0] == "i"
    assert engine.create_table("pinned", "SELECT 1 AS x").relation.parts == ("pinned_2",)
    assert engine.arrow("SELECT sum(i)::bigint FROM pinned", ONE)["n"].to_pylist() == [6]
    assert pa.Table.from_batches(engine.batches("SELECT i FROM pinned", ONE)).num_rows == 3


def test_failed_temporary_table_leaves_the_connection_usable(engine: Engine) -> None:
    with pytest.raises(QueryFailed):
        engine.create_table("pinned", "SELECT nonsense")
    assert engine.create_table("pinned", "SELECT 1 AS x").relation.parts == ("pinned",)


def test_lasting_table_needs_a_writable_connection(engine: Engine) -> None:
    with pytest.raises(ReadOnly, match=r"'lasting' cannot be created.*\nhint: .*read_only=False"):
        engine.create_table("lasting", "SELECT 1 AS x", temporary=False)


def test_lasting_table_takes_its_name_or_fails(writable: Engine) -> None:
    stored = writable.create_table("scratch.lasting", "SELECT 1 AS x", temporary=False)
    assert stored.relation.parts == ("scratch", "lasting")
    with pytest.raises(InvalidValue, match=r"lasting.*already exists"):
        writable.create_table("scratch.lasting", "SELECT 2 AS x", temporary=False)


# ---- errors


@pytest.mark.parametrize(
    ("sql", "kind_of_error", "message"),
    [
        ("SELECT (CASE WHEN 1 = 1 THEN 'abc' ELSE '1' END)::bigint", DataInvalid, "abc"),
        ("SELECT (CASE WHEN 1 = 1 THEN '{bad' ELSE '1' END)::json", DataInvalid, "(?i)json"),
        ("SELECT (CASE WHEN 1 = 1 THEN 'no-uuid' ELSE '1' END)::uuid", DataInvalid, "no-uuid"),
        ("SELECT (CASE WHEN 1 = 1 THEN 'noon' ELSE '1' END)::timestamp", DataInvalid, "noon"),
        ("SELECT (CASE WHEN 1 = 1 THEN '2020-13-45' ELSE '1' END)::date", DataInvalid, "2020-13-45"),
        ("SELECT 9223372036854775807::bigint + 1::bigint", QueryFailed, "(?i)out of range|overflow"),
        ("SELECT 1::bigint % 0::bigint", QueryFailed, "(?i)division by zero"),
        ("SELECT 1e30::float8::bigint", QueryFailed, "out of range"),
        ("SELECT missing_column", QueryFailed, "missing_column"),
        ("SELECT 1 FROM missing_table", TableNotFound, "missing_table"),
        ("SELECT (", QueryFailed, "syntax error"),
        ("SELECT (SELECT i FROM generate_series(1, 2) AS t(i))", QueryFailed, "(?i)more than one row"),
    ],
)
def test_errors_of_queries(engine: Engine, sql: str, kind_of_error: type[ObjectivError], message: str) -> None:
    with pytest.raises(kind_of_error, match=message) as caught:
        engine.arrow(sql, ONE)
    error = caught.value
    assert type(error) is kind_of_error
    assert error.sql == sql  # type: ignore[attr-defined]
    assert error.__cause__ is None
    assert error.__context__ is None
    assert "LINE 1" not in str(error)
    with pytest.raises(kind_of_error):
        list(engine.batches(sql, ONE))
    assert engine.arrow("SELECT 1::bigint", ONE)["n"].to_pylist() == [1]


def test_stored_text_that_is_not_json(engine: Engine) -> None:
    with pytest.raises(DataInvalid, match=r"column 'j' contains text that is not JSON: '\{oops'"):
        engine.arrow("SELECT '{oops'::text", (("j", JSON),))


def test_statement_timeout(connect_again: Callable[..., Engine]) -> None:
    with connect_again(statement_timeout=0.2) as engine:
        with pytest.raises(QueryFailed, match="took longer than its statement_timeout"):
            engine.arrow("SELECT count(*) FROM generate_series(1, 3000000) a, generate_series(1, 3000000) b", ONE)
        assert engine.arrow("SELECT 1::bigint", ONE)["n"].to_pylist() == [1]


# ---- the engine itself


def test_closing(engine: Engine) -> None:
    stream = engine.batches(NUMBERS.format(1_000_000), ONE, batch_rows=10)
    next(stream)
    engine.close()
    engine.close()
    assert engine.closed
    assert "closed" in repr(engine)
    with pytest.raises(QueryFailed, match="the remaining rows are lost: the query ended when its connection was closed"):
        next(stream)
    with pytest.raises(ConnectionFailed, match=r"is closed\nhint: connect again"):
        engine.arrow("SELECT 1", ONE)


def test_closing_drops_rows_that_were_moved(engine: Engine) -> None:
    stream = engine.batches(NUMBERS.format(1000), ONE, batch_rows=10)
    next(stream)
    engine.arrow("SELECT 1::bigint", ONE)
    engine.close()
    with pytest.raises(QueryFailed, match="the remaining rows are lost"):
        list(stream)


def test_rows_that_were_read_to_their_end_are_not_lost(engine: Engine) -> None:
    stream = engine.batches(NUMBERS.format(10), ONE)
    assert sum(batch.num_rows for batch in stream) == 10
    engine.close()
    assert list(stream) == []


def test_protocol_and_copies(engine: Engine) -> None:
    assert isinstance(engine, Engine)
    assert copy.copy(engine) is engine
    assert copy.deepcopy([engine])[0] is engine
    with pytest.raises(InvalidType, match="cannot be pickled"):
        pickle.dumps(engine)


def test_explain_gives_text(engine: Engine) -> None:
    engine.load("rows", pa.table({"i": [1]}), (("i", INT64),))
    assert "rows" in engine.explain("SELECT * FROM rows").lower() or "SCAN" in engine.explain("SELECT * FROM rows")


def test_memory_of_batches_is_bounded(engine: Engine) -> None:
    sql = "SELECT repeat('x', 1000) FROM generate_series(1, 400000)"
    before = pa.total_allocated_bytes()
    highest = 0
    for batch in engine.batches(sql, (("s", STRING),), batch_rows=5000):
        highest = max(highest, pa.total_allocated_bytes() - before)
        assert batch.num_rows <= 5000
    assert highest < 100_000_000  # the whole result is four times that


def test_tables_lists_names_that_can_be_opened(writable: Engine) -> None:
    writable.execute("CREATE TABLE scratch.plain AS SELECT 1 AS x")
    writable.execute('CREATE VIEW scratch."with.dot" AS SELECT 2 AS x')
    writable.execute('CREATE TEMPORARY TABLE "Brief ""one""" AS SELECT 3 AS x')
    assert {"scratch.plain", 'scratch."with.dot"', '"Brief ""one"""'} <= set(writable.tables())
    assert [name for name in writable.tables() if not writable.table(name).columns] == []


def test_an_address_may_name_the_driver(postgres_url: str) -> None:
    for scheme in ("postgresql+psycopg", "postgres+psycopg2", "POSTGRESQL+asyncpg"):
        assert connect(f"{scheme}://{postgres_url.partition('://')[2]}").description == connect(postgres_url).description
    with pytest.raises(NotSupported, match="cannot connect to an address that starts with mysql"):
        connect("mysql+driver://host/db")
