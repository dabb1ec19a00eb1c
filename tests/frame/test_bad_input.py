"""What cannot be done says so: what was wrong, where, and what to do; and the edges of what can be done."""

from __future__ import annotations

import datetime
import decimal
from enum import Enum

import numpy as np
import pandas as pd
import pytest
from frame.frames import load, on_every_engine, opened, plain, values

from objectiv_local import DataFrame, Series, concat
from objectiv_local.errors import InvalidType, InvalidValue, ObjectivError


def frame():
    return DataFrame.from_schema(
        {
            "k": "int64",
            "n": "int64",
            "x": "float64",
            "s": "string",
            "t": "timestamp",
            "d": "date",
            "span": "timedelta",
            "u": "uuid",
            "j": "json",
            "b": "bool",
            "price": "decimal(38, 2)",
            "at": "time",
            "tags": "list[string]",
        },
        index=["k"],
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        # several columns
        (lambda df: df.__setitem__(["p", "q"], [1]), "2 columns cannot be set to 1 values"),
        (lambda df: df.__setitem__(["p", "q"], (1, 2, 3)), "2 columns cannot be set to 3 values"),
        (lambda df: df.__setitem__(["p", "q"], {"p": 1, "q": 2}), "cannot be set to a dict"),
        (lambda df: df.__setitem__("p", [1, 2]), "cannot be set to a list: rows have no fixed positions"),
        (lambda df: df.assign(p=np.array([1, 2])), "cannot be set to a ndarray"),
        (lambda df: df.loc.__setitem__((df.n > 1, ["n", "x"]), [1]), "2 columns cannot be set to 1"),
        (lambda df: df.loc.__setitem__((df.n > 1, ["n", "x"]), df[["n"]]), "no data column 'x'"),
        (lambda df: df.loc[1, 1], "column names have to be strings, not 1"),
        (lambda df: df.loc.__setitem__((df.n > 1, 1.5), 2), "column names have to be strings, not 1.5"),
        (lambda df: df.loc.__setitem__((df.n > 1, ["n", 2]), 2), "column names have to be strings, not 2"),
        (lambda df: df.loc[1, df.s], "column names have to be strings, not"),
        (lambda df: df.loc[1, "n", "x"], "takes rows and columns, not 3 parts"),
        (lambda df: df.loc.__setitem__((1, "n", "x"), 2), "takes rows and columns, not 3 parts"),
        # Queries compute with columns, and not with constants, which could take forever
        (lambda df: df.query("not 'a'"), "\"'a'\" in \"not 'a'\" reads no column"),
        (lambda df: df.query("n > 1 and 's'"), "\"'s'\" in .* reads no column"),
        (lambda df: df.query("n > 1 + 'a'"), "cannot be computed without a column"),
        (lambda df: df.query("n > 1 / 0"), "'1 / 0' cannot be computed without a column"),
        (lambda df: df.query("n > 9 ** 9 ** 9"), "cannot be computed without a column"),
        (lambda df: df.query("-'a' == s"), "cannot be computed without a column"),
        (lambda df: df.query("'a' in s"), "\"'a' in s\" reads no column"),
        (lambda df: df.query("1 < 2"), "'1 < 2' reads no column"),
        (lambda df: df.query("n == 1\0"), "is not a valid expression"),
        (lambda df: df.query("-" * 100_000 + "n > 1"), "is not a valid expression"),
        # Patterns that only Python knows, and those that are too deep for it
        (lambda df: df.s.str.replace("(?=a)b", "c", regex=True).view_sql(), "it has a lookahead or lookbehind"),
        (lambda df: df.s.str.extract("((?!a)b)").view_sql(), "it has a lookahead or lookbehind"),
        (lambda df: df.s.str.extract("(" * 400 + "a" + ")" * 400).view_sql(), "nests more than 50 groups"),
        (lambda df: df.s.str.contains("a{99999999999999999999}", regex=True).view_sql(), "is not a regular expression"),
        # Postgres stores no NUL, in JSON either
        (lambda df: df.j == {"a": ["\0"]}, "JSON with a NUL character"),
        (lambda df: df.j == "a\0", "NUL character"),
        (lambda df: df.assign(x={"a\0": 1}), "JSON with a NUL character"),
        (lambda df: df.n.astype("list[" * 5_000 + "int64" + "]" * 5_000), "is not known"),
        # JSON has no order, and no equality that engines agree on
        (lambda df: df.j.rank(), "cannot be sorted by json"),
        (lambda df: df.tags.rank(method="first"), r"cannot be sorted by list\[string\]"),
        (lambda df: df.j.isin(df.j), "cannot be looked up by json"),
        (lambda df: df.j.isin([{"a": 1}]), "cannot look up a dict in 'j', which is json"),
        (lambda df: df.j.replace([[1]], 2), "cannot be computed from"),
        (lambda df: df.set_index("j").n + df.append(df).set_index("j").n, "aligned by an index of json"),
        # types that do not go into each other without loss
        (lambda df: df.b.isin(df.n), "'b', which is bool, cannot be looked up in 'n', which is int64"),
        (lambda df: df["at"].isin(df.t), "which is time, cannot be looked up in 't'"),
        (lambda df: df.describe(exclude="floats"), "dtype 'floats' is not known"),
        # names and arguments
        (lambda df: df.rename(columns={"n": "x"}), "two columns would have the same name"),
        (lambda df: df.rename({"n": "m"}), "mapper renames columns"),
        (lambda df: df.set_index("m"), "no data column 'm'"),
        (lambda df: df.set_index(["n", "n"]), "given twice"),
        (lambda df: df.reset_index("m"), "no level 'm'"),
        (lambda df: df.reset_index(3), "none at position 3"),
        (lambda df: df.drop(index=1), "removes columns"),
        (lambda df: df.drop(), "needs the columns"),
        (lambda df: df.sort_values(df.n), "(?s)a list of strings, not a SeriesInt64.*pass a column name"),
        (lambda df: df.sort_values("n", na_position="middle"), "'first' or 'last'"),
        (lambda df: df.sort_index(level="m"), "no level 'm'"),
        (lambda df: df.merge(df[["n"]], on="n", suffixes=("", "")), "two columns"),
        (lambda df: df.merge(3), "right of DataFrame.merge has to be a DataFrame or a Series, not 3"),
        (lambda df: df.merge(df, how="cross", on="n"), "cross merge has no keys"),
        (lambda df: df.merge(df, left_on="n"), "right_on"),
        (lambda df: df.merge(df, left_on="n", right_on="s"), "cannot merge on"),
        (lambda df: df.merge(df.reset_index(drop=True), left_on=["n", "s"], right_on="n"), "cannot match"),
        (lambda df: df.merge(df, on=lambda left, right: left.n + right.n), "has to return a bool series"),
        (lambda df: df.merge(df, on=lambda left, right: left.m > 1), "no column 'm'"),
        (lambda df: df.append(df.reset_index(drop=True)), "different indexes"),
        (lambda df: df.append(3), "other of DataFrame.append has to be a DataFrame or a list of DataFrames, not 3"),
        (lambda df: concat([]), "no frames"),
        (lambda df: df.groupby("n").agg({"m": "sum"}), "no column 'm'"),
        (lambda df: df.groupby("n").agg(total=("m", "sum")), "no column 'm'"),
        (lambda df: df.groupby("n").agg(total="sum"), "pair of a column"),
        (lambda df: df[["n", "x"]].groupby("n").agg(["sum", "sum"]), "two columns"),
        (lambda df: df.groupby(["n", "n"]), "given twice"),
        (lambda df: df.groupby(3), "names and series"),
        (lambda df: df.groupby((("n",),)), "not a tuple"),
        (lambda df: df[["n"]].groupby("n").sum(), "no column left to aggregate"),
        (lambda df: df.n.sum(min_count=-1), "min_count"),
        (lambda df: df.n.std(ddof=2), "ddof has to be 0 or 1"),
        (lambda df: df.n.sum(skipna=False), "skipna=False"),
        (lambda df: df.n.quantile(q=2), "from 0 to 1"),
        (lambda df: df.quantile([], numeric_only=True), "q is empty"),
        (lambda df: df.describe(include="json"), "'j', which is json, cannot be described"),
        (lambda df: df.describe(include="numeric_interval"), "no column to describe"),
        (lambda df: df.s.sum(), "sum cannot be computed"),
        (lambda df: df.s.mean(), "mean cannot be computed"),
        (lambda df: df.u.median(), "quantile cannot be computed"),
        (lambda df: df.j.max(), "max cannot be computed"),
        (lambda df: df.n.sum(3), "partition of SeriesInt64.sum has to be a Window, a DataFrame or None, not 3"),
        (lambda df: df.n.sum(df), "partition has to be a window or a grouped frame"),
        (lambda df: df.n.rank(method="best"), "method is 'best'"),
        (lambda df: df.n.shift(1), "needs sorted rows"),
        (lambda df: df.sort_values("n").n.shift(0.5), "whole number"),
        (lambda df: df.rolling(3), "needs sorted rows"),
        (lambda df: df.sort_values("n").rolling(0), "at least 1"),
        (lambda df: df.sort_values("n").rolling(2, closed="left"), "closed='left'"),
        (lambda df: df.sort_values("n").expanding(center=True), "center=True"),
        (lambda df: df.window(mode="groups"), "'rows' or 'range'"),
        (lambda df: df.window(mode="rows", start_value=-1), "at least 0"),
        (lambda df: df.window(start_value=1), "range window cannot have start"),
        (lambda df: df.n.window_ntile(0, df.sort_values("n").window()), "at least 1"),
        (lambda df: df.n.window_lag(1.5, window=df.sort_values("n").window()), "whole number"),
        (lambda df: df.n.cut(0), "positive whole number"),
        (lambda df: df.s.cut(2), "has no attribute 'cut'"),
        (lambda df: df.n.qcut([0.5, 0.1]), "ascending order"),
        (lambda df: df.drop_duplicates("j"), "cannot be compared"),
        (lambda df: df.drop_duplicates("n", keep="middle"), "'first', 'last' or False"),
        (lambda df: df.dropna(how="some"), "'any' or 'all'"),
        (lambda df: df.fillna(), "needs a value"),
        (lambda df: df.fillna(method="near"), "'ffill' or 'bfill'"),
        (lambda df: df[[]].stack(), "no data column to stack"),
        (lambda df: df[["n", "j"]].stack(), "cannot be combined with"),
        (lambda df: df[["n"]].unstack(), "at least two levels"),
        (lambda df: df.minmax_scale((1, 0)), "in ascending order"),
        (lambda df: df.query("n >"), "is not a valid expression"),
        (lambda df: df.query("m > 1"), "no column 'm'"),
        (lambda df: df.query("1 == 1"), "reads no column|Series|bool"),
        (lambda df: df.query("n.real > 1"), "is not supported in a query"),
        # values and types
        (lambda df: df.n + "a", "add cannot be computed"),
        (lambda df: df.s + 1, "concat cannot be computed"),
        (lambda df: df.n == None, "isnull"),  # noqa: E711 - this is what is tried
        (lambda df: df.n > df.s, "gt cannot be computed"),
        (lambda df: df.j == df.j, "eq is not supported"),
        (lambda df: df.j < 3, "lt is not supported"),
        (lambda df: df.price + decimal.Decimal("NaN"), "not a number"),
        (lambda df: df.price * df.price * df.price.astype("decimal(38, 36)"), "0 to 38 decimal places"),
        (lambda df: df.n.astype("decimal"), "number of decimal places"),
        (lambda df: df.n.astype("decimal(50, 2)"), "38 digits"),
        (lambda df: df.n.astype("date"), "cannot be cast"),
        (lambda df: df.n.astype("int64", errors="ignore"), "'raise' or 'coerce'"),
        (lambda df: df.j.astype("int64"), r"hint: astype\('int64', errors='coerce'\) reads whole numbers"),
        (lambda df: df.j.astype("float64", errors="coerce"), r"json, cannot be cast to float64"),
        (lambda df: df.s.astype("json", errors="coerce"), "cannot be cast to json"),
        (lambda df: df.n.isin("abc"), "has to be a Series or a list of values, not 'abc'"),
        (lambda df: df.n.isin(["a"]), "cannot look up 'a' in 'n', which is int64"),
        (lambda df: df.n << -1, "0 to 62 bits"),
        (lambda df: df.n + 2**63, "does not fit in 64 bits"),
        (lambda df: df.n.round(1.5), "whole number"),
        (lambda df: df.n.map(3), "has to be a mapping of values to values, not 3"),
        (lambda df: df.n.map({}), "mapping for map is empty"),
        (lambda df: df.n.between(1, 2, inclusive="some"), "'both', 'neither', 'left' or 'right'"),
        (lambda df: df.s.str.replace("a", "b", n=1), "not supported"),
        (lambda df: df.s.str.zfill("3"), "whole number"),
        (lambda df: df.s.str.rjust(3, "ab"), "one character"),
        (lambda df: df.s.str.pad(3, side="both"), "'left' or 'right'"),
        (lambda df: df.s.str[::2], "cannot have a step"),
        (lambda df: df.s.str.contains("a", case=False, regex=True), "case-insensitive"),
        (lambda df: df.s.str.strip(""), "non-empty string"),
        (lambda df: df["at"].dt.month, "a time has no month"),
        (lambda df: df.t > "noon", "YYYY-MM-DD"),
        (lambda df: df["at"] > "noon", "HH:MM:SS"),
        (lambda df: df.tags.elements["a"], r"key of ListAccessor\[...\] has to be a whole number or a slice, not 'a'"),
        (lambda df: df.j.json[::2], "cannot have a step"),
        (lambda df: df.j.json[{} :], "matches every element"),
        (lambda df: df.get_dummies(columns="n"), "needs string columns"),
        (lambda df: df.loc["a":], "needs sorted rows"),
        (lambda df: df.set_variable("a", 1), "no variable 'a'"),
        (lambda df: df.set_savepoint("a b"), "cannot name a savepoint"),
        (lambda df: df.materialize(materialization="view"), "'cte' or 'temp_table'"),
        (lambda df: df.get_sample(sample_percentage=200), "at most 100"),
        (lambda df: df.get_unsampled(), "not made from a sample"),
        (lambda df: df.database_create_table("t"), "no connection"),
        (lambda df: df.database_create_table("t", if_exists="append"), "'fail' or 'replace'"),
        (lambda df: df.n.value, "more than one value"),
        (lambda df: df.n.random(), "not supported"),
    ],
)
def test_errors_say_what_to_do(wrong, words):
    with pytest.raises(ObjectivError, match=words) as caught:
        wrong(frame())
    assert caught.value.what


