"""Tables of a page: rows as text, with the numbers of a column written alike."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from objectiv_local.charts.values import percent as share

#: Columns that hold shares, which are written as percentages.
_SHARES: Final = frozenset({"rate", "share", "of_first", "of_previous", "stickiness", "bounce_rate", "conversion_rate"})
_NUMERIC: Final = ("int64", "float64", "decimal", "timedelta")
#: Characters of a cell; longer texts are cut.
_LONGEST: Final = 200
MISSING: Final = "\N{EN DASH}"
#: The smallest number that is written as such.
_SMALLEST: Final = 1e-6
#: A number or a percentage, with what may stand behind it.
_NUMBER: Final = re.compile(r"(?P<whole>-?[\d,]+)(?:\.(?P<places>\d+))?(?P<rest>%?(?: \*)?)")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its text, and how it is set: ``number`` is aligned to the right, ``text`` may break into lines."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption. The first ``heads`` cells of each row are what the row is about."""

    caption: str
    columns: tuple[Cell, ...]
    heads: int
    rows: tuple[tuple[Cell, ...], ...]


def even(texts: Sequence[str]) -> list[str]:
    """Return numbers and percentages with as many decimal places as the one that needs most.

    >>> even(["2", "2.5", "1,000", "?"]), even(["12.3%", "100%", "<0.1%"])
    (['2.0', '2.5', '1,000.0', '?'], ['12.3%', '100.0%', '<0.1%'])
    """
    found = [_NUMBER.fullmatch(text) for text in texts]
    most = max((len(each["places"] or "") for each in found if each), default=0)
    return [
        text if each is None else f"{each['whole']}{'.' if most else ''}{(each['places'] or '').ljust(most, '0')}{each['rest']}"
        for text, each in zip(texts, found, strict=True)
    ]


def table(
    caption: str, rows: Sequence[dict[str, Any]], types: Mapping[str, str], heads: int, names: Mapping[str, str] | None = None
) -> Table:
    """Return rows as a table of the columns in ``types``, with their dtypes; the first ``heads`` are those of the index.

    ``names`` are titles of columns, by default their names.
    """
    columns = []
    texts = []
    for name, dtype in types.items():
        write = writer(name, dtype)
        kind = "number" if dtype.partition("(")[0] in _NUMERIC else "text" if dtype == "string" else ""
        written = [write(row[name]) for row in rows]
        columns.append(Cell((names or {}).get(name, name.replace("_", " ")), kind))
        texts.append([Cell(text, kind) for text in (even(written) if kind == "number" else written)])
    return Table(caption, tuple(columns), heads, tuple(zip(*texts, strict=True)) if rows else ())


def writer(name: str, dtype: str) -> Callable[[Any], str]:
    """Return what writes the values of a column as text."""
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
    """Return a number with thousands separators and two decimal places, or two digits of a small one. Only 0 is 0.

    >>> number(1234567), number(2.5), number(2.0), number(0.004), number(1e-9)
    ('1,234,567', '2.5', '2', '0.004', '<0.000001')
    """
    if isinstance(value, int):
        return f"{value:,}"
    if value and abs(value) < 0.1:
        if abs(value) < _SMALLEST:
            return f"{'<' if value > 0 else '>-'}{_SMALLEST:f}"
        places = min(6, 1 - math.floor(math.log10(abs(value))))
        return f"{value:.{places}f}".rstrip("0")
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def percent(value: float) -> str:
    """Return a share as a percentage. Only 0 is 0%, and only 1 is 100%.

    >>> percent(0.1234), percent(1.0), percent(0.0), percent(0.0004), percent(0.9999)
    ('12.3%', '100%', '0%', '<0.1%', '>99.9%')
    """
    return share(value).replace(".0%", "%")


def duration(value: datetime.timedelta) -> str:
    """Return a duration by its two largest units.

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
    """Return a moment to the second.

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
