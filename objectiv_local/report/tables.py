"""Tables of a page: rows as text, with consistent number formats per column."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

#: Columns of shares, which are written as percentages.
_SHARES: Final = frozenset({"rate", "share", "of_first", "of_previous", "stickiness", "bounce_rate", "conversion_rate"})
_NUMERIC: Final = ("int64", "float64", "decimal", "timedelta")
#: Maximum number of characters in a cell; longer texts are truncated.
_LONGEST: Final = 200
MISSING: Final = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its text and its style. ``number`` is right-aligned; ``text`` may wrap."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption. The first ``heads`` cells of each row are row headers."""

    caption: str
    columns: tuple[Cell, ...]
    heads: int
    rows: tuple[tuple[Cell, ...], ...]


def table(
    caption: str, rows: Sequence[dict[str, Any]], types: Mapping[str, str], heads: int, names: Mapping[str, str] | None = None
) -> Table:
    """Return rows as a table of the columns in ``types``, with their dtypes; the first ``heads`` columns are the index.

    ``names`` are titles of columns, by default their names.
    """
    columns = []
    texts = []
    for name, dtype in types.items():
        write = writer(name, dtype)
        kind = "number" if dtype.partition("(")[0] in _NUMERIC else "text" if dtype == "string" else ""
        columns.append(Cell((names or {}).get(name, name.replace("_", " ")), kind))
        texts.append([Cell(write(row[name]), kind) for row in rows])
    return Table(caption, tuple(columns), heads, tuple(zip(*texts, strict=True)) if rows else ())


def writer(name: str, dtype: str) -> Callable[[Any], str]:
    """Return a function that formats the values of a column as text."""
    written: Callable[[Any], str] = _text
    if name in _SHARES:
        written = percent
    elif dtype.partition("(")[0] in ("int64", "float64", "decimal"):
        written = number
    elif dtype == "timedelta":
        written = duration
    elif dtype == "timestamp":
        written = moment
    elif dtype == "bool":
        written = _yes_or_no
    return lambda value: MISSING if value is None or _is_nan(value) else written(value)


def number(value: Any) -> str:
    """Return a number with thousands separators, and at most two decimal places.

    >>> number(1234567), number(2.5), number(2.0), number(0.004)
    ('1,234,567', '2.5', '2', '0.004')
    """
    if isinstance(value, int):
        return f"{value:,}"
    if value and abs(value) < 0.1:
        return f"{value:.2g}"
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def percent(value: float) -> str:
    """Return a share as a percentage.

    >>> percent(0.1234), percent(1.0), percent(0.0004)
    ('12.3%', '100%', '0.04%')
    """
    scaled = value * 100
    return f"{scaled:.2g}%" if scaled and abs(scaled) < 0.1 else f"{scaled:.1f}".removesuffix(".0") + "%"


def duration(value: datetime.timedelta) -> str:
    """Return a duration in its two largest units.

    >>> duration(datetime.timedelta(days=1, hours=2)), duration(datetime.timedelta(seconds=61)), duration(datetime.timedelta())
    ('1 d 2 h', '1 min 1 s', '0 s')
    """
    seconds = value.total_seconds()
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if 0 < seconds < 1:
        return f"{sign}{round(seconds * 1000):,} ms"
    left = round(seconds)
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count:,} {unit}")
    return sign + " ".join(parts[:2])


def moment(value: datetime.datetime) -> str:
    """Return a moment, to the second.

    >>> moment(datetime.datetime(2024, 3, 1, 9, 5, 0, 250))
    '2024-03-01 09:05:00'
    """
    return f"{value:%Y-%m-%d %H:%M:%S}" if value.year >= 1000 else str(value)


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _text(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
