"""Calibration tables against scikit-learn's calibration curve."""

from __future__ import annotations

import math

import numpy as np
import pytest
from frame.frames import on_every_engine
from ml.metrics.tables import COUNT, TABLE, small, stored
from sklearn.calibration import calibration_curve

from objectiv_local.ml import metrics


@on_every_engine
@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
@pytest.mark.parametrize("n_bins", [1, 5, 50])
@pytest.mark.parametrize("p", ["p", "smooth"])
def test_a_calibration_table_is_the_calibration_curve(engine, strategy, n_bins, p):
    options = {"n_bins": n_bins, "strategy": strategy}
    for y, pos_label in (("yes", None), ("word", "yes")):
        found = metrics.calibration_table(stored(engine), y, p, pos_label=pos_label, **options).to_pandas()
        happened, predicted = calibration_curve(TABLE[y], TABLE[p], pos_label=pos_label, **options)
        assert found.index.name == "bin"
        assert list(found.columns) == ["count", "mean_predicted", "fraction_of_positives"]
        assert found["count"].sum() == COUNT
        np.testing.assert_allclose(found.fraction_of_positives, happened, rtol=1e-12)
        np.testing.assert_allclose(found.mean_predicted, predicted, rtol=1e-12)
    edges = (
        np.linspace(0, 1, n_bins + 1) if strategy == "uniform" else np.percentile(TABLE[p], np.linspace(0, 1, n_bins + 1) * 100)
    )
    bins = np.searchsorted(edges[1:-1], TABLE[p])
    assert found.index.tolist() == np.unique(bins).tolist()
    assert found["count"].tolist() == np.bincount(bins)[np.unique(bins)].tolist()


@on_every_engine
def test_a_calibration_table_with_weights_and_of_few_rows(engine):
    df = small(engine, y=[1, 0, 1, 0], p=[0.1, 0.2, 0.9, 1.0], w=[1.0, 3.0, 0.0, 0.0])
    found = metrics.calibration_table(df, "y", "p", sample_weight="w", n_bins=2).to_pandas()
    assert found["count"].tolist() == [2, 2]
    assert found.mean_predicted.tolist() == pytest.approx([0.7 / 4, math.nan], nan_ok=True)
    assert found.fraction_of_positives.tolist() == pytest.approx([0.25, math.nan], nan_ok=True)
    one = metrics.calibration_table(small(engine, y=[True], p=[0.3]), "y", "p", strategy="quantile").to_pandas()
    assert one.reset_index().to_numpy().tolist() == [[0, 1, 0.3, 1.0]]
