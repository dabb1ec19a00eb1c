"""Logistic regression by Newton's method over streamed rows."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import sklearn.linear_model
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.class_weight import compute_class_weight

from objectiv_local.errors import InvalidValue, NotSupported, caller_level
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import call, case, literal, state_of, unused_name
from objectiv_local.ml.expressions import with_columns
from objectiv_local.ml.fetching import one_snapshot
from objectiv_local.ml.fitting.classes import classes_of
from objectiv_local.ml.fitting.linear import dependent_columns
from objectiv_local.ml.fitting.model import Classifier
from objectiv_local.ml.fitting.newton import Objective, minimized
from objectiv_local.ml.fitting.stream import RowStream
from objectiv_local.ml.statistics.moments import moments
from objectiv_local.types import python_value


class LogisticRegression(Classifier, sklearn.linear_model.LogisticRegression):
    """Return scikit-learn's ``LogisticRegression``, which can also be fitted to a frame of this package.

    ``fit(frame, y)`` accepts the name of a column of bools, integers or strings, which is then not a feature, or a series
    over the same rows. The classes, means and standard deviations of features take three queries; then each step of Newton's
    method reads the rows, all from one snapshot: up to 256 MB of them are kept in memory, and more are streamed again in
    bounded memory. The objective and the attributes are scikit-learn's; the solvers ``lbfgs``, ``newton-cg`` and
    ``newton-cholesky`` all mean Newton's method here. As in scikit-learn, ``tol`` bounds the gradient, but here for features
    scaled to a standard deviation of 1, so that the number of steps does not depend on units.

    Differs from scikit-learn: with ``C=numpy.inf``, perfectly separated classes and linearly dependent columns are errors.
    Sample weights, ``l1_ratio``, ``dual`` and ``warm_start`` need rows in memory. Raises InvalidValue for missing and
    infinite values, and for a single class; warns with ConvergenceWarning after ``max_iter`` steps.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> visits = pandas.DataFrame({"pages": [1, 2, 3, 4], "bought": [False, False, True, True]})
    >>> model = LogisticRegression().fit(DataFrame.from_pandas(duckdb.connect(), visits), "bought")
    >>> model.classes_.tolist(), model.coef_.round(3).tolist(), model.intercept_.round(3).tolist()
    ([False, True], [[0.958]], [-2.396])
    """

    def _fit_frame(self, X: DataFrame, y: Any) -> None:
        self._check_supported()
        frame, names, target = self._with_target(X, y)
        with one_snapshot(frame):
            self.classes_, counts = classes_of(frame, target, type(self).__name__)
            if len(self.classes_) < 2:
                raise InvalidValue(
                    "This solver needs samples of at least 2 classes in the data, but the data contains only "
                    f"one class: {self.classes_[0]!r}"
                )
            found = moments(frame, names, who=type(self).__name__, squares_only=True)
            center = found.means if self.fit_intercept else np.zeros(len(names))
            spread = np.sqrt(found.variances if self.fit_intercept else found.variances + found.means**2)
            used = [position for position in range(len(names)) if spread[position] > 0]
            weights = _class_weights(self.class_weight, self.classes_, counts)
            total = float(weights @ counts)
            if not total > 0 or not np.isfinite(total):
                raise InvalidValue(f"class_weight={self.class_weight!r} results in a total weight of {total}")
            penalty = np.append(1 / (self.C * total) / spread[used] ** 2, [0.0] * self.fit_intercept)
            frame, target = _with_positions(frame, target, self.classes_)
            rows = RowStream(frame, [names[position] for position in used], target, found.rows)
            objective = Objective(rows.read, center[used], spread[used], penalty, weights, total, self.fit_intercept)
            solved = minimized(objective, self.tol, self.max_iter)
        if solved.dependent is not None:
            raise dependent_columns([names[position] for position in used], solved.dependent, "set C to a number")
        if not solved.converged:
            warnings.warn(
                f"LogisticRegression did not converge after {solved.iterations} iterations. Increase max_iter or tol.",
                ConvergenceWarning,
                stacklevel=caller_level(),
            )
        self.coef_ = np.zeros((len(solved.coefficients), len(names)))
        self.coef_[:, used] = solved.coefficients[:, : len(used)] / spread[used]
        self.intercept_ = solved.coefficients[:, -1] - self.coef_ @ center if self.fit_intercept else np.zeros(len(self.coef_))
        self.n_iter_ = np.array([solved.iterations], dtype=np.int32)

    def _check_supported(self) -> None:
        # scikit-learn before 1.8 has `penalty` for what later releases express by `l1_ratio` and `C`.
        if self.penalty not in ("deprecated", sklearn.linear_model.LogisticRegression().penalty):
            raise NotSupported(
                f"LogisticRegression(penalty={self.penalty!r}) cannot be fitted to a frame",
                hint="omit penalty; C=numpy.inf means none",
            )
        if getattr(self, "multi_class", None) == "ovr":
            raise self._unsupported("multi_class", "multinomial")
        if self.l1_ratio:
            raise self._unsupported("l1_ratio", 0)
        if self.solver not in ("lbfgs", "newton-cg", "newton-cholesky"):
            raise self._unsupported("solver", "lbfgs")
        for parameter in ("dual", "warm_start"):
            if getattr(self, parameter):
                raise self._unsupported(parameter, supported=False)


def _with_positions(frame: DataFrame, target: str, classes: Any) -> tuple[DataFrame, str]:
    """Return the frame with the position of each row's class as a column, and its name."""
    state = state_of(frame)
    column = state.column(target)
    name = unused_name("class", state.plan.types)
    position = case(
        [(call("eq", column, literal(python_value(label))), literal(number)) for number, label in enumerate(classes[1:], 1)],
        literal(0),
    )
    return with_columns(frame, {name: position}), name


def _class_weights(given: object, classes: Any, counts: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the weight of each class, as defined by scikit-learn's ``class_weight``."""
    if given == "balanced":
        balanced: np.ndarray[Any, np.dtype[np.float64]] = counts.sum() / (len(classes) * counts)
        return balanced
    weights: np.ndarray[Any, np.dtype[np.float64]] = compute_class_weight(given, classes=classes, y=classes)
    return weights.astype(float)
