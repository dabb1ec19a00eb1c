"""Series: one column of a frame, or something computed from its columns. A series is immutable and runs no query."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.frame.align import aligned
from objectiv_local.frame.state import State, is_single_row, limited, unused_name
from objectiv_local.plan.expr import Aggregation, Expr, Ordering, aggregation, call, case, cast, literal
from objectiv_local.plan.nodes import Aggregate, Limit, Node
from objectiv_local.types import STRING, Type, python_value, type_from_dtype

if TYPE_CHECKING:
    import numpy
    import pandas
    import polars
    import pyarrow

    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.groupby import GroupBy
    from objectiv_local.frame.window import Window

_CLASSES: dict[str, type[Series]] = {}
S = TypeVar("S", bound="type[Series]")


def series_class(*dtypes: str) -> Callable[[S], S]:
    """Return a decorator that makes a class the series of the given dtypes."""

    def register(class_: S) -> S:
        for dtype in dtypes:
            _CLASSES[dtype] = class_
        return class_

    return register


def make_series(state: State, expr: Expr, name: str) -> Series:
    """Return a series of the class that belongs to the expression's type."""
    class_ = _CLASSES.get(expr.type.label) or _CLASSES.get(expr.type.name) or Series
    return class_(state, expr, name)


class Series:
    """One column, computed when it is fetched.

    Comparisons and arithmetic return series. NULL is a missing value: an operation on it gives NULL, and a filter
    drops the row. A series has no truth value; combine conditions with ``&``, ``|`` and ``~``.
    """

    dtype_aliases: ClassVar[tuple[str, ...]] = ()

    __slots__ = ("_expr", "_name", "_state")
    # Equality is elementwise, so a series cannot be a key.
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, state: State, expr: Expr, name: str) -> None:
        self._state = state
        self._expr = expr
        self._name = name

    # ---- what it is

    @property
    def name(self) -> str:
        """The name of the series."""
        return self._name

    @property
    def dtype(self) -> str:
        """The name of the type of the values."""
        return self._expr.type.dtype

    @property
    def index(self) -> dict[str, Series]:
        """The levels of the index as series, by name."""
        return {name: make_series(self._state, self._state.column(name), name) for name in self._state.index}

    def __repr__(self) -> str:
        index = ", ".join(f"{name}: {self._state.plan.types[name]}" for name in self._state.index) or "none"
        where = self._state.engine.description if self._state.engine is not None else f"not connected, {self._state.dialect}"
        return f"<{type(self).__name__} {self._name}: {self.dtype}, index {index}; {where}>"

    def __bool__(self) -> bool:
        raise InvalidType(
            f"the truth of series {self._name!r} is not one value",
            hint="combine conditions with & | ~ (in parentheses) in place of and, or, not; use .value for one value")

    def __iter__(self) -> Any:
        raise InvalidType(f"series {self._name!r} is lazy and cannot be iterated over", hint="iterate over .to_pandas()")

    def __array__(self, dtype: object = None, copy: object = None) -> Any:
        raise InvalidType(f"series {self._name!r} is lazy and is not an array", hint="call .to_numpy() to fetch it")

    # ---- making others

    def _with(self, expr: Expr, name: str | None = None) -> Series:
        return make_series(self._state, expr, self._name if name is None else name)

    def _call(self, op: str, *values: object) -> Series:
        return self._with(call(op, self._expr, *(literal(value) for value in values)))

    def _literal(self, value: object, op: str) -> Expr:
        """Return a Python value as an operand next to this series."""
        value = python_value(value)
        if value is None:
            raise InvalidType(f"None cannot be compared or computed with in {op}", hint="use isnull() or notnull()")
        own = self._expr.type
        if isinstance(value, str) and own != STRING and own.name in ("date", "timestamp", "uuid", "timedelta"):
            return parsed_literal(value, own, f"{op} with series {self._name!r}")
        return literal(value)

    def _binary(self, op: str, other: object, *, swapped: bool = False) -> Series:
        if isinstance(other, Series):
            state, (left,), right = aligned(self._state, [self._expr], other._state, other._expr, "both", other._name)
            if op in ("eq", "ne", "lt", "le", "gt", "ge"):
                left, right = _comparable(left, right)
            return make_series(state, call(op, left, right), self._name)
        if not _is_value(other):
            raise InvalidType(f"{op} takes a series or a single value, not {type(other).__name__}",
                              hint="use isin() for lists, or load the values with DataFrame.from_pandas")
        operand = self._literal(other, op)
        left, right = (operand, self._expr) if swapped else (self._expr, operand)
        return self._with(call(op, left, right))

    def __add__(self, other: object) -> Series:
        return self._binary("add", other)

    def __radd__(self, other: object) -> Series:
        return self._binary("add", other, swapped=True)

    def __sub__(self, other: object) -> Series:
        return self._binary("sub", other)

    def __rsub__(self, other: object) -> Series:
        return self._binary("sub", other, swapped=True)

    def __mul__(self, other: object) -> Series:
        return self._binary("mul", other)

    def __rmul__(self, other: object) -> Series:
        return self._binary("mul", other, swapped=True)

    def __truediv__(self, other: object) -> Series:
        return self._binary("truediv", other)

    def __rtruediv__(self, other: object) -> Series:
        return self._binary("truediv", other, swapped=True)

    def __floordiv__(self, other: object) -> Series:
        return self._binary("floordiv", other)

    def __rfloordiv__(self, other: object) -> Series:
        return self._binary("floordiv", other, swapped=True)

    def __mod__(self, other: object) -> Series:
        return self._binary("mod", other)

    def __rmod__(self, other: object) -> Series:
        return self._binary("mod", other, swapped=True)

    def __neg__(self) -> Series:
        return self._call("neg")

    def __abs__(self) -> Series:
        return self._call("abs")

    def __eq__(self, other: object) -> Series:  # type: ignore[override]
        return self._binary("eq", other)

    def __ne__(self, other: object) -> Series:  # type: ignore[override]
        return self._binary("ne", other)

    def __lt__(self, other: object) -> Series:
        return self._binary("lt", other)

    def __le__(self, other: object) -> Series:
        return self._binary("le", other)

    def __gt__(self, other: object) -> Series:
        return self._binary("gt", other)

    def __ge__(self, other: object) -> Series:
        return self._binary("ge", other)

    def __and__(self, other: object) -> Series:
        return self._binary("and", other)

    def __rand__(self, other: object) -> Series:
        return self._binary("and", other, swapped=True)

    def __or__(self, other: object) -> Series:
        return self._binary("or", other)

    def __ror__(self, other: object) -> Series:
        return self._binary("or", other, swapped=True)

    def __xor__(self, other: object) -> Series:
        return self._binary("xor", other)

    def __rxor__(self, other: object) -> Series:
        return self._binary("xor", other, swapped=True)

    def __invert__(self) -> Series:
        return self._call("not")

    def isnull(self) -> Series:
        """Return whether each value is missing.

        Differs from pandas: NaN is a value. Loading a pandas frame makes its NaN missing.
        """
        return self._call("is_null")

    def notnull(self) -> Series:
        """Return whether each value is there. NaN is a value."""
        return self._call("not_null")

    isna = isnull
    notna = notnull

    def fillna(self, other: object) -> Series:
        """Return the values, with ``other`` (a value or a series) where they are missing."""
        return self._binary("coalesce", other)

    def where(self, condition: Series, other: object = None) -> Series:
        """Return the values where ``condition`` is true, else ``other``, a value or a series; missing by default.

        A condition that is missing counts as false.
        """
        state, (expr,), test = aligned(self._state, [self._expr], condition._state, condition._expr, "left",
                                       condition._name)
        if isinstance(other, Series):
            state, (expr, test), default = aligned(state, [expr, test], other._state, other._expr, "left", other._name)
        else:
            default = literal(None, expr.type) if other is None else self._literal(other, "where")
        return make_series(state, case([(test, expr)], default), self._name)

    def mask(self, condition: Series, other: object = None) -> Series:
        """Return the values where ``condition`` is not true, else ``other``. A missing condition counts as not true."""
        return self.where(~condition.fillna(False), other)

    def isin(self, values: Iterable[object]) -> Series:
        """Return whether each value is one of ``values``. A missing value is in the list only if None is.

        The answer is never missing.
        """
        if isinstance(values, Series):
            raise NotSupported("isin with a series is not supported", hint="merge with the other frame on the values")
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise InvalidType(f"isin takes a list of values, not {type(values).__name__}")
        given = [python_value(value) for value in values]
        tests = [call("eq", self._expr, self._literal(value, "isin")) for value in dict.fromkeys(given) if value is not None]
        if len(tests) > 100:
            raise NotSupported(f"isin takes at most 100 values, not {len(tests)}",
                               hint="load them with DataFrame.from_pandas and merge")
        found: Expr = literal(False)
        for position, test in enumerate(tests):
            found = test if position == 0 else call("or", found, test)
        found = call("coalesce", found, literal(False))
        if None in given:
            found = call("or", found, call("is_null", self._expr))
        return self._with(found)

    def between(self, left: object, right: object) -> Series:
        """Return whether each value is at least ``left`` and at most ``right``."""
        return (self >= left) & (self <= right)

    def astype(self, dtype: str | type) -> Series:
        """Return the values as another type.

        Text that does not read as the type asked for is an error when the frame is fetched. A float is cut towards
        zero to make an integer; a timestamp as text has six digits of the second.

        Raises InvalidValue for an unknown dtype and InvalidType for types that do not go into each other.
        """
        return self._with(cast(self._expr, type_from_dtype(dtype)))

    def rename(self, name: str) -> Series:
        """Return the series under another name."""
        return self._with(self._expr, _checked_name(name))

    def copy(self) -> Series:
        """Return the series; it is immutable, so this is the same one."""
        return self

    def to_frame(self) -> DataFrame:
        """Return a frame with this series as its one data column."""
        from objectiv_local.frame.frame import DataFrame

        if self._name in self._state.index:
            name = unused_name(self._name + "_value", self._state.index)
            return self.rename(name).to_frame()
        column = self._state.plan.types.get(self._name)
        from objectiv_local.plan.expr import Column

        if column is not None and self._expr is Column(self._name, column):
            return DataFrame(self._state, (self._name,))
        return DataFrame(self._state.extended([(self._name, self._expr)]), (self._name,))

    def sort_values(self, *, ascending: bool = True) -> Series:
        """Return the series in the order of its values, missing ones last in both directions."""
        return make_series(self._state.on(self._state.plan, (Ordering(self._expr, ascending),)), self._expr, self._name)

    def sort_index(self, *, ascending: bool = True) -> Series:
        """Return the series in the order of its index."""
        order = tuple(Ordering(self._state.column(name), ascending) for name in self._state.index)
        return make_series(self._state.on(self._state.plan, order), self._expr, self._name)

    def __getitem__(self, key: object) -> Series:
        if isinstance(key, slice):
            frame = self.to_frame()
            return make_series(limited(frame._state, key), frame[self._name]._expr, self._name)
        if isinstance(key, Series):
            kept: Series = self.to_frame()[key][self._name]
            return kept
        if len(self._state.index) == 1:
            level = make_series(self._state, self._state.column(self._state.index[0]), self._state.index[0])
            frame = self.to_frame()[level == key]
            return make_series(limited(frame._state, 1), frame[self._name]._expr, self._name)
        raise InvalidType("a series takes a slice of rows, a condition, or a label of its one index level")

    # ---- aggregates

    def _aggregate(self, op: str, partition: Window | GroupBy | None, *extra: Expr, name: str | None = None,
                   ordered: bool = False) -> Series:
        order = self._state.order if ordered else ()
        function = aggregation(op, self._expr, *extra, order=order)
        return self._reduced(function, partition, name)

    def _reduced(self, function: Aggregation, partition: Window | GroupBy | None, name: str | None = None) -> Series:
        """Return an aggregate of the frame, or over a window if ``partition`` is one."""
        name = name or self._name
        if partition is None:
            plan: Node = Aggregate(self._state.plan, (), ((name, function),))
            return make_series(State(plan, self._state.engine, self._state.dialect, ()), plan.column(name), name)
        return partition.over(self, function, name)

    def count(self, partition: Window | GroupBy | None = None) -> Series:
        """Return the number of values that are not missing."""
        return self._aggregate("count", partition)

    def nunique(self, partition: Window | GroupBy | None = None) -> Series:
        """Return the number of different values; missing ones do not count. The name gets ``_nunique`` behind it."""
        return self._aggregate("nunique", partition, name=f"{self._name}_nunique")

    def min(self, partition: Window | GroupBy | None = None) -> Series:
        """Return the least value; missing if there is none."""
        return self._aggregate("min", partition)

    def max(self, partition: Window | GroupBy | None = None) -> Series:
        """Return the greatest value; missing if there is none."""
        return self._aggregate("max", partition)

    def first(self, partition: Window | GroupBy | None = None) -> Series:
        """Return the first value that is not missing, in the order of the frame."""
        return self._aggregate("first", partition, ordered=True)

    def last(self, partition: Window | GroupBy | None = None) -> Series:
        """Return the last value that is not missing, in the order of the frame."""
        return self._aggregate("last", partition, ordered=True)

    def agg(self, func: str | Sequence[str]) -> Any:
        """Return an aggregate by its name, or a frame of several with columns ``<name>_<func>``."""
        if isinstance(func, str):
            return self.to_frame().agg(func)[f"{self._name}_{func}"].rename(self._name)
        return self.to_frame().agg(list(func))

    aggregate = agg

    # ---- windows

    def _window_function(self, op: str, window: Window | None, *args: Expr) -> Series:
        from objectiv_local.frame.window import Window

        if not isinstance(window, Window):
            raise InvalidType(f"window_{op} needs a window",
                              hint=f"window = df.sort_values(...).groupby(...).window(); series.window_{op}(window=window)")
        return window.over(self, aggregation(op, *args), self._name)

    def window_row_number(self, window: Window | None = None) -> Series:
        """Return the number of each row in its partition, from 1."""
        return self._window_function("row_number", window)

    def window_lag(self, offset: int = 1, default: object = None, window: Window | None = None) -> Series:
        """Return the value ``offset`` rows before, or ``default`` where there is no such row."""
        return self._shifted("lag", offset, default, window)

    def window_lead(self, offset: int = 1, default: object = None, window: Window | None = None) -> Series:
        """Return the value ``offset`` rows after, or ``default`` where there is no such row."""
        return self._shifted("lead", offset, default, window)

    def _shifted(self, op: str, offset: int, default: object, window: Window | None) -> Series:
        if isinstance(offset, bool) or not isinstance(offset, int) or offset < 0:
            raise InvalidValue(f"offset has to be a whole number from 0, not {offset!r}",
                               hint="window_lag looks back, window_lead looks forward")
        other = literal(None, self._expr.type) if default is None else cast(self._literal(default, op), self._expr.type)
        return self._window_function(op, window, self._expr, literal(offset), other)

    def window_first_value(self, window: Window | None = None) -> Series:
        """Return the value of the first row of the window's frame, missing or not."""
        return self._window_function("first_value", window, self._expr)

    def window_last_value(self, window: Window | None = None) -> Series:
        """Return the value of the last row of the window's frame, missing or not.

        The frame of a window ends at the current row by default: pass ``end_boundary='following'`` for the partition.
        """
        return self._window_function("last_value", window, self._expr)

    # ---- results

    def to_pandas(self, limit: int | slice | None = None) -> pandas.Series[Any]:
        """Return the values as a pandas Series with the index set."""
        frame = self.to_frame()
        return frame.to_pandas(limit)[frame.data_columns[0]].rename(self._name)

    def to_polars(self, limit: int | slice | None = None) -> polars.Series:
        """Return the values as a polars Series, without the index."""
        frame = self.to_frame()
        return frame.to_polars(limit)[frame.data_columns[0]].rename(self._name)

    def to_arrow(self, limit: int | slice | None = None) -> pyarrow.ChunkedArray:
        """Return the values as an Arrow array, without the index."""
        frame = self.to_frame()
        return frame.to_arrow(limit)[frame.data_columns[0]]

    def to_numpy(self) -> numpy.ndarray[Any, Any]:
        """Return the values as a numpy array."""
        return self.to_frame().to_numpy()[:, 0] if self.dtype == "json" else _to_numpy(self.to_pandas())

    def head(self, n: int = 5) -> pandas.Series[Any]:
        """Return the first ``n`` rows as a pandas Series."""
        return self.to_pandas(limit=n)

    @property
    def value(self) -> Any:
        """The one value of a series that has exactly one row. Runs the query.

        Raises InvalidValue when the series may have more rows.
        """
        plan = self._state.plan
        if not is_single_row(plan) and not (isinstance(plan, Limit) and plan.count == 1):
            raise InvalidValue(f"series {self._name!r} may have more than one value",
                               hint="aggregate it first, as in series.max().value, or fetch it with to_pandas()")
        found = self.to_arrow().to_pylist()
        return found[0] if found else None

    def view_sql(self, dialect: str | None = None) -> str:
        """Return the SQL that fetches the series, perhaps for another dialect. See DataFrame.view_sql."""
        return self.to_frame().view_sql(dialect=dialect)


