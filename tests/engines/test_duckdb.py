"""What DuckDB denies to queries: other files, extensions, and writes on a read-only connection."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from objectiv_local import DataFrame
from objectiv_local.engines import connect
from objectiv_local.errors import DataInvalid, InvalidValue, ObjectivError, QueryFailed, ReadOnly
from objectiv_local.types import INT64

ONE = (("n", INT64),)
REFUSED = r"queries can read only the file that was opened\nhint: connect\(\.\.\., external_access=True\)"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Return a file that no target includes."""
    path = tmp_path / "secret.csv"
    path.write_text("n\n42\n")
    return path


def database(path: Path, secret: Path) -> Path:
    """Return a database with a table, and views that read another file."""
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE numbers AS SELECT n FROM range(5) AS numbers (n)")
        connection.execute(f"CREATE VIEW as_text AS SELECT content FROM read_text('{secret}')")
        connection.execute(f"CREATE VIEW as_rows AS SELECT * FROM read_csv('{secret}')")
    return path


# ---- files and extensions


@pytest.mark.parametrize("read_only", [True, False])
def test_views_of_a_database_read_no_other_file(tmp_path: Path, secret: Path, read_only: bool) -> None:
    path = database(tmp_path / "shop.duckdb", secret)
    with connect(path, read_only=read_only) as engine:
        assert DataFrame.from_table(engine, "numbers").n.sum().value == 10
        for view in ("as_text", "as_rows"):
            with pytest.raises(QueryFailed, match=REFUSED):
                DataFrame.from_table(engine, view).to_pandas()
        for statement in (
            "SET enable_external_access = true",
            "SET allowed_directories = ['/']",
            "INSTALL sqlite",
            "LOAD sqlite",
            f"ATTACH '{tmp_path}/other.duckdb'",
            f"COPY numbers TO '{tmp_path}/numbers.csv'",
        ):
            with pytest.raises(ObjectivError):
                engine.execute(statement)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["secret.csv", "shop.duckdb"]
    with connect(path, read_only=read_only, external_access=True) as engine:
        assert DataFrame.from_table(engine, "as_rows").n.sum().value == 42


def test_a_database_is_written_and_spills_without_other_files(tmp_path: Path, secret: Path) -> None:
    path = database(tmp_path / "shop.duckdb", secret)
    with connect(path, read_only=False) as engine:
        engine.create_table("more", "SELECT i, md5(i::varchar) AS m FROM range(300000) AS r (i)", temporary=False)
        engine.write(["DELETE FROM numbers WHERE n = 4"])
        engine.execute("CHECKPOINT")
    with connect(path) as engine:
        engine.execute("SET memory_limit = '20MB'")
        engine.execute("SET threads = 1")
        ordered = engine.arrow("SELECT i AS n FROM (SELECT * FROM more ORDER BY m) OFFSET 299999", ONE)
        assert ordered["n"].to_pylist() == [max(range(300_000), key=lambda i: hashlib.md5(str(i).encode()).hexdigest())]
        assert sorted(each.name for each in tmp_path.iterdir()) == ["secret.csv", "shop.duckdb"]
        assert DataFrame.from_table(engine, "numbers").n.sum().value == 6


def test_parquet_and_rows_in_memory_read_no_other_file(tmp_path: Path, secret: Path) -> None:
    (tmp_path / "in").mkdir()
    pq.write_table(pa.table({"n": [1]}), tmp_path / "in" / "a.parquet")
    pq.write_table(pa.table({"n": [2]}), tmp_path / "b.parquet")
    inside = tmp_path / "in"
    for target in (inside / "a.parquet", inside, str(inside / "*.parquet"), pd.DataFrame({"n": [1]})):
        engine = connect(target)
        assert DataFrame.from_table(engine, "data").n.sum().value == 1
        for source in (
            f"read_csv('{secret}')",
            f"read_text('{secret}')",
            f"read_parquet('{tmp_path}/b.parquet')",
            f"read_parquet('{tmp_path}/in/../b.parquet')",
            f"glob('{tmp_path}/*')",
        ):
            with pytest.raises(QueryFailed, match=REFUSED):
                DataFrame.from_model(engine, f"SELECT * FROM {source}").to_pandas()
        engine = connect(target, external_access=True)
        assert DataFrame.from_model(engine, f"SELECT n FROM read_parquet('{tmp_path}/b.parquet')").n.sum().value == 2


def test_a_file_of_another_database_needs_no_extension(tmp_path: Path) -> None:
    for name in ("shop.db", "shop.duckdb"):
        sqlite3.connect(tmp_path / name).execute("CREATE TABLE t (x)").connection.close()
        for read_only in (True, False):
            with pytest.raises(DataInvalid, match="is not a DuckDB database"):
                connect(tmp_path / name, read_only=read_only)


# ---- writes on a user's own connection that is opened for reading


