"""Series of text and what ``.str`` offers."""

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

#: What ``strip`` takes for a blank.
BLANKS = " \t\n\r\v\f"
_PARTS = list_type(STRING)


@series_class("string")
@checked
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

    def to_json_array(self, partition: Partition = None) -> Series:
        """Return the texts as a JSON array, in the order of the frame and then by value, a missing one as null."""
        return self._reduce("to_json_array", partition)

    def get_dummies(
        self,
        prefix: builtins.str | None = None,
        prefix_sep: builtins.str = "_",
        dummy_na: bool = False,
        dtype: object = "int64",
    ) -> DataFrame:
        """Return a column of ones and zeros for each value. See DataFrame.get_dummies."""
        return self.to_frame().get_dummies(prefix=prefix, prefix_sep=prefix_sep, dummy_na=dummy_na, dtype=dtype)


@checked
class StringOperation(Accessor):
    r"""Operations on text. A missing text gives a missing answer.

    Where ``regex`` is offered it is off by default: the pattern is the text itself. Regular expressions are those with one
    meaning on every engine, of ASCII classes: ``\d``, ``\w`` and ``\s`` know no other letters, ``$`` is the end of the text,
    and where the text of a match matters there has to be one way to match it. Others raise NotSupported, with the reason.
    """

    __slots__ = ("_series",)

    def __init__(self, series: Series) -> None:
        self._series = series

    def _call(self, op: str, *values: object) -> Series:
        return self._series._call(op, *values)

    def lower(self) -> Series:
        """Return the text in lower case."""
        return self._call("lower")

    def upper(self) -> Series:
        """Return the text in upper case."""
        return self._call("upper")

    def capitalize(self) -> Series:
        """Return the text with its first letter in upper and the others in lower case."""
        made: Series = self[:1].str.upper() + self[1:].str.lower()
        return made

    def len(self) -> Series:
        """Return the number of code points."""
        return self._call("length")

    def strip(self, to_strip: str | None = None) -> Series:
        """Return the text without blanks, or the given letters, at both ends. Blanks are those of ASCII."""
        return self._call("strip", _letters(to_strip))

    def lstrip(self, to_strip: str | None = None) -> Series:
        """Return the text without blanks, or the given letters, at its start."""
        return self._call("lstrip", _letters(to_strip))

    def rstrip(self, to_strip: str | None = None) -> Series:
        """Return the text without blanks, or the given letters, at its end."""
        return self._call("rstrip", _letters(to_strip))

    def removeprefix(self, prefix: str) -> Series:
        """Return the text without ``prefix`` at its start; a text that does not start with it stays as it is.

        >>> import objectiv_local as ol
        >>> df = ol.DataFrame.from_schema({"page": "string"})
        >>> print(df.page.str.removeprefix("www.").view_sql())
        SELECT CASE WHEN starts_with(page, 'www.') THEN substring(page, 5) ELSE page END AS page
        FROM data
        """
        rest = call("slice", self._series._expr, literal(len(prefix)), literal(None, INT64))
        return self._series._with(case([(self.startswith(prefix)._expr, rest)], self._series._expr))

    def removesuffix(self, suffix: str) -> Series:
        """Return the text without ``suffix`` at its end; a text that does not end with it stays as it is."""
        if not suffix:
            return self._series
        rest = call("slice", self._series._expr, literal(0), literal(-len(suffix)))
        return self._series._with(case([(self.endswith(suffix)._expr, rest)], self._series._expr))

    def contains(self, pat: str | Series, case: bool = True, regex: bool = False) -> Series:
        """Return whether the text contains ``pat``, a text or a series, or matches it somewhere with ``regex``.

        pandas takes it for a regular expression by default.
        """
        series = self._series
        if not case:
            if regex:
                raise NotSupported(
                    "a regular expression without regard to case is not supported",
                    hint="write both cases, as in [aA], or use series.str.lower()",
                )
            lowered = pat.str.lower() if isinstance(pat, SeriesString) else pat.lower() if isinstance(pat, str) else pat
            made: Series = self.lower().str.contains(lowered)
            return made
        return self._call("re_contains", _pattern(pat)) if regex else series._binary("contains", pat)

    def match(self, pat: str) -> Series:
        """Return whether a regular expression matches from the start of the text on."""
        return self._call("re_contains", f"^(?:{_pattern(pat)})")

    def fullmatch(self, pat: str) -> Series:
        """Return whether a regular expression matches the whole text."""
        return self._call("re_contains", f"^(?:{_pattern(pat)})$")

    def extract(self, pat: str, group: int = 1) -> Series:
        """Return what a group of a regular expression matched first, 0 being the whole match; missing without a match.

        pandas returns a frame of all groups.
        """
        if isinstance(group, bool) or not isinstance(group, int) or not 0 <= group <= regex.groups(_pattern(pat)):
            raise InvalidValue(
                f"the pattern {pat!r} has no group {group!r}",
                hint="put parentheses around the part that is wanted, or pass group=0 for the whole match",
            )
        return self._call("re_extract", pat, group)

    def count(self, pat: str, regex: bool = False) -> Series:
        """Return how often ``pat`` occurs, or matches with ``regex``, without overlaps."""
        if regex:
            return self._call("re_count", _pattern(pat))
        text = _text(pat, "count")
        shorter = self.replace(text, "").str.len()
        return (self.len() - shorter) // len(text)  # type: ignore[no-any-return]

    def find(self, sub: str | Series) -> Series:
        """Return the position of ``sub`` in the text, from 0; -1 if it is not there."""
        return self._series._binary("find", sub)

    def startswith(self, pat: str | Series) -> Series:
        """Return whether the text starts with ``pat``, a text or a series."""
        return self._series._binary("startswith", pat)

    def endswith(self, pat: str | Series) -> Series:
        """Return whether the text ends with ``pat``, a text or a series."""
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
        r"""Return the text with every ``pat`` replaced by ``repl``; a mapping replaces several, in its order.

        With ``regex``, ``pat`` is a regular expression that never matches the empty text, and ``\1`` to ``\9`` in ``repl``
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
            raise InvalidType(f"replace takes text, not {type(repl).__name__}")
        return self._call("re_replace" if regex else "replace", _text(pat, "replace"), repl)

    def split(self, pat: str) -> Series:
        """Return the parts between occurrences of ``pat`` as a list: ``series.str.split('/').elements[0]``."""
        parts = call("split", self._series._expr, literal(_text(pat, "split")))
        return self._series._with(cast(parts, _PARTS))

    def cat(self, others: object, sep: str = "") -> Series:
        """Return the text, ``sep``, and another text or series behind it."""
        behind: Any = others
        joined: Series = self._series + (sep + behind if sep else behind)
        return joined

    def repeat(self, repeats: int | Series) -> Series:
        """Return the text a number of times."""
        return self._series._binary("repeat", repeats)

    def ljust(self, width: int, fillchar: str = " ") -> Series:
        """Return the text with ``fillchar`` behind it up to ``width`` letters; a longer one as it is."""
        return self._series + self._padding(width, fillchar)

    def rjust(self, width: int, fillchar: str = " ") -> Series:
        """Return the text with ``fillchar`` before it up to ``width`` letters; a longer one as it is."""
        return self._padding(width, fillchar) + self._series

    def pad(self, width: int, side: str = "left", fillchar: str = " ") -> Series:
        """Return the text with ``fillchar`` at one side, ``left`` or ``right``, up to ``width`` letters."""
        if side not in ("left", "right"):
            raise InvalidValue(f"side is left or right, not {side!r}", hint="use rjust and ljust together for both")
        return self.rjust(width, fillchar) if side == "left" else self.ljust(width, fillchar)

    def zfill(self, width: int) -> Series:
        """Return the text with zeros before it, behind a sign, up to ``width`` letters."""
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
            raise InvalidValue(f"fillchar is one letter, not {fillchar!r}")
        if isinstance(width, bool) or not isinstance(width, int):
            raise InvalidType(f"width has to be a whole number, not {width!r}")
        missing = call("sub", literal(width), call("length", self._series._expr))
        return self._series._with(call("repeat", literal(fillchar), missing))

    def isdigit(self) -> Series:
        """Return whether the text is one or more of the digits 0 to 9."""
        return self._call("re_contains", "^[0-9]+$")

    def get(self, i: int) -> Series:
        """Return the letter at a position, from the end if negative; missing beyond the text."""
        letter = self[i]
        return letter.mask(letter == "")

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
        bounds: tuple[Literal, ...] = (literal(start, INT64), literal(stop, INT64))
        return self._series._with(call("slice", self._series._expr, *bounds))


def _position(value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise InvalidType(f"a position in text has to be a whole number, not {value!r}")


def _letters(value: object) -> str:
    if value is None:
        return BLANKS
    if not isinstance(value, str) or not value:
        raise InvalidType(f"to_strip is the letters to leave out, not {value!r}")
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise InvalidType(f"{what} takes text, not {type(value).__name__}")
    if not value:
        raise InvalidValue(f"{what} needs a text, not an empty one")
    return value


def _pattern(value: object) -> str:
    """Return a regular expression. Raises where it is none, or has no one meaning, already here."""
    if not isinstance(value, str):
        raise InvalidType(f"a regular expression is text, not {type(value).__name__}")
    regex.pattern(value, regex.RE2)
    return value
