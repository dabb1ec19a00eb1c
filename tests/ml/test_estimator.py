"""Behavior that estimators over frames share: how they are fitted, and their names compared with scikit-learn's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frame.frames import load
from sklearn.base import BaseEstimator

from objectiv_local import DataFrame, ml
from objectiv_local.errors import InvalidType, NotSupported

ESTIMATORS = [
    getattr(ml, name) for name in ml.__all__ if isinstance(getattr(ml, name), type) and hasattr(getattr(ml, name), "to_sklearn")
]

#: scikit-learn's steps that are overridden on purpose.
REPLACED = {"_validate_params", "_parameter_constraints"}
#: What Python and scikit-learn set in every class.
IN_EVERY_CLASS = {"_abc_impl", "_sklearn_auto_wrap_output_keys"}


def test_estimators_are_found():
    assert {ml.StandardScaler, ml.Compose, ml.TargetEncoder, ml.Ridge, ml.KMeans} <= set(ESTIMATORS)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_no_name_of_ours_hides_a_private_one_of_scikit_learn(estimator):
    ours = [each for each in estimator.__mro__ if each.__module__.startswith("objectiv_local.")]
    theirs = {name for each in estimator.__mro__ if each.__module__.startswith("sklearn.") for name in vars(each)}
    hidden = {
        name
        for each in ours
        for name in vars(each)
        if name.startswith("_") and not name.startswith("__") and name in theirs and "metadata_request" not in name
    }
    assert hidden - REPLACED - IN_EVERY_CLASS == set()


@pytest.mark.parametrize("container", ["pandas", "polars"])
@pytest.mark.parametrize(
    "transformer",
    [
        ml.StandardScaler(),
        ml.OneHotEncoder(sparse_output=False),
        ml.TargetEncoder(),
        ml.Compose([("all", ml.OneHotEncoder(sparse_output=False), ["a"])]),
    ],
)
def test_set_output_is_for_data_in_memory(transformer, container):
    frame = load("duckdb", {"a": [1, 2, 1, 2], "y": [1.5, 2.0, 0.5, 3.0]})
    transformer.set_output(transform=container)
    X, y = frame[["a"]], frame.y
    assert type(transformer.fit_transform(X, y)) is DataFrame
    assert type(transformer.transform(X)) is DataFrame
    in_memory = X.to_pandas()
    assert type(transformer.transform(in_memory)).__module__.startswith(container)


def test_a_target_of_the_database_needs_rows_of_the_database():
    frame = load("duckdb", {"a": [1.0, 2.0], "y": [1.5, 2.0]})
    for estimator in (ml.Ridge(), ml.TargetEncoder(), ml.StandardScaler()):
        with pytest.raises(InvalidType, match="y is in a database, but X is in memory"):
            estimator.fit(pd.DataFrame({"a": [1.0, 2.0]}), frame.y)


def test_what_is_for_rows_in_memory_is_refused():
    frame = load("duckdb", {"a": [1.0, 2.0]})
    for scaler in (ml.StandardScaler(), ml.KBinsDiscretizer(2)):
        for fit in (scaler.fit, scaler.fit_transform):
            with pytest.raises(NotSupported, match="does not support sample_weight for a frame"):
                fit(frame, sample_weight=np.ones(2))
    compose = ml.Compose([("all", ml.StandardScaler(), ["a"])])
    for call in (compose.fit, compose.fit_transform):
        with pytest.raises(NotSupported, match="does not support metadata for a frame"):
            call(frame, metadata=1)
    with pytest.raises(NotSupported, match="does not support metadata for a frame"):
        compose.fit(frame).transform(frame, metadata=1)


def test_composing_leaves_the_parameters_alone():
    given = [("all", ml.StandardScaler(), ["a"]), ("words", "passthrough", ["b"])]
    seen = []

    class Watched(ml.Compose):
        def __setattr__(self, name, value):
            seen.append(name)
            super().__setattr__(name, value)

    compose = Watched(given, remainder="drop")
    seen.clear()
    compose.fit_transform(load("duckdb", {"a": [1.0, 2.0], "b": [3, 4]}))
    assert "transformers_" in seen
    assert not {"transformers", "remainder"} & set(seen)
    assert compose.transformers is given
    assert not hasattr(given[0][1], "mean_")


def test_estimators_are_scikit_learns():
    assert all(issubclass(each, BaseEstimator) for each in ESTIMATORS)
