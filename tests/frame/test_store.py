"""What a frame keeps: steps, temporary tables, savepoints, tables, variables, samples. On every engine."""

from __future__ import annotations

import datetime
import decimal
import hashlib
import uuid

import duckdb
import pandas as pd
import pytest
from frame.frames import ENGINES, load, on_every_engine, opened, values

from objectiv_local import DataFrame, connect
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, ObjectivError, ReadOnly, TableNotFound


def writable(engine):
    """Return a connection that may write, to a place of its own."""
    if engine == "duckdb":
        return connect(duckdb.connect(), read_only=False)
    import postgres_server

    return connect(postgres_server.session_url(int(engine.removeprefix("postgres"))), read_only=False)


def frame(connection, n=4):
    rows = pd.DataFrame({"g": [f"g{i % 2}" for i in range(n)], "v": range(n)}, index=pd.Index(range(n), name="k"))
    return DataFrame.from_pandas(connection, rows)


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
    connection = writable(engine)
    df = frame(connection)
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
    connection = writable(engine)
    df = frame(connection)
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
    with pytest.raises(InvalidValue, match="is in a schema for temporary tables"):
        df.database_create_table(f"{temporary}.beside", if_exists="replace")
    assert values(kept.v) == [0]


@on_every_engine
def test_savepoints_leave_temporary_tables_of_frames_alone(engine):
    connection = writable(engine)
    df = frame(connection)
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
    other = frame(connection)
    other.set_savepoint("spared", "temp_table")
    for overwrite in (False, True):
        with pytest.raises(InvalidValue, match="'spared' holds the rows of a frame"):
            other.savepoints.write_to_db(overwrite=overwrite)
    assert values(kept.v) == [0]


@on_every_engine
def test_savepoints_in_temporary_tables_leave_written_tables_alone(engine):
    connection = writable(engine)
    df = frame(connection)
    df.database_create_table("stays", if_exists="replace")
    small = df[df.v < 2]
    small.set_savepoint("stays", "temp_table")
    for _ in range(2):
        df.savepoints.write_to_db(overwrite=True)
        assert sorted(values(df.savepoints.get_materialized_df("stays").v)) == [0, 1]
        assert len(DataFrame.from_table(connection, ".".join(connection.place("stays")))) == 4
    connection.execute("DROP TABLE " + ".".join(connection.place("stays")))


@on_every_engine
def test_temporary_tables_are_made_anew_after_a_write(engine):
    connection = writable(engine)
    df = frame(connection).database_create_table("changing", if_exists="replace")
    assert values(df.materialize("seen", materialization="temp_table").v.count()) == [4]
    df[df.v < 1].database_create_table("changing", if_exists="replace")
    assert values(df.materialize("seen", materialization="temp_table").v.count()) == [1]


@on_every_engine
def test_savepoints(engine):
    connection = writable(engine)
    df = frame(connection)
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
    with pytest.raises(InvalidValue, match="there already is a savepoint"):
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
    df = DataFrame.from_pandas(writable(engine), rows)
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
    other = writable(engine) if engine != "duckdb" else df.engine
    assert df.savepoints.get_materialized_df("typed_view", other) == df.savepoints.get_materialized_df("typed_view", other)


@on_every_engine
def test_savepoints_that_write_nothing(engine):
    df = frame(writable(engine))
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
    connection = writable(engine)
    df = frame(connection)
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


@on_every_engine
def test_variables(engine):
    df = load(engine, {"v": [1, 2, 3]})
    df, least = df.create_variable("least", 2)
    kept = df[df.v >= least]
    kept["plus"] = kept.v + least
    assert kept.variables == {("int64", "least"): 2}
    assert sorted(values(kept.plus)) == [4, 5]
    other = kept.set_variable("least", 3)
    assert values(other.plus) == [6]
    assert sorted(values(kept.plus)) == [4, 5]
    assert [use.step is not None for use in other.get_all_variable_usage()] == [True, True]
    assert df.get_all_variable_usage() == [("least", "int64", 2, None)]
    assert least.head(2).tolist() == [2, 2]
    frame_, text = df.create_variable("least", "x")  # the same name with another dtype is another variable
    assert frame_.variables == {("int64", "least"): 2, ("string", "least"): "x"}
    assert values((text + "!").to_frame()["least"]) == ["x!"] * 3
    with pytest.raises(KeyError, match="no variable 'most'"):
        df.set_variable("most", 1)
    with pytest.raises(InvalidType):
        df.create_variable("x", "y", dtype="int64")
    agg = df.groupby(None).v.sum() + 0
    assert agg.value == 6


def test_samples_are_the_same_everywhere():
    wanted = [k for k in range(400) if int(hashlib.md5(f"7|{k}".encode()).hexdigest()[:15], 16) < 0.2 * 2**60]
    assert 50 < len(wanted) < 110
    for engine in ENGINES:
        df = frame(opened(engine) if engine == "duckdb" else writable(engine), 400)
        sample = df.get_sample(sample_percentage=20, seed=7)
        assert sorted(sample.to_pandas().index) == wanted
        totals = sample.groupby("g").v.count()
        assert sum(totals.to_pandas()) == len(wanted)
        assert totals.to_frame().get_unsampled().to_pandas().v.tolist() == [200, 200]


