"""Values as words, for the sentences of definitions and errors."""

from __future__ import annotations

import datetime

_UNITS = (("day", 86_400_000_000), ("hour", 3_600_000_000), ("minute", 60_000_000))


def in_time(duration: datetime.timedelta) -> str:
    """Return a duration in words: ``14 days``, ``1 day 12 hours``, ``0.5 seconds``.

    >>> in_time(datetime.timedelta(days=1, hours=12)), in_time(datetime.timedelta(milliseconds=500))
    ('1 day 12 hours', '0.5 seconds')
    """
    rest = duration // datetime.timedelta(microseconds=1)
    parts = []
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}" + ("s" if count > 1 else ""))
    if rest or not parts:
        parts.append(f"{rest / 1_000_000:g} second" + ("" if rest == 1_000_000 else "s"))
    return " ".join(parts)
