"""Series of text and what ``.str`` offers."""

from __future__ import annotations

import builtins

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.series.base import Series, series_class
from objectiv_local.plan.expr import call, literal
from objectiv_local.types import INT64


@series_class("string")
class SeriesString(Series):
    """Series of text. Text compares and sorts by code point, whatever the collation of a database."""

    __slots__ = ()

    @property
    def str(self) -> StringOperation:
        """Operations on text."""
        return StringOperation(self)

    def __add__(self, other: object) -> Series:
        return self._binary("concat", other)

    def __radd__(self, other: object) -> Series:
        return self._binary("concat", other, swapped=True)


class StringOperation:
    """Operations on text, letter by letter: no pattern is a regular expression."""

    __slots__ = ("_series",)

    def __init__(self, series: Series) -> None:
        self._series = series

    def lower(self) -> Series:
        """Return the text in lower case."""
        return self._series._call("lower")

    def upper(self) -> Series:
        """Return the text in upper case."""
        return self._series._call("upper")

    def len(self) -> Series:
        """Return the number of code points."""
        return self._series._call("length")

    def contains(self, pat: str | Series) -> Series:
        """Return whether the text contains ``pat``, a text or a series."""
        return self._series._binary("contains", pat)

    def startswith(self, pat: str | Series) -> Series:
        """Return whether the text starts with ``pat``, a text or a series."""
        return self._series._binary("startswith", pat)

    def endswith(self, pat: str | Series) -> Series:
        """Return whether the text ends with ``pat``, a text or a series."""
        return self._series._binary("endswith", pat)

    def replace(self, pat: str, repl: str) -> Series:
        """Return the text with every ``pat`` replaced by ``repl``."""
        for value in (pat, repl):
            if not isinstance(value, str):
                raise InvalidType(f"replace takes text, not {type(value).__name__}")
        if not pat:
            raise InvalidValue("replace needs a text to replace, not an empty one")
        return self._series._call("replace", pat, repl)

    def slice(self, start: int | None = None, stop: int | None = None) -> Series:
        """Return the letters from ``start`` up to but not including ``stop``, as Python slices."""
        return self[start:stop]

    def __getitem__(self, key: int | builtins.slice) -> Series:
        if isinstance(key, builtins.slice):
            if key.step not in (None, 1):
                raise InvalidValue("a slice of text cannot have a step")
            start, stop = _position(key.start), _position(key.stop)
        else:
            start = _position(key)
            stop = None if start == -1 or start is None else start + 1
        bounds = (literal(start, INT64), literal(stop, INT64))
        return self._series._with(call("slice", self._series._expr, *bounds))


def _position(value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise InvalidType(f"a position in text has to be a whole number, not {value!r}")
