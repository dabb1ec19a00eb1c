"""Savepoints: steps of a program that are written as tables and views."""

from __future__ import annotations

import datetime
import decimal
import uuid

import duckdb
import pandas as pd
import pytest
from frame.frames import load, on_every_engine, stored_rows, two_groups, values, writing

from objectiv_local import DataFrame, connect
from objectiv_local.errors import ColumnNotFound, InvalidValue, ObjectivError, ReadOnly, TableNotFound


def writable_view(connection, engine):
    column = "sql" if engine == "duckdb" else "definition"
    place = "duckdb_views() WHERE view_name = 'more'" if engine == "duckdb" else "pg_views WHERE viewname = 'more'"
    return DataFrame.from_model(connection, f"SELECT {column}::varchar AS text FROM {place}").to_pandas().text[0]


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
    assert stored_rows(writable, "reports.more") == [1, 2]
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


def test_only_tables_and_views_have_a_schema():
    df = DataFrame.from_pandas(connect(duckdb.connect()), pd.DataFrame({"a": [1]}))
    for kind in ("cte", "temp_table"):
        with pytest.raises(InvalidValue, match=f"'reports.x' is a {kind}, which has no schema"):
            df.set_savepoint("reports.x", kind)
    df.set_savepoint("reports.x", "view")
    with pytest.raises(InvalidValue, match="has no schema"):
        df.savepoints.set_materialization("reports.x", "cte")
    for name in ("a.b.c.d", "a..b", ".a", "a.", '"a.b"', "a b", ""):
        with pytest.raises(InvalidValue, match="cannot name a savepoint"):
            df.set_savepoint(name, "table")


@on_every_engine
def test_savepoints_leave_temporary_tables_of_frames_alone(engine):
    connection = writing(engine)
    df = two_groups(connection)
    kept = df[df.v < 1].materialize("spared", materialization="temp_table")
    df.set_savepoint("spared", "table")
    small = df[df.v < 3]
    small.set_savepoint("spared_small", "view")
    small[small.v > 0].set_savepoint("spared_cte")
    for _ in range(2):
        df.savepoints.write_to_db(overwrite=True)
        assert values(kept.v) == [0]
        assert sorted(values(df.savepoints.get_materialized_df("spared").v)) == [0, 1, 2, 3]
        assert sorted(values(df.savepoints.get_materialized_df("spared_small").v)) == [0, 1, 2]
        assert sorted(values(df.savepoints.get_materialized_df("spared_cte").v)) == [1, 2]
    # A savepoint that is a temporary table cannot take the name either.
    other = two_groups(connection)
    other.set_savepoint("spared", "temp_table")
    for overwrite in (False, True):
        with pytest.raises(InvalidValue, match="'spared' holds the rows of a frame"):
            other.savepoints.write_to_db(overwrite=overwrite)
    assert values(kept.v) == [0]


@on_every_engine
def test_savepoints_in_temporary_tables_leave_written_tables_alone(engine):
    connection = writing(engine)
    df = two_groups(connection)
    df.database_create_table("stays", if_exists="replace")
    small = df[df.v < 2]
    small.set_savepoint("stays", "temp_table")
    for _ in range(2):
        df.savepoints.write_to_db(overwrite=True)
        assert sorted(values(df.savepoints.get_materialized_df("stays").v)) == [0, 1]
        assert len(DataFrame.from_table(connection, ".".join(connection.place("stays")))) == 4
    connection.execute("DROP TABLE " + ".".join(connection.place("stays")))


