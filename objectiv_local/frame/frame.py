"""The frame: named columns over an index, computed when they are fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from objectiv_local.errors import AttributeNotFound, ColumnNotFound, InvalidType, InvalidValue, near
from objectiv_local.frame import display, fetch, io, merge
from objectiv_local.frame.align import aligned
from objectiv_local.frame.groupby import GroupBy, named_aggregates
from objectiv_local.frame.indexing import LocIndexer
from objectiv_local.frame.series.base import Series, _checked_name, make_series
from objectiv_local.frame.series.numeric import checked_min_count
from objectiv_local.frame.state import State, limited
from objectiv_local.frame.window import Window
from objectiv_local.plan.explain import explain
from objectiv_local.plan.expr import Expr, Ordering, literal
from objectiv_local.plan.nodes import Aggregate
from objectiv_local.types import BOOL, type_from_dtype

if TYPE_CHECKING:
    import numpy
    import pandas
    import polars
    import pyarrow

    from objectiv_local.engines.base import Engine


class DataFrame:
    """A lazy table with an index, in the manner of pandas.

    Nothing is computed until rows are asked for with ``to_pandas``, ``to_polars``, ``to_arrow``, ``to_numpy`` or
    ``head``. Then the whole program becomes one SQL statement; ``view_sql`` shows it. The index is not among the data
    columns: ``df.index['name']`` is a level of it.

    >>> import objectiv_local as ol
    >>> df = ol.DataFrame.from_schema({"day": "date", "visits": "int64"}, index=["day"], dialect="postgres")
    >>> print(df[df.visits > 10].view_sql())
    SELECT day, visits
    FROM data
    WHERE visits > 10
    """

    def __init__(self, state: State, columns: Sequence[str]) -> None:
        object.__setattr__(self, "_state", state)
        object.__setattr__(self, "_columns", tuple(columns))
        clash = set(columns) & set(state.index)
        if clash:
            raise InvalidValue(f"{min(clash)!r} is an index level and a data column", hint="rename one of them")

    _state: State
    _columns: tuple[str, ...]

    # ---- making frames

    from_table = classmethod(io.from_table)
    from_pandas = classmethod(io.from_pandas)
    from_arrow = classmethod(io.from_arrow)
    from_polars = classmethod(io.from_polars)
    from_parquet = classmethod(io.from_parquet)
    from_schema = classmethod(io.from_schema)

    # ---- what it is

    @property
    def index(self) -> dict[str, Series]:
        """The levels of the index as series, by name."""
        return {name: make_series(self._state, self._state.column(name), name) for name in self._state.index}

    @property
    def data(self) -> dict[str, Series]:
        """The data columns as series, by name."""
        return {name: self[name] for name in self._columns}

    @property
    def all_series(self) -> dict[str, Series]:
        """The levels of the index and the data columns as series, by name."""
        return self.index | self.data

    @property
    def index_columns(self) -> list[str]:
        """The names of the levels of the index."""
        return list(self._state.index)

    @property
    def data_columns(self) -> list[str]:
        """The names of the data columns."""
        return list(self._columns)

    @property
    def columns(self) -> list[str]:
        """The names of the data columns."""
        return list(self._columns)

    @property
    def dtypes(self) -> dict[str, str]:
        """The dtypes of the data columns, by name."""
        return {name: self._state.plan.types[name].dtype for name in self._columns}

    @property
    def index_dtypes(self) -> dict[str, str]:
        """The dtypes of the levels of the index, by name."""
        return {name: self._state.plan.types[name].dtype for name in self._state.index}

    @property
    def order_by(self) -> tuple[Ordering, ...]:
        """The order in which rows come; empty if none was asked for."""
        return self._state.order

    @property
    def engine(self) -> Engine | None:
        """The connection that holds the rows, or None for a frame made by ``from_schema``."""
        return self._state.engine

    def __repr__(self) -> str:
        return display.frame_repr(self)

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __bool__(self) -> bool:
        raise InvalidType("the truth of a frame is not one value", hint="fetch it and look at len(frame.to_pandas())")

    def __array__(self, dtype: object = None, copy: object = None) -> Any:
        raise InvalidType("a frame is lazy and is not an array", hint="call .to_numpy() or .to_arrow() to fetch it")

    def __len__(self) -> int:
        raise InvalidType("the length of a frame is not known before a query runs",
                          hint="df.groupby(None).size().value counts the rows; len(df.columns) counts the columns")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(name for name in self._columns if name.isidentifier())})

    # ---- columns and rows

    def __getitem__(self, key: Any) -> Any:
        """Return a column (a name), some columns (a list), or some rows (a condition or a slice).

        A condition of another frame is aligned on the index and counts as false where it is missing.
        """
        if isinstance(key, str):
            return self._column(key)
        if isinstance(key, list | set):
            names = list(key)
            for name in names:
                self._column(name)
            if len(set(names)) != len(names):
                raise InvalidValue("a column is asked for twice", hint="use rename or assign for a copy of a column")
            return DataFrame(self._state, tuple(names))
        if isinstance(key, slice):
            return DataFrame(limited(self._state, key), self._columns)
        if isinstance(key, Series):
            return self._filtered(key)
        raise InvalidType(f"a frame is indexed by a column name, a list of names, a condition or a slice of rows, "
                          f"not by {type(key).__name__}", hint="use df.loc for labels")

    def _column(self, name: object) -> Series:
        if name not in self._columns:
            level = " it is a level of the index: use df.index[...]" if name in self._state.index else ""
            raise ColumnNotFound(f"there is no data column {name!r}{';' + level if level else ''}",
                                 hint=None if level else near(str(name), self._columns))
        assert isinstance(name, str)
        return make_series(self._state, self._state.column(name), name)

    def _filtered(self, condition: Series) -> DataFrame:
        if condition._expr.type != BOOL:
            raise InvalidType(f"rows are kept by a bool series, not by {condition.name!r}, which is {condition.dtype}",
                              hint="compare it, as in df[df.x > 0], or use astype('bool')")
        state, _, test = aligned(self._state, [], condition._state, condition._expr, "left", condition.name)
        from objectiv_local.plan.nodes import Filter

        return DataFrame(state.on(Filter(state.plan, test)), self._columns)

    def __getattr__(self, name: str) -> Series:
        if not name.startswith("__") and name in self._columns:
            return self._column(name)
        raise AttributeNotFound(f"DataFrame has no attribute or column {name!r}",
                                hint=near(name, self._columns) if not name.startswith("_") else None)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeNotFound(f"cannot set attribute {name!r} of a frame", hint=f"write df[{name!r}] = ...")

    def __setitem__(self, key: str, value: object) -> None:
        """Set a column to a value, a series of this frame, or a series of another one.

        A series of another frame is aligned on the index: rows without a match get a missing value.
        """
        name = _checked_name(key)
        if name in self._state.index:
            raise InvalidValue(f"{name!r} is a level of the index and cannot be set", hint="use reset_index() first")
        state, expr = self._state, self._value(value)
        if isinstance(value, Series):
            state, _, expr = aligned(self._state, [], value._state, value._expr, "left", value.name)
        object.__setattr__(self, "_state", state.extended([(name, expr)]))
        if name not in self._columns:
            object.__setattr__(self, "_columns", (*self._columns, name))

    def _value(self, value: object) -> Expr:
        return value._expr if isinstance(value, Series) else literal(value)

    def __delitem__(self, key: str) -> None:
        self._column(key)
        object.__setattr__(self, "_columns", tuple(name for name in self._columns if name != key))

    def assign(self, **columns: object) -> DataFrame:
        """Return a copy with columns set; a function is called with the frame so far."""
        df = self.copy()
        for name, value in columns.items():
            df[name] = value(df) if callable(value) else value
        return df

    def drop(self, columns: str | Sequence[str], errors: str = "raise") -> DataFrame:
        """Return a copy without some data columns; unknown ones are an error unless ``errors='ignore'``."""
        names = [columns] if isinstance(columns, str) else list(columns)
        for name in names:
            if errors == "raise":
                self._column(name)
        return DataFrame(self._state, tuple(name for name in self._columns if name not in names))

    def rename(self, columns: Mapping[str, str]) -> DataFrame:
        """Return a copy with data columns renamed by a mapping of old names to new ones; unknown ones are ignored."""
        new = [_checked_name(columns.get(name, name)) for name in self._columns]
        if len(set(new)) != len(new):
            raise InvalidValue("two columns would have the same name after renaming")
        changed = [(after, self._state.column(before)) for before, after in zip(self._columns, new, strict=True)
                   if before != after]
        if not changed:
            return self.copy()
        return DataFrame(self._state.extended(changed), tuple(new))

    def astype(self, dtype: str | Mapping[str, str]) -> DataFrame:
        """Return a copy with all data columns, or those of a mapping, as another type. See Series.astype."""
        chosen = dtype if isinstance(dtype, Mapping) else dict.fromkeys(self._columns, dtype)
        for each in chosen.values():
            type_from_dtype(each)
        return self.assign(**{name: self._column(name).astype(each) for name, each in chosen.items()})

    def copy(self) -> DataFrame:
        """Return a copy: setting a column of one does not change the other."""
        return DataFrame(self._state, self._columns)

    @property
    def loc(self) -> LocIndexer:
        """Rows by condition or label, and columns by name: ``df.loc[rows]``, ``df.loc[rows, columns]``."""
        return LocIndexer(self)

    # ---- index and order

    def set_index(self, keys: str | Sequence[str], append: bool = False, drop: bool = True) -> DataFrame:
        """Return a copy with data columns as index; the former index is dropped unless ``append``."""
        names = [keys] if isinstance(keys, str) else list(keys)
        for name in names:
            self._column(name)
        if not drop:
            raise InvalidValue("set_index moves columns; it cannot keep them",
                               hint="make a copy first: df['copy'] = df['column']")
        from dataclasses import replace

        index = (*(self._state.index if append else ()), *names)
        return DataFrame(replace(self._state, index=index), tuple(name for name in self._columns if name not in names))

    def reset_index(self, drop: bool = False) -> DataFrame:
        """Return a copy with the index as data columns in front, or without it if ``drop``. No new index is made."""
        from dataclasses import replace

        return DataFrame(replace(self._state, index=()), self._columns if drop else (*self._state.index, *self._columns))

    def sort_values(self, by: str | Sequence[str], ascending: bool | Sequence[bool] = True) -> DataFrame:
        """Return the frame in the order of data columns or index levels, missing values last in both directions.

        Rows that tie are ordered by the key of the table, or by all columns where no key is known.
        """
        names = [by] if isinstance(by, str) else list(by)
        directions = [ascending] * len(names) if isinstance(ascending, bool) else list(ascending)
        if len(directions) != len(names):
            raise InvalidValue(f"{len(names)} columns to sort by have {len(directions)} directions")
        order = []
        for name, up in zip(names, directions, strict=True):
            if name not in self._state.index:
                self._column(name)
            column = self._state.column(name)
            if column.type.name == "json":
                raise InvalidType(f"cannot sort by {name!r}, which is {column.type}")
            order.append(Ordering(column, bool(up)))
        return DataFrame(self._state.on(self._state.plan, tuple(order)), self._columns)

    def sort_index(self, ascending: bool = True) -> DataFrame:
        """Return the frame in the order of its index."""
        if not self._state.index:
            raise InvalidValue("the frame has no index to sort by", hint="use sort_values")
        return self.sort_values(list(self._state.index), ascending)

    # ---- groups, windows, merging

    def groupby(self, by: object = None) -> GroupBy:
        """Return the rows in groups of equal ``by``: a name, a series or a list of them; None is one group."""
        return GroupBy(self, by)

    def window(self, mode: str = "range", start_boundary: str = "preceding", start_value: int | None = None,
               end_boundary: str = "current_row", end_value: int | None = None) -> Window:
        """Return the window of all rows in the order of the frame. See GroupBy.window."""
        return self.groupby(None).window(mode, start_boundary, start_value, end_boundary, end_value)

    def agg(self, func: str | Sequence[str] | Mapping[str, str | Sequence[str]]) -> DataFrame:
        """Return aggregates of all rows as a frame of one row without index, columns named ``<column>_<func>``."""
        aggregates = named_aggregates(self._state, self._columns, func)
        return self._total(aggregates)

    aggregate = agg

    def _total(self, aggregates: list[tuple[str, Any]]) -> DataFrame:
        plan = Aggregate(self._state.plan, (), tuple(aggregates))
        return DataFrame(State(plan, self._state.engine, self._state.dialect, ()), [name for name, _ in aggregates])

    def _all(self, func: str, label: str | None = None) -> DataFrame:
        return self._total(named_aggregates(self._state, self._columns, func, label=label))

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

    merge = merge.merge

    # ---- results

    def to_arrow(self, limit: int | slice | None = None) -> pyarrow.Table:
        """Return the rows as an Arrow table, the index first."""
        return fetch.to_arrow(self, limit)

    def to_pandas(self, limit: int | slice | None = None) -> pandas.DataFrame:
        """Return the rows as a pandas frame with the index set; see the page on types for the dtypes."""
        return fetch.to_pandas(self, limit)

    def to_polars(self, limit: int | slice | None = None) -> polars.DataFrame:
        """Return the rows as a polars frame, the index first."""
        return fetch.to_polars(self, limit)

    def to_numpy(self) -> numpy.ndarray[Any, Any]:
        """Return the values of the data columns as a two-dimensional numpy array, without the index."""
        return fetch.to_numpy(self)

    def head(self, n: int = 5) -> pandas.DataFrame:
        """Return the first ``n`` rows as a pandas frame, in the frame's order, or in that of its key if it has none."""
        return self.to_pandas(limit=n)

    def view_sql(self, limit: int | slice | None = None, dialect: str | None = None) -> str:
        """Return the SQL that fetches the frame. Runs no query.

        With ``dialect``, ``'duckdb'`` or ``'postgres'``, it is the SQL of the same program there: over tables of the same
        names and types, where files stand as a table ``data``.
        """
        return self._state.statement([*self._state.index, *self._columns], limit, dialect).sql

    def explain(self) -> str:
        """Return the plan of the frame as a tree, last step first. Runs no query."""
        names = [*self._state.index, *self._columns]
        return explain(self._state.plan, names)


