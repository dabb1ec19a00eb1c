"""Moments of what event tables store for them: ISO 8601 text, and numbers counted from the start of 1970."""

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

#: Microseconds of one unit; of nanoseconds, the other way round.
_MICROSECONDS = {"D": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000, "us": 1}
_UNITS = (*_MICROSECONDS, "ns")

#: What follows the minutes or seconds of text with an offset.
_OFFSET = r":[0-9.]+(Z|[+-])"

_EPOCH = datetime.datetime(1970, 1, 1)
#: The first and the last microsecond of the years 1 to 9999, after the start of 1970.
_FIRST = (datetime.datetime.min - _EPOCH) // datetime.timedelta(microseconds=1)
_LAST = (datetime.datetime.max - _EPOCH) // datetime.timedelta(microseconds=1)


@checked
def to_datetime(arg: Series, unit: str | None = None, errors: str = "raise", tz: str = "UTC") -> Series:
    """Return moments in UTC: of text, dates, timestamps, or numbers of ``unit`` since the start of 1970.

    Text is read by ISO 8601: a date, or a date and a time with up to six decimal places of the second; with ``Z`` or an offset,
    such as ``2024-03-01T10:30:00+02:00``, it becomes the moment in UTC. Text without it, dates and timestamps are what the
    clocks of the time zone ``tz`` show, UTC by default; see ``dt.tz_localize``. Midnight is the time of a date.

    Numbers need a ``unit``: D, h, m, s, ms, us or ns. Moments are whole microseconds: nanoseconds are cut off toward the
    past, and fractions of a microsecond are rounded, a half to the even one. Decimals count as floats. NaN is missing.

    With ``errors='coerce'``, text that is no moment, numbers beyond the years 1 to 9999, and times that the clocks of ``tz``
    skip or show twice become missing values; otherwise fetching them raises DataInvalid or QueryFailed. Missing values stay
    missing.

    Differs from pandas: a number without a unit is an error, where pandas takes it for nanoseconds.

    Raises InvalidType for a series of another type, and InvalidValue for an unknown unit or zone, a unit of text, a zone of
    numbers, and a number without a unit.

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
    is_utc = zones.is_utc(zones.zone(tz).key)
    expr = arg._expr
    if expr.type in (STRING, DATE, TIMESTAMP):
        if unit is not None:
            raise InvalidValue(
                f"series {arg.name!r} is {expr.type} and needs no unit", hint="leave unit out, or cast the series to a number"
            )
        found = arg.astype(TIMESTAMP, errors)
        if is_utc:
            return found
        state, moment = found._state.as_column(found._expr)
        return make_series(state, _in_zone(moment, expr, tz, errors), arg._name)
    if expr.type not in (INT64, FLOAT64) and expr.type.name != "decimal":
        raise InvalidType(
            f"series {arg.name!r} is {expr.type}, which is no moment",
            hint="give a series of text, dates, timestamps or numbers",
        )
    if unit is None:
        raise InvalidValue(
            f"series {arg.name!r} holds numbers, and unit does not say of what",
            hint="as in to_datetime(df.at, unit='ms'); epoch seconds of today have 10 digits, milliseconds 13",
        )
    if not is_utc:
        raise InvalidValue(
            f"series {arg.name!r} holds numbers, which count from the start of 1970 in UTC, not in {tz}",
            hint="leave tz out; dt.tz_localize takes numbers that someone counted in a time zone",
        )
    count = _microseconds(expr, unit)
    if errors == "coerce":
        count = case([(_is_within(expr, unit), count)])
    return arg._with(call("add", literal(_EPOCH), call("from_microseconds", count)))


def _in_zone(moment: Expr, expr: Expr, tz: str, errors: str) -> Expr:
    """Return the moments of what the clocks of a zone show; text with an offset keeps its own."""
    known = "NaT" if errors == "coerce" else "raise"
    found = localized(moment, tz, known, known)
    if expr.type != STRING:
        return found
    return case([(call("re_contains", expr, literal(_OFFSET)), moment)], found)


def _microseconds(expr: Expr, unit: str) -> Expr:
    """Return a number of units as whole microseconds."""
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
    # NaN is missing; in a database, it is more than infinity.
    return case([(call("le", call("abs", numbers), literal(float("inf"))), whole)])


def _is_within(expr: Expr, unit: str) -> Expr:
    """Return whether a number of units is within the years that a moment can have."""
    numbers = cast(expr, FLOAT64)
    scale = 1_000.0 if unit == "ns" else 1 / _MICROSECONDS[unit]
    return call("and", call("ge", numbers, literal(_FIRST * scale)), call("lt", numbers, literal(_LAST * scale)))
