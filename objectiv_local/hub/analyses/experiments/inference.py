"""Comparisons of two groups by size, mean and variance: intervals and p-values for a fixed sample or valid at any time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from objectiv_local.hub.analyses.base.statistics import scipy_stats
from objectiv_local.hub.analyses.experiments.metrics import MEAN, PROPORTION


@dataclass(frozen=True, slots=True)
class Group:
    """A group of units: its size, and the mean and variance of a metric; the variance may be missing.

    The variance is the sample variance; for a proportion the population variance, for a ratio that of its linear approximation.
    """

    users: int
    mean: float | None
    variance: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The difference between two means, absolute and relative, each with its interval, and a p-value. All may be missing."""

    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    lift: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None


def compared(kind: str, control: Group, treatment: Group, alpha: float, planned: int | None) -> Comparison:
    """Return the comparison of a group with the control group.

    With ``planned``, intervals and p-values are valid at any time, and narrowest when both groups have ``planned`` units.
    """
    if control.mean is None or treatment.mean is None:
        return Comparison()
    difference = treatment.mean - control.mean
    lift = difference / control.mean if control.mean else None
    if control.variance is None or treatment.variance is None:
        return Comparison(difference=difference, lift=lift)
    parts = control.variance / control.users, treatment.variance / treatment.users
    error = math.sqrt(sum(parts))
    if error == 0:
        return Comparison(difference=difference, lift=lift)
    users = control.users + treatment.users
    if planned is None:
        quantile = _quantile(kind, parts, (control.users, treatment.users), alpha)
        p = _p_value(kind, control, treatment, difference / error)
    else:
        p = anytime_p(users, difference, error, alpha, planned)

    def half_width(error: float) -> float:
        return quantile * error if planned is None else anytime_half_width(users, error, alpha, planned)

    half = half_width(error)
    absolute = difference, difference - half, difference + half
    if lift is None:
        return Comparison(*absolute, p=p)
    # The delta method for the ratio of the two means.
    relative = math.sqrt(parts[1] + (treatment.mean / control.mean) ** 2 * parts[0]) / abs(control.mean)
    half = half_width(relative)
    return Comparison(*absolute, lift, lift - half, lift + half, p)


def _quantile(kind: str, parts: tuple[float, float], users: tuple[int, int], alpha: float) -> float:
    """Return the number of standard errors of an interval: by Welch for means, by the normal distribution for others."""
    stats = scipy_stats()
    if kind != MEAN:
        return float(stats.norm.isf(alpha / 2))
    freedom = sum(parts) ** 2 / sum(part**2 / (count - 1) for part, count in zip(parts, users, strict=True))
    return float(stats.t.isf(alpha / 2, freedom))


def _p_value(kind: str, control: Group, treatment: Group, z: float) -> float:
    stats = scipy_stats()
    assert control.mean is not None
    assert treatment.mean is not None
    if kind == MEAN:
        assert control.variance is not None
        assert treatment.variance is not None
        return float(
            stats.ttest_ind_from_stats(
                treatment.mean,
                math.sqrt(treatment.variance),
                treatment.users,
                control.mean,
                math.sqrt(control.variance),
                control.users,
                equal_var=False,
            ).pvalue
        )
    if kind == PROPORTION:
        # The z-test with the pooled proportion equals this chi-squared test.
        table = [
            [round(group.mean * group.users), group.users - round(group.mean * group.users)]
            for group in (control, treatment)
            if group.mean is not None
        ]
        return float(stats.chi2_contingency(table, correction=False).pvalue)
    return float(2 * stats.norm.sf(abs(z)))


def anytime_half_width(users: int, error: float, alpha: float, planned: int) -> float:
    """Return half the width of an interval that is valid at all times at once: the normal mixture of Howard et al.

    The difference of two means with a standard error is treated as the mean of ``users`` observations.
    """
    variance, mixing = _mixture(users, error, alpha, planned)
    whole = variance + mixing
    return math.sqrt(whole * math.log(whole / (mixing * alpha**2))) / users


def anytime_p(users: int, difference: float, error: float, alpha: float, planned: int) -> float:
    """Return the p-value that matches :func:`anytime_half_width`: at most ``alpha`` if the interval excludes 0."""
    variance, mixing = _mixture(users, error, alpha, planned)
    whole = variance + mixing
    log_p = (math.log(whole / mixing) - (users * difference) ** 2 / whole) / 2
    return math.exp(min(log_p, 0.0))


def _mixture(users: int, error: float, alpha: float, planned: int) -> tuple[float, float]:
    """Return the variance of the sum of all observations, and the mixing variance that is optimal for ``planned`` of them."""
    each = error**2 * users
    return users * each, each * planned / (2 * math.log(1 / alpha) + math.log(1 + 2 * math.log(1 / alpha)))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p-values with Holm's correction for their number; missing ones do not count and stay missing."""
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    found: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, place) in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - rank) * p))
        found[place] = highest
    return found


def sample_ratio_p(counts: Mapping[str, int], weights: Mapping[str, float]) -> float | None:
    """Return the p-value of the test that units are split by ``weights``; missing without units or with one variant."""
    users, total = sum(counts.values()), sum(weights.values())
    if not users or len(weights) < 2:
        return None
    expected = [users * weight / total for weight in weights.values()]
    return float(scipy_stats().chisquare([counts.get(name, 0) for name in weights], expected).pvalue)


def adjusted(groups: Sequence[tuple[Group, Group, float | None]]) -> list[Group]:
    """Return groups with their means and variances adjusted for a covariate (CUPED).

    Each input is a group, the covariate over the same units, and their covariance. One coefficient is used for all groups: the
    covariance divided by the variance of the covariate, pooled over the groups.
    """
    pairs = [(each.users - 1, other.variance, covariance) for each, other, covariance in groups]
    spread = math.fsum(
        weight * variance for weight, variance, covariance in pairs if variance is not None and covariance is not None
    )
    shared = math.fsum(
        weight * covariance for weight, variance, covariance in pairs if variance is not None and covariance is not None
    )
    factor = shared / spread if spread else 0.0
    users = sum(each.users for each, _, _ in groups)
    center = math.fsum(other.users * other.mean for _, other, _ in groups if other.mean is not None) / users if users else 0.0
    found = []
    for each, other, covariance in groups:
        if each.mean is None or other.mean is None:
            found.append(each)
            continue
        variance = each.variance
        if variance is not None and other.variance is not None and covariance is not None:
            # If the covariate explains the metric completely, rounding may leave a small negative variance.
            variance = max(variance - 2 * factor * covariance + factor**2 * other.variance, 0.0)
        found.append(Group(each.users, each.mean - factor * (other.mean - center), variance))
    return found


def needed_users(variance: float, difference: float, alpha: float, power: float) -> int:
    """Return how many units each group needs to detect a difference with a probability of ``power``."""
    return math.ceil(2 * variance * (_both_quantiles(alpha, power) / difference) ** 2)


def detectable(error: float, alpha: float, power: float) -> float:
    """Return the difference that is detected with a probability of ``power``, given its standard error."""
    return _both_quantiles(alpha, power) * error


def _both_quantiles(alpha: float, power: float) -> float:
    normal = scipy_stats().norm
    return float(normal.isf(alpha / 2) + normal.ppf(power))
