"""What frames keep on a connection: temporary tables for as long as their rows are current, and where their rows come from."""

from __future__ import annotations

import gc
import weakref

import duckdb
import pandas as pd
from frame.frames import on_every_engine, two_groups, values, writing

from objectiv_local import DataFrame, connect
from objectiv_local.frame import stored


@on_every_engine
def test_the_origin_of_rows_outlives_a_write(engine):
    connection = writing(engine)
    df = two_groups(connection)
    kept = df.materialize("kept", materialization="temp_table")
    sample = df.get_sample(filter=df.v > 1)
    df.database_create_table("written", if_exists="replace")
    assert stored.stored_by(connection).tables == {}
    # pinned as a step of its own, and with the rows that the sample was taken from
    assert stored.origin_of(kept._state.plan, connection) == df.materialize("kept")._state.plan
    assert values(sample.get_unsampled().v) == [0, 1, 2, 3]
    assert values(kept.v) == [0, 1, 2, 3]


def test_a_table_whose_rows_are_outdated_while_they_are_computed_is_not_shared():
    connection = writing("duckdb")
    df = two_groups(connection)
    plan = df.materialize("rows")._state.plan

    def create():
        table = connection.create_table("rows", "SELECT 1 AS v")
        connection.write(["CREATE TABLE meanwhile AS SELECT 1 AS v"])
        return table

    first = stored.table_of(plan, connection, create)
    second = stored.table_of(plan, connection, lambda: connection.create_table("rows", "SELECT 2 AS v"))
    assert first != second
    assert stored.table_of(plan, connection, create) == second
    assert stored.origin_of(df._state.plan, None) is None


def test_tables_of_one_connection_are_not_those_of_another():
    one, other = connect(duckdb.connect()), connect(duckdb.connect())
    rows = pd.DataFrame({"v": [1, 2]})
    for connection in (one, other):
        df = DataFrame.from_pandas(connection, rows)
        assert values(df.materialize("kept", materialization="temp_table").v) == [1, 2]
    assert stored.stored_by(one).tables.keys() == stored.stored_by(other).tables.keys()
    assert stored.stored_by(one) is not stored.stored_by(other)


def test_a_connection_that_nobody_holds_is_forgotten():
    connection = connect(duckdb.connect())
    two_groups(connection).materialize("kept", materialization="temp_table")
    known = weakref.ref(connection)
    connection.close()
    del connection
    gc.collect()
    assert known() is None


@on_every_engine
def test_temporary_tables_are_made_anew_after_a_write(engine):
    connection = writing(engine)
    df = two_groups(connection).database_create_table("changing", if_exists="replace")
    assert values(df.materialize("seen", materialization="temp_table").v.count()) == [4]
    df[df.v < 1].database_create_table("changing", if_exists="replace")
    assert values(df.materialize("seen", materialization="temp_table").v.count()) == [1]
