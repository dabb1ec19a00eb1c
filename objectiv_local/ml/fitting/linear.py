"""Linear and ridge regression from means and products of deviations."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import sklearn.linear_model
from sklearn.utils._param_validation import Interval

from objectiv_local.errors import InvalidValue
from objectiv_local.frame import DataFrame
from objectiv_local.ml.fitting.model import Regressor
from objectiv_local.ml.statistics.moments import Moments, moments

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[np.float64]]

#: The condition number of correlations beyond which coefficients would be dominated by rounding errors.
WORST = 1e10


class LinearRegression(Regressor, sklearn.linear_model.LinearRegression):
    """Return scikit-learn's ``LinearRegression``, which can also be fitted to a frame of this package.

    ``fit(frame, y)`` accepts the name of a column, which is then not a feature, or a series over the same rows. It runs two
    queries for means and products of deviations, and streams rows with more than 60 columns. Attributes are scikit-learn's.
    Fitted attributes agree between engines to about 12 digits, and exactly with ``exact=True``, which takes three queries and
    several times as long; rows in memory are always fitted by scikit-learn.

    Differs from scikit-learn: linearly dependent columns are an error, because their coefficients are not unique. A constant
    column has the coefficient 0. Sample weights, several targets and ``positive=True`` need rows in memory. Raises
    InvalidValue for missing and infinite values.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> visits = pandas.DataFrame({"pages": [1, 2, 3, 4], "minutes": [3.0, 5.0, 7.0, 9.0]})
    >>> model = LinearRegression(exact=True).fit(DataFrame.from_pandas(duckdb.connect(), visits), "minutes")
    >>> model.coef_.round(12).tolist(), round(float(model.intercept_), 12)
    ([2.0], 1.0)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "tol": [Interval(numbers.Real, 0, None, closed="left")],
        **sklearn.linear_model.LinearRegression._parameter_constraints,
        "exact": ["boolean"],
    }

    def __init__(
        self,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        tol: float = 1e-6,
        n_jobs: int | None = None,
        positive: bool = False,
        exact: bool = False,
    ) -> None:
        # scikit-learn before 1.7 has no tolerance; rows in memory are then fitted without one.
        super().__init__(fit_intercept=fit_intercept, copy_X=copy_X, n_jobs=n_jobs, positive=positive)
        self.tol = tol
        self.exact = exact

    def _fit_frame(self, X: DataFrame, y: Any) -> None:
        if self.positive:
            raise self._unsupported("positive", supported=False)
        found, names = _moments(self, X, y)
        equations = _Equations(found, fit_intercept=self.fit_intercept)
        equations.check_independent(names)
        _, singular, across = np.linalg.svd(equations.rows())
        self.rank_ = int(np.sum(singular > self.tol * singular[0])) if len(singular) and singular[0] else 0
        if self.rank_ < len(equations.active):
            # A direction that varies less than the tolerance is ignored, as in scikit-learn.
            kept = across[: self.rank_]
            right = equations.rows() @ kept.T
            self.coef_ = equations.spread(kept.T @ np.linalg.lstsq(right, equations.target, rcond=None)[0])
        else:
            self.coef_ = equations.solution()
        self.singular_ = np.zeros(min(found.rows, len(names)))
        self.singular_[: min(len(singular), len(self.singular_))] = singular[: len(self.singular_)]
        self.intercept_ = _intercept(found, self.coef_) if self.fit_intercept else 0.0


