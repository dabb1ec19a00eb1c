"""Casting results to their declared types, so that they are the same on every engine."""

from __future__ import annotations

import datetime
import json
import math
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, NoReturn

from objectiv_local.errors import DataInvalid, QueryFailed
from objectiv_local.types import INTERVAL, Type, arrow_type

if TYPE_CHECKING:
    import pyarrow

    from objectiv_local.plan.relation import Schema

#: Number of JSON texts whose canonical form is cached per query.
_REMEMBERED = 100_000

#: JSON numbers with more digits are rejected: writing them out would take unlimited memory.
_DIGITS = 4_000

_EPOCH = datetime.date(1970, 1, 1).toordinal()
_DAYS = (datetime.date.min.toordinal() - _EPOCH, datetime.date.max.toordinal() - _EPOCH)
_MICROSECONDS = (_DAYS[0] * 86_400_000_000, (_DAYS[1] + 1) * 86_400_000_000 - 1)


def arrow_schema(schema: Schema) -> pyarrow.Schema:
    """Return the Arrow schema of a result with ``schema``."""
    import pyarrow as pa

    return pa.schema([pa.field(name, arrow_type(type_)) for name, type_ in schema])


class Coercion:
    """Casts the batches of one query to its schema. Caches JSON texts, which tend to repeat."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._arrow_schema = arrow_schema(schema)
        self._canonical: dict[str, str] = {}

    def batch(self, batch: pyarrow.RecordBatch) -> pyarrow.RecordBatch:
        """Return the batch in the types and with the names of the schema.

        Raises :class:`DataInvalid` for a value that does not fit its column's type, such as a timestamp beyond year 9999.
        """
        import pyarrow as pa

        if batch.num_columns != len(self._schema):
            raise wrong_columns(batch.num_columns, len(self._schema))
        columns = [self._column(name, type_, column) for (name, type_), column in zip(self._schema, batch.columns, strict=True)]
        return pa.RecordBatch.from_arrays(columns, schema=self._arrow_schema)

    def _column(self, name: str, type_: Type, column: pyarrow.Array) -> pyarrow.Array:
        import pyarrow as pa

        column = plain(column)
        wanted = arrow_type(type_)
        try:
            if type_.name == "numeric_interval":
                return intervals(column)
            if type_.name == "json":
                return self._json(name, column.cast(wanted))
            if type_.name in ("date", "timestamp"):
                # Checked before the cast: an infinite timestamp is the largest integer.
                _check_range(name, type_, column)
            return column if column.type == wanted else column.cast(wanted)
        except pa.ArrowException as error:
            reason = str(error)
        raise DataInvalid(
            f"column {name!r} contains a value that is not of type {type_.name}: {reason}",
            hint="cast or clean the value in the expression of this column",
        )

    def _json(self, name: str, column: pyarrow.Array) -> pyarrow.Array:
        import pyarrow as pa

        encoded = column.dictionary_encode()
        texts = encoded.dictionary.to_pylist()
        if len(self._canonical) > _REMEMBERED:
            self._canonical.clear()
        known = self._canonical
        for text in texts:
            if text not in known:
                known[text] = canonical_json(text, name)
        dictionary = pa.array([known[text] for text in texts], pa.string())
        return dictionary.take(encoded.indices)


def plain(column: pyarrow.Array) -> pyarrow.Array:
    """Return the column without dictionary encoding or extension type; UUIDs become lower-case strings."""
    import pyarrow as pa

    if isinstance(column.type, pa.DictionaryType):
        column = column.dictionary_decode()
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.storage
    if column.type == pa.binary(16):
        import uuid

        return pa.array([None if raw is None else str(uuid.UUID(bytes=raw)) for raw in column.to_pylist()], pa.string())
    return column


#: The bounds of an interval, by the number that represents them.
BOUNDS = ("(]", "[)", "[]", "()")


def intervals(column: pyarrow.Array) -> pyarrow.Array:
    """Return intervals as structs; an engine sends a list of the lower end, the upper end and the number of the bounds."""
    import pyarrow as pa

    if pa.types.is_string(column.type):
        parts = [None if text is None else [float(part) for part in text.strip("{}").split(",")] for text in column.to_pylist()]
    else:
        parts = column.to_pylist()
    rows = [None if part is None else {"lower": part[0], "upper": part[1], "bounds": BOUNDS[int(part[2])]} for part in parts]
    return pa.array(rows, arrow_type(INTERVAL))


def canonical_json(text: str, column: str = "") -> str:
    """Return JSON text with sorted keys and without spaces, so that equal documents have the same text on every engine.

    Numbers are written as in jsonb: without an exponent, and without a sign for zero. For duplicate keys, the last value is
    used. Raises :class:`DataInvalid` for text that is not JSON.

    >>> canonical_json('{"b": 1e2, "a": [1.50, null]}')
    '{"a":[1.5,null],"b":100}'
    """
    try:
        value = _DECODER.decode(text)
        canonical = _ENCODER.encode(value)
    except (ValueError, RecursionError, InvalidOperation) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    else:
        # Half of a surrogate pair is valid JSON, written as \ud800, but not valid Unicode.
        return canonical if canonical.isascii() or _encodes(canonical) else _ASCII_ENCODER.encode(value)
    where = f"column {column!r}" if column else "a JSON column"
    raise DataInvalid(
        f"{where} contains text that is not JSON: {shortened(text)} ({reason})",
        hint="read the column as a string, or correct the stored values",
    )


def shortened(text: str, length: int = 80) -> str:
    """Return the repr of ``text``, truncated to about ``length`` characters."""
    return repr(text if len(text) <= length else text[:length] + "...")


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _number(token: str) -> int | float:
    value = Decimal(token)
    if abs(value.adjusted()) > _DIGITS:
        if not value:
            return 0
        raise ValueError(f"the number {shortened(token)} is out of range")
    written = format(value, "f")
    number = float(written) + 0.0 if "." in written else int(written)
    return int(value) if isinstance(number, float) and math.isinf(number) else number


def _not_json(token: str) -> NoReturn:
    raise ValueError(f"{token} is not a JSON number")


_DECODER = json.JSONDecoder(parse_float=_number, parse_constant=_not_json)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_ASCII_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def _check_range(name: str, type_: Type, column: pyarrow.Array) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_date32(kind):
        low, high = _DAYS
        numbers = column.view(pa.int32())
    elif pa.types.is_timestamp(kind) and kind.unit == "us":
        low, high = _MICROSECONDS
        numbers = column.view(pa.int64())
    else:
        return
    ends = pc.min_max(numbers).as_py()
    if ends["min"] is not None and (ends["min"] < low or ends["max"] > high):
        raise out_of_range(name, type_)


def wrong_columns(found: int, declared: int) -> QueryFailed:
    """Return the error for a result whose number of columns differs from that of its schema."""
    return QueryFailed(f"the query returned {found} columns instead of the declared {declared}")


def out_of_range(name: str, type_: Type, value: str = "") -> DataInvalid:
    """Return the error for a date or timestamp that Python, pandas and Arrow cannot represent."""
    found = f": {value}" if value else ", or infinity"
    return DataInvalid(
        f"column {name!r} contains a {type_.name} outside the years 1 to 9999{found}",
        hint="set such stored values to NULL, or exclude these rows with a filter",
    )
