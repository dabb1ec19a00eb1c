"""Tables in memory, prepared for an engine: pandas, polars and Arrow."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, cast

from objectiv_local.arguments import check_text
from objectiv_local.engines.coerce import BOUNDS, plain, shortened
from objectiv_local.errors import DataInvalid, InvalidValue
from objectiv_local.types import Type, arrow_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas
    import pyarrow

    from objectiv_local.plan.relation import Schema


def from_pandas(frame: pandas.DataFrame) -> pyarrow.Table:
    """Return a pandas frame as an Arrow table.

    NaN and NaT become NULL. The levels of the index that have a name come first, as columns. Columns of lists and
    dicts become JSON, ``uuid.UUID`` objects become uuid; other columns become what pyarrow makes of them.
    """
    import pyarrow as pa

    levels = {
        name: frame.index.get_level_values(level).to_series()
        for level, name in enumerate(frame.index.names)
        if name is not None
    }
    names = [*levels, *frame.columns]
    check_names(names)
    arrays = [column_from_pandas(name, column) for name, column in levels.items()]
    arrays += [column_from_pandas(name, frame.iloc[:, position]) for position, name in enumerate(frame.columns)]
    return in_microseconds(pa.table(dict(zip(names, arrays, strict=True))))


def from_arrow(table: pyarrow.Table) -> pyarrow.Table:
    """Return an Arrow table as DuckDB can take it: names that it can tell apart, timestamps in microseconds."""
    check_names(table.column_names)
    return in_microseconds(table)


def same_rows(one: pyarrow.Table, other: pyarrow.Table) -> bool:
    """Return whether two tables have the same columns and rows; NaN equals NaN."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def same(a: pyarrow.ChunkedArray, b: pyarrow.ChunkedArray) -> bool:
        if a.equals(b):
            return True
        if not pa.types.is_floating(a.type) or a.type != b.type:
            return False
        without = [
            pc.replace_with_mask(
                column.combine_chunks(), pc.is_nan(column).combine_chunks().fill_null(False), pa.scalar(0.0, column.type)
            )
            for column in (a, b)
        ]
        return bool(without[0].equals(without[1]) and pc.is_nan(a).equals(pc.is_nan(b)))

    return one.schema.equals(other.schema) and all(map(same, one.columns, other.columns))


def check_names(names: Iterable[object]) -> None:
    """Check that the names of columns are text, and distinct whatever their case, as they must be in DuckDB."""
    seen: dict[str, str] = {}
    for name in names:
        if not isinstance(name, str):
            raise InvalidValue(
                f"the column name {name!r} is not text", hint="rename the columns first: df.columns = df.columns.astype(str)"
            )
        check_text(name, lambda: "the column name")
        if name.casefold() in seen:
            other = seen[name.casefold()]
            raise InvalidValue(
                f"the columns {other!r} and {name!r} have equal names, or differ in case only",
                hint="rename one of the two first: the engine tells names apart without their case",
            )
        seen[name.casefold()] = name


def column_from_pandas(name: object, column: pandas.Series) -> pyarrow.Array:
    """Return a column of a pandas frame as an Arrow array. See ``from_pandas``; ``name`` is for messages."""
    import pyarrow as pa

    missing = cast("Sequence[bool]", column.isna().to_numpy())
    if column.dtype == object:
        values = [None if absent else value for value, absent in zip(column, missing, strict=True)]
        first = next((value for value in values if value is not None), None)
        if isinstance(first, dict | list | tuple):
            return pa.array([None if value is None else _json_text(name, value) for value in values], pa.json_())
        if isinstance(first, uuid.UUID):
            return pa.array([value if value is None else _uuid(name, value).bytes for value in values], pa.uuid())
        return _array(name, values)
    # Copied: Arrow would share the memory, and the frame may change in place later.
    return _array(name, column.copy())


def _array(name: object, values: object) -> pyarrow.Array:
    import pyarrow as pa

    try:
        array = pa.array(values, from_pandas=True)
    except UnicodeEncodeError:
        raise DataInvalid(
            f"column {name!r} holds half of a character, a surrogate, which is no text in a database",
            hint="leave them out: df[name].str.encode('utf-8', 'ignore').str.decode('utf-8')",
        ) from None
    except (pa.ArrowException, TypeError, OverflowError) as error:
        reason = str(error)
    else:
        return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    raise DataInvalid(
        f"column {name!r} holds values of several types, or of a type without a column type: {reason}",
        hint="give the column one type first, such as df[name].astype(str)",
    )


def _json_text(name: object, value: object) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        reason = str(error)
    else:
        check_text(text, lambda: f"column {name!r}")
        return text
    raise DataInvalid(
        f"column {name!r} holds {shortened(str(value))}, which is not JSON: {reason}",
        hint="keep to dicts with text keys, lists, text, numbers, booleans and None",
    )


def _uuid(name: object, value: object) -> uuid.UUID:
    if isinstance(value, uuid.UUID):
        return value
    raise DataInvalid(f"column {name!r} holds uuids and {shortened(str(value))}", hint="give the column one type first")


def in_microseconds(table: pyarrow.Table) -> pyarrow.Table:
    """Return the table with its timestamps in microseconds; nanoseconds are cut off towards the past."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for position, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.unit != "us":
            wanted = pa.timestamp("us", field.type.tz)
            column = table.column(position)
            if field.type.unit == "ns":
                column = pc.floor_temporal(column, unit="microsecond")
            table = table.set_column(position, pa.field(field.name, wanted), column.cast(wanted))
    return table


def for_storage(table: pyarrow.Table, schema: Schema, names: Sequence[str]) -> pyarrow.Table:
    """Return the table under the given names, with the types in which results arrive: see :meth:`Engine.load`.

    uuid and JSON are text here; the engine casts them.
    """
    import pyarrow as pa

    if table.num_columns != len(schema):
        raise InvalidValue(
            f"the table has {table.num_columns} columns and its schema has {len(schema)}",
            hint="name each column once in the schema",
        )
    table = in_microseconds(table)
    columns = [_for_storage(name, type_, column) for (name, type_), column in zip(schema, table.columns, strict=True)]
    return pa.Table.from_arrays(columns, names=list(names))


def _for_storage(name: str, type_: Type, column: pyarrow.ChunkedArray) -> pyarrow.ChunkedArray:
    import pyarrow as pa

    stand_ins = {"timedelta": pa.int64(), "numeric_interval": pa.string()}
    wanted = stand_ins.get(type_.name) or arrow_type(type_)
    try:
        if type_.name == "numeric_interval":
            return pa.chunked_array([pa.array(map(_interval_text, column.to_pylist()), wanted)])
        chunks = [plain(chunk) for chunk in column.chunks]
        if type_.name == "timedelta":
            chunks = [chunk if pa.types.is_integer(chunk.type) else chunk.cast(pa.duration("us")) for chunk in chunks]
        return pa.chunked_array([chunk.cast(wanted) for chunk in chunks], wanted)
    except pa.ArrowException as error:
        reason = str(error)
    raise DataInvalid(
        f"column {name!r} cannot be stored as {type_.name}: {reason}", hint="cast the column of the Arrow table first"
    )


def _interval_text(value: dict[str, object] | None) -> str | None:
    """Return an interval as the text of an array in Postgres."""
    if value is None:
        return None
    return f"{{{value['lower']!r},{value['upper']!r},{BOUNDS.index(str(value['bounds']))}}}"
