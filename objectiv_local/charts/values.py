"""Values of tables as JSON that charts read, and as text that people read."""

from __future__ import annotations

import datetime
import decimal
import math
import re
from collections.abc import Iterable
from typing import Any, Final

from objectiv_local.errors import InvalidValue

#: Rows that a chart may have.
MOST_ROWS: Final = 10_000
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")
_EPOCH: Final = datetime.datetime(1970, 1, 1)

Plain = bool | int | float | str | None


def plain(value: Any) -> Plain:
    """Return a value as JSON has it: missing values, NaN and infinity are None, moments are ISO strings in UTC.

    Durations are seconds. Moments end in ``Z``, because a browser would take others for moments of the reader's time zone.
    """
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()  # numpy
    if isinstance(value, decimal.Decimal):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime.datetime):
        return f"{value.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
    if isinstance(value, datetime.date):
        return f"{value.isoformat()}T00:00:00Z"
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    return str(value)


def number(value: Any) -> float | int | None:
    """Return a value as a number that JSON has, or None. Durations are seconds."""
    found = plain(value)
    return int(found) if isinstance(found, bool) else found if isinstance(found, int | float) else None


def label(value: Any) -> str:
    """Return a value as the text of an axis or a legend: ``(none)`` for missing values, no control characters."""
    if isinstance(value, tuple):
        return ", ".join(map(label, value))
    found = plain(value)
    if found is None:
        return "(none)"
    if isinstance(value, datetime.datetime):
        return f"{value:%Y-%m-%d}" if value.time() == datetime.time() else value.isoformat(" ", "minutes")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, float):
        return f"{found:,.6g}"
    text = str(found)
    # SVG cannot hold control characters at all.
    return _CONTROL.sub(lambda found: repr(found.group())[1:-1], text) if text else "(empty)"


def labels(values: Iterable[Any]) -> list[str]:
    """Return values as texts of an axis. Moments get their clock where one of them is not midnight."""
    found = list(values)
    if any(isinstance(each, datetime.datetime) and each.time() != datetime.time() for each in found):
        return [
            each.isoformat(" ", "minutes") if isinstance(each, datetime.datetime) and plain(each) is not None else label(each)
            for each in found
        ]
    return [label(each) for each in found]


def count(value: Any) -> str:
    """Return a number with thousands separators, or nothing for a missing one."""
    found = number(value)
    if found is None:
        return ""
    # About four digits, and all of those before the point.
    places = 0 if isinstance(found, int) or found.is_integer() else max(0, 3 - math.floor(math.log10(abs(found))))
    text = f"{found:,.{places}f}"
    return text.rstrip("0").rstrip(".") if places else text


def percent(value: Any, digits: int = 1) -> str:
    """Return a share as a percentage, or nothing for a missing one. Only 0 is 0%, and only 1 is 100%."""
    found = number(value)
    if found is None:
        return ""
    step = 10.0**-digits
    if 0 < abs(found) * 100 < step / 2:
        return f"{'<' if found > 0 else '>-'}{step:.{digits}f}%"
    if found < 1 and f"{found:.{digits}%}" == f"{1:.{digits}%}":
        return f">{100 - step:.{digits}f}%"
    return f"{found:.{digits}%}"


def duration(value: Any) -> str:
    """Return a duration in its largest unit, such as ``1.5 h``, or nothing for a missing one."""
    seconds = number(value)
    if seconds is None:
        return ""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if abs(seconds) >= length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s"


def kind_of(values: Iterable[Any]) -> str:
    """Return the type of an axis of values: ``temporal``, ``quantitative`` or ``ordinal``."""
    known = [each for each in values if plain(each) is not None]
    if known and all(isinstance(each, datetime.date) for each in known):
        return "temporal"
    if known and all(number(each) is not None and not isinstance(plain(each), bool) for each in known):
        return "quantitative"
    return "ordinal"


def check_rows(rows: int, what: str, hint: str) -> None:
    """Raise InvalidValue for more rows than a chart may have."""
    if rows > MOST_ROWS:
        raise InvalidValue(f"{what} has more than {MOST_ROWS:,} rows, too many to draw", hint=hint)
