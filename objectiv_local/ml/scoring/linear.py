"""Linear models: weighted sums of features, and the predictions derived from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import GammaRegressor, LogisticRegression, PoissonRegressor, SGDClassifier, TweedieRegressor
from sklearn.linear_model._base import LinearClassifierMixin, LinearModel
from sklearn.linear_model._stochastic_gradient import BaseSGDRegressor

from objectiv_local.frame.authoring import Expr, call, case
from objectiv_local.ml.expressions import dot, real
from objectiv_local.ml.scoring.answers import EXPONENT, above, best, finite, kept_scores, logistic, shares, softmax
from objectiv_local.ml.scoring.family import Family
from objectiv_local.ml.scoring.rows import LARGEST_FEATURE, Rows


class _Lines(Family):
    def inputs(self, rows: Rows, names: Sequence[str]) -> list[Expr]:
        """Return the features. Those of a single sum need no step, because an invalid feature makes the sum invalid."""
        return rows.terms(names) if self._is_single() else rows.factors(names)

    @property
    def limit(self) -> float:
        """The largest absolute value of a feature that counts as finite."""
        return np.inf if self._is_single() else LARGEST_FEATURE

    def _is_single(self) -> bool:
        return np.ndim(self.model.coef_) == 1 or len(self.model.coef_) == 1


def _finite(rows: Rows, lines: list[Expr]) -> list[Expr]:
    """Return scores, with NULL for those that are not finite because of a feature."""
    return [finite(score) for score in kept_scores(rows, lines)]


def _lines(family: Family, x: list[Expr]) -> list[Expr]:
    """Return the linear scores: one for each row of coefficients."""
    coefficients = np.atleast_2d(family.weights(family.model.coef_))
    intercepts = np.broadcast_to(np.atleast_1d(family.weights(family.model.intercept_, "intercepts")), len(coefficients))
    return [dot(x, row, intercept) for row, intercept in zip(coefficients, intercepts, strict=True)]


class Regression(_Lines):
    """Regressors whose prediction is the linear score."""

    @staticmethod
    def knows(model: Any) -> bool:
        """Return whether the model is a linear regressor."""
        return isinstance(model, LinearModel | BaseSGDRegressor) and not isinstance(model, LinearClassifierMixin)

    def predict(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the linear scores, one for each target."""
        return _finite(rows, _lines(self, x))


class Generalized(_Lines):
    """PoissonRegressor, GammaRegressor and TweedieRegressor."""

    @staticmethod
    def knows(model: Any) -> bool:
        """Return whether the model is one of the three."""
        return isinstance(model, PoissonRegressor | GammaRegressor | TweedieRegressor)

    def predict(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the inverse link of the linear score."""
        link = type(self.model._base_loss.link).__name__
        if link not in ("IdentityLink", "LogLink"):
            raise self.refused(f"its link is {link}")
        (line,) = _lines(self, x)
        if link == "IdentityLink":
            return _finite(rows, [line])
        (score,) = kept_scores(rows, [line])
        # Infinity is allowed, but no underflow; NULL if the score is not a number.
        return [call("exp", case([(call("lt", score, real(-EXPONENT)), finite(score, real(-EXPONENT)))], finite(score)))]


class Classification(_Lines):
    """Classifiers by the sign of a linear score, or by the maximum of several."""

    @staticmethod
    def knows(model: Any) -> bool:
        """Return whether the model is a linear classifier."""
        return isinstance(model, LinearClassifierMixin)

    def decision_function(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the linear scores."""
        return _finite(rows, _lines(self, x))

    def predict(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the class."""
        binarizer = getattr(self.model, "_label_binarizer", None)
        if binarizer is not None and binarizer.y_type_.startswith("multilabel"):
            raise self.refused("it has several labels for a row")
        labels = self.labels()
        scores = self._kept(rows, x)
        return [above(scores[0], 0.0, labels[1], labels[0]) if len(scores) == 1 else best(scores, labels)]

    def predict_proba(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the probabilities of the classes."""
        several = len(self.model.classes_) > 2
        one_by_one = isinstance(self.model, SGDClassifier) and self.model.loss == "log_loss"
        if not one_by_one and not isinstance(self.model, LogisticRegression | LinearDiscriminantAnalysis):
            raise self.refused("predict_proba")
        scores = self._kept(rows, x)
        if not several:
            (yes,) = rows.keep("probabilities", [("probability", logistic(rows, scores, [""])[0])])
            return [call("sub", real(1), yes), yes]
        if not one_by_one:
            return softmax(rows, scores)
        names = [f"_{number}" for number in range(len(scores))]
        chances = logistic(rows, scores, names)
        return shares(
            rows,
            rows.keep("chances", [(f"chance{name}", chance) for name, chance in zip(names, chances, strict=True)]),
            "all_chances",
        )

    def _kept(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        return kept_scores(rows, _lines(self, x))
