"""Conversion to timestamps of the values that event tables store: ISO 8601 strings, and numbers counted from 1970."""

from __future__ import annotations

import datetime

from objectiv_local import zones
from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue, near
from objectiv_local.frame.clocks import localized
from objectiv_local.frame.handles import make_series
from objectiv_local.frame.series import Series
from objectiv_local.plan.expr import Expr, call, case, cast, literal
from objectiv_local.types import DATE, FLOAT64, INT64, STRING, TIMESTAMP

#: Microseconds per unit; nanoseconds are divided instead.
_MICROSECONDS = {"D": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000, "us": 1}
_UNITS = (*_MICROSECONDS, "ns")

#: The end of a string with a UTC offset, from the minutes on.
_OFFSET = r":[0-9.]+(Z|[+-])"

_EPOCH = datetime.datetime(1970, 1, 1)
#: The first and the last microsecond of the years 1 to 9999, relative to the start of 1970.
_FIRST = (datetime.datetime.min - _EPOCH) // datetime.timedelta(microseconds=1)
_LAST = (datetime.datetime.max - _EPOCH) // datetime.timedelta(microseconds=1)


@checked
def to_datetime(arg: Series, unit: str | None = None, errors: str = "raise", tz: str = "UTC") -> Series:
    """Return timestamps in UTC of strings, dates, timestamps, or numbers of ``unit`` since the start of 1970.

    Strings are in ISO 8601: a date, or a date and a time with up to six decimal places of the second; one with ``Z`` or an
    offset, such as ``2024-03-01T10:30:00+02:00``, is converted to UTC. Strings without an offset, dates and timestamps are
    local times in the time zone ``tz``, by default UTC; see ``dt.tz_localize``. A date is taken as midnight.

    Numbers need a ``unit``: D, h, m, s, ms, us or ns. Timestamps have microsecond precision: nanoseconds are rounded down, and
    fractions of a microsecond are rounded half to even. Decimals are converted to floats. NaN becomes a missing value.

    With ``errors='coerce'``, invalid strings, numbers outside the years 1 to 9999, and times that the clocks of ``tz`` skip or
    show twice become missing values; otherwise fetching them raises DataInvalid or QueryFailed. Missing values stay missing.

    Differs from pandas: a number without a unit is an error; pandas interprets it as nanoseconds.

    Raises InvalidType for a series of another type, and InvalidValue for an unknown unit or zone, a unit for strings, a zone
    for numbers, and numbers without a unit.

    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_schema({"at": "int64"}, dialect="duckdb", table_name="clicks")
    >>> print(to_datetime(df["at"], unit="us").to_frame().view_sql())
    SELECT TIMESTAMP '1970-01-01 00:00:00' + to_microseconds("at") AS "at"
    FROM clicks
    """
    if errors not in ("raise", "coerce"):
        raise InvalidValue(f"errors has to be 'raise' or 'coerce', not {errors!r}")
    if unit is not None and unit not in _UNITS:
        raise InvalidValue(f"unit is {unit!r}, which is unknown", hint=near(unit, _UNITS))
    is_utc = zones.is_utc(zones.zone(tz).key)
    expr = arg._expr
    if expr.type in (STRING, DATE, TIMESTAMP):
        if unit is not None:
            raise InvalidValue(
                f"series {arg.name!r} is {expr.type} and needs no unit", hint="omit unit, or cast the series to a number"
            )
        found = arg.astype(TIMESTAMP, errors)
        if is_utc:
            return found
        state, moment = found._state.as_column(found._expr)
        return make_series(state, _in_zone(moment, expr, tz, errors), arg._name)
    if expr.type not in (INT64, FLOAT64) and expr.type.name != "decimal":
        raise InvalidType(
            f"series {arg.name!r} is {expr.type}, which cannot be converted to a timestamp",
            hint="pass a series of strings, dates, timestamps or numbers",
        )
    if unit is None:
        raise InvalidValue(
            f"series {arg.name!r} contains numbers, which need a unit",
            hint="as in to_datetime(df.at, unit='ms'); current epoch seconds have 10 digits, milliseconds 13",
        )
    if not is_utc:
        raise InvalidValue(
            f"series {arg.name!r} contains numbers, which count from the start of 1970 in UTC, not in {tz}",
            hint="omit tz; for numbers counted in local time, use dt.tz_localize on the result",
        )
    count = _microseconds(expr, unit)
    if errors == "coerce":
        count = case([(_is_within(expr, unit), count)])
    return arg._with(call("add", literal(_EPOCH), call("from_microseconds", count)))


def _in_zone(moment: Expr, expr: Expr, tz: str, errors: str) -> Expr:
    """Return the timestamps in UTC of local times in a zone; strings with an offset keep it."""
    known = "NaT" if errors == "coerce" else "raise"
    found = localized(moment, tz, known, known)
    if expr.type != STRING:
        return found
    return case([(call("re_contains", expr, literal(_OFFSET)), moment)], found)


def _microseconds(expr: Expr, unit: str) -> Expr:
    """Return a number of units as an integer number of microseconds."""
    if unit == "ns":
        return (
            call("floordiv", expr, literal(1_000))
            if expr.type == INT64
            else cast(call("floor", call("truediv", cast(expr, FLOAT64), literal(1_000.0))), INT64)
        )
    factor = _MICROSECONDS[unit]
    if expr.type == INT64:
        return expr if factor == 1 else call("mul", expr, literal(factor))
    numbers = cast(expr, FLOAT64)
    whole = cast(call("round", call("mul", numbers, literal(float(factor))), literal(0)), INT64)
    # NaN becomes a missing value; in a database, it sorts above infinity.
    return case([(call("le", call("abs", numbers), literal(float("inf"))), whole)])


def _is_within(expr: Expr, unit: str) -> Expr:
    """Return whether a number of units is within the range of timestamps."""
    numbers = cast(expr, FLOAT64)
    scale = 1_000.0 if unit == "ns" else 1 / _MICROSECONDS[unit]
    return call("and", call("ge", numbers, literal(_FIRST * scale)), call("lt", numbers, literal(_LAST * scale)))
