"""The aggregate methods: those of frames, groups and windows, and those of series.

An aggregate has one method in each of the two classes, with its documentation. Its computation is declared in the catalog of
operations, or in ``functions`` if it consists of several.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, Union

from objectiv_local.arguments import checked
from objectiv_local.frame.functions import Function

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.series.base import Series
    from objectiv_local.frame.window import Window

R = TypeVar("R")
#: The groups or window over which a series is aggregated; None means all rows, or the groups of a grouped series.
Partition: TypeAlias = Union["Window", "DataFrame", None]


@checked
class Reductions(Generic[R]):
    """Aggregates of every column. Missing values are skipped; NaN is a value.

    ``numeric_only`` omits columns that are neither numbers nor bools; without it, a column of an unsupported type is an error.
    ``skipna`` exists for compatibility with pandas and has to be true.
    """

    __slots__ = ()

    @abstractmethod
    def _reduce(self, func: Any, **options: Any) -> R:
        """Return an aggregate, or several, of every column."""

    def agg(
        self,
        func: Function | Sequence[Function] | Mapping[str, Function | Sequence[Function]] | None = None,
        *,
        numeric_only: bool = False,
        **named: tuple[str, Function],
    ) -> R:
        """Return aggregates by name: one or several of every column, or a mapping from columns to names.

        Result columns are named ``<column>_<func>``; ``agg(total=('amount', 'sum'))`` sets other names. The aggregates are
        count, nunique, sum, mean, min, max, any, all, first, last, size, median, quantile, mode, std, std_pop, var, sem, skew,
        to_json_array. Raises InvalidValue for another name, and InvalidType for a column of an unsupported type.
        """
        return self._reduce(func, numeric_only=numeric_only, **({"named": named} if named else {}))

    aggregate = agg

    def count(self, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the number of non-missing values."""
        return self._reduce("count", numeric_only=numeric_only, skipna=skipna)

    def nunique(self, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the number of distinct values."""
        return self._reduce("nunique", numeric_only=numeric_only, skipna=skipna)

    def sum(self, min_count: int = 0, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the sum; missing if there are fewer than ``min_count`` values. By default, the sum of no values is 0."""
        return self._reduce("sum", min_count=min_count, numeric_only=numeric_only, skipna=skipna)

    def mean(self, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the mean; missing if there are no values."""
        return self._reduce("mean", numeric_only=numeric_only, skipna=skipna)

    def median(self, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the median: of two middle values, their mean, or the lower one for strings, dates and times.

        Differs from Bach, which returned the lower one for every type.
        """
        return self._reduce("median", numeric_only=numeric_only, skipna=skipna)

    def mode(self, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the most frequent value, the minimum of several. pandas returns all of them."""
        return self._reduce("mode", numeric_only=numeric_only, skipna=skipna)

    def std(self, ddof: int = 1, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the standard deviation: of a sample with ``ddof=1``, of the population with 0."""
        return self._reduce("std", ddof=ddof, numeric_only=numeric_only, skipna=skipna)

    def std_pop(self, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the population standard deviation."""
        return self._reduce("std_pop", numeric_only=numeric_only, skipna=skipna)

    def var(self, ddof: int = 1, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the variance: of a sample with ``ddof=1``, of the population with 0."""
        return self._reduce("var", ddof=ddof, numeric_only=numeric_only, skipna=skipna)

    def sem(self, ddof: int = 1, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the standard error of the mean: the standard deviation divided by the square root of the number of values."""
        return self._reduce("sem", ddof=ddof, numeric_only=numeric_only, skipna=skipna)

    def skew(self, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the bias-corrected skewness; 0 for equal values and missing for fewer than three. Not supported over a window.

        Differs from pandas 3, which returns a missing value for equal values.
        """
        return self._reduce("skew", numeric_only=numeric_only, skipna=skipna)

    def min(self, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the minimum; missing if there are no values."""
        return self._reduce("min", numeric_only=numeric_only, skipna=skipna)

    def max(self, *, numeric_only: bool = False, skipna: bool = True) -> R:
        """Return the maximum; missing if there are no values."""
        return self._reduce("max", numeric_only=numeric_only, skipna=skipna)

    def any(self) -> R:
        """Return whether any value is true; false for no values."""
        return self._reduce("any")

    def all(self) -> R:
        """Return whether all values are true; true for no values."""
        return self._reduce("all")

    def first(self, *, numeric_only: bool = False) -> R:
        """Return the first non-missing value, in the order of the frame."""
        return self._reduce("first", numeric_only=numeric_only)

    def last(self, *, numeric_only: bool = False) -> R:
        """Return the last non-missing value, in the order of the frame."""
        return self._reduce("last", numeric_only=numeric_only)


@checked
class SeriesAggregates:
    """Aggregates of a series. Missing values are skipped; NaN is a value."""

    __slots__ = ()
    _name: str

    @abstractmethod
    def _reduce(self, func: str, partition: Partition = None, name: str | None = None, **options: Any) -> Series:
        """Return an aggregate of all values, or of each group or window of ``partition``."""

    def size(self, partition: Partition = None) -> Series:
        """Return the number of rows, including those with missing values."""
        return self._reduce("size", partition, "size")

    def count(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the number of non-missing values."""
        return self._reduce("count", partition, skipna=skipna)

    def nunique(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the number of distinct values; the result is named ``<name>_nunique``. Not supported over a window."""
        return self._reduce("nunique", partition, f"{self._name}_nunique", skipna=skipna)

    def min(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the minimum; missing if there are no values. For bools, whether all are true."""
        return self._reduce("min", partition, skipna=skipna)

    def max(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the maximum; missing if there are no values. For bools, whether any is true."""
        return self._reduce("max", partition, skipna=skipna)

    def sum(self, partition: Partition = None, skipna: bool = True, min_count: int | None = None) -> Series:
        """Return the sum; missing if there are fewer than ``min_count`` values. By default, the sum of no values is 0.

        For bools, it is the number of true values. An integer sum beyond 64 bits is an error. Raises InvalidType for types
        without a sum.
        """
        return self._reduce("sum", partition, skipna=skipna, min_count=min_count)

    def mean(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the mean, a float or a duration; missing if there are no values. For bools, the proportion of true values."""
        return self._reduce("mean", partition, skipna=skipna)

    def median(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the median: the mean of the two middle values if their number is even.

        For strings, dates and times, it is the lower of the two, which Bach returned for every type. Not supported over a
        window.
        """
        return self._reduce("median", partition, skipna=skipna)

    def mode(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the most frequent value, the minimum of several; pandas returns all of them. Not supported over a window."""
        return self._reduce("mode", partition, skipna=skipna)

    def std(self, partition: Partition = None, skipna: bool = True, ddof: int | None = None) -> Series:
        """Return the standard deviation as a float: of a sample, or of the population with ``ddof=0``."""
        return self._reduce("std", partition, skipna=skipna, ddof=ddof)

    def std_pop(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the population standard deviation as a float."""
        return self._reduce("std_pop", partition, skipna=skipna)

    def var(self, partition: Partition = None, skipna: bool = True, ddof: int | None = None) -> Series:
        """Return the variance as a float: of a sample, or of the population with ``ddof=0``."""
        return self._reduce("var", partition, skipna=skipna, ddof=ddof)

    def sem(self, partition: Partition = None, skipna: bool = True, ddof: int | None = None) -> Series:
        """Return the standard error of the mean: the standard deviation divided by the square root of the number of values."""
        return self._reduce("sem", partition, skipna=skipna, ddof=ddof)

    def skew(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the bias-corrected skewness; 0 for equal values and missing for fewer than three. Not supported over a window.

        Differs from pandas 3, which returns a missing value for equal values.
        """
        return self._reduce("skew", partition, skipna=skipna)

    def any(self, partition: Partition = None) -> Series:
        """Return whether any value of a bool series is true; false for no values."""
        return self._reduce("any", partition)

    def all(self, partition: Partition = None) -> Series:
        """Return whether all values of a bool series are true; true for no values."""
        return self._reduce("all", partition)

    def first(self, partition: Partition = None) -> Series:
        """Return the first non-missing value, in the order of the frame."""
        return self._reduce("first", partition)

    def last(self, partition: Partition = None) -> Series:
        """Return the last non-missing value, in the order of the frame."""
        return self._reduce("last", partition)
