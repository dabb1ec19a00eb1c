"""Imputers over frames: scikit-learn's attributes and results, on every engine."""

from __future__ import annotations

import numpy as np
import pytest
from frame.frames import on_every_engine
from ml.against import CATEGORIES, NUMBERS, equal_to, fetched, over
from sklearn import impute

from objectiv_local import ml
from objectiv_local.errors import InvalidType, NotSupported


@on_every_engine
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"strategy": "median"},
        {"strategy": "most_frequent"},
        {"strategy": "constant", "fill_value": -1.5},
        {"add_indicator": True},
        {"missing_values": 3.5, "strategy": "constant", "fill_value": 0.0},
    ],
)
def test_imputed_numbers_are_scikit_learns(engine, options):
    columns = {name: NUMBERS[name].astype("float64") for name in NUMBERS}
    if "missing_values" in options:
        del columns["holes"]
    rtol = 1e-12 if options.get("strategy", "mean") == "mean" else 0.0
    found = equal_to(engine, ml.SimpleImputer(**options), impute.SimpleImputer(**options), columns, rtol)
    assert not fetched(found).isna().any().any()


@on_every_engine
def test_ties_in_frequency_are_filled_with_the_least(engine):
    columns = {"x": np.array([2.0, 1.0, np.nan, 2.0, 1.0])}
    equal_to(engine, ml.SimpleImputer(strategy="most_frequent"), impute.SimpleImputer(strategy="most_frequent"), columns)


@on_every_engine
@pytest.mark.parametrize("options", [{"strategy": "most_frequent"}, {"strategy": "constant", "fill_value": "none"}])
def test_text_is_imputed(engine, options):
    columns = {"city": CATEGORIES["city"], "full": np.array(["x"] * len(CATEGORIES["city"]), dtype=object)}
    equal_to(
        engine, ml.SimpleImputer(add_indicator=True, **options), impute.SimpleImputer(add_indicator=True, **options), columns
    )


@on_every_engine
@pytest.mark.parametrize("keep", [False, True])
def test_a_feature_without_values_is_dropped_or_kept_as_scikit_learn_does(engine, keep):
    columns = {"empty": np.array([np.nan, np.nan, np.nan]), "x": np.array([1.0, np.nan, 3.0])}
    equal_to(engine, ml.SimpleImputer(keep_empty_features=keep), impute.SimpleImputer(keep_empty_features=keep), columns)


def test_wrong_input_is_told():
    frame = over("duckdb", {"x": np.array([1.0, np.nan]), "text": np.array(["a", "b"], dtype=object)})
    with pytest.raises(InvalidType, match="non-numeric data: column 'text' is a string column"):
        ml.SimpleImputer().fit(frame)
    with pytest.raises(NotSupported, match="does not support a function"):
        ml.SimpleImputer(strategy=np.max).fit(frame[["x"]])
