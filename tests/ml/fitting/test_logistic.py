"""Logistic regression over frames: scikit-learn's objective and numbers, on every engine."""

from __future__ import annotations

import decimal
from functools import cache

import numpy as np
import pandas as pd
import pytest
import sklearn.linear_model
from frame.frames import ENGINES, load, on_every_engine, opened
from sklearn.exceptions import ConvergenceWarning

from objectiv_local import DataFrame
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.ml.fitting import stream
from objectiv_local.ml.fitting.logistic import LogisticRegression

ROWS = 1500
FEATURES = ["offset", "counts", "skewed"]


@cache
def data():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "offset": rng.normal(100, 1, ROWS),
            "counts": rng.poisson(3, ROWS),
            "skewed": rng.exponential(size=ROWS) * 50,
            "constant": np.full(ROWS, 7.5),
        }
    )
    score = (rows.offset - 100) + 0.5 * rows["counts"] - 0.02 * rows.skewed - 1
    rows["bought"] = rng.random(ROWS) < 1 / (1 + np.exp(-score))
    rows["kind"] = np.array(["low", "été", "high"], dtype=object)[np.digitize(score + 2 * rng.normal(size=ROWS), [-1, 1])]
    rows["stars"] = np.digitize(score + 2 * rng.normal(size=ROWS), [-2, 0, 2]) + 1
    return rows


@cache
def stored(engine):
    return DataFrame.from_pandas(opened(engine), data(), materialization="temp_table")


def fitted(parameters, features, target):
    return sklearn.linear_model.LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=1000, **parameters).fit(
        data()[features], data()[target]
    )


@on_every_engine
@pytest.mark.parametrize("target", ["bought", "kind", "stars"])
@pytest.mark.parametrize(
    "parameters", [{}, {"C": 0.01}, {"C": np.inf}, {"fit_intercept": False}, {"class_weight": "balanced"}], ids=str
)
def test_coefficients(engine, target, parameters):
    found = LogisticRegression(tol=1e-10, **parameters).fit(stored(engine)[[*FEATURES, target]], target)
    right = fitted(parameters, FEATURES, target)
    np.testing.assert_allclose(found.coef_, right.coef_, atol=1e-8)
    np.testing.assert_allclose(found.intercept_, right.intercept_, atol=1e-8, rtol=1e-8)
    assert found.classes_.tolist() == right.classes_.tolist()
    assert found.classes_.dtype == right.classes_.dtype
    for name in ("coef_", "intercept_", "n_iter_"):
        assert getattr(found, name).shape == getattr(right, name).shape
        assert getattr(found, name).dtype == getattr(right, name).dtype
    assert list(found.feature_names_in_) == FEATURES
    assert 3 <= found.n_iter_[0] <= 10


@on_every_engine
def test_class_weights_by_class(engine):
    for target, weights in (("bought", {True: 3.0}), ("kind", {"été": 0.5, "low": 2.0}), ("stars", {1: 2, 4: 0.25})):
        found = LogisticRegression(tol=1e-10, class_weight=weights).fit(stored(engine)[[*FEATURES, target]], target)
        right = fitted({"class_weight": weights}, FEATURES, target)
        np.testing.assert_allclose(found.coef_, right.coef_, atol=1e-8)


@on_every_engine
def test_constant_columns(engine):
    names = [*FEATURES, "constant"]
    found = LogisticRegression(tol=1e-10).fit(stored(engine)[[*names, "bought"]], "bought")
    np.testing.assert_allclose(found.coef_, fitted({}, names, "bought").coef_, atol=1e-8)
    assert found.coef_[0, 3] == 0
    found = LogisticRegression(tol=1e-10, fit_intercept=False).fit(stored(engine)[[*names, "bought"]], "bought")
    np.testing.assert_allclose(found.coef_, fitted({"fit_intercept": False}, names, "bought").coef_, atol=1e-8)
    only = LogisticRegression(tol=1e-12).fit(stored(engine)[["constant", "bought"]], "bought")
    odds = data().bought.mean() / (1 - data().bought.mean())
    np.testing.assert_allclose(only.intercept_, [np.log(odds)], atol=1e-10)


