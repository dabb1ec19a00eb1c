"""Moments of events: conversion of stored values to timestamps in UTC, and filters by range."""

from __future__ import annotations

import datetime

from objectiv_local import zones
from objectiv_local.errors import DataInvalid, InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series, to_datetime
from objectiv_local.frame.authoring import (
    Aggregate,
    Call,
    Expr,
    Literal,
    aggregation,
    call,
    expr_of,
    frame_of,
    literal,
    state_of,
)
from objectiv_local.types import INT64

_EPOCH = datetime.datetime(1970, 1, 1)
#: Units of numeric moments, with the numbers per second: a moment from 2001 to 2286 has 10 digits in seconds, 13 in ms, ...
_UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_LEAST, _MOST = 100_000_000, 10_000_000_000
#: Number of values that an error shows.
_EXAMPLES = 3


def as_moment(raw: DataFrame, series: Series, title: str, zone: str) -> tuple[Series, str]:
    """Return moments as timestamps, and a note on how they were converted. Dates are in the given time zone.

    Strings have to be in ISO 8601; a query checks that. Numbers count seconds, milliseconds, microseconds or nanoseconds since
    the start of 1970; a query infers the unit from the minimum and maximum. Raises DataInvalid, and InvalidType for series of
    other types.
    """
    kind = series.dtype
    if kind == "timestamp":
        return series, ""
    if kind == "date":
        return _start_of_day(series, zone), "as the start of days"
    if kind == "string":
        _check_text(raw, series, title)
        found = to_datetime(series)
        if zone != "UTC":
            found = found.where(series.str.contains(":", regex=False), _start_of_day(found, zone))
        return found, "from strings"
    if kind in ("int64", "float64") or kind.startswith("decimal"):
        unit = _unit(raw, series, title)
        return to_datetime(series, unit=unit), {
            "s": "from seconds",
            "ms": "from milliseconds",
            "us": "from microseconds",
            "ns": "from nanoseconds",
        }[unit]
    raise InvalidType(
        f"moment of {title} is {kind}, which cannot be converted to a moment",
        hint="name a column of timestamps, of ISO 8601 strings, or of numbers since 1970",
    )


def _start_of_day(day: Series, zone: str) -> Series:
    # If clocks change at midnight, a day starts at the first of two midnights, or an hour later if there is no midnight.
    start: Series = day.dt.tz_localize(zone, ambiguous=True, nonexistent=datetime.timedelta(hours=1))
    return start


def _check_text(raw: DataFrame, series: Series, title: str) -> None:
    if state_of(raw).engine is None:
        return
    bad = raw.assign(moment=series, parsed=to_datetime(series, errors="coerce"))[["moment", "parsed"]]
    bad = bad[bad["moment"].notnull() & bad["parsed"].isnull()]
    count = bad["moment"].count().value
    if count:
        values = ", ".join(map(repr, bad["moment"].drop_duplicates().sort_values().head(_EXAMPLES)))
        raise DataInvalid(
            f"{count} rows of {title} have values in {series.name!r} that are not ISO 8601 moments, such as {values}",
            hint="convert them, as in moment=lambda rows: "
            "to_datetime(rows['at'].str.removesuffix(' UTC')); with errors='coerce', rows with invalid moments "
            "are left out",
        )


def _unit(raw: DataFrame, series: Series, title: str) -> str:
    state = state_of(raw)
    if state.engine is None:
        raise InvalidValue(
            f"moment {series.name!r} of {title} has numbers, and without a connection their unit cannot be inferred",
            hint="convert them first, as in to_datetime(frame.at, unit='ms')",
        )
    expr = expr_of(series)
    ends = Aggregate(state.plan, (), (("least", aggregation("min", expr)), ("most", aggregation("max", expr))), "moments")
    row = frame_of(state.with_rows(ends, ()), ["least", "most"]).to_arrow().to_pylist()[0]
    least, most = row["least"], row["most"]
    if least is None:
        return "s"
    if _writes_a_date(least) and _writes_a_date(most):
        raise DataInvalid(
            f"moment {series.name!r} of {title} has numbers such as {most}, which look like the digits of a date",
            hint="convert them first: to ISO 8601 strings, or with to_datetime(..., unit=) if they count from 1970",
        )
    units = [unit for unit, factor in _UNITS.items() if _LEAST * factor <= least and most < _MOST * factor]
    if not units:
        raise DataInvalid(
            f"moment {series.name!r} of {title} has numbers from {least} to {most}, which are not all seconds, "
            "milliseconds, microseconds or nanoseconds since 1970",
            hint="convert them first, as in to_datetime(frame.at, unit='s')",
        )
    return units[0]


def _writes_a_date(number: object) -> bool:
    """Return whether the digits of a number look like a recent date, possibly with a time, as in 202403011230."""
    digits = str(number).removesuffix(".0")
    if len(digits) not in (8, 10, 12, 14) or not digits.isdigit():
        return False
    try:
        found = datetime.datetime.strptime(digits, "%Y%m%d%H%M%S"[: len(digits) - 2])
    except ValueError:
        return False
    return 1990 <= found.year < 2100


def limit(value: object, name: str, zone: str) -> datetime.datetime | None:
    """Return a date or timestamp in a time zone as a timestamp in UTC; a date is converted to its start.

    Raises InvalidValue for other values.
    """
    if value is None:
        return None
    if hasattr(value, "to_pydatetime"):  # pandas, whose NaT is not a moment
        value = value.to_pydatetime(warn=False) if value == value else str(value)  # noqa: PLR0124 - NaT differs from itself
    if isinstance(value, str):
        try:
            value = datetime.datetime.fromisoformat(value)
        except ValueError:
            raise _no_moment(value, name) from None
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        value = datetime.datetime.combine(value, datetime.time())
    if not isinstance(value, datetime.datetime):
        raise _no_moment(value, name)
    aware = value if value.tzinfo is not None else value.replace(tzinfo=zones.zone(zone))
    try:
        return aware.astimezone(datetime.UTC).replace(tzinfo=None)
    except OverflowError:
        raise InvalidValue(f"{name} is outside the years 1 to 9999 in UTC: {value}") from None


def _no_moment(value: object, name: str) -> InvalidValue:
    return InvalidValue(f"{name} is not a day or a moment: {value!r}", hint=f"for instance {name}='2024-03-01'")


def within(moment: Expr, start: datetime.datetime | None, end: datetime.datetime | None) -> list[Expr]:
    """Return the conditions ``moment >= start`` and ``moment < end``, for the bounds that are given."""
    return [_compared(op, moment, value) for op, value in (("ge", start), ("lt", end)) if value is not None]


def _compared(op: str, moment: Expr, value: datetime.datetime) -> Expr:
    """Return a comparison with a moment; if moments are computed from stored numbers, the stored numbers are compared.

    This lets an engine skip row groups by their minimum and maximum.
    """
    microseconds = (value - _EPOCH) // datetime.timedelta(microseconds=1)
    match moment:
        case Call("add", (Literal(value=since), Call("from_microseconds", (count,)))) if (since, count.type) == (_EPOCH, INT64):
            match count:
                case Call("mul", (number, Literal(value=int(factor)))):
                    return call(op, number, literal(-(-microseconds // factor)))
            return call(op, count, literal(microseconds))
    return call(op, moment, literal(value))
