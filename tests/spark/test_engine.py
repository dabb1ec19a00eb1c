"""Spark as an engine: types, streams, errors, tables, directories, and a session that others may have changed."""

from __future__ import annotations

import datetime
import decimal
import itertools
import os
import signal
import threading
import time
import traceback

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import spark_server

from objectiv_local import DataFrame, connect
from objectiv_local.engines.spark.connection import SETTINGS, check_version
from objectiv_local.errors import (
    ConnectionFailed,
    DataInvalid,
    InvalidValue,
    NotSupported,
    ObjectivError,
    QueryFailed,
    ReadOnly,
    TableNotFound,
)
from objectiv_local.types import (
    BOOL,
    DATE,
    FLOAT64,
    INT64,
    INTERVAL,
    JSON,
    STRING,
    TIME,
    TIMEDELTA,
    TIMESTAMP,
    UUID,
    decimal_type,
)

ID = "123e4567-e89b-12d3-a456-426614174000"
ROWS = (("id", INT64),)
#: A query that takes minutes.
ENDLESS = "SELECT count(*) FROM range(3000000) AS a CROSS JOIN range(3000000) AS b WHERE a.id * b.id % 7 = 3"


@pytest.fixture(scope="module")
def engine():
    with connect(spark_server.session_url(), new=True) as opened:
        yield opened


@pytest.fixture
def writable(tmp_path):
    with connect(spark_server.session_url(), read_only=False, new=True) as opened:
        opened.execute("DROP SCHEMA IF EXISTS scratch CASCADE")
        opened.execute("CREATE SCHEMA scratch")
        yield opened
        opened.execute("DROP SCHEMA IF EXISTS scratch CASCADE")


# ---- results

VALUES = [
    (BOOL, "TRUE", True),
    (INT64, "9223372036854775807::bigint", 2**63 - 1),
    (FLOAT64, "1.5::double", 1.5),
    (STRING, "'it''s \\\\ é'", "it's \\ é"),
    (DATE, "DATE '2024-02-29'", datetime.date(2024, 2, 29)),
    (TIME, "TIME '12:00:00.5'", datetime.time(12, 0, 0, 500_000)),
    (TIMESTAMP, "TIMESTAMP_NTZ '2024-02-29 12:00:00.123456'", datetime.datetime(2024, 2, 29, 12, 0, 0, 123_456)),
    (TIMEDELTA, "90000000::bigint", datetime.timedelta(seconds=90)),
    (UUID, f"'{ID}'", ID),
    (JSON, """to_json(parse_json('{"b": [1, null], "a": "x"}'))""", '{"a":"x","b":[1,null]}'),
    (decimal_type(2), "1.10::decimal(38, 2)", decimal.Decimal("1.10")),
    (INTERVAL, "array(0::double, 1::double, 1::double)", {"lower": 0.0, "upper": 1.0, "bounds": "[)"}),
]


@pytest.mark.parametrize(("type_", "sql", "expected"), VALUES, ids=[str(type_) for type_, _, _ in VALUES])
def test_values_and_nulls_of_each_type(engine, type_, sql, expected):
    found = engine.arrow(f"SELECT {sql} AS a UNION ALL SELECT NULL", (("a", type_),))
    assert found.column("a").to_pylist() == [expected, None]


def test_no_rows_have_types(engine):
    schema = tuple((f"c{place}", type_) for place, (type_, _, _) in enumerate(VALUES))
    columns = ", ".join(f"{sql} AS c{place}" for place, (_, sql, _) in enumerate(VALUES))
    found = engine.arrow(f"SELECT {columns} WHERE FALSE", schema)
    assert found.num_rows == 0
    assert found.column_names == [name for name, _ in schema]


def test_rows_arrive_in_batches_and_in_order(engine):
    batches = list(engine.batches("SELECT id FROM range(25000) ORDER BY id DESC", ROWS, batch_rows=4_000))
    assert max(batch.num_rows for batch in batches) == 4_000
    assert list(itertools.chain(*(batch.column(0).to_pylist() for batch in batches))) == list(range(24_999, -1, -1))


def test_other_queries_run_while_batches_are_read(engine):
    batches = engine.batches("SELECT id FROM range(30000)", ROWS, batch_rows=1_000)
    first = next(batches)
    assert engine.arrow("SELECT 7::bigint AS id", ROWS).to_pylist() == [{"id": 7}]
    assert first.num_rows + sum(batch.num_rows for batch in batches) == 30_000


