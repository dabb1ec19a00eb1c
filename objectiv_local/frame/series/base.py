"""Series: a column of a frame, or a value computed from its columns. A series is immutable and runs no query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from objectiv_local.arguments import checked, in_words
from objectiv_local.errors import AttributeNotFound, InvalidType, InvalidValue, RowNotFound
from objectiv_local.frame import habits, preview
from objectiv_local.frame.align import aligned
from objectiv_local.frame.functions import Function
from objectiv_local.frame.handles import make_frame, make_series, series_class
from objectiv_local.frame.reshape import unstacked
from objectiv_local.frame.series import ufuncs
from objectiv_local.frame.series.convert import coerced, converted
from objectiv_local.frame.series.dtypes import SeriesDtypes
from objectiv_local.frame.series.quantified import Quantified
from objectiv_local.frame.series.reductions import SeriesReductions
from objectiv_local.frame.series.replacing import mapped, replaced
from objectiv_local.frame.series.scalars import OneValue
from objectiv_local.frame.series.windows import SeriesWindows
from objectiv_local.frame.state import State, limited, with_one_value_each
from objectiv_local.frame.values import among, checked_name, comparable, is_value, looked_up_as, parsed_literal, to_numpy
from objectiv_local.plan.explain import explain
from objectiv_local.plan.expr import Column, Expr, InQuery, Ordering, aggregation, call, case, cast, literal
from objectiv_local.plan.naming import unused_name
from objectiv_local.plan.nodes import Aggregate, Filter, Select, is_single_row
from objectiv_local.plan.ops import OPS
from objectiv_local.types import INT64, JSON, STRING, Type, python_value, type_from_dtype

if TYPE_CHECKING:
    import numpy
    import pandas
    import polars
    import pyarrow

    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.groups import Groups


def index_levels(state: State) -> dict[str, Series]:
    """Return the index levels as series without an index, by name; for a grouped state, the keys."""
    bare = state if state.groups is not None else replace(state, index=())
    return {name: make_series(bare, state.value(name), name) for name in state.labels}


@series_class("any")
@checked
class Series(SeriesDtypes, SeriesReductions, SeriesWindows, OneValue):
    """One column, computed when it is fetched.

    Comparisons and arithmetic return series. NULL is a missing value: an operation on it returns NULL, and a filter drops the
    row. A series of several rows has no truth value; combine conditions with ``&``, ``|`` and ``~``.
    """

    __slots__ = ("_expr", "_name", "_state")
    # Equality is elementwise, so a series cannot be hashed.
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, state: State, expr: Expr, name: str) -> None:
        if not isinstance(state, State):
            raise InvalidType(
                f"a series cannot be created from {in_words(state)}", hint="select a column of a frame, as in df['x']"
            )
        self._state = state
        self._expr = expr
        self._name = name

    # ---- properties

    @property
    def name(self) -> str:
        """The name of the series."""
        return self._name

    @name.setter
    def name(self, value: object) -> None:
        raise AttributeNotFound(
            f"cannot set the name of series {self._name!r}, which is immutable",
            hint="rename returns a new series: series = series.rename('name')",
        )

    @property
    def order_by(self) -> tuple[Ordering, ...]:
        """The sort order of the rows; empty if they are not sorted."""
        return self._state.order

    @property
    def index(self) -> dict[str, Series]:
        """The index levels as series without an index, by name; for a grouped series, the keys."""
        return index_levels(self._state)

    def __repr__(self) -> str:
        index = ", ".join(f"{name}: {self._state.type_of(name)}" for name in self._state.labels) or "none"
        index += "" if self._state.groups is None else ", grouped"
        where = self._state.engine.description if self._state.engine is not None else f"not connected, {self._state.dialect}"
        return f"<{type(self).__name__} {self._name}: {self.dtype}, index {index}; {where}>"

    def _repr_html_(self) -> str:
        return preview.frame_html(self.to_frame(), self._name, kind=type(self).__name__)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            # A series that is being copied has no state yet.
            raise AttributeNotFound(f"a series has no attribute {name!r}")
        hint = habits.hint(name, habits.SERIES, dir(self))
        raise AttributeNotFound(f"series {self._name!r}, which is {self.dtype}, has no attribute {name!r}", hint=hint)

    def __iter__(self) -> Any:
        raise InvalidType(f"series {self._name!r} is lazy and cannot be iterated over", hint="iterate over .to_pandas()")

    def __array__(self, dtype: object = None, copy: object = None) -> Any:
        raise InvalidType(f"series {self._name!r} is lazy and is not an array", hint="call .to_numpy() to fetch it")

    def __array_ufunc__(self, function: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return ufuncs.computed(self, function, method, inputs, options)

    # ---- derived series

    def _with(self, expr: Expr, name: str | None = None) -> Series:
        return make_series(self._state, expr, self._name if name is None else name)

    def _call(self, op: str, *values: object) -> Series:
        return self._with(call(op, self._expr, *(literal(value) for value in values)))

    def _literal(self, value: object, op: str) -> Expr:
        """Return a Python value as an operand for this series."""
        value = python_value(value)
        if value is None:
            raise InvalidType(f"None cannot be an operand of {op}", hint="use isnull() or notnull()")
        own = self._expr.type
        if isinstance(value, str) and own != STRING and own.name in ("date", "time", "timestamp", "uuid", "timedelta"):
            return parsed_literal(value, own, f"{op} with series {self._name!r}")
        return literal(value)

    def _binary(self, op: str, other: object, *, swapped: bool = False) -> Series:
        if isinstance(other, Quantified):
            return other.compared(op, self)
        if isinstance(other, Series):
            state, (left,), right = aligned(self._state, [self._expr], other._state, other._expr, "both", other._name)
            if OPS[op].compares:
                left, right = comparable(left, right)
            return make_series(state, call(op, left, right), self._name)
        if not is_value(other):
            raise InvalidType(
                f"the operand of {op} has to be a series or a single value, not {type(other).__name__}",
                hint="use isin() for lists, or load the values with DataFrame.from_pandas",
            )
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

    def __pow__(self, other: object) -> Series:
        return self._binary("power", other)

    def __rpow__(self, other: object) -> Series:
        return self._binary("power", other, swapped=True)

    def __lshift__(self, other: object) -> Series:
        return self * self._power_of_two(other)

    def __rshift__(self, other: object) -> Series:
        return self // self._power_of_two(other)

    def _power_of_two(self, other: object) -> object:
        """Return the factor of a shift by ``other`` bits; missing for a negative number of bits."""
        if isinstance(other, Series):
            power = (2.0**other).where((other >= 0) & (other < 63))  # a float represents powers of two exactly
            return power.astype("int64")
        if isinstance(other, bool) or not isinstance(other, int) or not 0 <= other < 63 or self._expr.type != INT64:
            raise InvalidType(f"only int64 series can be shifted, by 0 to 62 bits, not {self.dtype} by {other!r}")
        return 1 << other

    def __pos__(self) -> Series:
        return self

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

        Differs from pandas: NaN is not missing, but loading a pandas frame converts its NaN to missing values.
        """
        return self._call("is_null")

    def notnull(self) -> Series:
        """Return whether each value is not missing. NaN is not missing."""
        return self._call("not_null")

    isna = isnull
    notna = notnull

    def fillna(self, other: object) -> Series:
        """Return the values, with missing ones replaced by ``other``, a value or a series."""
        return self._binary("coalesce", other)

    def where(self, condition: Series, other: object = None) -> Series:
        """Return the values where ``condition`` is true, otherwise ``other``, a value or a series; missing by default.

        A missing condition counts as false.
        """
        state, (expr,), test = aligned(self._state, [self._expr], condition._state, condition._expr, "left", condition._name)
        if isinstance(other, Series):
            state, (expr, test), default = aligned(state, [expr, test], other._state, other._expr, "left", other._name)
        else:
            default = literal(None, expr.type) if other is None else self._literal(other, "where")
        return make_series(state, case([(test, expr)], default), self._name)

    def mask(self, condition: Series, other: object = None) -> Series:
        """Return the values where ``condition`` is not true, otherwise ``other``. A missing condition counts as not true."""
        return self.where(~condition.fillna(False), other)

    def isin(self, values: Series | Iterable[object]) -> Series:
        """Return whether each value is one of ``values``: a list, or a series of any frame on the same connection.

        A missing value is in a list only if the list has None, and never in a series. The result has no missing values.
        """
        if isinstance(values, Series):
            if values._state.engine is not self._state.engine:
                raise InvalidValue(
                    f"series {values.name!r} is on another connection",
                    hint="fetch its values with to_pandas() and pass them as a list",
                )
            type_ = looked_up_as(self._expr.type, values._expr.type, self._name, values._name)
            state, theirs, (expr,) = with_one_value_each(self._state, values._state, [values._expr])
            plan = Select(theirs.rows("isin").plan, ((values._name, cast(expr, type_)),))
            there = Filter(plan, call("not_null", plan.column(values._name)))
            return make_series(state, InQuery(cast(self._expr, type_), there, values._name), self._name)
        given = [python_value(value) for value in values]
        items: dict[Expr, None] = {}
        types: set[Type] = set()
        for value in given:
            if value is not None:
                try:
                    item = self._literal(value, "isin")
                    if item.type not in types:
                        call("eq", self._expr, item)
                        types.add(item.type)
                except InvalidType:
                    raise InvalidType(
                        f"isin cannot look up {in_words(value)} in {self._name!r}, which is {self.dtype}",
                        hint="pass values of that dtype, or cast the series with astype",
                    ) from None
                items[item] = None
        found = among(self._expr, items)
        if None in given:
            found = call("or", found, call("is_null", self._expr))
        return self._with(found)

    def between(self, left: object, right: object, inclusive: str = "both") -> Series:
        """Return whether each value is between ``left`` and ``right``; ``inclusive`` determines which bounds are included.

        ``inclusive`` is both, neither, left or right.
        """
        if inclusive not in ("both", "neither", "left", "right"):
            raise InvalidValue(f"inclusive has to be 'both', 'neither', 'left' or 'right', not {inclusive!r}")
        low = self >= left if inclusive in ("both", "left") else self > left
        return low & (self <= right if inclusive in ("both", "right") else self < right)

    def clip(self, lower: object = None, upper: object = None) -> Series:
        """Return the values limited to the range from ``lower`` to ``upper``; None is no limit."""
        out = self if lower is None else self.mask(self < lower, lower)
        return out if upper is None else out.mask(self > upper, upper)

    def round(self, decimals: int = 0) -> Series:
        """Return numbers rounded to ``decimals`` decimal places; to tens, hundreds and so on if negative.

        Halves are rounded to even, as in numpy; for decimals, away from zero. Raises InvalidValue beyond 15 digits.
        """
        if abs(decimals) > 15:
            raise InvalidValue(f"decimals has to be a whole number from -15 to 15, not {decimals!r}")
        return self._call("round", decimals)

    def __round__(self, decimals: int = 0) -> Series:
        return self.round(decimals)

    def abs(self) -> Series:
        """Return the absolute values of numbers or durations."""
        return self._call("abs")

    def map(self, mapping: Mapping[object, object]) -> Series:
        """Return the values of a mapping for each value as the key; missing for values that are not keys."""
        return self._with(mapped(self, mapping))

    def replace(self, to_replace: Any, value: object = None) -> Series:
        """Return the values with some replaced: ``replace(old, new)``, ``replace([old], new)`` or ``replace({old: new})``.

        For two lists of equal length, each value of the first is replaced with the value at the same position of the second.
        """
        return self._with(replaced(self, to_replace, value))

    def astype(self, dtype: object, errors: str = "raise") -> Series:
        """Return the values converted to another type, given as the name of a dtype, a Python type, or a numpy type.

        A string that cannot be converted is an error when the frame is fetched, or missing with ``errors='coerce'``. JSON can
        be converted to string, and with ``errors='coerce'`` to int64: whole numbers, including ``1e2`` and ``100.0``, are
        converted, and other values become missing. A string becomes a timestamp if it is in ISO 8601; with ``Z`` or an
        offset, such as ``2024-03-01T10:30:00+02:00``, it is converted to UTC. A float is truncated toward zero to an integer;
        a timestamp becomes a string with six fractional digits; halves are rounded away from zero in decimals.

        Raises InvalidValue for an unknown dtype and InvalidType for types without a conversion.
        """
        type_ = type_from_dtype(dtype)
        if errors not in ("raise", "coerce"):
            raise InvalidValue(f"errors has to be 'raise' or 'coerce', not {errors!r}")
        if self._expr.type.plain == JSON != type_.plain and (errors, type_) != ("coerce", INT64):
            raise InvalidType(
                f"series {self._name!r}, which is {self._expr.type}, cannot be cast to {type_}",
                hint="astype('int64', errors='coerce') reads whole numbers; for other types, cast to 'string' first",
            )
        return self._with((coerced if errors == "coerce" else converted)(self._expr, type_))

    def rename(self, name: str) -> Series:
        """Return the series with another name."""
        return self._with(self._expr, checked_name(name))

    def copy(self) -> Series:
        """Return the series itself, which is immutable."""
        return self

    def _frame(self) -> DataFrame:
        return self.to_frame()

    def to_frame(self) -> DataFrame:
        """Return a frame with this series as its only data column."""
        if self._state.groups is None and self._name in self._state.index:
            name = unused_name(self._name + "_value", self._state.index)
            return self.rename(name).to_frame()
        column = self._state.plan.types.get(self._name)
        if column is not None and self._expr is Column(self._name, column):
            return make_frame(self._state, (self._name,))
        return make_frame(self._state.extended([(self._name, self._expr)]), (self._name,))

    def sort_values(self, *, ascending: bool = True) -> Series:
        """Return the series sorted by its values, with missing ones last in both directions."""
        return make_series(self._state.with_plan(self._state.plan, (Ordering(self._expr, ascending),)), self._expr, self._name)

    def sort_by_series(self, by: Series | Iterable[Series], *, ascending: bool | Iterable[bool] = True) -> Series:
        """Return the series sorted by other series over the same rows."""
        keys = [by] if isinstance(by, Series) else list(by)
        directions = [ascending] * len(keys) if isinstance(ascending, bool) else list(ascending)
        if len(directions) != len(keys):
            raise InvalidValue(
                f"by has {len(keys)} series, but ascending has {len(directions)} values", hint="pass one for each"
            )
        state, expr = self._state, self._expr
        order: list[Ordering] = []
        for key, up in zip(keys, directions, strict=True):
            mine = [expr, *(each.expr for each in order)]
            state, exprs, moved = aligned(state, mine, key._state, key._expr, "left", key.name)
            expr = exprs[0]
            order = [Ordering(new, old.ascending) for new, old in zip(exprs[1:], order, strict=True)]
            order.append(Ordering(moved, bool(up)))
        return make_series(state.with_plan(state.plan, tuple(order)), expr, self._name)

    def sort_index(self, *, ascending: bool | Sequence[bool] = True) -> Series:
        """Return the series sorted by its index; ``ascending`` is one direction, or one for each level."""
        levels = self._state.labels
        directions = [ascending] * len(levels) if isinstance(ascending, bool) else list(ascending)
        if len(directions) != len(levels):
            raise InvalidValue(
                f"the index has {len(levels)} levels, but ascending has {len(directions)} values",
                hint=f"pass one for each of {', '.join(levels) or 'no level'}",
            )
        order = tuple(Ordering(self._state.value(name), bool(up)) for name, up in zip(levels, directions, strict=True))
        return make_series(self._state.with_plan(self._state.plan, order), self._expr, self._name)

    def __getitem__(self, key: object) -> Series:
        if not isinstance(key, Series):
            self._state.rows("a slice or a label")
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
        raise InvalidType("a series is indexed by a slice of rows, a condition, or a label of its only index level")

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
        return self.to_frame().to_numpy()[:, 0] if self.dtype == "json" else to_numpy(self.to_pandas())

    def head(self, n: int = 5) -> pandas.Series[Any]:
        """Return the first ``n`` rows as a pandas Series."""
        return self.to_pandas(limit=n)

    @property
    def value(self) -> Any:
        """The value of a one-row series, such as a total or ``series[label]``. Runs the query.

        Raises InvalidValue if the series may have more rows, and RowNotFound, an IndexError, if it has no rows.
        """
        if not is_single_row(self._state.rows(".value").plan):
            raise InvalidValue(
                f"series {self._name!r} may have more than one value",
                hint="aggregate it first, as in series.max().value, or fetch it with to_pandas()",
            )
        found = self.to_arrow().to_pylist()
        if not found:
            raise RowNotFound(
                f"series {self._name!r} has no rows, so it has no value", hint="to_pandas() returns an empty series instead"
            )
        return found[0]

    def view_sql(self, dialect: str | None = None) -> str:
        """Return the SQL that fetches the series, optionally for another dialect. See DataFrame.view_sql."""
        return self.to_frame().view_sql(dialect=dialect)

    # ---- rows

    def nlargest(self, n: int = 5) -> Series:
        """Return the ``n`` largest values in descending order; missing ones are last."""
        return self.sort_values(ascending=False)[:n]

    def nsmallest(self, n: int = 5) -> Series:
        """Return the ``n`` smallest values in ascending order; missing ones are last."""
        return self.sort_values()[:n]

    def tail(self, n: int = 5) -> pandas.Series[Any]:
        """Return the last ``n`` rows in the order of the frame as a pandas Series."""
        return self.to_frame().tail(n)[self._name]

    def dropna(self) -> Series:
        """Return the rows with non-missing values; NaN counts as missing here, as in pandas."""
        kept: Series = self.to_frame().dropna()[self._name]
        return kept

    def drop_duplicates(self, keep: str | bool = "first") -> Series:
        """Return one row per distinct value: the ``first`` or ``last`` in the frame's order; with False, only unique ones."""
        kept: Series = self.to_frame().drop_duplicates(keep=keep)[self._name]
        return kept

    def append(self, other: Series | Iterable[Series], ignore_index: bool = False) -> Series:
        """Return the rows of this series followed by those of others, with the name of this one. See DataFrame.append."""
        others = [other] if isinstance(other, Series) else list(other)
        frames = [each.rename(self._name).to_frame() for each in others]
        joined: Series = self.to_frame().append(frames, ignore_index=ignore_index)[self._name]
        return joined

    def reset_index(self, level: int | str | Sequence[int | str] | None = None, drop: bool = False) -> DataFrame | Series:
        """Return a frame with the index as columns, or the series without it if ``drop``."""
        frame = self.to_frame().reset_index(level, drop=drop)
        return frame[self._name] if drop else frame

    def unstack(self, level: int | str = -1, fill_value: object = None, aggregation: Function = "max") -> DataFrame:
        """Return a frame with the values of an index level as columns, named by the values. See DataFrame.unstack."""
        return unstacked(self.to_frame(), level, fill_value, aggregation, lambda value, _: value)

    def materialize(
        self,
        node_name: str = "manual_materialize",
        limit: int | slice | None = None,
        distinct: bool = False,
        materialization: str | Enum = "cte",
    ) -> Series:
        """Return the series as a separate step. See DataFrame.materialize."""
        frame = self.to_frame().materialize(node_name, limit=limit, distinct=distinct, materialization=materialization)
        made: Series = frame[self._name]
        return made

    @property
    def is_materialized(self) -> bool:
        """Whether the series is a plain column of the step that it reads, with no pending order or groups."""
        plain = not self._state.order and self._state.groups is None
        return plain and isinstance(self._expr, Column) and self._expr.name == self._name

    @property
    def base_node(self) -> str:
        """The plan that the series reads, as a string; series with equal strings are computed from the same rows."""
        return explain(self._state.plan)

    @property
    def group_by(self) -> Groups | None:
        """The groups of the next aggregate; None if the series is not grouped."""
        return self._state.groups

    # ---- values of other rows

    def exists(self) -> Series:
        """Return whether the series has any rows, as a one-value bool series."""
        counted = aggregation("size")
        plan = Aggregate(self._state.rows("exists").plan, (), (("rows", counted),))
        state = self._state.with_rows(plan, ())
        return make_series(state, call("gt", plan.column("rows"), literal(0)), self._name)

    def any_value(self) -> Quantified:
        """Return all values for a comparison: ``series < other.any_value()`` is true if it holds for any of them."""
        return Quantified(self, every=False)

    def all_values(self) -> Quantified:
        """Return all values for a comparison: ``series < other.all_values()`` is true if it holds for each of them."""
        return Quantified(self, every=True)

    @property
    def array(self) -> Any:
        """The values as a pandas ExtensionArray. Runs the query."""
        return self.to_pandas().array
