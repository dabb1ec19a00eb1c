"""Metrics of regression."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidValue, caller_level
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Aggregate, Expr, NamedExprs, aggregation, call, case, cast, literal
from objectiv_local.ml.expressions import real, squared
from objectiv_local.ml.metrics.measured import Measured, measured

#: The largest number that is supported.
LARGEST_NUMBER = 1e140


@checked
def mean_squared_error(
    frame: DataFrame, y: str | Series, p: str | Series, *, sample_weight: str | Series | None = None
) -> float:
    """Return the mean of the squared differences between ``y`` and ``p``. One query.

    Missing and infinite values raise InvalidValue; see :mod:`objectiv_local.ml.metrics`.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"y": [1.0, 2.0], "p": [1.0, 4.0]}))
    >>> mean_squared_error(df, "y", "p")
    2.0
    """
    return _mean(measured(frame, y, p, sample_weight), _square)


@checked
def root_mean_squared_error(
    frame: DataFrame, y: str | Series, p: str | Series, *, sample_weight: str | Series | None = None
) -> float:
    """Return the square root of :func:`mean_squared_error`. One query.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"y": [1.0, 2.0], "p": [4.0, 5.0]}))
    >>> root_mean_squared_error(df, "y", "p")
    3.0
    """
    return math.sqrt(mean_squared_error(frame, y, p, sample_weight=sample_weight))


@checked
def mean_absolute_error(
    frame: DataFrame, y: str | Series, p: str | Series, *, sample_weight: str | Series | None = None
) -> float:
    """Return the mean of the absolute differences between ``y`` and ``p``. One query.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"y": [1.0, 2.0], "p": [1.0, 5.0]}))
    >>> mean_absolute_error(df, "y", "p")
    1.5
    """
    return _mean(measured(frame, y, p, sample_weight), lambda difference: call("abs", difference))


@checked
def r2_score(
    frame: DataFrame, y: str | Series, p: str | Series, *, sample_weight: str | Series | None = None, force_finite: bool = True
) -> float:
    """Return the proportion of the variance of ``y`` that ``p`` explains: at most 1, negative if the mean predicts better.

    If ``y`` is constant, it is 1 for a perfect prediction and otherwise 0, or NaN and -inf with ``force_finite=False``; for a
    single row it is NaN, with a warning. Two queries over the same rows: the mean, and the squared deviations.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"y": [1.0, 2.0, 3.0], "p": [1.0, 2.0, 4.0]}))
    >>> r2_score(df, "y", "p")
    0.5
    """
    rows = measured(frame, y, p, sample_weight)
    truth = _within(rows.y)
    counts = None if rows.weight is None else call("gt", rows.weight, cast(literal(0), rows.weight.type))
    first = Aggregate(
        rows.plan,
        (),
        (
            *_checks(rows),
            ("sum", rows.sum(truth)),
            ("least", aggregation("min", truth, where=counts)),
            ("greatest", aggregation("max", truth, where=counts)),
        ),
    )
    with rows.state.connected().snapshot():
        found = rows.fetch(first)[0]
        _check(rows, found)
        if found["rows"] < 2:
            from sklearn.exceptions import UndefinedMetricWarning

            warnings.warn(
                "R^2 score is not well-defined with less than two samples.", UndefinedMetricWarning, stacklevel=caller_level()
            )
            return math.nan
        error = call("sub", truth, _within(rows.predictions[0]))
        around = call("sub", truth, real(found["sum"] / found["weight"]))
        sums = rows.fetch(
            Aggregate(rows.plan, (), (("error", rows.sum(_square(error))), ("spread", rows.sum(_square(around)))))
        )[0]
    # The mean of equal numbers may differ from them in its last bit, so a constant is detected by minimum and maximum.
    spread = 0.0 if found["least"] == found["greatest"] else sums["spread"]
    if spread:
        return float(1 - sums["error"] / spread)
    if force_finite:
        return 0.0 if sums["error"] else 1.0
    return -math.inf if sums["error"] else math.nan


def _mean(rows: Measured, of: Callable[[Expr], Expr]) -> float:
    difference = call("sub", _within(rows.y), _within(rows.predictions[0]))
    found = rows.fetch(Aggregate(rows.plan, (), (*_checks(rows), ("sum", rows.sum(of(difference))))))[0]
    _check(rows, found)
    return float(found["sum"] / found["weight"])


def _within(number: Expr) -> Expr:
    """Return a number unless its square may overflow, which would fail the query."""
    return case([(call("le", call("abs", number), real(LARGEST_NUMBER)), number)])


def _checks(rows: Measured) -> NamedExprs:
    beyond = call("or", *(call("gt", call("abs", column), real(LARGEST_NUMBER)) for column in (rows.y, rows.predictions[0])))
    return (*rows.checks(), ("beyond", aggregation("size", where=beyond)))


def _check(rows: Measured, found: Mapping[str, Any]) -> None:
    rows.check(found)
    if found["beyond"]:
        raise InvalidValue(
            f"y or p is beyond {LARGEST_NUMBER:g} in {found['beyond']} rows, so sums of squares may overflow",
            hint="divide both by a power of ten first",
        )


def _square(difference: Expr) -> Expr:
    return squared(difference)