def test_a_stream_that_is_dropped_stops_its_query(engine):
    batches = engine.batches("SELECT id + sum(id % 3) OVER (PARTITION BY id) AS id FROM range(2000000)", ROWS)
    next(batches)
    batches.close()
    began = time.monotonic()
    assert engine.arrow("SELECT 7::bigint AS id", ROWS).num_rows == 1
    assert time.monotonic() - began < 20


# ---- errors

ERRORS = [
    ("SELECT 'abc'::bigint AS id", DataInvalid, "abc"),
    ("SELECT raise_error('too bad') AS id", DataInvalid, "too bad"),
    ("SELECT 9223372036854775807::bigint + 1::bigint AS id", QueryFailed, "overflow"),
    ("SELECT 1e30::double::bigint AS id", QueryFailed, "(?i)overflow"),
    ("SELECT 1 % 0 AS id", QueryFailed, "zero"),
    ("SELECT missing AS id", QueryFailed, "missing"),
    ("SELECT 1 AS id FROM missing_table", TableNotFound, "missing_table"),
    ("SELECT (", QueryFailed, "(?i)syntax"),
    ("""SELECT to_json(parse_json('{bad')) AS id""", DataInvalid, "bad"),
]


@pytest.mark.parametrize(("sql", "kind", "words"), ERRORS)
def test_errors_say_what_is_wrong_and_no_more(engine, sql, kind, words):
    with pytest.raises(kind, match=words) as caught:
        engine.arrow(sql, ROWS)
    assert "JVM" not in str(caught.value)
    assert len(str(caught.value)) < 1_500
    assert engine.arrow("SELECT 7::bigint AS id", ROWS).to_pylist() == [{"id": 7}]


def test_the_number_of_columns_is_checked(engine):
    with pytest.raises(QueryFailed, match="2 columns where 1"):
        engine.arrow("SELECT 1 AS a, 2 AS b", ROWS)


def test_statement_timeout():
    with connect(spark_server.session_url(), statement_timeout=1, new=True) as engine:
        began = time.monotonic()
        with pytest.raises(QueryFailed, match="longer than its statement_timeout"):
            engine.arrow(ENDLESS, ROWS)
        assert time.monotonic() - began < 30
        assert engine.arrow("SELECT 7::bigint AS id", ROWS).num_rows == 1


def test_an_interrupt_stops_the_query(engine):
    timer = threading.Timer(1.5, signal.raise_signal, (signal.SIGINT,))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        engine.arrow(ENDLESS, ROWS)
    began = time.monotonic()
    assert engine.arrow("SELECT count(*) AS id FROM range(1000)", ROWS).to_pylist() == [{"id": 1000}]
    assert time.monotonic() - began < 20


# ---- connections


def test_a_server_that_is_not_there_is_said_soon_and_the_token_never():
    began = time.monotonic()
    with pytest.raises(ConnectionFailed, match="no server takes the connection") as caught:
        connect("sc://localhost:9/;token=hunter2secret")
    assert "hunter2secret" not in str(caught.value)
    assert time.monotonic() - began < 30


def test_a_server_with_a_token(tmp_path):
    token = "open-sesame-4711"
    watcher = spark_server.start(tmp_path, os.getpid(), settings={"spark.connect.authenticate.token": token})
    try:
        address = (tmp_path / "address").read_text()
        local = address.replace("127.0.0.1", "localhost")
        for wrong, words in [
            (local, "refuses the connection: unauthenticated"),
            (f"{local}/;token=wrong-4711", "refuses the connection: unauthenticated"),
            # Over the network, a token is sent by TLS alone, which this server does not have.
            (f"{address}/;token={token}", "do not agree on TLS"),
        ]:
            with pytest.raises(ConnectionFailed, match=words) as caught:
                connect(wrong)
            assert "4711" not in "".join(traceback.format_exception(caught.value))
        with connect(f"{local}/;token={token}") as opened:
            assert token not in repr(opened)
            assert opened.arrow("SELECT 1::bigint AS id", ROWS).to_pydict() == {"id": [1]}
    finally:
        watcher.terminate()
        watcher.wait()


def test_an_address_that_cannot_be_read_is_not_shown():
    with pytest.raises(InvalidValue, match="cannot be read") as caught:
        connect("sc://localhost:1/;token")
    assert "token=..." in str(caught.value)
    with pytest.raises(InvalidValue) as caught:
        connect("sc://host:port/hunter2secret;token=hunter2secret")
    assert "hunter2secret" not in str(caught.value)


