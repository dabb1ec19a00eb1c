"""Casts: one function per pair of types."""

from __future__ import annotations

import datetime
import decimal
import math
import re
import uuid
from collections.abc import Callable

from objectiv_local.types import Type
from reference.scalars import midnight
from reference.values import Failure, Json, checked, fitted

TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


def to_int(value: float) -> int:
    if math.isnan(value) or math.isinf(value):
        raise Failure(f"{value} is not an integer")
    return checked(math.trunc(value))


def parse_int(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", text.strip(" ")):
        raise Failure(f"{text!r} is not an integer")
    return checked(int(text))


def parse_float(text: str) -> float:
    number = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?"
    if not re.fullmatch(rf"{number}|[+-]?(inf|infinity)|nan", text.strip(" "), re.IGNORECASE):
        raise Failure(f"{text!r} is not a number")
    return float(text)


def parse_bool(text: str) -> bool:
    word = text.strip(" ").lower()
    if word not in TRUE + FALSE:
        raise Failure(f"{text!r} is neither true nor false")
    return word in TRUE


def parse_date(text: str) -> datetime.date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise Failure(f"{text!r} is not a date")
    return attempt(datetime.date.fromisoformat, text)


def parse_timestamp(text: str) -> datetime.datetime:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?", text):
        raise Failure(f"{text!r} is not a timestamp")
    return attempt(datetime.datetime.fromisoformat, text)


def parse_uuid(text: str) -> uuid.UUID:
    if not re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", text, re.IGNORECASE):
        raise Failure(f"{text!r} is not a uuid")
    return uuid.UUID(text)


def attempt(parse: Callable[[str], object], text: str) -> object:
    try:
        return parse(text)
    except ValueError as error:
        raise Failure(str(error)) from error


def parse_time(text: str) -> datetime.time:
    if not re.fullmatch(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?", text.strip(" ")):
        raise Failure(f"{text!r} is not a time")
    return attempt(datetime.time.fromisoformat, text.strip(" "))


def to_decimal(value: object, target: Type) -> decimal.Decimal:
    """Return a decimal from a number or text; for a float, from its shortest text."""
    if isinstance(value, float) and not math.isfinite(value):
        raise Failure(f"{value} is not a decimal")
    if isinstance(value, str) and not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)", value.strip(" ")):
        raise Failure(f"{value!r} is not a number")
    return fitted(decimal.Decimal(repr(value) if isinstance(value, float) else value), target.scale)


CASTS: dict[tuple[str, str], Callable[..., object]] = {
    ("bool", "int64"): int,
    ("bool", "float64"): float,
    ("bool", "string"): lambda value: "true" if value else "false",
    ("int64", "float64"): float,
    ("int64", "string"): str,
    ("int64", "bool"): lambda value: value != 0,
    ("float64", "int64"): to_int,
    ("float64", "string"): str,
    ("decimal", "int64"): lambda value: checked(math.trunc(value)),
    ("decimal", "float64"): float,
    ("decimal", "string"): lambda value: f"{value:f}",
    ("time", "string"): lambda value: value.isoformat(timespec="microseconds"),
    ("timestamp", "time"): datetime.datetime.time,
    ("string", "time"): parse_time,
    ("string", "int64"): parse_int,
    ("string", "float64"): parse_float,
    ("string", "bool"): parse_bool,
    ("string", "date"): parse_date,
    ("string", "timestamp"): parse_timestamp,
    ("string", "uuid"): parse_uuid,
    ("string", "json"): Json.parse,
    ("date", "timestamp"): midnight,
    ("date", "string"): datetime.date.isoformat,
    ("timestamp", "date"): datetime.datetime.date,
    ("timestamp", "string"): lambda value: value.isoformat(sep=" ", timespec="microseconds"),
    ("uuid", "string"): str,
}


def cast(value: object, source: Type, target: Type) -> object:
    """Return ``value`` as ``target``. A type with another label has the same values."""
    if value is None or source.plain == target.plain:
        return value
    return to_decimal(value, target) if target.name == "decimal" else CASTS[source.name, target.name](value)
