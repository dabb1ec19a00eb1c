"""Targets that connect() accepts and rejects; the same target is the same connection."""

from __future__ import annotations

import datetime
import gc
import os
import subprocess
import sys
import uuid
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import postgres_server
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from objectiv_local.engines import connect
from objectiv_local.errors import (
    ConnectionFailed,
    DataInvalid,
    InvalidType,
    InvalidValue,
    NotSupported,
    ObjectivError,
    TableNotFound,
)
from objectiv_local.plan.relation import Relation
from objectiv_local.types import FLOAT64, INT64, JSON, STRING

ONE = (("n", INT64),)


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """Return a Parquet file of three rows."""
    path = tmp_path / "events.parquet"
    pq.write_table(pa.table({"id": pa.array([1, 2, 3], pa.int64()), "name": ["a", "b", None]}), path)
    return path


def count(engine: object, source: str) -> int:
    return int(engine.arrow(f"SELECT count(*) FROM {source}", ONE)["n"][0].as_py())  # type: ignore[attr-defined]


# ---- files


def test_parquet_file(events: Path) -> None:
    engine = connect(events)
    assert (engine.dialect, engine.description, engine.default_table) == ("duckdb", "DuckDB over events.parquet", "data")
    stored = engine.table("data")
    assert stored.relation == Relation("parquet", (str(events),))
    assert stored.columns == (("id", "BIGINT"), ("name", "VARCHAR"))
    assert engine.table("events") == stored
    assert engine.arrow(f"SELECT id FROM read_parquet('{stored.relation.parts[0]}')", ONE).num_rows == 3
    with pytest.raises(TableNotFound, match=r"no table 'event'.*\n.*'events'"):
        engine.table("event")


