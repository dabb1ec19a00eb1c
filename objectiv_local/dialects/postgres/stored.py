"""Postgres: the names of types, and how stored columns are read."""

from __future__ import annotations

import re

from objectiv_local.dialects.dialect import Reader
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import Sql, Template, func
from objectiv_local.types import (
    BOOL,
    DATE,
    DECIMAL_DIGITS,
    FLOAT64,
    INT64,
    INTERVAL,
    JSON,
    STRING,
    TIME,
    TIMEDELTA,
    TIMESTAMP,
    UUID,
    Type,
    decimal_type,
    list_type,
)

TYPES = {
    "bool": "boolean",
    "int32": "int",
    "int64": "bigint",
    "float64": "float8",
    "string": "text",
    "date": "date",
    "timestamp": "timestamp",
    "timedelta": "bigint",
    "uuid": "uuid",
    "json": "jsonb",
    "time": "time",
    "numeric_interval": "float8[]",
}

#: The names in Postgres' catalog.
STORED_TYPES = {
    "bool": "bool",
    "int64": "int8",
    "float64": "float8",
    "decimal": "numeric({},{})",
    "string": "text",
    "date": "date",
    "time": "time",
    "timestamp": "timestamp",
    "timedelta": "interval",
    "uuid": "uuid",
    "json": "jsonb",
    "numeric_interval": "float8[]",
}

#: Converts an interval to microseconds.
MICROSECONDS = "(extract(epoch FROM {}) * 1000000)::bigint"


def _reader(type_: Type) -> Reader:
    return lambda column: tree.cast(column, type_)


_STORED: dict[str, tuple[Type, Reader | None]] = {
    "int8": (INT64, None),
    "int4": (INT64, _reader(INT64)),
    "int2": (INT64, _reader(INT64)),
    "float8": (FLOAT64, None),
    "float4": (FLOAT64, _reader(FLOAT64)),
    "bool": (BOOL, None),
    "text": (STRING, None),
    **{
        name: (STRING, _reader(STRING))
        for name in (
            "varchar",
            "bpchar",
            "name",
            "char",
            "citext",
            "enum",
            "xml",
            "bit",
            "varbit",
            "cidr",
            "macaddr",
            "macaddr8",
        )
    },
    # A cast to text would append /32 to the address of a host.
    "inet": (STRING, lambda column: func("abbrev", column)),
    "oid": (INT64, _reader(INT64)),
    # Some currencies have three or four decimal places, depending on the setting lc_monetary.
    "money": (decimal_type(4), _reader(decimal_type(4))),
    "composite": (JSON, lambda column: func("to_jsonb", column)),
    "date": (DATE, None),
    "timestamp": (TIMESTAMP, None),
    "timestamptz": (TIMESTAMP, tree.at_utc),
    "interval": (TIMEDELTA, lambda column: Template(MICROSECONDS, (column,), tree.CAST)),
    "uuid": (UUID, None),
    "jsonb": (JSON, None),
    "json": (JSON, _reader(JSON)),
    "time": (TIME, None),
    "numrange": (
        INTERVAL,
        lambda column: Template(
            "CASE WHEN NOT isempty({0}) THEN ARRAY[coalesce(lower({0})::float8, '-Infinity'), "
            "coalesce(upper({0})::float8, 'Infinity'), CASE WHEN lower_inc({0}) THEN "
            "CASE WHEN upper_inc({0}) THEN 2 ELSE 1 END WHEN upper_inc({0}) THEN 0 ELSE 3 END] END",
            (column,),
        ),
    ),
}


def stored(type_name: str) -> tuple[Type, Reader | None] | None:
    """Return how a column of the stored type is read, or None for an unsupported type."""
    if (decimal := re.fullmatch(r"numeric\((\d+),(\d+)\)", type_name)) is not None and int(decimal[1]) <= DECIMAL_DIGITS:
        found = decimal_type(int(decimal[2]))
        return found, None if int(decimal[1]) == DECIMAL_DIGITS else _reader(found)
    if type_name.endswith("[]"):
        inner = stored(type_name[:-2])
        if inner is None or inner[0].name in ("timedelta", "numeric_interval") or type_name[:-2] in _NO_ELEMENTS:
            return None
        return list_type(inner[0]), lambda column: func("to_jsonb", _as_elements(column, type_name[:-2]))
    return _STORED.get(type_name)


def _as_elements(column: Sql, element: str) -> Sql:
    """Return an array whose elements have the same text in JSON as the values outside of arrays."""
    for type_name in _ELEMENTS.get(element, ()):
        column = tree.cast(column, type_name)
    return column


#: Types that to_jsonb converts to strings, with a currency or like a number.
_NO_ELEMENTS = ("money", "oid")
#: Casts of arrays before to_jsonb, which has its own format for timestamps, floats and padded strings.
_ELEMENTS = {"float4": ("float8[]",), "bpchar": ("text[]",), "timestamp": ("text[]",), "timestamptz": ("timestamp[]", "text[]")}
