r"""Text by its ends, its parts and regular expressions, with the results of Python's ``re`` with ASCII classes."""

from __future__ import annotations

import hashlib

import pytest
from reference import Json
from spec.specs import Spec, op, rowwise, table

from objectiv_local.dialects import compile_plan, names
from objectiv_local.errors import InvalidValue, NotSupported
from objectiv_local.plan.expr import call, literal
from objectiv_local.plan.nodes import Select
from objectiv_local.types import BOOL, INT64, JSON, STRING

ONE = {"a": STRING}
BLANKS = " \t\n\r\v\f"


def with_(name, *constants):
    return lambda a: call(name, a, *(literal(value) for value in constants))


ENDS = [
    rowwise(
        "strip: blanks",
        ONE,
        with_("strip", BLANKS),
        STRING,
        [("  a b \n", "a b"), ("\t\r\x0b\x0cé\n", "é"), ("", ""), (" ", ""), (None, None)],
    ),
    rowwise(
        "strip: letters that mean something in a pattern",
        ONE,
        with_("strip", "^-]%_'\\"),
        STRING,
        [("^-]a]-^", "a"), ("%_'\\x\\'_%", "x"), ("a^b", "a^b")],
    ),
    rowwise("lstrip: letters", ONE, with_("lstrip", "xy"), STRING, [("xyxaxy", "axy"), ("", ""), (None, None)]),
    rowwise("rstrip: letters", ONE, with_("rstrip", "xy"), STRING, [("xyaxyx", "xya"), ("xy", ""), (None, None)]),
    rowwise(
        "repeat: text",
        {"a": STRING, "n": INT64},
        op("repeat"),
        STRING,
        [("ab", 3, "ababab"), ("ab", 0, ""), ("ab", -1, ""), ("", 5, ""), (None, 1, None), ("a", None, None)],
    ),
    rowwise(
        "find: the first position",
        {"a": STRING, "b": STRING},
        op("find"),
        INT64,
        [("héllo", "l", 2), ("abc", "d", -1), ("abc", "", 0), ("", "a", -1), ("a_c", "_", 1), (None, "a", None)],
    ),
    rowwise(
        "split: by a text",
        ONE,
        with_("split", ", "),
        JSON,
        [
            ("a, b, c", Json(["a", "b", "c"])),
            ("a", Json(["a"])),
            ("", Json([""])),
            (", ", Json(["", ""])),
            ('say "x", é', Json(['say "x"', "é"])),
            (None, None),
        ],
    ),
    rowwise(
        "hash: the first 60 bits of md5",
        ONE,
        op("hash"),
        INT64,
        [*((text, int(hashlib.md5(text.encode()).hexdigest()[:15], 16)) for text in ("", "a", "é😀", "12345")), (None, None)],
    ),
]

TEXTS = ("foobar", "Foo bar", "a\nb", "", "é_1", "x@y.nl", "12-345", None)
TESTS = {
    # What re.search(pattern, text, re.ASCII) finds for each of the texts.
    "foo": (1, 0, 0, 0, 0, 0, 0),
    "foo|bar": (1, 1, 0, 0, 0, 0, 0),
    "^$": (0, 0, 0, 1, 0, 0, 0),
    r"\bbar\b": (0, 1, 0, 0, 0, 0, 0),
    r"\Bbar": (1, 0, 0, 0, 0, 0, 0),
    "a.b": (0, 0, 0, 0, 0, 0, 0),
    r"a\sb": (0, 0, 1, 0, 0, 0, 0),
    r"[^a]b": (1, 1, 1, 0, 0, 0, 0),
    r"\w": (1, 1, 1, 0, 1, 1, 1),
    r"^\w": (1, 1, 1, 0, 0, 1, 1),
    r"\W": (0, 1, 1, 0, 1, 1, 1),
    r"^\d{2}-\d{3,}$": (0, 0, 0, 0, 0, 0, 1),
    r"[.]nl$": (0, 0, 0, 0, 0, 1, 0),
    r"\.": (0, 0, 0, 0, 0, 1, 0),
    r"^[a-z]+@[a-z]+\.(nl|com)$": (0, 0, 0, 0, 0, 1, 0),
    r"o*?b": (1, 1, 1, 0, 0, 0, 0),
    r"[\w-]{6}": (1, 0, 0, 0, 0, 0, 1),
    r"[]^-]": (0, 0, 0, 0, 0, 0, 1),
    "é": (0, 0, 0, 0, 1, 0, 0),
    r"(?:fo+)+b": (1, 0, 0, 0, 0, 0, 0),
    r"[\]\\'\"]": (0, 0, 0, 0, 0, 0, 0),
    "": (1, 1, 1, 1, 1, 1, 1),
}
SEARCH = [
    rowwise(
        f"re_contains: {pattern!r}",
        ONE,
        with_("re_contains", pattern),
        BOOL,
        list(zip(TEXTS, [*map(bool, expected), None], strict=True)),
    )
    for pattern, expected in TESTS.items()
]

