"""Metrics of scikit-learn, computed by the database: ``metrics.roc_auc_score(frame, "bought", "probability")``.

Each accepts a frame and the columns of the true values ``y`` and of the predictions ``p``, as names or as series over the same
rows, and optionally ``sample_weight``, also a column. Definitions, further parameters and warnings are scikit-learn's.

Missing values of ``y``, ``p`` or the weight, including NaN, raise InvalidValue with the number of such rows; so do infinite
numbers, negative weights, weights that are all 0, and a frame without rows.
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
