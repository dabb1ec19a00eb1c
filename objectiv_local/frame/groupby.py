"""Groups of rows with equal keys, and what can be computed of each group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from objectiv_local.errors import AttributeNotFound, ColumnNotFound, InvalidType, InvalidValue, near
from objectiv_local.frame.align import aligned
from objectiv_local.frame.series.base import Series, make_series
from objectiv_local.frame.series.numeric import checked_min_count
from objectiv_local.frame.state import State, unused_name
from objectiv_local.frame.window import Window, frame_of, moved_together
from objectiv_local.plan.expr import Aggregation, Expr, Ordering, aggregation, over
from objectiv_local.plan.nodes import Aggregate
from objectiv_local.plan.ops import OPS

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame

#: The aggregates by the name that a user gives.
FUNCTIONS = ("count", "nunique", "sum", "mean", "min", "max", "any", "all", "first", "last", "size")


class GroupBy:
    """The rows of a frame in groups of equal keys. A missing key is a group of its own; groups come in key order.

    Differs from pandas: missing keys are kept, as with ``dropna=False``. A column's name gets the name of the function
    behind it in ``groupby(...).sum()``, and keeps its own in ``groupby(...)[column].sum()``.
    """

    def __init__(self, frame: DataFrame, by: object) -> None:
        self._state, self._keys = grouping(frame, by)
        self._columns = tuple(name for name in frame.data_columns if name not in dict(self._keys))
        self._frame = frame

    def __repr__(self) -> str:
        return f"<GroupBy {', '.join(name for name, _ in self._keys) or 'all rows'} of {self._frame!r}>"

    def __getitem__(self, key: str | list[str]) -> SeriesGroupBy | GroupBy:
        if isinstance(key, str):
            return SeriesGroupBy(self, self._series(key))
        chosen = GroupBy.__new__(GroupBy)
        chosen._frame, chosen._state, chosen._keys = self._frame, self._state, self._keys
        for name in key:
            self._series(name)
        chosen._columns = tuple(key)
        return chosen

    def __getattr__(self, name: str) -> SeriesGroupBy:
        if name.startswith("_") or name not in self._columns:
            raise AttributeNotFound(f"GroupBy has no attribute or column {name!r}", hint=near(name, self._columns))
        return SeriesGroupBy(self, self._series(name))

    def _series(self, name: str) -> Series:
        if name not in self._frame.data_columns:
            raise ColumnNotFound(f"there is no column {name!r}", hint=near(name, self._frame.data_columns))
        return make_series(self._state, self._state.column(name), name)

    # ---- aggregates of the columns

    def agg(self, func: str | Sequence[str] | Mapping[str, str | Sequence[str]]) -> DataFrame:
        """Return aggregates by name: one or several of every column, or a mapping of columns to names.

        Result columns are named ``<column>_<func>``. Functions: count, nunique, sum, mean, min, max, any, all, first,
        last, and size. With one name, columns that it cannot be computed of are an error; select columns before.
        """
        return self._aggregated(named_aggregates(self._state, self._columns, func))

    aggregate = agg

    def _all(self, func: str, label: str | None = None) -> DataFrame:
        return self._aggregated(named_aggregates(self._state, self._columns, func, label=label))

    def count(self) -> DataFrame:
        """Return the number of values of each column that are not missing."""
        return self._all("count")

    def nunique(self) -> DataFrame:
        """Return the number of different values of each column."""
        return self._all("nunique")

    def sum(self, min_count: int = 0) -> DataFrame:
        """Return the sum of each column."""
        return self._all(checked_min_count(min_count), label="sum")

    def mean(self) -> DataFrame:
        """Return the mean of each column."""
        return self._all("mean")

    def min(self) -> DataFrame:
        """Return the least value of each column."""
        return self._all("min")

    def max(self) -> DataFrame:
        """Return the greatest value of each column."""
        return self._all("max")

    def first(self) -> DataFrame:
        """Return the first value of each column that is not missing, in the order of the frame."""
        return self._all("first")

    def last(self) -> DataFrame:
        """Return the last value of each column that is not missing, in the order of the frame."""
        return self._all("last")

    def size(self) -> Series:
        """Return the number of rows of each group."""
        return self._series_result(aggregation("size"), "size")

    def _aggregated(self, aggregates: list[tuple[str, Aggregation]]) -> DataFrame:
        from objectiv_local.frame.frame import DataFrame

        clash = {name for name, _ in aggregates} & {name for name, _ in self._keys}
        if clash:
            raise InvalidValue(f"the result would have two columns {min(clash)!r}", hint="rename the key")
        plan = Aggregate(self._state.plan, self._keys, tuple(aggregates))
        return DataFrame(self._result(plan), tuple(name for name, _ in aggregates))

    def _result(self, plan: Aggregate) -> State:
        index = tuple(name for name, _ in self._keys)
        order = tuple(Ordering(plan.column(name)) for name in index if plan.types[name].name != "json")
        return State(plan, self._state.engine, self._state.dialect, index, order)

    def _series_result(self, function: Aggregation, name: str) -> Series:
        name = unused_name(name, [key for key, _ in self._keys])
        plan = Aggregate(self._state.plan, self._keys, ((name, function),), name)
        return make_series(self._result(plan), plan.column(name), name)

    # ---- windows

    def window(self, mode: str = "range", start_boundary: str = "preceding", start_value: int | None = None,
               end_boundary: str = "current_row", end_value: int | None = None) -> Window:
        """Return the window of the groups, in the order of the frame.

        By default it reaches from the first row of the group to the current one and the rows that tie with it. With
        ``mode='rows'``, rows are counted: ``start_value`` before or after, by the boundary.
        """
        frame = frame_of(mode, start_boundary, start_value, end_boundary, end_value)
        return Window(self._state, tuple(expr for _, expr in self._keys), frame)

    def over(self, series: Series, function: Aggregation, name: str) -> Series:
        """Return ``function`` of ``series`` over all rows of each group, on every row."""
        keys = [expr for _, expr in self._keys]
        n = len(function.children())
        state, moved = moved_together(series._state, self._state, [*function.children(), *keys], n, name)
        call = function.rebuilt(tuple(moved[:n]))
        assert isinstance(call, Aggregation)
        return make_series(state, over(call, moved[n:]), name)


class SeriesGroupBy:
    """One column of the groups of a frame."""

    __slots__ = ("_groups", "_series")

    def __init__(self, groups: GroupBy, series: Series) -> None:
        self._groups = groups
        self._series = series

    def _aggregate(self, op: str, name: str | None = None) -> Series:
        expr = self._series._expr
        order = self._groups._state.order if OPS[op].ordered else ()
        return self._groups._series_result(aggregation(op, expr, order=order), name or self._series.name)

    def agg(self, func: str | Sequence[str]) -> Any:
        """Return one aggregate as a series, or several as a frame with columns ``<name>_<func>``."""
        if isinstance(func, str):
            return self._aggregate(checked_function(func))
        return self._groups._aggregated(named_aggregates(self._groups._state, (self._series.name,), func))

    aggregate = agg

    def count(self) -> Series:
        """Return the number of values that are not missing."""
        return self._aggregate("count")

    def nunique(self) -> Series:
        """Return the number of different values, named ``<name>_nunique``."""
        return self._aggregate("nunique", f"{self._series.name}_nunique")

    def sum(self, min_count: int = 0) -> Series:
        """Return the sum; the sum of nothing is 0, or missing with ``min_count=1``."""
        return self._aggregate(checked_min_count(min_count))

    def mean(self) -> Series:
        """Return the mean."""
        return self._aggregate("mean")

    def min(self) -> Series:
        """Return the least value."""
        return self._aggregate("min")

    def max(self) -> Series:
        """Return the greatest value."""
        return self._aggregate("max")

    def any(self) -> Series:
        """Return whether a value is true."""
        return self._aggregate("any")

    def all(self) -> Series:
        """Return whether no value is false."""
        return self._aggregate("all")

    def first(self) -> Series:
        """Return the first value that is not missing, in the order of the frame."""
        return self._aggregate("first")

    def last(self) -> Series:
        """Return the last value that is not missing, in the order of the frame."""
        return self._aggregate("last")

    def size(self) -> Series:
        """Return the number of rows."""
        return self._groups.size()


def grouping(frame: DataFrame, by: object) -> tuple[State, tuple[tuple[str, Expr], ...]]:
    """Return the state and the named keys of ``by``: a name, a series, or a list of them; None groups all rows."""
    state = frame._state
    items: Iterable[object] = [] if by is None else by if isinstance(by, list | tuple) else [by]
    keys: list[tuple[str, Expr]] = []
    for item in items:
        if isinstance(item, str):
            if item not in frame.data_columns and item not in state.index:
                raise ColumnNotFound(f"there is no column {item!r} to group by",
                                     hint=near(item, [*frame.data_columns, *state.index]))
            name = item
            expr: Expr = state.column(item)
        elif isinstance(item, Series):
            state, exprs, expr = aligned(state, [key for _, key in keys], item._state, item._expr, "left", item.name)
            keys = [(old, new) for (old, _), new in zip(keys, exprs, strict=True)]
            name = item.name
        else:
            raise InvalidType(f"groups are made by names and series, not by {type(item).__name__}")
        if expr.type.name == "json":
            raise InvalidType(f"cannot group by {name!r}, which is {expr.type}",
                              hint="group by what it holds, as in series.json.get_value('id', as_str=True)")
        if name in dict(keys):
            raise InvalidValue(f"the key {name!r} is given twice", hint="rename one of the series")
        keys.append((name, expr))
    return state, tuple(keys)


def checked_function(func: object) -> str:
    """Return the operation of an aggregate that a user names. Raises InvalidValue."""
    if isinstance(func, Callable):  # type: ignore[arg-type]
        func = getattr(func, "__name__", func)
    if func not in FUNCTIONS:
        raise InvalidValue(f"{func!r} is not an aggregate", hint=near(str(func), FUNCTIONS))
    return str(func)


def named_aggregates(state: State, columns: Sequence[str], func: object, *,
                     label: str | None = None) -> list[tuple[str, Aggregation]]:
    """Return aggregates of columns, named ``<column>_<func>``."""
    if isinstance(func, Mapping):
        pairs = []
        for column, names in func.items():
            if column not in columns:
                raise ColumnNotFound(f"there is no column {column!r} to aggregate", hint=near(str(column), columns))
            pairs += [(column, name) for name in (names if isinstance(names, list | tuple) else [names])]
    else:
        names = list(func) if isinstance(func, list | tuple) else [func]
        pairs = [(column, name) for column in columns for name in names]
    if not pairs:
        raise InvalidValue("there is no column left to aggregate", hint="use size() for the number of rows")
    out: list[tuple[str, Aggregation]] = []
    for column, name in pairs:
        op = name if name == "sum_or_null" else checked_function(name)
        order = state.order if OPS[op].ordered else ()
        args = () if op == "size" else (state.column(column),)
        out.append((f"{column}_{label or op}", aggregation(op, *args, order=order)))
    return out


