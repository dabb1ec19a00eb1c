"""Frames over tables, queries and data in memory."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from frame.frames import ENGINES, load, on_every_engine, opened, plain, values, with_table, writing

from objectiv_local import DataFrame
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, QueryFailed, ReadOnly


@on_every_engine
def test_loading(engine):
    frame = pd.DataFrame(
        {
            "x": [1.5, np.nan],
            "t": pd.to_datetime(["2022-01-01", None]),
            "o": [{"a": [1]}, None],
            "n": pd.array([1, None], "Int32"),
            "empty": [None, None],
        }
    )
    df = DataFrame.from_pandas(opened(engine), frame)
    assert df.dtypes == {"x": "float64", "t": "timestamp", "o": "json", "n": "int64", "empty": "string"}
    assert df.to_pandas().isna().to_numpy().tolist() == [[False] * 4 + [True], [True] * 5]
    none = DataFrame.from_pandas(opened(engine), frame.iloc[:0])
    assert none.to_pandas().empty
    assert none.x.sum().value == 0
    polars = DataFrame.from_polars(opened(engine), pl.DataFrame({"k": ["a", "b"], "v": [1, 2]}), index="k")
    assert polars.to_polars().sort("k").to_dict(as_series=False) == {"k": ["a", "b"], "v": [1, 2]}
    many = pa.table({"Number": range(5000), "number": [None] * 5000})
    df = DataFrame.from_arrow(opened(engine), many, materialization="temp_table")
    assert df.Number.sum().value == 5000 * 4999 // 2
    assert df.number.count().value == 0


@on_every_engine
def test_rows_that_do_not_fit_into_the_sql_are_loaded(engine):
    names = [f"name {number % 7}" if number % 5 else None for number in range(3000)]
    rows = pd.DataFrame({"n": range(3000), "name": names, "x": [0.5 * number for number in range(3000)]})
    df = DataFrame.from_pandas(opened(engine), rows)
    found = df.groupby("name").agg(rows=("n", "count"), total=("x", "sum")).to_pandas().sort_index()
    expected = rows.groupby("name", dropna=False).agg(rows=("n", "count"), total=("x", "sum"))
    assert plain(found.index) == plain(expected.index)
    assert found["rows"].tolist() == expected["rows"].tolist()
    assert found.total.tolist() == expected.total.tolist()
    assert "rows written out here" not in df.view_sql()
    arrow = DataFrame.from_arrow(opened(engine), pa.table({"n": range(3000)}), name="numbers")
    assert arrow.n.sum().value == 3000 * 2999 // 2
    beside = df.merge(arrow.rename(columns={"n": "other"}), left_on="n", right_on="other")
    assert beside.other.count().value == 3000
    written = DataFrame.from_arrow(opened(engine), pa.table({"n": range(1000)})).view_sql()
    assert "rows written out here" in written
    assert "998," in written.replace(")", ",").replace("::bigint", "")


@on_every_engine
def test_names_of_a_model_that_differ_in_case_only(engine):
    def model(text):
        return DataFrame.from_model(opened(engine), text)

    # Of one column by that name, an engine would have answered with another.
    if engine == "duckdb":
        with pytest.raises(InvalidValue, match="the columns 'A' and 'a', which DuckDB does not tell apart"):
            model('SELECT 1 AS "A", 2 AS a')
        with pytest.raises(InvalidValue, match="the columns 'a' and 'a'"):
            model("SELECT 1 AS a, 2 AS a")
    else:
        assert model('SELECT 1 AS "A", 2 AS a').to_numpy().tolist() == [[1, 2]]
        with pytest.raises(QueryFailed, match="ambiguous"):
            model("SELECT 1 AS a, 2 AS a").to_pandas()
    assert model('SELECT 1 AS "É", 2 AS "é"').to_numpy().tolist() == [[1, 2]]
    for frame in (load(engine, {"A": [1], "a": [2]}), load(engine, {"A": [1], "b": [2]}).rename(columns={"b": "a"})):
        assert frame.to_numpy().tolist() == [[1, 2]]
        assert frame.materialize(materialization="temp_table").to_numpy().tolist() == [[1, 2]]
        assert (frame.A + frame.a).to_numpy().tolist() == [3]


def test_frames_in_memory_are_loaded_in_every_type():
    import decimal

    frame = pd.DataFrame({"price": [decimal.Decimal("1.10"), None], "at": [datetime.time(10, 30), None]})
    for engine in ENGINES:
        for way in ("cte", "temp_table"):
            df = DataFrame.from_pandas(opened(engine), frame, materialization=way)
            assert df.dtypes == {"price": "decimal(38,2)", "at": "time"}
            assert (df.price * 2).sum().value == decimal.Decimal("2.20")
            assert values(df["at"])[0] == datetime.time(10, 30)


@on_every_engine
@pytest.mark.parametrize("size", [3, 2_000])
def test_frames_in_memory_become_named_tables(engine, size):
    connection = writing(engine)
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
        with pytest.raises(InvalidValue, match="if_exists='append' is for a permanent table"):
            DataFrame.from_pandas(connection, pd.DataFrame({"k": [1]}), materialization=kind, if_exists="append")
    with pytest.raises(InvalidValue, match="if_exists is"):
        written(rows, "skip")
    with pytest.raises(InvalidValue, match="'temp_table'"):
        DataFrame.from_pandas(connection, rows, materialization="view")
    with pytest.raises(ReadOnly):
        DataFrame.from_pandas(opened(engine), rows, name="never", materialization="table")
    twice = [DataFrame.from_pandas(opened(engine), rows[["n"]], name="kept", materialization="temp_table") for _ in "ab"]
    assert [len(each) for each in twice] == [size, size], "a temporary table takes a name that is free"


@on_every_engine
def test_columns_of_other_types_are_declared(engine):
    create = "CREATE TABLE odd_types AS SELECT 1 AS k, 'x' AS \"Name\", 2 AS n"
    connection = with_table(engine, create, "odd_types")
    df = DataFrame.from_table(connection, "odd_types", ["k"], {"n": "float64", "name": "string"}, {"name": "Name"})
    assert df.dtypes == {"n": "float64", "name": "string"}
    assert df.to_pandas().values.tolist() == [[2.0, "x"]]
    keyed = DataFrame.from_table(connection, "odd_types", ["k"], key="n").sort_values("Name")
    assert "k" not in keyed.view_sql().partition("ORDER BY")[2].replace(" ", "").split(",")
    with pytest.raises(KeyError, match="no column 'm' for the key"):
        DataFrame.from_table(connection, "odd_types", ["k"], key="m")
    query = DataFrame.from_model(connection, "SELECT k, n * 2 AS double FROM odd_types -- all\n", index="k")
    assert query.double.to_pandas().tolist() == [4]
    assert query[query.double > 3].groupby(None).size().value == 1
    if engine != "duckdb":
        with pytest.raises(InvalidType, match="dtypes"):
            DataFrame.from_model(connection, "SELECT 1.5::numeric AS x", index=[])
        free = DataFrame.from_model(connection, "SELECT 1.5::numeric AS x", index=[], all_dtypes={"x": "decimal(38, 3)"})
        assert values(free.x) == [decimal.Decimal("1.500")]


@on_every_engine
def test_rows_of_a_large_table_do_not_hide_it(engine):
    connection = writing(engine)
    connection.write(["DROP TABLE IF EXISTS hidden_rows"])
    rows = pa.table({"n": range(2_000), "s": ["a"] * 2_000})
    DataFrame.from_arrow(connection, rows, name="hidden_rows", materialization="table")
    assert DataFrame.from_table(connection, "hidden_rows").columns == ["n", "s"]
    connection.write(["INSERT INTO hidden_rows VALUES (7, 'b')"])
    assert len(DataFrame.from_table(connection, "hidden_rows")) == 2_001
    connection.write(["DROP TABLE hidden_rows"])
