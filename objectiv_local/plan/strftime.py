"""The format codes of strftime, reduced to those that an engine has to support.

Sources: Python's ``datetime.strftime`` in the C locale, and C99 for the composed codes.
"""

from __future__ import annotations

from objectiv_local.errors import InvalidValue, NotSupported

#: Codes that are equivalent to several others.
COMPOSED = {
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "R": "%H:%M",
    "T": "%H:%M:%S",
    "X": "%H:%M:%S",
    "c": "%a %b %e %H:%M:%S %Y",
    "h": "%b",
    "n": "\n",
    "r": "%I:%M:%S %p",
    "t": "\t",
    "x": "%m/%d/%y",
    "%": "%",
}

#: Codes that every dialect has to support.
PORTABLE = "ABCGHIMSUVWYabdefgjmpuwy"

_REFUSED = {
    "z": "timestamps are in UTC and have no time zone",
    "Z": "timestamps are in UTC and have no time zone",
    "s": "its meaning depends on the time zone of the machine; subtract two timestamps and use total_seconds()",
    "Q": "it has a different meaning on each engine",
}


def pieces(format_: str) -> list[tuple[str, str]]:
    """Return the parts of a format in order: ``("code", letter)`` or ``("text", literal text)``.

    Raises :class:`NotSupported` for codes whose output differs between engines.

    >>> pieces("%F at %H")
    [('code', 'Y'), ('text', '-'), ('code', 'm'), ('text', '-'), ('code', 'd'), ('text', ' at '), ('code', 'H')]
    """
    out: list[tuple[str, str]] = []
    _append(format_, out)
    return out


def _append(format_: str, out: list[tuple[str, str]]) -> None:
    position = 0
    while position < len(format_):
        letter = format_[position]
        if letter != "%":
            _text(letter, out)
            position += 1
            continue
        code = format_[position + 1 : position + 2]
        if not code:
            raise InvalidValue(f"the format {format_!r} ends in a single %", hint="write %% for a percent sign")
        if code in PORTABLE:
            out.append(("code", code))
        elif code in COMPOSED:
            composed = COMPOSED[code]
            if "%" in composed and code != "%":
                _append(composed, out)
            else:
                _text(composed, out)
        else:
            reason = _REFUSED.get(code, "it is not one of Python's codes")
            known = " ".join("%" + each for each in sorted(PORTABLE + "".join(COMPOSED)))
            raise NotSupported(f"the format code %{code} is not supported: {reason}", hint=f"use one of {known}")
        position += 2


def _text(text: str, out: list[tuple[str, str]]) -> None:
    if out and out[-1][0] == "text":
        out[-1] = ("text", out[-1][1] + text)
    else:
        out.append(("text", text))
