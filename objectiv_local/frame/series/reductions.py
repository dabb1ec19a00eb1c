"""The aggregates of a series: of all rows, of groups, or over a window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from objectiv_local.errors import InvalidType
from objectiv_local.frame.functions import Named, checked_function, reduction
from objectiv_local.frame.state import State
from objectiv_local.plan.expr import Expr
from objectiv_local.plan.nodes import Aggregate, Extend, Node

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.groupby import GroupBy, SeriesGroupBy
    from objectiv_local.frame.series.base import Series
    from objectiv_local.frame.window import Window

    Partition: TypeAlias = Window | GroupBy | None


class SeriesReductions:
    """Aggregates of the values that are not missing; NaN is a value.

    ``partition`` is None for one value of all rows, groups (``df.groupby(...)``) for one value of each group, or a window
    (``df.window(...)``) for a value on every row. ``skipna`` is there for pandas' sake and has to be true.
    """

    __slots__ = ()
    _state: State
    _expr: Expr
    _name: str

    def _reduce(self, func: str, partition: Partition = None, name: str | None = None, **options: Any) -> Series:
        from objectiv_local.frame.groupby import GroupBy, SeriesGroupBy
        from objectiv_local.frame.series.base import make_series
        from objectiv_local.frame.window import SeriesWindow, Window

        name = name or self._name
        mine = make_series(self._state, self._expr, self._name)
        if isinstance(partition, Window):
            found: Series = SeriesWindow(partition, mine)._reduce(func, **options)
            return found.rename(name)
        if isinstance(partition, GroupBy):
            return self._of_groups(partition, mine, func, name, options, SeriesGroupBy)
        if partition is not None:
            raise InvalidType(f"partition is a window or groups, not {type(partition).__name__}",
                              hint="as in series.sum(df.groupby('city')) or series.sum(df.sort_values('day').window())")
        made = Named(((name, reduction(func, self._expr, self._state.order, **options)),))
        plan: Node = Aggregate(self._state.plan, (), made.aggregates())
        if made.combined():
            plan = Extend(plan, made.combined())
        state = self._state.onto(plan, ())
        return make_series(state, plan.column(name), name)

    def _of_groups(self, groups: GroupBy, mine: Series, func: str, name: str, options: dict[str, Any],
                   of: type[SeriesGroupBy]) -> Series:
        from objectiv_local.frame.align import aligned
        from objectiv_local.frame.series.base import make_series

        keys = [expr for _, expr in groups._keys]
        state, moved, value = aligned(groups._state, keys, mine._state, mine._expr, "left", name)
        copied = groups[list(groups._columns)]
        assert isinstance(copied, type(groups))
        copied._state = state
        copied._keys = tuple((key, expr) for (key, _), expr in zip(groups._keys, moved, strict=True))
        result = of(copied, make_series(state, value, self._name))._reduce(func, **options)
        renamed: Series = result.rename(name)
        return renamed

    def count(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the number of values that are not missing."""
        return self._reduce("count", partition, skipna=skipna)

    def nunique(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the number of different values. The name gets ``_nunique`` behind it. Not over a window."""
        return self._reduce("nunique", partition, f"{self._name}_nunique", skipna=skipna)

    def min(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the least value; missing if there is none. Of bools, whether all are true."""
        return self._reduce("min", partition, skipna=skipna)

    def max(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the greatest value; missing if there is none. Of bools, whether one is true."""
        return self._reduce("max", partition, skipna=skipna)

    def sum(self, partition: Partition = None, skipna: bool = True, min_count: int | None = None) -> Series:
        """Return the sum; missing where there are fewer than ``min_count`` values, and 0 for no values by default.

        Of bools it is the number of those that are true. An integer sum beyond 64 bits is an error. Raises InvalidType
        for values without a sum.
        """
        return self._reduce("sum", partition, skipna=skipna, min_count=min_count)

    def mean(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the mean, a float or a duration; missing if there are no values. Of bools, the share of true ones."""
        return self._reduce("mean", partition, skipna=skipna)

    def median(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the median, between the two middle values of an even number; numbers, durations and timestamps.

        Bach took the lower of the two. Not over a window.
        """
        return self._reduce("median", partition, skipna=skipna)

    def quantile(self, partition: Partition | float = None, q: float | Sequence[float] = 0.5) -> Series:
        """Return the value below which a share ``q`` of the values lies, linearly interpolated between the two nearest.

        With a list of shares, the index is ``quantile``, or the keys and ``quantile``. ``series.quantile(0.9)`` works as
        in pandas, although ``partition`` comes first as in Bach. Not over a window.
        """
        from objectiv_local.frame.groupby import GroupBy
        from objectiv_local.frame.window import Window

        of: Partition = partition if isinstance(partition, GroupBy | Window) else None
        if partition is not None and of is None:
            q = partition  # type: ignore[assignment]
        if isinstance(q, list | tuple):
            frame = self._frame()
            found = frame.groupby(None).quantile(q) if of is None else _chosen(of, self._name).quantile(q)
            result: Series = found[f"{self._name}_quantile"]
            return result.rename(self._name)
        return self._reduce("quantile", of, q=q)

    def mode(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the most frequent value, the least of several; pandas returns all of them. Not over a window."""
        return self._reduce("mode", partition, skipna=skipna)

    def std(self, partition: Partition = None, skipna: bool = True, ddof: int | None = None) -> Series:
        """Return the standard deviation as a float: of a sample, or with ``ddof=0`` of the whole population."""
        return self._reduce("std", partition, skipna=skipna, ddof=ddof)

    def std_pop(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the standard deviation of the whole population as a float."""
        return self._reduce("std_pop", partition, skipna=skipna)

    def var(self, partition: Partition = None, skipna: bool = True, ddof: int | None = None) -> Series:
        """Return the variance as a float: of a sample, or with ``ddof=0`` of the whole population."""
        return self._reduce("var", partition, skipna=skipna, ddof=ddof)

    def sem(self, partition: Partition = None, skipna: bool = True, ddof: int | None = None) -> Series:
        """Return the standard error of the mean: the standard deviation by the root of the number of values."""
        return self._reduce("sem", partition, skipna=skipna, ddof=ddof)

    def any(self, partition: Partition = None) -> Series:
        """Return whether a value is true; false for no values. Of bools."""
        return self._reduce("any", partition)

    def all(self, partition: Partition = None) -> Series:
        """Return whether no value is false; true for no values. Of bools."""
        return self._reduce("all", partition)

    def first(self, partition: Partition = None) -> Series:
        """Return the first value that is not missing, in the order of the frame."""
        return self._reduce("first", partition)

    def last(self, partition: Partition = None) -> Series:
        """Return the last value that is not missing, in the order of the frame."""
        return self._reduce("last", partition)

    def agg(self, func: str | Callable[..., Any] | Sequence[str], group_by: Partition = None, **options: Any) -> Any:
        """Return an aggregate by its name, or a frame of several with columns ``<name>_<func>``."""
        if isinstance(func, str) or callable(func):
            name = checked_function(func)
            return self._reduce(name, group_by, f"{self._name}_nunique" if name == "nunique" else None, **options)
        if group_by is not None:
            return _chosen(group_by, self._name).agg(list(func))
        return self._frame().agg(list(func))

    aggregate = agg

    def apply_func(self, func: str | Sequence[str], *args: Any, **options: Any) -> Any:
        """Return what methods of these names return, named ``<name>_<func>``: one series, or a list of several."""
        names = [func] if isinstance(func, str) else list(func)
        made = [getattr(self, name)(*args, **options).rename(f"{self._name}_{name}") for name in names]
        return made[0] if isinstance(func, str) else made

    def describe(self, percentiles: Sequence[float] | None = None, datetime_is_numeric: bool = False) -> Series:
        """Return statistics of the values, indexed by ``__stat``; see DataFrame.describe."""
        described = self._frame().describe(percentiles=percentiles, include="all", datetime_is_numeric=datetime_is_numeric)
        found: Series = described[self._name]
        return found

    def value_counts(self, normalize: bool = False, sort: bool = True, ascending: bool = False, bins: int | None = None,
                     method: str = "pandas") -> Series:
        """Return the number of rows of each value, a missing one included, named ``value_counts``.

        With ``bins``, the number of values in each of so many intervals of equal width, empty ones included, indexed by
        ``range``. With ``normalize``, shares. ``method`` is ``pandas`` or ``bach``, how the lowest interval is widened;
        see ``cut``.
        """
        if bins is not None:
            from objectiv_local.frame.cut import counted_bins

            return counted_bins(self._frame()[self._name], bins, method, normalize=normalize, sort=sort, ascending=ascending)
        return self._frame().value_counts(normalize=normalize, sort=sort, ascending=ascending)

    def unique(self, partition: Partition = None, skipna: bool = True) -> Series:
        """Return the different values, named ``<name>_unique`` and indexed by themselves.

        A missing value is among them with ``skipna=False``. With groups, the index is their keys.
        """
        from objectiv_local.frame.groupby import GroupBy

        frame = self._frame()
        if isinstance(partition, GroupBy):
            column: Series = _chosen(partition, self._name)[self._name].unique()[f"{self._name}_unique"]  # type: ignore[operator]
            return column
        kept = frame[frame[self._name].notnull()] if skipna else frame
        counted = kept.groupby(self._name).size().to_frame()
        counted[f"{self._name}_unique"] = counted.index[self._name]
        result: Series = counted[f"{self._name}_unique"]
        return result

    def _frame(self) -> DataFrame:
        """Return the series as a frame."""
        raise NotImplementedError


def _chosen(partition: Partition, name: str) -> GroupBy:
    """Return the groups with one column of them. Raises InvalidType for a window."""
    from objectiv_local.frame.groupby import GroupBy

    if not isinstance(partition, GroupBy):
        raise InvalidType("this is computed of groups, not over a window", hint="aggregate by group and merge the result")
    chosen = partition[[name]]
    assert isinstance(chosen, GroupBy)
    return chosen
