"""Predictions of fitted estimators over frames equal scikit-learn's, as lazy columns."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from frame.frames import load, on_every_engine, opened
from sklearn.exceptions import NotFittedError

from objectiv_local import DataFrame, Series
from objectiv_local.errors import InvalidValue, NotSupported
from objectiv_local.ml.fitting.cluster import KMeans
from objectiv_local.ml.fitting.linear import LinearRegression, Ridge
from objectiv_local.ml.fitting.logistic import LogisticRegression


@cache
def data():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"a": rng.normal(1e3, 1, 300), "b": rng.poisson(3, 300)})
    score = rows.a - 1e3 + rows.b - 3 + rng.normal(size=300)
    return rows.assign(y=score, bought=score > 0, kind=np.array(["low", "mid", "high"])[np.digitize(score, [-1, 1])])


@cache
def stored(engine):
    return DataFrame.from_pandas(opened(engine), data().rename_axis("row"), materialization="temp_table")


@on_every_engine
@pytest.mark.parametrize("model", [LinearRegression(), Ridge()])
def test_regressors(engine, model):
    frame = stored(engine)[["a", "b", "y"]]
    features = stored(engine)[["a", "b"]]
    model.fit(frame, "y")
    found = model.predict(features)
    assert isinstance(found, Series)
    assert found.name == "prediction"
    plain = model.to_sklearn()
    np.testing.assert_allclose(found.sort_index().to_pandas(), plain.predict(data()[["a", "b"]]), rtol=1e-9, atol=1e-9)
    right = plain.score(data()[["a", "b"]], data().y)
    assert model.score(frame, "y") == pytest.approx(right, rel=1e-9)
    assert model.score(features, stored(engine).y) == pytest.approx(right, rel=1e-9)
    assert model.score(data()[["a", "b"]], data().y) == right


@on_every_engine
@pytest.mark.parametrize("target", ["bought", "kind"])
def test_classifiers(engine, target):
    frame = stored(engine)[["a", "b", target]]
    features = stored(engine)[["a", "b"]]
    model = LogisticRegression().fit(frame, target)
    plain, rows = model.to_sklearn(), data()[["a", "b"]]
    assert list(model.predict(features).sort_index().to_pandas()) == list(plain.predict(rows))
    probabilities = model.predict_proba(features)
    assert probabilities.data_columns == [f"probability_{label}" for label in model.classes_]
    np.testing.assert_allclose(probabilities.sort_index().to_pandas(), plain.predict_proba(rows), rtol=1e-8)
    logs = model.predict_log_proba(features)
    assert logs.data_columns == probabilities.data_columns
    np.testing.assert_allclose(logs.sort_index().to_pandas(), plain.predict_log_proba(rows), rtol=1e-6, atol=1e-9)
    scores = model.decision_function(features)
    assert isinstance(scores, Series if target == "bought" else DataFrame)
    np.testing.assert_allclose(scores.sort_index().to_pandas(), plain.decision_function(rows), rtol=1e-8, atol=1e-8)
    assert model.score(frame, target) == pytest.approx(plain.score(rows, data()[target]), rel=1e-12)


@on_every_engine
def test_clusters(engine):
    features = stored(engine)[["a", "b"]]
    model = KMeans(3).fit(features)
    assert list(model.predict(features).sort_index().to_pandas()) == list(
        model.to_sklearn().predict(data()[["a", "b"]].astype(float))
    )
    assert list(KMeans(3).fit_predict(features).sort_index().to_pandas()) == list(
        model.predict(features).sort_index().to_pandas()
    )


@on_every_engine
def test_missing_features_have_missing_predictions(engine):
    model = Ridge().fit(stored(engine)[["a", "b", "y"]], "y")
    found = model.predict(load(engine, {"a": [1e3, None], "b": [1, 1]})).sort_index().to_pandas()
    assert found.isna().tolist() == [False, True]


def test_frames_that_do_not_fit():
    frame = stored("duckdb")
    model = Ridge().fit(frame[["a", "b", "y"]], "y")
    with pytest.raises(InvalidValue, match="feature names should match"):
        model.predict(frame[["b", "a"]])
    with pytest.raises(NotFittedError):
        LogisticRegression().predict_proba(frame[["a"]])
    with pytest.raises(NotSupported, match="does not support sample_weight for a frame"):
        model.score(frame[["a", "b", "y"]], "y", sample_weight=[1])


@on_every_engine
def test_columns_named_like_answers(engine):
    frame = load(engine, {"prediction": [1.0, 2.0, 4.0], "y": [2.0, 4.0, 8.0]})
    model = LinearRegression().fit(frame, "y")
    found = model.predict(frame[["prediction"]])
    assert found.name == "prediction"
    np.testing.assert_allclose(found.sort_index().to_pandas(), [2.0, 4.0, 8.0])
    assert model.score(frame, "y") == pytest.approx(1.0)


@on_every_engine
@pytest.mark.parametrize("names", [["score", "prediction"], ["probability_0", "score_1"], ["probability_", "score_"]])
def test_features_may_have_the_names_of_answers(engine, names):
    rng = np.random.default_rng(5)
    rows = pd.DataFrame({name: rng.normal(size=40) for name in names})
    for classes in (2, 3):
        frame = load(engine, {**rows, "y": rng.integers(0, classes, 40)})
        model = LogisticRegression().fit(frame, "y")
        plain, features = model.to_sklearn(), frame[names]
        found = model.predict_proba(features)
        assert found.data_columns == [f"probability_{label}" for label in range(classes)]
        np.testing.assert_allclose(found.sort_index().to_pandas(), plain.predict_proba(rows), rtol=1e-9)
        scores = model.decision_function(features)
        np.testing.assert_allclose(scores.sort_index().to_pandas(), plain.decision_function(rows), rtol=1e-9, atol=1e-12)
        assert list(model.predict(features).sort_index().to_pandas()) == list(plain.predict(rows))


@on_every_engine
def test_the_class_zero_has_one_name_whichever_row_is_first(engine):
    for zeros in ([0.0, -0.0], [-0.0, 0.0]):
        frame = load(engine, {"a": [1.0, 2.0, 3.0], "y": [*zeros, 1.0]})
        model = LogisticRegression().fit(frame, "y")
        assert model.predict_proba(frame[["a"]]).data_columns == ["probability_0.0", "probability_1.0"]