@on_every_engine
def test_rows_that_are_not_kept(engine, monkeypatch):
    frame = stored(engine)[[*FEATURES, "kind"]]
    kept = LogisticRegression().fit(frame, "kind")
    monkeypatch.setattr(stream, "KEPT_BYTES", 0)
    streamed = LogisticRegression().fit(frame, "kind")
    np.testing.assert_allclose(streamed.coef_, kept.coef_, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("target", ["bought", "kind"])
def test_engines_agree(target):
    models = [LogisticRegression().fit(stored(engine)[[*FEATURES, target]], target) for engine in ENGINES]
    for model in models[1:]:
        np.testing.assert_allclose(model.coef_, models[0].coef_, rtol=1e-8)
        np.testing.assert_allclose(model.intercept_, models[0].intercept_, rtol=1e-8)
        assert model.n_iter_ == models[0].n_iter_


@on_every_engine
def test_floats_that_are_whole_are_classes(engine):
    found = LogisticRegression().fit(load(engine, {"x": [1.0, 2.0, 3.0], "y": [0.0, 2.0, 0.0]}), "y")
    assert found.classes_.tolist() == [0.0, 2.0]
    assert found.classes_.dtype == float
    frame = load(engine, {"x": [1.0, 2.0, 3.0], "y": [decimal.Decimal("1.5"), decimal.Decimal(2), decimal.Decimal(2)]})
    with pytest.raises(InvalidValue, match="Unknown label type: continuous"):
        LogisticRegression().fit(frame, "y")
    again = LogisticRegression().fit(frame.assign(y=frame.y * 2), "y")
    assert again.classes_.tolist() == [3.0, 4.0]
    np.testing.assert_allclose(
        again.coef_, -LogisticRegression().fit(load(engine, {"x": [1.0, 2.0, 3.0], "y": [1, 0, 0]}), "y").coef_
    )


@on_every_engine
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, 1, 1], "at least 2 classes in the data, but the data contains only one class: "),
        ([0.5, 1.0, 2.0], "Unknown label type: continuous"),
        (["a", None, "b"], "Input y contains NaN(.|\n)*in 1 rows"),
    ],
)
def test_targets_that_are_no_classes(engine, labels, message):
    with pytest.raises(InvalidValue, match=message):
        LogisticRegression().fit(load(engine, {"x": [1.0, 2.0, 3.0], "y": labels}), "y")


@on_every_engine
@pytest.mark.parametrize("labels", [[0, 0, 1, 1, 1], ["a", "a", "b", "b", "c"]])
def test_perfect_separation(engine, labels):
    frame = load(engine, {"x": [1.0, 2.0, 3.0, 4.0, 9.0], "y": labels})
    with pytest.raises(InvalidValue, match="perfectly separated"):
        LogisticRegression(C=np.inf).fit(frame, "y")
    assert np.isfinite(LogisticRegression().fit(frame, "y").coef_).all()


@on_every_engine
def test_separation_of_some_rows(engine):
    flag = [1, 1, 1, 0, 0, 0, 0, 0]
    frame = load(engine, {"flag": flag, "x": [1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 4.0, 5.0], "y": [1, 1, 1, 0, 1, 0, 1, 0]})
    with pytest.raises(InvalidValue, match="perfectly separated, at least for some rows"):
        LogisticRegression(C=np.inf).fit(frame, "y")


@on_every_engine
def test_rare_classes_are_not_separated(engine):
    rng = np.random.default_rng(5)
    x = rng.normal(size=4000)
    y = np.arange(4000) < 4
    frame = DataFrame.from_pandas(opened(engine), pd.DataFrame({"x": x, "y": y}), materialization="temp_table")
    found = LogisticRegression(C=np.inf, tol=1e-10).fit(frame, "y")
    right = sklearn.linear_model.LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(x[:, None], y)
    np.testing.assert_allclose(found.coef_, right.coef_, rtol=1e-7)


