"""Newton's method for logistic regression over rows in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from objectiv_local.errors import InvalidValue

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[np.float64]]

#: Reads the rows once: batches of features, with the positions of the rows' classes.
Read = Callable[[], Iterable[tuple["Array", "np.ndarray[Any, np.dtype[np.int64]]"]]]

#: Number of rows that are processed at once.
_BLOCK = 8_192

#: Number of times that a step is halved before the line search ends.
_HALVINGS = 20

#: Without a penalty, the last step must not change any score by more than this: for separated classes, scores grow by 1 per
#: step.
_LAST_STEP = 0.1

_SEPARATED = "classes are perfectly separated, at least for some rows: without a penalty, coefficients grow without limit"


@dataclass(frozen=True, slots=True)
class Objective:
    """The mean loss of rows with weights by class, and a penalty on the squares of coefficients.

    Features are standardized with ``mean`` and ``scale``; ``penalty`` is the penalty on each coefficient then. For two classes,
    there are the coefficients of the second one; for more classes, those of each. An intercept, if there is one, is the last.
    """

    read: Read
    mean: Array
    scale: Array
    penalty: Array
    weights: Array
    total: float
    fit_intercept: bool

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of coefficients: one row per class."""
        classes = len(self.weights)
        return (1 if classes == 2 else classes, len(self.mean) + self.fit_intercept)


@dataclass(frozen=True, slots=True)
class Place:
    """The objective at some coefficients, with its derivatives.

    ``margin`` is the minimum over rows of the score of the right class minus the highest other score; ``step_margin`` and
    ``step_size`` are the minimum margin and the maximum score of the step that led here.
    """

    coefficients: Array
    loss: float
    gradient: Array
    hessian: Array
    margin: float
    step_margin: float
    step_size: float


@dataclass(frozen=True, slots=True)
class Solution:
    """The result of the search. ``dependent`` are the weights of linearly dependent features, if that is why it ended."""

    coefficients: Array
    iterations: int
    converged: bool
    dependent: Array | None = None


def minimized(objective: Objective, tol: float, max_iter: int) -> Solution:
    """Return the minimum of the objective. Reads the rows once per step, and once more.

    It has converged when no part of the gradient exceeds ``tol`` and a further step would gain less than that. Raises
    InvalidValue if there is no penalty and classes are perfectly separated, because there is no minimum then.
    """
    free = not objective.penalty.any()
    # Blocks are small: threads would wait longer than they compute.
    with threadpool_limits(1, "blas"):
        return _minimized(objective, tol, max_iter, free=free)


def _minimized(objective: Objective, tol: float, max_iter: int, *, free: bool) -> Solution:
    here = _at(objective, np.zeros(objective.shape))
    if free:
        dependent = _dependent(objective, here.hessian)
        if dependent is not None:
            return Solution(here.coefficients, 0, converged=False, dependent=dependent)
    for iteration in range(1, max_iter + 1):
        step = _newton_step(objective, here)
        slope = float(here.gradient.ravel() @ step.ravel())
        there = _searched(objective, here, step, slope)
        if there is None:
            return Solution(here.coefficients, iteration, converged=False)
        here = there
        if free and (here.margin > 0 or (here.step_size > _LAST_STEP and here.step_margin > -1e-6 * here.step_size)):
            raise InvalidValue(_SEPARATED, hint="set C to a number: with the default C=1.0 there is a penalty")
        # The decrement: minus the slope is the squared step in the metric of the Hessian.
        if np.max(np.abs(here.gradient)) <= tol and -slope / 2 <= tol and not (free and here.step_size > _LAST_STEP):
            return Solution(here.coefficients, iteration, converged=True)
    return Solution(here.coefficients, max_iter, converged=False)


def _searched(objective: Objective, here: Place, step: Array, slope: float) -> Place | None:
    """Return better coefficients along a step: its end, or a point before it if that is worse."""
    size = 1.0
    for _ in range(_HALVINGS + 1):
        there = _at(objective, here.coefficients + size * step, size * step)
        gained = here.loss - there.loss
        if gained >= -size * slope * 2.0**-11:
            return there
        # Losses that differ only by rounding are not informative, while gradients still are.
        alike = abs(gained) <= 16 * np.finfo(float).eps * max(abs(here.loss), 1.0)
        if alike and np.abs(there.gradient).sum() <= max(np.abs(here.gradient).sum(), 1e-13):
            return there
        size /= 2
    return None


def _newton_step(objective: Objective, here: Place) -> Array:
    hessian = here.hessian
    classes, width = objective.shape
    if classes > 1:
        # Adding the same coefficients to all classes changes no probability. Weight on that direction keeps their sum at 0.
        common = np.kron(np.full((classes, classes), 1 / classes), np.eye(width))
        hessian = hessian + common * (np.trace(hessian) / len(hessian))
    try:
        with np.errstate(all="raise"):
            root = np.linalg.cholesky(hessian)
        flat = -np.linalg.solve(root.T, np.linalg.solve(root, here.gradient.ravel()))
    except (np.linalg.LinAlgError, FloatingPointError):
        if not objective.penalty.any():
            raise InvalidValue(_SEPARATED, hint="set C to a number: with the default C=1.0 there is a penalty") from None
        flat = -np.linalg.lstsq(hessian, here.gradient.ravel(), rcond=None)[0]
    step: Array = flat.reshape(objective.shape)
    return step


