"""Regression errors in the database compared with scikit-learn's."""

from __future__ import annotations

import math

import pytest
from frame.frames import load, on_every_engine
from ml.metrics.tables import TABLE, WEIGHTS, same, small, stored, weights
from sklearn import metrics as sk
from sklearn.exceptions import UndefinedMetricWarning

from objectiv_local.errors import InvalidValue
from objectiv_local.ml import metrics


@on_every_engine
@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize(
    ("y", "p"), [("number", "number_p"), ("whole", "votes"), ("whole", "number"), ("one", "p"), ("yes", "p")]
)
def test_errors_of_numbers(engine, y, p, weight):
    df, truth, guess = stored(engine), TABLE[y].to_numpy().astype("float64"), TABLE[p].to_numpy().astype("float64")
    for name in ("mean_squared_error", "root_mean_squared_error", "mean_absolute_error"):
        same(getattr(metrics, name)(df, y, p, sample_weight=weight), getattr(sk, name)(truth, guess, **weights(weight)))
    # With an offset of a million, ten digits remain for the spread of the numbers themselves, in both programs.
    same(metrics.r2_score(df, y, p, sample_weight=weight), sk.r2_score(truth, guess, **weights(weight)), rel=1e-10)


@on_every_engine
def test_r2_of_one_value_and_of_one_row(engine):
    df = small(engine, y=[0.1] * 7, same=[0.1] * 7, off=[0.2] * 7)
    assert metrics.r2_score(df, "y", "same") == sk.r2_score([1.0] * 7, [1.0] * 7) == 1.0
    assert metrics.r2_score(df, "y", "off") == sk.r2_score([1.0] * 7, [2.0] * 7) == 0.0
    assert math.isnan(metrics.r2_score(df, "y", "same", force_finite=False))
    assert metrics.r2_score(df, "y", "off", force_finite=False) == -math.inf
    with pytest.warns(UndefinedMetricWarning, match="less than two samples"):
        assert math.isnan(metrics.r2_score(small(engine, y=[1.0], p=[1.0]), "y", "p"))
    # Among the rows that count, there is only one distinct value.
    df = small(engine, y=[0.1, 0.1, 9.0], p=[0.2, 0.1, 3.0], w=[1.0, 2.0, 0.0])
    assert metrics.r2_score(df, "y", "p", sample_weight="w") == 0.0


@on_every_engine
def test_numbers_whose_squares_are_no_floats_are_refused(engine):
    df = small(engine, y=[1e200, 0.0], p=[-1e308, 0.0], fine=[1e139, 0.0])
    for metric in (metrics.mean_squared_error, metrics.mean_absolute_error, metrics.r2_score):
        with pytest.raises(InvalidValue, match="beyond 1e\\+140 in 1 rows"):
            metric(df, "y", "p")
    assert metrics.mean_squared_error(df, "fine", "fine") == 0.0
    for metric in (metrics.log_loss, metrics.brier_score_loss, metrics.calibration_table):
        with pytest.raises(InvalidValue, match="below 0 or above 1 in 1 rows"):
            metric(small(engine, y=[0, 1], p=[1e200, 0.0]), "y", "p")


@on_every_engine
def test_squares_that_are_too_small_for_a_float_are_nothing(engine):
    # Naive Bayes produces such probabilities, and an engine may raise an error if their square underflows.
    frame = load(engine, {"y": [0, 1, 0, 1], "p": [1e-200, 1.0, 0.5, 0.75]})
    assert metrics.brier_score_loss(frame, "y", "p") == (0.5**2 + 0.25**2) / 4
    assert metrics.mean_squared_error(frame, "y", "p") == (0.5**2 + 0.25**2) / 4
    assert metrics.r2_score(frame, "y", "p") == 1 - (0.5**2 + 0.25**2)
