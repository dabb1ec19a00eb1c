"""Text: code points, Python's slices, and search by character."""

from __future__ import annotations

import pytest
from spec.specs import Spec, method, op, rowwise

from objectiv_local.plan.expr import call, literal
from objectiv_local.types import BOOL, INT64, STRING

ONE = {"a": STRING}
TWO = {"a": STRING, "b": STRING}

LETTERS = [
    rowwise(
        "lower: letters",
        ONE,
        op("lower"),
        STRING,
        [("ABC def 1", "abc def 1"), ("ÉÀÑ", "éàñ"), ("ЖΩ", "жω"), ("😀", "😀"), ("", ""), (None, None)],
    ),
    rowwise(
        "upper: letters",
        ONE,
        op("upper"),
        STRING,
        [("ABC def 1", "ABC DEF 1"), ("éàñ", "ÉÀÑ"), ("жω", "ЖΩ"), ("😀", "😀"), ("", ""), (None, None)],
    ),
    rowwise(
        "length: code points",
        ONE,
        op("length"),
        INT64,
        [("abc", 3), ("héllo", 5), ("😀", 1), ("e\u0301", 2), ("👩‍👩‍👧", 5), ("", 0), (" ", 1), (None, None)],
    ),
    rowwise("length: of two lines", ONE, op("length"), INT64, [("a\nb", 3)]),
]

TEXTS = ("héllo", "ab", "", None)
SLICES = {
    # Python's result for each of the texts.
    (0, 2): ("hé", "ab", "", None),
    (-3, None): ("llo", "ab", "", None),
    (-3, -1): ("ll", "a", "", None),
    (1, -1): ("éll", "", "", None),
    (2, 1): ("", "", "", None),
    (-99, 2): ("hé", "ab", "", None),
    (3, 99): ("lo", "", "", None),
    (0, -2): ("hél", "", "", None),
    (None, None): ("héllo", "ab", "", None),
    (None, 2): ("hé", "ab", "", None),
    (None, -1): ("héll", "a", "", None),
    (None, -9): ("", "", "", None),
    (None, 0): ("", "", "", None),
    (2, None): ("llo", "", "", None),
    (0, None): ("héllo", "ab", "", None),
    (9, None): ("", "", "", None),
    (1, 3): ("él", "b", "", None),
    (-1, None): ("o", "b", "", None),
    (-2, 4): ("l", "ab", "", None),
    (-1, 0): ("", "", "", None),
    (-4, -4): ("", "", "", None),
    (-99, -1): ("héll", "a", "", None),
    (-3, -99): ("", "", "", None),
    (0, 10**12): ("héllo", "ab", "", None),
    (10**12, None): ("", "", "", None),
    (-(10**12), None): ("héllo", "ab", "", None),
    (1, -(10**12)): ("", "", "", None),
}

SLICE = [
    rowwise(
        f"slice: [{'' if start is None else start}:{'' if stop is None else stop}]",
        ONE,
        lambda a, start=start, stop=stop: call("slice", a, literal(start, INT64), literal(stop, INT64)),
        STRING,
        list(zip(TEXTS, expected, strict=True)),
    )
    for (start, stop), expected in SLICES.items()
] + [
    rowwise(
        "slice: of code points",
        ONE,
        lambda a: call("slice", a, literal(1), literal(3)),
        STRING,
        [("a😀é", "😀é"), ("😀😀😀", "😀😀")],
    ),
    rowwise(
        "slice: of code points from the end",
        ONE,
        lambda a: call("slice", a, literal(-2), literal(None, INT64)),
        STRING,
        [("a😀é", "😀é"), ("e\u0301", "e\u0301"), ("👩‍👧", "\u200d👧")],
    ),
]

