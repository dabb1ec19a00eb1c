"""Values as the reference engine holds them, their order and their equality.

NULL is ``None``; durations are ``datetime.timedelta``; a JSON value is wrapped, since JSON has a null of its own.
"""

from __future__ import annotations

import datetime
import decimal
import json
import math
from dataclasses import dataclass

from objectiv_local.types import INT64_MAX, INT64_MIN, Interval, Type

MICROSECOND = datetime.timedelta(microseconds=1)


class Failure(Exception):
    """There is no result: an integer beyond 64 bits, text that cannot be parsed, two rows for a single value."""


@dataclass(frozen=True)
class Json:
    """A JSON value, parsed."""

    value: object

    @classmethod
    def parse(cls, text: str) -> Json:
        def refuse(constant: str) -> None:
            raise Failure(f"{constant} is not JSON")

        try:
            return cls(json.loads(text, parse_constant=refuse))
        except ValueError as error:
            raise Failure(f"not JSON: {text!r}") from error

    def text(self) -> str:
        return json.dumps(self.value, separators=(",", ":"), ensure_ascii=False)


def fitted(value: decimal.Decimal, scale: int) -> decimal.Decimal:
    """Return a decimal with ``scale`` decimal places, rounded half away from zero; an error beyond 38 digits in total."""
    with decimal.localcontext(prec=200, rounding=decimal.ROUND_HALF_UP):
        value = value.quantize(decimal.Decimal(1).scaleb(-scale))
    if len(value.as_tuple().digits) > 38:
        raise Failure(f"{value} has more than 38 digits")
    return value or value + 0  # there is no negative zero


def stored(value: object, type_: Type) -> object:
    """Return ``value`` of a table or a literal in the engine's representation."""
    if value is None:
        return None
    if type_.name == "json":
        return Json.parse(value) if isinstance(value, str) else Json(value)
    if type_.name == "float64":
        return float(value)  # type: ignore[arg-type]
    if type_.name == "decimal":
        return fitted(decimal.Decimal(value), type_.scale)
    return checked(value)


def checked(value: object) -> object:
    """Return ``value``. Raises :class:`Failure` if it is an integer or duration beyond 64 bits."""
    number = value // MICROSECOND if isinstance(value, datetime.timedelta) else value
    if isinstance(number, int) and not INT64_MIN <= number <= INT64_MAX:
        raise Failure(f"{value} does not fit in 64 bits")
    return value


def comparable(value: object) -> object:
    """Return a sort key of ``value``: NaN equals itself and is greater than every number."""
    if isinstance(value, float):
        return (True, 0.0) if math.isnan(value) else (False, value)
    if isinstance(value, Json):
        return canonical(value.value)
    if isinstance(value, Interval):
        return (comparable(value.lower), comparable(value.upper), ("(]", "[)", "[]", "()").index(value.bounds))
    return value


def canonical(value: object) -> str:
    """Return the text of a parsed JSON value, which is the same for equal values."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return repr(value) if isinstance(value, bool) or not isinstance(value, int | float) else repr(float(value))


def row_identity(values: tuple[object, ...]) -> tuple[object, ...]:
    """Return a key that is equal for rows of the same group; NULL is a value here."""
    return tuple(comparable(value) for value in values)


def same_json(left: object, right: object) -> bool:
    """Return whether two JSON values are equal: 1 and 1.0 are, 1 and true are not; the order of keys does not matter."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_json(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_json, left, right))
    return left == right
