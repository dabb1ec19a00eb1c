r"""Regular expressions with one meaning on every engine.

RE2 (DuckDB) takes the first alternative that leads to a match, Postgres the longest match. Letters, words and line ends
differ too. A pattern is therefore read with Python's own parser and written again from what has one meaning: character
classes are spelled out in ASCII, and where the text of a match matters, the pattern has to be deterministic (at each
letter there is one way to go on), so that the first and the longest match are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, pairwise
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from objectiv_local.errors import InvalidValue, NotSupported

#: Ranges of code points.
Ranges = tuple[tuple[int, int], ...]

_LAST = 0x10FFFF
_CATEGORIES: dict[object, Ranges] = {
    codes.CATEGORY_DIGIT: ((48, 57),),
    codes.CATEGORY_WORD: ((48, 57), (65, 90), (95, 95), (97, 122)),
    codes.CATEGORY_SPACE: ((9, 13), (32, 32)),
}
_OPPOSITES = {
    codes.CATEGORY_NOT_DIGIT: codes.CATEGORY_DIGIT,
    codes.CATEGORY_NOT_WORD: codes.CATEGORY_WORD,
    codes.CATEGORY_NOT_SPACE: codes.CATEGORY_SPACE,
}
#: Postgres' own limit of a counted repetition.
_MOST = 255
#: How deep groups may nest: engines and Python's own parser stop at some depth of theirs.
_DEEPEST = 50
#: How many letters a pattern may spell out, with counted repetitions written in full, when its matches are looked at.
_POSITIONS = 400


@dataclass(frozen=True, slots=True)
class Flavor:
    """What differs between the engines' patterns."""

    word_boundary: str
    not_word_boundary: str


RE2 = Flavor(r"\b", r"\B")
_WORD = "[0-9A-Z_a-z]"
#: Postgres' own \y takes letters beyond ASCII for parts of words.
POSIX = Flavor(f"(?:(?<!{_WORD})(?={_WORD})|(?<={_WORD})(?!{_WORD}))", f"(?:(?<={_WORD})(?={_WORD})|(?<!{_WORD})(?!{_WORD}))")


def pattern(text: str, flavor: Flavor) -> str:
    """Return a pattern for a test whether it matches somewhere."""
    return _written(_parsed(text), flavor)


def deterministic(text: str, flavor: Flavor, *, group: int = 0, empty: bool = True) -> str:
    """Return a pattern whose matches are looked at.

    ``group`` is the group that is asked for, ``empty`` whether the pattern may match the empty text. Raises
    NotSupported for a pattern whose matches are not the same on every engine.
    """
    tree = _parsed(text)
    # Written first: that refuses what the check of matches knows nothing of, such as a look ahead.
    written = _written(tree, flavor)
    _check(text, tree, group=group, empty=empty)
    return written


def groups(text: str) -> int:
    """Return the number of groups of a pattern."""
    return int(_parsed(text).state.groups) - 1


def replacement(text: str, number: int) -> str:
    r"""Return a replacement, in which ``\1`` to ``\9`` are groups and ``\\`` is a backslash. ``number`` is that of groups."""
    out = []
    for piece in re.findall(r"\\.|\\$|[^\\]+", text, re.DOTALL):
        if piece.startswith("\\"):
            if piece == "\\\\" or (piece[1:].isdigit() and 1 <= int(piece[1:]) <= number):
                out.append(piece)
            else:
                raise InvalidValue(
                    f"{piece!r} in the replacement {text!r} is no group of the pattern",
                    hint=r"write \1 to \9 for groups and \\ for a backslash",
                )
        else:
            out.append(piece)
    return "".join(out)


@lru_cache(maxsize=256)
def _parsed(text: str) -> Any:
    if max(accumulate((letter == "(") - (letter == ")") for letter in text), default=0) > _DEEPEST:
        raise _refused(text, f"it nests more than {_DEEPEST} groups")
    try:
        tree = parser.parse(text, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        reason = "it nests too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidValue(
            f"{text!r} is not a regular expression: {reason}", hint="use regex=False to look for the text itself"
        ) from None
    if tree.state.flags & ~(re.ASCII | re.UNICODE):
        raise _refused(text, "it sets flags")
    return tree