SEARCH = [
    rowwise(
        "contains: letter by letter",
        TWO,
        op("contains"),
        BOOL,
        [
            ("xa_c", "a_c", True),
            ("xabc", "a_c", False),
            ("abc", "", True),
            ("", "", True),
            ("", "a", False),
            ("Abc", "a", False),
            ("100%", "%", True),
            ("a\\b", "\\", True),
            ("héllo", "é", True),
            ("a.c", "abc", False),
            (None, "a", None),
            ("a", None, None),
        ],
    ),
    rowwise(
        "contains: a constant",
        ONE,
        lambda a: call("contains", a, literal("o%'_\\")),
        BOOL,
        [("foo%'_\\", True), ("foo", False), (None, None)],
    ),
    rowwise(
        "contains: the empty constant",
        ONE,
        lambda a: call("contains", a, literal("")),
        BOOL,
        [("a", True), ("", True), (None, None)],
    ),
    rowwise(
        "startswith: letter by letter",
        TWO,
        op("startswith"),
        BOOL,
        [
            ("abc", "ab", True),
            ("abc", "b", False),
            ("abc", "", True),
            ("", "a", False),
            ("a", "ab", False),
            ("%x", "%", True),
            ("ax", "_", False),
            ("Abc", "a", False),
            ("éa", "é", True),
            (None, "a", None),
            ("a", None, None),
        ],
    ),
    rowwise(
        "startswith: a constant",
        ONE,
        lambda a: call("startswith", a, literal("a_'")),
        BOOL,
        [("a_'b", True), ("ab'b", False), (None, None)],
    ),
    rowwise(
        "endswith: letter by letter",
        TWO,
        op("endswith"),
        BOOL,
        [
            ("abc", "bc", True),
            ("abc", "b", False),
            ("abc", "", True),
            ("", "", True),
            ("", "a", False),
            ("a", "ba", False),
            ("x%", "%", True),
            ("xa", "_", False),
            ("abC", "c", False),
            ("aé", "é", True),
            ("a😀", "😀", True),
            (None, "a", None),
            ("a", None, None),
        ],
    ),
    rowwise(
        "endswith: a constant",
        ONE,
        lambda a: call("endswith", a, literal("é")),
        BOOL,
        [("café", True), ("cafe", False), ("", False), (None, None)],
    ),
]

CHANGE = [
    *(
        rowwise(
            f"replace: {old!r} by {new!r}",
            ONE,
            lambda a, old=old, new=new: call("replace", a, literal(old), literal(new)),
            STRING,
            rows,
        )
        for old, new, rows in [
            (".", "-", [("a.b.c", "a-b-c"), ("abc", "abc"), ("", ""), (None, None)]),
            ("aa", "b", [("aaa", "ba"), ("aaaa", "bb"), ("AA", "AA")]),
            ("b", "", [("abc", "ac"), ("bb", "")]),
            ("é", "'\\1", [("café", "caf'\\1")]),
            ("b", "bb", [("abc", "abbc")]),
        ]
    ),
    rowwise(
        "concat: two texts",
        TWO,
        op("concat"),
        STRING,
        [("a", "b", "ab"), ("", "", ""), ("é", "😀", "é😀"), ("a", None, None), (None, "b", None)],
    ),
    rowwise(
        "concat: with a constant",
        ONE,
        lambda a: call("concat", call("concat", literal("<'"), a), literal("'>")),
        STRING,
        [("x", "<'x'>"), ("", "<''>"), (None, None)],
    ),
    rowwise(
        "concat: compared",
        TWO,
        lambda a, b: call("eq", call("concat", a, b), literal("ab")),
        BOOL,
        [("a", "b", True), ("b", "a", False)],
    ),
]

ENDS = ("a.b", "a.", "a.a.b", "b.a.a.", "A.b", "axb", "", ".a", "%_x%_", "%x", "é😀 é😀", "é", "'it''", "'", " a.")
#: Methods that consist of several operations.
METHODS = [
    rowwise(
        "capitalize: the first letter",
        ONE,
        method(lambda text: text.str.capitalize()),
        STRING,
        [("éCOLE du soir", "École du soir"), ("ABC", "Abc"), ("1a", "1a"), ("a", "A"), ("", ""), (None, None)],
    ),
    # Python's results of str.removeprefix and str.removesuffix.
    *(
        rowwise(
            f"removeprefix: {prefix!r}",
            ONE,
            method(lambda text, prefix=prefix: text.str.removeprefix(prefix)),
            STRING,
            [*((text, text.removeprefix(prefix)) for text in ENDS), (None, None)],
        )
        for prefix in ("a.", "", "%_", "é😀", "'")
    ),
    *(
        rowwise(
            f"removesuffix: {suffix!r}",
            ONE,
            method(lambda text, suffix=suffix: text.str.removesuffix(suffix)),
            STRING,
            [*((text, text.removesuffix(suffix)) for text in ENDS), (None, None)],
        )
        for suffix in ("a.", "", "%_", "é😀", "'")
    ),
]

SPECS: list[Spec] = LETTERS + SLICE + SEARCH + CHANGE + METHODS


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_text(spec, engine):
    engine.check(spec)
