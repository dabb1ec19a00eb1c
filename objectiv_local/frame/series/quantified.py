"""Comparisons with all values of a series: ``df[df.amount < other.amount.all_values()]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from objectiv_local.frame.series.base import Series


class Quantified:
    """All values of a series, as the right operand of a comparison. Missing values are ignored."""

    __slots__ = ("_every", "_series")

    def __init__(self, series: Series, *, every: bool) -> None:
        series._state.rows("a comparison with all values")
        self._series = series
        self._every = every

    def compared(self, op: str, left: Series) -> Series:
        """Return whether the comparison of ``left`` holds for every value, or for any."""
        if (op == "eq" and not self._every) or (op == "ne" and self._every):
            found = left.isin(self._series)
            return found if op == "eq" else ~found
        low, high = self._series.min(), self._series.max()
        if op in ("eq", "ne"):
            # All are equal to left if minimum and maximum are; any differs if one of these does.
            whole: Any = (left == low) & (left == high) if op == "eq" else (left != low) | (left != high)
        else:
            # Less than all means less than the minimum; less than any means less than the maximum.
            whole = left._binary(op, low if (op in ("lt", "le")) == self._every else high)
        result: Series = whole.fillna(self._every)
        return result
