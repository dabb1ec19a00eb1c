"""Where an engine is known to differ from a spec: (spec, engine) with the reason. The goal is that nothing stands here.

Each is a strict expected failure, so a difference that is gone has to go from here too.
"""

from __future__ import annotations

from itertools import product

BOTH = ("duckdb", "postgres")
ID = "123e4567-e89b-12d3-a456-426614174000"

_KNOWN: list[tuple[tuple[str, ...], tuple[str, ...], str]] = [
    (("truediv: floats by negative zero",), ("postgres",), "the sign of a zero divisor is not looked at"),
    (("mod: the least integer by minus one",), ("duckdb",), "the engine's own % overflows"),
    (("floordiv: floats whose quotient rounds up", "mod: floats whose quotient rounds up"), BOTH,
     "the quotient is rounded to a float before it is floored"),
    (("floordiv: by infinity", "mod: by infinity"), BOTH, "a - b * floor(a / b) has no value where b is infinite"),
    (("mean: of long durations is exact",), BOTH, "microseconds are averaged as floats"),
    (("cast: float64 to string, a fraction beyond 1e15",), ("postgres",), "the engine changes to exponents at 1e15"),
    ((f"cast: {ID.replace('-', '')!r} is no uuid", f"cast: {'{' + ID + '}'!r} is no uuid"), BOTH,
     "the engines take a uuid without hyphens and in braces"),
    (("cast: JSON text to a number",), ("postgres",), "the message of a failing cast takes j out of j ->> 'n'"),
    (("json_get_text: an array or object is compact",), ("postgres",), "jsonb writes a blank behind every comma"),
    (("json_index: 0", "json_index: -1"), ("postgres",), "a scalar is taken for an array of one element"),
    (("values: text of two lines", "length: of two lines"), BOTH, "the layout of the SQL indents the lines of a text"),
    (("slice: [0:1000000000000]", "slice: [1000000000000:]"), BOTH, "a position beyond 32 bits is refused"),
    (("slice: [-1000000000000:]",), ("postgres",), "a position beyond 32 bits is refused"),
    (("strftime: ",), BOTH, "the engines have no empty format"),
    (("extend: replaces a column in its place",), BOTH, "pruning moves a column that is replaced to the end"),
    (("join: with itself", "plans: a step that is read twice"), BOTH, "lowering fails on a join of a step with itself"),
    (("window: over an expression of a window",), BOTH, "a window within the arguments of a window is not taken apart"),
]

DIFFERENCES: dict[tuple[str, str], str] = {
    key: reason for names, engines, reason in _KNOWN for key in product(names, engines)
}
