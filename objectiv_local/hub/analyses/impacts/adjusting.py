"""Adjusted scores of features: a logistic regression of the conversion on all features that users used."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from objectiv_local.errors import InvalidValue, NotSupported

if TYPE_CHECKING:
    import numpy

#: Number of folds of a cross-validation, and how often it is repeated.
FOLDS: Final = 3
REPEATS: Final = 5


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The results for a feature: its coefficient with its interval and its spread over folds; the increase of the conversion
    rate with the feature; and how much worse the model is without it.
    """

    coefficient: float
    low: float
    high: float
    spread: float
    marginal_effect: float
    importance: float


def adjusted_scores(
    converted: Sequence[bool], uses: Sequence[tuple[int, int]], features: int, alpha: float, seed: int
) -> tuple[list[Adjusted], float]:
    """Return the scores of features, and the area under the ROC curve on held-out users.

    ``uses`` are pairs of a user and a feature, both by position. Features are scaled to a standard deviation of 1; the
    penalty is scikit-learn's default. Raises InvalidValue if too few users converted, or too few did not.
    """
    try:
        from scipy import sparse, stats
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import RepeatedStratifiedKFold
    except ImportError:
        raise NotSupported("scikit-learn is not installed", hint="pip install 'objectiv-local[ml]'") from None
    import numpy as np

    outcome = np.asarray(converted, dtype=bool)
    fewest = int(min(outcome.sum(), (~outcome).sum()))
    if fewest < FOLDS:
        raise InvalidValue(
            f"impact with level='adjusted' needs at least {FOLDS} users who convert and {FOLDS} who do not, and there "
            f"are {outcome.sum():,} and {(~outcome).sum():,}",
            hint="use level='association'",
        )
    pairs = np.asarray(uses, dtype=np.int64).reshape(-1, 2)
    used = sparse.csc_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(outcome), features))
    count = np.asarray(used.sum(axis=0)).ravel()
    deviation = np.sqrt(count * (len(outcome) - count)) / len(outcome)
    # A feature that everyone uses is uninformative: its column has no variation, and its coefficient is 0.
    scale = np.where(deviation > 0, deviation, 1.0)
    scaled = (used @ sparse.diags(np.where(deviation > 0, 1 / scale, 0.0))).tocsr()

    def fitted(rows: Any) -> Any:
        # There are many users and few features, for which Newton's method needs the fewest steps.
        return LogisticRegression(solver="newton-cholesky").fit(scaled[rows], outcome[rows])

    everyone = np.arange(len(outcome))
    model = fitted(everyone)
    weights = model.coef_[0]
    half = stats.norm.isf(alpha / 2) * _standard_errors(scaled, model, np)
    generator = np.random.default_rng(seed)
    coefficients, areas, losses = [], [], []
    folds = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=seed)
    for train, test in folds.split(everyone, outcome):
        each = fitted(train)
        scores, rows = each.decision_function(scaled[test]), scaled[test].tocsc()
        area = _area(outcome[test], scores)
        coefficients.append(each.coef_[0])
        areas.append(area)
        shuffled = generator.permutation(len(test))
        loss = []
        for number in range(features):
            column = rows[:, [number]].toarray().ravel()
            changed = scores + (column[shuffled] - column) * each.coef_[0][number]
            loss.append(area - _area(outcome[test], changed))
        losses.append(loss)
    effects = _marginal_effects(scaled, model, weights, deviation, np)
    spread, importance = np.std(coefficients, axis=0, ddof=1), np.mean(losses, axis=0)
    return [
        Adjusted(*(float(value) for value in values))
        for values in zip(weights, weights - half, weights + half, spread, effects, importance, strict=True)
    ], float(np.mean(areas))


def _area(outcome: Any, scores: Any) -> float:
    """Return the area under the ROC curve: the share of pairs of a user who converts and a user who does not in which the
    former has the higher score. Ties count half.
    """
    from scipy import stats

    converting = int(outcome.sum())
    ranks = stats.rankdata(scores)[outcome].sum()
    return float((ranks - converting * (converting + 1) / 2) / (converting * (len(outcome) - converting)))


def _standard_errors(scaled: Any, model: Any, np: Any) -> numpy.ndarray:
    """Return the standard errors of the coefficients of a penalized fit."""
    from scipy import sparse

    probability = model.predict_proba(scaled)[:, 1]
    weight = probability * (1 - probability)
    full = sparse.hstack([scaled, np.ones((scaled.shape[0], 1))]).tocsr()
    information = (full.T @ sparse.diags(weight) @ full).toarray()
    penalty = np.diag([1.0 / model.C] * scaled.shape[1] + [0.0])
    inverse = np.linalg.inv(information + penalty)
    found: numpy.ndarray = np.sqrt(np.diag(inverse @ information @ inverse))[:-1]
    return found


def _marginal_effects(scaled: Any, model: Any, weights: Any, deviation: Any, np: Any) -> list[float]:
    """Return the mean predicted conversion rate if all use a feature minus the rate if none do, other features unchanged."""
    scores = model.decision_function(scaled)
    columns = scaled.tocsc()
    found = []
    for number, weight in enumerate(weights):
        if deviation[number] == 0:
            found.append(0.0)
            continue
        without = scores - columns[:, [number]].toarray().ravel() * weight
        with_it = without + weight / deviation[number]
        found.append(float(np.mean(_logistic(with_it, np) - _logistic(without, np))))
    return found


def _logistic(scores: Any, np: Any) -> Any:
    # Computed so that the exponential is at most 1.
    small = np.exp(-np.abs(scores))
    return np.where(scores >= 0, 1 / (1 + small), small / (1 + small))


def correlation_interval(phi: float, users: int, quantile: float) -> tuple[float, float] | tuple[None, None]:
    """Return the confidence interval of a correlation by Fisher's transformation; missing if it is ±1, or for up to 3 users."""
    if users <= 3 or abs(phi) >= 1:
        return None, None
    center, half = math.atanh(phi), quantile / math.sqrt(users - 3)
    return math.tanh(center - half), math.tanh(center + half)
