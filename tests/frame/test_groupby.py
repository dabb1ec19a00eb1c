"""Groups and their aggregates on every engine, against pandas where pandas has the same."""

from __future__ import annotations

import datetime

import pandas as pd
import pytest
from frame.frames import CITIES, GROUPED, load, on_every_engine, plain, values

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported


@pytest.fixture
def cities():
    return pd.DataFrame(CITIES).astype({"people": "Int64", "founded": "Int64"})


@on_every_engine
def test_groups(engine, cities):
    df = load(engine, CITIES)
    found = df.groupby("city")[["people", "founded"]].agg(["sum", "max"]).to_pandas()
    wanted = cities.groupby("city", dropna=False).agg(
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


def same(found, wanted, **more):
    pd.testing.assert_frame_equal(
        found.to_pandas(), wanted, check_dtype=False, check_index_type=False, check_names=False, check_column_type=False, **more
    )


@on_every_engine
@pytest.mark.parametrize("func", ["count", "nunique", "sum", "mean", "min", "max", "median", "std", "var", "sem", "skew"])
def test_aggregates_are_those_of_pandas(engine, pandas, func):
    df = load(engine, GROUPED)
    wanted = getattr(pandas.groupby("g", dropna=False)[["h", "v", "n"]], func)()
    found = getattr(df.groupby("g")[["h", "v", "n"]], func)()
    assert found.columns == [f"{name}_{func}" for name in ("h", "v", "n")]
    same(found, wanted.set_axis(found.columns, axis=1))
    whole = getattr(df[["v", "n"]], func)().to_pandas().iloc[0].astype(float)
    assert whole.tolist() == pytest.approx(getattr(pandas[["v", "n"]], func)().astype(float).tolist())
    assert float(getattr(df.n, func)().value) == pytest.approx(float(getattr(pandas.n, func)()))


@on_every_engine
def test_aggregates_with_options(engine, pandas):
    df = load(engine, GROUPED)
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
    with pytest.raises(InvalidValue, match="no column with quantiles"):
        df[["s"]].quantile()
    with pytest.raises(InvalidType):
        df.s.quantile(0.5)