@pytest.mark.parametrize(
    ("wrong", "class_", "words"),
    [
        (lambda df: DataFrame({"n": [1]}), InvalidType, "(?s)a frame cannot be created from a dict.*from_pandas"),
        (lambda df: DataFrame({"n": [1]}, ["n"]), InvalidType, "a frame cannot be created from a dict"),
        (lambda df: Series([1], None, "n"), InvalidType, r"a series cannot be created from \[1\]"),
        (lambda df: df.merge(df, on="n", suffixes=("_x",)), InvalidType, r"suffixes .* a tuple of 2 strings, not \('_x',\)"),
        (lambda df: df.n.where(5), InvalidType, "condition of SeriesInt64.where has to be a Series, not 5"),
        (lambda df: df.t.dt.strftime(5), InvalidType, "format_str of DateTimeOperation.strftime has to be a string, not 5"),
        (lambda df: df.n.isin([[1]]), InvalidType, r"isin cannot look up \[1\] in 'n', which is int64"),
        (
            lambda df: DataFrame.from_pandas(opened("duckdb"), 5),
            InvalidType,
            "df of DataFrame.from_pandas has to be a pandas.DataFrame, not 5",
        ),
        (lambda df: df.scale("a"), InvalidType, "with_mean of DataFrame.scale has to be True or False, not 'a'"),
        (lambda df: df.to_batches(1.5), InvalidType, "batch_rows of DataFrame.to_batches has to be a whole number, not 1.5"),
        (lambda df: df.to_batches(2**31, 1), InvalidValue, "no connection|batch_rows is"),
        (lambda df: df.n.value_counts(bins=2, method="nope"), InvalidValue, "method has to be 'pandas' or 'bach', not 'nope'"),
        (lambda df: df.n.value_counts(method="nope"), InvalidValue, "method has to be 'pandas' or 'bach', not 'nope'"),
        (lambda df: df.n.value_counts(bins=2**40), InvalidValue, "cannot list"),
        (lambda df: df.n.qcut(2**40), InvalidValue, "from 1 to 100,000"),
        (lambda df: df.n.agg("sum", ddof=1), InvalidType, "sum has no option 'ddof'"),
        (lambda df: df.groupby("n").x.transform("std", q=1), InvalidType, "std has no option 'q'"),
        (lambda df: df.n.replace([1, 2], [3]), InvalidValue, "2 values cannot be replaced with 1 values"),
        (lambda df: df.n.replace({1: 2}, 3), InvalidValue, "not both"),
        (lambda df: df.drop("n", errors="nope"), InvalidValue, "'raise' or 'ignore'"),
        (lambda df: df.rename(columns={}, errors="nope"), InvalidValue, "'raise' or 'ignore'"),
        (lambda df: df.rename(columns={}, axis=5), InvalidValue, "axis has to be 0, 1"),
        (lambda df: df.drop_duplicates([]), InvalidValue, "the subset of drop_duplicates is empty"),
        (lambda df: df.value_counts([]), InvalidValue, "the subset of value_counts is empty"),
        (lambda df: df.drop_duplicates("n", ascending=False), InvalidValue, "ascending needs sort_by"),
        (lambda df: df.ffill(ascending=False), InvalidValue, "ascending needs sort_by"),
        (lambda df: df.fillna(1, sort_by="n"), InvalidValue, "need a method"),
        (lambda df: df.nlargest(2, []), InvalidValue, "no columns are given to sort by"),
        (lambda df: df.get_sample(sample_percentage=5, overwrite=True), InvalidValue, "overwrite needs table_name"),
        (lambda df: df.get_sample(filter=df.b, sample_percentage=5), InvalidValue, "not both"),
        (lambda df: df.sort_values("n").rolling(2, min_periods=3), InvalidValue, "more than the 2 rows"),
        (lambda df: df.sort_values("n").rolling(2**70), InvalidValue, "window has to be a whole number"),
        (lambda df: df.set_index(["n", "s"])[["x"]].unstack(fill_value={}), InvalidType, "a single value, not a dict"),
        (lambda df: df.view_sql(limit=2**70), InvalidValue, "the number of rows"),
        (lambda df: df.j.json.array_contains(float("nan")), InvalidValue, "JSON cannot represent nan"),
        (
            lambda df: df.n.sort_by_series([df.x], ascending=[True, False]),
            InvalidValue,
            "by has 1 series, but ascending has 2 values",
        ),
        (lambda df: DataFrame.from_schema({}), InvalidValue, "a schema cannot be empty"),
    ],
)
def test_arguments_are_neither_ignored_nor_raw_errors(wrong, class_, words):
    with pytest.raises(class_, match=words):
        wrong(frame())


