"""Appending, stacking, dummies, duplicates and missing values, against pandas where pandas has the same."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest
from frame.frames import GROUPED, load, on_every_engine, rows, values

from objectiv_local import concat
from objectiv_local.errors import InvalidType, InvalidValue


@on_every_engine
def test_value_counts_and_unique(engine, pandas):
    df = load(engine, GROUPED)
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
    with pytest.raises(InvalidType, match="made of text"):
        df.get_dummies(columns="n")
    with pytest.raises(InvalidValue, match="2 prefixes cannot be those of 1 columns"):
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
