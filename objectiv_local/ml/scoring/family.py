"""What a family of models is: scores as expressions, and the answers that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from objectiv_local.errors import NotSupported
from objectiv_local.frame.authoring import Expr
from objectiv_local.ml.expressions import constant
from objectiv_local.ml.scoring.rows import LARGEST_FEATURE, Rows

OUT = 'pass where="local": rows then go through the model in this process'

#: Weights below this one are 0 here: with features of at most 1e100, they change no score by 1e-12.
_LEAST_WEIGHT = 1e-113


class Family:
    """The expressions of a fitted model. ``model`` is scikit-learn's; a subclass knows some of its classes."""

    def __init__(self, model: Any) -> None:
        self.model = model

    @staticmethod
    def knows(model: Any) -> bool:
        """Return whether the model is one of the family."""
        raise NotImplementedError

    @property
    def limit(self) -> float:
        """The greatest size of a feature that counts as finite."""
        return LARGEST_FEATURE

    def size(self, method: str) -> int:
        """Return about how many characters the SQL has at least."""
        return 0

    def inputs(self, rows: Rows, names: Sequence[str]) -> list[Expr]:
        """Return the features as the model takes them."""
        return rows.factors(names)

    def predict(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the answers of ``predict``."""
        raise self.refused("predict")

    def predict_proba(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the answers of ``predict_proba``, one for each class."""
        raise self.refused("predict_proba")

    def decision_function(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the answers of ``decision_function``."""
        raise self.refused("decision_function")

    # ---- for subclasses

    def refused(self, what: str) -> NotSupported:
        """Return the error that says what of the model has no SQL."""
        return NotSupported(f"{type(self.model).__name__} has no SQL: {what}", hint=OUT)

    def labels(self) -> list[Expr]:
        """Return the classes as constants of their own types."""
        return [constant(each) for each in self.model.classes_]

    def weights(self, values: Any, what: str = "coefficients") -> Any:
        """Return weights as doubles. Raises NotSupported for those that products with features overflow by."""
        found = np.asarray(values.toarray() if hasattr(values, "toarray") else values, dtype=np.float64)
        if not (np.abs(found) <= LARGEST_FEATURE).all():
            raise self.refused(f"its {what} are not all numbers up to {LARGEST_FEATURE:g}")
        return np.where(np.abs(found) < _LEAST_WEIGHT, 0.0, found)
