"""Window functions of series, on every engine, against pandas where pandas has the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frame.frames import events, load, on_every_engine, same, values

from objectiv_local.errors import InvalidType, InvalidValue


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
    with pytest.raises(InvalidValue, match="needs an order"):
        load(engine, data).v.cumsum()
    with pytest.raises(InvalidValue, match="needs an order"):
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
def test_rolling_and_expanding_of_a_series(engine):
    theirs = events()
    theirs.index.name = "row"
    df = load(engine, theirs).sort_values("moment")
    theirs = theirs.sort_values("moment")
    same(df.x.rolling(3, min_periods=1).mean().to_pandas(), theirs.x.rolling(3, min_periods=1).mean())
    same(df.x.expanding().max().to_pandas(), theirs.x.expanding().max())
    ours = df.groupby("user").x.rolling(2, min_periods=1).sum()
    wanted = theirs.groupby("user").x.rolling(2, min_periods=1).sum().droplevel(0)
    same(ours.sort_index().to_pandas(), wanted.sort_index())