def _refused(text: str, why: str) -> NotSupported:
    return NotSupported(
        f"the regular expression {text!r} has no one meaning on every engine: {why}",
        hint="rewrite it, or split it into several steps",
    )


# ---- writing


def _written(tree: Any, flavor: Flavor) -> str:
    return "".join(_item(op, arg, tree, flavor) for op, arg in tree)


def _item(op: object, arg: Any, tree: Any, flavor: Flavor) -> str:
    source = tree.state.str
    if op in (codes.LITERAL, codes.NOT_LITERAL, codes.IN, codes.ANY):
        return _class(_ranges(op, arg))
    if op is codes.SUBPATTERN:
        group, add, drop, inner = arg
        if add or drop:
            raise _refused(source, "it sets flags")
        return ("(" if group is not None else "(?:") + _written(inner, flavor) + ")"
    if op is codes.BRANCH:
        return "(?:" + "|".join(_written(branch, flavor) for branch in arg[1]) + ")"
    if op in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        least, most, inner = arg
        if max(least, 0 if most is codes.MAXREPEAT else most) > _MOST:
            raise _refused(source, f"it repeats something more than {_MOST} times")
        if len(inner) == 1 and inner[0][0] in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            body = f"(?:{_written(inner, flavor)})"
        else:
            body = _written(inner, flavor)
            if len(inner) != 1 or inner[0][0] is codes.AT:
                body = f"(?:{body})"
        return body + _count(least, most) + ("?" if op is codes.MIN_REPEAT else "")
    if op is codes.AT:
        found = {
            codes.AT_BEGINNING: "^",
            codes.AT_BEGINNING_STRING: "^",
            codes.AT_END: "$",
            codes.AT_END_STRING: "$",
            codes.AT_BOUNDARY: flavor.word_boundary,
            codes.AT_NON_BOUNDARY: flavor.not_word_boundary,
        }.get(arg)
        if found is not None:
            return found
    names = {
        codes.GROUPREF: "it refers back to a group",
        codes.ASSERT: "it looks ahead or back",
        codes.ASSERT_NOT: "it looks ahead or back",
    }
    raise _refused(source, names.get(op, "it uses what one engine does not know"))


def _count(least: int, most: Any) -> str:
    if most is codes.MAXREPEAT:
        return {0: "*", 1: "+"}.get(least, f"{{{least},}}")
    if (least, most) == (0, 1):
        return "?"
    return f"{{{least}}}" if least == most else f"{{{least},{most}}}"


def _class(ranges: Ranges) -> str:
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _letter(ranges[0][0], r".^$*+?{}[]\|()")
    opposite = _opposite(ranges)
    negated = bool(opposite) and ranges[-1][1] == _LAST and ranges[0][0] == 0
    shown = opposite if negated else ranges
    inner = "".join(
        _letter(low, r"]\^-[") if low == high else _letter(low, r"]\^-[") + "-" + _letter(high, r"]\^-[") for low, high in shown
    )
    return f"[{'^' if negated else ''}{inner}]"


def _letter(code: int, special: str) -> str:
    letter = chr(code)
    names = {"\n": r"\n", "\t": r"\t", "\r": r"\r", "\f": r"\f", "\v": r"\v"}
    return names.get(letter) or ("\\" + letter if letter in special else letter)


def _ranges(op: object, arg: Any) -> Ranges:
    """Return the letters that one item of a pattern matches."""
    if op is codes.LITERAL:
        return ((arg, arg),)
    if op is codes.NOT_LITERAL:
        return _opposite(((arg, arg),))
    if op is codes.ANY:
        return _opposite(((10, 10),))
    negated = arg[0][0] is codes.NEGATE
    found: list[tuple[int, int]] = []
    for kind, value in arg[negated:]:
        if kind is codes.LITERAL:
            found.append((value, value))
        elif kind is codes.RANGE:
            found.append(value)
        elif value in _CATEGORIES:
            found += _CATEGORIES[value]
        else:
            found += _opposite(_CATEGORIES[_OPPOSITES[value]])
    merged = _merged(found)
    return _opposite(merged) if negated else merged


def _merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    out: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if out and low <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(high, out[-1][1]))
        else:
            out.append((low, high))
    return tuple(out)