class Way(Enum):
    ROWS = "rows"
    CTE = "cte"
    START = "PRECEDING"


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        (lambda df: df[["n", "x"]].agg(sum), lambda df: df[["n", "x"]].agg("sum")),
        (lambda df: df[["n", "x"]].agg([min, np.max]), lambda df: df[["n", "x"]].agg(["min", "max"])),
        (lambda df: df.agg({"n": max, "x": [min]}), lambda df: df.agg({"n": "max", "x": ["min"]})),
        (lambda df: df.groupby("n").agg(total=("x", sum)), lambda df: df.groupby("n").agg(total=("x", "sum"))),
        (lambda df: df.n.agg([min, max]), lambda df: df.n.agg(["min", "max"])),
        (lambda df: df.groupby("n").x.transform(max), lambda df: df.groupby("n").x.transform("max")),
        (lambda df: df.materialize(materialization=Way.CTE), lambda df: df.materialize()),
        (
            lambda df: df.n.sum(df.sort_values("n").window(Way.ROWS, Way.START)),
            lambda df: df.n.sum(df.sort_values("n").window("rows")),
        ),
        (lambda df: Series.from_value(df, 1, dtype=float), lambda df: Series.from_value(df, 1, dtype="float64")),
        (lambda df: df.create_variable("v", 1, dtype=float)[1], lambda df: df.create_variable("v", 1, dtype="float64")[1]),
        (lambda df: df.drop(columns=pd.Index(["x"])), lambda df: df.drop(columns=["x"])),
        (lambda df: df.drop(columns=np.array(["x", "s"])), lambda df: df.drop(columns=["x", "s"])),
        (lambda df: df.drop(columns={"x": 1}.keys()), lambda df: df.drop(columns=["x"])),
        (
            lambda df: df.sort_values(("n", "x"), ascending=(True, np.bool_(False))),
            lambda df: df.sort_values(["n", "x"], ascending=[True, False]),
        ),
        (lambda df: df.merge(df, on="n", suffixes=["_a", "_b"]), lambda df: df.merge(df, on="n", suffixes=("_a", "_b"))),
        (lambda df: df[["n", "x"]].minmax_scale([0, 2]), lambda df: df[["n", "x"]].minmax_scale((0.0, 2.0))),
        (lambda df: df.n.isin(i for i in (1, 2)), lambda df: df.n.isin([1, 2])),
        (lambda df: df.n.isin(np.array([1, 2])), lambda df: df.n.isin([1, 2])),
        (lambda df: concat(each for each in (df, df)), lambda df: concat([df, df])),
        (lambda df: df.n.round(np.int64(-1)), lambda df: df.n.round(-1)),
    ],
)
def test_other_forms_of_right_arguments(given, plain):
    assert given(frame()).view_sql() == plain(frame()).view_sql()


