"""Groups and windows on every engine, against pandas where pandas has the same."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest
from frame.frames import load, on_every_engine, plain, values

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported

DATA = {
    "g": ["a", "a", "b", "b", "b", None],
    "h": [1, 2, 1, 1, 2, 2],
    "v": [1.0, 4.0, 2.0, np.nan, 10.0, 3.0],
    "n": [3, 1, 4, 1, 5, 9],
}


@pytest.fixture
def pandas():
    return pd.DataFrame(DATA)


def same(found, wanted, **more):
    pd.testing.assert_frame_equal(
        found.to_pandas(), wanted, check_dtype=False, check_index_type=False, check_names=False, check_column_type=False, **more
    )


@on_every_engine
@pytest.mark.parametrize("func", ["count", "nunique", "sum", "mean", "min", "max", "median", "std", "var", "sem", "skew"])
def test_aggregates_are_those_of_pandas(engine, pandas, func):
    df = load(engine, DATA)
    wanted = getattr(pandas.groupby("g", dropna=False)[["h", "v", "n"]], func)()
    found = getattr(df.groupby("g")[["h", "v", "n"]], func)()
    assert found.columns == [f"{name}_{func}" for name in ("h", "v", "n")]
    same(found, wanted.set_axis(found.columns, axis=1))
    whole = getattr(df[["v", "n"]], func)().to_pandas().iloc[0].astype(float)
    assert whole.tolist() == pytest.approx(getattr(pandas[["v", "n"]], func)().astype(float).tolist())
    assert float(getattr(df.n, func)().value) == pytest.approx(float(getattr(pandas.n, func)()))


@on_every_engine
def test_aggregates_with_options(engine, pandas):
    df = load(engine, DATA)
    assert df.v.std(ddof=0).value == pytest.approx(pandas.v.std(ddof=0))
    assert df.v.var(ddof=0).value == pytest.approx(pandas.v.var(ddof=0))
    assert df.v.std_pop().value == pytest.approx(pandas.v.std(ddof=0))
    assert df.v.sum(min_count=6).value is None
    assert df.v.sum(min_count=5).value == 20.0
    assert values(df.groupby("g").v.sum(min_count=2)) == [5.0, 12.0, None]
    assert values(df.groupby("g").v.quantile(0.9)) == pytest.approx(pandas.groupby("g", dropna=False).v.quantile(0.9).tolist())
    assert df.v.quantile(0.3).value == pytest.approx(pandas.v.quantile(0.3))
    assert df.n.mode().value == 1
    assert values(df.groupby("g").n.mode()) == [1, 1, 9]
    assert df.g.to_json_array().value == '["a","a","b","b","b",null]'
    named = df.groupby("g").agg(most=("v", "max"), rows=("n", "size"))
    assert named.to_pandas().fillna(-1).values.tolist() == [[4.0, 2], [10.0, 3], [3.0, 1]]
    assert df.agg(["min", "max"], numeric_only=True).columns == ["h_min", "h_max", "v_min", "v_max", "n_min", "n_max"]
    assert df.n.agg(["min", "median"]).to_pandas().values.tolist() == [[1, 3.5]]
    assert df.n.apply_func("max").name == "n_max"


@on_every_engine
def test_quantiles_and_description(engine, pandas):
    df = load(engine, DATA)
    shares = [0.0, 0.25, 1.0]
    found = df[["v", "n"]].quantile(shares).to_pandas()
    assert found.index.name == "quantile"
    assert found.values.tolist() == pandas[["v", "n"]].quantile(shares).values.tolist()
    by_group = df.groupby("g")[["n"]].quantile(shares).to_pandas()
    assert by_group.n_quantile.tolist() == pandas.groupby("g", dropna=False).n.quantile(shares).tolist()
    assert df.n.quantile(q=[0.5]).to_pandas().to_dict() == {0.5: 3.5}
    described = df.describe().to_pandas()
    assert described.index.name == "__stat"
    assert described.columns.tolist() == ["h", "v", "n"]
    rows = ["count", "mean", "std", "min", "25%", "50%", "75%", "max"]
    wanted = pandas.describe().loc[rows]
    ours = described.rename({"0.25": "25%", "0.5": "50%", "0.75": "75%"}).loc[rows]
    np.testing.assert_allclose(ours.to_numpy(float), wanted[ours.columns].to_numpy(float))
    assert described.loc["nunique"].tolist() == [2, 5, 5]
    assert described.loc["mode"].tolist() == [1, 1, 1]
    text = df[["g"]].describe().to_pandas().g
    assert text.to_dict() == {"count": "5", "min": "a", "max": "b", "nunique": "2", "mode": "b"}
    groups = df.groupby("g")[["n"]].describe(percentiles=[0.5]).to_pandas().n
    assert groups[("b", "mean")] == pytest.approx(10 / 3)
    assert groups[("a", "0.5")] == 2.0
    assert df.n.describe().to_pandas()["max"] == 9


@on_every_engine
def test_value_counts_and_unique(engine, pandas):
    df = load(engine, DATA)
    counts = df.g.value_counts()
    assert counts.name == "value_counts"
    assert counts.to_pandas().tolist() == [3, 2, 1]
    assert df.value_counts(["g", "h"], ascending=True).to_pandas().tolist() == [1, 1, 1, 1, 2]
    assert df.g.value_counts(normalize=True).to_pandas().tolist() == [0.5, 2 / 6, 1 / 6]
    assert values(df.g.unique()) == ["a", "b"]
    assert df.g.unique().name == "g_unique"
    assert df.g.unique(skipna=False).to_pandas().isna().sum() == 1
    assert df.groupby("h").g.unique().to_pandas().tolist() == ["a", "b", "a", "b"]
    assert df.groupby("g").n.value_counts().to_pandas().sum() == 6


@on_every_engine
def test_grouping_sets(engine):
    df = load(engine, {"a": ["x", "x", "y"], "b": [1, 2, 1], "v": [1, 2, 4]})

    def rows(groups):
        found = groups.v.sum().to_frame().reset_index().to_pandas()
        return [tuple(plain(row)) for row in found.values.tolist()]

    assert rows(df.rollup(["a", "b"])) == [
        ("x", 1, 1),
        ("x", 2, 2),
        ("x", None, 3),
        ("y", 1, 4),
        ("y", None, 4),
        (None, None, 7),
    ]
    assert rows(df.cube(["a", "b"]))[-3:] == [(None, 1, 5), (None, 2, 2), (None, None, 7)]
    assert rows(df.groupby((["a", "b"], "b", []))) == [
        ("x", 1, 1),
        ("x", 2, 2),
        ("y", 1, 4),
        (None, 1, 5),
        (None, 2, 2),
        (None, None, 7),
    ]
    assert rows(df.groupby([("a", []), "b"])) == [("x", 1, 1), ("x", 2, 2), ("y", 1, 4), (None, 1, 5), (None, 2, 2)]
    assert rows(df.groupby(((df.v > 1).rename("big"), []))) == [(False, 1), (True, 6), (None, 7)]
    having = df.rollup(["a"]).v.sum().to_frame()
    assert having[having.v > 3].to_pandas().v.tolist() == [4, 7]
    with pytest.raises(NotSupported):
        df.rollup("a").window()


@on_every_engine
def test_window_functions(engine):
    df = load(engine, {"g": [1, 1, 1, 2, 2], "t": [1, 2, 2, 1, 5], "v": [10, 20, None, 40, 50]})
    window = df.sort_values("t").groupby("g").window()
    assert values(df.t.window_rank(window)) == [1, 2, 2, 1, 2]
    assert values(df.t.window_dense_rank(window)) == [1, 2, 2, 1, 2]
    assert values(df.t.window_percent_rank(window)) == [0.0, 0.5, 0.5, 0.0, 1.0]
    assert values(df.t.window_cume_dist(window)) == [1 / 3, 1.0, 1.0, 0.5, 1.0]
    assert values(df.t.window_ntile(2, window)) == [1, 1, 2, 1, 2]
    assert values(df.v.window_nth_value(2, window.set_frame_clause(end_boundary="following"))) == [20.0, 20.0, 20.0, 50.0, 50.0]
    assert values(window["v"].sum()) == [10.0, 30.0, 30.0, 40.0, 90.0]
    assert values(window.t.window_row_number()) == [1, 2, 3, 1, 2]
    assert window.max(numeric_only=True).columns == ["t_max", "v_max"]
    few = df.sort_values("t").groupby("g").window(mode="rows", min_values=2)
    assert values(df.v.sum(few)) == [None, 30.0, 30.0, None, 90.0]
    assert window.frame_clause == "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
    with pytest.raises(InvalidType):
        df.v.median(window)


@on_every_engine
def test_rolling_and_cumulative(engine):
    data = {"t": [3, 1, 2, 5, 4], "v": [1.0, np.nan, 3.0, 8.0, 5.0]}
    df, pandas = load(engine, data).sort_values("t"), pd.DataFrame(data).sort_values("t")

    def check(found, wanted):
        np.testing.assert_allclose(found.to_pandas().to_numpy(float), wanted.to_numpy(float))

    check(df.rolling(2)["v"].sum(), pandas.v.rolling(2).sum())
    check(df.rolling(3, min_periods=1).v.mean(), pandas.v.rolling(3, min_periods=1).mean())
    check(df.rolling(4, min_periods=1, center=True).v.max(), pandas.v.rolling(4, min_periods=1, center=True).max())
    check(df.rolling(3, min_periods=2).v.std(), pandas.v.rolling(3, min_periods=2).std())
    check(df.expanding(2).v.min(), pandas.v.expanding(2).min())
    check(df.v.cumsum(), pandas.v.cumsum())
    check(df.v.cummax(), pandas.v.cummax())
    check(df.v.cummin(), pandas.v.cummin())
    check(df.v.shift(1), pandas.v.shift(1))
    check(df.v.shift(-2, fill_value=0.0), pandas.v.shift(-2, fill_value=0.0))
    check(df.v.diff(), pandas.v.diff())
    check(df.v.pct_change(2), pandas.v / pandas.v.shift(2) - 1)
    check(df.v.ffill(), pandas.v.ffill())
    check(df.v.bfill(), pandas.v.bfill())
    check(df.ffill().v, pandas.v.ffill())
    with pytest.raises(InvalidValue, match="needs sorted rows"):
        load(engine, data).v.cumsum()
    with pytest.raises(InvalidValue, match="needs sorted rows"):
        load(engine, data).rolling(2)


@on_every_engine
@pytest.mark.parametrize("method", ["average", "min", "max", "dense", "first"])
def test_ranks_are_those_of_pandas(engine, method):
    data = {"v": [3.0, 1.0, 3.0, np.nan, 2.0]}
    df, pandas = load(engine, data).sort_index(), pd.DataFrame(data)
    for options in ({}, {"ascending": False}, {"pct": True}):
        np.testing.assert_allclose(
            df.v.rank(method=method, **options).to_pandas().to_numpy(float),
            pandas.v.rank(method=method, **options).to_numpy(float),
        )


@on_every_engine
def test_what_may_raise_stays_behind_its_condition(engine):
    df = load(engine, {"user": ["u", "u", "v"], "text": ["5", "x", "7"], "n": [1, 1, 1]})
    df["most"] = df.groupby("user").n.transform("max")
    df["big"] = (df.text.astype("int64") > 3).where(df.text != "x", other=False)
    # Rows are grouped before they are labelled with the most of their user, and the text "x" is still not read.
    assert df[df.big & (df.most > 0)].groupby("user").n.sum().to_pandas().to_dict() == {"u": 1, "v": 1}


@on_every_engine
def test_groups_by_joined_text(engine):
    df = load(engine, {"g": ["a", "b", "a"], "h": ["é", "x", "é"], "n": [1, 2, 4]})
    df["both"] = df.g + "-" + df.h
    found = df.groupby("both").n.sum().to_pandas()
    assert found.to_dict() == {"a-é": 5, "b-x": 2}
    assert list(found.index) == ["a-é", "b-x"]


@on_every_engine
def test_medians_of_text_and_quantiles_beside_it(engine):
    data = {"g": ["a", "a", "b", "b", None], "s": ["x", "é", "z", None, "B"], "n": [1, 2, 3, 10, 5]}
    df = load(engine, data)
    df["d"] = df.n.map({1: "2022-01-01", 2: "2022-01-03", 3: "2022-01-05", 10: "2022-02-01", 5: "2022-01-04"}).astype("date")
    assert df.s.median().value == "x", "the lower one of B, x, z, é"
    assert df.d.median().value == datetime.date(2022, 1, 4)
    assert values(df.groupby("g").s.median()) == ["x", "z", "B"]
    assert df[["s", "n"]].median().to_pandas().values.tolist() == [["x", 3.0]]
    assert df.median().columns == ["g_median", "s_median", "n_median", "d_median"]
    assert df.quantile().columns == ["n_quantile"]
    assert df.quantile([0.25, 0.5]).to_pandas().n_quantile.tolist() == [2.0, 3.0]
    assert df.groupby("g").quantile().to_pandas().n_quantile.tolist() == [1.5, 6.5, 5.0]
    with pytest.raises(InvalidValue, match="no column for which quantiles are defined"):
        df[["s"]].quantile()
    with pytest.raises(InvalidType):
        df.s.quantile(0.5)