def _opposite(ranges: Ranges) -> Ranges:
    out, following = [], 0
    for low, high in ranges:
        if low > following:
            out.append((following, low - 1))
        following = high + 1
    if following <= _LAST:
        out.append((following, _LAST))
    return tuple(out)


# ---- whether there is one way to match


@dataclass
class _Part:
    """A part of a pattern: whether it can be empty, and the places it can start and end at."""

    empty: bool
    first: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()


@dataclass
class _Automaton:
    """The letters of a pattern as places, and which places may follow each (Glushkov's construction)."""

    text: str
    letters: list[Ranges] = field(default_factory=list)
    follow: dict[int, set[int]] = field(default_factory=dict)
    kinds: set[object] = field(default_factory=set)

    def sequence(self, items: Sequence[tuple[object, Any]]) -> _Part:
        whole = _Part(empty=True)
        for op, arg in items:
            part = self.item(op, arg)
            for place in whole.last:
                self.follow[place] |= part.first
            whole = _Part(
                whole.empty and part.empty,
                whole.first | (part.first if whole.empty else frozenset()),
                part.last | (whole.last if part.empty else frozenset()),
            )
        return whole

    def item(self, op: object, arg: Any) -> _Part:
        if op is codes.AT:
            return _Part(empty=True)
        if op is codes.SUBPATTERN:
            return self.sequence(arg[3])
        if op is codes.BRANCH:
            parts = [self.sequence(branch) for branch in arg[1]]
            if any(part.empty for part in parts[:-1]):
                raise _refused(self.text, "an alternative that matches the empty text comes before another")
            return _Part(
                any(part.empty for part in parts),
                frozenset().union(*(part.first for part in parts)),
                frozenset().union(*(part.last for part in parts)),
            )
        if op in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            return self.repeat(op, *arg)
        if len(self.letters) >= _POSITIONS:
            raise _refused(self.text, f"it spells out more than {_POSITIONS} letters")
        place = len(self.letters)
        self.letters.append(_ranges(op, arg))
        self.follow[place] = set()
        return _Part(False, frozenset((place,)), frozenset((place,)))

    def repeat(self, op: object, least: int, most: Any, inner: Any) -> _Part:
        if least != most:
            self.kinds.add(op)
        endless = most is codes.MAXREPEAT
        copies = max(least, 1) if endless else most
        whole = _Part(empty=True)
        for number in range(copies):
            part = self.sequence(inner)
            optional = part.empty or number >= least
            for place in whole.last:
                self.follow[place] |= part.first
            whole = _Part(
                whole.empty and optional,
                whole.first | (part.first if whole.empty else frozenset()),
                part.last | (whole.last if optional else frozenset()),
            )
            if endless and number == copies - 1:
                for place in part.last:
                    self.follow[place] |= part.first
        return whole


def _check(text: str, tree: Any, *, group: int, empty: bool) -> None:
    automaton = _Automaton(text)
    whole = automaton.sequence(tree)
    if whole.empty and not empty:
        raise _refused(text, "it matches the empty text")
    if len(automaton.kinds) > 1:
        raise _refused(text, "it mixes repetitions that take much with ones that take little (such as *?)")
    if codes.MIN_REPEAT in automaton.kinds:
        raise _refused(text, "repetitions that take little (such as *?) stop at different places")
    for places in (whole.first, *automaton.follow.values()):
        ordered = sorted(span for place in places for span in automaton.letters[place])
        if any(low <= end for (_, end), (low, _) in pairwise(ordered)):
            raise _refused(
                text,
                "there is more than one way to match the same text, as in (a|ab) or .*a; use a class "
                "such as [^a]* for what comes before",
            )
    if group:
        _check_group(text, tree, group, certain=True)


def _check_group(text: str, tree: Any, group: int, *, certain: bool) -> None:
    for op, arg in tree:
        if op is codes.SUBPATTERN:
            if arg[0] == group and not certain:
                raise _refused(text, f"group {group} is repeated, or takes no part in some matches")
            _check_group(text, arg[3], group, certain=certain)
        elif op is codes.BRANCH:
            for branch in arg[1]:
                _check_group(text, branch, group, certain=False)
        elif op in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            _check_group(text, arg[2], group, certain=arg[0] == arg[1] == 1)