@on_every_engine
def test_replacing_by_lists_and_unstacking_intervals(engine):
    df = load(engine, {"n": [1, 2, 3, None], "s": list("abca"), "x": [1, 2, 3, 4]})
    assert values(df.n.replace([1, 2], [2, 1])) == [2, 1, 3, None]
    assert values(df.n.replace((1, None), [None, 5])) == [None, 2, 3, 5]
    assert values(df.n.replace([1, 2], 7)) == [7, 7, 3, None]
    df = df[df.n.notnull()]
    df["part"] = df.n.cut(2)
    wide = df.set_index(["s", "part"])[["x"]].unstack(fill_value=0).to_pandas()
    assert {name: column.tolist() for name, column in wide.items()} == {
        "(0.998, 2.0]__x": [1, 2, 0],
        "(2.0, 3.0]__x": [0, 0, 3],
    }
    assert wide.index.tolist() == ["a", "b", "c"]


@on_every_engine
def test_frames_without_rows(engine):
    df = load(engine, {"g": pd.array([], "str"), "v": pd.array([], "Int64"), "x": pd.array([], "float64")})
    assert len(df) == 0
    assert df.to_pandas().empty
    assert df.v.sum().value == 0
    assert df.x.mean().value is None
    assert df.v.median().value is None
    assert df.groupby("g").v.sum().to_pandas().empty
    assert df.describe().to_pandas().loc["count"].tolist() == [0, 0]
    assert df.v.cut(3).to_pandas().empty
    assert df.v.qcut(2).to_pandas().empty
    assert df.v.value_counts(bins=2).to_pandas().tolist() == [0, 0]
    assert df.drop_duplicates().to_pandas().empty
    assert df.merge(df, on="g", how="outer").to_pandas().empty
    assert df.append(df).to_pandas().empty
    assert df.get_dummies().columns == ["v", "x"]
    assert df.set_index(["g", "v"]).unstack().columns == []
    assert df.rollup("g").v.sum().to_pandas().tolist() == [0]
    assert df.sort_values("v").v.cumsum().to_pandas().empty
    assert df.tail(3).empty
    assert df.scale().to_pandas().empty


