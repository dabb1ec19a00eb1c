"""Read-only connections, and statements and views that try to write through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import postgres_server
import psycopg
import pytest

from objectiv_local import DataFrame, connect
from objectiv_local.errors import ObjectivError, ReadOnly
from objectiv_local.types import INT64, STRING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ONE = (("n", INT64),)

POSTGRES = """
DROP SCHEMA IF EXISTS guarded CASCADE; CREATE SCHEMA guarded;
CREATE TABLE guarded.rows AS SELECT generate_series(1, 3)::bigint AS n;
CREATE FUNCTION guarded.empties() RETURNS bigint LANGUAGE plpgsql AS
  $$BEGIN DELETE FROM guarded.rows; RETURN 1; END$$;
CREATE FUNCTION guarded.looks_constant() RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS
  $$BEGIN RETURN guarded.empties(); END$$;
CREATE FUNCTION guarded.lifts() RETURNS bigint LANGUAGE plpgsql AS
  $$BEGIN PERFORM set_config('default_transaction_read_only', 'off', false); RETURN 1; END$$;
CREATE VIEW guarded.trap AS SELECT guarded.empties() AS n;
CREATE VIEW guarded.constant AS SELECT guarded.looks_constant() AS n;
CREATE VIEW guarded.lifting AS SELECT guarded.lifts() AS n;
CREATE PROCEDURE guarded.twice() LANGUAGE plpgsql AS
  $$BEGIN PERFORM set_config('default_transaction_read_only', 'off', false); COMMIT; DELETE FROM guarded.rows; END$$;
"""


@pytest.fixture(params=postgres_server.default_versions())
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the address of a server with a table, and views and functions that empty it."""
    address = postgres_server.session_url(request.param)
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(POSTGRES)
        yield address
        admin.execute("DROP SCHEMA guarded CASCADE")


