"""Naive Bayes: the log likelihood of each class, up to a constant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB

from objectiv_local.frame.authoring import Expr, call
from objectiv_local.ml.expressions import dot, real, total
from objectiv_local.ml.scoring.answers import above, best, softmax
from objectiv_local.ml.scoring.family import Family
from objectiv_local.ml.scoring.rows import Rows


class _Bayes(Family):
    def likelihoods(self, x: list[Expr]) -> list[Expr]:
        """Return the joint log likelihood of each class."""
        raise NotImplementedError

    def predict(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the most likely class."""
        return [best(self._kept(rows, x), self.labels())]

    def predict_proba(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the probabilities of the classes."""
        return softmax(rows, self._kept(rows, x))

    def _kept(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        return rows.keep("likelihoods", [(f"likelihood_{number}", each) for number, each in enumerate(self.likelihoods(x))])


class Gaussian(_Bayes):
    """GaussianNB."""

    @staticmethod
    def knows(model: Any) -> bool:
        """Return whether the model is a GaussianNB."""
        return isinstance(model, GaussianNB)

    def likelihoods(self, x: list[Expr]) -> list[Expr]:
        """Return the joint log likelihood of each class."""
        means = self.weights(self.model.theta_, "means")
        variances = np.asarray(self.model.var_, dtype=np.float64)
        if not ((variances >= 1e-60) & (variances <= 1e60)).all():
            raise self.refused("a feature of a class has a variance of 0, or nearly 0")
        with np.errstate(divide="ignore"):
            priors = np.log(self.model.class_prior_)
        starts = self.weights(priors - 0.5 * np.log(2.0 * np.pi * variances).sum(axis=1), "priors")
        found = []
        for start, mean, variance in zip(starts, means, variances, strict=True):
            gaps = [call("sub", value, real(center)) if center else value for value, center in zip(x, mean, strict=True)]
            # Computed as in scikit-learn, for the same rounding.
            squares = [call("truediv", call("mul", gap, gap), real(each)) for gap, each in zip(gaps, variance, strict=True)]
            found.append(call("sub", real(start), call("mul", real(0.5), total(squares))))
        return found


class Counting(_Bayes):
    """MultinomialNB, ComplementNB and BernoulliNB, which sum weights of features."""

    @staticmethod
    def knows(model: Any) -> bool:
        """Return whether the model is one of the three."""
        return isinstance(model, MultinomialNB | ComplementNB | BernoulliNB)

    def inputs(self, rows: Rows, names: Sequence[str]) -> list[Expr]:
        """Return the features; for BernoulliNB, 1 for values above the threshold and 0 for others."""
        threshold = getattr(self.model, "binarize", None)
        if threshold is None:
            return rows.factors(names)
        marks = [above(column, float(threshold), real(1), real(0)) for column in rows.finite(names)]
        return rows.keep("marks", [(f"{name}_mark", mark) for name, mark in zip(names, marks, strict=True)])

    def likelihoods(self, x: list[Expr]) -> list[Expr]:
        """Return the joint log likelihood of each class."""
        chances = self.model.feature_log_prob_
        priors = self.model.class_log_prior_
        if isinstance(self.model, BernoulliNB):
            with np.errstate(divide="ignore"):
                against = np.log(1 - np.exp(chances))
            weights, starts = chances - against, priors + against.sum(axis=1)
        else:
            weights = chances
            used = not isinstance(self.model, ComplementNB) or len(self.model.classes_) == 1
            starts = priors if used else np.zeros(len(priors))
        return [
            dot(x, row, start)
            for row, start in zip(self.weights(weights, "log probabilities"), self.weights(starts, "priors"), strict=True)
        ]
