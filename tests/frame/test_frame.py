"""Frames on every engine: groups, windows, order, merging, aligning, labels of rows, and what is fetched."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from frame.frames import load, on_every_engine, opened, plain, values

from objectiv_local import DataFrame
from objectiv_local.errors import InvalidType, InvalidValue, QueryFailed

CITIES = {
    "city": ["Ljouwert", "Snits", "Drylts", "Starum", None, "Snits"],
    "people": [93, 33, 1, 1, 5, 7],
    "founded": [1285, 1456, 1268, 1061, 1300, 1100],
}


@pytest.fixture
def pandas():
    return pd.DataFrame(CITIES).astype({"people": "Int64", "founded": "Int64"})


@on_every_engine
def test_groups(engine, pandas):
    df = load(engine, CITIES)
    found = df.groupby("city")[["people", "founded"]].agg(["sum", "max"]).to_pandas()
    wanted = pandas.groupby("city", dropna=False).agg(
        people_sum=("people", "sum"),
        people_max=("people", "max"),
        founded_sum=("founded", "sum"),
        founded_max=("founded", "max"),
    )
    pd.testing.assert_frame_equal(found, wanted, check_index_type=False)
    assert df.groupby("city").people.sum().name == "people"
    assert df.groupby("city")["people"].agg(["min", "count"]).columns == ["people_min", "people_count"]
    assert df.groupby("city").people.nunique().name == "people_nunique"
    assert values(df.groupby("city").size())[-2:] == [1, 1]
    assert df.groupby(df.people > 10).founded.min().to_pandas().to_dict() == {False: 1061, True: 1285}
    assert df.groupby(["city", "people"]).founded.max().index.keys() == {"city", "people"}
    assert df.groupby("city").agg({"people": "sum", "founded": ["min", "max"]}).columns == [
        "people_sum",
        "founded_min",
        "founded_max",
    ]
    assert df.groupby(None).people.mean().value == pytest.approx(140 / 6)
    assert df[["people"]].sum().to_pandas().people_sum.tolist() == [140]


@on_every_engine
def test_first_and_last_follow_the_order(engine):
    df = load(engine, {"g": [1, 1, 2, 2], "t": [3, 1, 2, 4], "v": pd.array([None, 10, 20, None], "Int64")})
    groups = df.sort_values("t", ascending=False).groupby("g")
    assert values(groups.v.first()) == [10, 20]
    assert values(groups.t.first()) == [3, 4]
    assert values(groups.t.last()) == [1, 2]


@on_every_engine
def test_windows(engine):
    df = load(engine, {"g": [1, 1, 1, 2, 2], "t": [1, 2, 2, 1, 5], "v": [10, 20, 30, 40, 50]})
    window = df.sort_values("t").groupby("g").window()
    assert values(df.v.sum(window)) == [10, 60, 60, 40, 90]  # ties share the later sum
    assert values(df.v.window_row_number(window)) == [1, 2, 3, 1, 2]
    assert values(df.v.window_lag(window=window)) == [None, 10, 20, None, 40]
    assert values(df.v.window_lead(2, -1, window)) == [30, -1, -1, -1, -1]
    rows = df.sort_values("t").groupby("g").window(mode="rows", start_value=1, end_boundary="current_row")
    assert values(df.v.sum(rows)) == [10, 30, 50, 40, 90]
    whole = df.sort_values("t").groupby("g").window(end_boundary="following")
    assert values(df.v.window_first_value(whole)) == [10, 10, 10, 40, 40]
    assert values(df.v.window_last_value(whole)) == [30, 30, 30, 50, 50]
    assert values(df.groupby("g").v.transform("max")) == [30, 30, 30, 50, 50]
    assert values(df.v.max(df.groupby("g"))) == [30, 50]  # groups as a partition give a value each
    running = df.sort_values("v", ascending=False).window()
    assert values(df.v.count(running)) == [5, 4, 3, 2, 1]


@on_every_engine
def test_results_of_windows_and_aggregates_are_ordinary_columns(engine):
    df = load(engine, {"g": [1, 1, 2, 2, 3], "v": [1, 2, 3, 4, 5]})
    df["n"] = df.v.window_row_number(df.sort_values("v").groupby("g").window())
    assert values(df[df.n == 2].v) == [2, 4]
    assert values(df[df.groupby("g").v.transform("max") > 3].v) == [3, 4, 5]
    assert df.groupby("n").v.sum().to_pandas().to_dict() == {1: 9, 2: 6}
    per_group = df.groupby("g").v.sum().to_frame()
    assert per_group.groupby("v").size().to_pandas().to_dict() == {3: 1, 5: 1, 7: 1}
    assert per_group.v.max().value == 7
    df["m"] = df.groupby("g").n.transform("sum")  # a window over a window
    assert values(df.m) == [3, 3, 3, 3, 1]
    assert values(df.sort_values("v")[:3][df.v > 1].v) == [2, 3]


@on_every_engine
def test_order(engine):
    df = load(engine, {"a": pd.array([2, None, 1, 2], "Int64"), "b": ["x", "y", "z", "w"]})
    assert df.sort_values("a").b.to_pandas().tolist() == ["z", "x", "w", "y"]  # ties by the key, missing values last
    assert df.sort_values("a", ascending=False).b.to_pandas().tolist() == ["x", "w", "z", "y"]
    assert df.sort_values(["a", "b"], ascending=[True, False]).b.to_pandas().tolist() == ["z", "x", "w", "y"]
    by_a = df.sort_values("a")
    by_a["a"] = 0 - by_a.a  # the order stays that of the old column
    assert by_a[by_a.b != "x"].b.to_pandas().tolist() == ["z", "w", "y"]
    assert df.sort_values("a").head(2).b.tolist() == ["z", "x"]
    assert df.head(2).b.tolist() == ["x", "y"]
    assert df.sort_values("b")[1:3].b.to_pandas().tolist() == ["x", "y"]
    assert df.b.sort_values(ascending=False).to_pandas().tolist() == ["z", "y", "x", "w"]
    assert df.to_pandas(limit=0).empty


@on_every_engine
def test_text_sorts_by_code_point(engine):
    df = load(engine, {"s": ["b", "a", "_", "B", "é", "Z", "ab", "a b"]})
    assert df.sort_values("s").s.to_pandas().tolist() == ["B", "Z", "_", "a", "a b", "ab", "b", "é"]


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
def test_series_of_other_frames_are_aligned_on_the_index(engine):
    left = load(engine, {"a": [1, 2, 3]}, index=[1, 2, 3])
    right = load(engine, {"b": [20, 30, 40]}, index=[2, 3, 4])
    total = (left.a + right.b).to_pandas().sort_index()
    assert total.index.tolist() == [1, 2, 3, 4]
    assert [None if value is pd.NA else value for value in total] == [None, 22, 33, None]
    left["b"] = right.b
    assert values(left.b) == [None, 20, 30]
    assert values(left[right.b > 20].a) == [3]
    by_city = load(engine, CITIES)
    share = by_city[by_city.people > 1].groupby("city").people.sum() / by_city.groupby("city").people.sum()
    assert {key: value for key, value in share.to_pandas().items() if isinstance(key, str)} == {
        "Drylts": pytest.approx(float("nan"), nan_ok=True),
        "Ljouwert": 1.0,
        "Snits": 1.0,
        "Starum": pytest.approx(float("nan"), nan_ok=True),
    }
    assert share.to_pandas().iloc[-1] == 1.0  # the group of the missing key meets itself
    assert len(share.to_pandas()) == 5


@on_every_engine
def test_merge(engine):
    left = load(engine, {"k": pd.array([1, 2, None], "Int64"), "v": ["a", "b", "c"]})
    right = load(engine, {"k": pd.array([2, 2, None], "Int64"), "v": ["x", "y", "z"], "w": [1.0, 2.0, 3.0]})
    inner = left.merge(right, on="k", suffixes=("", "_right"))
    assert inner.columns == ["k", "v", "v_right", "w"]
    assert inner.index_columns == ["_index_row", "_index_row_right"]
    assert inner.sort_values("w").to_pandas().v_right.tolist() == ["x", "y"]
    outer = left.merge(right, how="left", on="k").sort_values(["v_x", "v_y"]).to_pandas()
    assert outer.v_x.tolist() == ["a", "b", "b", "c"]  # missing keys match nothing
    assert outer.v_y.isna().tolist() == [True, False, False, True]
    by_index = left.merge(right[["w"]], left_index=True, right_index=True).sort_index().to_pandas()
    assert by_index.w.tolist() == [1.0, 2.0, 3.0]
    floats = left.merge(right, left_on="k", right_on="w").to_pandas()
    assert sorted(floats.v_x) == ["a", "b"]
    left_itself = left.merge(left, on="v").sort_values("v").to_pandas()
    assert left_itself.v.tolist() == ["a", "b", "c"]


@on_every_engine
def test_labels(engine):
    df = load(engine, {"a": [1, 2, 3], "b": ["x", "y", "z"]}, index=["p", "q", "r"])
    assert df.loc[["q"]].to_pandas().b.tolist() == ["y"]
    assert df.loc["q"].to_pandas().to_dict() == {"a": "2", "b": "y"}
    assert df.loc[["p", "r"], ["a"]].sort_index().to_pandas().a.tolist() == [1, 3]
    assert values(df.loc[df.a > 1, "b"]) == ["y", "z"]
    assert df.loc["nowhere"].to_pandas().empty
    df.loc[df.a > 1, "b"] = "big"
    df.loc["p", "a"] = 10
    assert df.sort_index().to_pandas().values.tolist() == [[10, "x"], [2, "big"], [3, "big"]]
    assert df.a["q"].value == 2
    with pytest.raises(InvalidValue, match="needs sorted rows"):
        df.loc["p":"q"]
    assert df.sort_index().loc["p":"q"].to_pandas().a.tolist() == [10, 2]
    assert df.sort_index().loc["q":, "a"].to_pandas().tolist() == [2, 3]
    assert df.sort_index(ascending=False).loc["r":"q", ["a"]].to_pandas().a.tolist() == [3, 2]
    assert df.sort_index().loc["q":"nowhere"].to_pandas().empty


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
def test_what_is_fetched(engine):
    frame = {
        "i": [1, 2],
        "x": [0.5, 1.5],
        "b": [True, False],
        "s": ["a", "b"],
        "d": [datetime.date(2022, 1, 1)] * 2,
        "t": pd.to_datetime(["2022-01-01 10:00"] * 2),
        "j": [{"a": 1}, [1]],
    }
    df = load(engine, frame)
    df["duration"] = df.t - df.d
    assert df.to_pandas().dtypes.astype(str).to_dict() == {
        "i": "Int64",
        "x": "float64",
        "b": "boolean",
        "s": "str",
        "d": "object",
        "t": "datetime64[us]",
        "j": "object",
        "duration": "timedelta64[us]",
    }
    assert df.to_arrow().schema.types == [
        pa.int64(),
        pa.int64(),
        pa.float64(),
        pa.bool_(),
        pa.string(),
        pa.date32(),
        pa.timestamp("us"),
        pa.string(),
        pa.duration("us"),
    ]
    assert df[["i", "x"]].sort_index().to_numpy().tolist() == [[1.0, 0.5], [2.0, 1.5]]
    assert df.sort_values("i").i.to_numpy().dtype == "int64"
    assert df.sort_index().j.to_pandas().tolist() == [{"a": 1}, [1]]
    assert df.to_polars().dtypes[5] == pl.Date


def test_frame_without_connection():
    df = DataFrame.from_schema({"k": "int64", "v": "string"}, index=["k"], dialect="postgres", table_name="shop.orders")
    assert df[df.v == "x"].view_sql() == "SELECT k, v\nFROM shop.orders\nWHERE v = 'x'"
    assert df.v.view_sql(dialect="duckdb") == "SELECT k, v\nFROM shop.orders"
    assert repr(df) == "<DataFrame, 1 columns, not sorted; not connected, postgres>\n  k  int64 (index)\n  v  string"
    with pytest.raises(InvalidValue, match="no connection: it can be compiled, but not run"):
        df.to_pandas()


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda df: df.peple, AttributeError, "did you mean 'people'"),
        (lambda df: df["peple"], KeyError, "did you mean 'people'"),
        (lambda df: df["k"], KeyError, "level of the index"),
        (lambda df: bool(df.people > 1), TypeError, "combine conditions with & |"),
        (lambda df: bool(df), TypeError, "truth value of a frame"),
        (lambda df: len(df), ValueError, "no connection"),
        (lambda df: list(df.people), TypeError, "to_pandas"),
        (lambda df: np.asarray(df), TypeError, "to_numpy"),
        (lambda df: df[df.people], TypeError, "filtered by a bool series"),
        (lambda df: df[1], TypeError, "indexed by a column name"),
        (lambda df: df[["people", "people"]], ValueError, "selected twice"),
        (lambda df: df[-3:], ValueError, "non-negative whole numbers"),
        (lambda df: df.view_sql(limit=-1), ValueError, "non-negative whole number"),
        (lambda df: df.sort_values("j"), TypeError, "cannot sort by 'j'"),
        (lambda df: df.groupby("j"), TypeError, "cannot group by 'j'"),
        (lambda df: df.groupby("peple"), KeyError, "did you mean 'people'"),
        (lambda df: df.groupby("city").agg("mdian"), ValueError, "not an aggregate"),
        (lambda df: df.groupby("city").people.agg("product"), ValueError, "not an aggregate"),
        (lambda df: df.people.value, ValueError, "more than one value"),
        (lambda df: df.people.window_lag(), TypeError, "needs a window"),
        (lambda df: df.people.window_lag(window=df.groupby("city").window()), ValueError, "needs a window over sorted rows"),
        (lambda df: df.people.nunique(df.groupby("city").window()), TypeError, "cannot be computed over a window"),
        (lambda df: df.window(mode="rows", start_boundary="following"), ValueError, "cannot start after all rows"),
        (lambda df: df.merge(df.reset_index(drop=True), on="nothing"), KeyError, "no column 'nothing'"),
        (lambda df: df.merge(df, how="full", on="city"), ValueError, "how is 'full'"),
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
    with pytest.raises(InvalidValue, match="index level"):
        df["k"] = 1
    with pytest.raises(AttributeError, match="write df\\['b'\\]"):
        df.b = 1
    with pytest.raises(InvalidType, match="column name has to be"):
        df[""] = 1


def test_frames_of_two_connections():
    from frame.frames import ENGINES

    one, other = (load(engine, {"a": [1]}) for engine in ENGINES[:2])
    for combine in (lambda: one.a + other.a, lambda: one.merge(other, on="a"), lambda: one[other.a > 0]):
        with pytest.raises(ValueError, match="connection") as caught:
            combine()
        assert "from_pandas" in str(caught.value)


@on_every_engine
def test_names_of_a_model_that_differ_in_case_only(engine):
    def model(text):
        return DataFrame.from_model(opened(engine), text)

    # Of one column by that name, an engine would have answered with another.
    if engine == "duckdb":
        with pytest.raises(InvalidValue, match="the columns 'A' and 'a', which are the same name in DuckDB"):
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