class Ridge(Regressor, sklearn.linear_model.Ridge):
    """Return scikit-learn's ``Ridge``, which can also be fitted to a frame of this package.

    For ``fit(frame, y)``, see :class:`LinearRegression`. Solvers for a frame are ``auto``, ``cholesky`` and ``svd``, which are
    the same here, and ``alpha`` is a number; columns may be linearly dependent unless it is 0.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> visits = pandas.DataFrame({"pages": [1, 2, 3, 4], "minutes": [3.0, 5.0, 7.0, 9.0]})
    >>> model = Ridge(alpha=5.0, exact=True).fit(DataFrame.from_pandas(duckdb.connect(), visits), "minutes")
    >>> model.coef_.round(12).tolist(), round(float(model.intercept_), 12)
    ([1.0], 3.5)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **sklearn.linear_model.Ridge._parameter_constraints,
        "exact": ["boolean"],
    }

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = None,
        tol: float = 1e-4,
        solver: str = "auto",
        positive: bool = False,
        random_state: Any = None,
        exact: bool = False,
    ) -> None:
        super().__init__(
            alpha=alpha,
            fit_intercept=fit_intercept,
            copy_X=copy_X,
            max_iter=max_iter,
            tol=tol,
            solver=solver,
            positive=positive,
            random_state=random_state,
        )
        self.exact = exact

    def _fit_frame(self, X: DataFrame, y: Any) -> None:
        if self.positive:
            raise self._unsupported("positive", supported=False)
        if self.solver not in ("auto", "cholesky", "svd"):
            raise self._unsupported("solver", "auto")
        if not isinstance(self.alpha, numbers.Real):
            raise self._unsupported("alpha", 1.0)
        found, names = _moments(self, X, y)
        equations = _Equations(found, fit_intercept=self.fit_intercept)
        if not self.alpha:
            equations.check_independent(names)
        self.coef_ = equations.solution(float(self.alpha))
        self.intercept_ = _intercept(found, self.coef_) if self.fit_intercept else 0.0
        self.n_iter_ = None
        self.solver_ = "cholesky" if self.solver == "auto" else self.solver


def _moments(model: Any, X: DataFrame, y: object) -> tuple[Moments, list[str]]:
    frame, names, target = model._with_target(X, y)
    return moments(frame, [*names, target], who=type(model).__name__, target=target, is_exact=model.exact), names


def _intercept(found: Moments, coef: Array) -> np.float64:
    intercept: np.float64 = found.means[-1] - found.means[:-1] @ coef
    return intercept


class _Equations:
    """A small system of equations with the least-squares solution of all rows: a root of the products of deviations, and means.

    Its matrix is as well conditioned as the rows, whereas the condition number of the matrix of products is the square of that.
    The unknowns are the coefficients of ``active`` columns times the spread of each column.
    """

    def __init__(self, found: Moments, *, fit_intercept: bool) -> None:
        self.columns = len(found.means) - 1
        used = ~found.constant[:-1]
        if not fit_intercept:
            used |= found.means[:-1] != 0
        self.active = np.flatnonzero(used)
        products = found.products[np.ix_(self.active, self.active)]
        means = found.means[self.active]
        root_rows = np.sqrt(found.rows)
        self.varied = np.sqrt(np.diagonal(products))
        self.spread_of = np.where(self.varied > 0, self.varied, root_rows * np.abs(means))
        scaled = products / np.outer(self.spread_of, self.spread_of)
        values, vectors = np.linalg.eigh(scaled)
        kept = values > len(values) * np.finfo(float).eps
        roots = np.sqrt(values[kept])
        self.matrix = roots[:, None] * vectors[:, kept].T
        with_target = found.products[self.active, -1] / self.spread_of
        self.target = (vectors[:, kept].T @ with_target) / roots
        self.largest = float(values[-1]) if kept.any() else 1.0
        if not fit_intercept:
            self.matrix = np.vstack([self.matrix, root_rows * means / self.spread_of])
            self.target = np.append(self.target, root_rows * found.means[-1])

    def rows(self) -> Array:
        """Return the matrix for the coefficients themselves; its singular values are those of all rows."""
        matrix: Array = self.matrix * self.spread_of
        return matrix

    def spread(self, coefficients: Array) -> Array:
        """Return the coefficients of all columns from those of the active ones."""
        found = np.zeros(self.columns)
        found[self.active] = coefficients
        return found

    def solution(self, alpha: float = 0.0) -> Array:
        """Return the coefficients of all columns, with a penalty on their squares."""
        matrix, target = self.matrix, self.target
        if alpha:
            matrix = np.vstack([matrix, np.diag(np.sqrt(alpha) / self.spread_of)])
            target = np.append(target, np.zeros(len(self.active)))
        if not len(self.active):
            return self.spread(np.zeros(0))
        # Columns of equal length keep rounding errors close to the minimum.
        lengths = np.linalg.norm(matrix, axis=0)
        return self.spread(np.linalg.lstsq(matrix / lengths, target, rcond=None)[0] / lengths / self.spread_of)

    def check_independent(self, names: list[str]) -> None:
        """Raise InvalidValue, with the names of the columns, if some of them are nearly linearly dependent."""
        matrix, active = self.matrix, self.active
        constants = self.varied == 0
        if constants.sum() > 1:
            raise dependent_columns([names[position] for position in active[constants]], np.ones(constants.sum()), "use Ridge")
        if constants.any():
            # The only constant column is an intercept, which does not depend on the others.
            matrix, active = matrix[:-1, ~constants], active[~constants]
        if not len(active):
            return
        _, singular, across = np.linalg.svd(matrix)
        least = singular[-1] ** 2 if len(singular) == len(active) else 0.0
        if least * WORST < self.largest:
            raise dependent_columns([names[position] for position in active], np.abs(across[-1]), "use Ridge")


def dependent_columns(names: list[str], weights: Array, instead: str) -> InvalidValue:
    """Return the error for columns whose sum with these weights is approximately constant."""
    shown = [name for name, weight in zip(names, weights, strict=True) if weight > 0.1 * weights.max()]
    return InvalidValue(
        f"columns {shown} are linearly dependent, or there are too few rows", hint=f"drop one of them, or {instead}"
    )
