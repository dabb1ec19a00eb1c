"""Steps that are kept: temporary tables, tables and views, with a schema before their name."""

from __future__ import annotations

import duckdb
import pandas as pd
import postgres_server
import psycopg
import pytest
import servers
from frame.frames import ENGINES, load, on_every_engine, stored_rows, two_groups, values, writing
from servers import engine_of

from objectiv_local import DataFrame, connect
from objectiv_local.errors import InvalidValue, QueryFailed, ReadOnly, TableNotFound


@on_every_engine
def test_a_table_is_created_in_the_schema_before_its_name(engine, writable):
    df = DataFrame.from_pandas(writable, pd.DataFrame({"a": [1, 2]}))
    assert sorted(df.database_create_table("reports.daily").to_pandas().a.tolist()) == [1, 2]
    # A name with a dot of its own is quoted, here as everywhere: one table does not hide the other.
    df[df.a > 1].database_create_table('"reports.daily"')
    df[df.a > 5].database_create_table("daily")
    assert [stored_rows(writable, name) for name in ("reports.daily", '"reports.daily"', "daily", '"reports"."daily"')] == [
        [1, 2],
        [2],
        [],
        [1, 2],
    ]
    assert {"reports.daily", '"reports.daily"', "daily"} <= set(writable.tables())
    with pytest.raises(InvalidValue, match=r"daily.* already exists"):
        df.database_create_table("reports.daily")
    assert stored_rows(writable, "reports.daily") == [1, 2]
    df[df.a < 2].database_create_table("reports.daily", if_exists="replace")
    assert stored_rows(writable, "reports.daily") == [1]
    more = pd.DataFrame({"a": [7]})
    more.index = pd.Index([9], name="0")
    DataFrame.from_pandas(writable, more, name="reports.daily", materialization="table", if_exists="append")
    assert stored_rows(writable, "reports.daily") == [1, 7]


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


def test_attached_databases_of_duckdb():
    connection = duckdb.connect()
    connection.execute("ATTACH ':memory:' AS other; CREATE SCHEMA other.reports")
    engine = connect(connection, read_only=False)
    df = DataFrame.from_pandas(engine, pd.DataFrame({"a": [1, 2]}))
    df.database_create_table("other.reports.daily")
    assert stored_rows(engine, "other.reports.daily") == [1, 2]
    df.database_create_table("other.daily")
    assert connection.execute(
        "SELECT database_name, schema_name FROM duckdb_tables() WHERE table_name = 'daily'"
    ).fetchall() == [("other", "main"), ("other", "reports")]
    saved = DataFrame.from_table(engine, "other.reports.daily")
    saved.set_savepoint("other.reports.again", "view")
    saved.savepoints.write_to_db()
    assert stored_rows(engine, "other.reports.again") == [1, 2]
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
            with pytest.raises(ReadOnly, match=r"is for reading\nhint: .*read_only=False\) allows CREATE TABLE"):
                write()
    finally:
        with psycopg.connect(server.url, autocommit=True) as admin:
            admin.execute("DROP SCHEMA reports CASCADE; DROP OWNED BY clerk; DROP ROLE clerk")


@on_every_engine
def test_values_of_every_type_are_kept_in_a_temporary_table(engine):
    df = load(
        engine,
        {
            "v": [1.5, 4.0, None],
            "t": pd.to_datetime(["2020-01-01 00:00", "2020-01-03 12:00", None]),
            "j": [{"a": [1]}, [], None],
        },
    )
    df["bin"] = df.v.cut(2)
    df["span"] = df.t - df.t.min()
    df["parts"] = df.v.astype("string").str.split(".")
    df["money"] = df.v.astype("decimal(38, 2)")
    df["clock"] = df.t.astype("time")
    kept = df.materialize(materialization="temp_table")
    assert kept.dtypes == df.dtypes
    pd.testing.assert_frame_equal(kept.sort_index().to_pandas(), df.sort_index().to_pandas())


