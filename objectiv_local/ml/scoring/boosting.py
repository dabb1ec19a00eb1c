"""Gradient boosting: sums of trees, and the link function from a sum to a prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from objectiv_local.frame.authoring import Expr, call, case, joined, literal
from objectiv_local.ml.expressions import real, total
from objectiv_local.ml.scoring.answers import above, best, kept_scores, logistic, softmax
from objectiv_local.ml.scoring.family import Family
from objectiv_local.ml.scoring.rows import FLOAT32_LIMIT, Rows
from objectiv_local.ml.scoring.trees import SPLIT_SIZE, Splits


class _Boosting(Family):
    #: How a raw score is compared with 0 for the second class: greater than, or greater than or equal.
    comparison = "gt"

    def raw(self, x: list[Expr]) -> list[Expr]:
        """Return the sums of the trees: one, or one per class."""
        raise NotImplementedError

    def decision_function(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the sums of the trees."""
        return self.raw(x)

    def predict(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the class, or the number."""
        if not is_classifier(self.model):
            return [self.number(self.raw(x)[0])]
        labels, scores = self.labels(), self._kept(rows, x)
        return [above(scores[0], 0.0, labels[1], labels[0], self.comparison) if len(scores) == 1 else best(scores, labels)]

    def predict_proba(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the probabilities of the classes."""
        scores = self._kept(rows, x)
        if len(scores) > 1:
            return softmax(rows, scores)
        factor = {"HalfBinomialLoss": 1.0, "ExponentialLoss": 2.0}.get(type(self.model._loss).__name__)
        if factor is None:
            raise self.refused(f"its loss is {type(self.model._loss).__name__}")
        if factor != 1.0:
            scores = [call("mul", score, real(factor)) for score in scores]
        (yes,) = rows.keep("probabilities", [("probability", logistic(rows, scores, [""])[0])])
        return [call("sub", real(1), yes), yes]

    def number(self, raw: Expr) -> Expr:
        """Return the prediction of a regressor."""
        return raw

    def _kept(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        return kept_scores(rows, self.raw(x))


class Boosting(_Boosting):
    """GradientBoostingClassifier and GradientBoostingRegressor, which reject missing values."""

    comparison = "ge"

    @staticmethod
    def knows(model: Any) -> bool:
        """Return whether the model is one of the two."""
        return isinstance(model, GradientBoostingClassifier | GradientBoostingRegressor)

    def size(self, method: str) -> int:
        """Return a lower bound on the number of characters of the SQL."""
        return SPLIT_SIZE * sum(int(each.tree_.node_count) // 2 for each in self.model.estimators_.ravel())

    def inputs(self, rows: Rows, names: Sequence[str]) -> list[Expr]:
        """Return the features, with NULL for missing or too large values."""
        return rows.finite(names, FLOAT32_LIMIT)

    def raw(self, x: list[Expr]) -> list[Expr]:
        """Return the sums of the trees."""
        if self.model.init not in (None, "zero"):
            raise self.refused("its init is a model")
        # The initial prediction, to which the trees are added, is the same for all rows.
        starts = self.model._raw_predict_init(np.zeros((1, len(x)), dtype=np.float32))[0]
        missing = joined("or", [call("is_null", each) for each in x])
        found = []
        for start, trees in zip(starts, self.model.estimators_.T, strict=True):
            terms = [real(start)] if start else []
            for each in trees:
                values = each.tree_.value[:, 0, 0] * self.model.learning_rate
                terms.append(Splits.of(each.tree_).expression(x, [real(value) for value in values], self))
            whole = total(terms)
            found.append(case([(missing, literal(None, whole.type))], whole))
        return found


class Histogram(_Boosting):
    """HistGradientBoostingClassifier and HistGradientBoostingRegressor, which support any number and missing values."""

    @staticmethod
    def knows(model: Any) -> bool:
        """Return whether the model is one of the two."""
        return isinstance(model, HistGradientBoostingClassifier | HistGradientBoostingRegressor)

    def size(self, method: str) -> int:
        """Return a lower bound on the number of characters of the SQL."""
        return SPLIT_SIZE * sum(len(each.nodes) // 2 for trees in self.model._predictors for each in trees)

    def inputs(self, rows: Rows, names: Sequence[str]) -> list[Expr]:
        """Return the features, with NULL for missing values."""
        if self.model.is_categorical_ is not None:
            raise self.refused("it splits by categories")
        return rows.known(names)

    def raw(self, x: list[Expr]) -> list[Expr]:
        """Return the sums of the trees."""
        starts = np.ravel(self.model._baseline_prediction)
        found = []
        for position, start in enumerate(starts):
            terms = [real(start)]
            for trees in self.model._predictors:
                nodes = trees[position].nodes
                splits = Splits(
                    nodes["left"],
                    nodes["right"],
                    nodes["feature_idx"],
                    nodes["num_threshold"],
                    nodes["missing_go_to_left"].astype(bool),
                    nodes["is_leaf"].astype(bool),
                )
                terms.append(splits.expression(x, [real(value) for value in nodes["value"]], self))
            found.append(total(terms))
        return found

    def number(self, raw: Expr) -> Expr:
        """Return the inverse link of the sum."""
        link = type(self.model._loss.link).__name__
        if link not in ("IdentityLink", "LogLink"):
            raise self.refused(f"its link is {link}")
        return raw if link == "IdentityLink" else call("exp", raw)
