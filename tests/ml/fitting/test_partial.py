"""fit_batches: the estimator sees every row, batch by batch, as if it had received them directly."""

from __future__ import annotations

import importlib

import numpy as np
import pandas as pd
import pytest
from frame.frames import load, on_every_engine
from sklearn.cluster import MiniBatchKMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import StandardScaler

from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue
from objectiv_local.ml.fitting.partial import LEARNERS, fit_batches

ROWS = pd.DataFrame(
    {"a": np.arange(40) % 7 * 1.5, "b": np.arange(40) % 3, "kind": ["x", "y", "x", "z"] * 10, "flag": [True, False] * 20}
)


@on_every_engine
def test_the_classes_of_a_classifier_are_found(engine):
    found = fit_batches(GaussianNB(), load(engine, ROWS), "kind", features=["a", "b"], batch_rows=7)
    right = GaussianNB().fit(ROWS[["a", "b"]], ROWS.kind)
    np.testing.assert_allclose(found.theta_, right.theta_, rtol=1e-12)
    np.testing.assert_allclose(found.var_, right.var_, rtol=1e-6)  # the smoothing uses the last batch only
    assert found.classes_.tolist() == ["x", "y", "z"]
    assert found.feature_names_in_.tolist() == ["a", "b"]


@on_every_engine
def test_batches_epochs_and_progress(engine):
    seen = []
    frame = load(engine, ROWS).sort_index()[["a", "b", "flag"]]
    found = fit_batches(
        SGDClassifier(random_state=0),
        frame,
        "flag",
        epochs=2,
        batch_rows=16,
        on_batch=lambda done, rows: seen.append((done, rows)),
    )
    right = SGDClassifier(random_state=0)
    for _ in range(2):
        for start in (0, 16, 32):
            part = ROWS.iloc[start : start + 16]
            right.partial_fit(part[["a", "b"]].astype(float), part.flag, classes=[False, True])
    np.testing.assert_allclose(found.coef_, right.coef_, rtol=1e-12)
    assert found.classes_.tolist() == [False, True]
    assert seen == [(16, 80), (32, 80), (40, 80), (56, 80), (72, 80), (80, 80)]


@on_every_engine
def test_classes_given(engine):
    frame = load(engine, ROWS)[["a", "b", "kind"]]
    assert fit_batches(GaussianNB(), frame, "kind", classes=["z", "y", "x", "w"]).classes_.tolist() == ["w", "x", "y", "z"]


@on_every_engine
def test_learning_goes_on(engine):
    frame = load(engine, ROWS).sort_index()[["a", "b", "kind"]]
    model = fit_batches(GaussianNB(), frame, "kind")
    model = fit_batches(model, frame[frame.kind == "x"], "kind")
    assert model.class_count_.tolist() == [40.0, 10.0, 10.0]


@on_every_engine
def test_regressors_transformers_and_clusters(engine):
    frame = load(engine, ROWS).sort_index()[["a", "b"]]
    regressor = fit_batches(SGDRegressor(random_state=0), frame, "b")
    right = SGDRegressor(random_state=0).partial_fit(ROWS[["a"]], ROWS.b)
    np.testing.assert_allclose(regressor.coef_, right.coef_, rtol=1e-12)
    by_series = fit_batches(SGDRegressor(random_state=0), frame, frame.b)
    assert by_series.feature_names_in_.tolist() == ["a"]
    scaler = fit_batches(StandardScaler(), frame, batch_rows=11)
    np.testing.assert_allclose(scaler.mean_, ROWS[["a", "b"]].mean(), rtol=1e-12)
    assert fit_batches(MiniBatchKMeans(2, random_state=0), frame, batch_rows=20).cluster_centers_.shape == (2, 2)


def test_estimators_that_cannot():
    frame = load("duckdb", ROWS)[["a", "b"]]
    with pytest.raises(InvalidType, match=r"RandomForestClassifier has no partial_fit(.|\n)*SGDClassifier"):
        fit_batches(RandomForestClassifier(), frame, "b")
    with pytest.raises(InvalidType, match=r"not the class GaussianNB(.|\n)*GaussianNB\(\)"):
        fit_batches(GaussianNB, frame, "b")


def test_learners_of_scikit_learn_have_partial_fit():
    modules = ["linear_model", "neural_network", "naive_bayes", "cluster", "decomposition", "preprocessing"]
    known = {name: value for module in modules for name, value in vars(importlib.import_module(f"sklearn.{module}")).items()}
    for name in LEARNERS:
        assert hasattr(known[name], "partial_fit")


@on_every_engine
def test_arguments(engine):
    frame = load(engine, ROWS)[["a", "b"]]
    with pytest.raises(InvalidValue, match="requires y to be passed"):
        fit_batches(GaussianNB(), frame)
    with pytest.raises(ColumnNotFound, match="given as target"):
        fit_batches(GaussianNB(), frame, "c")
    with pytest.raises(InvalidValue, match="does not use classes"):
        fit_batches(StandardScaler(), frame, classes=[1, 2])
    with pytest.raises(InvalidValue, match=r"Found array with 0 sample\(s\)"):
        fit_batches(StandardScaler(), frame[frame.a > 100])
    with pytest.raises(InvalidValue, match="epochs has to be"):
        fit_batches(StandardScaler(), frame, epochs=0)
    with pytest.raises(InvalidType, match=r"frame of fit_batches has to be a DataFrame, not a pandas\.DataFrame"):
        fit_batches(StandardScaler(), ROWS)
    with pytest.raises(ValueError, match="Input X contains NaN"):
        fit_batches(GaussianNB(), load(engine, {"a": [1.0, None], "y": [1, 0]}), "y")