def _dependent(objective: Objective, hessian: Array) -> Array | None:
    """Return the weights of features whose weighted sum is approximately constant, if there is one."""
    width = objective.shape[1]
    block = hessian[:width, :width]
    lengths = np.sqrt(np.diagonal(block))
    values, vectors = np.linalg.eigh(block / np.outer(lengths, lengths))
    if values[0] * 1e10 >= values[-1]:
        return None
    found: Array = np.abs(vectors[: len(objective.mean), 0])
    return found


def _at(objective: Objective, coefficients: Array, step: Array | None = None) -> Place:
    """Return the objective at coefficients. Reads the rows once."""
    classes, width = coefficients.shape
    loss, gradient = 0.0, np.zeros(coefficients.shape)
    hessian = np.zeros((classes, width, classes, width))
    margin = step_margin = np.inf
    step_size = 0.0
    free = not objective.penalty.any()
    # Scaling the few sums afterwards costs less than scaling the rows.
    scale = np.append(objective.scale, [1.0] * objective.fit_intercept)
    for X, y in _blocks(objective.read()):
        Z = X - objective.mean
        weights = objective.weights[y] / objective.total
        scores = _scores(Z, coefficients / scale)
        if free:
            margin = min(margin, _margin(scores, y))
        if free and step is not None:
            steps = _scores(Z, step / scale)
            step_margin = min(step_margin, _margin(steps, y))
            step_size = max(step_size, float(np.abs(steps).max()))
        loss += (_two_classes if classes == 1 else _more_classes)(Z, y, weights, scores, gradient, hessian)
    for k in range(classes):
        for other in range(k):
            hessian[k, :, other, :] = hessian[other, :, k, :]  # both are symmetric
    gradient /= scale
    hessian /= scale[:, None, None] * scale
    loss += float((objective.penalty * coefficients**2).sum()) / 2
    gradient += objective.penalty * coefficients
    flat = hessian.reshape(classes * width, classes * width)
    flat[np.diag_indices_from(flat)] += np.tile(objective.penalty, classes)
    return Place(coefficients, loss, gradient, flat, margin, step_margin, step_size)


def _blocks(batches: Iterable[tuple[Array, Any]]) -> Iterator[tuple[Array, Any]]:
    """Yield the rows in blocks that fit in the processor's cache."""
    for X, y in batches:
        for start in range(0, len(X), _BLOCK):
            yield X[start : start + _BLOCK], y[start : start + _BLOCK]


def _two_classes(Z: Array, y: Any, weights: Array, scores: Array, gradient: Array, hessian: Array) -> float:
    """Return the loss of a batch, and add to its derivatives."""
    # If the score of the right class is positive, nothing overflows.
    signs = 2.0 * y - 1
    odds = signs * scores[:, 0]
    losses = np.logaddexp(0, -odds)
    wrong = np.exp(-(odds + losses))
    _add_sums(gradient[0], Z, -weights * wrong * signs)
    _add_squares(hessian[0, :, 0, :], Z, weights * wrong * (1 - wrong))
    return float(weights @ losses)


def _scores(Z: Array, coefficients: Array) -> Array:
    """Return scores; an additional coefficient is the intercept."""
    found: Array = Z @ coefficients[:, : Z.shape[1]].T
    return found + coefficients[:, -1] if coefficients.shape[1] > Z.shape[1] else found


def _add_sums(to: Array, Z: Array, weights: Array) -> None:
    """Add the weighted sums of columns, and of a column of ones if there is an intercept."""
    size = Z.shape[1]
    to[:size] += weights @ Z
    to[size:] += weights.sum()


def _add_squares(to: Array, Z: Array, weights: Array) -> None:
    """Add the weighted sums of products of columns, and of a column of ones if there is an intercept."""
    size = Z.shape[1]
    to[:size, :size] += Z.T @ (weights[:, None] * Z)
    if to.shape[1] > size:
        sums = weights @ Z
        to[:size, size] += sums
        to[size, :size] += sums
        to[size, size] += weights.sum()


def _more_classes(Z: Array, y: Any, weights: Array, scores: Array, gradient: Array, hessian: Array) -> float:
    """Return the loss of a batch, and add to its derivatives."""
    rows = np.arange(len(y))
    logs = scores - logsumexp(scores, axis=1, keepdims=True)
    shares = np.exp(logs)
    away = shares.copy()
    away[rows, y] -= 1
    for k in range(scores.shape[1]):
        _add_sums(gradient[k], Z, weights * away[:, k])
        for other in range(k, scores.shape[1]):
            curvature = weights * shares[:, k] * ((k == other) - shares[:, other])
            _add_squares(hessian[k, :, other, :], Z, curvature)
    return -float(weights @ logs[rows, y])


def _margin(scores: Array, y: Any) -> float:
    """Return the minimum over rows of the score of the right class minus the highest other score."""
    if scores.shape[1] == 1:
        return float(np.min((2 * y - 1) * scores[:, 0]))
    rows = np.arange(len(y))
    right = scores[rows, y]
    others = scores.copy()
    others[rows, y] = -np.inf
    return float(np.min(right - others.max(axis=1)))