@pytest.mark.parametrize("version", ["3.5.4", "4.0.1"])
def test_an_older_server_is_refused(version):
    with pytest.raises(NotSupported, match=f"version {version}"):
        check_version(version, "Spark at host:1")
    check_version("4.1.0", "Spark at host:1")
    check_version("5.0.0-SNAPSHOT", "Spark at host:1")


def test_settings_are_those_that_answers_depend_on(engine):
    # The server of the tests has others: tests/spark_server.py.
    assert engine.arrow("SELECT current_timezone() AS zone", (("zone", STRING),)).to_pylist() == [{"zone": "UTC"}]
    assert {name: engine._session.conf.get(name) for name in SETTINGS} == SETTINGS


def test_settings_that_a_statement_changes_are_set_again(writable):
    writable.execute("SET spark.sql.ansi.enabled = false")
    with pytest.raises(QueryFailed, match="zero"):
        writable.arrow("SELECT 1 % 0 AS id", ROWS)


def test_settings_that_a_write_changes_are_set_again(writable):
    writable.write(["SET spark.sql.ansi.enabled = false"])
    with pytest.raises(QueryFailed, match="zero"):
        writable.arrow("SELECT 1 % 0 AS id", ROWS)


def test_errors_do_not_advise_to_turn_off_errors(engine):
    with pytest.raises(ObjectivError, match="22003") as caught:
        engine.arrow("SELECT 99999999999999999999999999999999999999::decimal(38, 0) * 10::decimal(38, 0) AS id", ROWS)
    assert "ansi" not in str(caught.value)


def test_a_session_of_pyspark_is_cloned():
    from pyspark.sql.connect.session import SparkSession

    theirs = SparkSession(spark_server.session_url())
    theirs.sql("SELECT 5::bigint AS id").createOrReplaceTempView("made_by_the_user")
    zone = theirs.conf.get("spark.sql.session.timeZone")
    with connect(theirs) as engine:
        frame = DataFrame.from_table(engine, "made_by_the_user", index=[])
        assert frame.id.sum().value == 5
    assert theirs.conf.get("spark.sql.session.timeZone") == zone != "UTC"
    theirs.stop()


def test_a_session_that_the_server_has_ended_is_opened_again(engine):
    with connect(spark_server.session_url(), new=True) as other:
        kept = other.create_table("kept", "SELECT 1::bigint AS id")
        other._session.client.release_session()
        with pytest.raises(ConnectionFailed, match="lost"):
            other.arrow("SELECT 7::bigint AS id", ROWS)
        assert other.arrow("SELECT 7::bigint AS id", ROWS).num_rows == 1
        assert kept.relation.parts[-1] in other.gone
        with pytest.raises(ConnectionFailed, match="temporary table 'kept' is gone"):
            other.arrow("SELECT * FROM kept", ROWS)


def test_a_closed_connection_says_so():
    engine = connect(spark_server.session_url(), new=True)
    engine.close()
    engine.close()
    with pytest.raises(ConnectionFailed, match="is closed"):
        engine.arrow("SELECT 1 AS id", ROWS)


# ---- writing


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE written AS SELECT 1 AS id",
        "DROP TABLE IF EXISTS written",
        "SET spark.sql.ansi.enabled = false",
        "CREATE OR REPLACE TEMPORARY VIEW v AS SELECT 1",
        "INSERT OVERWRITE DIRECTORY '/tmp/written' SELECT 1",
        "SELECT 1) --",
        "SELECT 1; DROP TABLE written",
    ],
)
def test_a_connection_for_reading_runs_queries_alone(engine, sql):
    with pytest.raises((ReadOnly, QueryFailed)):
        engine.execute(sql)
    engine.execute("SELECT 1")
    assert "written" not in engine.tables()


def test_a_connection_for_reading_makes_no_tables(engine):
    with pytest.raises(ReadOnly):
        engine.create_table("written", "SELECT 1 AS id", temporary=False)
    with pytest.raises(ReadOnly):
        engine.write(["CREATE TABLE written AS SELECT 1 AS id"])


def test_temporary_tables(engine):
    one, other = (engine.create_table("kept", f"SELECT {number}::bigint AS id") for number in (1, 2))
    assert [engine.arrow(f"SELECT id FROM {each.relation.parts[-1]}", ROWS).to_pylist() for each in (one, other)] == [
        [{"id": 1}],
        [{"id": 2}],
    ]
    assert one.columns == (("id", "bigint"),)
    for each in (one, other):
        engine.drop_temporary(each)
    with pytest.raises(TableNotFound):
        engine.table("kept")


