"""Intervals of equal width and between quantiles, against pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frame.frames import load, on_every_engine

from objectiv_local.errors import InvalidValue


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
