"""The aggregates of a series: over all rows, by group, or over a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType
from objectiv_local.frame.align import aligned
from objectiv_local.frame.correlation import corr_of_two
from objectiv_local.frame.cut import checked_method, counted_bins
from objectiv_local.frame.functions import Function, checked_function, reduction
from objectiv_local.frame.groupby import aggregated_series, partition_of
from objectiv_local.frame.handles import is_frame, make_frame, make_series
from objectiv_local.frame.reductions import Partition, SeriesAggregates
from objectiv_local.frame.state import State
from objectiv_local.frame.window import SeriesWindow, Window
from objectiv_local.plan.expr import Expr, over

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.series.base import Series


@checked
class SeriesReductions(SeriesAggregates):
    """Aggregates of a series. Missing values are skipped; NaN is a value.

    Without ``partition``, the result is one value for all rows, or one per group of a grouped series. With a grouped frame
    (``df.groupby(...)``), it is one value for each of its groups, and with a window (``df.window(...)``) one on every row.
    ``skipna`` exists for compatibility with pandas and has to be true.
    """

    __slots__ = ()
    _state: State
    _expr: Expr
    _name: str

    def _reduce(self, func: str, partition: Partition = None, name: str | None = None, **options: Any) -> Series:
        name = name or self._name
        if isinstance(partition, Window):
            return SeriesWindow(partition, self._of_rows())._reduce(func, **options).rename(name)
        state, value = self._partitioned(partition)
        return aggregated_series(state, reduction(func, value, state.order, **options), name)

    def _partitioned(self, partition: DataFrame | None) -> tuple[State, Expr]:
        """Return the values in the groups of ``partition``, by default in their own."""
        if partition is None:
            return self._state, self._expr
        if not is_frame(partition) or partition.group_by is None:
            raise InvalidType(
                f"partition has to be a window or a grouped frame, not {type(partition).__name__}",
                hint="as in series.sum(df.groupby('city')) or series.sum(df.sort_values('day').window())",
            )
        groups = partition.group_by
        state, keys, value = aligned(
            partition._state.ungrouped(), groups.exprs, self._state.ungrouped(), self._expr, "left", self._name
        )
        return replace(state, groups=groups.moved(keys)), value

    def _of_rows(self) -> Series:
        """Return the series without groups."""
        return make_series(self._state.ungrouped(), self._expr, self._name)

    def transform(self, func: Function, **options: Any) -> Series:
        """Return the aggregate of each group, repeated on every row of the group, as an ungrouped series.

        >>> import objectiv_local as ol
        >>> df = ol.DataFrame.from_schema({"city": "string", "people": "int64"})
        >>> print((df.people / df.groupby("city").people.transform("sum")).rename("share").view_sql())
        SELECT people::float8 / coalesce(sum(people) OVER (PARTITION BY city)::bigint, 0)::float8 AS share
        FROM data
        """
        keys = partition_of(self._state, "a transformation")
        made = reduction(checked_function(func), self._expr, self._state.order, **options)
        return make_series(self._state.ungrouped(), made.over(lambda part: over(part, keys)), self._name)

    def quantile(
        self, partition: Partition | float | list[float] | tuple[float, ...] = None, q: float | Sequence[float] = 0.5
    ) -> Series:
        """Return the ``q`` quantile, linearly interpolated between the two nearest values.

        With a list for ``q``, the index is ``quantile``, or the keys and ``quantile``. ``series.quantile(0.9)`` works as in
        pandas, although ``partition`` is the first parameter, as in Bach. Not supported over a window.
        """
        if isinstance(partition, int | float | list | tuple):
            q, partition = partition, None
        if isinstance(q, list | tuple):
            result: Series = self._in_frame(partition).quantile(q)[f"{self._name}_quantile"]
            return result.rename(self._name)
        return self._reduce("quantile", partition, q=q)

    def _in_frame(self, partition: Partition) -> DataFrame:
        """Return the series as a frame grouped by ``partition``. Raises InvalidType for a window."""
        if isinstance(partition, Window):
            raise InvalidType("this aggregate cannot be computed over a window", hint="aggregate by group and merge the result")
        return make_series(*self._partitioned(partition), self._name).to_frame()

    def agg(self, func: Function | Sequence[Function], group_by: Partition = None, **options: Any) -> Any:
        """Return an aggregate by its name, or a frame of several with columns ``<name>_<func>``."""
        if isinstance(func, str) or callable(func):
            name = checked_function(func)
            return self._reduce(name, group_by, f"{self._name}_nunique" if name == "nunique" else None, **options)
        return self._in_frame(group_by).agg(list(func))

    aggregate = agg

    def apply_func(self, func: str | Sequence[str], *args: Any, **options: Any) -> Any:
        """Return the results of methods by name, renamed ``<name>_<func>``: one series, or a list of several."""
        names = [func] if isinstance(func, str) else list(func)
        made = [getattr(self, name)(*args, **options).rename(f"{self._name}_{name}") for name in names]
        return made[0] if isinstance(func, str) else made

    def corr(self, other: Series, method: str = "pearson", min_periods: int = 1) -> Series:
        """Return the correlation with another series as a one-value series.

        It is computed from the rows in which both values are present. ``method`` is ``pearson``, or ``spearman`` for rank
        correlation. The result is missing if there are fewer than ``min_periods`` or two such rows, or if one of the series is
        constant in them, and NaN if they include NaN or infinity.
        """
        return corr_of_two(make_series(self._state, self._expr, self._name), other, method, min_periods)

    def describe(self, percentiles: Sequence[float] | None = None, datetime_is_numeric: bool = False) -> Series:
        """Return statistics of the values, indexed by ``__stat``; see DataFrame.describe."""
        described = self._frame().describe(percentiles=percentiles, include="all", datetime_is_numeric=datetime_is_numeric)
        found: Series = described[self._name]
        return found

    def value_counts(
        self,
        normalize: bool = False,
        sort: bool = True,
        ascending: bool = False,
        bins: int | None = None,
        method: str = "pandas",
    ) -> Series:
        """Return the number of rows of each value, including missing ones, as a series ``value_counts``.

        With ``bins``, return the number of values in each of that many intervals of equal width, including empty ones,
        indexed by ``range``. With ``normalize``, return fractions of the total. ``method``, ``pandas`` or ``bach``, is how
        the lowest interval is widened; see ``cut``.
        """
        checked_method(method)
        if bins is not None:
            return counted_bins(self._frame()[self._name], bins, method, normalize=normalize, sort=sort, ascending=ascending)
        return self._frame().value_counts(normalize=normalize, sort=sort, ascending=ascending)

    def unique(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the distinct values, named ``<name>_unique`` and indexed by themselves.

        A missing value is included with ``skipna=False``. With groups, the index has their keys.
        """
        name = f"{self._name}_unique"
        frame = self._in_frame(partition)
        keys = partition_of(frame._state, "unique")
        if frame.group_by is None:
            kept = frame[frame[self._name].notnull()] if skipna else frame
            counted = kept.groupby(self._name).size().to_frame()
            counted[name] = counted.index[self._name]
        else:
            rows = frame._state.ungrouped()
            by = [make_series(rows, expr, key) for key, expr in zip(frame.group_by.names, keys, strict=True)]
            values = make_series(rows, frame._state.value(self._name), name)
            counted = make_frame(rows, ()).groupby([*by, values]).size().to_frame().reset_index(name)
            counted = counted[counted[name].notnull()] if skipna else counted
        result: Series = counted[name]
        return result

    def _frame(self) -> DataFrame:
        """Return the series as a frame."""
        raise NotImplementedError
