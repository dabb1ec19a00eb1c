"""Rows for scikit-learn: features and a target as arrays or frames in memory, at once or in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any
from typing import Literal as OneOf

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported, TooLarge
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import aggregation, call, state_of
from objectiv_local.ml.columns import checked_column, listed, row_key
from objectiv_local.ml.expressions import NUMBERS
from objectiv_local.ml.fetching import one_row, one_snapshot
from objectiv_local.ml.targets import with_target

if TYPE_CHECKING:
    import pyarrow

Container = OneOf["arrow", "pandas", "polars", "numpy"]
CONTAINERS = ("arrow", "pandas", "polars", "numpy")

#: Default maximum number of bytes that ``xy`` fetches.
MAX_BYTES = 2 * 1024**3

#: Default number of rows in a batch.
BATCH_ROWS = 32_768

#: The largest integer up to which all integers are exact as floats.
_EXACT = 2**53


@dataclass(frozen=True)
class XY:
    """Features, target and index of the same rows.

    ``X`` and ``index`` are tables of the requested container; with ``numpy``, ``X`` is a two-dimensional array and ``index`` an
    Arrow table; with ``pandas``, ``index`` is the index of ``X`` and ``y``. ``y`` is one column, or None without a target.
    """

    X: Any
    y: Any
    index: Any
    feature_names: list[str]

    def __iter__(self) -> Iterator[Any]:
        """Unpack as ``X, y = ml.xy(...)``."""
        return iter((self.X, self.y))


@checked
def xy(
    frame: DataFrame,
    target: str | Series | None = None,
    *,
    features: Sequence[str] | None = None,
    index: str | Sequence[str] | None = None,
    container: Container = "arrow",
    dtype: Any = "float64",
    order_by: str | Sequence[str] | None = None,
    max_bytes: float | None = MAX_BYTES,
) -> XY:
    """Return the rows of a frame as features ``X`` and target ``y``, for scikit-learn. Runs two queries.

    ``features`` are data columns, by default all but the target. ``target`` is a data column, or a series over the same rows.
    ``index`` names columns that identify a row, by default the index of the frame. Rows are sorted by ``order_by``, otherwise
    as in the frame, otherwise by ``index``; ties are broken, so the order is the same on every engine.

    With a ``dtype`` (``float64`` or ``float32``), numbers and bools are converted to it, with NaN for NULL, and strings stay
    strings, with None for NULL; with None, columns keep their types. The target keeps its own type, except that decimals become
    floats.

    Raises TooLarge, before fetching, for rows that take more than about ``max_bytes`` (None for no limit), InvalidValue for a
    missing target and for integers beyond 2**53 that are not exact as floats, and InvalidType for columns of other types.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> users = pandas.DataFrame({"visits": [3, 1], "minutes": [7.5, None], "bought": [True, False]})
    >>> X, y = xy(DataFrame.from_pandas(duckdb.connect(), users), target="bought", container="numpy")
    >>> X.tolist(), y.tolist()
    ([[3.0, 7.5], [1.0, nan]], [True, False])
    """
    chosen = Columns(frame, target, features, index, container, dtype)
    ordered = chosen.sorted(order_by)
    if max_bytes is not None:
        if not max_bytes >= 0:
            raise InvalidValue(f"max_bytes has to be a non-negative number, or None, not {max_bytes!r}")
        rows, size = chosen.size()
        if size > max_bytes:
            raise TooLarge(
                f"{rows} rows of {len(chosen.names)} columns take about {size:,} bytes, but max_bytes is {max_bytes:,}",
                hint="read them with ml.batches(...), choose features, sample the frame, or raise max_bytes",
            )
    return chosen.converted(ordered.to_arrow())


@checked
def batches(
    frame: DataFrame,
    target: str | Series | None = None,
    *,
    features: Sequence[str] | None = None,
    index: str | Sequence[str] | None = None,
    container: Container = "arrow",
    dtype: Any = "float64",
    order_by: str | Sequence[str] | None = None,
    batch_rows: int = BATCH_ROWS,
    epochs: int = 1,
    on_batch: Callable[[int, int], object] | None = None,
) -> Iterator[XY]:
    """Return an iterator over the rows in batches of at most ``batch_rows``, in bounded memory, repeated for ``epochs`` epochs.

    All epochs read the same rows, whatever is written meanwhile: those of one query, of one transaction, or of files, which
    must not change. Rows are in storage order unless there is an order: ``order_by``, or that of the frame. ``on_batch`` is
    called after each batch with the number of rows done and the total, over all epochs; counting them takes a query. The
    other parameters are those of ``xy``. Other queries can run during the loop.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> frame = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"visits": [3, 1, 2]}))
    >>> [part.X.ravel().tolist() for part in batches(frame, batch_rows=2, container="numpy", order_by="visits")]
    [[1.0, 2.0], [3.0]]
    """
    for name, value in (("batch_rows", batch_rows), ("epochs", epochs)):
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
            raise InvalidValue(f"{name} has to be a positive whole number, not {value!r}")
    chosen = Columns(frame, target, features, index, container, dtype)
    ordered = chosen.sorted(order_by) if order_by is not None or frame.order_by else chosen.frame
    return _batches(chosen, ordered, int(batch_rows), int(epochs), on_batch)


def _batches(
    chosen: Columns, ordered: DataFrame, batch_rows: int, epochs: int, on_batch: Callable[[int, int], object] | None
) -> Iterator[XY]:
    import pyarrow as pa

    several = epochs > 1 or on_batch is not None
    with one_snapshot(ordered) if several else nullcontext():
        rows = len(ordered) * epochs if on_batch is not None else 0
        done = 0
        for batch in (batch for _ in range(epochs) for batch in ordered.to_batches(batch_rows)):
            yield chosen.converted(pa.Table.from_batches([batch]))
            done += batch.num_rows
            if on_batch is not None:
                on_batch(done, rows)


class Columns:
    """The columns of a frame that are fetched as index, features and target, and their conversion in memory."""

    def __init__(
        self,
        frame: DataFrame,
        target: str | Series | None,
        features: Sequence[str] | None,
        index: str | Sequence[str] | None,
        container: str,
        dtype: str | None,
    ) -> None:
        if not isinstance(frame, DataFrame):
            raise InvalidType(f"rows are fetched from a frame, not from {type(frame).__name__}")
        if container not in CONTAINERS:
            raise InvalidValue(f"container is {container!r}, which is unknown", hint=f"use one of {', '.join(CONTAINERS)}")
        if dtype is not None and str(dtype) not in ("float64", "float32"):
            raise InvalidValue(f"dtype has to be 'float64', 'float32' or None, not {dtype!r}")
        if isinstance(features, str):
            raise InvalidType("features has to be a list of columns, not a single name", hint=f"write features=[{features!r}]")
        frame, self.target = with_target(frame, target)
        levels = frame.index_columns if index is None else listed(index)
        self.index = [checked_column(frame, name, "index") for name in levels]
        given = (
            [name for name in frame.data_columns if name != self.target and name not in self.index]
            if features is None
            else list(features)
        )
        self.features = [checked_column(frame, name, "features", data_only=True) for name in given]
        if not self.features:
            raise InvalidValue("there are no features", hint="the frame needs data columns besides the target")
        if len(set(self.features)) != len(self.features):
            raise InvalidValue("a feature is given twice")
        if self.target in self.features:
            raise InvalidValue(f"{self.target!r} is both the target and a feature", hint="remove it from features")
        self.container, self.dtype = container, dtype
        # Features are data columns of the fetched frame, and so are index columns other than those of the frame's index.
        names = [*self.features, *([self.target] if self.target is not None else [])]
        extra = [name for name in self.index if name not in frame.index_columns and name not in names]
        kept = [name for name in names if name not in frame.index_columns]
        self.whole, self.columns = frame, [*extra, *kept]
        self.frame = frame[self.columns]
        self.names = [*self.frame.index_columns, *self.frame.data_columns]
        types = state_of(frame).plan.types
        for name in self.features:
            if types[name].name not in (*NUMBERS, "string") and dtype is not None:
                raise InvalidType(
                    f"feature {name!r} is {types[name]}: neither a number nor a string",
                    hint="cast it with astype, remove it from features, or pass dtype=None",
                )
        if self.target is not None and types[self.target].name not in (*NUMBERS, "string"):
            raise InvalidType(
                f"the target {self.target!r} is {types[self.target]}: neither a number nor a string",
                hint="use a comparison, or cast it with astype",
            )

    def sorted(self, order_by: str | Sequence[str] | None) -> DataFrame:
        """Return the frame in an order without ties."""
        frame: DataFrame = self.frame
        if order_by is not None:
            # Any column of the frame can be in the order, whether it is fetched or not.
            ordered: DataFrame = self.whole.sort_values(order_by)[self.columns]
            return ordered
        if frame.order_by:
            return frame
        keys = self.index or row_key(self.frame)
        keys = [name for name in keys or self.names if name in self.names]
        sortable = [name for name in keys if state_of(frame).plan.types[name].name != "json"]
        return frame.sort_values(sortable) if sortable else frame

    def size(self) -> tuple[int, int]:
        """Return the number of rows and about how many bytes they take. One query."""
        types = state_of(self.frame).plan.types
        texts = [name for name in self.names if types[name].name in ("string", "json")]
        width = sum(16 if types[name].name in ("decimal", "uuid") else 8 for name in self.names)
        lengths = {
            f"length_{number}": state_of(self.frame).column(name)
            for number, name in enumerate(texts)
            if types[name].name == "string"
        }
        sums = {name: aggregation("sum", call("length", column)) for name, column in lengths.items()}
        row = one_row(self.frame, {"rows": aggregation("size"), **sums})
        rows = int(row.pop("rows"))
        return rows, rows * width + sum(int(value) for value in row.values())

    def converted(self, table: pyarrow.Table) -> XY:
        """Return fetched rows in the container."""
        features = _numbers(table.select(self.features), self.dtype)
        target = None if self.target is None else _target(table.column(self.target), self.target)
        index = table.select(self.index)
        names = list(self.features)
        if self.container == "numpy":
            return XY(_matrix(features), None if target is None else _values(target), index, names)
        if self.container == "pandas":
            import pandas as pd

            X = features.to_pandas()
            if self.index:
                X.index = (
                    pd.MultiIndex.from_frame(index.to_pandas())
                    if len(self.index) > 1
                    else pd.Index(index.to_pandas()[self.index[0]])
                )
            y = None if target is None else pd.Series(_values(target), index=X.index, name=self.target)
            return XY(X, y, X.index, names)
        if self.container == "polars":
            try:
                import polars as pl
            except ImportError:
                raise NotSupported("polars is not installed", hint="pip install 'objectiv-local[polars]'") from None
            column = None if target is None else pl.Series(self.target, pl.from_arrow(target))
            return XY(pl.from_arrow(features), column, pl.from_arrow(index), names)
        return XY(features, target, index, names)


# ---- Arrow columns as numbers


def _numbers(table: pyarrow.Table, dtype: str | None) -> pyarrow.Table:
    """Return the table with numbers as floats, NaN where they are missing; strings are unchanged."""
    import pyarrow as pa

    if dtype is None:
        return table
    to = pa.float64() if dtype == "float64" else pa.float32()
    columns = [
        column if pa.types.is_string(column.type) else _floats(column, name, to)
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    return pa.table(columns, names=table.column_names)


def _floats(column: pyarrow.ChunkedArray, name: str, to: pyarrow.DataType) -> pyarrow.ChunkedArray:
    import math

    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_boolean(column.type):
        column = pc.cast(column, pa.int8())
    if pa.types.is_decimal(column.type) or pa.types.is_int64(column.type):
        ends = pc.min_max(column).as_py()
        if ends["min"] is not None and (ends["min"] < -_EXACT or ends["max"] > _EXACT):
            raise InvalidValue(
                f"column {name!r} has numbers beyond 2**53, which are not exact as floats",
                hint="to accept the nearest float: df[name].astype('float64')",
            )
    found = pc.cast(column, pa.float64())
    if to != pa.float64():
        narrow = pc.cast(found, to, safe=False)
        if pc.any(pc.and_(pc.is_inf(narrow), pc.invert(pc.is_inf(found)))).as_py():
            raise InvalidValue(f"column {name!r} has numbers that are too large for float32", hint="pass dtype='float64'")
        found = narrow
    return pc.fill_null(found, pa.scalar(math.nan, to)) if found.null_count else found


def _target(column: pyarrow.ChunkedArray, name: str) -> pyarrow.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = column.null_count
    if pa.types.is_decimal(column.type):
        column = pc.cast(column, pa.float64())
    if pa.types.is_floating(column.type):
        missing += pc.sum(pc.is_nan(column)).as_py() or 0
    if missing:
        raise InvalidValue(
            f"the target {name!r} is missing in {missing} rows", hint=f"drop them first: df.dropna(subset=[{name!r}])"
        )
    return column


def _values(column: pyarrow.ChunkedArray) -> Any:
    import pyarrow as pa

    if pa.types.is_string(column.type):
        import numpy as np

        return np.array(column.to_pylist(), dtype=object)
    return column.to_numpy()


def _matrix(table: pyarrow.Table) -> Any:
    """Return a table as a two-dimensional array in column-major order."""
    import numpy as np
    import pyarrow as pa

    kinds = {column.type for column in table.columns}
    if len(kinds) == 1 and pa.types.is_floating(next(iter(kinds))):
        out = np.empty((table.num_rows, table.num_columns), dtype=next(iter(kinds)).to_pandas_dtype(), order="F")
        for position, column in enumerate(table.columns):
            out[:, position] = column.to_numpy()
        return out
    mixed = np.empty((table.num_rows, table.num_columns), dtype=object)
    for position, column in enumerate(table.columns):
        mixed[:, position] = column.to_pylist() if pa.types.is_string(column.type) else column.to_numpy()
    return mixed