@on_every_engine
def test_materialize(engine):
    df = load(engine, {"g": ["a", "a", "b"], "v": [1, 2, 2]})
    totals = df.groupby("g").v.sum().to_frame().sort_values("v").materialize("totals")
    assert "totals" in totals[totals.v > 2].view_sql()
    assert totals.order_by == ()
    assert values(totals[totals.v > 2].v) == [3]
    assert sorted(values(df[["v"]].reset_index(drop=True).materialize(distinct=True).v)) == [1, 2]
    assert len(df.sort_values("v").materialize(limit=2)) == 2
    copy = df.copy()
    assert copy.materialize("own", inplace=True) is copy
    with pytest.raises(InvalidValue, match="'cte' or 'temp_table'"):
        df.materialize(materialization="table")
    assert df.v.materialize("step").name == "v"


@on_every_engine
def test_temporary_tables_are_made_once(engine):
    df = load(engine, {"g": ["a", "a", "b"], "v": [1, 2, 3]})
    big = df[df.v > 1]
    kept = big.materialize("kept_rows", materialization="temp_table")
    again = big.materialize("kept_rows", materialization="temp_table")
    assert "kept_rows" in kept.view_sql()
    assert kept.view_sql() == again.view_sql()
    assert sorted(values(kept.v)) == [2, 3]
    assert kept.index_columns == df.index_columns
    spans = load(engine, {"d": pd.to_timedelta(["1s", "2s"])}).materialize("spans", materialization="temp_table")
    assert values(spans.d.dt.total_seconds) == [1.0, 2.0]


@on_every_engine
def test_tables_are_written_when_asked_to(engine):
    connection = writing(engine)
    df = two_groups(connection)
    written = df[df.v > 0].database_create_table("written_rows", if_exists="replace")
    assert sorted(values(written.v)) == [1, 2, 3]
    assert sorted(values(DataFrame.from_table(connection, "written_rows", index="_index_k").v)) == [1, 2, 3]
    with pytest.raises(Exception, match="written_rows") as caught:
        df.database_create_table("written_rows")
    assert type(caught.value).__module__ == "objectiv_local.errors"
    replaced = df.database_create_table("written_rows", if_exists="replace")
    assert len(replaced) == 4
    with pytest.raises(ReadOnly):
        load(engine, {"v": [1]}).database_create_table("never_written")
    with pytest.raises(TableNotFound):
        DataFrame.from_table(connection, "never_written", index=[])


@on_every_engine
def test_written_tables_beside_temporary_tables_of_the_same_name(engine):
    connection = writing(engine)
    df = two_groups(connection)
    kept = df[df.v < 1].materialize("beside", materialization="temp_table")
    for if_exists in ("replace", "fail"):
        if if_exists == "fail":
            connection.execute("DROP TABLE " + ".".join(connection.place("beside")))
        written = df.database_create_table("beside", if_exists=if_exists)
        assert sorted(values(written.v)) == [0, 1, 2, 3]
        assert values(kept.v) == [0]
    with pytest.raises(InvalidValue, match="beside"):
        df.database_create_table("beside")
    # The temporary table hides the other, as in the engine itself; a full name finds it.
    assert len(DataFrame.from_table(connection, ".".join(connection.place("beside")))) == 4
    # A table may be replaced by rows that are read from it.
    again = written[written.v > 1].database_create_table("beside", if_exists="replace")
    assert sorted(values(again.v)) == [2, 3]
    sample = df.get_sample("beside", filter=df.v > 2, overwrite=True)
    assert values(sample.v) == [3]
    assert values(kept.v) == [0]
    temporary = "temp" if engine == "duckdb" else "pg_temp"
    with pytest.raises(InvalidValue, match="is a place for temporary tables"):
        df.database_create_table(f"{temporary}.beside", if_exists="replace")
    assert values(kept.v) == [0]


def test_a_failed_write_leaves_the_connection_usable():
    connection = writing(ENGINES[1])
    df = two_groups(connection)
    with pytest.raises(Exception, match="nowhere"):
        df.database_create_table("nowhere.table_in_no_schema")
    assert len(df) == 4
    with pytest.raises(ReadOnly):
        load(ENGINES[1], {"v": [1]}).get_sample("s", sample_percentage=50)