@on_every_engine
def test_savepoints(engine):
    connection = writing(engine)
    df = two_groups(connection)
    df["double"] = df.v * 2
    df.set_savepoint("doubled", "table")
    small = df[df.double < 6]
    small.set_savepoint("small", "view")
    totals = small.groupby("g").double.sum().to_frame()
    totals.set_savepoint("totals")
    assert totals.savepoints is df.savepoints
    assert df.savepoints.names == ["doubled", "small", "totals"]
    assert [each.materialization for each in df.savepoints.all] == ["table", "view", "cte"]
    statements = df.savepoints.to_sql()
    assert statements[0].sql.startswith('CREATE TABLE "doubled" AS\n')
    assert "FROM doubled" in statements[1].sql
    assert "FROM small" in statements[2].sql
    assert list(df.savepoints.get_drop_statements()) == ["small", "doubled"]
    assert len(df.savepoints.get_create_statements()) == 2
    before = df.savepoints.get_materialized_df("small")  # looks nothing up, so it may come first
    made = df.savepoints.write_to_db(overwrite=True)
    assert made == [("doubled", "table"), ("small", "view")]
    assert (made[0].name, made[1].materialization) == ("doubled", "view")
    assert sorted(values(before.double)) == [0, 2, 4]
    assert sorted(values(df.savepoints.get_materialized_df("small").double)) == [0, 2, 4]
    assert sorted(values(df.savepoints.get_materialized_df("totals").double)) == sorted(values(totals.double)) == [2, 4]
    assert sorted(values(df.savepoints.get_df("doubled").double)) == [0, 2, 4, 6]
    with pytest.raises(InvalidValue, match="there is a savepoint"):
        df.set_savepoint("small")
    with pytest.raises(InvalidValue, match="cannot name a savepoint"):
        df.set_savepoint("no name")
    with pytest.raises(KeyError, match="did you mean 'totals'"):
        df.savepoints.get_df("total")
    df.savepoints.set_materialization("totals", "table")
    df.savepoints.remove_savepoint("small")
    assert df.savepoints.names == ["doubled", "totals"]


@on_every_engine
def test_written_savepoints_have_the_types_of_their_frames(engine):
    moment = datetime.datetime(2022, 1, 1, 10)
    rows = pd.DataFrame(
        {
            "i": [1, None],
            "x": [0.5, None],
            "s": ["a", None],
            "b": [True, None],
            "d": [moment.date(), None],
            "c": [moment.time(), None],
            "t": [moment, None],
            "p": [decimal.Decimal("1.50"), None],
            "u": [uuid.UUID(int=1), None],
            "j": [{"a": [1]}, None],
        }
    ).astype({"i": "Int64"})
    df = DataFrame.from_pandas(writing(engine), rows)
    df["l"] = df.t - moment + datetime.timedelta(hours=1)
    df["n"] = df.x.cut(2)
    df["w"] = df.j.json.get_value("a").astype("list[int64]")
    before = df.sort_index().to_pandas()
    df.set_savepoint("typed_table", "table")
    df.set_savepoint("typed_view", "view")
    df.savepoints.write_to_db(overwrite=True)
    for kept in (
        *(df.savepoints.get_materialized_df(name) for name in ("typed_table", "typed_view")),
        df.materialize(materialization="temp_table"),
        df.database_create_table("typed_rows", if_exists="replace"),
    ):
        assert (kept.dtypes, kept.index_dtypes) == (df.dtypes, df.index_dtypes)
        pd.testing.assert_frame_equal(kept.sort_index().to_pandas(), before)
    other = writing(engine) if engine != "duckdb" else df.engine
    assert df.savepoints.get_materialized_df("typed_view", other) == df.savepoints.get_materialized_df("typed_view", other)


@on_every_engine
def test_savepoints_that_write_nothing(engine):
    df = two_groups(writing(engine))
    assert df.savepoints.write_to_db() == []
    df, least = df.create_variable("least", 2)
    df = df[df.v >= least]
    df.set_savepoint("only_a_step")
    assert df.savepoints.write_to_db() == []
    assert sorted(values(df.savepoints.get_materialized_df("only_a_step").set_variable("least", 3).v)) == [3]
    df.set_savepoint("not_written_yet", "table")
    kept = df.savepoints.get_materialized_df("not_written_yet")
    with pytest.raises(ObjectivError, match="not_written_yet"):
        kept.to_pandas()
    with pytest.raises(ColumnNotFound, match="no variable 'least'"):
        kept.set_variable("least", 3)


@on_every_engine
def test_savepoints_are_written_whole_or_not_at_all(engine):
    connection = writing(engine)
    df = two_groups(connection)
    df.set_savepoint("first_of_two", "table")
    broken = df.assign(n=df.g.astype("int64"))
    broken.set_savepoint("second_of_two", "table")
    with pytest.raises(Exception, match=r"whole number|invalid input") as caught:
        df.savepoints.write_to_db()
    assert type(caught.value).__module__ == "objectiv_local.errors"
    with pytest.raises(TableNotFound):
        DataFrame.from_table(connection, "first_of_two", index=[])
    reading = load(engine, {"v": [1]})
    reading.set_savepoint("unwritten", "table")
    with pytest.raises(ReadOnly):
        reading.savepoints.write_to_db()
