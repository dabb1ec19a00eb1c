"""DuckDB: the names of types, and how stored columns are read."""

from __future__ import annotations

import re

from objectiv_local.dialects.dialect import Reader
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import Sql, Template, binary, func, number, text
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
    decimal_type,
    dict_type,
    list_type,
)

TYPES = {
    "bool": "boolean",
    "int32": "int",
    "int64": "bigint",
    "float64": "float8",
    "string": "varchar",
    "date": "date",
    "timestamp": "timestamp",
    "timedelta": "bigint",
    "uuid": "uuid",
    "json": "json",
    "time": "time",
    "numeric_interval": "double[]",
}

#: The names in DuckDB's catalog.
STORED_TYPES = {
    "bool": "BOOLEAN",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "decimal": "DECIMAL({},{})",
    "string": "VARCHAR",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "timedelta": "INTERVAL",
    "uuid": "UUID",
    "json": "JSON",
    "numeric_interval": "DOUBLE[]",
}


def _reader(type_: Type) -> Reader:
    return lambda column: tree.cast(column, type_)


def _leap_days(interval: Sql) -> Sql:
    """Return the extra 5.25 days for each year of an interval, in microseconds: DuckDB counts 12 months as 360 days."""
    return binary("*", func("date_part", text("year"), interval), number(453_600_000_000))


def _from_nanoseconds(column: Sql) -> Sql:
    """Return a timestamp rounded down to microseconds; a cast would round to the nearest."""
    return Template("make_timestamp((epoch_ns({}) - 999 * (epoch_ns({}) < 0)::int) // 1000)", (column, column))


_STORED: dict[str, tuple[Type, Reader | None]] = {
    "BIGINT": (INT64, None),
    **{name: (INT64, _reader(INT64)) for name in ("INTEGER", "SMALLINT", "TINYINT", "UINTEGER", "USMALLINT", "UTINYINT")},
    "DOUBLE": (FLOAT64, None),
    "FLOAT": (FLOAT64, _reader(FLOAT64)),
    "BOOLEAN": (BOOL, None),
    "VARCHAR": (STRING, None),
    "DATE": (DATE, None),
    "TIMESTAMP": (TIMESTAMP, None),
    **{name: (TIMESTAMP, _reader(TIMESTAMP)) for name in ("TIMESTAMP_S", "TIMESTAMP_MS")},
    "TIMESTAMP_NS": (TIMESTAMP, _from_nanoseconds),
    "TIMESTAMPTZ_NS": (TIMESTAMP, _from_nanoseconds),
    "TIMESTAMP WITH TIME ZONE": (TIMESTAMP, tree.at_utc),
    "INTERVAL": (TIMEDELTA, lambda column: binary("+", func("epoch_us", column), _leap_days(column))),
    "UUID": (UUID, None),
    "JSON": (JSON, None),
    "TIME": (TIME, None),
    "BIT": (STRING, _reader(STRING)),
    # A column of only NULL.
    '"NULL"': (STRING, _reader(STRING)),
    # A number of 39 digits is an error when it is read.
    **{name: (decimal_type(0), _reader(decimal_type(0))) for name in ("HUGEINT", "UHUGEINT", "UBIGINT")},
}
_STRUCT = re.compile(r"STRUCT\((.*)\)", re.DOTALL)
_UNION = re.compile(r"UNION\((.*)\)", re.DOTALL)
_MAP = re.compile(r"MAP\((.*)\)", re.DOTALL)
#: A list, or an array of fixed size.
_LIST = re.compile(r"(.*)\[\d*\]", re.DOTALL)
_FIELD = re.compile(r'\s*("(?:[^"]|"")*"|[^\s"]+)\s+')


def stored(type_name: str) -> tuple[Type, Reader | None] | None:
    """Return how a column of the stored type is read, or None for an unsupported type."""
    if type_name.startswith("ENUM(") and _LIST.fullmatch(type_name) is None:
        return STRING, _reader(STRING)
    if (decimal := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", type_name)) is not None:
        found = decimal_type(int(decimal[2]))
        return found, None if int(decimal[1]) == DECIMAL_DIGITS else _reader(found)
    nested = _nested(type_name)
    if nested is None:
        return _STORED.get(type_name)
    # In JSON, a timestamp with a time zone would keep its offset.
    utc = _without_zones(type_name)
    return nested, lambda column: func("to_json", column if utc == type_name else tree.cast(column, utc))


def _without_zones(type_name: str) -> str:
    """Return a type name with time zones removed from its timestamps; field names are unchanged."""
    pieces = re.split(r"""("(?:[^"]|"")*"|'(?:[^']|'')*')""", type_name)
    return "".join(
        piece if i % 2 else re.sub("TIMESTAMP WITH TIME ZONE|TIMESTAMPTZ_NS", "TIMESTAMP", piece)
        for i, piece in enumerate(pieces)
    )


def _nested(type_name: str) -> Type | None:
    """Return the type of a stored list or struct, or None for another type, or one with unsupported parts.

    A map is read as JSON, because the keys of the object are unknown, and so is a union: an object with its current member.
    """
    if (inner := _MAP.fullmatch(type_name)) is not None:
        key, value = _split(inner[1])
        return None if _part(key.strip()) is None or _part(value.strip()) is None else JSON
    found: dict[str, Type] = {}
    for name, part in parts(type_name).items():
        type_ = _part(part)
        if type_ is None:
            return None
        found[name] = type_
    if _LIST.fullmatch(type_name) is not None:
        return list_type(found[""])
    return None if not found else JSON if _UNION.fullmatch(type_name) is not None else dict_type(found)


def parts(type_name: str) -> dict[str, str]:
    """Return the field types of a struct or a union by name, the element type of a list under "", or an empty dict."""
    if (listed := _LIST.fullmatch(type_name)) is not None:
        return {"": listed[1]}
    if (struct := _STRUCT.fullmatch(type_name) or _UNION.fullmatch(type_name)) is None:
        return {}
    fields: dict[str, str] = {}
    for each in _split(struct[1]):
        name = _FIELD.match(each)
        if name is None:
            return {}
        fields[name[1].strip('"').replace('""', '"')] = each[name.end() :]
    return fields


def _part(type_name: str) -> Type | None:
    """Return the type of a part of a list or struct when read from JSON."""
    found = stored(type_name)
    return None if found is None or found[0].name in ("timedelta", "numeric_interval") else found[0]


def _split(text: str) -> list[str]:
    """Return the parts of a list of fields; commas in brackets and quotes do not separate."""
    parts, depth, quote, start = [], 0, False, 0
    for position, letter in enumerate(text):
        if letter == '"':
            quote = not quote
        elif not quote:
            depth += {"(": 1, ")": -1}.get(letter, 0)
            if letter == "," and depth == 0:
                parts.append(text[start:position])
                start = position + 1
    return [*parts, text[start:]]