MATCHES = [
    rowwise(
        "re_extract: the whole match",
        ONE,
        with_("re_extract", r"\d+", 0),
        STRING,
        [("ab12cd345", "12"), ("ab", None), ("", None), (None, None)],
    ),
    rowwise(
        "re_extract: a group",
        ONE,
        with_("re_extract", r"^https?://([^/?]+)(/[^?]*)?", 1),
        STRING,
        [("https://objectiv.io/docs?x=1", "objectiv.io"), ("http://é.nl", "é.nl"), ("ftp://x", None), (None, None)],
    ),
    rowwise(
        "re_extract: a group that may be empty",
        ONE,
        with_("re_extract", "^x([ab]*)", 1),
        STRING,
        [("xab", "ab"), ("x", ""), ("y", None)],
    ),
    rowwise(
        "re_replace: every match",
        ONE,
        with_("re_replace", r"[0-9]+", "#"),
        STRING,
        [("a1b22", "a#b#"), ("", ""), ("none", "none"), (None, None)],
    ),
    rowwise(
        "re_replace: groups, and signs that engines take for groups",
        ONE,
        with_("re_replace", r"([a-z]+)=([0-9]+)", r"\2&$1\\:\1"),
        STRING,
        [("x=1, yz=23", "1&$1\\:x, 23&$1\\:yz")],
    ),
    rowwise("re_count: matches", ONE, with_("re_count", r"[0-9]+"), INT64, [("1 22 333", 3), ("", 0), ("a", 0), (None, None)]),
]

SPECS: list[Spec] = ENDS + SEARCH + MATCHES


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_patterns(engine, spec):
    engine.check(spec)


def compiled(name, *constants):
    data = table(ONE, [("x",)])
    plan = Select(data, (("answer", with_(name, *constants)(data.column("a"))),))
    for dialect in names():
        compile_plan(plan, dialect)


@pytest.mark.parametrize(
    ("name", "constants", "reason"),
    [
        ("re_contains", (r"(a)\1",), "backreference"),
        ("re_contains", ("a(?=b)",), "lookahead"),
        ("re_contains", ("(?i)a",), "sets flags"),
        ("re_contains", ("a{300}",), "more than 255"),
        ("re_extract", ("foo|foobar", 0), "more than one way|comes before another"),
        ("re_extract", (".*([0-9]+)", 1), "more than one way"),
        ("re_extract", ("Y*?[0-9]+", 0), "lazy repetitions"),
        ("re_extract", ("Y*?[0-9]", 0), "lazy repetitions"),
        ("re_extract", ("(?:x([ab]))?y", 1), "not part of some matches"),
        ("re_extract", ("x([ab])*y", 1), "repeated"),
        ("re_replace", ("x*", "-"), "empty string"),
        ("re_count", ("x?",), "empty string"),
    ],
)
def test_patterns_without_one_meaning_are_refused(name, constants, reason):
    with pytest.raises(NotSupported, match=reason):
        compiled(name, *constants)


@pytest.mark.parametrize(
    ("name", "constants"),
    [("re_contains", ("(",)), ("re_replace", ("(a)", r"\2")), ("re_replace", ("a", "\\")), ("re_extract", ("a[", 0))],
)
def test_patterns_and_replacements_that_are_none(name, constants):
    with pytest.raises(InvalidValue):
        compiled(name, *constants)
