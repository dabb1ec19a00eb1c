"""Frames on every engine: setting columns, the index, names, and what needs a connection."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frame.frames import load, on_every_engine, opened, values

from objectiv_local import DataFrame
from objectiv_local.errors import InvalidType, InvalidValue


@on_every_engine
def test_setting_columns(engine):
    df = load(engine, {"a": [1, 2, 3]})
    before = df.a
    copy = df.copy()
    df["a"] = df.a * 10
    df["old"] = before  # a series of an earlier state of the frame
    copy["b"] = copy.a + 100
    df["c"] = copy.b  # and of a copy
    df["share"] = df.a / df.a.sum()
    df["text"] = "x"
    part = df[df.old > 1]
    part["from_all"] = df.c
    found = df.to_pandas()
    assert found.a.tolist() == [10, 20, 30]
    assert found.old.tolist() == [1, 2, 3]
    assert found.c.tolist() == [101, 102, 103]
    assert found.share.tolist() == [1 / 6, 1 / 3, 1 / 2]
    assert found.text.tolist() == ["x"] * 3
    assert part.to_pandas().from_all.tolist() == [102, 103]
    assert "JOIN" not in df.view_sql() + part.view_sql()
    assert copy.columns == ["a", "b"]
    del df["text"]
    assert "text" not in df.columns
    assert df.assign(twice=lambda frame: frame.a * 2).to_pandas().twice.tolist() == [20, 40, 60]


@on_every_engine
def test_index(engine):
    df = load(engine, {"a": [1, 2], "b": ["x", "y"]})
    assert df.set_index("b").index_columns == ["b"]
    assert df.set_index("b", append=True).index_dtypes == {"_index_row": "int64", "b": "string"}
    assert df.reset_index().columns == ["_index_row", "a", "b"]
    assert df.reset_index(drop=True).to_pandas().index.tolist() == [0, 1]
    assert df.set_index(["b", "a"]).sort_index().to_pandas().index.tolist() == [("x", 1), ("y", 2)]
    assert values(df.index["_index_row"]) == [0, 1]


@on_every_engine
def test_names_that_engines_confuse(engine):
    long = "é" * 35
    names = [
        "ab",
        "AB",
        "Ab",
        long + "1",
        long + "2",
        "user",
        "select",
        'with "quotes"',
        "x'; DROP TABLE data; --",
        "a\nb",
        "%s",
    ]
    frame = pd.DataFrame({name: [number, number + 100] for number, name in enumerate(names)})
    df = DataFrame.from_pandas(opened(engine), frame)
    df["Total"] = df["ab"] + df["AB"] + df[long + "2"]
    found = df.sort_values("AB").to_pandas()
    assert list(found.columns) == [*names, "Total"]
    assert found.iloc[0].tolist() == [*range(len(names)), 0 + 1 + 4]
    grouped = df.groupby("Ab")[long + "1"].sum().to_pandas()
    assert (grouped.index.name, grouped.name, grouped.tolist()) == ("Ab", long + "1", [3, 103])


def test_frame_without_connection():
    df = DataFrame.from_schema({"k": "int64", "v": "string"}, index=["k"], dialect="postgres", table_name="shop.orders")
    assert df[df.v == "x"].view_sql() == "SELECT k, v\nFROM shop.orders\nWHERE v = 'x'"
    assert df.v.view_sql(dialect="duckdb") == "SELECT k, v\nFROM shop.orders"
    assert repr(df) == "<DataFrame, 1 columns, not sorted; not connected, postgres>\n  k  int64 (index)\n  v  string"
    with pytest.raises(InvalidValue, match="no connection, so it can be compiled but not run"):
        df.to_pandas()


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda df: df.peple, AttributeError, "did you mean 'people'"),
        (lambda df: df["peple"], KeyError, "did you mean 'people'"),
        (lambda df: df["k"], KeyError, "level of the index"),
        (lambda df: bool(df.people > 1), TypeError, "combine conditions with & |"),
        (lambda df: bool(df), TypeError, "truth of a frame"),
        (lambda df: len(df), ValueError, "no connection"),
        (lambda df: list(df.people), TypeError, "to_pandas"),
        (lambda df: np.asarray(df), TypeError, "to_numpy"),
        (lambda df: df[df.people], TypeError, "kept by a bool series"),
        (lambda df: df[1], TypeError, "indexed by a column name"),
        (lambda df: df[["people", "people"]], ValueError, "asked for twice"),
        (lambda df: df[-3:], ValueError, "whole numbers from 0"),
        (lambda df: df.view_sql(limit=-1), ValueError, "whole number from 0"),
        (lambda df: df.sort_values("j"), TypeError, "cannot sort by 'j'"),
        (lambda df: df.groupby("j"), TypeError, "cannot group by 'j'"),
        (lambda df: df.groupby("peple"), KeyError, "did you mean 'people'"),
        (lambda df: df.groupby("city").agg("mdian"), ValueError, "not an aggregate"),
        (lambda df: df.groupby("city").people.agg("product"), ValueError, "not an aggregate"),
        (lambda df: df.people.value, ValueError, "more than one value"),
        (lambda df: df.people.window_lag(), TypeError, "needs a window"),
        (lambda df: df.people.window_lag(window=df.groupby("city").window()), ValueError, "needs a window with an order"),
        (lambda df: df.people.nunique(df.groupby("city").window()), TypeError, "cannot be computed over a window"),
        (lambda df: df.window(mode="rows", start_boundary="following"), ValueError, "cannot start after all rows"),
        (lambda df: df.merge(df.reset_index(drop=True), on="nothing"), KeyError, "no column 'nothing'"),
        (lambda df: df.merge(df, how="full", on="city"), ValueError, "there is no merge 'full'"),
        (lambda df: df.city.str.replace("", "x"), ValueError, "empty"),
        (lambda df: df.people.astype("number"), ValueError, "not known"),
        (lambda df: df.day.dt.strftime("%Z"), NotImplementedError, "time zone"),
        (lambda df: df.day.dt.date_trunc("weeks"), ValueError, "did you mean 'week'"),
        (lambda df: df.day > "yesterday", ValueError, "YYYY-MM-DD"),
        (lambda df: df.reset_index(drop=True).people + df[df.people > 1].people, ValueError, "no index in common"),
        (lambda df: df.sum(), TypeError, "sum cannot be computed from"),
        (lambda df: df.view_sql(dialect="oracle"), ValueError, "no dialect 'oracle'"),
    ],
)
def test_bad_input(wrong, error, words):
    df = DataFrame.from_schema({"k": "int64", "people": "int64", "city": "string", "day": "date", "j": "json"}, index=["k"])
    with pytest.raises(error) as caught:
        wrong(df)
    assert words in str(caught.value)
    assert type(caught.value).__module__ == "objectiv_local.errors"


def test_setting_what_cannot_be_set():
    df = DataFrame.from_schema({"k": "int64", "a": "int64"}, index=["k"])
    with pytest.raises(InvalidValue, match="level of the index"):
        df["k"] = 1
    with pytest.raises(AttributeError, match="write df\\['b'\\]"):
        df.b = 1
    with pytest.raises(InvalidType, match="column name has to be"):
        df[""] = 1


@on_every_engine
def test_several_columns_are_set(engine):
    df = load(engine, {"a": [1, 2, 3], "b": [4, 5, 6]})
    pandas = df.sort_index().to_pandas()
    for frame in (df, pandas):
        frame[["p", "q"]] = [1, 2.5]
        frame[["r", "s"]] = "x"
        frame[["u"]] = (True,)
        frame[["v", "w"]] = frame[["b", "a"]]
        frame[["a", "b"]] = frame[["b", "a"]]
        frame.loc[frame.a > 4, ["a", "p"]] = [7, 8]
        frame.loc[frame.a > 4, ["v", "w"]] = frame[["w", "v"]]
        frame.loc[:, ["r", "u"]] = ["y", False]
    found = df.sort_index().to_pandas()
    assert list(found.columns) == list(pandas.columns)
    for name in found.columns:
        assert list(found[name]) == list(pandas[name]), name
    before = df.dtypes
    with pytest.raises(InvalidType):
        df[["new", "newer"]] = [1, object()]
    assert df.dtypes == before, "nothing is set where one of the values is wrong"


@on_every_engine
def test_index_and_names(engine):
    df = load(engine, {"a": [2, 1, 3], "b": ["x", "y", "z"]})
    assert df.rename(columns=str.upper).columns == ["A", "B"]
    assert df.rename(index={"_index_row": "row"}).index_columns == ["row"]
    assert df.rename({"a": "c"}, axis=1).sort_values("c").to_pandas().c.tolist() == [1, 2, 3]
    with pytest.raises(KeyError):
        df.rename(columns={"nothing": "x"}, errors="raise")
    two = df.set_index(["a", "b"])
    assert two.reset_index("a").index_columns == ["b"]
    assert two.reset_index(level=1, drop=True).columns == []
    assert two.sort_index(level="b", ascending=False).to_pandas().index.tolist() == [(3, "z"), (1, "y"), (2, "x")]
    assert df.set_index(df.a * 2).index_columns == ["a"]
    assert df.set_index((df.a * 2).rename("double"), append=True).index_columns == ["_index_row", "double"]
    assert df.set_index("a", drop=False).columns == ["a", "b"]
    assert df.drop("a").columns == df.drop(columns=["a"]).columns == ["b"]
    assert len(df) == 3
    assert df.shape == (3, 2)
    assert list(df) == ["a", "b"]
    assert df.nlargest(2, "a").to_pandas().a.tolist() == [3, 2]
    assert df.nsmallest(1, "a").to_pandas().b.tolist() == ["y"]
    assert df.sort_values("a").tail(2).a.tolist() == [2, 3]
    assert df.a.nlargest(1).to_pandas().tolist() == [3]
    missing = load(engine, {"a": [None, 1.0, 2.0]})
    assert missing.sort_values("a", na_position="first").to_pandas().a.isna().tolist() == [True, False, False]
    assert df.query("a >= 2 and b in ['x', 'y'] or not a + 1 < 4").sort_index().to_pandas().a.tolist() == [2, 3]
    with pytest.raises(InvalidValue, match="cannot stand in a query"):
        df.query("__import__('os')")
    assert df.round().columns == ["a", "b"]


@on_every_engine
def test_set_index_keeps_levels_that_the_index_has(engine):
    df = load(engine, {"a": [1, 1, 2], "b": ["x", "y", "x"], "v": [1, 2, 3]}).set_index(["a", "b"])
    for keys, index, columns in [
        ("a", ["a"], ["v"]),
        (["b", "a"], ["b", "a"], ["v"]),
        (["b", "v"], ["b", "v"], []),
        (df.index["b"], ["b"], ["v"]),
    ]:
        found = df.set_index(keys)
        assert (found.index_columns, found.data_columns) == (index, columns)
    assert df.set_index("a", append=True).index_columns == ["a", "b"]
    assert (df.set_index("b", drop=False).index_columns, df.set_index("b", drop=False).columns) == (["b"], ["v"])
    assert sorted(df.set_index("b").reset_index().to_pandas().values.tolist()) == [["x", 1], ["x", 3], ["y", 2]]
    with pytest.raises(InvalidValue, match="name of another series"):
        df.set_index((df.v + 1).rename("a"))


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


@on_every_engine
def test_none_makes_a_column_of_missing_texts(engine):
    df = load(engine, {"v": [1, 2]})
    df["x"] = None
    assert df.dtypes == {"v": "int64", "x": "string"}
    assert values(df.x) == [None, None]
    assert values(df.x.fillna("none") + "!") == ["none!", "none!"]
    df[["y", "z"]] = None
    assert df.assign(v=None).dtypes == {"v": "string", "x": "string", "y": "string", "z": "string"}
