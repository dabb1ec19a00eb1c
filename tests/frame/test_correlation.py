"""Correlations on every engine, against pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frame.frames import load, on_every_engine

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported


@on_every_engine
@pytest.mark.parametrize("method", ["pearson", "spearman"])
@pytest.mark.parametrize("rows", [0, 1, 2, 3, 80])
def test_correlations_are_those_of_pandas(engine, method, rows):
    rng = np.random.default_rng(rows)
    base = rng.normal(size=rows)
    theirs = pd.DataFrame(
        {
            "a": base * 1e6,
            "b": base + rng.normal(size=rows),
            "c": rng.integers(0, 3, rows).astype(float),
            "same": np.full(rows, 0.1),
        }
    )
    theirs = theirs.mask(rng.random(theirs.shape) < 0.2)
    theirs["n"], theirs["flag"] = rng.integers(0, 5, rows), rng.random(rows) < 0.5
    theirs.index.name = "__column"
    df = load(engine, theirs)
    for periods in (1, 3):
        ours = df.corr(method, periods).to_pandas()
        wanted = theirs.corr(method, periods).astype(float).rename_axis("__column")
        pd.testing.assert_frame_equal(ours, wanted, rtol=1e-9, atol=1e-12, check_index_type=False)
    found = df.a.corr(df.b, method)
    assert found.dtype == "float64"
    assert float(found) == pytest.approx(theirs.a.corr(theirs.b, method), rel=1e-9, nan_ok=True)


@on_every_engine
def test_correlations_keep_their_digits(engine):
    # 1, 2, 1 and 1, 3, 5 are not correlated, however far from 0 they are; engines' own functions say otherwise.
    for scale, far in ((1.0, 2.0**50), (1e100, 0.0), (1e-200, 0.0)):
        df = load(engine, {"a": [far + 1 * scale, far + 2 * scale, far + 1 * scale], "b": [1.0, 3.0, 5.0]})
        assert float(df.a.corr(df.b)) == pytest.approx(0.0, abs=1e-12)
        assert float(df.a.corr(df.a)) == 1.0
        assert float((-df.a).corr(df.a)) == -1.0
    constant = load(engine, {"a": [0.1] * 7, "b": list(range(7))})
    assert constant.a.corr(constant.b).value is None
    odd = load(engine, {"a": [1.0, 2.0, 4.0], "zero": [0.0, 0.0, 1.0]})
    assert np.isnan((odd.a / odd.zero).corr(odd.a).value), "infinity has no distance from a mean"
    # aligned on the index
    assert float(odd.a.corr(load(engine, {"a": [3.0, 2.0, 0.0]}).a)) == pytest.approx(-1.0)


def test_correlation_refuses_what_it_cannot_do():
    df = load("duckdb", {"s": ["a", "b"], "v": [1, 2]})
    with pytest.raises(InvalidType, match=r"column 's', which is string.*\n.*numeric_only=True"):
        df.corr()
    assert df.corr(numeric_only=True).columns == ["v"]
    for call, error in (
        (lambda: df.v.corr(df.s), InvalidType),
        (lambda: df.v.corr(1), InvalidType),
        (lambda: df[["v"]].corr("kendall"), NotSupported),
        (lambda: df[["v"]].corr(min_periods=-1), InvalidValue),
        (lambda: df[["s"]].corr(numeric_only=True), InvalidValue),
        (lambda: df.groupby("s").corr(), InvalidValue),
        (lambda: df.assign(**{f"c{i}": i for i in range(12)}).corr(numeric_only=True), InvalidValue),
    ):
        with pytest.raises(error):
            call()