def test_relative_file_is_found_again_after_a_change_of_directory(events: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(events.parent)
    engine = connect("events.parquet")
    assert connect(str(events)) is engine
    monkeypatch.chdir("/")
    assert engine.table("data").columns[0] == ("id", "BIGINT")


@pytest.mark.parametrize("name", ["it's [1].parquet", "a b/2020 [x]/part.parquet", "month=2020-01/part.parquet"])
def test_odd_file_names(events: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = events.parent / "odd" / name
    path.parent.mkdir(parents=True)
    events.rename(path)
    assert connect(path).table("data").columns[0] == ("id", "BIGINT")
    assert connect(path.parent).table("data").columns[0] == ("id", "BIGINT")
    monkeypatch.chdir(events.parent / "odd")
    assert connect(name).table("data").columns[0] == ("id", "BIGINT")


def test_directory_and_pattern(events: Path) -> None:
    deep = events.parent / "year" / "month"
    deep.mkdir(parents=True)
    pq.write_table(pq.read_table(events), deep / "more.parquet")
    (events.parent / "readme.txt").write_text("not data")
    engine = connect(events.parent)
    relation = engine.table("data").relation
    assert count(engine, f"read_parquet('{relation.parts[0]}')") == 6
    pattern = str(events.parent / "*.parquet")
    engine = connect(pattern)
    assert engine.table("data").relation == Relation("parquet", (pattern,))
    assert count(engine, f"read_parquet('{pattern}')") == 3


def test_files_that_are_not_there(events: Path) -> None:
    with pytest.raises(TableNotFound, match=r"no file .*event\.parquet.*\n.*did you mean 'events\.parquet'"):
        connect(events.parent / "event.parquet")
    with pytest.raises(TableNotFound, match="no directory"):
        connect(events.parent / "nowhere" / "events.parquet")
    with pytest.raises(TableNotFound, match="no file matches"):
        connect(str(events.parent / "*.parq"))
    with pytest.raises(TableNotFound, match="no file"):
        connect(events.parent / "events.duckdb")
    (events.parent / "empty").mkdir()
    with pytest.raises(TableNotFound, match=r"contains no Parquet, CSV, JSON Lines or Arrow file"):
        connect(events.parent / "empty")


@pytest.mark.parametrize("content", [b"", b"id,name\n1,a\n" * 100])
def test_files_that_are_not_parquet(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "events.txt"
    path.write_bytes(content)
    with pytest.raises(DataInvalid, match=r"not a Parquet file.*\nhint") as caught:
        connect(path)
    assert caught.value.__context__ is None
    (tmp_path / "x.duckdb").write_bytes(b"hello" * 5000)
    with pytest.raises(DataInvalid, match="not a DuckDB database"):
        connect(tmp_path / "x.duckdb")


def test_duckdb_file(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    with connect(path, read_only=False) as writer:
        writer.create_table("orders", "SELECT 7::bigint AS id", temporary=False)
        with pytest.raises(ConnectionFailed, match="another read_only"):
            connect(path)
    with connect(path) as engine:
        assert (engine.description, engine.default_table) == ("DuckDB over shop.duckdb", None)
        assert engine.table("orders").columns == (("id", "BIGINT"),)
        assert engine.table("shop.main.orders").relation.parts == ("shop", "main", "orders")
        with pytest.raises(ObjectivError, match="is read-only"):
            engine.execute("INSERT INTO orders VALUES (8)")
        assert engine.create_table("orders", "SELECT 1 AS x").relation.parts == ("orders_2",)


def test_duckdb_file_that_is_connected_to_twice(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    with connect(path, read_only=False) as writer, connect(path, read_only=False, new=True) as other:
        writer.create_table("orders", "SELECT 7::bigint AS id", temporary=False)
        assert count(other, "orders") == 1
    with connect(path) as one, connect(path, new=True) as two, connect(path, statement_timeout=60) as three:
        assert [count(engine, "orders") for engine in (one, two, three)] == [1, 1, 1]
        with pytest.raises(ConnectionFailed, match=r"with other settings, such as another read_only\nhint: close that"):
            connect(path, external_access=True)


def test_duckdb_file_that_another_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    script = f"import duckdb; c = duckdb.connect({str(path)!r}); print('open', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(ConnectionFailed, match="open for writing in another process"):
            connect(path)
        process.communicate(b"\n")


# ---- a connection of the user's own


def test_open_connection_shows_its_temporary_tables_and_keeps_its_settings() -> None:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'Europe/Amsterdam'")
    connection.execute("CREATE TEMPORARY TABLE mine AS SELECT TIMESTAMPTZ '2020-07-01 12:00:00+00' AS t")
    connection.register("frame", pa.table({"x": [1]}))
    engine = connect(connection)
    assert engine.table("mine").columns == (("t", "TIMESTAMP WITH TIME ZONE"),)
    assert engine.table("frame").columns == (("x", "BIGINT"),)
    assert engine.arrow("SELECT t::varchar FROM mine", (("s", STRING),))["s"].to_pylist() == ["2020-07-01 12:00:00+00"]
    stream = engine.batches("SELECT t::varchar FROM mine, range(5000)", (("s", STRING),), batch_rows=10)
    next(stream)
    assert connection is not None
    list(stream)
    assert connection.execute("SELECT current_setting('TimeZone')").fetchall() == [("Europe/Amsterdam",)]
    engine.create_table("mine", "SELECT 1 AS x")
    engine.load("frame", pa.table({"x": [1]}), (("x", INT64),))
    engine.close()
    left = connection.execute("SELECT DISTINCT table_name FROM duckdb_columns() WHERE NOT internal ORDER BY 1").fetchall()
    assert left == [("frame",), ("mine",)]


def test_open_connection_that_is_busy_or_closed() -> None:
    connection = duckdb.connect()
    engine = connect(connection)
    connection.close()
    with pytest.raises(ConnectionFailed, match=r"does not work.*\nhint: connect again"):
        engine.arrow("SELECT 1::bigint", ONE)
    with pytest.raises(ConnectionFailed, match="closed"):
        connect(connection, new=True)


# ---- tables in memory


def test_pandas_frame() -> None:
    key = uuid.uuid4()
    frame = pd.DataFrame(
        {
            "i": [1, 2],
            "f": [1.5, float("nan")],
            "s": ["a", None],
            "t": pd.to_datetime(["2020-01-01", None]),
            "ns": pd.DatetimeIndex([pd.Timestamp("1969-12-31 23:59:59.999999999"), pd.NaT], dtype="datetime64[ns]"),
            "tags": [["a", {"b": None}], None],
            "u": [key, None],
            "b": [True, False],
            "z": [None, None],
        },
        index=pd.Index(["x", "y"], name="event_id"),
    )
    engine = connect(frame)
    assert engine.description == "DuckDB over a pandas DataFrame"
    stored = engine.table("data")
    assert stored.relation == Relation("table", ("data",))
    types = dict(stored.columns)
    assert list(types) == ["event_id", "i", "f", "s", "t", "ns", "tags", "u", "b", "z"]
    assert [types[name] for name in ("i", "f", "s", "t", "ns", "tags", "u", "b")] == [
        "BIGINT",
        "DOUBLE",
        "VARCHAR",
        "TIMESTAMP",
        "TIMESTAMP",
        "JSON",
        "UUID",
        "BOOLEAN",
    ]
    assert engine.arrow("SELECT f FROM data", (("f", FLOAT64),))["f"].to_pylist() == [1.5, None]
    assert engine.arrow("SELECT tags FROM data", (("j", JSON),))["j"].to_pylist() == ['["a",{"b":null}]', None]
    assert engine.arrow("SELECT u::varchar FROM data", (("u", STRING),))["u"].to_pylist() == [str(key), None]
    times = engine.arrow("SELECT ns::varchar FROM data", (("t", STRING),))["t"].to_pylist()
    assert times == ["1969-12-31 23:59:59.999999", None]


def test_frame_that_changed_is_another_target() -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0, None]})
    engine = connect(frame)
    assert connect(frame) is engine
    frame.loc[0, "x"] = 5.0
    assert count(engine, "data WHERE x = 1") == 1
    changed = connect(frame)
    assert changed is not engine
    assert count(changed, "data WHERE x = 5") == 1


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame([[1, 2]], columns=["a", "A"]),
        pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]),
        pl.DataFrame({"a": [1], "A": [2]}),
    ],
    ids=["pandas", "pandas case", "arrow", "polars case"],
)
def test_equal_column_names_are_refused(frame: object) -> None:
    with pytest.raises(InvalidValue, match=r"'a' and '[aA]' are equal, or differ only in case\nhint: rename"):
        connect(frame)


