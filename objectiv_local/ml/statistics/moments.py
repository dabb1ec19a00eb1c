"""Moments of columns: means, and sums of products of deviations from them, computed by queries.

Sums of squares of values far from zero lose precision, so deviations from the means of a first query are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from objectiv_local.errors import InvalidValue
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import aggregation, call, cast, state_of
from objectiv_local.ml.extract import batches
from objectiv_local.ml.fetching import one_row, one_snapshot
from objectiv_local.ml.statistics import exact
from objectiv_local.ml.statistics.ranges import check_complete, check_range, ranges
from objectiv_local.types import FLOAT64

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[np.float64]]

#: With more columns, rows are streamed: computing p * (p + 3) / 2 sums in SQL then takes longer than fetching the rows.
WIDE = 60

#: Columns may spread over 2**-400 to 2**400, so that neither products nor their sums overflow or underflow.
_LARGEST_POWER = 400


@dataclass(frozen=True, slots=True)
class Moments:
    """The number of rows, the means of columns, and the matrix of sums of products of deviations from the means."""

    rows: int
    means: Array
    products: Array
    constant: np.ndarray[Any, np.dtype[np.bool_]]

    @property
    def variances(self) -> Array:
        """The population variances of the columns."""
        found: Array = np.diagonal(self.products) / self.rows
        return found


def moments(
    frame: DataFrame,
    names: Sequence[str],
    *,
    who: str,
    target: str | None = None,
    is_exact: bool = False,
    squares_only: bool = False,
    wide: int = WIDE,
) -> Moments:
    """Return the moments of columns of a frame. ``target`` is the column to which messages refer as y.

    Takes two queries from one snapshot, three with ``is_exact``, and streams the rows for more than ``wide`` columns. A product
    with a constant column is exactly 0. With ``squares_only``, so is that of two different columns.

    Raises InvalidValue, with scikit-learn's messages and the name ``who`` of an estimator, for no rows and for missing,
    infinite, and too large or too small values.
    """
    size = len(names)
    products = np.zeros((size, size))
    if is_exact:
        found = exact.exact_moments(frame, names, "squares" if squares_only else "all", target=target)
        _check_rows(found.rows, size, who, target)
        _check_spread(names, found.columns)
        for (i, j), product in found.products.items():
            products[i, j] = products[j, i] = float(product)
        return Moments(
            found.rows,
            np.array([float(column.mean) for column in found.columns]),
            products,
            np.array([column.is_constant for column in found.columns]),
        )
    with one_snapshot(frame):
        rows, found_ranges = ranges(frame, names, "sum")
        _check_rows(rows, size, who, target)
        for name, each in zip(names, found_ranges, strict=True):
            check_range(name, each["min"], each["max"], is_target=name == target)
            check_complete(name, rows - each["count"], is_target=name == target)
        columns = [
            exact.extent_of(rows, float(each["min"]), float(each["max"]), Fraction(each["sum"]) / rows) for each in found_ranges
        ]
        _check_spread(names, columns)
        constant = np.array([column.is_constant for column in columns])
        varied = [position for position in range(size) if not constant[position]]
        means = np.array([column.low for column in columns])
        if varied:
            chosen = [names[position] for position in varied]
            of = [columns[position] for position in varied]
            streamed = len(varied) > wide and not squares_only
            sums, crossed = _by_batches(frame, chosen, of) if streamed else _by_query(frame, chosen, of, squares_only)
            # The means minus the shifts, as means of deviations.
            short = sums / rows
            powers = np.array([-column.scale for column in of])
            means[varied] = [column.shift for column in of] + np.ldexp(short, powers)
            centered = crossed - rows * np.outer(short, short) * (np.eye(len(of)) if squares_only else 1)
            products[np.ix_(varied, varied)] = np.ldexp(np.ldexp(centered, powers), powers[:, None])
    return Moments(rows, means, products, constant)


def _check_rows(rows: int, columns: int, who: str, target: str | None) -> None:
    if not rows:
        shape = (0, columns - (target is not None))
        raise InvalidValue(f"Found array with 0 sample(s) (shape={shape}) while a minimum of 1 is required by {who}.")


def _check_spread(names: Sequence[str], columns: Sequence[exact.Extent]) -> None:
    for name, column in zip(names, columns, strict=True):
        power = column.exponent - column.scale
        if not column.is_constant and abs(power) > _LARGEST_POWER:
            raise InvalidValue(
                f"column {name!r} spreads over about 2**{power}, whose square is out of the range of floats",
                hint="multiply the column by a constant",
            )


def _by_query(frame: DataFrame, names: Sequence[str], of: Sequence[exact.Extent], squares_only: bool) -> tuple[Array, Array]:
    """Return the sums of deviations, and the matrix of sums of their products."""
    size, state = len(names), state_of(frame)
    away = [exact.deviation(cast(state.column(name), FLOAT64), column) for name, column in zip(names, of, strict=True)]
    pairs = [(i, j) for i in range(size) for j in range(i, size) if i == j or not squares_only]
    sums = {f"sum_{i}": aggregation("sum", away[i]) for i in range(size)}
    found = one_row(frame, sums | {f"sum_{i}_{j}": aggregation("sum", call("mul", away[i], away[j])) for i, j in pairs})
    crossed = np.zeros((size, size))
    for i, j in pairs:
        crossed[i, j] = crossed[j, i] = found[f"sum_{i}_{j}"]
    return np.array([found[f"sum_{i}"] for i in range(size)]), crossed


def _by_batches(frame: DataFrame, names: Sequence[str], of: Sequence[exact.Extent]) -> tuple[Array, Array]:
    """Return the same from streamed rows."""
    sums, crossed = np.zeros(len(names)), np.zeros((len(names), len(names)))
    for X, _ in batches(frame, features=names, index=[], container="numpy"):
        away = np.column_stack([exact.deviations(X[:, position], column) for position, column in enumerate(of)])
        sums += away.sum(axis=0)
        crossed += away.T @ away
    return sums, crossed
