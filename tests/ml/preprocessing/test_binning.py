"""Bins over frames: scikit-learn's edges and results, on every engine."""

from __future__ import annotations

import numpy as np
import pytest
from frame.frames import on_every_engine
from ml.against import NUMBERS, equal_to, fetched, known, over, quiet
from sklearn import preprocessing

from objectiv_local import ml
from objectiv_local.errors import InvalidValue, NotSupported


def method(name):
    """Return the parameter for a quantile method; older releases of scikit-learn have a single method and no parameter."""
    return {"quantile_method": name} if known(preprocessing.KBinsDiscretizer, ["quantile_method"]) else {}


BINS = [
    {"encode": encode, "strategy": strategy, "n_bins": n}
    for encode in ("ordinal", "onehot-dense")
    for strategy in ("uniform", "quantile")
    for n in (2, 5)
]


@on_every_engine
@pytest.mark.parametrize("options", BINS)
def test_bins_are_scikit_learns(engine, options):
    columns = {name: NUMBERS[name].astype("float64") for name in ("offset", "same", "visits", "price")}
    with quiet():
        equal_to(engine, ml.KBinsDiscretizer(**options), preprocessing.KBinsDiscretizer(**options), columns)


@on_every_engine
def test_linear_quantiles_are_bins_too(engine):
    columns = {name: NUMBERS[name].astype("float64") for name in ("offset", "visits", "price")}
    options = {"n_bins": [3, 2, 7], "encode": "ordinal", **method("linear")}
    with quiet():
        equal_to(engine, ml.KBinsDiscretizer(**options), preprocessing.KBinsDiscretizer(**options), columns)


@on_every_engine
def test_values_on_an_edge_are_in_the_bin_above(engine):
    frame = over(engine, {"x": np.array([0.0, 1.0, 2.0, 4.0])})
    binner = ml.KBinsDiscretizer(2, encode="ordinal", strategy="uniform").fit(frame)
    test = over(engine, {"x": np.array([-9.0, 1.9999999999999998, 2.0, 99.0, np.nan])})
    assert fetched(binner.transform(test))["x"].fillna(-1).tolist() == [0, 0, 1, 1, -1]
    assert fetched(binner.inverse_transform(binner.transform(frame)))["x"].tolist() == [1, 1, 3, 3]


@on_every_engine
@pytest.mark.parametrize("encode", ["ordinal", "onehot-dense"])
def test_quantile_bins_of_one_row_are_scikit_learns(engine, encode):
    ours, theirs = (
        kind(2, encode=encode, strategy="quantile", **method("averaged_inverted_cdf"))
        for kind in (ml.KBinsDiscretizer, preprocessing.KBinsDiscretizer)
    )
    equal_to(engine, ours, theirs, {"a": np.array([1.5]), "b": np.array([2])})


@on_every_engine
def test_bins_that_are_all_too_narrow_are_told(engine):
    frame = over(engine, {"fine": np.array([1.0, 2.0, 3.0]), "tiny": np.array([0.0, 1e-10, 2e-10])})
    with quiet(), pytest.raises(InvalidValue, match="the bins of 'tiny' are all narrower"):
        ml.KBinsDiscretizer(2, strategy="quantile", **method("linear")).fit(frame)


@on_every_engine
def test_infinite_values_are_refused(engine):
    frame = over(engine, {"fine": np.array([1.0, 2.0]), "wide": np.array([1.0, np.inf])})
    with pytest.raises(InvalidValue, match=r"contains infinity or a value too large.*, in wide:"):
        ml.KBinsDiscretizer(2).fit(frame)


def test_wrong_input_is_told():
    frame = over("duckdb", {"x": np.array([1.0, np.nan])})
    with pytest.raises(InvalidValue, match="values are missing in x"):
        ml.KBinsDiscretizer(2).fit(frame)
    with pytest.raises(NotSupported, match="kmeans"):
        ml.KBinsDiscretizer(2, strategy="kmeans").fit(frame)
    if method("hazen"):
        with pytest.raises(NotSupported, match="quantile_method"):
            ml.KBinsDiscretizer(2, quantile_method="hazen").fit(frame)
