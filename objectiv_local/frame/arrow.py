"""Arrow tables on their way into a plan: columns in the types of this package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from objectiv_local.engines.ingest import column_from_pandas, in_microseconds
from objectiv_local.errors import DataInvalid, InvalidType, InvalidValue
from objectiv_local.frame.values import checked_name
from objectiv_local.plan.naming import repeated
from objectiv_local.types import (
    BOOL,
    DATE,
    DECIMAL_DIGITS,
    FLOAT64,
    INT64,
    JSON,
    STRING,
    TIME,
    TIMEDELTA,
    TIMESTAMP,
    UUID,
    Type,
    arrow_type,
    decimal_type,
)

if TYPE_CHECKING:
    import pandas
    import pyarrow


def typed_table(table: pyarrow.Table) -> tuple[pyarrow.Table, tuple[tuple[str, Type], ...]]:
    """Return the table with its columns cast to the types that results have, and the schema.

    Integers and floats of any width become int64 and float64; moments with a time zone become UTC without one; a
    column without any value is text. Raises InvalidType for columns of other types.
    """
    import pyarrow as pa

    duplicates = repeated(table.column_names)
    if duplicates:
        raise InvalidValue(f"two columns are named {duplicates[0]!r}", hint="rename one of them")
    columns, schema = [], []
    for name, column in zip(table.column_names, table.columns, strict=True):
        type_ = _type_of(name, column.type)
        columns.append(_cast(name, column, type_))
        schema.append((name, type_))
    return pa.table(columns, names=table.column_names), tuple(schema)


def _type_of(name: str, type_: pyarrow.DataType) -> Type:
    import pyarrow as pa

    if isinstance(type_, pa.UuidType):
        return UUID
    if isinstance(type_, pa.JsonType):
        return JSON
    if pa.types.is_decimal(type_) and type_.scale >= 0 and type_.precision <= DECIMAL_DIGITS:
        return decimal_type(type_.scale)
    if pa.types.is_dictionary(type_):
        return _type_of(name, type_.value_type)
    tests = (
        (pa.types.is_boolean, BOOL),
        (pa.types.is_integer, INT64),
        (pa.types.is_floating, FLOAT64),
        (pa.types.is_string, STRING),
        (pa.types.is_large_string, STRING),
        (pa.types.is_string_view, STRING),
        (pa.types.is_date, DATE),
        (pa.types.is_time, TIME),
        (pa.types.is_timestamp, TIMESTAMP),
        (pa.types.is_duration, TIMEDELTA),
        (pa.types.is_null, STRING),
    )
    for test, found in tests:
        if test(type_):
            return found
    raise InvalidType(
        f"column {name!r} has the Arrow type {type_}, which is not supported",
        hint="drop the column, or cast it to a number, text, a date, a moment or a duration first",
    )


def _cast(name: str, column: pyarrow.ChunkedArray, type_: Type) -> pyarrow.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = arrow_type(type_)
    try:
        if isinstance(column.type, pa.UuidType):
            import uuid

            texts = [None if value is None else str(uuid.UUID(str(value))) for value in column.to_pylist()]
            return pa.chunked_array([pa.array(texts, wanted)])
        if isinstance(column.type, pa.JsonType):
            return pa.chunked_array([chunk.storage for chunk in column.chunks], pa.string())
        if pa.types.is_time(column.type) and column.type.unit == "ns":
            column = pc.floor_temporal(column, unit="microsecond")
        if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
            column = pc.floor_temporal(column, unit="microsecond")
        if pa.types.is_timestamp(column.type) and column.type.tz is not None:
            column = column.cast(pa.timestamp("us", "UTC"))
        return column.cast(wanted)
    except pa.ArrowException as error:
        raise DataInvalid(f"column {name!r} cannot be loaded as {type_}: {error}") from None


def table_from_pandas(df: pandas.DataFrame, labels: list[str]) -> pyarrow.Table:
    """Return a pandas frame as an Arrow table, the levels of its index first, under ``labels``."""
    import pyarrow as pa

    for column in (*labels, *df.columns):
        checked_name(column)
    arrays = [column_from_pandas(name, df.index.get_level_values(level).to_series()) for level, name in enumerate(labels)]
    arrays += [column_from_pandas(name, df.iloc[:, position]) for position, name in enumerate(df.columns)]
    return in_microseconds(pa.Table.from_arrays(arrays, names=[*labels, *df.columns]))
