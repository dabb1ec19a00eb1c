"""Pivot tables on every engine, against pandas."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from frame.frames import load, on_every_engine, opened

from objectiv_local import DataFrame
from objectiv_local.errors import InvalidType, InvalidValue

NAN = float("nan")


@on_every_engine
@pytest.mark.parametrize("func", ["mean", "sum", "count", "min", "std", "nunique"])
def test_pivot_tables_are_those_of_pandas(engine, func):
    rng = np.random.default_rng(3)
    theirs = pd.DataFrame(
        {
            "city": rng.choice(["a", "b", "c", None], 60),
            "day": rng.choice(pd.to_datetime(["2024-01-01", "2024-01-02"]), 60),
            "kind": rng.choice(["x", "y", "z"], 60),
            "v": rng.integers(0, 9, 60),
            "x": rng.normal(size=60),
        }
    )
    theirs.loc[(theirs.city == "a") | (theirs.kind == "z"), "x"] = NAN
    df = load(engine, theirs)
    for index, columns, chosen, dropna, fill in itertools.product(
        ("city", ["city", "day"]), (None, "kind"), ("x", ["v", "x"]), (True, False), (None, 0)
    ):
        ours = df.pivot_table(chosen, index, columns, func, fill, dropna).to_pandas()
        wanted = theirs.pivot_table(chosen, index, columns, func, fill_value=fill, dropna=dropna)
        if columns is not None and chosen != "x":
            wanted.columns = [f"{value}__{column}" for column, value in wanted.columns]
        wanted = wanted[sorted(wanted.columns)]
        assert list(ours.columns) == list(wanted.columns)
        pd.testing.assert_frame_equal(ours.astype(float), wanted.astype(float), check_names=False, check_index_type=False)
    assert df.pivot_table("v", "city", "kind", "sum", 0).dtypes == dict.fromkeys("xyz", "int64")


def test_pivot_table_of_one_aggregate_for_each_column():
    df = load("duckdb", {"g": ["a", "a", "b"], "h": ["x", "y", "x"], "v": [1, 2, 3], "w": [1.0, 2.0, 5.0], "func": [1, 1, 1]})
    table = df.pivot_table(index="g", columns="h", aggfunc={"v": "sum", "w": "max"})
    assert table.to_arrow().to_pylist() == [
        {"g": "a", "x__v": 1, "x__w": 1.0, "y__v": 2, "y__w": 2.0},
        {"g": "b", "x__v": 3, "x__w": 5.0, "y__v": None, "y__w": None},
    ]
    assert df.pivot_table(index="g", values="func", aggfunc=sum).to_pandas().func.tolist() == [2, 1]
    assert df.set_index("g").pivot_table("v", "g", aggfunc="sum").to_pandas().v.tolist() == [3, 3]


def test_pivot_table_refuses_what_it_cannot_do():
    df = load("duckdb", {"g": ["a", None], "h": ["x", "y"], "v": [1, 2]})
    for call, error, message in (
        (lambda: df.pivot_table("v"), InvalidValue, "needs the columns that make its rows"),
        (lambda: df.pivot_table("v", "g", ["h"]), InvalidType, "columns of DataFrame.pivot_table has to be"),
        (lambda: df.pivot_table("v", "g", "g"), InvalidValue, "only once"),
        (lambda: df.pivot_table("v", "g", "h", "nope"), InvalidValue, "'nope' is not an aggregate"),
        (lambda: df.pivot_table(index="g"), InvalidType, "aggregates of every column.*\n.*values="),
        (lambda: df.pivot_table("v", "g", "h", fill_value=[1]), InvalidType, "single value"),
        (lambda: df.pivot_table("v", "h", "g", dropna=False), InvalidValue, "missing values, which cannot name a column"),
        (lambda: df.pivot_table("v", "g", aggfunc={"h": "max"}), InvalidValue, "not among the values"),
        (lambda: df.pivot_table("v", "g", aggfunc={}), InvalidValue, "names no column"),
        (lambda: df.pivot_table("w", "g"), KeyError, "there is no data column 'w'"),
        (lambda: df.pivot_table("v", "g", margins=True), InvalidType, "rollup"),
    ):
        with pytest.raises(error, match=message):
            call()


def test_an_empty_pivot_table_of_several_values():
    table = pa.table(
        {
            "k": pa.array([], pa.string()),
            "c": pa.array([], pa.string()),
            "a": pa.array([], pa.int64()),
            "b": pa.array([], pa.int64()),
        }
    )
    found = DataFrame.from_arrow(opened("duckdb"), table).pivot_table(["a", "b"], index="k", columns="c")
    assert found.to_pandas().empty