@on_every_engine
def test_frames_without_columns_and_with_one_row(engine):
    none = load(engine, {"v": [1, 2]})[[]]
    assert none.columns == []
    assert len(none) == 2
    assert none.to_pandas().index.tolist() == [0, 1]
    one = load(engine, {"v": [5], "x": [0.5]})
    assert one.v.std().value is None
    assert one.v.std(ddof=0).value == 0.0
    assert plain(one.describe().to_pandas().v)[:4] == [1.0, 5.0, None, 5.0]
    assert values(one.v.rank(pct=True)) == [1.0]
    assert values(one.v.scale()) == [0.0]
    assert one.v.cut(2).to_pandas().iloc[0].left == pytest.approx(4.995)
    assert one.sort_values("v").rolling(1).v.sum().to_pandas().tolist() == [5]


@on_every_engine
def test_texts_and_names_from_users_are_only_ever_values_and_names(engine):
    nasty = ["'; DROP TABLE x; --", 'a"b', "\\", "%s", "{0}", "$1", "--", "/*", "\n", "é'😀"]
    df = load(engine, {"s": nasty, "n": range(len(nasty))})
    for text in nasty:
        assert values(df.s == text).count(True) == 1
        assert values(df.s.str.contains(text))[nasty.index(text)]
        assert values(df.s.str.split(text).elements[0])[nasty.index(text)] == ""
        assert values(df.s.isin([text])).count(True) == 1
        named = df.rename(columns={"n": text}).rename(index={"_index_row": "row " + text})
        assert named.groupby(text)["s"].count().to_pandas().sum() == len(nasty)
        assert named.sort_values(text).to_pandas()[text].tolist() == list(range(len(nasty)))
        frame_, variable = df.create_variable(text, text)
        assert values(frame_.s == variable).count(True) == 1
        assert len(df.materialize("step " + text)) == len(nasty)
    wide = df.set_index(["n", "s"]).assign(v=1).unstack()
    assert set(wide.columns) == {f"{text}__v" for text in nasty}
    assert wide.to_pandas().notna().sum().sum() == len(nasty)


@on_every_engine
def test_long_programs_are_compiled(engine):
    df = load(engine, {"n": [1, 2], "t": [datetime.datetime(2022, 1, 1)] * 2})
    for _ in range(60):
        df["n"] = df.n + 1
    assert sorted(values(df.n)) == [61, 62]
    doubled = df.copy()
    for _ in range(40):
        doubled["n"] = (doubled.n + doubled.n) % 1000
    assert sorted(values(doubled.n)) == sorted(n * 2**40 % 1000 for n in (61, 62))
    for _ in range(30):
        df = df[df.n > 0].assign(m=df.n * 2)
    assert sorted(values(df.m)) == [122, 124]


def test_a_backslash_before_the_letters_of_an_escape_is_text():
    assert r"'a\u0000'" in (frame().j == {"k": "a\\u0000"}).view_sql()


def test_queries_compute_with_numbers_and_columns():
    df = load("duckdb", {"n": [1, 7, 9], "s": ["a", "b", None]})
    assert values(df.query("2 * 3 + 1 <= n < 9").n) == [7]
    assert values(df.query("not (s == 'a' or n > 8)").n) == [7]
    assert values(df.query("n - -1 in [2, 10]").n) == [1, 9]
