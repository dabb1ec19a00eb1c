"""The aggregates of frames, groups and windows under one set of names."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from objectiv_local.arguments import checked
from objectiv_local.frame.functions import Function

R = TypeVar("R")


@checked
class Reductions(Generic[R]):
    """Aggregates of every column of something. Missing values never count; NaN is a value.

    ``numeric_only`` leaves out columns that are not numbers or bools; without it, a column that the aggregate cannot be
    computed of is an error. ``skipna`` is there for pandas' sake and has to be true.
    """

    __slots__ = ()

    @abstractmethod
    def _reduce(self, func: Any, **options: Any) -> R:
        """Return an aggregate, or several, of every column."""

    def agg(self, func: Function | Sequence[Function] | Mapping[str, Function | Sequence[Function]] | None = None, *,
            numeric_only: bool = False, **named: tuple[str, Function]) -> R:
        """Return aggregates by name: one or several of every column, or a mapping of columns to names.

        Result columns are named ``<column>_<func>``; ``agg(total=('amount', 'sum'))`` gives names of their own. Names:
        count, nunique, sum, mean, min, max, any, all, first, last, size, median, quantile, mode, std, std_pop, var, sem,
        to_json_array. Raises InvalidValue for another name, and InvalidType for a column that it cannot be computed of.
        """
        return self._reduce(func, numeric_only=numeric_only, **({"named": named} if named else {}))

    aggregate = agg

    def count(self, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the number of values that are not missing."""
        return self._reduce("count", numeric_only=numeric_only, skipna=skipna)

    def nunique(self, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the number of different values."""
        return self._reduce("nunique", numeric_only=numeric_only, skipna=skipna)

    def sum(self, min_count: int = 0, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the sum; missing where there are fewer than ``min_count`` values, and 0 for no values by default."""
        return self._reduce("sum", min_count=min_count, numeric_only=numeric_only, skipna=skipna)

    def mean(self, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the mean; missing if there are no values."""
        return self._reduce("mean", numeric_only=numeric_only, skipna=skipna)

    def median(self, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the median, between the two middle values of an even number; the lower one of text, dates and times.

        Differs from Bach, which returned the lower one for every type.
        """
        return self._reduce("median", numeric_only=numeric_only, skipna=skipna)

    def mode(self, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the most frequent value, the least of several. pandas returns all of them."""
        return self._reduce("mode", numeric_only=numeric_only, skipna=skipna)

    def std(self, ddof: int = 1, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the standard deviation: of a sample with ``ddof=1``, of the whole population with 0."""
        return self._reduce("std", ddof=ddof, numeric_only=numeric_only, skipna=skipna)

    def std_pop(self, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the standard deviation of the whole population."""
        return self._reduce("std_pop", numeric_only=numeric_only, skipna=skipna)

    def var(self, ddof: int = 1, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the variance: of a sample with ``ddof=1``, of the whole population with 0."""
        return self._reduce("var", ddof=ddof, numeric_only=numeric_only, skipna=skipna)

    def sem(self, ddof: int = 1, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the standard error of the mean: the standard deviation by the root of the number of values."""
        return self._reduce("sem", ddof=ddof, numeric_only=numeric_only, skipna=skipna)

    def min(self, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the least value; missing if there is none."""
        return self._reduce("min", numeric_only=numeric_only, skipna=skipna)

    def max(self, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the greatest value; missing if there is none."""
        return self._reduce("max", numeric_only=numeric_only, skipna=skipna)

    def any(self) -> R:
        """Return whether a value is true; false for no values."""
        return self._reduce("any")

    def all(self) -> R:
        """Return whether no value is false; true for no values."""
        return self._reduce("all")

    def first(self, *, numeric_only: bool = False) -> R:
        """Return the first value that is not missing, in the order of the frame."""
        return self._reduce("first", numeric_only=numeric_only)

    def last(self, *, numeric_only: bool = False) -> R:
        """Return the last value that is not missing, in the order of the frame."""
        return self._reduce("last", numeric_only=numeric_only)