def count(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as admin:
        return admin.execute("SELECT count(*) FROM guarded.rows").fetchone()[0]


def attempts(action: Callable[[], object]) -> str:
    """Return the name of the error that an action raises, or an empty string."""
    try:
        action()
    except ObjectivError as error:
        return type(error).__name__
    return ""


@pytest.mark.parametrize("view", ["trap", "constant"])
def test_views_whose_function_writes(url: str, view: str) -> None:
    with connect(url, new=True) as engine:
        df = DataFrame.from_table(engine, f"guarded.{view}")
        for action in (
            df.to_pandas,
            lambda: df.materialize(materialization="temp_table"),
            lambda: list(df.to_batches()),
            lambda: df.get_sample(sample_percentage=100),
        ):
            assert attempts(action) == "ReadOnly"
            assert count(url) == 3
        attempts(lambda: df.explain(engine=True))  # the planner calls functions that look constant
        assert count(url) == 3
        assert DataFrame.from_table(engine, "guarded.rows").materialize(materialization="temp_table").n.sum().value == 6


def test_views_whose_function_lifts_the_promise(url: str) -> None:
    with connect(url, new=True) as engine:
        trap = DataFrame.from_table(engine, "guarded.trap")
        for read in (lambda df: df.to_pandas(), lambda df: df.materialize(materialization="temp_table").to_pandas()):
            assert len(read(DataFrame.from_table(engine, "guarded.lifting"))) == 1
            assert attempts(trap.to_pandas) == "ReadOnly"
            assert attempts(lambda: engine.execute("DELETE FROM guarded.rows")) == "ReadOnly"
        with engine.snapshot():
            assert len(DataFrame.from_table(engine, "guarded.lifting").to_pandas()) == 1
            assert attempts(trap.to_pandas) == "ReadOnly"
    assert count(url) == 3


TEXTS = [
    "SELECT 1::bigint AS n; DELETE FROM guarded.rows",
    "SELECT 1::bigint AS n) AS q; BEGIN READ WRITE; DELETE FROM guarded.rows; COMMIT; SELECT * FROM (SELECT 1 AS n",
    "SELECT 1::bigint AS n) TO STDOUT; BEGIN READ WRITE; DELETE FROM guarded.rows; COMMIT; COPY (SELECT 1::bigint AS n",
    "COMMIT; DELETE FROM guarded.rows",
    "DELETE FROM guarded.rows RETURNING n",
    "BEGIN READ WRITE",
    "WITH gone AS (DELETE FROM guarded.rows RETURNING n) SELECT n FROM gone",
    "SELECT set_config('transaction_read_only', 'off', true)::text AS s, guarded.empties() AS n",
    "SELECT set_config('default_transaction_read_only', 'off', false)::text AS s, guarded.empties() AS n",
    "SELECT $1::bigint AS n",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_texts_of_models_on_postgres(url: str, text: str) -> None:
    with connect(url, new=True) as engine:
        assert attempts(lambda: DataFrame.from_model(engine, text).to_pandas()) != ""
        assert attempts(lambda: DataFrame.from_model(engine, text).materialize(materialization="temp_table")) != ""
        assert attempts(lambda: engine.arrow(text, ONE)) != ""
        assert attempts(lambda: engine.create_table("t", text)) != ""
        if text:
            assert attempts(lambda: engine.explain(f"ANALYZE {text}")) != ""
        assert attempts(DataFrame.from_table(engine, "guarded.trap").to_pandas) == "ReadOnly"
        assert DataFrame.from_model(engine, "SELECT 5::bigint AS n -- the end").n.sum().value == 5
    assert count(url) == 3


@pytest.mark.parametrize(
    "statements",
    [
        ["SET default_transaction_read_only = off", "DELETE FROM guarded.rows"],
        ["SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE", "DELETE FROM guarded.rows"],
        ["BEGIN READ WRITE", "DELETE FROM guarded.rows", "COMMIT"],
        ["BEGIN", "SET TRANSACTION READ WRITE", "DELETE FROM guarded.rows", "COMMIT"],
        ["BEGIN", "SET transaction_read_only = off", "DELETE FROM guarded.rows", "COMMIT"],
        ["BEGIN READ WRITE; DELETE FROM guarded.rows; COMMIT"],
        ["CALL guarded.twice()"],
        ["DO $$BEGIN SET default_transaction_read_only = off; COMMIT; DELETE FROM guarded.rows; END$$"],
        ["ALTER SYSTEM SET work_mem = '5MB'"],
        ["/* /* */ BEGIN */ CALL guarded.twice()"],
    ],
)
def test_statements_of_the_user_on_postgres(url: str, statements: list[str]) -> None:
    with connect(url, new=True) as engine:
        failed = [attempts(lambda sql=sql: engine.execute(sql)) for sql in statements]
        assert any(failed)
        assert count(url) == 3
        with psycopg.connect(url, autocommit=True) as admin:
            assert admin.execute("SELECT count(*) FROM pg_file_settings WHERE name = 'work_mem'").fetchone() == (0,)
        engine.execute("/* of the user */ BEGIN ISOLATION LEVEL REPEATABLE READ")
        level = engine.arrow("SELECT current_setting('transaction_isolation')", (("s", STRING),))
        assert level["s"].to_pylist() == ["repeatable read"]
        engine.execute("ROLLBACK")
        engine.execute("SET work_mem = '5MB'")
        assert engine.arrow("SELECT current_setting('work_mem')", (("s", STRING),))["s"].to_pylist() == ["5MB"]


def test_writing_connections_write(url: str) -> None:
    with connect(url, new=True, read_only=False) as engine:
        assert DataFrame.from_table(engine, "guarded.trap").materialize(materialization="temp_table").n.sum().value == 1
    assert count(url) == 0


def test_columns_of_a_model_on_postgres(url: str) -> None:
    with connect(url, new=True) as engine:
        found = engine.described(
            "SELECT 1.5::numeric(7, 2) AS a, 1.5::numeric AS b, ARRAY[1] AS c, 'x'::varchar(3) AS d, 120::numeric(3, -1) AS e;"
        )
    assert found.columns == (("a", "numeric(7,2)"), ("b", "numeric"), ("c", "int4[]"), ("d", "varchar"), ("e", "numeric(3,-1)"))


# ---- DuckDB connections created by the user


@pytest.fixture
def own() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS n FROM range(3); CREATE SEQUENCE s")
        yield connection


DUCKDB_TEXTS = [
    "SELECT 1 AS n; DELETE FROM t",
    "SELECT 1 AS n; COMMIT; DELETE FROM t; SELECT 1 AS n",
    "DELETE FROM t RETURNING n",
    "WITH gone AS (DELETE FROM t RETURNING n) SELECT n FROM gone",
    "SELECT nextval('s') AS n",
    "",
    "SELECT 1 AS n) ; DELETE FROM t; (SELECT 1 AS n",
    "COPY t TO 'written.csv'",
]


@pytest.mark.parametrize("text", DUCKDB_TEXTS)
def test_texts_of_models_on_a_connection_of_the_user(
    own: duckdb.DuckDBPyConnection, text: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    engine = connect(own, read_only=True)
    actions = [
        lambda: DataFrame.from_model(engine, text).to_pandas(),
        lambda: engine.arrow(text, ONE),
        lambda: list(engine.batches(text, ONE)),
        lambda: engine.create_table("kept", text),
    ]
    for action in actions:
        assert attempts(action) != ""
        assert own.sql("SELECT count(*) FROM t").fetchall() == [(3,)]
    assert attempts(lambda: engine.execute(text)) != ""
    assert own.sql("SELECT count(*) FROM t").fetchall() == [(3,)]
    assert own.sql("SELECT nextval('s')").fetchall() == [(1,)]
    assert not list(tmp_path.iterdir())
    assert DataFrame.from_model(engine, "SELECT n FROM t -- the end").n.sum().value == 3
    kept = DataFrame.from_table(engine, "t").materialize(materialization="temp_table")
    assert kept.n.sum().value == 3


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM t",
        "CREATE TABLE u (x int)",
        "ATTACH 'new.duckdb' AS other",
        "INSTALL spatial",
        "COPY t TO 'written.csv'",
        "EXPORT DATABASE 'written'",
        "DROP TABLE t",
        "SELECT 1; SELECT 2",
    ],
)
def test_statements_of_the_user_on_their_connection(
    own: duckdb.DuckDBPyConnection, statement: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    engine = connect(own, read_only=True)
    with pytest.raises(ReadOnly):
        engine.execute(statement)
    with pytest.raises(ReadOnly):
        engine.execute("BEGIN")
    own.execute("BEGIN")
    with pytest.raises(ReadOnly):
        engine.execute(statement)
    own.execute("COMMIT")
    assert own.sql("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall() == [("t",)]
    assert own.sql("SELECT count(*) FROM t").fetchall() == [(3,)]
    assert not list(tmp_path.iterdir())
    engine.execute("CREATE TEMPORARY TABLE mine AS SELECT 1 AS x")
    engine.execute("INSERT INTO mine VALUES (2)")
    assert engine.arrow("SELECT count(*) FROM mine", ONE)["n"].to_pylist() == [2]
    connect(own, read_only=False, new=True).execute("INSERT INTO t VALUES (9)")
    assert own.sql("SELECT count(*) FROM t").fetchall() == [(4,)]


def test_users_transaction_stays_open(own: duckdb.DuckDBPyConnection) -> None:
    engine = connect(own, read_only=True)
    own.execute("BEGIN; INSERT INTO t VALUES (7)")
    assert DataFrame.from_table(engine, "t").n.count().value == 4
    stream = engine.batches("SELECT n FROM t", ONE, 1)
    next(stream)
    assert engine.arrow("SELECT 1", ONE)["n"].to_pylist() == [1]
    assert len(list(stream)) == 3
    own.execute("ROLLBACK")
    assert own.sql("SELECT count(*) FROM t").fetchall() == [(3,)]