@on_every_engine
def test_depending_columns(engine):
    rows = data()[["counts", "skewed", "bought"]].assign(twice=lambda df: 2 * df["counts"]).head(200)
    with pytest.raises(InvalidValue, match=r"columns \['counts', 'twice'\] are linearly dependent"):
        LogisticRegression(C=np.inf).fit(load(engine, rows), "bought")
    found = LogisticRegression(tol=1e-10).fit(load(engine, rows), "bought")
    names = list(found.feature_names_in_)
    right = sklearn.linear_model.LogisticRegression(solver="newton-cholesky", tol=1e-12).fit(rows[names], rows.bought)
    np.testing.assert_allclose(found.coef_, right.coef_, atol=1e-8)


@on_every_engine
def test_steps_that_are_too_long_are_halved(engine, monkeypatch):
    # Features with outliers, for which one step goes too far. Each step reads the rows once, and each halving once more.
    rng = np.random.default_rng(784)
    X = pd.DataFrame(rng.standard_t(1.0, size=(30, 3)), columns=["a", "b", "c"])
    y = rng.integers(0, 3, 30)
    reads = []
    read = stream.RowStream.read
    monkeypatch.setattr(stream.RowStream, "read", lambda self: (reads.append(1), read(self))[1])
    found = LogisticRegression(tol=1e-10).fit(load(engine, X.assign(y=y)), "y")
    assert len(reads) > found.n_iter_[0] + 1
    right = sklearn.linear_model.LogisticRegression(solver="newton-cholesky", tol=1e-12).fit(X, y)
    np.testing.assert_allclose(found.coef_, right.coef_, atol=1e-8)


def test_too_few_iterations():
    with pytest.warns(ConvergenceWarning, match="did not converge after 1 iterations"):
        found = LogisticRegression(max_iter=1, tol=1e-10).fit(stored("duckdb")[[*FEATURES, "bought"]], "bought")
    assert found.n_iter_.tolist() == [1]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"solver": "saga"}, "solver='saga'"),
        ({"solver": "liblinear"}, "solver='liblinear'"),
        ({"l1_ratio": 0.5}, "l1_ratio=0.5"),
        ({"dual": True}, "dual=True"),
        ({"warm_start": True}, "warm_start=True"),
        ({"penalty": "l1"}, "penalty='l1'"),
    ],
)
def test_parameters_that_frames_do_not_have(parameters, message):
    with pytest.raises(NotSupported, match=rf"LogisticRegression\({message}\) cannot be fitted to a frame"):
        LogisticRegression(**parameters).fit(stored("duckdb")[["counts", "bought"]], "bought")


def test_rows_that_cannot_be_fitted():
    with pytest.raises(InvalidValue, match="Input X contains NaN: column 'x'"):
        LogisticRegression().fit(load("duckdb", {"x": [1.0, None], "y": [0, 1]}), "y")
    frame = load("duckdb", {"x": [1.0, 2.0], "y": [0, 1]})
    with pytest.raises(InvalidValue, match=r"Found array with 0 sample\(s\)"):
        LogisticRegression().fit(frame[frame.x > 5], "y")
    with pytest.raises(InvalidType, match="is date"):
        LogisticRegression().fit(load("duckdb", {"x": [1.0], "y": ["2020-01-01"]}).astype({"y": "date"}), "y")
    with pytest.raises(InvalidValue, match=r"a total weight of 0\.0"):
        LogisticRegression(class_weight={0: 0, 1: 0}).fit(frame, "y")
    with pytest.raises(ValueError, match="'C' parameter of LogisticRegression must be"):
        LogisticRegression(C=-1.0).fit(frame, "y")
