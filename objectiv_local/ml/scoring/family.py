"""The base class for families of models: scores as expressions, and the predictions derived from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from objectiv_local.errors import NotSupported
from objectiv_local.frame.authoring import Expr
from objectiv_local.ml.expressions import constant
from objectiv_local.ml.scoring.rows import LARGEST_FEATURE, Rows

OUT = 'pass where="local" to score rows with the model in this process'

#: Smaller absolute weights are treated as 0: with features of at most 1e100, they change no score by 1e-12.
_LEAST_WEIGHT = 1e-113


class Family:
    """The expressions of a fitted model. ``model`` is scikit-learn's; each subclass supports some classes."""

    def __init__(self, model: Any) -> None:
        self.model = model

    @staticmethod
    def knows(model: Any) -> bool:
        """Return whether the model is one of the family."""
        raise NotImplementedError

    @property
    def limit(self) -> float:
        """The largest absolute value of a feature that counts as finite."""
        return LARGEST_FEATURE

    def size(self, method: str) -> int:
        """Return a lower bound on the number of characters of the SQL."""
        return 0

    def inputs(self, rows: Rows, names: Sequence[str]) -> list[Expr]:
        """Return the features in the form that the model needs."""
        return rows.factors(names)

    def predict(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the predictions of ``predict``."""
        raise self.refused("predict")

    def predict_proba(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the predictions of ``predict_proba``, one per class."""
        raise self.refused("predict_proba")

    def decision_function(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the predictions of ``decision_function``."""
        raise self.refused("decision_function")

    # ---- for subclasses

    def refused(self, what: str) -> NotSupported:
        """Return the error for a part of the model that has no SQL."""
        return NotSupported(f"{type(self.model).__name__} has no SQL: {what}", hint=OUT)

    def labels(self) -> list[Expr]:
        """Return the classes as constants of their own types."""
        return [constant(each) for each in self.model.classes_]

    def weights(self, values: Any, what: str = "coefficients") -> Any:
        """Return weights as doubles. Raises NotSupported for those whose products with features may overflow."""
        found = np.asarray(values.toarray() if hasattr(values, "toarray") else values, dtype=np.float64)
        if not (np.abs(found) <= LARGEST_FEATURE).all():
            raise self.refused(f"its {what} are not all numbers up to {LARGEST_FEATURE:g}")
        return np.where(np.abs(found) < _LEAST_WEIGHT, 0.0, found)
