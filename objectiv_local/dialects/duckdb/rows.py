"""DuckDB: many rows of constants as one string per column, which it reads a hundred times faster than VALUES."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Sequence

from objectiv_local.dialects.dialect import microseconds
from objectiv_local.dialects.sql.names import text_constant
from objectiv_local.plan.expr import Expr, Literal
from objectiv_local.plan.relation import Schema
from objectiv_local.types import BOOL, DATE, FLOAT64, INT64, STRING, TIMEDELTA, TIMESTAMP, UUID, Type

#: Fewer rows are written as VALUES, which is easier to read.
MANY = 200
#: Number of values per line.
_A_LINE = 20

#: The types whose values are read from JSON, with their type in JSON, and a cast.
_READ_AS: dict[Type, tuple[str, str]] = {
    INT64: ("BIGINT", ""),
    TIMEDELTA: ("BIGINT", ""),
    BOOL: ("BOOLEAN", ""),
    STRING: ("VARCHAR", ""),
    FLOAT64: ("VARCHAR", "::double[]"),
    DATE: ("VARCHAR", "::date[]"),
    TIMESTAMP: ("VARCHAR", "::timestamp[]"),
    UUID: ("VARCHAR", "::uuid[]"),
}


def many_rows(columns: Schema, rows: Sequence[tuple[Expr, ...]]) -> str | None:
    """Return the query for rows of constants; None if VALUES should be used."""
    if len(rows) < MANY or any(type_ not in _READ_AS for _, type_ in columns):
        return None
    lists = []
    for position, (_, type_) in enumerate(columns):
        values = []
        for row in rows:
            value = row[position]
            if not isinstance(value, Literal) or (isinstance(value.value, str) and "\0" in value.value):
                return None
            values.append(_json(value.value))
        read, cast = _READ_AS[type_]
        lists.append(f"unnest(from_json({_text(values)}, '[\"{read}\"]'){cast})")
    return "SELECT\n  " + ",\n  ".join(lists)


def _json(value: object) -> str:
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, datetime.timedelta):
        return str(microseconds(value))
    if isinstance(value, datetime.date):
        return f'"{value.isoformat()}"'
    return json.dumps(repr(value) if isinstance(value, float) else str(value), ensure_ascii=False)


def _text(values: Sequence[str]) -> str:
    lines: Iterable[str] = (", ".join(values[start : start + _A_LINE]) for start in range(0, len(values), _A_LINE))
    return text_constant("[" + ",\n".join(lines) + "]")
