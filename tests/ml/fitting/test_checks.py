"""scikit-learn's own checks: with rows in memory, the estimators behave like scikit-learn's."""

from __future__ import annotations

import pickle

import pytest
from frame.frames import load, on_every_engine
from ml.against import each_check
from sklearn.base import clone

from objectiv_local.ml.fitting.cluster import KMeans
from objectiv_local.ml.fitting.linear import LinearRegression, Ridge
from objectiv_local.ml.fitting.logistic import LogisticRegression

#: Only a Ridge solver that counts its steps can pass every check.
ESTIMATORS = [
    LinearRegression(),
    LinearRegression(exact=True),
    Ridge(solver="lsqr"),
    Ridge(exact=True, solver="lsqr"),
    LogisticRegression(),
]


@each_check(ESTIMATORS)
@pytest.mark.filterwarnings("ignore")
def test_every_check_of_scikit_learn(estimator, check):
    check(estimator)


DEFAULTS = [Ridge(), KMeans()]

# Checks that scikit-learn's own classes also fail with default parameters, with its explanations.
FAILING = {
    "Ridge": {"check_non_transformer_estimators_n_iter": "n_iter_ cannot be easily accessed."},
    "KMeans": {
        f"check_sample_weight_equivalence_on_{kind}_data": "sample_weight is not equivalent to removing/repeating samples."
        for kind in ("dense", "sparse")
    },
}


def test_every_failing_check_is_one_of_scikit_learn():
    from sklearn.utils._test_common.instance_generator import _get_expected_failed_checks

    for estimator in DEFAULTS:
        known = _get_expected_failed_checks(estimator._plain()())
        assert FAILING.get(type(estimator).__name__, {}).items() <= known.items()


@each_check(DEFAULTS, expected_failed_checks=lambda estimator: FAILING.get(type(estimator).__name__, {}))
@pytest.mark.filterwarnings("ignore")
def test_checks_as_they_are_by_default(estimator, check):
    check(estimator)


@on_every_engine
@pytest.mark.parametrize("model", [Ridge(2.0, exact=True), LogisticRegression(C=0.5), KMeans(2, sample_rows=3)])
def test_clone_and_pickle(engine, model):
    frame = load(engine, {"a": [0.5, 1.0, 2.0, 4.0], "b": [1, 0, 1, 0], "y": [False, True, True, False]})
    fitted = clone(model).fit(frame if isinstance(model, KMeans) else frame[["a", "b", "y"]], "y")
    again = clone(fitted)
    assert repr(again) == repr(model)
    assert not hasattr(again, "n_features_in_")
    read = pickle.loads(pickle.dumps(fitted))
    assert list(read.feature_names_in_) == list(fitted.feature_names_in_)
    attribute = "cluster_centers_" if isinstance(model, KMeans) else "coef_"
    assert (getattr(read, attribute) == getattr(fitted, attribute)).all()


@on_every_engine
@pytest.mark.parametrize("model", [LinearRegression(), Ridge(), LogisticRegression(), KMeans(2)])
def test_to_sklearn_predicts_the_same(engine, model):
    columns = {"a": [0.5, 1.0, 2.0, 4.0, 3.0], "b": [1, 0, 1, 0, 0]}
    frame = load(engine, {**columns, "y": [False, True, True, False, True]})
    fitted = clone(model).fit(frame[["a", "b"]] if isinstance(model, KMeans) else frame, "y")
    rows = frame[["a", "b"]].to_pandas().astype("float64")
    plain = fitted.to_sklearn()
    assert type(plain).__module__.startswith("sklearn.")
    assert list(plain.predict(rows)) == list(fitted.predict(rows))
