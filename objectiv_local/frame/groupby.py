"""Groups of rows with equal keys, and what can be computed of each group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from objectiv_local.errors import AttributeNotFound, ColumnNotFound, InvalidType, InvalidValue, NotSupported, near
from objectiv_local.frame import functions
from objectiv_local.frame.align import aligned
from objectiv_local.frame.functions import Named, Reduction, reduction
from objectiv_local.frame.reductions import Reductions
from objectiv_local.frame.series.base import Series, make_series
from objectiv_local.frame.state import State
from objectiv_local.frame.window import Window, frame_of, moved_together
from objectiv_local.plan.expr import Aggregation, Expr, Ordering, over
from objectiv_local.plan.naming import unused_name
from objectiv_local.plan.nodes import Aggregate, Extend, GroupingSets, Node

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame

Keys = tuple[tuple[str, Expr], ...]
Sets = tuple[tuple[int, ...], ...]


class GroupBy(Reductions["DataFrame"]):
    """The rows of a frame in groups of equal keys. A missing key is a group of its own; groups come in key order.

    Differs from pandas: missing keys are kept, as with ``dropna=False``. A column's name gets the name of the function
    behind it in ``groupby(...).sum()``, and keeps its own in ``groupby(...)[column].sum()``.
    """

    def __init__(self, frame: DataFrame, by: object, kind: str = "groupby") -> None:
        self._state, self._keys, self._sets = groupings(frame, by, kind)
        self._columns = tuple(name for name in frame.data_columns if name not in dict(self._keys))
        self._frame = frame

    def __repr__(self) -> str:
        return f"<GroupBy {', '.join(name for name, _ in self._keys) or 'all rows'} of {self._frame!r}>"

    @property
    def index(self) -> dict[str, Series]:
        """The keys as series of the rows, by name."""
        return {name: make_series(self._state, expr, name) for name, expr in self._keys}

    def __getitem__(self, key: str | list[str]) -> SeriesGroupBy | GroupBy:
        if isinstance(key, str):
            return SeriesGroupBy(self, self._series(key))
        chosen = GroupBy.__new__(GroupBy)
        chosen._frame, chosen._state, chosen._keys, chosen._sets = self._frame, self._state, self._keys, self._sets
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

    # ---- aggregates

    def _reduce(self, func: Any, *, named: dict[str, object] | None = None, **options: Any) -> DataFrame:
        if named is not None:
            options.pop("numeric_only", None)
            return self._aggregated(functions.keyword_aggregates(self._state, self._frame.data_columns, named))
        return self._aggregated(functions.named(self._state, self._columns, func, **options))

    def quantile(self, q: float | Sequence[float] = 0.5, *, numeric_only: bool = False) -> DataFrame:
        """Return the value below which a share ``q`` of the values lies, interpolated; see DataFrame.quantile.

        The index is the keys and a level ``quantile``.
        """
        from objectiv_local.frame.describe import quantiles

        return quantiles(self, q, numeric_only=numeric_only)

    def describe(self, percentiles: Sequence[float] | None = None) -> DataFrame:
        """Return statistics of each column for each group; see DataFrame.describe. The index is the keys and ``__stat``."""
        from objectiv_local.frame.describe import described

        return described(self, percentiles)

    def size(self) -> Series:
        """Return the number of rows of each group."""
        return self._series_result(reduction("size", self._state.column(next(iter(self._state.plan.types)))), "size")

    def value_counts(self, normalize: bool = False, sort: bool = True, ascending: bool = False) -> Series:
        """Return the number of rows of each group and combination of values, named ``value_counts``."""
        return self._frame.groupby([*self.index.values(), *self._columns])._counted(
            "value_counts", normalize=normalize, sort=sort, ascending=ascending)

    def _counted(self, name: str, *, normalize: bool, sort: bool, ascending: bool) -> Series:
        counted = self.size().rename(name)
        if normalize:
            counted = counted / counted.sum()
        return counted.sort_values(ascending=ascending) if sort else counted

    def _aggregated(self, aggregates: Named) -> DataFrame:
        from objectiv_local.frame.frame import DataFrame

        clash = set(aggregates.names) & {name for name, _ in self._keys}
        if clash:
            raise InvalidValue(f"the result would have two columns {min(clash)!r}", hint="rename the key")
        return DataFrame(self._result(aggregates), aggregates.names)

    def _result(self, aggregates: Named, step: str = "") -> State:
        """Return the state of the groups with aggregates as columns."""
        index = tuple(name for name, _ in self._keys)
        plan: Node
        if self._sets is None:
            plan = Aggregate(self._state.plan, self._keys, aggregates.aggregates(), step)
        else:
            level = unused_name("grouping", [*index, *(name for name, _ in aggregates.aggregates())])
            plan = GroupingSets(self._state.plan, self._keys, self._sets, aggregates.aggregates(), level, step)
        combined = aggregates.combined()
        if combined:
            plan = Extend(plan, combined, step)
        order = tuple(Ordering(plan.column(name)) for name in index if plan.types[name].name != "json")
        if self._sets is not None:
            order = (*order, Ordering(plan.column(level)))
        return self._state.onto(plan, index, order)

    def _series_result(self, made: Reduction, name: str) -> Series:
        name = unused_name(name, [key for key, _ in self._keys])
        state = self._result(Named(((name, made),)), name)
        return make_series(state, state.column(name), name)

    # ---- windows

    def window(self, mode: str = "range", start_boundary: str = "preceding", start_value: int | None = None,
               end_boundary: str = "current_row", end_value: int | None = None,
               min_values: int | None = None) -> Window:
        """Return the window of the groups, in the order of the frame.

        By default it reaches from the first row of the group to the current one and the rows that tie with it. With
        ``mode='rows'``, rows are counted: ``start_value`` before or after, by the boundary. An aggregate over fewer
        values than ``min_values`` is missing.
        """
        self._refuse_sets("a window")
        frame = frame_of(mode, start_boundary, start_value, end_boundary, end_value)
        return Window(self._state, tuple(expr for _, expr in self._keys), frame, min_values, self._columns)

    def rolling(self, window: int, min_periods: int | None = None, center: bool = False, closed: str = "right") -> Window:
        """Return the window of a number of rows up to the current one, in each group; see DataFrame.rolling."""
        from objectiv_local.frame.window import rolling

        self._refuse_sets("a window")
        return rolling(self._state, tuple(expr for _, expr in self._keys), self._columns, window, min_periods,
                       center=center, closed=closed)

    def expanding(self, min_periods: int = 1, center: bool = False) -> Window:
        """Return the window of all rows up to the current one, in each group; see DataFrame.expanding."""
        from objectiv_local.frame.window import expanding

        self._refuse_sets("a window")
        return expanding(self._state, tuple(expr for _, expr in self._keys), self._columns, min_periods, center=center)

    def _refuse_sets(self, what: str) -> None:
        if self._sets is not None:
            raise NotSupported(f"{what} over grouping sets is not supported", hint="group by one set of keys")

    def _over(self, series: Series, made: Reduction, name: str) -> Series:
        """Return an aggregate of ``series`` over all rows of each group, on every row."""
        self._refuse_sets("a transformation")
        keys = [expr for _, expr in self._keys]
        parts = [child for part in made.parts for child in part.children()]
        state, moved = moved_together(series._state, self._state, [*parts, *keys], len(parts), name)
        rest = iter(moved)

        def window(part: Aggregation) -> Expr:
            call = part.rebuilt(tuple(next(rest) for _ in part.children()))
            assert isinstance(call, Aggregation)
            return over(call, moved[len(parts):])

        return make_series(state, made.over(window), name)


class SeriesGroupBy(Reductions["Any"]):
    """One column of the groups of a frame."""

    __slots__ = ("_groups", "_series")

    def __init__(self, groups: GroupBy, series: Series) -> None:
        self._groups = groups
        self._series = series

    def _reduce(self, func: Any, *, named: dict[str, object] | None = None, numeric_only: bool = False,
                **options: Any) -> Any:
        if func is None or not (isinstance(func, str) or callable(func)):
            groups = self._groups[[self._series.name]]
            assert isinstance(groups, GroupBy)
            return groups._reduce(func, named=named)
        name = functions.checked_function(func)
        made = reduction(name, self._series._expr, self._groups._state.order, **options)
        return self._groups._series_result(
            made, f"{self._series.name}_nunique" if name == "nunique" else self._series.name)

    def quantile(self, q: float = 0.5) -> Series:
        """Return the value below which a share ``q`` of the values lies, interpolated between the two nearest."""
        found: Series = self._reduce("quantile", q=q)
        return found

    def to_json_array(self) -> Series:
        """Return the texts of each group as a JSON array, in the order of the frame and then by value."""
        found: Series = self._reduce("to_json_array")
        return found

    def unique(self) -> DataFrame:
        """Return the different values of each group that are not missing, in a column ``<name>_unique``."""
        values = self._series.rename(f"{self._series.name}_unique")
        found = self._groups._frame.groupby([*self._groups.index.values(), values]).size().to_frame().reset_index()
        kept: DataFrame = found[found[values.name].notnull()].set_index(list(self._groups.index))[[values.name]]
        return kept

    def size(self) -> Series:
        """Return the number of rows."""
        return self._groups.size()

    def describe(self, percentiles: Sequence[float] | None = None) -> DataFrame:
        """Return statistics for each group; see DataFrame.describe."""
        groups = self._groups[[self._series.name]]
        assert isinstance(groups, GroupBy)
        return groups.describe(percentiles)

    def value_counts(self, normalize: bool = False, sort: bool = True, ascending: bool = False) -> Series:
        """Return the number of rows of each group and value, named ``value_counts``."""
        groups = self._groups[[self._series.name]]
        assert isinstance(groups, GroupBy)
        return groups.value_counts(normalize, sort, ascending)

    def transform(self, func: str, **options: Any) -> Series:
        """Return an aggregate of each group on every row of it, as a series of the rows.

        >>> import objectiv_local as ol
        >>> df = ol.DataFrame.from_schema({"city": "string", "people": "int64"})
        >>> print((df.people / df.groupby("city").people.transform("sum")).rename("share").view_sql())
        SELECT people::float8 / coalesce(sum(people) OVER (PARTITION BY city)::bigint, 0)::float8 AS share
        FROM data
        """
        made = reduction(functions.checked_function(func), self._series._expr, self._groups._state.order, **options)
        return self._groups._over(self._series, made, self._series.name)


def groupings(frame: DataFrame, by: object, kind: str) -> tuple[State, Keys, Sets | None]:
    """Return the state, the keys, and the sets of keys to group by if there are several.

    A tuple is several groupings, each a name, a series or a list of them; a list that holds lists or tuples is every
    combination of its items. ``kind`` is ``groupby``, ``cube`` or ``rollup``.
    """
    if kind != "groupby":
        state, keys = grouping(frame, by)
        places = range(len(keys))
        if kind == "rollup":
            return state, keys, tuple(tuple(places[:size]) for size in range(len(keys), -1, -1))
        chosen = [tuple(i for i in places if mask & (1 << (len(keys) - 1 - i))) for mask in range(2 ** len(keys) - 1, -1, -1)]
        return state, keys, tuple(sorted(chosen, key=lambda each: -len(each)))
    if isinstance(by, tuple):
        sets = [_items(each) for each in by]
    elif isinstance(by, list) and any(isinstance(each, list | tuple) for each in by):
        choices = [[_items(one) for one in each] if isinstance(each, tuple) else [_items(each)] for each in by]
        sets = [[item for part in combination for item in part] for combination in product(*choices)]
    else:
        state, keys = grouping(frame, by)
        return state, keys, None
    items: list[object] = []
    places_of: list[tuple[int, ...]] = []
    for each in sets:
        positions = []
        for item in each:
            found = next((i for i, known in enumerate(items)
                          if known is item or (isinstance(item, str) and isinstance(known, str) and known == item)), None)
            if found is None:
                found = len(items)
                items.append(item)
            positions.append(found)
        places_of.append(tuple(dict.fromkeys(positions)))
    state, keys = grouping(frame, items)
    return state, keys, tuple(dict.fromkeys(places_of)) if len(places_of) != 1 else None


def _items(each: object) -> list[object]:
    if isinstance(each, tuple):
        raise InvalidValue("a grouping within a grouping set is a name, a series or a list of them, not a tuple")
    return list(each) if isinstance(each, list) else [each]


def grouping(frame: DataFrame, by: object) -> tuple[State, Keys]:
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
