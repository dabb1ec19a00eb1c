"""Operations on strings."""

from __future__ import annotations

from objectiv_local.plan.ops.operation import scalar

OPERATIONS = (
    scalar("lower", "string -> string", meaning="The string in lower case.", total=True),
    scalar("upper", "string -> string", meaning="The string in upper case.", total=True),
    scalar("length", "string -> int64", meaning="The number of code points.", total=True),
    scalar(
        "slice",
        "string int64!? int64!? -> string",
        meaning="The code points from start up to but not including stop, as Python slices: negative positions count "
        "from the end, and positions out of range are clipped.",
        answers_null=True,
    ),
    scalar(
        "contains",
        "string string -> bool",
        meaning="Whether the second string occurs in the first, compared literally.",
        total=True,
    ),
    scalar("startswith", "string string -> bool", meaning="Whether the first string starts with the second.", total=True),
    scalar("endswith", "string string -> bool", meaning="Whether the first string ends with the second.", total=True),
    scalar(
        "replace",
        "string string! string! -> string",
        meaning="The string with every occurrence of the second one replaced by the third, compared literally.",
    ),
    scalar("concat", "string string -> string", meaning="The two strings concatenated; NULL if either is NULL."),
    scalar("strip", "string string! -> string", meaning="The string without the characters of the second one at both ends."),
    scalar("lstrip", "string string! -> string", meaning="The string without the characters of the second one at its start."),
    scalar("rstrip", "string string! -> string", meaning="The string without the characters of the second one at its end."),
    scalar(
        "repeat", "string int64 -> string", meaning="The string repeated a number of times; empty for 0 and negative numbers."
    ),
    scalar(
        "find", "string string -> int64", meaning="The position of the second string in the first, from 0; -1 if not found."
    ),
    scalar(
        "split", "string string! -> json", meaning="The parts of the string between occurrences of the second, as a JSON array."
    ),
    scalar(
        "re_contains",
        "string string! -> bool",
        meaning="Whether a regular expression matches anywhere. Only patterns with one meaning on every engine are supported.",
    ),
    scalar(
        "re_extract",
        "string string! int64! -> string",
        meaning="A group of the first match of a regular expression, 0 for the whole match; NULL without a match or if "
        "the group is not part of it.",
    ),
    scalar(
        "re_replace",
        "string string! string! -> string",
        meaning=r"The string with every match of a regular expression replaced; \1 to \9 in the replacement are groups.",
    ),
    scalar("re_count", "string string! -> int64", meaning="The number of non-overlapping matches of a regular expression."),
    scalar("hash", "string -> int64", meaning="The first 60 bits of the MD5 of the string in UTF-8, as a non-negative number."),
)
