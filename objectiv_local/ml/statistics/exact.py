"""Exact sums: means and sums of squares and products that are exactly the same on every engine.

A sum of floats depends on the order of its terms, which no engine guarantees. Here each term is multiplied by a power of two,
so that its leading 62 bits are kept, and truncated to an integer. The sum of integers is the same in any order. Results
computed from the sums are fractions, rounded once. Arrays in memory are processed in the same steps, with the same results.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol
from typing import Literal as OneOf

from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Expr, aggregation, call, case, cast, state_of
from objectiv_local.ml.expressions import number, real
from objectiv_local.ml.fetching import one_row, one_snapshot
from objectiv_local.ml.statistics.ranges import check_complete, check_range, ranges
from objectiv_local.types import FLOAT64, INT64, decimal_type

if TYPE_CHECKING:
    import numpy

Products = OneOf["none", "squares", "all"]

#: Bits of a term. With a sign bit, it fits in an int64.
_BITS = 62

#: Deviations are not scaled if their exponent is at most this; squares then neither overflow nor underflow.
_PLAIN = 200

#: A power of two that is safely within the range of floats.
_POWER = 1000

#: Maximum number of sums in one query; a statement with some thousands is still parsed quickly.
_PER_QUERY = 1500


@dataclass(frozen=True, slots=True)
class Extent:
    """The range of the values of a column.

    Deviations are from ``shift``, a float close to the mean, times 2**``scale``; they are less than 2**``exponent``.
    """

    count: int
    low: float
    high: float
    mean: Fraction
    shift: float
    scale: int
    exponent: int

    @property
    def is_constant(self) -> bool:
        """Whether all values are equal."""
        return self.low == self.high

    @property
    def residual(self) -> Fraction:
        """The mean deviation: the mean minus the shift, in the units of deviations."""
        return (self.mean - Fraction(self.shift)) * Fraction(2) ** self.scale


@dataclass(frozen=True, slots=True)
class ExactMoments:
    """Exact moments of columns. ``products`` maps two positions to the sum of products of deviations from the means.

    The sum for positions (i, j) with i <= j is over rows in which both have a value; divided by the count, it is a covariance.
    """

    rows: int
    columns: tuple[Extent, ...]
    products: Mapping[tuple[int, int], Fraction]

    def variance(self, position: int) -> Fraction:
        """Return the population variance of a column: 0 for a single value."""
        return self.products[position, position] / self.columns[position].count


def exact_moments(
    data: DataFrame | numpy.ndarray[Any, Any],
    names: Sequence[str],
    products: Products = "squares",
    *,
    target: str | None = None,
) -> ExactMoments:
    """Return the exact moments of columns: their means, and sums of squares or of all pairwise products.

    ``data`` is a frame, or an array with a column for each name. NULL and NaN are skipped; a column without values has the
    mean 0. With ``products="all"``, no value may be missing. Takes a query for the ranges, one for the means and one per 1500
    products, all from one snapshot. Raises InvalidValue for infinite values, those beyond 2**960, and integers from 2**53 in
    a frame; messages refer to the column ``target`` as y.

    >>> import numpy
    >>> found = exact_moments(numpy.array([[0.1], [0.2], [0.3]]), ["x"])
    >>> float(found.columns[0].mean), float(found.variance(0))
    (0.2, 0.006666666666666665)
    """
    source: _Rows = _FrameRows(data, names) if isinstance(data, DataFrame) else _ArrayRows(data)
    with source.held():
        rows, limits = source.ranges()
        for name, (count, low, high) in zip(names, limits, strict=True):
            check_range(name, low, high, is_target=name == target)
            if products == "all":
                check_complete(name, rows - count, is_target=name == target)
        powers = [power_of(low, high) for _, low, high in limits]
        sums = source.sums(powers)
        columns = tuple(
            extent_of(count, low, high, Fraction(total, count or 1) / Fraction(2) ** power)
            for (count, low, high), power, total in zip(limits, powers, sums, strict=True)
        )
        wanted = [
            (i, j)
            for i in range(len(names))
            for j in range(i, len(names))
            if products == "all" or (products == "squares" and i == j)
        ]
        varied = [(i, j) for i, j in wanted if not columns[i].is_constant and not columns[j].is_constant]
        shifts = [_BITS - 1 - columns[i].exponent - columns[j].exponent for i, j in varied]
        found = dict.fromkeys(wanted, Fraction(0))
        for (i, j), power, total in zip(varied, shifts, source.products(columns, varied, shifts), strict=True):
            a, b = columns[i], columns[j]
            centered = Fraction(total) / Fraction(2) ** power - a.count * a.residual * b.residual
            # Truncated terms may result in a negative sum of squares that should be 0.
            found[i, j] = (max(centered, Fraction(0)) if i == j else centered) / Fraction(2) ** (a.scale + b.scale)
        return ExactMoments(rows, columns, found)


def extent_of(count: int, low: float, high: float, mean: Fraction) -> Extent:
    """Return the range of a column, with a shift such that no square of a deviation underflows."""
    largest = max(abs(low), abs(high))
    shift = min(max(float(mean), low), high)
    if low != high and abs(shift) < math.ldexp(largest, -_PLAIN):
        # A value close to 0 is then not close to the shift.
        shift = math.ldexp(1.0, _exponent(largest) - 60)
    exponent = _exponent(max(abs(low - shift), abs(high - shift)))
    scale = 0 if abs(exponent) <= _PLAIN else -exponent
    return Extent(count, low, high, mean, shift, scale, exponent + scale)


def deviation(value: Expr, of: Extent) -> Expr:
    """Return the deviation of a value from the shift of its column."""
    return _times_power(call("sub", value, real(of.shift)) if of.shift else value, of.scale)


def deviations(values: numpy.ndarray[Any, Any], of: Extent) -> numpy.ndarray[Any, Any]:
    """Return the deviations of values from the shift of their column, as :func:`deviation` does."""
    import numpy as np

    away = values - of.shift
    return np.ldexp(away, of.scale) if of.scale else away


def _exponent(value: float) -> int:
    """Return the exponent of the smallest power of two above a non-negative value."""
    return math.frexp(value)[1]


def _times_power(value: Expr, power: int) -> Expr:
    """Return a float times a power of two."""
    while power:
        step = max(-_POWER, min(power, _POWER))
        value = call("mul", value, real(math.ldexp(1.0, step)))
        power -= step
    return value


class _Rows(Protocol):
    """Rows over which sums are computed."""

    def held(self) -> AbstractContextManager[None]:
        """Return a context in which the rows do not change."""

    def ranges(self) -> tuple[int, list[tuple[int, float, float]]]:
        """Return the number of rows, and the count, minimum and maximum of each column; 0 without values."""

    def sums(self, powers: Sequence[int]) -> list[int]:
        """Return the sum of each column times a power of two, with each term truncated to an integer."""

    def products(self, columns: Sequence[Extent], pairs: Sequence[tuple[int, int]], powers: Sequence[int]) -> Iterator[int]:
        """Return the sums of products of deviations of pairs of columns, each product times a power of two and truncated."""


class _FrameRows:
    def __init__(self, frame: DataFrame, names: Sequence[str]) -> None:
        self.frame, self.names = frame, names
        self.values = [number(frame, name) for name in names]
        self.plain = [cast(state_of(frame).column(name), FLOAT64) for name in names]

    def held(self) -> AbstractContextManager[None]:
        return one_snapshot(self.frame)

    def ranges(self) -> tuple[int, list[tuple[int, float, float]]]:
        rows, found = ranges(self.frame, self.names)
        limits = [(int(each["count"]), float(each["min"]), float(each["max"])) for each in found]
        # Without missing values, no checks are needed.
        self.values = [
            plain if count == rows else value
            for (count, _, _), plain, value in zip(limits, self.plain, self.values, strict=True)
        ]
        return rows, limits

    def sums(self, powers: Sequence[int]) -> list[int]:
        return list(self._totals([_cut(value, power) for value, power in zip(self.values, powers, strict=True)]))

    def products(self, columns: Sequence[Extent], pairs: Sequence[tuple[int, int]], powers: Sequence[int]) -> Iterator[int]:
        away = [deviation(value, of) for value, of in zip(self.values, columns, strict=True)]
        return self._totals([_cut(call("mul", away[i], away[j]), power) for (i, j), power in zip(pairs, powers, strict=True)])

    def _totals(self, terms: Sequence[Expr]) -> Iterator[int]:
        for start in range(0, len(terms), _PER_QUERY):
            sums = {
                f"sum_{position}": aggregation("sum", term) for position, term in enumerate(terms[start : start + _PER_QUERY])
            }
            yield from (int(value) for value in one_row(self.frame, sums).values())


def whole(value: Expr, power: int) -> Expr:
    """Return a float times a power of two, truncated to an integer that has to fit in an int64."""
    scaled = _times_power(value, power)
    if power < 0:
        # Values that would be truncated to 0 become 0 first: some engines raise an error for a product that underflows.
        scaled = case([(call("ge", call("abs", value), real(math.ldexp(1.0, -power))), scaled)], real(0))
    return cast(scaled, INT64)


def _cut(value: Expr, power: int) -> Expr:
    """Return a float times a power of two, truncated to an integer, as a decimal, whose sums can have 38 digits."""
    return cast(whole(value, power), decimal_type(0))


def power_of(low: float, high: float) -> int:
    """Return the power of two by which values between two floats become int64s with the most digits."""
    return _BITS - _exponent(max(abs(low), abs(high)))


class _ArrayRows:
    def __init__(self, values: numpy.ndarray[Any, Any]) -> None:
        self.values = values

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()

    def ranges(self) -> tuple[int, list[tuple[int, float, float]]]:
        import numpy as np

        present = [values[~np.isnan(values)] for values in self.values.T]
        return len(self.values), [
            (len(each), float(each.min()) if len(each) else 0.0, float(each.max()) if len(each) else 0.0) for each in present
        ]

    def sums(self, powers: Sequence[int]) -> list[int]:
        return [_cut_sum(values, power) for values, power in zip(self.values.T, powers, strict=True)]

    def products(self, columns: Sequence[Extent], pairs: Sequence[tuple[int, int]], powers: Sequence[int]) -> Iterator[int]:
        away = [deviations(values, of) for values, of in zip(self.values.T, columns, strict=True)]
        return (_cut_sum(away[i] * away[j], power) for (i, j), power in zip(pairs, powers, strict=True))


def _cut_sum(values: numpy.ndarray[Any, Any], power: int) -> int:
    import numpy as np

    whole = np.trunc(np.ldexp(values[~np.isnan(values)], power)).astype(np.int64)
    # In two halves, up to 2**32 of which fit in a sum.
    return (int((whole >> 31).sum()) << 31) + int((whole & (2**31 - 1)).sum())
