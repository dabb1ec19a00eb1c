"""Known differences of an engine from a spec: (spec, engine) with the reason. The goal is an empty list.

Each one is a strict expected failure, so it has to be removed here once it is fixed.
"""

from __future__ import annotations

from itertools import product

from servers import ENGINES

ID = "123e4567-e89b-12d3-a456-426614174000"

_KNOWN: list[tuple[tuple[str, ...], tuple[str, ...], str]] = [
    (
        ("floordiv: floats whose quotient rounds up", "mod: floats whose quotient rounds up"),
        ENGINES,
        "the quotient is rounded to a float before it is floored",
    ),
    (("floordiv: by infinity", "mod: by infinity"), ENGINES, "a - b * floor(a / b) has no value where b is infinite"),
    (("mean: of long durations is exact",), ENGINES, "microseconds are averaged as floats"),
    (
        (f"cast: {ID.replace('-', '')!r} is no uuid", f"cast: {'{' + ID + '}'!r} is no uuid"),
        ("duckdb", "postgres"),
        "a test would add three lines to each statement that reads ids as strings",
    ),
    (("json_get_text: an array or object is compact",), ("postgres",), "jsonb writes a blank behind every comma"),
    (("json_get_text: the last of repeated keys",), ("duckdb",), "the engine finds the first"),
    (("json_get_text: a number with an exponent",), ("postgres",), "jsonb keeps a decimal, and json the text"),
    (("json_integer: a long number with an exponent",), ("postgres",), "jsonb keeps it as a whole number"),
]

DIFFERENCES: dict[tuple[str, str], str] = {key: reason for names, engines, reason in _KNOWN for key in product(names, engines)}
