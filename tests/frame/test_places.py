"""Tables and views with a schema before their name, and what a refused CREATE says."""

from __future__ import annotations

import duckdb
import pandas as pd
import postgres_server
import psycopg
import pytest
import servers
from frame.frames import on_every_engine
from servers import engine_of

from objectiv_local import DataFrame, connect
from objectiv_local.errors import InvalidValue, QueryFailed, ReadOnly, TableNotFound


@pytest.fixture
def writable(engine):
    """Return a connection for writing to a database with the schema ``reports``, empty."""
    made = connect(duckdb.connect() if engine == "duckdb" else servers.target(engine), read_only=False)
    made.execute("DROP SCHEMA IF EXISTS reports CASCADE")
    for name in ("DROP TABLE IF EXISTS daily", 'DROP TABLE IF EXISTS "reports.daily"', "CREATE SCHEMA reports"):
        made.execute(name)
    yield made
    made.execute("DROP SCHEMA reports CASCADE")
    made.execute('DROP TABLE IF EXISTS "reports.daily"')
    made.execute("DROP TABLE IF EXISTS daily")


def rows(connection, name):
    return sorted(DataFrame.from_table(connection, name).to_pandas().a.tolist())


@on_every_engine
def test_a_table_is_created_in_the_schema_before_its_name(engine, writable):
    df = DataFrame.from_pandas(writable, pd.DataFrame({"a": [1, 2]}))
    assert sorted(df.database_create_table("reports.daily").to_pandas().a.tolist()) == [1, 2]
    # A name with a dot of its own is quoted, here as everywhere: one table does not hide the other.
    df[df.a > 1].database_create_table('"reports.daily"')
    df[df.a > 5].database_create_table("daily")
    assert [rows(writable, name) for name in ("reports.daily", '"reports.daily"', "daily", '"reports"."daily"')] == [
        [1, 2],
        [2],
        [],
        [1, 2],
    ]
    assert {"reports.daily", '"reports.daily"', "daily"} <= set(writable.tables())
    with pytest.raises(InvalidValue, match=r"daily.* already exists"):
        df.database_create_table("reports.daily")
    assert rows(writable, "reports.daily") == [1, 2]
    df[df.a < 2].database_create_table("reports.daily", if_exists="replace")
    assert rows(writable, "reports.daily") == [1]
    more = pd.DataFrame({"a": [7]})
    more.index = pd.Index([9], name="0")
    DataFrame.from_pandas(writable, more, name="reports.daily", materialization="table", if_exists="append")
    assert rows(writable, "reports.daily") == [1, 7]


@on_every_engine
def test_savepoints_have_schemas(engine, writable):
    writable.execute("CREATE TABLE reports.rows AS SELECT 1 AS a UNION ALL SELECT 2")
    df = DataFrame.from_table(writable, "reports.rows")
    df["b"] = df.a * 10
    df.set_savepoint("reports.doubled", "table")
    df["c"] = df.b + 1
    df.set_savepoint("reports.more", "view")
    assert [each.name for each in df.savepoints.write_to_db()] == ["reports.doubled", "reports.more"]
    assert {"reports.doubled", "reports.more"} <= set(writable.tables())
    assert rows(writable, "reports.more") == [1, 2]
    found = df.savepoints.get_materialized_df("reports.more")
    assert "FROM reports.more" in found.view_sql()
    assert sorted(found.to_pandas().c.tolist()) == [11, 21]
    created = df.savepoints.get_create_statements()
    assert list(created) == ["reports.doubled", "reports.more"]
    assert created["reports.more"].startswith('CREATE VIEW "reports"."more" AS')
    assert df.savepoints.get_drop_statements()["reports.doubled"] == 'DROP TABLE IF EXISTS "reports"."doubled"'
    # The view reads the table, and not the rows again.
    assert "doubled" in writable_view(writable, engine)
    with pytest.raises(InvalidValue, match="already exists"):
        df.savepoints.write_to_db()
    assert len(df.savepoints.write_to_db(overwrite=True)) == 2


def writable_view(connection, engine):
    column = "sql" if engine == "duckdb" else "definition"
    place = "duckdb_views() WHERE view_name = 'more'" if engine == "duckdb" else "pg_views WHERE viewname = 'more'"
    return DataFrame.from_model(connection, f"SELECT {column}::varchar AS text FROM {place}").to_pandas().text[0]


@on_every_engine
def test_a_schema_that_is_not_there_is_named(engine, writable):
    df = DataFrame.from_pandas(writable, pd.DataFrame({"a": [1]}))
    with pytest.raises(InvalidValue, match=r"nope.*\nhint: create it first: CREATE SCHEMA"):
        df.database_create_table("nope.daily")
    with pytest.raises(InvalidValue, match="nope"):
        DataFrame.from_pandas(writable, pd.DataFrame({"a": [1]}), name="nope.daily", materialization="table")
    writable.execute("CREATE TABLE reports.rows AS SELECT 1 AS a")
    saved = DataFrame.from_table(writable, "reports.rows")
    saved.set_savepoint("reports.first", "table")
    saved.set_savepoint("nope.second", "view")
    with pytest.raises(InvalidValue, match="nope"):
        saved.savepoints.write_to_db()
    with pytest.raises(TableNotFound):
        writable.table("reports.first")


