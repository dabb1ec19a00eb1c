"""Merging, reshaping, leaving out and filling rows on every engine, against pandas where pandas has the same."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest
from frame.frames import ENGINES, load, on_every_engine, opened, plain, values

from objectiv_local import DataFrame, concat
from objectiv_local.errors import InvalidType, InvalidValue

LEFT = {"k": ["a", "b", "b", None, "d"], "x": [1, 2, 3, 4, 5]}
RIGHT = {"k": ["b", "c", "a", None], "y": [10, 20, 30, 40]}


def rows(frame, order=None):
    found = frame.reset_index(drop=True).to_pandas()
    out = [tuple(plain(row)) for row in found.itertuples(index=False)]
    return sorted(out, key=lambda row: tuple((value is None, str(value)) for value in row)) if order is None else out


@on_every_engine
@pytest.mark.parametrize("how", ["inner", "left", "right", "outer"])
def test_merges_are_those_of_pandas(engine, how):
    left, right = load(engine, LEFT), load(engine, RIGHT)
    # pandas matches missing keys; those rows are told apart here
    ours = pd.DataFrame(LEFT).assign(k=lambda df: df.k.fillna("left"))
    theirs = pd.DataFrame(RIGHT).assign(k=lambda df: df.k.fillna("right"))
    wanted = ours.merge(theirs, how=how, on="k").assign(k=lambda df: df.k.where(~df.k.isin(["left", "right"]), None))
    found = left.merge(right, how=how, on="k")
    assert found.columns == ["k", "x", "y"]
    assert rows(found) == sorted(
        [tuple(plain(row)) for row in wanted.astype(object).itertuples(index=False)],
        key=lambda row: tuple((value is None, str(value)) for value in row),
    )
    with_nulls = rows(left.merge(right, how=how, on="k", match_nulls=True))
    assert (None, 4, 40) in with_nulls


@on_every_engine
def test_merges_on_conditions_and_of_everything(engine):
    left, right = load(engine, LEFT), load(engine, RIGHT)
    assert len(left.merge(right, how="cross")) == 20
    larger = {
        how: rows(left.merge(right, how=how, on=lambda a, b: a.x * 10 > b.y)[["x", "y"]])
        for how in ("inner", "left", "right", "outer")
    }
    met = [(x, y) for x in LEFT["x"] for y in RIGHT["y"] if x * 10 > y]

    def ordered(pairs):
        return sorted(pairs, key=lambda row: tuple((value is None, str(value)) for value in row))

    assert larger["inner"] == ordered(met)
    assert larger["left"] == ordered([*met, (1, None)])
    assert larger["right"] == ordered(met)
    assert larger["outer"] == ordered([*met, (1, None)])
    keyed = left.merge(right, how="outer", on=["k", lambda a, b: a.x > 2])
    assert rows(keyed[["x", "y"]]) == ordered(
        [(3, 10), (1, None), (2, None), (4, None), (5, None), (None, 20), (None, 30), (None, 40)]
    )
    with pytest.raises(InvalidType, match=r"lambda left, right"):
        left.merge(right, on=left.x > 1)
    with pytest.raises(InvalidValue, match="cross merge has no keys"):
        left.merge(right, how="cross", on="k")


@on_every_engine
def test_merge_keeps_types_and_suffixes(engine):
    left = load(engine, {"k": [1, 2], "v": ["a", "b"]})
    right = load(engine, {"k": [1.0, 2.5], "v": ["c", "d"]})
    both = left.merge(right, on="k", how="outer", suffixes=("_l", "_r"))
    assert both.dtypes == {"k": "float64", "v_l": "string", "v_r": "string"}
    assert rows(both) == [(1.0, "a", "c"), (2.0, "b", None), (2.5, None, "d")]
    by_index = left.set_index("k").merge(
        right.astype({"k": "int64"}).set_index("k"), left_index=True, right_index=True, how="outer"
    )
    assert by_index.index_columns == ["k"]
    assert by_index.sort_index().to_pandas().values.tolist() == [["a", "c"], ["b", "d"]]


@on_every_engine
def test_append(engine):
    one = load(engine, {"a": [1, 2], "b": ["x", "y"]})
    other = load(engine, {"a": [0.5], "c": [True]})
    both = one.append(other)
    assert both.dtypes == {"a": "float64", "b": "string", "c": "bool"}
    assert rows(both) == [(0.5, None, True), (1.0, "x", None), (2.0, "y", None)]
    assert len(concat([one, one, one])) == 6
    assert one.append(other, ignore_index=True).index_columns == []
    assert one.a.append(other.a).to_pandas().sort_values().tolist() == [0.5, 1.0, 2.0]
    mixed = one[["b"]].append(load(engine, {"b": [datetime.date(2022, 1, 2)]}))
    assert sorted(values(mixed.b)) == ["2022-01-02", "x", "y"]
    with pytest.raises(InvalidValue, match="different indexes"):
        one.append(other.reset_index(drop=True))


@on_every_engine
def test_stack_and_unstack(engine):
    df = load(engine, {"a": ["x", "x", "y"], "b": [2, 1, 1], "v": [1.5, 2.5, None], "w": [1, 2, 3]})
    wide = df.set_index(["a", "b"]).unstack()
    assert wide.columns == ["1__v", "1__w", "2__v", "2__w"]
    assert wide.index_columns == ["a"]
    assert rows(wide.reset_index(), order=True) == [("x", 2.5, 2, 1.5, 1), ("y", None, 3, None, None)]
    assert df.set_index(["a", "b"]).w.unstack("a", fill_value=0).to_pandas().to_dict("list") == {"x": [2, 1], "y": [3, 0]}
    twice = load(engine, {"a": [1, 1], "b": ["p", "p"], "v": [1, 2]}).set_index(["a", "b"])
    assert twice.v.unstack(aggregation="sum").to_pandas().p.tolist() == [3]
    stacked = df.set_index("a")[["v", "w"]].stack()
    assert stacked.name == "__stacked"
    assert list(stacked.index) == ["a", "__stacked_index"]
    assert sorted(stacked.to_pandas().tolist()) == [1.0, 1.5, 2.0, 2.5, 3.0]
    assert len(df[["v", "w"]].stack(dropna=False).to_pandas()) == 6
    with pytest.raises(InvalidValue, match="missing values"):
        load(engine, {"a": [1, 2], "b": ["p", None], "v": [1, 2]}).set_index(["a", "b"]).unstack()


@on_every_engine
@pytest.mark.parametrize("func", ["median", "std", "std_pop", "sem", "quantile", "mean", "sum"])
def test_unstack_takes_every_aggregate(engine, func):
    columns = {"a": ["x", "x", "x", "y", "y"], "b": ["p", "p", "q", "p", "p"], "v": [1.0, 4.0, 2.0, 3.0, 7.0]}
    wide = load(engine, columns).set_index(["a", "b"]).unstack(aggregation=func).to_pandas()
    of_pandas = {"std_pop": lambda group: group.std(ddof=0), "sum": lambda group: group.sum()}.get(func, func)
    wanted = pd.DataFrame(columns).groupby(["a", "b"]).v.agg(of_pandas).unstack()
    if func == "sum":
        wanted = wanted.fillna(0)  # the sum of nothing
    for name in ("p", "q"):
        assert wide[f"{name}__v"].tolist() == pytest.approx(wanted[name].tolist(), nan_ok=True)


@on_every_engine
def test_unstack_takes_the_first_and_the_last_in_the_order_of_the_frame(engine):
    df = load(engine, {"a": ["x", "x", "x"], "b": ["p", "p", "p"], "v": [2, 3, 1]}).sort_values("v").set_index(["a", "b"])
    assert df.unstack(aggregation="first").to_pandas().p__v.tolist() == [1]
    assert df.unstack(aggregation="last").to_pandas().p__v.tolist() == [3]
    assert df.unstack(aggregation="size").to_pandas().p__v.tolist() == [3]


@on_every_engine
def test_dummies(engine):
    df = load(engine, {"c": ["red", "blue", None, "red"], "n": [1, 2, 3, 4]})
    found = df.get_dummies().sort_index().to_pandas()
    assert found.columns.tolist() == ["n", "c_blue", "c_red"]
    assert found.c_red.tolist() == [1, 0, 0, 1]
    assert df.c.get_dummies(prefix="is", dummy_na=True).columns == ["is_blue", "is_red", "is_nan"]
    with pytest.raises(InvalidType, match="needs string columns"):
        df.get_dummies(columns="n")
    with pytest.raises(InvalidValue, match="there are 2 prefixes for 1 columns"):
        df.get_dummies(prefix=["a", "b"])


@on_every_engine
def test_dummies_of_every_dtype_are_ones_and_zeros(engine):
    df = load(engine, {"c": ["red", "blue", None]})
    for dtype, one, zero in (
        ("int64", 1, 0),
        ("string", "1", "0"),
        ("float64", 1.0, 0.0),
        ("bool", True, False),
        ("decimal(38, 2)", decimal.Decimal("1.00"), decimal.Decimal("0.00")),
    ):
        found = df.get_dummies(dtype=dtype, dummy_na=True)
        assert set(found.dtypes.values()) == {dtype.replace(" ", "")}
        assert [values(found[name]) for name in ("c_blue", "c_red", "c_nan")] == [
            [zero, one, zero],
            [one, zero, zero],
            [zero, zero, one],
        ]
        assert values(df.c.get_dummies(dtype=dtype).c_red) == [one, zero, zero]
    with pytest.raises(InvalidType, match="timestamp"):
        df.get_dummies(dtype="timestamp")


@on_every_engine
def test_duplicates(engine):
    data = {"a": [1, 1, 2, None, None], "b": ["x", "y", "z", "p", "q"], "t": [2, 1, 1, 5, 4]}
    df, pandas = load(engine, data), pd.DataFrame(data)
    for keep in ("first", "last", False):
        found = df.sort_index().drop_duplicates("a", keep=keep).to_pandas()
        assert sorted(found.b) == sorted(pandas.drop_duplicates("a", keep=keep).b)
    assert sorted(df.drop_duplicates("a", sort_by="t").to_pandas().b) == ["q", "y", "z"]
    assert len(df.append(df).drop_duplicates()) == 5
    assert sorted(df.sort_index().a.drop_duplicates().to_pandas().dropna()) == [1, 2]
    assert df.drop_duplicates("a", ignore_index=True).index_columns == []


@on_every_engine
def test_missing_values(engine):
    data = {"a": pd.array([1, None, 3, None], "Int64"), "b": [1.0, np.nan, np.nan, np.nan], "c": ["x", None, "z", "w"]}
    df, pandas = load(engine, data), pd.DataFrame(data)
    for options in ({}, {"how": "all"}, {"thresh": 2}, {"subset": ["a"]}, {"subset": ["a", "b"], "how": "all"}):
        assert sorted(df.dropna(**options).to_pandas().index) == sorted(pandas.dropna(**options).index)
    assert len(load(engine, {"x": [1.0, 2.0]}).assign(x=lambda df: df.x / 0 * 0).dropna()) == 0  # NaN
    filled = df.fillna(value={"a": 0, "c": "?"}).sort_index().to_pandas()
    assert filled.a.tolist() == [1, 0, 3, 0]
    assert filled.c.tolist() == ["x", "?", "z", "w"]
    assert df.fillna(value=7).sort_index().to_pandas().b.tolist() == [1.0, 7.0, 7.0, 7.0]
    assert df.sort_index().fillna(method="ffill").to_pandas().a.tolist() == [1, 1, 3, 3]
    assert df.bfill(sort_by="_index_row").sort_index().to_pandas().c.tolist() == ["x", "z", "z", "w"]
    assert values(df.c.dropna()) == ["x", "z", "w"]
    with pytest.raises(InvalidType, match="no column can be filled"):
        df[["a", "b"]].fillna(value="x")
    with pytest.raises(InvalidValue):
        df.dropna(axis=1)


@on_every_engine
def test_cut_is_that_of_pandas(engine):
    data = {"v": [1.0, 7.0, 5.0, 4.0, 6.0, 3.0, np.nan, 10.0]}
    df, pandas = load(engine, data), pd.DataFrame(data)
    for right in (True, False):
        wanted = pd.cut(pandas.v, 3, right=right, precision=12)
        found = df.v.cut(3, right=right).sort_index().to_pandas()
        assert found.name == "range"
        for ours, theirs in zip(found, wanted, strict=True):
            if pd.isna(theirs):
                assert ours is None or pd.isna(ours)
            else:
                assert (ours.left, ours.right, ours.closed) == (
                    pytest.approx(theirs.left),
                    pytest.approx(theirs.right),
                    theirs.closed,
                )
    assert df.groupby(df.v.cut(2)).v.count().to_pandas().tolist() == [4, 3, 0]
    constant = load(engine, {"v": [5.0, 5.0]}).v.cut(2).to_pandas()
    assert constant.iloc[0] == constant.iloc[1] == pd.cut(pd.Series([5.0, 5.0]), 2, precision=12).iloc[0]
    counts = df.v.value_counts(bins=3, sort=False)
    assert counts.to_pandas().tolist() == pandas.v.value_counts(bins=3, sort=False).tolist()
    bounds = df.v.cut(2)
    assert sorted(set(bounds.lower.dropna().to_pandas())) == pytest.approx([0.991, 5.5])
    assert bounds.bounds.dropna().to_pandas().unique().tolist() == ["(]"]
    assert bounds.flatten().columns == ["_range_lower", "_range_upper", "_range_bounds"]


@on_every_engine
def test_qcut(engine):
    data = {"v": [1, 7, 5, 4, 6, 3, 2, 10]}
    df, pandas = load(engine, data), pd.DataFrame(data)
    wanted = pd.qcut(pandas.v, 4, labels=False)
    lowers = df.v.qcut(4).lower.sort_index().to_pandas()
    assert lowers.rank(method="dense").astype(int).sub(1).tolist() == wanted.tolist()
    assert df.v.qcut([0, 0.5, 1]).upper.sort_index().to_pandas().tolist() == [4.5, 10, 10, 4.5, 10, 4.5, 4.5, 10]
    with pytest.raises(InvalidValue, match="from 0 to 1"):
        df.v.qcut([0, 2])


@on_every_engine
def test_scaling(engine):
    df = load(engine, {"v": [1.0, 2.0, 3.0], "c": [5, 5, 5], "s": ["a", "b", "c"]})
    scaled = df.scale().sort_index().to_pandas()
    assert scaled.v.tolist() == pytest.approx([-1.224744871391589, 0.0, 1.224744871391589])
    assert scaled.c.tolist() == [0.0, 0.0, 0.0]
    assert scaled.s.tolist() == ["a", "b", "c"]
    assert df.minmax_scale((0, 10)).sort_index().to_pandas().v.tolist() == [0.0, 5.0, 10.0]
    assert df.v.minmax_scale().sort_index().to_pandas().tolist() == [0.0, 0.5, 1.0]


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
    with pytest.raises(InvalidValue, match="is not supported in a query"):
        df.query("__import__('os')")
    assert df.round().columns == ["a", "b"]


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
def test_a_series_is_sorted_by_its_levels_in_directions_of_their_own(engine):
    df = load(engine, {"a": [1, 1, 2], "b": ["x", "y", "x"], "v": [1, 2, 3]}).set_index(["a", "b"])
    assert df.v.sort_index(ascending=[False, True]).to_pandas().tolist() == [3, 1, 2]
    assert df.v.sort_index(ascending=[True, False]).to_pandas().tolist() == [2, 1, 3]
    with pytest.raises(InvalidValue, match="the index has 2 levels, but ascending has 1 values"):
        df.v.sort_index(ascending=[False])


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
def test_a_series_is_merged_as_a_frame_of_one_column(engine):
    left, right = load(engine, {"k": ["b", "a", "c"], "n": [1, 2, 3]}), load(engine, {"k": ["c", "b"], "m": [30, 10]})
    found = left.merge(right.m, left_index=True, right_index=True)
    assert found.sort_values("n").to_pandas().values.tolist() == [["b", 1, 30], ["a", 2, 10]]
    assert left.merge(right.k, on="k").sort_values("n").to_pandas()[["k", "n"]].values.tolist() == [["b", 1], ["c", 3]]
    assert left.merge(right.k).sort_values("n").n.to_pandas().tolist() == [1, 3]
    outer = left.merge(right.m, left_on="n", right_on="m", how="outer")
    assert plain(outer.sort_values(["n", "m"]).m.to_pandas()) == [None, None, None, 10, 30]
    with pytest.raises(InvalidType, match="has to be a DataFrame or a Series, not"):
        left.merge([1])


@on_every_engine
def test_frames_are_merged_on_bool_series_over_both(engine):
    left = load(engine, {"a": ["b", "a", "c"], "n": [100, 25, 250]})
    right = load(engine, {"a": ["b", "c"], "m": [50, 150]})
    right["half"] = right.m / 2

    def pairs(on, how="inner", one=left):
        found = one.merge(right, how=how, on=on)[["n", "m"]].sort_values(["n", "m"]).to_pandas()
        return [tuple(plain(row)) for row in found.values.tolist()]

    assert pairs([left.n > right.m]) == pairs(left.n > right.m) == [(100, 50), (250, 50), (250, 150)]
    assert left.merge(right, on=left.n > right.m).columns == ["a_x", "n", "a_y", "m", "half"]
    assert left.merge(right, on=["a", left.n > right.m]).columns == ["a", "n", "m", "half"]
    assert pairs(["a", left.n > right.m], "left") == [(25, None), (100, 50), (250, 150)]
    assert pairs(["a", left.n * 1.5 < right.m], "outer") == [(25, None), (100, None), (250, None), (None, 50), (None, 150)]
    assert pairs([(left.n > right.m) & (left.a == right.a)]) == pairs([left.n > right.m, left.a == right.a])
    assert pairs([(left.n - right.m).astype("float64") + right.half > 100]) == [(250, 50), (250, 150)]
    condition = left.n > right.m
    left["later"] = 1
    assert pairs(condition, one=left[left.n > 100]) == [(250, 50), (250, 150)]
    both = left.copy()
    with pytest.raises(InvalidValue, match="which frame it reads"):
        left.merge(both, on=left.n > both.n)
    with pytest.raises(InvalidValue, match=r"no index in common.*\n.*left.merge\(right"):
        left.merge(right, on=left.index["_index_row"] == right.index["_index_row"])
    with pytest.raises(InvalidValue, match="not over the columns"):
        left.merge(right, on=left.n > load(engine, {"z": [1.5]}).z)
    with pytest.raises(InvalidValue, match="only columns of the two sides"):
        left.merge(right, on=(left.n > right.m) & (left.n > left.n.max()))
    with pytest.raises(InvalidType, match="bool series"):
        left.merge(right, on=left.n + right.m)
    left["n"] = 0
    with pytest.raises(InvalidValue, match="not over the columns"):
        left.merge(right, on=condition)
