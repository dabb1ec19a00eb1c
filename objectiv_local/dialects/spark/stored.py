"""Spark: the names of types, and how stored columns are read."""

from __future__ import annotations

import re

from objectiv_local.dialects.dialect import Reader
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import Sql, func
from objectiv_local.types import (
    BOOL,
    DATE,
    DECIMAL_DIGITS,
    FLOAT64,
    INT64,
    JSON,
    STRING,
    TIME,
    TIMESTAMP,
    Type,
    decimal_type,
    list_type,
)

#: The types of values inside a statement. JSON is parsed once, and is returned as a string.
TYPES = {
    "bool": "boolean",
    "int32": "int",
    "int64": "bigint",
    "float64": "double",
    "string": "string",
    "date": "date",
    "time": "time(6)",
    "timestamp": "timestamp_ntz",
    "timedelta": "bigint",
    "uuid": "string",
    "json": "variant",
    "numeric_interval": "array<double>",
}

#: The names in the catalog.
STORED_TYPES = TYPES | {"decimal": "decimal({},{})"}


def _reader(type_: Type) -> Reader:
    return lambda column: tree.cast(column, type_)


def _document(column: Sql) -> Sql:
    """Return a struct, a map or a list as JSON, with NULL for its members without a value."""
    return func("parse_json", func("to_json", column, func("map", tree.text("ignoreNullFields"), tree.text("false"))))


_STORED: dict[str, tuple[Type, Reader | None]] = {
    "boolean": (BOOL, None),
    "tinyint": (INT64, _reader(INT64)),
    "smallint": (INT64, _reader(INT64)),
    "int": (INT64, _reader(INT64)),
    "bigint": (INT64, None),
    "float": (FLOAT64, _reader(FLOAT64)),
    "double": (FLOAT64, None),
    "string": (STRING, None),
    # Folders of files, as year=2024.
    "string as bigint": (INT64, _reader(INT64)),
    "string as date": (DATE, _reader(DATE)),
    "date": (DATE, None),
    "time(6)": (TIME, None),
    "timestamp_ntz": (TIMESTAMP, None),
    # A timestamp with a time zone, which is that of the session when it is converted to one without: UTC.
    "timestamp": (TIMESTAMP, _reader(TIMESTAMP)),
    "variant": (JSON, None),
}


def stored(type_name: str) -> tuple[Type, Reader | None] | None:
    """Return how a column of the stored type is read, or None for an unsupported type."""
    if (decimal := re.fullmatch(r"decimal\((\d+),(\d+)\)", type_name)) is not None:
        found = decimal_type(int(decimal[2]))
        return found, None if int(decimal[1]) == DECIMAL_DIGITS else _reader(found)
    if re.fullmatch(r"(varchar|char)\(\d+\)|string collate \w+", type_name):
        # Strings are compared by code point, whatever the collation of the table.
        return STRING, lambda column: tree.collated(tree.cast(column, STRING), " COLLATE UTF8_BINARY")
    if type_name.startswith("array<"):
        inner = stored(type_name[len("array<") : -1])
        return None if inner is None or inner[0].name in ("timestamp", "time") else (list_type(inner[0]), _document)
    if type_name.startswith(("struct<", "map<string,")):
        return None if re.search(r"\b(timestamp|time|interval|binary)\b", type_name) else (JSON, _document)
    return _STORED.get(type_name)
