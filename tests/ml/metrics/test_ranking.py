"""Areas under curves in the database compared with scikit-learn's, with many ties and weights."""

from __future__ import annotations

import math

import numpy as np
import pytest
from frame.frames import ENGINES, on_every_engine
from ml.metrics.tables import TABLE, WEIGHTS, quietly, same, small, stored, weights
from sklearn import metrics as sk
from sklearn.exceptions import UndefinedMetricWarning

from objectiv_local.ml import metrics


@on_every_engine
@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize(("y", "score"), [("yes", "p"), ("word", "p"), ("far", "votes"), ("flag", "yes_p"), ("one", "smooth")])
def test_areas_are_those_of_scikit_learn(engine, y, score, weight):
    df, truth, scores = stored(engine), TABLE[y].to_numpy(), TABLE[score].to_numpy().astype("float64")
    same(metrics.roc_auc_score(df, y, score, sample_weight=weight), sk.roc_auc_score(truth, scores, **weights(weight)))
    for pos_label in np.unique(truth).tolist():
        same(
            metrics.average_precision_score(df, y, score, pos_label=pos_label, sample_weight=weight),
            sk.average_precision_score(truth, scores, pos_label=pos_label, **weights(weight)),
        )


def test_an_area_without_weights_is_exact():
    pairs = [(a, b) for a in TABLE.p[TABLE.yes] for b in TABLE.p[~TABLE.yes]]
    exact = sum(2 * (a > b) + (a == b) for a, b in pairs) / (2 * len(pairs))
    assert {metrics.roc_auc_score(stored(engine), "yes", "p") for engine in ENGINES} == {exact}


@on_every_engine
def test_areas_of_all_ties_of_zeros_and_of_perfect_orders(engine):
    df = small(
        engine,
        y=[True, False, True, False],
        tie=[0.5] * 4,
        zero=[0.0, -0.0, 0.0, -0.0],
        best=[2.0, 1.0, 3.0, 0.0],
        worst=[0.0, 3.0, 1.0, 2.0],
        huge=[1e308, -1e308, 5e-324, 0.0],
    )
    assert [metrics.roc_auc_score(df, "y", each) for each in ("tie", "zero", "best", "worst", "huge")] == [0.5, 0.5, 1, 0, 1]
    assert [metrics.average_precision_score(df, "y", each) for each in ("tie", "zero", "best")] == [0.5, 0.5, 1]
    truth = [True, False, True, False]
    same(metrics.average_precision_score(df, "y", "worst"), sk.average_precision_score(truth, [0.0, 3.0, 1.0, 2.0]))


@on_every_engine
def test_weights_of_whole_numbers_that_overflow_as_products(engine):
    heavy = [10**12, 3 * 10**12, 2 * 10**12, 10**12]
    df = small(engine, y=[1, 0, 1, 0], p=[0.3, 0.2, 0.1, 0.1], w=heavy)
    same(
        metrics.roc_auc_score(df, "y", "p", sample_weight="w"),
        sk.roc_auc_score([1, 0, 1, 0], [0.3, 0.2, 0.1, 0.1], sample_weight=heavy),
    )


@on_every_engine
@pytest.mark.parametrize("y", [[True, True], [1, 1], ["a", "a"], [0, 0], [False, False]])
def test_areas_of_one_class(engine, y):
    df = small(engine, y=y, p=[0.1, 0.2], w=[1.0, 2.0])
    expected, _ = quietly(sk.roc_auc_score, y, [0.1, 0.2])
    with pytest.warns(UndefinedMetricWarning, match="Only one class"):
        assert math.isnan(metrics.roc_auc_score(df, "y", "p"))
    assert math.isnan(expected)
    pos_label = 1 if y[0] != "a" else "a"
    found, caught = quietly(metrics.average_precision_score, df, "y", "p", pos_label=pos_label, sample_weight="w")
    expected, theirs = quietly(sk.average_precision_score, y, [0.1, 0.2], pos_label=pos_label, sample_weight=[1.0, 2.0])
    same(found, expected)
    assert bool(caught) == bool(theirs)


@on_every_engine
def test_a_class_without_weight_is_no_class(engine):
    df = small(engine, y=[1, 0, 1], p=[0.1, 0.2, 0.3], w=[0.0, 1.0, 0.0])
    with pytest.warns(UndefinedMetricWarning):
        assert math.isnan(metrics.roc_auc_score(df, "y", "p", sample_weight="w"))
    with pytest.warns(UndefinedMetricWarning):
        assert metrics.average_precision_score(df, "y", "p", sample_weight="w") == 0.0
