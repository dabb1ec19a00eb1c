"""Operations of series of every type, on every engine, against values worked out by hand or by pandas."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest
from frame.frames import load, on_every_engine, values

from objectiv_local.errors import InvalidValue, QueryFailed


@on_every_engine
def test_a_number_out_of_range_is_not_invalid_data(engine):
    df = load(engine, {"x": [1e30], "n": [2**62]})
    for wrong in (df.x.astype("int64"), df.n * 4):
        with pytest.raises(QueryFailed):
            wrong.to_arrow()


@on_every_engine
def test_a_level_becomes_a_frame_of_one_column(engine):
    df = load(engine, {"x": [3, 1, 2], "y": [4, 5, 6]}, index=[10, 11, 12]).rename(index={"_index_row": "i"}).sort_index()
    both = df.set_index("x", append=True)
    for series, name, wanted in (
        (df.index["i"], "i", [10, 11, 12]),
        (df.y.index["i"], "i", [10, 11, 12]),
        (df.index["i"] + 1, "i", [11, 12, 13]),
        (df.index["i"].astype("string"), "i", ["10", "11", "12"]),
        (both.index["x"], "x", [3, 1, 2]),
        (df.groupby("y").x.sum().index["y"], "y", [4, 5, 6]),
        (df.index["i"].rename("j"), "j", [10, 11, 12]),
    ):
        frame = series.to_frame()
        assert (series.index, frame.index_columns, frame.columns) == ({}, [], [name])
        found = frame.to_pandas()
        assert (found.columns.tolist(), found[name].tolist(), found.index.tolist()) == ([name], wanted, [0, 1, 2])
        assert series.to_pandas().tolist() == series.head(3).tolist() == wanted
        assert series.to_pandas().index.tolist() == [0, 1, 2]
    assert [list(df.all_series[name].index) for name in ("i", "x")] == [[], ["i"]]
    assert df.index["i"].append(df.index["i"]).sort_values().to_pandas().tolist() == [10, 10, 11, 11, 12, 12]
    assert df.index["i"].drop_duplicates().to_pandas().tolist() == [10, 11, 12]
    assert df.index["i"].reset_index().columns == ["i"]
    assert df.index["i"].describe().to_pandas()["max"] == 12


@on_every_engine
def test_a_level_is_a_series_of_the_rows_of_its_frame(engine):
    df = load(engine, {"x": [3, 1, 2]}, index=[10, 11, 12]).rename(index={"_index_row": "i"})
    assert values(df.x + df.index["i"]) == [13, 12, 14]
    assert sorted(values(df.index["i"] + df.x)) == [12, 13, 14]
    assert values(df[df.index["i"].isin([10, 12])].x) == [3, 2]
    assert values(df[df.x < 3].assign(z=df.index["i"] * 2).z) == [22, 24]
    assert values(df.x.sum(df.groupby(df.index["i"] > 10))) == [3, 3]
    assert df.index["i"].max().value == 12
    # A series that is named like a level, but is none, keeps its index.
    named = df.x.rename("i")
    assert (named.to_frame().index_columns, named.to_frame().columns) == (["i"], ["i_value"])
    assert values(named) == [3, 1, 2]
    assert values(df.materialize().x + df.index["i"]) == [13, 12, 14]
    with pytest.raises(InvalidValue, match="no index in common"):
        load(engine, {"x": [3, 1, 2]}).x + df.index["i"]


@on_every_engine
def test_arithmetic(engine):
    df = load(engine, {"a": [7, -7, 7, -7, 0], "b": [2, 2, -2, -2, 0], "x": [7.5, -7.5, 1.0, -1.0, 0.0]})
    assert values(df.a + df.b) == [9, -5, 5, -9, 0]
    assert values(df.a - 1) == [6, -8, 6, -8, -1]
    assert values(10 - df.a) == [3, 17, 3, 17, 10]
    assert values(df.a * df.b) == [14, -14, -14, 14, 0]
    assert values(df.a / df.b)[:4] == [3.5, -3.5, -3.5, 3.5]
    assert values(df.a // df.b) == [3, -4, -4, 3, None]
    assert values(df.a % df.b) == [1, 1, -1, -1, None]
    assert values(df.a // 2) == [3, -4, 3, -4, 0]
    assert values(df.a % 2) == [1, 1, 1, 1, 0]
    assert values(df.x // 2) == [3.0, -4.0, 0.0, -1.0, 0.0]
    assert values(df.x % 2) == [1.5, 0.5, 1.0, 1.0, 0.0]
    assert values(-df.a) == [-7, 7, -7, 7, 0]
    assert values(abs(df.x)) == [7.5, 7.5, 1.0, 1.0, 0.0]
    assert values(2 / df.x)[2:4] == [2.0, -2.0]
    assert [(df.a / df.b).dtype, (df.a // df.b).dtype, (df.a + 1.5).dtype] == ["float64", "int64", "float64"]


INF = float("inf")


@on_every_engine
def test_division_by_zero_is_that_of_floats(engine):
    df = load(engine, {"a": [1, -1, 0], "zero": [0, 0, 0], "x": [2.5, -2.5, 0.0]})
    assert values(df.a / df.zero) == [INF, -INF, None]  # the last is NaN, which pandas shows as missing
    assert (df.a / df.zero).isnull().to_pandas().tolist() == [False, False, False]
    assert values(df.x / df.zero) == [INF, -INF, None]


@on_every_engine
def test_comparison_and_logic(engine):
    df = load(engine, {"a": pd.array([1, 2, None], "Int64"), "s": ["a", "B", None], "t": [True, False, True]})
    assert values(df.a > 1) == [False, True, None]
    assert values(df.a != 1) == [False, True, None]
    assert values(df.s < "a") == [False, True, None]  # by code point: B is before a
    assert values((df.a == 1) | df.t) == [True, False, True]
    assert values((df.a == 1) & df.t) == [True, False, None]
    assert values(~df.t) == [False, True, False]
    assert values(df.t ^ True) == [False, True, False]
    assert values(False | df.t) == [True, False, True]
    assert values(df.a.between(2, 3)) == [False, True, None]
    assert values(df.a.isin([1, 5])) == [True, False, False]
    assert values(df.a.isin([1, None])) == [True, False, True]
    assert values(df.s.isin([])) == [False, False, False]


NAN = float("nan")


@on_every_engine
def test_missing_values(engine):
    df = load(engine, {"a": pd.array([1, None], "Int64"), "x": [NAN, 2.0], "s": ["a", None]})
    assert values(df.a.isnull()) == [False, True]
    assert values(df.x.notna()) == [False, True]  # NaN of pandas is loaded as missing
    assert values(df.a.fillna(0)) == [1, 0]
    assert values(df.a.fillna(df.x)) == [1.0, 2.0]
    assert values(df.s.fillna("none")) == ["a", "none"]
    assert values(df.a.where(df.x.isnull())) == [1, None]
    assert values(df.a.where(df.a > 5, -1)) == [-1, -1]
    assert values(df.a.mask(df.a > 0, 9)) == [9, None]


@on_every_engine
def test_astype(engine):
    df = load(engine, {"s": ["1", " -2 "], "x": [2.5, -2.5], "b": [True, False], "t": ["2022-02-01 10:00:00", "2022-02-01"]})
    assert values(df.s.astype("int64")) == [1, -2]
    assert values(df.x.astype(int)) == [2, -2]
    assert values(df.x.astype("string")) == ["2.5", "-2.5"]
    assert values(df.b.astype(float)) == [1.0, 0.0]
    assert values(df.b.astype(str)) == ["true", "false"]
    assert values(df.t.astype("timestamp").astype("date")) == [datetime.date(2022, 2, 1)] * 2
    with pytest.raises(ValueError, match="dtype 'int7' is not known"):
        df.s.astype("int7")
    with pytest.raises(TypeError, match="json"):
        df.s.astype("json").astype("int64")


@on_every_engine
def test_overflow_is_an_error(engine):
    from objectiv_local.errors import QueryFailed

    df = load(engine, {"a": [2**63 - 1, 1]})
    for series in (df.a + 1, df.a * 2, df.a.sum()):
        with pytest.raises(QueryFailed):
            series.to_pandas()


@on_every_engine
def test_operations_that_types_do_not_allow(engine):
    df = load(engine, {"a": [1], "s": ["x"], "j": [{"a": 1}]})
    for wrong in (
        lambda: df.a + df.s,
        lambda: df.a > "x",
        lambda: df.j == df.j,
        lambda: df.s.str.len() & True,
        lambda: df.a == None,  # noqa: E711
        lambda: df.a + [1],
        lambda: ~df.a,
        lambda: df.s * 2,
    ):
        with pytest.raises(TypeError) as caught:
            wrong()
        assert "hint: " in str(caught.value)


@on_every_engine
def test_values_are_looked_up_in_series_of_another_type(engine):
    df = load(
        engine,
        {
            "n": [1, 2, 3],
            "x": [1.5, 2.0, None],
            "p": [1.5, 2.0, 3.25],
            "d": pd.to_datetime(["2020-01-01"] * 3),
            "t": pd.to_datetime(["2020-01-01 00:00", "2020-01-02 12:00", "2020-01-02 13:00"]),
        },
    )
    df["p"], df["d"] = df.p.astype("decimal(38, 2)"), df.d.astype("date")
    df["q"] = df.p.astype("decimal(38, 1)")
    # A value that is cut to an integer, a digit or a day is another one.
    assert values(df.n.isin(df.p)) == values(df.n.isin(df.x)) == [False, True, False]
    assert values(df.q.isin(df.p)) == [True, True, False]
    assert values(df.p.isin(df.n)) == [False, True, False]
    assert values(df.d.isin(df.t)) == [True, True, True]
    assert values(df.d.isin(df[df.n > 1].t)) == [False, False, False]
    assert values(df.n.isin([value + 0.5 for value in range(300)])) == [False, False, False]
    assert values(df.n.isin([decimal.Decimal(value) for value in range(2, 300)])) == [False, True, True]


@on_every_engine
def test_choosing_values(engine):
    df = load(engine, {"a": [1, 2, 3, None], "b": ["x", "y", "x", None]})
    other = load(engine, {"z": [2, 3, 99]})
    assert values(df.a.isin(other.z)) == [False, True, True, False]
    assert values(df.a.isin(other[other.z > 50].z)) == [False] * 4
    assert values(df.a.isin(list(range(2, 200)))) == [False, True, True, False]
    assert values(df[~df.a.isin(other.z)].a) == [1.0, None]
    assert values(df.b.map({"x": 1, "y": 2})) == [1, 2, 1, None]
    assert values(df.b.replace({"x": "ex", None: "none"})) == ["ex", "y", "ex", "none"]
    assert values(df.a.clip(2, 2.5)) == [2.0, 2.0, 2.5, None]
    assert values(df.a.between(1, 3, inclusive="left")) == [True, True, False, None]
    assert values(df.a < other.z.any_value()) == [True, True, True, False]
    assert values(df.a < other.z.all_values()) == [True, False, False, True]
    assert values(df.a == other.z.any_value()) == [False, True, True, False]
    assert values(df.a != other.z.all_values()) == [True, False, False, True]
    assert other.z.exists().value is True
    assert other[other.z > 1000].z.exists().value is False
    assert values(df.a**2) == [1.0, 4.0, 9.0, None]
    assert values(2**df.a) == [2.0, 4.0, 8.0, None]
    assert values(other.z << 2) == [8, 12, 396]
    assert values(other.z >> 1) == [1, 1, 49]
    assert values((-other.z) >> 1) == [-1, -2, -50]
    assert values(abs(-other.z)) == [2, 3, 99]
    assert values(round(df.a / 3, 2)) == [0.33, 0.67, 1.0, None]


@on_every_engine
@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        (np.int64, "int64"),
        (np.int32, "int64"),
        (np.float64, "float64"),
        (np.bool_, "bool"),
        (np.str_, "string"),
        (int, "int64"),
        (np.dtype("int64"), "int64"),
        (np.dtype("float32"), "float64"),
        (np.dtype("bool"), "bool"),
        (np.dtype("U3"), "string"),
        (pd.Int64Dtype(), "int64"),
        (pd.BooleanDtype(), "bool"),
        (pd.StringDtype(), "string"),
        (str, "string"),
    ],
)
def test_types_of_numpy_and_pandas_are_dtypes(engine, dtype, name):
    df = load(engine, {"v": [1, 0]})
    assert df.v.astype(dtype).dtype == name
    assert df.astype(dtype).dtypes == df.astype({"v": dtype}).dtypes == {"v": name}
    assert values(df.v.astype(dtype)) == {"string": ["1", "0"], "bool": [True, False]}.get(name, [1, 0])


@on_every_engine
def test_other_types_of_numpy_are_said_to_be_unknown(engine):
    df = load(engine, {"v": [1], "t": pd.to_datetime(["2022-01-02 03:04:05"])})
    for dtype in (np.complex128, np.dtype("O"), object, pd.CategoricalDtype()):
        with pytest.raises(InvalidValue, match="is not known"):
            df.v.astype(dtype)
    assert values(df.t.astype(datetime.date)) == [datetime.date(2022, 1, 2)]
    assert df.t.astype(np.dtype("datetime64[ns]")).dtype == df.t.astype(datetime.datetime).dtype == "timestamp"
