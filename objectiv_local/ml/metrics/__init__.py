"""Metrics of scikit-learn, computed by the database: ``metrics.roc_auc_score(frame, "bought", "probability")``.

Each takes a frame and the columns of the truth ``y`` and of the prediction ``p``, as names or as series of the same rows,
and ``sample_weight``, a column too. Definitions, further parameters and warnings are scikit-learn's.

A missing ``y``, ``p`` or weight raises InvalidValue with the number of such rows, NaN counting as missing; so do infinite
numbers, weights below 0, weights that are all 0, and a frame without rows.
"""

from objectiv_local.ml.metrics.calibration import calibration_table
from objectiv_local.ml.metrics.classification import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    precision_score,
    recall_score,
    unique_labels,
)
from objectiv_local.ml.metrics.probability import brier_score_loss, log_loss
from objectiv_local.ml.metrics.ranking import average_precision_score, roc_auc_score
from objectiv_local.ml.metrics.regression import mean_absolute_error, mean_squared_error, r2_score, root_mean_squared_error

__all__ = [
    "accuracy_score",
    "average_precision_score",
    "brier_score_loss",
    "calibration_table",
    "confusion_matrix",
    "f1_score",
    "log_loss",
    "mean_absolute_error",
    "mean_squared_error",
    "precision_score",
    "r2_score",
    "recall_score",
    "roc_auc_score",
    "root_mean_squared_error",
    "unique_labels",
]
