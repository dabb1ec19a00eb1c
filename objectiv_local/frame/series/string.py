"""Series of strings, and their ``.str`` accessor."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from objectiv_local.arguments import checked
from objectiv_local.dialects.standard import regex
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.frame.habits import Accessor
from objectiv_local.frame.handles import series_class
from objectiv_local.frame.reductions import Partition
from objectiv_local.frame.series.base import Series
from objectiv_local.plan.expr import Literal, call, case, cast, literal
from objectiv_local.types import INT64, STRING, list_type

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame

#: The characters that ``strip`` removes by default.
BLANKS = " \t\n\r\v\f"
_PARTS = list_type(STRING)


@series_class("string")
@checked
class SeriesString(Series):
    """Series of strings. Strings are compared and sorted by code point, whatever the collation of a database."""

    __slots__ = ()

    @property
    def str(self) -> StringOperation:
        """Accessor for string operations."""
        return StringOperation(self)

    def __add__(self, other: object) -> Series:
        return self._binary("concat", other)

    def __radd__(self, other: object) -> Series:
        return self._binary("concat", other, swapped=True)

    def to_json_array(self, partition: Partition = None) -> Series:
        """Return the strings as a JSON array, in the order of the frame and then by value, with missing ones as null."""
        return self._reduce("to_json_array", partition)

    def get_dummies(
        self,
        prefix: builtins.str | None = None,
        prefix_sep: builtins.str = "_",
        dummy_na: bool = False,
        dtype: object = "int64",
    ) -> DataFrame:
        """Return an indicator column for each value. See DataFrame.get_dummies."""
        return self.to_frame().get_dummies(prefix=prefix, prefix_sep=prefix_sep, dummy_na=dummy_na, dtype=dtype)


@checked
class StringOperation(Accessor):
    r"""String operations. Missing values stay missing.

    ``regex`` is off by default: the pattern is matched literally. Only regular expressions with the same meaning on every
    engine are supported: ``\d``, ``\w`` and ``\s`` match ASCII characters only, ``$`` matches at the end of the string, and
    where the matched part is used, there has to be only one way to match. Others raise NotSupported with the reason.
    """

    __slots__ = ("_series",)

    def __init__(self, series: Series) -> None:
        self._series = series

    def _call(self, op: str, *values: object) -> Series:
        return self._series._call(op, *values)

    def lower(self) -> Series:
        """Return the string in lower case."""
        return self._call("lower")

    def upper(self) -> Series:
        """Return the string in upper case."""
        return self._call("upper")

    def capitalize(self) -> Series:
        """Return the string with its first character in upper case and the others in lower case."""
        made: Series = self[:1].str.upper() + self[1:].str.lower()
        return made

    def len(self) -> Series:
        """Return the number of code points."""
        return self._call("length")

    def strip(self, to_strip: str | None = None) -> Series:
        """Return the string without whitespace, or the given characters, at both ends. Whitespace is ASCII whitespace."""
        return self._call("strip", _letters(to_strip))

    def lstrip(self, to_strip: str | None = None) -> Series:
        """Return the string without whitespace, or the given characters, at its start."""
        return self._call("lstrip", _letters(to_strip))

    def rstrip(self, to_strip: str | None = None) -> Series:
        """Return the string without whitespace, or the given characters, at its end."""
        return self._call("rstrip", _letters(to_strip))

    def removeprefix(self, prefix: str) -> Series:
        """Return the string without ``prefix`` at its start; a string that does not start with it is unchanged.

        >>> import objectiv_local as ol
        >>> df = ol.DataFrame.from_schema({"page": "string"})
        >>> print(df.page.str.removeprefix("www.").view_sql())
        SELECT CASE WHEN starts_with(page, 'www.') THEN substring(page, 5) ELSE page END AS page
        FROM data
        """
        rest = call("slice", self._series._expr, literal(len(prefix)), literal(None, INT64))
        return self._series._with(case([(self.startswith(prefix)._expr, rest)], self._series._expr))

    def removesuffix(self, suffix: str) -> Series:
        """Return the string without ``suffix`` at its end; a string that does not end with it is unchanged."""
        if not suffix:
            return self._series
        rest = call("slice", self._series._expr, literal(0), literal(-len(suffix)))
        return self._series._with(case([(self.endswith(suffix)._expr, rest)], self._series._expr))

    def contains(self, pat: str | Series, case: bool = True, regex: bool = False) -> Series:
        """Return whether the string contains ``pat``, a string or a series, or with ``regex``, matches it anywhere.

        Differs from pandas: ``pat`` is not a regular expression by default.
        """
        series = self._series
        if not case:
            if regex:
                raise NotSupported(
                    "a case-insensitive regular expression is not supported",
                    hint="write both cases, as in [aA], or use series.str.lower()",
                )
            lowered = pat.str.lower() if isinstance(pat, SeriesString) else pat.lower() if isinstance(pat, str) else pat
            made: Series = self.lower().str.contains(lowered)
            return made
        return self._call("re_contains", _pattern(pat)) if regex else series._binary("contains", pat)

    def match(self, pat: str) -> Series:
        """Return whether a regular expression matches at the start of the string."""
        return self._call("re_contains", f"^(?:{_pattern(pat)})")

    def fullmatch(self, pat: str) -> Series:
        """Return whether a regular expression matches the whole string."""
        return self._call("re_contains", f"^(?:{_pattern(pat)})$")

    def extract(self, pat: str, group: int = 1) -> Series:
        """Return a group of the first match of a regular expression, 0 for the whole match; missing without a match.

        Differs from pandas, which returns a frame of all groups.
        """
        if isinstance(group, bool) or not isinstance(group, int) or not 0 <= group <= regex.groups(_pattern(pat)):
            raise InvalidValue(
                f"the pattern {pat!r} has no group {group!r}",
                hint="put parentheses around the part to extract, or pass group=0 for the whole match",
            )
        return self._call("re_extract", pat, group)

    def count(self, pat: str, regex: bool = False) -> Series:
        """Return the number of non-overlapping occurrences of ``pat``, or of its matches with ``regex``."""
        if regex:
            return self._call("re_count", _pattern(pat))
        text = _text(pat, "count")
        shorter = self.replace(text, "").str.len()
        return (self.len() - shorter) // len(text)  # type: ignore[no-any-return]

    def find(self, sub: str | Series) -> Series:
        """Return the position of ``sub`` in the string, from 0; -1 if it is not found."""
        return self._series._binary("find", sub)

    def startswith(self, pat: str | Series) -> Series:
        """Return whether the string starts with ``pat``, a string or a series."""
        return self._series._binary("startswith", pat)

    def endswith(self, pat: str | Series) -> Series:
        """Return whether the string ends with ``pat``, a string or a series."""
        return self._series._binary("endswith", pat)

    def replace(
        self,
        pat: str | Mapping[str, str],
        repl: str | None = None,
        n: int = -1,
        case: bool | None = None,
        flags: int = 0,
        regex: bool = False,
    ) -> Series:
        r"""Return the string with every ``pat`` replaced by ``repl``; a mapping makes several replacements, in its order.

        With ``regex``, ``pat`` is a regular expression that cannot match the empty string, and ``\1`` to ``\9`` in ``repl``
        are its groups. ``n``, ``case`` and ``flags`` of pandas are not supported.
        """
        if n != -1 or case is not None or flags:
            raise NotSupported(
                "n, case and flags of str.replace are not supported",
                hint="replace every occurrence, and write both cases in a regular expression, as in [aA]",
            )
        if isinstance(pat, Mapping):
            out = self._series
            for old, new in pat.items():
                out = StringOperation(out).replace(old, new, regex=regex)
            return out
        if not isinstance(repl, str):
            raise InvalidType(f"repl of str.replace has to be a string, not {type(repl).__name__}")
        return self._call("re_replace" if regex else "replace", _text(pat, "replace"), repl)

    def split(self, pat: str) -> Series:
        """Return the parts between occurrences of ``pat`` as a list: ``series.str.split('/').elements[0]``."""
        parts = call("split", self._series._expr, literal(_text(pat, "split")))
        return self._series._with(cast(parts, _PARTS))

    def cat(self, others: object, sep: str = "") -> Series:
        """Return the string followed by ``sep`` and another string or series."""
        behind: Any = others
        joined: Series = self._series + (sep + behind if sep else behind)
        return joined

    def repeat(self, repeats: int | Series) -> Series:
        """Return the string repeated a number of times."""
        return self._series._binary("repeat", repeats)

    def ljust(self, width: int, fillchar: str = " ") -> Series:
        """Return the string padded with ``fillchar`` at the end to ``width`` characters; longer strings are unchanged."""
        return self._series + self._padding(width, fillchar)

    def rjust(self, width: int, fillchar: str = " ") -> Series:
        """Return the string padded with ``fillchar`` at the start to ``width`` characters; longer strings are unchanged."""
        return self._padding(width, fillchar) + self._series

    def pad(self, width: int, side: str = "left", fillchar: str = " ") -> Series:
        """Return the string padded with ``fillchar`` on one side, ``left`` or ``right``, to ``width`` characters."""
        if side not in ("left", "right"):
            raise InvalidValue(f"side has to be 'left' or 'right', not {side!r}", hint="for both sides, use rjust and ljust")
        return self.rjust(width, fillchar) if side == "left" else self.ljust(width, fillchar)

    def zfill(self, width: int) -> Series:
        """Return the string padded with zeros at the start, after a sign, to ``width`` characters."""
        series = self._series
        signed = call("coalesce", call("re_contains", series._expr, literal("^[+-]")), literal(False))
        zeros = self._padding(width, "0")._expr
        behind = call(
            "concat",
            call("concat", call("slice", series._expr, literal(0), literal(1)), zeros),
            call("slice", series._expr, literal(1), literal(None, INT64)),
        )
        return series._with(case([(signed, behind)], call("concat", zeros, series._expr)))

    def _padding(self, width: int, fillchar: str) -> Series:
        if not isinstance(fillchar, str) or len(fillchar) != 1:
            raise InvalidValue(f"fillchar has to be one character, not {fillchar!r}")
        if isinstance(width, bool) or not isinstance(width, int):
            raise InvalidType(f"width has to be a whole number, not {width!r}")
        missing = call("sub", literal(width), call("length", self._series._expr))
        return self._series._with(call("repeat", literal(fillchar), missing))

    def isdigit(self) -> Series:
        """Return whether the string consists of one or more of the digits 0 to 9."""
        return self._call("re_contains", "^[0-9]+$")

    def get(self, i: int) -> Series:
        """Return the character at a position, from the end if negative; missing if out of range."""
        letter = self[i]
        return letter.mask(letter == "")

    def slice(self, start: int | None = None, stop: int | None = None) -> Series:
        """Return the characters from ``start`` up to but not including ``stop``, as in Python slices."""
        return self[start:stop]

    def __getitem__(self, key: int | builtins.slice) -> Series:
        if isinstance(key, builtins.slice):
            if key.step not in (None, 1):
                raise InvalidValue("a slice of a string cannot have a step")
            start, stop = _position(key.start), _position(key.stop)
        else:
            start = _position(key)
            stop = None if start == -1 or start is None else start + 1
        bounds: tuple[Literal, ...] = (literal(start, INT64), literal(stop, INT64))
        return self._series._with(call("slice", self._series._expr, *bounds))


def _position(value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise InvalidType(f"a position in a string has to be a whole number, not {value!r}")


def _letters(value: object) -> str:
    if value is None:
        return BLANKS
    if not isinstance(value, str) or not value:
        raise InvalidType(f"to_strip has to be a non-empty string, not {value!r}")
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise InvalidType(f"the pattern of {what} has to be a string, not {type(value).__name__}")
    if not value:
        raise InvalidValue(f"the pattern of {what} cannot be empty")
    return value


def _pattern(value: object) -> str:
    """Return a regular expression. Raises an error at once if it is invalid or differs between engines."""
    if not isinstance(value, str):
        raise InvalidType(f"a regular expression has to be a string, not {type(value).__name__}")
    regex.pattern(value, regex.RE2)
    return value