def test_frames_that_cannot_be_stored() -> None:
    with pytest.raises(InvalidValue, match="column name 0 is not a string"):
        connect(pd.DataFrame([[1]]))
    with pytest.raises(DataInvalid, match="'mixed' contains values of several types"):
        connect(pd.DataFrame({"mixed": pd.Series([1, "a"], dtype=object)}))
    with pytest.raises(DataInvalid, match="'text' contains a lone surrogate"):
        connect(pd.DataFrame({"text": pd.Series(["x\ud800"], dtype=object)}))
    with pytest.raises(DataInvalid, match=r"'j' contains .* not JSON"):
        connect(pd.DataFrame({"j": [{"a": {1, 2}}]}))


def test_polars_and_arrow() -> None:
    polars = pl.DataFrame({"x": [1, None], "t": [datetime.date(2020, 1, 1), None], "f": [float("nan"), 1.0]})
    engine = connect(polars)
    assert engine.description == "DuckDB over a polars DataFrame"
    assert engine.table("data").columns == (("x", "BIGINT"), ("t", "DATE"), ("f", "DOUBLE"))
    assert connect(polars) is engine
    arrow = pa.table({"x": pa.array([1], pa.timestamp("ns", "UTC"))})
    assert connect(arrow).table("data").columns == (("x", "TIMESTAMP WITH TIME ZONE"),)
    assert connect(arrow).description == "DuckDB over a pyarrow Table"


# ---- the same target, the environment, and invalid targets


def test_same_target_is_one_connection(events: Path) -> None:
    engine = connect(events)
    assert connect(str(events)) is engine
    assert connect(engine) is engine
    assert connect(events, new=True) is not engine
    engine.close()
    again = connect(events)
    assert again is not engine
    assert not again.closed