@on_every_engine
def test_samples_by_condition_and_in_tables(engine):
    connection = writable(engine)
    df = frame(connection)
    some = df.get_sample("some_rows", filter=df.v < 2, overwrite=True)
    some["square"] = some.v * some.v
    assert sorted(values(some.square)) == [0, 1]
    assert sorted(values(some.get_unsampled().square)) == [0, 1, 4, 9]
    with pytest.raises(InvalidValue, match="not made from a sample"):
        df.get_unsampled()
    with pytest.raises(InvalidValue, match="above 0 and at most 100"):
        df.get_sample(sample_percentage=0)


@on_every_engine
def test_batches_and_explain(engine):
    df = load(engine, {"v": list(range(100)), "w": [0.5] * 100})
    batches = list(df.sort_values("v").to_batches(batch_rows=30))
    assert sum(batch.num_rows for batch in batches) == 100
    assert max(batch.num_rows for batch in batches) <= 30
    assert "columns _index_row, v, w" in df.explain()
    assert len(df.explain(engine=True)) > 20


@on_every_engine
def test_columns_are_set_from_pandas_and_several_at_once(engine):
    df = load(engine, {"a": [1, 2, 3], "b": [4, 5, 6]})
    df["c"] = pd.Series([10, 30], index=[0, 2])
    assert values(df.c) == [10, None, 30]
    df[["x", "y"]] = df[["b", "a"]]
    df[["a", "b"]] = 0
    assert df.sort_index().to_pandas()[["x", "y", "a", "b"]].values.tolist() == [[4, 1, 0, 0], [5, 2, 0, 0], [6, 3, 0, 0]]
    with pytest.raises(InvalidValue, match="cannot be set to"):
        df[["a", "b"]] = df[["x"]]


def test_a_failed_write_leaves_the_connection_usable():
    connection = writable(ENGINES[1])
    df = frame(connection)
    with pytest.raises(Exception, match="nowhere"):
        df.database_create_table("nowhere.table_in_no_schema")
    assert len(df) == 4
    with pytest.raises(ReadOnly):
        load(ENGINES[1], {"v": [1]}).get_sample("s", sample_percentage=50)


@on_every_engine
@pytest.mark.parametrize("size", [3, 2_000])
def test_frames_in_memory_become_named_tables(engine, size):
    connection = writable(engine)
    connection.write(['DROP TABLE IF EXISTS "named rows"'])
    rows = pd.DataFrame({"n": range(size), "s": ["é"] * size, "wait": pd.to_timedelta([90] * size, unit="s")})

    def written(frame, if_exists="fail"):
        return DataFrame.from_pandas(connection, frame, name="named rows", materialization="table", if_exists=if_exists)

    found = written(rows)
    assert found.dtypes == {"n": "int64", "s": "string", "wait": "timedelta"}
    assert (len(found), found.n.sum().value) == (size, size * (size - 1) // 2)
    stored = DataFrame.from_table(connection, '"named rows"')
    assert stored.columns == ["_index_0", "n", "s", "wait"]
    assert stored.dtypes["wait"] == "int64"
    with pytest.raises(InvalidValue, match=r"named rows.*exists"):
        written(rows)
    assert len(stored) == size
    both = written(rows.assign(n=1), "append")
    assert (len(both), both.n.sum().value) == (2 * size, size * (size - 1) // 2 + size)
    assert both.wait.max().value == pd.Timedelta(seconds=90)
    with pytest.raises(ColumnNotFound, match="no column 'm' to append to"):
        written(rows.rename(columns={"n": "m"}), "append")
    with pytest.raises(InvalidType, match="'n' is string and cannot be appended"):
        written(rows.assign(n="x"), "append")
    assert len(stored) == 2 * size
    assert written(rows[["n"]], "replace").sort_values("n").n.to_pandas(limit=2).tolist() == [0, 1]
    assert DataFrame.from_table(connection, '"named rows"').columns == ["_index_0", "n"]
    connection.write(['DROP TABLE "named rows"'])
    assert len(written(rows, "append")) == size, "a table that is not there is made"
    for kind in (None, "cte", "temp_table"):
        with pytest.raises(InvalidValue, match="if_exists='append' applies only to a permanent table"):
            DataFrame.from_pandas(connection, pd.DataFrame({"k": [1]}), materialization=kind, if_exists="append")
    with pytest.raises(InvalidValue, match="if_exists has to be"):
        written(rows, "skip")
    with pytest.raises(InvalidValue, match="'temp_table'"):
        DataFrame.from_pandas(connection, rows, materialization="view")
    with pytest.raises(ReadOnly):
        DataFrame.from_pandas(opened(engine), rows, name="never", materialization="table")
    twice = [DataFrame.from_pandas(opened(engine), rows[["n"]], name="kept", materialization="temp_table") for _ in "ab"]
    assert [len(each) for each in twice] == [size, size], "a temporary table takes a name that is free"
