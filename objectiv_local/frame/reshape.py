"""Reshaping and row removal: appending, stacking and unstacking, dummies, duplicates, and missing values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from objectiv_local.arguments import checked, in_words
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, NotSupported, near
from objectiv_local.frame.functions import Function, Named, Reduction, checked_function, reduction
from objectiv_local.frame.groupby import aggregated, partition_of
from objectiv_local.frame.groups import Groups
from objectiv_local.frame.handles import is_frame, is_series, make_frame, make_series
from objectiv_local.frame.state import with_one_value_each
from objectiv_local.frame.values import is_value, parsed_literal
from objectiv_local.plan.expr import Expr, Ordering, aggregation, call, cast, literal, over
from objectiv_local.plan.naming import repeated, unused_name
from objectiv_local.plan.nodes import Aggregate, Filter, Node, Pin, Select, Union
from objectiv_local.plan.ops import castable, common_type
from objectiv_local.types import BOOL, FLOAT64, INT64, INTERVAL, STRING, Interval, Type, python_value, type_from_dtype

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.series.base import Series

#: Maximum number of columns created from one level or column.
MOST_COLUMNS = 1_000
#: Number of columns of a step from which each is better read from a stored step.
WIDE = 50


# ---- appending rows


def shared_type(types: Iterable[Type]) -> Type:
    """Return the common type of columns that are appended: float64 or decimal for numbers, otherwise string."""
    known = list(types)
    found = common_type(known)
    if found is not None:
        return found
    for type_ in known:
        if not castable(type_, STRING):
            raise InvalidType(
                f"a column of type {type_} cannot be combined with one of type {known[0]}", hint="cast one of them with astype"
            )
    return STRING


def append(
    self: DataFrame, other: DataFrame | Sequence[DataFrame], ignore_index: bool = False, sort: bool = False
) -> DataFrame:
    """Return the rows of this frame followed by those of ``other``, one frame or several, duplicates included.

    A column that a frame lacks is missing in its rows. Numbers of different types become floats, other columns of different
    types strings. The frames need the same index, by name and type; ``ignore_index`` removes it. With ``sort``, columns are
    sorted by name. The result is not sorted.
    """
    frames = [self, *([other] if is_frame(other) else other)]
    for frame in frames:
        frame._state.rows("append")
        if frame._state.engine is not self._state.engine or frame._state.dialect != self._state.dialect:
            raise InvalidValue(
                "the frames are on different connections",
                hint="fetch one with to_pandas() and load it with DataFrame.from_pandas on the other connection",
            )
        if not ignore_index and frame.index_dtypes != self.index_dtypes:
            raise InvalidValue(
                f"the frames have different indexes: {self.index_dtypes} and {frame.index_dtypes}",
                hint="pass ignore_index=True, or give both the same index with set_index",
            )
    mine = self._state
    for position, frame in enumerate(frames):
        mine, theirs, _ = with_one_value_each(mine, frame._state)
        frames[position] = make_frame(theirs, frame._columns)
    index = () if ignore_index else self._state.index
    names = list(dict.fromkeys(name for frame in frames for name in frame.data_columns))
    if sort:
        names.sort()
    types = {
        name: shared_type(frame._state.plan.types[name] for frame in frames if name in frame.data_columns) for name in names
    }
    parts = []
    for frame in frames:
        columns: list[tuple[str, Expr]] = [(name, frame._state.column(name)) for name in index]
        columns += [
            (name, cast(frame._state.column(name), types[name]) if name in frame.data_columns else literal(None, types[name]))
            for name in names
        ]
        parts.append(Select(frame._state.plan, tuple(columns)))
    plan = Union(tuple(parts), (*index, *names), "appended")
    return make_frame(mine.with_rows(plan, index), names)


@checked
def concat(objs: Iterable[DataFrame], ignore_index: bool = False, sort: bool = False) -> DataFrame:
    """Return the rows of several frames, one after the other. See DataFrame.append."""
    frames = list(objs)
    if not frames:
        raise InvalidValue("there are no frames to concatenate")
    return append(frames[0], frames[1:], ignore_index, sort)


# ---- columns to rows and back


def stack(self: DataFrame, dropna: bool = True) -> Series:
    """Return the data columns as a series ``__stacked``, with the column name as the last index level.

    That level is named ``__stacked_index``. Missing values are omitted with ``dropna``. Columns of different types become
    floats or strings, as in ``append``.
    """
    state = self._state.rows("stack")
    if not self.data_columns:
        raise InvalidValue("the frame has no data column to stack")
    type_ = shared_type(state.plan.types[name] for name in self.data_columns)
    levels: list[tuple[str, Expr]] = [(level, state.column(level)) for level in state.index]
    parts: list[Node] = []
    for start in range(0, len(self.data_columns), WIDE):
        names = self.data_columns[start : start + WIDE]
        rows = state.plan
        if len(self.data_columns) > WIDE:
            # Engines evaluate all columns of a step for each part that reads it.
            rows = Pin(Select(rows, (*levels, *((name, state.column(name)) for name in names)), "to_stack"), "to_stack")
        for name in names:
            value = cast(rows.column(name), type_)
            parts.append(Select(rows, (*levels, ("__stacked_index", literal(name)), ("__stacked", value))))
    plan: Node = Union(tuple(parts), tuple(parts[0].types), "stacked") if len(parts) > 1 else parts[0]
    if dropna:
        plan = Filter(plan, call("not_null", plan.column("__stacked")))
    made = state.with_rows(plan, (*state.index, "__stacked_index"))
    return make_series(made, plan.column("__stacked"), "__stacked")


def row_stacked(frame: DataFrame, label: object) -> Series:
    """Return the data columns of the rows with one label as a single series, indexed by column name."""
    state = frame._state
    types = [state.plan.types[name] for name in frame.data_columns]
    if not types:
        raise InvalidValue("the frame has no data column")
    try:
        type_ = shared_type(types)
    except InvalidType as error:
        raise InvalidType(
            f"the columns have no common type: {error.what}", hint=f"df.loc[[{label!r}]] returns the row as a frame"
        ) from None
    parts: list[Node] = []
    for position, name in enumerate(frame.data_columns):
        parts.append(
            Select(
                state.plan,
                (
                    ("__stacked_index", literal(name)),
                    ("__stacked", cast(state.column(name), type_)),
                    ("position", literal(position)),
                ),
            )
        )
    plan: Node = Union(tuple(parts), tuple(parts[0].types), "row") if len(parts) > 1 else parts[0]
    made = state.with_rows(plan, ("__stacked_index",), (Ordering(plan.column("position")),))
    return make_series(made, plan.column("__stacked"), "__stacked")


def unstack(self: DataFrame, level: int | str = -1, fill_value: object = None, aggregation: Function = "max") -> DataFrame:
    """Return a frame with the values of an index level as columns, named ``<value>__<column>``, in ascending order.

    Queries the database once for the distinct values. Rows with the same remaining index are aggregated, by default with the
    maximum; a cell without rows is missing, or ``fill_value``. Raises InvalidValue for a missing value in the level, and for
    more than 1,000 values.
    """
    return unstacked(self, level, fill_value, aggregation, lambda value, column: f"{value}__{column}")


def unstacked(
    frame: DataFrame, level: int | str, fill_value: object, func: Function, title: Callable[[str, str], str]
) -> DataFrame:
    """Return ``frame`` with the values of an index level as columns; ``title`` returns their names."""
    if not is_value(fill_value):
        raise InvalidType(
            f"fill_value of unstack has to be a single value, not {in_words(fill_value)}",
            hint="for a mapping of columns to values, use fillna on the result",
        )
    state = frame._state.rows("unstack")
    name = level_named(frame, level)
    rest = [other for other in state.index if other != name]
    if not rest:
        raise InvalidValue(
            "unstack needs an index with at least two levels", hint="set another index first, with set_index([...])"
        )
    values = distinct_values(frame, name)
    if None in values:
        raise InvalidValue(
            f"the level {name!r} has missing values, which cannot name a column",
            hint=f"fill them first: reset_index(), fillna, and set_index; or filter by index[{name!r}].notnull()",
        )
    key = state.column(name)
    columns: list[tuple[str, Reduction]] = []
    for value in values:
        same = call("eq", key, literal_of(value, key.type))
        for column in frame.data_columns:
            made = reduction(checked_function(func), state.column(column), state.order)
            columns.append((title(shown(value), column), made.where(same)))
    names = [label for label, _ in columns]
    clash = sorted({*repeated(names), *(set(names) & set(rest))})
    if clash:
        raise InvalidValue(
            f"the result would have two columns named {clash[0]!r}", hint="rename a column or the level's values"
        )
    found = aggregated(
        replace(state, groups=Groups(tuple((each, state.column(each)) for each in rest))), Named(tuple(columns)), "unstacked"
    )
    unstacked = make_frame(found, names)
    return unstacked if fill_value is None else unstacked.fillna(value=fill_value)


def level_named(frame: DataFrame, level: int | str) -> str:
    """Return the name of an index level, given by name or position. Raises an error for one that does not exist."""
    levels = frame.index_columns
    if isinstance(level, int) and not isinstance(level, bool):
        if not -len(levels) <= level < len(levels):
            raise InvalidValue(f"the index has {len(levels)} levels, and none at position {level}")
        return levels[level]
    if level not in levels:
        raise ColumnNotFound(f"the index has no level {level!r}", hint=near(str(level), levels))
    return str(level)


def distinct_values(frame: DataFrame, name: str) -> list[Any]:
    """Return the distinct values of a column in ascending order, None last. Runs a query."""
    state = frame._state
    column = state.column(name)
    if column.type.name == "json":
        raise InvalidType(f"the values of {name!r}, which is {column.type}, cannot be compared")
    plan = Aggregate(state.plan, (("value", column),), (), "different_values")
    found = make_frame(state.with_rows(plan, (), (Ordering(plan.column("value")),)), ["value"])
    values: list[Any] = found.to_arrow(limit=MOST_COLUMNS + 1).column(0).to_pylist()
    if len(values) > MOST_COLUMNS:
        raise InvalidValue(
            f"{name!r} has more than {MOST_COLUMNS} distinct values, too many for columns",
            hint="filter the rows, or group by the column instead",
        )
    return values


def literal_of(value: Any, type_: Type) -> Expr:
    """Return a fetched value as a constant."""
    if type_.name == "uuid":
        return parsed_literal(str(value), type_, "a uuid")
    if type_ == INTERVAL:
        return literal(Interval(**value))
    return literal(value, type_)


def shown(value: Any) -> str:
    """Return a value as part of a column name."""
    if isinstance(value, dict):
        lower, upper, bounds = value["lower"], value["upper"], value["bounds"]
        return f"{bounds[0]}{lower}, {upper}{bounds[1]}"
    return str(value)


def get_dummies(
    self: DataFrame,
    prefix: str | Sequence[str] | Mapping[str, str] | None = None,
    prefix_sep: str = "_",
    dummy_na: bool = False,
    columns: str | Sequence[str] | None = None,
    dtype: object = "int64",
) -> DataFrame:
    """Return a copy with string columns replaced by indicator columns, one for each value.

    The new columns are named ``<prefix><prefix_sep><value>``, in ascending order of the values; the default prefix is the name
    of the column. Indicators are 1 and 0 in the type ``dtype``: ``'1'`` and ``'0'`` as strings, true and false as bools. Runs
    one query per column for its distinct values. With ``dummy_na``, missing values have a column ``<prefix>_nan``; without
    it, all their indicators are 0.
    """
    names = (
        [columns]
        if isinstance(columns, str)
        else list(columns)
        if columns is not None
        else [name for name, kind in self.dtypes.items() if kind == "string"]
    )
    self._state.rows("get_dummies")
    if isinstance(prefix, Mapping):
        prefixes = dict(prefix)
    else:
        given = [prefix] if isinstance(prefix, str) else list(prefix or names)
        if len(given) != len(names):
            raise InvalidValue(
                f"there are {len(given)} prefixes for {len(names)} columns: {', '.join(names)}",
                hint="pass one for each, or a mapping of columns to prefixes",
            )
        prefixes = dict(zip(names, given, strict=True))
    out = self.copy()
    for name in names:
        if self[name].dtype != "string":
            raise InvalidType(
                f"get_dummies needs string columns, and {name!r} is {self[name].dtype}", hint="use astype('string')"
            )
        kept = self[name]
        del out[name]
        for value in distinct_values(self, name):
            if value is None and not dummy_na:
                continue
            label = f"{prefixes.get(name, name)}{prefix_sep}{'nan' if value is None else value}"
            if label in out.columns:
                raise InvalidValue(f"the result would have two columns named {label!r}", hint="pass other prefixes")
            test = kept.isnull() if value is None else (kept == value).fillna(False)
            out[label] = (test if type_from_dtype(dtype) == BOOL else test.astype("int64")).astype(dtype)
    return out


# ---- removing rows


def drop_duplicates(
    self: DataFrame,
    subset: str | Sequence[str] | None = None,
    keep: str | bool = "first",
    ignore_index: bool = False,
    sort_by: str | Sequence[str] | None = None,
    ascending: bool | Sequence[bool] = True,
) -> DataFrame:
    """Return one row for each distinct combination of ``subset``, by default all data columns. Missing values are equal.

    ``keep`` is the ``first`` or ``last`` row, in the order of ``sort_by``, else of the frame, else of all other columns; with
    False, combinations with more than one row are removed.
    """
    if keep not in ("first", "last", False):
        raise InvalidValue(f"keep has to be 'first', 'last' or False, not {keep!r}")
    names = _subset(self, subset, "drop_duplicates")
    partition = []
    for name in names:
        column = self._column(name)
        if column._expr.type.name == "json":
            raise InvalidType(
                f"the values of {name!r}, which is {column.dtype}, cannot be compared",
                hint="pass a subset of the other columns",
            )
        partition.append(column._expr)
    _check_sorting(sort_by, ascending)
    state = self._state.rows("drop_duplicates")
    if keep is False:
        alone = over(aggregation("size"), partition)
        kept = Filter(state.plan, call("eq", alone, literal(1)), "without_duplicates")
    else:
        order = self.sort_values(sort_by, ascending)._state.order if sort_by is not None else state.order
        rows = over(aggregation("row_number"), partition, _toward(order or _others(self, names), keep))
        kept = Filter(state.plan, call("eq", rows, literal(1)), "without_duplicates")
    made = make_frame(state.with_plan(kept), self._columns)
    return made.reset_index(drop=True) if ignore_index else made


def _subset(frame: DataFrame, subset: str | Sequence[str] | None, what: str) -> list[str]:
    """Return the columns by which rows are compared."""
    if subset is None:
        return frame.data_columns
    names = [subset] if isinstance(subset, str) else list(subset)
    if not names:
        raise InvalidValue(f"the subset of {what} is empty", hint="name columns, or omit it for all data columns")
    return names


def _check_sorting(sort_by: object, ascending: object) -> None:
    if sort_by is None and ascending is not True:
        raise InvalidValue("ascending needs sort_by", hint="pass sort_by, or sort the frame")


def _others(frame: DataFrame, names: Sequence[str]) -> tuple[Ordering, ...]:
    state = frame._state
    others = [name for name in (*frame.index_columns, *frame.data_columns) if name not in names]
    order = tuple(Ordering(state.column(name)) for name in others if state.plan.types[name].name != "json")
    return order or (Ordering(literal(True)),)


def _toward(order: tuple[Ordering, ...], keep: object) -> tuple[Ordering, ...]:
    if keep == "first":
        return order
    return tuple(Ordering(key.expr, not key.ascending, not key.nulls_last) for key in order)


def dropna(
    self: DataFrame, *, axis: int = 0, how: str = "any", thresh: int | None = None, subset: str | Sequence[str] | None = None
) -> DataFrame:
    """Return the rows without missing values in ``any`` or ``all`` of the columns, or with at least ``thresh`` values.

    NaN counts as missing here, as in pandas. ``subset`` names the columns to check.
    """
    if axis not in (0, "index"):
        raise InvalidValue(
            "dropna with axis=1 is not supported, because the columns would depend on the data",
            hint="use df.drop(columns=[...])",
        )
    if how not in ("any", "all"):
        raise InvalidValue(f"how has to be 'any' or 'all', not {how!r}")
    names = self.data_columns if subset is None else [subset] if isinstance(subset, str) else list(subset)
    present = [_present(self._state.value(self._column(name).name)) for name in names]
    if not present:
        return self.copy()
    if thresh is not None:
        if isinstance(thresh, bool) or not isinstance(thresh, int):
            raise InvalidType(f"thresh has to be a whole number, not {thresh!r}")
        total = cast(present[0], INT64)
        for test in present[1:]:
            total = call("add", total, cast(test, INT64))
        kept = call("ge", total, literal(thresh))
    else:
        kept = present[0]
        for test in present[1:]:
            kept = call("and" if how == "any" else "or", kept, test)
    return self._rows(Filter(self._state.plan, kept))


def _present(expr: Expr) -> Expr:
    there = call("not_null", expr)
    return call("and", there, call("ne", expr, literal(float("nan")))) if expr.type == FLOAT64 else there


def fillna(
    self: DataFrame,
    value: object = None,
    *,
    method: str | None = None,
    axis: int = 0,
    sort_by: str | Sequence[str] | None = None,
    ascending: bool | Sequence[bool] = True,
) -> DataFrame:
    """Return a copy with missing values replaced by a value, by one per column from a mapping, or by a series.

    With ``method``, ``ffill`` or ``bfill``, they are replaced by the previous or next value in the order of ``sort_by`` or of
    the frame. A single value fills all columns of a matching type, of which there has to be at least one; an int also fills
    float columns.
    """
    if axis not in (0, "index"):
        raise NotSupported("fillna with axis=1 is not supported", hint="assign each column: df['a'] = df.a.fillna(df.b)")
    if method is not None:
        if value is not None or method not in ("ffill", "bfill", "pad", "backfill"):
            raise InvalidValue("pass a value, or a method: 'ffill' or 'bfill'")
        return _filled(self, sort_by, ascending, forward=method in ("ffill", "pad"))
    if sort_by is not None or ascending is not True:
        raise InvalidValue("sort_by and ascending need a method", hint="pass method='ffill' or 'bfill', or omit them")
    if isinstance(value, Mapping):
        return self.assign(**{name: self._column(name).fillna(each) for name, each in value.items()})
    if is_series(value):
        return self.assign(**{name: self._column(name).fillna(value) for name in self.data_columns})
    if python_value(value) is None:
        raise InvalidValue("fillna needs a value, a mapping or a method")
    kind = literal(value).type
    fitting = [name for name in self.data_columns if common_type([self._state.type_of(name), kind]) is not None]
    if self.data_columns and not fitting:
        raise InvalidType(f"no column can be filled with {value!r}, which is {kind}", hint="cast the value or the columns")
    return self.assign(**{name: self._column(name).fillna(value) for name in fitting})


def _filled(
    frame: DataFrame, sort_by: str | Sequence[str] | None, ascending: bool | Sequence[bool], *, forward: bool
) -> DataFrame:
    _check_sorting(sort_by, ascending)
    ordered = frame.sort_values(sort_by, ascending) if sort_by is not None else frame
    state = ordered._state
    columns = [make_series(state, state.value(name), name) for name in frame.data_columns]
    made = make_frame(state.ungrouped(), frame.data_columns).assign(
        **{each.name: each._of_rows()._with(each._filled(forward=forward)) for each in columns}
    )
    # The rows keep their order.
    return made if sort_by is None else made._rows(made._state.plan)


def ffill(self: DataFrame, sort_by: str | Sequence[str] | None = None, ascending: bool | Sequence[bool] = True) -> DataFrame:
    """Return a copy with missing values replaced by the previous value, in the order of ``sort_by`` or of the frame.

    For a grouped frame, values are filled within each group; the result is ungrouped.
    """
    return _filled(self, sort_by, ascending, forward=True)


def bfill(self: DataFrame, sort_by: str | Sequence[str] | None = None, ascending: bool | Sequence[bool] = True) -> DataFrame:
    """Return a copy with missing values replaced by the next value, in the order of ``sort_by`` or of the frame.

    For a grouped frame, values are filled within each group; the result is ungrouped.
    """
    return _filled(self, sort_by, ascending, forward=False)


def value_counts(
    self: DataFrame,
    subset: str | Sequence[str] | None = None,
    normalize: bool = False,
    sort: bool = True,
    ascending: bool = False,
) -> Series:
    """Return the number of rows for each combination of values, missing ones included, as a series ``value_counts``.

    The index has the keys of a grouped frame and the columns of ``subset``, by default all data columns; the most frequent
    combination is first. With ``normalize``, return fractions of the total.
    """
    names = _subset(self, subset, "value_counts")
    partition_of(self._state, "value_counts")
    state = self._state.ungrouped()
    keys = [] if self.group_by is None else [make_series(state, expr, name) for name, expr in self.group_by.keys]
    for name in names:
        self._state.value(name)  # raises an error for an aggregate, which has no rows to count
    groups = make_frame(state, self._columns).groupby([*keys, *names])
    counted = groups.size().rename(unused_name("value_counts", groups.index_columns))
    if normalize:
        counted = counted / counted.sum()
    return counted.sort_values(ascending=ascending) if sort else counted
