"""Names and parameters of pandas that are not there: each says what to write instead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frame.frames import load

import objectiv_local as ol
from objectiv_local import DataFrame
from objectiv_local.errors import AttributeNotFound, InvalidType, InvalidValue, NotSupported, ObjectivError


def public(cls):
    return {name for name in dir(cls) if not name.startswith("_")}


FRAME = sorted((public(pd.DataFrame) | public(pd.core.groupby.DataFrameGroupBy)) - public(DataFrame))


def refused(function):
    with pytest.raises(AttributeNotFound) as caught:
        function()
    return caught.value


def test_every_name_of_a_pandas_frame_is_there_or_says_what_to_write():
    df = load("duckdb", {"moment": [1], "user": ["a"]})
    assert len(FRAME) > 100
    for name in FRAME:
        hint = refused(lambda name=name: getattr(df, name)).hint
        assert hint, name
        assert "did you mean" not in hint, (name, hint)
        assert "known names" not in hint, (name, hint)


SERIES = sorted(public(pd.Series) - {"str", "dt", "cat", "sparse", "list", "struct"})


@pytest.mark.parametrize("column", ["n", "x", "s", "flag", "t", "d", "span", "u", "j", "list"])
def test_every_name_of_a_pandas_series_is_there_or_says_what_to_write(column):
    df = load("duckdb", {"n": [1], "x": [1.0], "s": ["a"], "flag": [True], "t": pd.to_datetime(["2024-01-01"])})
    df["d"], df["span"], df["list"] = df.t.dt.date, df.t - df.t, df.s.str.split("-")
    df["u"], df["j"] = df.s.astype("uuid"), df["list"].json[:]
    series = df[column]
    for name in SERIES:
        if name not in public(type(series)):
            hint = refused(lambda name=name: getattr(series, name)).hint
            assert "did you mean" not in hint, (name, hint)
            assert "dir()" not in hint, (name, hint)


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (lambda df: df.iterrows(), "itertuples"),
        (lambda df: df.apply(len), "df.a + df.b"),
        (lambda df: df.T, "to_pandas().T"),
        (lambda df: df.iloc[-1], "df.tail(3)"),
        (lambda df: df.values, "df.to_numpy()"),
        (lambda df: df.melt(), "stack()"),
        (lambda df: df.to_excel("x"), "df.to_pandas().to_excel"),
        (lambda df: df.n.apply(len), "series.to_pandas().apply"),
        (lambda df: df.n.iloc[0], "series.tail"),
        (lambda df: df.n.tolist(), "to_numpy().tolist()"),
        (lambda df: df.n.add(1), "operator"),
        (lambda df: df.user.str.title(), "upper()"),
        (lambda df: df.moment.dt.floor("D"), "date_trunc"),
        (lambda df: df.moment.dt.to_period("M"), "%Y-%m"),
        (lambda df: df.groupby("user").ngroups, "nunique"),
        (lambda df: df.user.dt, "to_datetime"),
        (lambda df: df.n.str, "astype('string')"),
        (lambda df: df.user.sqrt(), "float64"),
        # a method near a wrong name, and not a column, and the other way round
        (lambda df: df.groupy("user"), "'groupby'"),
        (lambda df: df.vallue_counts(), "did you mean 'value_counts'?"),
        (lambda df: df.sort_value("n"), "'sort_values'"),
        (lambda df: df.momen, "did you mean 'moment'?"),
        (lambda df: df.Moment, "did you mean 'moment'?"),
        (lambda df: df.usr, "did you mean 'user'?"),
        (lambda df: df.groupby("user").summ(), "'sum'"),
        (lambda df: df.n.summ(), "'sum'"),
        (lambda df: df.user.str.uper(), "did you mean 'upper'?"),
        (lambda df: df.moment.dt.yeer, "did you mean 'year'?"),
        (lambda df: df.qqqqqq, "known names are 'user', 'moment', 'n', 'insert_count'"),
        (lambda df: ol.read_csv("x.csv"), "ol.connect('clicks.csv')"),
        (lambda df: ol.merge(df, df), "df.merge(other)"),
        (lambda df: ol.conect, "did you mean 'connect'"),
        (lambda df: ol.isna(df.n), "series.isna()"),
    ],
)
def test_a_name_that_is_not_there_says_what_to_write(call, hint):
    df = load("duckdb", {"user": ["a"], "moment": pd.to_datetime(["2024-01-01"]), "n": [1], "insert_count": [1]})
    assert hint in refused(lambda: call(df)).hint


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda df: df.drop(columns=["n"], inplace=True), r"DataFrame.drop has no parameter 'inplace'\n.*df = df.drop\(...\)"),
        (lambda df: df.reset_index(inplace=True), r"df = df.reset_index\(...\)"),
        (lambda df: df.n.fillna(0, inplace=True), r"SeriesInt64.fillna has no parameter 'inplace'"),
        (lambda df: df.n.sort_values(inplace=True), "no parameter 'inplace'"),
        (lambda df: df.groupby("s", as_index=False), "reset_index"),
        (lambda df: df.groupby("s", dropna=False), "group of its own"),
        (lambda df: df.groupby(level=0), "named like columns"),
        (lambda df: df.sum(axis=1), "df.a \\+ df.b"),
        (lambda df: df.sort_values("n", ignore_index=True), r"reset_index\(drop=True\)"),
        (lambda df: df.copy(deep=True), "leave it out"),
        (lambda df: df.s.str.split("-", expand=True), r"elements\[0\]"),
        (lambda df: df.sort_values("n", ascendin=True), "'ascending'"),
        (lambda df: np.mean(df.n), "no parameter 'axis'"),
        (lambda df: df.n.isnull(what=1), "takes no arguments"),
    ],
)
def test_a_parameter_that_is_not_there_says_what_to_write(call, message):
    df = load("duckdb", {"n": [1], "s": ["a"]})
    with pytest.raises(InvalidType, match=message):
        call(df)


def test_columns_are_dropped_along_an_axis():
    df = load("duckdb", {"n": [1], "s": ["a"]})
    assert df.drop("n", axis=1).columns == df.drop(["n"], axis="columns").columns == df.drop("n").columns == ["s"]
    for axis, error in ((0, NotSupported), ("index", NotSupported), (2, InvalidValue)):
        with pytest.raises(error):
            df.drop("n", axis=axis)
    with pytest.raises(KeyError, match="no data column 0"):
        df.drop(0)


def test_libraries_that_look_for_names_find_none():
    df = load("duckdb", {"n": [1]})
    assert not any(hasattr(df, name) for name in ("iloc", "values", "__dataframe__", "to_dict", "items", "_repr_mimebundle_"))
    with pytest.raises(ObjectivError):
        _ = df.n.iloc


def test_other_habits_say_what_to_write():
    df = load("duckdb", {"n": [1], "s": ["a"]})
    for call, message in (
        (lambda: df.sum(), r"column 's': sum cannot be computed from \(string\)\n.*numeric_only=True"),
        (lambda: df.groupby("n").mean(), r"column 's': mean.*\n.*choose columns"),
        (lambda: df.agg({"s": "sum"}), r"column 's': sum.*\n.*astype"),
        (lambda: df.sum(min_count="a"), "min_count"),
        (lambda: df.n.agg("sum", ddof=1), "has no option 'ddof'"),
        (lambda: df.n.map(lambda value: value + 1), r"not a function\n.*to_pandas\(\).map"),
        (lambda: [key for key, _ in df.groupby("s")], r"no groups to iterate over\n.*to_pandas\(\).groupby"),
        (lambda: list(df.n), "iterate over .to_pandas"),
        (lambda: df.query("n > @x"), r"df\[df.n > value\]"),
    ):
        with pytest.raises((InvalidType, InvalidValue), match=message):
            call()
    assert df.sum(numeric_only=True).to_pandas().n_sum.tolist() == [1]
    assert list(df) == ["n", "s"]


def test_the_hint_of_cumcount_is_code():
    df = load("duckdb", {"g": [1, 1]})
    for rows, wanted in (
        (df, "df.sort_values('moment').cumcount()"),
        (df.groupby("g"), "df.sort_values('moment').groupby(...).cumcount()"),
    ):
        with pytest.raises(InvalidValue) as caught:
            rows.cumcount()
        assert str(caught.value).endswith(wanted)
