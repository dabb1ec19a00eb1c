"""Moments of what event tables store for them: ISO 8601 text, and numbers counted from the start of 1970."""

from __future__ import annotations

import datetime

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue, near
from objectiv_local.frame.series import Series
from objectiv_local.plan.expr import Expr, call, case, cast, literal
from objectiv_local.types import DATE, FLOAT64, INT64, STRING, TIMESTAMP

#: Microseconds of one unit; of nanoseconds, the other way round.
_MICROSECONDS = {"D": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000, "us": 1}
_UNITS = (*_MICROSECONDS, "ns")

_EPOCH = datetime.datetime(1970, 1, 1)
#: The first and the last microsecond of the years 1 to 9999, after the start of 1970.
_FIRST = (datetime.datetime.min - _EPOCH) // datetime.timedelta(microseconds=1)
_LAST = (datetime.datetime.max - _EPOCH) // datetime.timedelta(microseconds=1)


@checked
def to_datetime(arg: Series, unit: str | None = None, errors: str = "raise") -> Series:
    """Return moments in UTC: of text, dates, timestamps, or numbers of ``unit`` since the start of 1970.

    Text is read by ISO 8601: a date, or a date and a time with up to six decimal places of the second; with ``Z`` or an offset,
    such as ``2024-03-01T10:30:00+02:00``, it becomes the moment in UTC, and without it is taken to be in UTC.

    Numbers need a ``unit``: D, h, m, s, ms, us or ns. Moments are whole microseconds: nanoseconds are cut off toward the
    past, and fractions of a microsecond are rounded, a half to the even one. Decimals count as floats. NaN is missing.

    With ``errors='coerce'``, text that is no moment, and numbers beyond the years 1 to 9999, become missing values; otherwise
    fetching them raises DataInvalid or QueryFailed. Missing values stay missing.

    Differs from pandas: a number without a unit is an error, where pandas takes it for nanoseconds.

    Raises InvalidType for a series of another type, and InvalidValue for an unknown unit, a unit of text, and a number without
    one.

    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_schema({"at": "int64"}, dialect="duckdb", table_name="clicks")
    >>> print(to_datetime(df["at"], unit="us").to_frame().view_sql())
    SELECT TIMESTAMP '1970-01-01 00:00:00' + to_microseconds("at") AS "at"
    FROM clicks
    """
    if errors not in ("raise", "coerce"):
        raise InvalidValue(f"errors is raise or coerce, not {errors!r}")
    if unit is not None and unit not in _UNITS:
        raise InvalidValue(f"unit is {unit!r}", hint=near(unit, _UNITS))
    expr = arg._expr
    if expr.type in (STRING, DATE, TIMESTAMP):
        if unit is not None:
            raise InvalidValue(f"series {arg.name!r} is {expr.type} and needs no unit",
                               hint="leave unit out, or cast the series to a number")
        return arg.astype(TIMESTAMP, errors)
    if expr.type not in (INT64, FLOAT64) and expr.type.name != "decimal":
        raise InvalidType(f"series {arg.name!r} is {expr.type}, which is no moment",
                          hint="give a series of text, dates, timestamps or numbers")
    if unit is None:
        raise InvalidValue(f"series {arg.name!r} holds numbers, and unit does not say of what",
                           hint="as in to_datetime(df.at, unit='ms'); epoch seconds of today have 10 digits, milliseconds 13")
    count = _microseconds(expr, unit)
    if errors == "coerce":
        count = case([(_is_within(expr, unit), count)])
    return arg._with(call("add", literal(_EPOCH), call("from_microseconds", count)))


def _microseconds(expr: Expr, unit: str) -> Expr:
    """Return a number of units as whole microseconds."""
    if unit == "ns":
        return call("floordiv", expr, literal(1_000)) if expr.type == INT64 else cast(
            call("floor", call("truediv", cast(expr, FLOAT64), literal(1_000.0))), INT64)
    factor = _MICROSECONDS[unit]
    if expr.type == INT64:
        return expr if factor == 1 else call("mul", expr, literal(factor))
    numbers = cast(expr, FLOAT64)
    whole = cast(call("round", call("mul", numbers, literal(float(factor))), literal(0)), INT64)
    # NaN is missing; in a database, it is more than infinity.
    return case([(call("le", call("abs", numbers), literal(float("inf"))), whole)])


def _is_within(expr: Expr, unit: str) -> Expr:
    """Return whether a number of units is within the years that a moment can have."""
    numbers = cast(expr, FLOAT64)
    scale = 1_000.0 if unit == "ns" else 1 / _MICROSECONDS[unit]
    return call("and", call("ge", numbers, literal(_FIRST * scale)), call("lt", numbers, literal(_LAST * scale)))
