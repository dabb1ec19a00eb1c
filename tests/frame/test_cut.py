"""Intervals of equal width and between quantiles, against pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frame.frames import load, on_every_engine

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.cut import cut


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


EDGES = [
    [0, 5, 10],
    [-np.inf, 0, 5, np.inf],
    [0.5, 7.0],
    range(-5, 25, 1),  # more than are compared one by one
    np.array([1, 7]),
    pd.Series([-1e30, 2.5, 1e30]),
]


@on_every_engine
@pytest.mark.parametrize("right", [True, False])
def test_cut_between_edges_is_that_of_pandas(engine, right):
    data = {"v": [1.0, 7.0, 5.0, np.nan, 0.0, 10.0, 20.0, -3.0, np.inf, -np.inf]}
    df, pandas = load(engine, data), pd.DataFrame(data)
    cuts = {f"cut_{number}": df.v.cut(edges, right=right) for number, edges in enumerate(EDGES)}
    found = df.assign(**cuts).sort_index().to_pandas()
    for number, edges in enumerate(EDGES):
        wanted = pd.cut(pandas.v, list(edges), right=right, precision=12)
        assert [None if pd.isna(each) else each for each in found[f"cut_{number}"]] == [
            None if pd.isna(each) else each for each in wanted
        ]


@on_every_engine
def test_whole_numbers_are_compared_with_edges_exactly(engine):
    df = load(engine, {"v": [2**53, 2**53 + 1, 2**53 + 2]})
    assert df.v.cut([2**53, 2**53 + 1]).notnull().sort_index().to_pandas().tolist() == [False, True, False]
    assert df.v.astype("decimal(38,2)").cut([2**53, 2**53 + 1]).notnull().sort_index().to_pandas().tolist() == [
        False,
        True,
        False,
    ]


def test_edges_have_to_ascend():
    v = load("duckdb", {"v": [1.0]}).v
    for edges in ([1], [], [2, 1], [1, 1], [1, float("nan")]):
        with pytest.raises(InvalidValue, match="the edges in bins have to be two or more numbers in ascending order"):
            v.cut(edges)
    for edge in (2**63, 10**400):
        with pytest.raises(InvalidValue, match="does not fit in 64 bits\nhint: use a float"):
            v.cut([0, edge])
    with pytest.raises(InvalidType, match="bins has to be a number of intervals or a list of edges, not a set"):
        v.cut({1, 2})
    with pytest.raises(InvalidValue, match="makes at most 1,000 intervals, not 1,001"):
        v.cut(range(1_002))
    assert v.cut(range(1_001)).upper.to_pandas().tolist() == [1.0]
    with pytest.raises(InvalidValue, match="method='bach' is for a number of intervals"):
        cut(v, [0, 1], method="bach")
    for edges in ("ab", [True, 2], [None, 1], ["a", "b"], 1.5, None, {}):
        with pytest.raises(InvalidType, match=r"bins of SeriesFloat64\.cut has to be a whole number or a list of numbers"):
            v.cut(edges)


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
