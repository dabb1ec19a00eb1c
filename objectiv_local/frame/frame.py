"""The frame: named columns over an index, computed when fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from objectiv_local.arguments import checked, in_words
from objectiv_local.errors import AttributeNotFound, ColumnNotFound, InvalidType, InvalidValue, near
from objectiv_local.frame import (
    choosing,
    correlation,
    dbt,
    display,
    fetch,
    functions,
    habits,
    io,
    merge,
    ordering,
    pivot,
    preview,
    query,
    reshape,
    sampling,
)
from objectiv_local.frame import describe as statistics
from objectiv_local.frame import explode as elements
from objectiv_local.frame import groupby as grouping
from objectiv_local.frame import info as printing
from objectiv_local.frame import materialize as keeping
from objectiv_local.frame import savepoints as saving
from objectiv_local.frame import scale as scaling
from objectiv_local.frame import variables as setting
from objectiv_local.frame.align import aligned
from objectiv_local.frame.export import Export
from objectiv_local.frame.functions import reduction
from objectiv_local.frame.groups import Groups
from objectiv_local.frame.handles import frame_class, make_series
from objectiv_local.frame.indexing import LocIndexer
from objectiv_local.frame.plot import Plot
from objectiv_local.frame.reductions import Reductions
from objectiv_local.frame.rowwise import RowWise
from objectiv_local.frame.series.base import Series, index_levels
from objectiv_local.frame.sql_text import SQL
from objectiv_local.frame.state import State, limited
from objectiv_local.frame.together import set_together
from objectiv_local.frame.values import checked_name, is_listed, value_per_column
from objectiv_local.frame.window import Window, expanding, rolling, window_frame
from objectiv_local.plan.explain import explain
from objectiv_local.plan.expr import Expr, Ordering, literal
from objectiv_local.plan.nodes import Filter, Node
from objectiv_local.types import BOOL, STRING, type_from_dtype

if TYPE_CHECKING:
    import numpy
    import pandas
    import polars
    import pyarrow

    from objectiv_local.engines.base import Engine


@frame_class
@checked
class DataFrame(Reductions["DataFrame"], RowWise, Export):
    """A lazy table with an index and a pandas-like API.

    Nothing is computed until rows are fetched with ``to_pandas``, ``to_polars``, ``to_arrow``, ``to_numpy`` or ``head``. Then
    the whole program becomes one SQL statement, which ``view_sql`` shows. The index is not among the data columns; get a
    level of it with ``df.index['name']``.

    ``groupby`` returns a grouped frame: its columns can be set, renamed and dropped, and its rows filtered and sorted; an
    aggregate then returns one row per group. A grouped frame cannot be fetched before it is aggregated.

    >>> import objectiv_local as ol
    >>> df = ol.DataFrame.from_schema({"day": "date", "visits": "int64"}, index=["day"], dialect="postgres")
    >>> print(df[df.visits > 10].view_sql())
    SELECT day, visits
    FROM data
    WHERE visits > 10
    """

    def __init__(self, state: State, columns: Sequence[str] = ()) -> None:
        if not isinstance(state, State):
            raise InvalidType(
                f"a frame cannot be created from {in_words(state)}",
                hint="use DataFrame.from_pandas(engine, df), DataFrame.from_table(engine, name) or a similar constructor",
            )
        self._set(state, columns)

    def _set(self, state: State, columns: Iterable[str]) -> None:
        """Set state and columns in place; if all columns are aggregates of the groups, the frame becomes an aggregated one."""
        columns = tuple(columns)
        state = grouping.settled(state, columns)
        object.__setattr__(self, "_state", state)
        object.__setattr__(self, "_columns", columns)
        clash = set() if state.groups is not None else set(columns) & set(state.index)
        if clash:
            raise InvalidValue(f"{min(clash)!r} is both an index level and a data column", hint="rename one of them")

    _state: State
    _columns: tuple[str, ...]

    # ---- constructors

    from_table = classmethod(io.from_table)
    from_pandas = classmethod(io.from_pandas)
    from_arrow = classmethod(io.from_arrow)
    from_polars = classmethod(io.from_polars)
    from_parquet = classmethod(io.from_parquet)
    from_model = classmethod(io.from_model)
    from_schema = classmethod(io.from_schema)

    # ---- properties

    @property
    def index(self) -> dict[str, Series]:
        """The index levels as series without an index, by name; for a grouped frame, the keys."""
        return index_levels(self._state)

    @property
    def data(self) -> dict[str, Series]:
        """The data columns as series, by name."""
        return {name: self[name] for name in self._columns}

    @property
    def all_series(self) -> dict[str, Series]:
        """The index levels and the data columns as series, by name."""
        return self.index | self.data

    @property
    def index_columns(self) -> list[str]:
        """The names of the index levels; for a grouped frame, of the keys."""
        return list(self._state.labels)

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
        return {name: self._state.type_of(name).dtype for name in self._columns}

    @property
    def index_dtypes(self) -> dict[str, str]:
        """The dtypes of the index levels, by name."""
        return {name: self._state.type_of(name).dtype for name in self.index_columns}

    @property
    def order_by(self) -> tuple[Ordering, ...]:
        """The sort order of the rows; empty if the frame is not sorted."""
        return self._state.order

    @property
    def engine(self) -> Engine | None:
        """The connection to the engine with the rows, or None for a frame created by ``from_schema``."""
        return self._state.engine

    def __repr__(self) -> str:
        return display.frame_repr(self)

    def _repr_html_(self) -> str:
        return preview.frame_html(self)

    def __eq__(self, other: object) -> bool:
        """Return whether another frame is the same program with the same columns; ``df.a == df.b`` compares values."""
        return isinstance(other, DataFrame) and self._state == other._state and self._columns == other._columns

    __hash__ = None  # type: ignore[assignment]

    def __iter__(self) -> Iterator[str]:
        if self._state.groups is not None:
            raise InvalidType(
                "a grouped frame cannot be iterated over", hint="aggregate them, or fetch the rows: df.to_pandas().groupby(...)"
            )
        return iter(self._columns)

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __bool__(self) -> bool:
        raise InvalidType("the truth value of a frame is ambiguous", hint="use len(frame) > 0, which counts the rows")

    def __array__(self, dtype: object = None, copy: object = None) -> Any:
        raise InvalidType(
            "a frame is lazy and is not an array", hint="fetch it with .to_numpy() or .to_arrow(), or with ml.xy(frame)"
        )

    def __len__(self) -> int:
        """Return the number of rows. Runs a query."""
        self._state.rows("len()")
        return int(self.size().value)

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows and of data columns. Runs a query to count the rows."""
        return len(self), len(self._columns)

    @property
    def group_by(self) -> Groups | None:
        """The groups of the next aggregate; None if the frame is not grouped or already aggregated."""
        return self._state.groups

    @property
    def savepoints(self) -> saving.Savepoints:
        """The savepoints, shared by all frames derived from the same table."""
        found: saving.Savepoints = self._state.savepoints
        return found

    @property
    def variables(self) -> dict[tuple[str, str], object]:
        """The values of the variables, by dtype and name."""
        return {key: variable.value for key, variable in setting.known(self).items()}

    @property
    def is_materialized(self) -> bool:
        """Whether the columns are plain columns of the last step, with no pending order or groups."""
        return (
            not self._state.order
            and self._state.groups is None
            and set(self._state.plan.types) == {*self._state.index, *self._columns}
        )

    @property
    def plot(self) -> Plot:
        """Charts computed by the database: ``df.plot.hist()`` and others."""
        return Plot(self)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(name for name in self._columns if name.isidentifier())})

    # ---- columns and rows

    def __getitem__(self, key: Any) -> Any:
        """Return a column (a name), some columns (a list), or some rows (a condition or a slice).

        A condition over the rows from which a frame was aggregated filters those rows before the aggregation. Any other
        condition of another frame is aligned on the index and counts as false where it is missing. Fetching rows then raises
        InvalidValue if index labels of the condition are not unique, because a row would match several of its values.
        """
        if isinstance(key, str):
            return self._column(key)
        if isinstance(key, list | set):
            names = list(key)
            for name in names:
                self._column(name)
            if len(set(names)) != len(names):
                raise InvalidValue("a column is selected twice", hint="use rename or assign for a copy of a column")
            return DataFrame(self._state, tuple(names))
        if isinstance(key, slice):
            return DataFrame(limited(self._state, key), self._columns)
        if isinstance(key, Series):
            return self._filtered(key)
        raise InvalidType(
            f"a frame is indexed by a column name, a list of names, a condition or a slice of rows, "
            f"not by {type(key).__name__}",
            hint="use df.loc for labels",
        )

    def _column(self, name: object) -> Series:
        groups = self._state.groups
        if name not in self._columns and (groups is None or name not in groups.names):
            level = " it is a level of the index: use df.index[...]" if name in self._state.index else ""
            raise ColumnNotFound(
                f"there is no data column {name!r}{';' + level if level else ''}",
                hint=None if level else near(str(name), self._columns),
            )
        assert isinstance(name, str)
        total = None if groups is None else groups.total(name)
        return make_series(*(total or (self._state, self._state.value(name))), name)

    def _filtered(self, condition: Series) -> DataFrame:
        if condition._expr.type != BOOL:
            raise InvalidType(
                f"rows are filtered by a bool series, not by {condition.name!r}, which is {condition.dtype}",
                hint="compare it, as in df[df.x > 0], or use astype('bool')",
            )
        before = grouping.filtered_before(self._state, condition)
        if before is not None:
            return DataFrame(before, self._columns)
        state, _, test = aligned(self._state, [], condition._state, condition._expr, "left", condition.name)
        return DataFrame(state.with_plan(Filter(state.plan, test)), self._columns)

    def __getattr__(self, name: str) -> Series:
        columns = self.__dict__.get("_columns", ())  # missing while the frame is being copied
        if not name.startswith("__") and name in columns:
            return self._column(name)
        raise AttributeNotFound(
            f"DataFrame has no attribute or column {name!r}", hint=habits.hint(name, habits.FRAME, dir(type(self)), columns)
        )

    def __setattr__(self, name: str, value: object) -> None:
        choosing.set_attribute(self, name, value)

    def __setitem__(self, key: str | list[str], value: object) -> None:
        """Set a column to a value, to a series of this frame or another one, or to a pandas Series; or set a list of columns.

        A series of another frame, or a pandas Series, is aligned on the index: rows without a match get a missing value.
        Fetching rows raises InvalidValue if index labels of the series are not unique, because a row would match several.
        Several columns can be set to one value, to a list with one value per column, or to the columns of a frame. None creates
        a string column of missing values. Raises InvalidType for a list set to one column: rows have no fixed positions.

        A column of a grouped frame can also be set to an aggregate of its groups; to fetch such columns, select only them.
        """
        if isinstance(key, list):
            made = self.copy()
            for each, one in zip(key, value_per_column(self, value, len(key)), strict=True):
                made[each] = one
            self._set(made._state, made._columns)
            return
        name = checked_name(key)
        if is_listed(value):
            raise InvalidType(
                f"{name!r} cannot be set to a {type(value).__name__}: rows have no fixed positions",
                hint="load the values with DataFrame.from_pandas and merge them, or set a JSON value with Series.from_value",
            )
        if type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "to_frame"):
            value = DataFrame.from_pandas(self._state.connected(), value.to_frame(name))[name]
        if name in self._state.labels:
            raise InvalidValue(f"{name!r} is an index level and cannot be set", hint="use reset_index() first")
        state = grouping.with_total(self._state, name, value) if isinstance(value, Series) else None
        if state is None:
            state, expr = self._state, self._value(value)
            if isinstance(value, Series):
                state, _, expr = aligned(self._state, [], value._state, value._expr, "left", value.name)
            state = state.extended([(name, expr)])
        self._set(state, dict.fromkeys((*self._columns, name)))

    def _value(self, value: object) -> Expr:
        if isinstance(value, Series):
            return value._expr
        return literal(None, STRING) if value is None else literal(value)

    def __delitem__(self, key: str) -> None:
        self._column(key)
        self._set(self._state, [name for name in self._columns if name != key])

    def assign(self, **columns: object) -> DataFrame:
        """Return a copy with columns set; a function is called with the frame, including the columns set before it."""
        together = set_together(self._state, columns)
        df = self.copy() if together is None else DataFrame(together, tuple(dict.fromkeys((*self._columns, *columns))))
        for name, value in columns.items() if together is None else ():
            df[name] = value(df) if callable(value) else value
        return df

    drop = choosing.drop
    rename = choosing.rename

    def astype(self, dtype: object, errors: str = "raise") -> DataFrame:
        """Return a copy with all data columns, or those in a mapping, converted to another type. See Series.astype."""
        chosen = dtype if isinstance(dtype, Mapping) else dict.fromkeys(self._columns, dtype)
        for each in chosen.values():
            type_from_dtype(each)
        return self.assign(**{name: self._column(name).astype(each, errors) for name, each in chosen.items()})

    def copy(self) -> DataFrame:
        """Return a copy: setting a column of one does not change the other."""
        return DataFrame(self._state, self._columns)

    @property
    def loc(self) -> LocIndexer:
        """Rows by condition or label, and columns by name: ``df.loc[rows]``, ``df.loc[rows, columns]``."""
        return LocIndexer(self)

    # ---- index and order

    def set_index(self, keys: str | Series | Sequence[str | Series], drop: bool = True, append: bool = False) -> DataFrame:
        """Return a copy with data columns or series as the index; the former index is dropped unless ``append``.

        A name may also be a level of the current index, which is kept. With ``drop=False``, the columns also remain data
        columns, and the index levels are named ``<column>_index``.
        """
        from dataclasses import replace

        state = self._state.rows("set_index")
        frame, names = self.copy(), []
        for key in [keys] if isinstance(keys, str | Series) else list(keys):
            name = key.name if isinstance(key, Series) else key
            level = name in state.index and name not in frame._columns
            if isinstance(key, Series) and level:
                if key._expr is not state.column(name) or key._state.plan is not state.plan:
                    raise InvalidValue(
                        f"{name!r} is both an index level and the name of another series", hint="rename the series first"
                    )
            elif isinstance(key, Series):
                frame[name] = key
            if not level:
                frame._column(name)
            if not drop and name in self._columns:
                frame[f"{name}_index"] = frame[name]
                name = f"{name}_index"
            names.append(name)
        if len(set(names)) != len(names):
            raise InvalidValue(f"the level {names[0]!r} is given twice")
        index = tuple(dict.fromkeys((*(state.index if append else ()), *names)))
        return DataFrame(replace(frame._state, index=index), tuple(each for each in frame._columns if each not in names))

    def reset_index(self, level: int | str | Sequence[int | str] | None = None, drop: bool = False) -> DataFrame:
        """Return a copy with the index, or some levels of it, as the first data columns, or without them if ``drop``.

        There is no default index.
        """
        from dataclasses import replace

        self._state.rows("reset_index")
        given = self.index_columns if level is None else [level] if isinstance(level, int | str) else list(level)
        moved = [reshape.level_named(self, each) for each in given]
        kept = tuple(name for name in self._state.index if name not in moved)
        return DataFrame(replace(self._state, index=kept), self._columns if drop else (*moved, *self._columns))

    sort_values = ordering.sort_values
    sort_index = ordering.sort_index
    nlargest = ordering.nlargest
    nsmallest = ordering.nsmallest

    # ---- groups, windows, merging

    def groupby(self, by: object = None) -> DataFrame:
        """Return a frame grouped by ``by``: a name, a series or a list of them; None puts all rows in one group.

        Aggregates of a grouped frame have one row per group, sorted by the keys, which become the index.
        ``df.groupby(...).sum()`` names its columns ``<column>_sum``; ``df.groupby(...)[column].sum()`` keeps the name.

        A tuple is a list of grouping sets, each a name, a series or a list: ``groupby(('city', ['city', 'day'], []))``. A
        list that contains lists or tuples produces every combination of their items. Filtering aggregates filters groups,
        like HAVING.

        Differs from pandas: missing keys form a group, as with ``dropna=False``.
        """
        return self._grouped(by, "groupby")

    def rollup(self, by: object) -> DataFrame:
        """Return the frame grouped by ``by`` and its prefixes, down to the total, like ROLLUP; omitted keys are missing."""
        return self._grouped(by, "rollup")

    def cube(self, by: object) -> DataFrame:
        """Return the frame grouped by every subset of the keys ``by``, like CUBE; omitted keys are missing."""
        return self._grouped(by, "cube")

    def _grouped(self, by: object, kind: str) -> DataFrame:
        self._state.rows(kind)
        state = grouping.grouped(self, by, kind)
        return DataFrame(state, [name for name in self._columns if name not in state.labels])

    def window(
        self,
        mode: str | Enum = "range",
        start_boundary: str | Enum = "preceding",
        start_value: int | None = None,
        end_boundary: str | Enum = "current_row",
        end_value: int | None = None,
        min_values: int | None = None,
    ) -> Window:
        """Return a window over all rows, or over each group of a grouped frame, in the order of the frame.

        By default, the window extends from the first row to the current one, including rows tied with it. With
        ``mode='rows'``, it is bounded by row counts: ``start_value`` rows before or after the current one, depending on the
        boundary. An aggregate of fewer than ``min_values`` values is missing.
        """
        frame = window_frame(mode, start_boundary, start_value, end_boundary, end_value)
        return Window(self._state.ungrouped(), grouping.partition_of(self._state, "a window"), frame, min_values, self._columns)

    def rolling(self, window: int, min_periods: int | None = None, center: bool = False, closed: str = "right") -> Window:
        """Return a window of ``window`` rows that ends at the current one, or has it in the middle with ``center``.

        The frame has to be sorted. For a grouped frame, the window stays within the group. An aggregate of fewer than
        ``min_periods`` values, by default ``window``, is missing. Results keep the index of the rows.
        """
        return rolling(
            self._state.ungrouped(),
            grouping.partition_of(self._state, "a window"),
            self._columns,
            window,
            min_periods,
            center=center,
            closed=closed,
        )

    def expanding(self, min_periods: int = 1, center: bool = False) -> Window:
        """Return the window of all rows up to the current one, within the group if grouped; the frame has to be sorted."""
        return expanding(
            self._state.ungrouped(), grouping.partition_of(self._state, "a window"), self._columns, min_periods, center=center
        )

    def _reduce(self, func: Any, *, named: dict[str, object] | None = None, **options: Any) -> DataFrame:
        if named is not None:
            aggregates = functions.keyword_aggregates(self._state, [*self._columns, *self._state.keys], named)
        else:
            aggregates = functions.named(self._state, self._columns, func, **options)
        return DataFrame(grouping.aggregated(self._state, aggregates), aggregates.names)

    def size(self) -> Series:
        """Return the number of rows in each group, or the number of all rows as a one-value series."""
        return grouping.aggregated_series(self._state, reduction("size", literal(True)), "size")

    def round(self, decimals: int = 0) -> DataFrame:
        """Return a copy with numeric columns rounded. See Series.round."""
        numeric = [name for name in self._columns if self._state.type_of(name).name in ("int64", "float64", "decimal")]
        return self.assign(**{name: self._column(name).round(decimals) for name in numeric})

    def query(self, expr: str) -> DataFrame:
        """Return the rows for which an expression is true: ``df.query("amount > 10 and city in ['Snits', 'Drylts']")``.

        Names refer to columns and index levels. Supported are comparisons, ``and``, ``or``, ``not``, ``in``, arithmetic and
        constants.
        """
        kept: DataFrame = self[query.condition(self, expr)]
        return kept

    def _rows(self, plan: Node) -> DataFrame:
        """Return the frame over another plan: its plan with a filter, a limit or more columns."""
        return DataFrame(self._state.with_plan(plan), self._columns)

    append = reshape.append
    stack = reshape.stack
    unstack = reshape.unstack
    get_dummies = reshape.get_dummies
    drop_duplicates = reshape.drop_duplicates
    dropna = reshape.dropna
    fillna = reshape.fillna
    ffill = reshape.ffill
    bfill = reshape.bfill
    value_counts = reshape.value_counts
    describe = statistics.describe
    quantile = statistics.quantile
    scale = scaling.scale
    minmax_scale = scaling.minmax_scale
    materialize = keeping.materialize
    database_create_table = keeping.database_create_table
    create_view = keeping.create_view
    to_dbt = dbt.to_dbt
    sample = sampling.sample
    get_sample = sampling.get_sample
    get_unsampled = sampling.get_unsampled
    corr = correlation.corr
    info = printing.info
    explode = elements.explode
    pivot_table = pivot.pivot_table
    set_savepoint = saving.set_savepoint
    create_variable = setting.create_variable
    set_variable = setting.set_variable
    get_all_variable_usage = setting.get_all_variable_usage
    merge = merge.merge

    # ---- results

    def to_arrow(self, limit: int | slice | None = None) -> pyarrow.Table:
        """Return the rows as an Arrow table, with the index first."""
        return fetch.to_arrow(self, limit)

    def to_pandas(self, limit: int | slice | None = None) -> pandas.DataFrame:
        """Return the rows as a pandas frame with the index set; the dtypes are listed in docs/types.md."""
        return fetch.to_pandas(self, limit)

    def to_polars(self, limit: int | slice | None = None) -> polars.DataFrame:
        """Return the rows as a polars frame, with the index first."""
        return fetch.to_polars(self, limit)

    def to_numpy(self) -> numpy.ndarray[Any, Any]:
        """Return the values of the data columns as a two-dimensional numpy array, without the index."""
        return fetch.to_numpy(self)

    def to_batches(self, batch_rows: int = 65_536, limit: int | slice | None = None) -> Iterator[pyarrow.RecordBatch]:
        """Return an iterator over the rows as Arrow batches of at most ``batch_rows`` rows, in bounded memory."""
        return fetch.to_batches(self, batch_rows, limit)

    def tail(self, n: int = 5) -> pandas.DataFrame:
        """Return the last ``n`` rows as a pandas frame, in the frame's order, or sorted by its key if it has none."""
        return fetch.tail(self, n)

    def head(self, n: int = 5) -> pandas.DataFrame:
        """Return the first ``n`` rows as a pandas frame, in the frame's order, or sorted by its key if it has none."""
        return self.to_pandas(limit=n)

    def view_sql(self, limit: int | slice | None = None, dialect: str | None = None) -> str:
        """Return the SQL that fetches the frame, as a string that notebooks display highlighted. Runs no query.

        With ``dialect``, ``'duckdb'``, ``'postgres'`` or ``'spark'``, it is the SQL of the same program for that engine, over
        tables of the same names and types; files become a table named ``data``.

        Series of other frames are joined on the index. The SQL does not check that its labels are unique; fetching rows does.
        """
        return SQL(self._state.statement([*self._state.index, *self._columns], limit, dialect).sql)

    def explain(self, engine: bool = False) -> str:
        """Return the plan of the frame as a tree, the last step first. Runs no query.

        With ``engine``, return the database's plan for the statement instead.
        """
        names = [*self._state.rows("explain").index, *self._columns]
        return self._state.connected().explain(self.view_sql()) if engine else explain(self._state.plan, names)