@pytest.fixture
def stored() -> duckdb.DuckDBPyConnection:
    """Return a connection with a table, a temporary one and a sequence."""
    connection = duckdb.connect()
    connection.execute("CREATE TABLE kept AS SELECT 1::bigint AS n")
    connection.execute("CREATE TEMPORARY TABLE passing AS SELECT 1::bigint AS n")
    connection.execute("CREATE SEQUENCE numbers")
    return connection


WRITING = [
    "WITH gone AS (DELETE FROM kept RETURNING n) SELECT n FROM gone",
    "WITH more AS (INSERT INTO kept VALUES (2) RETURNING n) SELECT n FROM more",
    "SELECT nextval('numbers') AS n",
]
SEVERAL = [
    "SELECT n FROM kept; DELETE FROM kept",
    "COMMIT; DELETE FROM kept",
    "SELECT 1 AS n; COMMIT; DROP TABLE kept",
    "SELECT n FROM kept) SELECT n FROM x; DELETE FROM kept; SELECT * FROM (SELECT 1 AS n",
]


def untouched(connection: duckdb.DuckDBPyConnection) -> bool:
    found = connection.sql("SELECT (SELECT list(n) FROM kept), (SELECT last_value FROM duckdb_sequences())").fetchall()
    return found == [([1], None)]


@pytest.mark.parametrize("text", WRITING + SEVERAL)
def test_a_model_does_not_write(stored: duckdb.DuckDBPyConnection, text: str) -> None:
    engine = connect(stored)
    for run in (
        lambda: DataFrame.from_model(engine, text).to_pandas(),
        lambda: DataFrame.from_model(engine, text).materialize(materialization="temp_table"),
        lambda: engine.arrow(text, ONE),
        lambda: list(engine.batches(text, ONE)),
        lambda: engine.explain(text),
        lambda: engine.execute(text),
        lambda: engine.create_table("made", text),
    ):
        if text in WRITING and run.__code__.co_names == ("explain",):
            continue
        with pytest.raises(ObjectivError):
            run()
        assert untouched(stored)
    with connect(stored, read_only=False) as writing:
        assert writing.arrow(WRITING[1], ONE)["n"].to_pylist() == [2]
    assert sorted(stored.sql("SELECT n FROM kept").fetchall()) == [(1,), (2,)]


def test_statements_that_write(stored: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    engine = connect(stored)
    for statement in (
        "DELETE FROM kept",
        "DROP TABLE kept",
        "CREATE TABLE new AS SELECT 1",
        f"COPY kept TO '{tmp_path}/x.csv'",
        f"ATTACH '{tmp_path}/x.duckdb'",
        "BEGIN",
        "COMMIT",
        f"EXPORT DATABASE '{tmp_path}/x'",
    ):
        with pytest.raises(ReadOnly, match=r"\nhint: connect\(\.\.\., read_only=False\)"):
            engine.execute(statement)
    with pytest.raises(InvalidValue, match=r"model has to be a single query, but the SQL is SELECT and DELETE\nhint"):
        DataFrame.from_model(engine, "SELECT 1 AS n; DELETE FROM kept")
    with pytest.raises(InvalidValue, match="model has to be a single query, but the SQL is COPY"):
        DataFrame.from_model(engine, f"COPY kept TO '{tmp_path}/x.csv'")
    assert untouched(stored)
    assert not list(tmp_path.iterdir())
    engine.execute("INSERT INTO passing VALUES (2)")
    engine.execute("CREATE TEMPORARY TABLE new AS SELECT 1")
    df = DataFrame.from_table(engine, "passing").materialize(materialization="temp_table")
    assert df.n.sum().value == 3
    stored.execute("INSERT INTO kept VALUES (5)")
    assert stored.sql("SELECT sum(n) FROM kept").fetchall() == [(6,)]


def test_a_transaction_of_the_user_goes_on(stored: duckdb.DuckDBPyConnection) -> None:
    engine = connect(stored)
    stored.execute("BEGIN")
    stored.execute("INSERT INTO kept VALUES (2)")
    df = DataFrame.from_table(engine, "kept")
    assert df.n.sum().value == 3
    with engine.snapshot():
        assert df.n.sum().value == 3
        assert next(engine.batches("SELECT n FROM kept ORDER BY n", ONE))["n"].to_pylist() == [1, 2]
    stored.execute("COMMIT")
    assert df.n.sum().value == 3
    with engine.snapshot():
        assert df.n.sum().value == 3
        with pytest.raises(ObjectivError):
            engine.arrow(WRITING[0], ONE)
    stored.execute("INSERT INTO kept VALUES (3)")
    assert df.n.sum().value == 6


@pytest.mark.parametrize("read_only", [True, False])
def test_an_unread_result_of_the_user_is_kept(read_only: bool) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS x FROM range(3)")
        df = DataFrame.from_table(connect(connection, read_only=read_only, new=True), "t")
        assert df.x.sum().value == 3
        connection.execute("SELECT range FROM range(5)")
        with pytest.raises(QueryFailed, match="the connection has another result open"):
            df.to_arrow()
        assert connection.fetchall() == [(0,), (1,), (2,), (3,), (4,)]
        assert df.x.sum().value == 3