def test_rows_that_are_kept_are_read_by_nothing_else(engine, tmp_path):
    """The engine takes the rows of a CACHE TABLE for those of any query with the same steps, in every session."""
    write(tmp_path / "events" / "a.parquet", [1, 2])
    frame = DataFrame.from_table(engine, str(tmp_path / "events"), index=[])
    kept = frame.materialize(materialization="temp_table")
    assert kept.id.sum().value == 3
    write(tmp_path / "events" / "b.parquet", [4])
    assert (kept.id.sum().value, frame.id.sum().value) == (3, 7)
    with connect(spark_server.session_url(), new=True) as other:
        assert total(other, tmp_path / "events") == 7


def test_tables_are_created_replaced_and_filled(writable):
    writable.create_table("scratch.t", "SELECT 1::bigint AS id", temporary=False)
    with pytest.raises(InvalidValue, match="exists"):
        writable.create_table("scratch.t", "SELECT 2::bigint AS id", temporary=False)
    # The query may read the table that it replaces.
    writable.create_table("scratch.t", "SELECT id + 10 AS id FROM scratch.t", temporary=False, replace=True)
    writable.insert("scratch.t", ["id"], "SELECT 5::bigint")
    assert sorted(writable.arrow("SELECT id FROM scratch.t", ROWS).column(0).to_pylist()) == [5, 11]
    assert "scratch.t" in writable.tables()
    with pytest.raises(NotSupported, match="no transactions"):
        writable.write(["INSERT INTO scratch.t VALUES (1)", "INSERT INTO scratch.t VALUES (2)"])
    assert writable.arrow("SELECT count(*) AS id FROM scratch.t", ROWS).to_pylist() == [{"id": 2}]


def test_loaded_rows_keep_their_values_and_types(engine):
    table = pa.table(
        {
            "flag": [True, None],
            "number": [2**60, None],
            "text": ["it's `x` \\ 'y'", None],
            "Text": ["other", None],
            "moment": pa.array([datetime.datetime(2024, 1, 1, 1, 2, 3, 4), None], pa.timestamp("us")),
            "span": pa.array([datetime.timedelta(microseconds=-5), None], pa.duration("us")),
            "cents": pa.array([decimal.Decimal("1.10"), None], pa.decimal128(38, 2)),
        }
    )
    frame = DataFrame.from_arrow(engine, table.drop_columns(["Text"]))
    assert frame.to_arrow().drop_columns(frame.index_columns).to_pylist() == table.drop_columns(["Text"]).to_pylist()


# ---- directories


def write(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    for each in (path.parent, *path.parents):
        if "pytest" in str(each):
            each.chmod(0o755)
    pq.write_table(pa.table({"id": pa.array(values, pa.int64())}), path)


def total(engine, path):
    return DataFrame.from_table(engine, str(path), index=[]).id.sum().value


def test_a_directory_of_parquet_files(engine, tmp_path):
    write(tmp_path / "events" / "a.parquet", [1, 2])
    frame = DataFrame.from_table(engine, str(tmp_path / "events"), index=[])
    assert frame.id.sum().value == 3
    write(tmp_path / "events" / "b.parquet", [4])
    assert frame.id.sum().value == 7  # a file that came later is read


def test_folders_that_are_columns(engine, tmp_path):
    for year in (2023, 2024):
        write(tmp_path / "events" / f"year={year}" / "a.parquet", [year])
    frame = DataFrame.from_table(engine, str(tmp_path / "events"), index=[])
    assert frame.groupby("year").id.sum().to_pandas().to_dict() == {2023: 2023, 2024: 2024}


def test_files_are_never_read_in_part(engine, tmp_path):
    write(tmp_path / "events" / "a.parquet", [1])
    write(tmp_path / "events" / "more" / "b.parquet", [2])
    with pytest.raises(DataInvalid, match=r"1 of the 2 Parquet files .*b.parquet"):
        total(engine, tmp_path / "events")


def test_a_directory_without_files_or_that_is_not_there(engine, tmp_path):
    with pytest.raises(ObjectivError, match="missing"):
        total(engine, tmp_path / "missing")


def test_names_with_special_characters_are_names(writable):
    name = "a`b\"c'; DROP TABLE x; --"
    frame = DataFrame.from_arrow(writable, pa.table({name: [1, 2], "order": [3, 4]}))
    assert frame[name].sum().value == 3
    assert frame.sort_values("order")[name].to_pandas().tolist() == [1, 2]


def test_a_table_that_is_not_there_has_a_hint(writable):
    writable.create_table("scratch.purchases", "SELECT 1::bigint AS id", temporary=False)
    with pytest.raises(TableNotFound, match=r"scratch\.purchases"):
        writable.table("scratch.purchase")
