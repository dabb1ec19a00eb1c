"""scikit-learn's own checks of estimators, all of them, with no failure expected."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from ml.against import RELEASE, each_check
from sklearn.utils import estimator_checks

from objectiv_local import ml

TRANSFORMERS = [
    ml.StandardScaler(),
    ml.StandardScaler(exact=True),
    ml.MinMaxScaler(),
    ml.MaxAbsScaler(),
    ml.RobustScaler(),
    ml.SimpleImputer(),
    ml.OneHotEncoder(),
    ml.OrdinalEncoder(),
    ml.KBinsDiscretizer(),
    ml.TargetEncoder(),
    ml.Compose([("all", ml.StandardScaler(), [0])]),
]


# Checks that scikit-learn's own classes also fail with default parameters: in release 1.6, none later.
WEIGHTS = "sample_weight is not equivalent to removing/repeating samples, or sparse data has no mean."
FAILING = (
    {}
    if RELEASE >= (1, 7)
    else {
        "StandardScaler": {"check_sample_weight_equivalence_on_sparse_data": WEIGHTS},
        "KBinsDiscretizer": {"check_sample_weight_equivalence_on_dense_data": WEIGHTS},
    }
)


def test_failing_checks_fail_for_scikit_learn_too():
    for estimator in TRANSFORMERS:
        for check in FAILING.get(type(estimator).__name__, {}):
            with pytest.raises((ValueError, AssertionError)):
                getattr(estimator_checks, check)(type(estimator).__name__, estimator._plain()())


# Small data has narrow bins. A check sets random_state, about which TargetEncoder of scikit-learn 1.9 warns.
@pytest.mark.filterwarnings("ignore:`TargetEncoder.shuffle`:FutureWarning")
@pytest.mark.filterwarnings("ignore:Bins whose width:UserWarning")
@each_check(TRANSFORMERS, expected_failed_checks=lambda estimator: FAILING.get(type(estimator).__name__, {}))
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("container", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("transformer", [each for each in TRANSFORMERS if not isinstance(each, ml.TargetEncoder | ml.Compose)])
def test_set_output_makes_frames_in_memory(transformer, container):
    table = container({"a": [1.0, 2.0, 3.0, 4.0], "b": [0.0, 1.0, 0.0, 1.0]})
    kind = "pandas" if container is pd.DataFrame else "polars"
    estimator = type(transformer)(**transformer.get_params())
    if "sparse_output" in estimator.get_params():
        estimator.set_params(sparse_output=False)
    if "encode" in estimator.get_params():
        estimator.set_params(encode="ordinal", n_bins=2)
    found = estimator.set_output(transform=kind).fit_transform(table)
    assert isinstance(found, container)
    assert list(found.columns) == list(estimator.get_feature_names_out())
    assert np.asarray(found).shape[0] == 4