def _to_numpy(values: pandas.Series[Any]) -> numpy.ndarray[Any, Any]:
    """Return the values with numpy's own dtypes; missing integers and bools make floats and objects, as in pandas."""
    import numpy as np

    kind = str(values.dtype)
    if kind == "Int64":
        return values.to_numpy(dtype="float64", na_value=np.nan) if values.isna().any() else values.to_numpy("int64")
    if kind == "boolean":
        return values.astype(object).where(values.notna(), None).to_numpy() if values.isna().any() else values.to_numpy("bool")
    if kind in ("str", "string"):
        return values.astype(object).where(values.notna(), None).to_numpy()
    return values.to_numpy()


def _comparable(left: Expr, right: Expr) -> tuple[Expr, Expr]:
    from objectiv_local.types import UUID

    if {left.type, right.type} == {UUID, STRING}:
        return cast(left, UUID), cast(right, UUID)
    return left, right


def _is_value(value: object) -> bool:
    import datetime
    import uuid

    plain = python_value(value)
    return plain is None or isinstance(
        plain, bool | int | float | str | datetime.date | datetime.timedelta | uuid.UUID)


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not name or "\x00" in name:
        raise InvalidType(f"a column name has to be a text that is not empty, not {name!r}")
    return name


def parsed_literal(value: str, type_: Type, where: str) -> Expr:
    """Return text as a constant of a type that can be written as text. Raises InvalidValue for text that is not one."""
    import datetime
    import uuid

    forms = {"date": "YYYY-MM-DD", "timestamp": "YYYY-MM-DD HH:MM:SS", "uuid": "36 characters of a uuid",
             "timedelta": "a datetime.timedelta"}
    try:
        if type_.name == "date":
            try:
                return literal(datetime.date.fromisoformat(value))
            except ValueError:
                return literal(datetime.datetime.fromisoformat(value))
        if type_.name == "timestamp":
            return literal(datetime.datetime.fromisoformat(value))
        if type_.name == "uuid":
            return literal(uuid.UUID(value))
    except ValueError:
        pass
    raise InvalidValue(f"{value!r} is not a {type_.name} ({where})", hint=f"write it as {forms[type_.name]}")


