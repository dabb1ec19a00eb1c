"""Row-wise methods of frames, column by column: values of other rows, running totals, ranks, and missing values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.functions import NUMERIC, Function
from objectiv_local.frame.handles import make_frame, make_series
from objectiv_local.frame.state import State
from objectiv_local.plan.expr import literal

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.series.base import Series


@checked
class RowWise:
    """Methods of series, applied to every data column. For a grouped frame, they apply within each group.

    The result has the rows, index and order of the frame, and is not grouped, so it can be assigned:
    ``df["before"] = df.groupby("user_id").moment.shift()``.
    """

    _state: State
    _columns: tuple[str, ...]

    def shift(self, periods: int = 1, fill_value: object = None) -> DataFrame:
        """Return the values ``periods`` rows before, or after if negative, in the order of the frame; see Series.shift.

        Raises InvalidValue for a frame that is not sorted.
        """
        return self._each(lambda series: series.shift(periods, fill_value))

    def diff(self, periods: int = 1) -> DataFrame:
        """Return the difference from the values ``periods`` rows before, in the order of the frame; see Series.diff."""
        return self._each(lambda series: series.diff(periods))

    def pct_change(self, periods: int = 1) -> DataFrame:
        """Return the relative change from the values ``periods`` rows before; see Series.pct_change."""
        return self._each(lambda series: series.pct_change(periods))

    def cumsum(self, *, numeric_only: bool = False) -> DataFrame:
        """Return the running totals in the order of the frame. Missing values stay missing and are skipped in the total."""
        return self._each(lambda series: series.cumsum(), numeric_only=numeric_only)

    def cummax(self, *, numeric_only: bool = False) -> DataFrame:
        """Return the running maximum in the order of the frame. Missing values stay missing and are skipped."""
        return self._each(lambda series: series.cummax(), numeric_only=numeric_only)

    def cummin(self, *, numeric_only: bool = False) -> DataFrame:
        """Return the running minimum in the order of the frame. Missing values stay missing and are skipped."""
        return self._each(lambda series: series.cummin(), numeric_only=numeric_only)

    def cumcount(self) -> Series:
        """Return the number of each row, from 0, in the order of the frame; for a grouped frame, within its group."""
        return make_series(self._state, literal(1), "cumcount").cumcount()

    def rank(
        self, method: str = "average", ascending: bool = True, pct: bool = False, *, numeric_only: bool = False
    ) -> DataFrame:
        """Return the rank of each value in its column, from 1, as a float; missing values have no rank. See Series.rank."""
        return self._each(lambda series: series.rank(method, ascending, pct), numeric_only=numeric_only)

    def transform(self, func: Function, **options: Any) -> DataFrame:
        """Return aggregates of the groups, repeated on every row of the group, with the names of the columns.

        See Series.transform.
        """
        return self._each(lambda series: series.transform(func, **options))

    def isnull(self) -> DataFrame:
        """Return whether each value is missing. NaN is not missing, but loading a pandas frame converts its NaN to missing."""
        return self._each_row("isnull", lambda series: series.isnull())

    def notnull(self) -> DataFrame:
        """Return whether each value is not missing. NaN is not missing."""
        return self._each_row("notnull", lambda series: series.notnull())

    isna = isnull
    notna = notnull

    def _each_row(self, what: str, function: Callable[[Series], Series]) -> DataFrame:
        self._state.rows(what)
        return self._each(function)

    def _each(self, function: Callable[[Series], Series], *, numeric_only: bool = False) -> DataFrame:
        """Return the rows with the results of a function for each column, in one step."""
        rows = self._state.ungrouped()
        found: dict[str, Series] = {}
        for name in self._columns:
            value = self._state.value(name)
            if numeric_only and value.type.name not in NUMERIC:
                continue
            try:
                found[name] = function(make_series(self._state, value, name))
            except InvalidType as error:
                raise InvalidType(f"column {name!r}: {error.what}", hint=error.hint) from None
        if self._columns and not found:
            raise InvalidValue("the frame has no numeric column", hint="omit numeric_only")
        if all(each._state == rows for each in found.values()):
            return make_frame(rows.extended([(name, each._expr) for name, each in found.items()]), tuple(found))
        # A column with very many operations may have become a separate step.
        return make_frame(rows, list(found)).assign(**found)
