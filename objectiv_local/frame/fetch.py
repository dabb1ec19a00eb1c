"""Fetching the result of a statement as Arrow, pandas, polars or numpy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.frame.state import State
from objectiv_local.frame.values import to_numpy as as_array
from objectiv_local.plan.expr import Ordering
from objectiv_local.plan.rewrite import completed

if TYPE_CHECKING:
    import numpy
    import pandas
    import polars
    import pyarrow

    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.running import Running


def to_arrow(frame: DataFrame, limit: int | slice | None) -> pyarrow.Table:
    """Return the rows as an Arrow table, with the index first."""
    engine = frame._state.connected()
    with frame._state.running([*frame.index_columns, *frame.data_columns], limit) as run:
        return engine.arrow(run.statement.sql, run.statement.schema)


def to_batches(frame: DataFrame, batch_rows: int, limit: int | slice | None) -> Iterator[pyarrow.RecordBatch]:
    """Return an iterator over the rows as Arrow batches of at most ``batch_rows`` rows, in bounded memory."""
    engine = frame._state.connected()
    run = frame._state.running([*frame.index_columns, *frame.data_columns], limit)
    try:
        rows = engine.batches(run.statement.sql, run.statement.schema, batch_rows)
    except BaseException:
        run.close()
        raise
    return _closing(rows, run) if run.tables else rows


def _closing(rows: Iterator[pyarrow.RecordBatch], run: Running) -> Iterator[pyarrow.RecordBatch]:
    with run:
        yield from rows


def to_pandas(frame: DataFrame, limit: int | slice | None) -> pandas.DataFrame:
    """Return the rows as a pandas frame with the index set.

    int64 becomes Int64 and bool becomes boolean, whether or not values are missing, so that a dtype never depends on the
    data; float64 stays float64; string and uuid become str; date becomes date objects; timestamp becomes datetime64[us];
    timedelta becomes timedelta64[us]; decimal becomes decimal.Decimal; time becomes datetime.time; intervals become
    pandas.Interval; JSON, lists and structs become Python objects.
    """
    import pandas as pd
    import pyarrow as pa

    table = to_arrow(frame, limit)
    kinds = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype(), pa.string(): pd.StringDtype(na_value=float("nan"))}
    result: pandas.DataFrame = table.to_pandas(types_mapper=kinds.get, date_as_object=True)
    for name, type_ in frame._state.plan.types.items():
        if type_.name == "json" and name in result.columns:
            result[name] = _parsed(result[name])
        elif type_.name == "numeric_interval" and name in result.columns:
            result[name] = _intervals(result[name])
    if frame.index_columns:
        listed = [name for name in frame.index_columns if frame._state.plan.types[name].name == "json"]
        if listed and len(frame.index_columns) > 1:
            raise InvalidType(
                f"{listed[0]!r}, which is {frame.index_dtypes[listed[0]]}, cannot be a level of a pandas index",
                hint="reset_index() first, or fetch with to_arrow()",
            )
        first = result[frame.index_columns[0]]
        if len(frame.index_columns) == 1 and first.dtype == object:
            # Before release 3, pandas converts an index of objects to another type, with a warning.
            result = result.drop(columns=first.name).set_axis(pd.Index(first.array, dtype=object, name=first.name))
        else:
            result = result.set_index(frame.index_columns)
    return result


def _parsed(texts: pandas.Series[Any]) -> pandas.Series[Any]:
    import pandas as pd

    values = [json.loads(text) if isinstance(text, str) else None for text in texts]
    return pd.Series(values, index=texts.index, dtype=object, name=texts.name)


def _intervals(values: pandas.Series[Any]) -> pandas.Series[Any]:
    import pandas as pd

    closed = {"(]": "right", "[)": "left", "[]": "both", "()": "neither"}
    made = [
        None if value is None else pd.Interval(value["lower"], value["upper"], closed=closed[value["bounds"]])  # type: ignore[arg-type]
        for value in values
    ]
    return pd.Series(made, index=values.index, dtype=object, name=values.name)


def to_polars(frame: DataFrame, limit: int | slice | None) -> polars.DataFrame:
    """Return the rows as a polars frame, with the index first."""
    try:
        import polars as pl
    except ImportError:
        raise NotSupported("polars is not installed", hint="pip install 'objectiv-local[polars]'") from None
    result = pl.from_arrow(to_arrow(frame, limit))
    assert isinstance(result, pl.DataFrame)
    return result


def to_numpy(frame: DataFrame) -> numpy.ndarray[Any, Any]:
    """Return the values of the data columns as a two-dimensional array of their common dtype."""
    import numpy as np

    result = to_pandas(frame, None)
    arrays = [as_array(result[name]) for name in result.columns]
    if not arrays:
        return np.empty((len(result), 0))
    kinds = {array.dtype for array in arrays}
    if len(kinds) == 1 or all(kind.kind in "iuf" for kind in kinds):
        return np.column_stack(arrays) if kinds != {np.dtype(object)} else _objects(arrays)
    return _objects(arrays)


def _objects(arrays: list[numpy.ndarray[Any, Any]]) -> numpy.ndarray[Any, Any]:
    import numpy as np

    out = np.empty((len(arrays[0]), len(arrays)), dtype=object)
    for position, array in enumerate(arrays):
        out[:, position] = list(array)
    return out


def tail(frame: DataFrame, n: int) -> pandas.DataFrame:
    """Return the last ``n`` rows in the frame's order: fetched in the opposite order and reversed."""
    if isinstance(n, bool) or not isinstance(n, int) or n < 0:
        raise InvalidValue(f"the number of rows has to be a non-negative whole number, not {n!r}")
    state: State = frame._state
    order = completed(state.order, state.plan)
    turned = tuple(Ordering(key.expr, not key.ascending, not key.nulls_last) for key in order)
    return type(frame)(state.with_plan(state.plan, turned), frame._columns).to_pandas(limit=n).iloc[::-1]
