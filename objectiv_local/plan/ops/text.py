"""Operations on strings."""

from __future__ import annotations

from objectiv_local.plan.ops.operation import scalar

OPERATIONS = (
    scalar("lower", "string -> string", meaning="The text in lower case.", total=True),
    scalar("upper", "string -> string", meaning="The text in upper case.", total=True),
    scalar("length", "string -> int64", meaning="The number of code points.", total=True),
    scalar(
        "slice",
        "string int64!? int64!? -> string",
        meaning="The code points from start up to but not including stop, as Python slices: negative positions count "
        "from the end, and positions beyond the text are cut to it.",
        answers_null=True,
    ),
    scalar(
        "contains",
        "string string -> bool",
        meaning="Whether the second text occurs in the first, letter by letter.",
        total=True,
    ),
    scalar("startswith", "string string -> bool", meaning="Whether the first text starts with the second.", total=True),
    scalar("endswith", "string string -> bool", meaning="Whether the first text ends with the second.", total=True),
    scalar(
        "replace",
        "string string! string! -> string",
        meaning="The text with every occurrence of the second replaced by the third, letter by letter.",
    ),
    scalar("concat", "string string -> string", meaning="The two texts together; NULL if either is NULL."),
    scalar("strip", "string string! -> string", meaning="The text without the letters of the second at both ends."),
    scalar("lstrip", "string string! -> string", meaning="The text without the letters of the second at its start."),
    scalar("rstrip", "string string! -> string", meaning="The text without the letters of the second at its end."),
    scalar("repeat", "string int64 -> string", meaning="The text a number of times; the empty text for 0 and less."),
    scalar(
        "find", "string string -> int64", meaning="The position of the second text in the first, from 0; -1 if it is not there."
    ),
    scalar(
        "split", "string string! -> json", meaning="The parts of the text between occurrences of the second, as a JSON array."
    ),
    scalar(
        "re_contains",
        "string string! -> bool",
        meaning="Whether a regular expression matches somewhere. Patterns are of the set that has one meaning everywhere.",
    ),
    scalar(
        "re_extract",
        "string string! int64! -> string",
        meaning="What a group of a regular expression matched first, 0 being the whole match; NULL if nothing matches or "
        "the group took no part.",
    ),
    scalar(
        "re_replace",
        "string string! string! -> string",
        meaning=r"The text with every match of a regular expression replaced; \1 to \9 in the replacement are groups.",
    ),
    scalar("re_count", "string string! -> int64", meaning="The number of matches of a regular expression that do not overlap."),
    scalar("hash", "string -> int64", meaning="The first 60 bits of the md5 of the text in UTF-8, as a number from 0."),
)