def test_only_tables_and_views_have_a_schema():
    df = DataFrame.from_pandas(connect(duckdb.connect()), pd.DataFrame({"a": [1]}))
    for kind in ("cte", "temp_table"):
        with pytest.raises(InvalidValue, match=f"'reports.x' is a {kind}, which cannot be in a schema"):
            df.set_savepoint("reports.x", kind)
    df.set_savepoint("reports.x", "view")
    with pytest.raises(InvalidValue, match="cannot be in a schema"):
        df.savepoints.set_materialization("reports.x", "cte")
    for name in ("a.b.c.d", "a..b", ".a", "a.", '"a.b"', "a b", ""):
        with pytest.raises(InvalidValue, match="cannot name a savepoint"):
            df.set_savepoint(name, "table")


def test_attached_databases_of_duckdb():
    connection = duckdb.connect()
    connection.execute("ATTACH ':memory:' AS other; CREATE SCHEMA other.reports")
    engine = connect(connection, read_only=False)
    df = DataFrame.from_pandas(engine, pd.DataFrame({"a": [1, 2]}))
    df.database_create_table("other.reports.daily")
    assert rows(engine, "other.reports.daily") == [1, 2]
    df.database_create_table("other.daily")
    assert connection.execute(
        "SELECT database_name, schema_name FROM duckdb_tables() WHERE table_name = 'daily'"
    ).fetchall() == [("other", "main"), ("other", "reports")]
    saved = DataFrame.from_table(engine, "other.reports.daily")
    saved.set_savepoint("other.reports.again", "view")
    saved.savepoints.write_to_db()
    assert rows(engine, "other.reports.again") == [1, 2]
    with pytest.raises(InvalidValue, match="no schema or database 'nope'"):
        df.database_create_table("other.nope.daily")


@pytest.mark.parametrize("name", [name for name in servers.STARTED if engine_of(name) == "postgres"])
def test_a_refused_create_says_what_to_ask_for(name):
    server = postgres_server.session(int(name.removeprefix("postgres")))
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(
            "DROP SCHEMA IF EXISTS reports CASCADE; CREATE SCHEMA reports; CREATE TABLE reports.daily AS SELECT 1 AS a"
        )
        admin.execute(
            "DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN; GRANT USAGE ON SCHEMA reports TO clerk; GRANT SELECT ON reports.daily TO clerk"
        )
        admin.execute("CREATE TABLE reports.secret AS SELECT 1 AS a")
    try:
        url = server.url.replace("//postgres@", "//clerk@")
        df = DataFrame.from_table(connect(url, read_only=False), "reports.daily")
        for place, schema in (("reports.mine", "reports"), ("mine", "public")):
            with pytest.raises(
                QueryFailed, match=rf'denied for schema {schema}.*\nhint: .*GRANT CREATE ON SCHEMA "{schema}" TO'
            ):
                df.database_create_table(place)
        saved = df.copy()
        saved.set_savepoint("reports.mine", "view")
        with pytest.raises(QueryFailed, match=r'GRANT CREATE ON SCHEMA "reports"'):
            saved.savepoints.write_to_db()
        with pytest.raises(
            QueryFailed, match=r"(must be owner|denied for schema).*\nhint: (only its owner|.*CREATE ON SCHEMA)"
        ):
            df.database_create_table("reports.daily", if_exists="replace")
        with pytest.raises(QueryFailed, match=r'denied for table daily.*\nhint: .*GRANT INSERT ON "daily"'):
            DataFrame.from_arrow(
                connect(url, read_only=False), df.to_arrow(), name="reports.daily", materialization="table", if_exists="append"
            )
        with pytest.raises(QueryFailed, match=r'denied for table secret.*\nhint: .*GRANT SELECT ON "secret"'):
            DataFrame.from_table(connect(url, read_only=False), "reports.secret").to_pandas()
        assert df.materialize(materialization="temp_table").to_pandas().a.tolist() == [1]
        reading = DataFrame.from_table(connect(url), "reports.daily")
        reading.set_savepoint("reports.mine", "view")
        for write in (lambda: reading.database_create_table("reports.mine"), lambda: reading.savepoints.write_to_db()):
            with pytest.raises(ReadOnly, match=r"is read-only\nhint: .*read_only=False\) allows CREATE TABLE"):
                write()
    finally:
        with psycopg.connect(server.url, autocommit=True) as admin:
            admin.execute("DROP SCHEMA reports CASCADE; DROP OWNED BY clerk; DROP ROLE clerk")