def test_same_server_is_one_connection() -> None:
    url = postgres_server.session_url()
    engine = connect(url)
    parameters = psycopg.conninfo.conninfo_to_dict(url)
    assert connect(psycopg.conninfo.make_conninfo("", **parameters)) is engine
    assert connect(url.replace("postgresql://", "postgres://")) is engine
    assert connect(url, read_only=False) is not engine


def test_dropped_engine_closes_its_connection(recwarn: pytest.WarningsRecorder) -> None:
    url = postgres_server.session_url()
    engine = connect(url, new=True)
    pid = engine.arrow("SELECT pg_backend_pid()::bigint", ONE)["n"][0].as_py()
    del engine
    gc.collect()
    other = connect(url)
    for _ in range(100):
        if count(other, f"pg_stat_activity WHERE pid = {pid}") == 0:
            break
    assert count(other, f"pg_stat_activity WHERE pid = {pid}") == 0
    assert not recwarn.list


def clear(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PG") or name == "DSN":
            monkeypatch.delenv(name)


def test_target_from_the_environment(events: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clear(monkeypatch)
    with pytest.raises(InvalidValue, match=r"nothing to connect to.*\nhint: pass a Parquet, CSV, JSON Lines or Arrow file"):
        connect()
    parameters = psycopg.conninfo.conninfo_to_dict(postgres_server.session_url())
    monkeypatch.setenv("PGHOST", str(parameters["host"]))
    monkeypatch.setenv("PGPORT", str(parameters["port"]))
    monkeypatch.setenv("PGUSER", "postgres")
    assert connect().dialect == "postgres"
    monkeypatch.setenv("DSN", str(events))
    assert connect() is connect(events)


def test_what_is_no_target() -> None:
    with pytest.raises(InvalidType, match=r"value of type int\nhint: pass a Parquet, CSV, JSON Lines or Arrow file"):
        connect(3)
    with pytest.raises(NotSupported, match="mysql://"):
        connect("mysql://host/db")
    with pytest.raises(InvalidValue, match="statement_timeout is 0"):
        connect("x.parquet", statement_timeout=0)


def test_settings_of_an_open_engine_are_not_changed(tmp_path: Path) -> None:
    engine = connect(duckdb.connect())
    assert connect(engine) is engine
    for settings in ({"read_only": False}, {"new": True}, {"statement_timeout": 5}, {"external_access": True}):
        with pytest.raises(InvalidValue, match=f"{next(iter(settings))} cannot be set for .*already connected"):
            connect(engine, **settings)
    with connect(tmp_path / "a.duckdb", read_only=False) as writing:
        assert connect(writing, read_only=False) is writing


def test_what_is_only_read_cannot_be_opened_for_writing(events: Path) -> None:
    for target in (events, str(events), events.parent, pd.DataFrame({"n": [1]}), pa.table({"n": [1]})):
        with pytest.raises(InvalidValue, match="only supported for databases"):
            connect(target, read_only=False)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 1e300, 2_147_484])
def test_a_timeout_is_one_that_every_engine_takes(events: Path, seconds: float) -> None:
    with pytest.raises(InvalidValue, match="statement_timeout is"):
        connect(events, statement_timeout=seconds)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"read_only": "no"}, "read_only of connect has to be True or False, not 'no'"),
        ({"new": 1}, "new of connect has to be True or False, not 1"),
        ({"statement_timeout": "5"}, "statement_timeout of connect has to be a number or None, not '5'"),
        ({"external_access": None}, "external_access of connect has to be True or False, not None"),
    ],
)
def test_settings_of_other_types(events: Path, settings: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidType, match=words):
        connect(events, **settings)


def test_an_engine_that_was_not_opened_has_a_repr() -> None:
    from objectiv_local.engines.duckdb.engine import DuckDBEngine
    from objectiv_local.engines.postgres.engine import PostgresEngine

    for class_ in (DuckDBEngine, PostgresEngine):
        assert repr(class_.__new__(class_)) == "<no connection>"
