"""Series of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidValue
from objectiv_local.frame.series.base import Series, series_class

if TYPE_CHECKING:
    from objectiv_local.frame.groupby import GroupBy
    from objectiv_local.frame.window import Window


def checked_min_count(min_count: object) -> str:
    """Return the operation of a sum with this ``min_count``."""
    if isinstance(min_count, bool) or min_count not in (0, 1):
        raise InvalidValue(f"min_count has to be 0 or 1, not {min_count!r}",
                           hint="0 makes the sum of nothing 0, 1 makes it missing")
    return "sum_or_null" if min_count else "sum"


class SeriesSummable(Series):
    """Series with a sum and a mean."""

    __slots__ = ()

    def sum(self, partition: Window | GroupBy | None = None, min_count: int = 0) -> Series:
        """Return the sum. The sum of nothing is 0, or missing with ``min_count=1``."""
        return self._aggregate(checked_min_count(min_count), partition)

    def mean(self, partition: Window | GroupBy | None = None) -> Series:
        """Return the mean of the values that are not missing; missing if there are none."""
        return self._aggregate("mean", partition)


@series_class("int64", "float64")
class SeriesNumeric(SeriesSummable):
    """Series of integers or floats.

    Division is true division, also of integers; ``//`` and ``%`` round towards minus infinity and are missing where the
    divisor is 0; a float division by zero is inf, -inf or NaN.
    """

    __slots__ = ()


@series_class("bool")
class SeriesBoolean(SeriesSummable):
    """Series of true and false. The sum counts what is true, the mean is the share of it."""

    __slots__ = ()

    def any(self, partition: Window | GroupBy | None = None) -> Series:
        """Return whether a value is true; false for no values."""
        return self._aggregate("any", partition)

    def all(self, partition: Window | GroupBy | None = None) -> Series:
        """Return whether no value is false; true for no values."""
        return self._aggregate("all", partition)
