"""JSON: keys, elements, and slices by position or by the first element that contains an object."""

from __future__ import annotations

import json

import pytest
from reference import Json
from spec.specs import Spec, op, rowwise

from objectiv_local.plan.expr import call, cast, literal
from objectiv_local.types import BOOL, INT64, INT64_MAX, INT64_MIN, JSON, STRING, Type

DOC = {"a": JSON}
STACK = Type("json", "stack")

# Keys that an engine might interpret as a path, a wildcard, a position or the end of its text.
KEYS = ["a", "_type", "$.a", "$", "/a", "/", "*", "", "#", "a b", "a.b", 'a"b', "a\\b", "a'b", "é", "0", "-1", "[0]", "A", "%s"]
ALL_KEYS = Json({key: f"value {i}" for i, key in enumerate(KEYS)} | {"": "empty"})


def keyed(name: str, doc: Json, key: str):
    return rowwise(
        f"{name}: the key {key!r}",
        DOC,
        lambda a: call(name, a, literal(key)),
        STRING if name == "json_get_text" else JSON,
        [(doc, doc.value[key] if name == "json_get_text" else Json(doc.value[key])), (Json({"b": 1}), None), (None, None)],
    )


GET = [
    rowwise(
        "json_get: a member",
        DOC,
        lambda a: call("json_get", a, literal("x")),
        JSON,
        [
            (Json({"x": 1}), Json(1)),
            (Json({"x": "y"}), Json("y")),
            (Json({"x": [1, {"z": None}]}), Json([1, {"z": None}])),
            (Json({"x": False}), Json(False)),
            (Json({"x": {}}), Json({})),
            (Json({"x": 1.5}), Json(1.5)),
        ],
    ),
    rowwise(
        "json_get: the member null is JSON's null",
        DOC,
        lambda a: call("json_get", a, literal("x")),
        JSON,
        [(Json({"x": None}), Json(None))],
    ),
    rowwise(
        "json_get: no member",
        DOC,
        lambda a: call("json_get", a, literal("x")),
        JSON,
        [
            (Json({}), None),
            (Json({"y": {"x": 1}}), None),
            (Json([{"x": 1}]), None),
            (Json(1), None),
            (Json("x"), None),
            (Json(None), None),
            (None, None),
        ],
    ),
    rowwise(
        "json_get: a number is not the position in an array",
        DOC,
        lambda a: call("json_get", a, literal("0")),
        JSON,
        [(Json([5]), None), (Json({"0": 5}), Json(5))],
    ),
    rowwise(
        "json_get: a member of a member",
        DOC,
        lambda a: call("json_get", call("json_get", a, literal("x")), literal("y")),
        JSON,
        [(Json({"x": {"y": 2}}), Json(2)), (Json({"x": 2}), None)],
    ),
    rowwise(
        "json_get_text: a member",
        DOC,
        lambda a: call("json_get_text", a, literal("x")),
        STRING,
        [
            (Json({"x": "y"}), "y"),
            (Json({"x": 1}), "1"),
            (Json({"x": -12345678901}), "-12345678901"),
            (Json({"x": 1.5}), "1.5"),
            (Json({"x": True}), "true"),
            (Json({"x": 'it\'s "é" \\ 😀\n'}), 'it\'s "é" \\ 😀\n'),
            (Json({"x": ""}), ""),
            (Json({"x": "null"}), "null"),
            (Json({"x": []}), "[]"),
            (Json({"x": {}}), "{}"),
        ],
    ),
    rowwise(
        "json_get_text: an array or object is compact",
        DOC,
        lambda a: call("json_get_text", a, literal("x")),
        STRING,
        [(Json({"x": [1, 2]}), "[1,2]"), (Json({"x": {"y": [True, None]}}), '{"y":[true,null]}')],
    ),
    rowwise(
        "json_text: without quotes",
        DOC,
        lambda a: call("json_text", a),
        STRING,
        [
            (Json("a 'b' \"c\""), "a 'b' \"c\""),
            (Json(""), ""),
            (Json(12), "12"),
            (Json(-1.5), "-1.5"),
            (Json(True), "true"),
            (Json(False), "false"),
            (Json(None), None),
            (None, None),
            (Json([]), "[]"),
            (Json({}), "{}"),
            (Json("null"), "null"),
        ],
    ),
    rowwise(
        "json_text: of an element and of a member",
        DOC,
        lambda a: call("json_text", call("json_index", call("json_get", a, literal("x")), literal(0))),
        STRING,
        [(Json({"x": ["y"]}), "y"), (Json({"x": [None]}), None), (Json({"x": "y"}), None), (Json({}), None)],
    ),
    rowwise(
        "json_text: compared",
        DOC,
        lambda a: call("eq", call("json_text", a), literal("1")),
        BOOL,
        [(Json("1"), True), (Json(1), True), (Json("2"), False), (Json(None), None)],
    ),
    rowwise(
        "json_get_text: no member or null",
        DOC,
        lambda a: call("json_get_text", a, literal("x")),
        STRING,
        [
            (Json({"x": None}), None),
            (Json({}), None),
            (Json([{"x": 1}]), None),
            (Json("x"), None),
            (Json(None), None),
            (None, None),
        ],
    ),
    rowwise(
        "json_get_text: compared",
        DOC,
        lambda a: call("eq", call("json_get_text", a, literal("x")), literal("y")),
        BOOL,
        [(Json({"x": "y"}), True), (Json({"x": "z"}), False), (Json({}), None)],
    ),
    *(keyed("json_get", ALL_KEYS, key) for key in KEYS),
    *(keyed("json_get_text", ALL_KEYS, key) for key in KEYS),
]

ABC = Json(["a", "b", "c"])
INDEX = [
    rowwise(
        f"json_index: {position}",
        DOC,
        lambda a, position=position: call("json_index", a, literal(position)),
        JSON,
        [
            (ABC, expected),
            (Json([]), None),
            (Json({"0": 1, "-1": 2}), None),
            (Json("abc"), None),
            (Json(5), None),
            (Json(None), None),
            (None, None),
        ],
    )
    for position, expected in {0: Json("a"), 2: Json("c"), 3: None, -1: Json("c"), -3: Json("a"), -4: None}.items()
] + [
    rowwise(
        "json_index: an element of any kind",
        DOC,
        lambda a: call("json_index", a, literal(1)),
        JSON,
        [
            (Json([1, None]), Json(None)),
            (Json([1, {"x": [2]}]), Json({"x": [2]})),
            (Json([1, [2]]), Json([2])),
            (Json([1, "é"]), Json("é")),
        ],
    ),
    rowwise(
        "json_index: then a member",
        DOC,
        lambda a: call("json_get_text", call("json_index", a, literal(-1)), literal("id")),
        STRING,
        [(Json([{"id": "x"}, {"id": "y"}]), "y"), (Json([]), None)],
    ),
]

ROOT = {"_type": "RootLocationContext", "id": "home"}
NAV = {"_type": "NavigationContext", "id": "nav"}
LINK_A = {"_type": "LinkContext", "id": "a", "x": 1}
LINK_B = {"_type": "LinkContext", "id": "b"}
PATH = [ROOT, NAV, LINK_A, LINK_B]

# The bounds, and the part of PATH between them.
SLICES = [
    (1, 3, [NAV, LINK_A]),
    (-2, None, [LINK_A, LINK_B]),
    (None, -1, [ROOT, NAV, LINK_A]),
    (0, 99, PATH),
    (3, 1, []),
    (-99, 2, [ROOT, NAV]),
    (None, None, PATH),
    (None, 2, [ROOT, NAV]),
    (2, None, [LINK_A, LINK_B]),
    (-3, -1, [NAV, LINK_A]),
    (1, -1, [NAV, LINK_A]),
    (9, None, []),
    (None, 0, []),
    ({"_type": "LinkContext"}, None, [LINK_A, LINK_B]),
    (None, {"id": "nav"}, [ROOT, NAV]),
    ({"id": "nav"}, {"_type": "LinkContext", "id": "a"}, [NAV, LINK_A]),
    ({"id": "zz"}, None, []),
    (None, {"id": "zz"}, []),
    ({"id": "zz"}, {"id": "zz"}, []),
    ({"id": "nav"}, {"id": "home"}, []),
    ({"id": "nav"}, {"id": "nav"}, [NAV]),
    (1, {"id": "a"}, [NAV, LINK_A]),
    (3, {"id": "a"}, []),
    ({"id": "nav"}, 3, [NAV, LINK_A]),
    ({"id": "nav"}, -1, [NAV, LINK_A]),
    (-3, {"id": "a"}, [NAV, LINK_A]),
    ({"x": 1}, None, [LINK_A, LINK_B]),
    ({"x": "1"}, None, []),
    ({"_type": "LinkContext", "id": "home"}, None, []),
]


def bound(value):
    return literal(value, None if value is not None else INT64)


SLICE = [
    rowwise(
        f"json_slice: [{'' if start is None else start}:{'' if stop is None else stop}]",
        DOC,
        lambda a, start=start, stop=stop: call("json_slice", a, bound(start), bound(stop)),
        JSON,
        [
            (Json(PATH), Json(expected)),
            (Json([]), Json([])),
            (None, Json([])),
            (Json(None), Json([])),
            (Json({"id": "nav"}), Json([])),
            (Json("nav"), Json([])),
            (Json(3), Json([])),
        ],
    )
    for start, stop, expected in SLICES
] + [
    rowwise(
        "json_slice: keeps the label",
        {"a": STACK},
        lambda a: call("json_slice", a, literal(1), bound(None)),
        STACK,
        [(Json(PATH), Json(PATH[1:]))],
    ),
    rowwise(
        "json_slice: elements of every kind",
        DOC,
        lambda a: call("json_slice", a, literal(1), bound(None)),
        JSON,
        [(Json([0, None, "é", 1.5, True, [1, {}], {"x": None}]), Json([None, "é", 1.5, True, [1, {}], {"x": None}]))],
    ),
    rowwise(
        "json_slice: elements that are no objects contain nothing",
        DOC,
        lambda a: call("json_slice", a, literal({"id": "x"}), bound(None)),
        JSON,
        [(Json([1, "id", None, ["id", "x"], [{"id": "x"}], {"id": "x"}, 2]), Json([{"id": "x"}, 2]))],
    ),
    rowwise(
        "json_slice: of a slice",
        DOC,
        lambda a: call("json_slice", call("json_slice", a, literal(1), bound(None)), bound(None), literal(-1)),
        JSON,
        [(Json(PATH), Json([NAV, LINK_A]))],
    ),
    rowwise(
        "json_slice: the first element that contains the object",
        DOC,
        lambda a: call("json_slice", a, literal({"k": 1}), literal({"k": 1})),
        JSON,
        [(Json([{"k": 0}, {"k": 1, "n": 1}, {"k": 1, "n": 2}]), Json([{"k": 1, "n": 1}]))],
    ),
]

# An object, and which of the elements contain all its keys.
ELEMENTS = [
    {"id": "x", "n": 1},
    {"id": "x", "n": 2},
    {"id": "y", "n": 1.0},
    {"n": "1"},
    {"n": True},
    {"n": None},
    {},
    1,
    "id",
    None,
    [{"id": "x"}],
    {"m": {"id": "x"}},
    {"m": [1, 2]},
    {"q": 'it\'s "é" \\'},
    {"$.a": 1, "a b": "c"},
]
MATCHES = [
    ({"id": "x"}, [0, 1]),
    ({"id": "x", "n": 2}, [1]),
    ({"n": 1}, [0, 2]),
    ({"n": "1"}, [3]),
    ({"n": True}, [4]),
    ({"n": None}, [5]),
    ({"m": {"id": "x"}}, [11]),
    ({"q": 'it\'s "é" \\'}, [13]),
    ({"$.a": 1, "a b": "c"}, [14]),
    ({"id": "zz"}, []),
    ({"zz": None}, []),
    ({}, [0, 1, 2, 3, 4, 5, 6, 11, 12, 13, 14]),
]

FILTER = [
    rowwise(
        f"json_filter: {members}",
        DOC,
        lambda a, members=members: call("json_filter", a, literal(members)),
        JSON,
        [
            (Json(ELEMENTS), Json([ELEMENTS[i] for i in found])),
            (Json([]), Json([])),
            (None, Json([])),
            (Json(None), Json([])),
            (Json({"id": "x"}), Json([])),
            (Json("x"), Json([])),
        ],
    )
    for members, found in MATCHES
] + [
    rowwise(
        "json_filter: keeps the label",
        {"a": STACK},
        lambda a: call("json_filter", a, literal({"id": "nav"})),
        STACK,
        [(Json(PATH), Json([NAV]))],
    ),
    rowwise(
        "json_filter: of what another left",
        DOC,
        lambda a: call("json_filter", call("json_filter", a, literal({"_type": "LinkContext"})), literal({"id": "b"})),
        JSON,
        [(Json(PATH), Json([LINK_B])), (Json([LINK_A, NAV]), Json([])), (None, Json([]))],
    ),
    rowwise(
        "json_filter: twice by one member",
        DOC,
        lambda a: call("json_filter", call("json_filter", a, literal({"id": "a"})), literal({"id": "b"})),
        JSON,
        [(Json(PATH), Json([])), (None, Json([]))],
    ),
    rowwise(
        "json_filter: how many are left",
        DOC,
        lambda a: call("json_length", call("json_filter", a, literal({"_type": "LinkContext"}))),
        INT64,
        [(Json(PATH), 2), (None, 0)],
    ),
]

HAS = [
    rowwise(
        f"json_has: {members}",
        DOC,
        lambda a, members=members: call("json_has", a, literal(members)),
        BOOL,
        [
            (Json(ELEMENTS), bool(found)),
            (Json([]), False),
            (None, False),
            (Json(None), False),
            (Json({"id": "x"}), False),
            (Json("x"), False),
        ],
    )
    for members, found in MATCHES
] + [
    # A nested object is contained like the object itself: it may have more keys.
    rowwise(
        "json_has: a member that is an object contains all members too",
        DOC,
        lambda a: call("json_has", a, literal({"m": {"x": 1}})),
        BOOL,
        [
            (Json([{"m": {"x": 1}}]), True),
            (Json([{"m": {"x": 1, "y": 2}}]), True),
            (Json([{"m": {"y": 2}}]), False),
            (Json([{"m": [{"x": 1}]}]), False),
            (Json([{"m": 1}]), False),
            (Json([{"x": 1}]), False),
        ],
    ),
    rowwise(
        "json_has: an empty object within the object",
        DOC,
        lambda a: call("json_has", a, literal({"m": {}})),
        BOOL,
        [
            (Json([{"m": {"x": 1}}]), True),
            (Json([{"m": {}}]), True),
            (Json([{"m": []}]), False),
            (Json([{"m": None}]), False),
            (Json([{}]), False),
        ],
    ),
    rowwise(
        "json_has: the order of members means nothing",
        DOC,
        lambda a: call("json_has", a, literal({"m": {"x": 1, "y": 2}})),
        BOOL,
        [(Json([{"m": {"y": 2, "x": 1}}]), True)],
    ),
]

LENGTH = [
    rowwise(
        "json_length: of arrays",
        DOC,
        op("json_length"),
        INT64,
        [
            (Json(PATH), 4),
            (Json([]), 0),
            (Json([None]), 1),
            (Json([[1, 2]]), 1),
            (Json({"a": 1}), None),
            (Json("abc"), None),
            (Json(3), None),
            (Json(None), None),
            (None, None),
        ],
    )
]

RANGE = [
    rowwise(
        "json_range: from 0",
        {"n": INT64},
        op("json_range"),
        JSON,
        [(3, Json([0, 1, 2])), (1, Json([0])), (0, Json([])), (-2, Json([])), (None, None)],
    )
]

#: Numbers as they are stored: (text, the integer that it is).
NUMBERS = [
    ("7", 7),
    ("-12", -12),
    ("0", 0),
    ("-0", 0),
    ("100", 100),
    ("1e2", 100),
    ("1E+2", 100),
    ("1.5e3", 1500),
    ("100.0", 100),
    ("-2.00", -2),
    ("-0.0", 0),
    ("0e5", 0),
    ("9007199254740993", 9007199254740993),
    ("-9007199254740993", -9007199254740993),
    ("9223372036854775807", INT64_MAX),
    ("-9223372036854775808", INT64_MIN),
    ("9223372036854775808", None),
    ("-9223372036854775809", None),
    ("18446744073709551615", None),
    ("123456789012345678901234567890", None),
    ("1.5", None),
    ("0.5", None),
    ("-0.25", None),
    ("1e-3", None),
    ("1e-30", None),
    ("1e400", None),
    ("999999999999999.0", 999999999999999),
    ("-999999999999999.0", -999999999999999),
    ("1000000000000000.0", None),
    ("9007199254740993.0", None),
    ("999999999999999.99999", None),
    ("1.0000000000000000001", 1),
    ("0.99999999999999999999", 1),
    ("1e14", 10**14),
    ('"7"', None),
    ('"1e2"', None),
    ("true", None),
    ("null", None),
    ("[7]", None),
    ('{"x": 7}', None),
]
INTEGER = [
    rowwise(
        "json_integer: a document",
        {"s": STRING},
        lambda s: call("json_integer", cast(s, JSON)),
        INT64,
        [(f" {stored} ", answer) for stored, answer in NUMBERS] + [(None, None)],
    ),
    rowwise(
        "json_integer: a member",
        {"s": STRING},
        lambda s: call("json_integer", call("json_get", cast(s, JSON), literal("x"))),
        INT64,
        [(f'{{"y": 1, "x": {stored}}}', answer) for stored, answer in NUMBERS] + [("{}", None), (None, None)],
    ),
    rowwise(
        "json_integer: of stored JSON",
        DOC,
        op("json_integer"),
        INT64,
        [
            (Json(7), 7),
            (Json(7.0), 7),
            (Json(7.5), None),
            (Json("7"), None),
            (Json([7]), None),
            (Json(None), None),
            (None, None),
        ],
    ),
    rowwise(
        "json_integer: an element",
        DOC,
        lambda a: call("json_integer", call("json_index", a, literal(-1))),
        INT64,
        [(Json([1, 2]), 2), (Json([]), None), (Json({"a": 1}), None), (Json([1, 2**62]), 2**62)],
    ),
    rowwise(
        "json_integer: a long number with an exponent",
        {"s": STRING},
        lambda s: call("json_integer", cast(s, JSON)),
        INT64,
        [("1e15", None), ("1e18", None), ("1e2", 100)],
    ),
]

MIXED = [1, 2.5, "a", "1", True, None, [3], {"b": "c"}, 'it\'s "é" \\']
CONTAINS = [
    rowwise(
        f"json_contains: {value!r}",
        DOC,
        lambda a, value=value: call("json_contains", a, literal(value)),
        BOOL,
        [
            (Json(MIXED), expected),
            (Json([]), False),
            (None, None),
            (Json(None), False),
            (Json({"a": 1, "b": "a"}), False),
            (Json("a"), False),
            (Json(1), False),
        ],
    )
    for value, expected in [
        (1, True),
        (1.0, True),
        (2.5, True),
        (3, False),
        (2, False),
        ("a", True),
        ("1", True),
        ("b", False),
        ("c", False),
        ("", False),
        ("null", False),
        (True, True),
        (False, False),
        ('it\'s "é" \\', True),
        (-7, False),
    ]
] + [
    rowwise(
        "json_contains: whole numbers that are one as floats",
        DOC,
        lambda a: call("json_contains", a, literal(2**53 + 1)),
        BOOL,
        [(Json([2**53, 2**53 + 1]), True), (Json([2**53, 2.0**53, "x"]), False), (Json([2**53 + 2]), False)],
    ),
    rowwise(
        "json_has: whole numbers that are one as floats",
        DOC,
        lambda a: call("json_has", a, literal({"id": 2**62 + 1})),
        BOOL,
        [(Json([{"id": 2**62}, {"id": 2**62 + 1}]), True), (Json([{"id": 2**62}, {"id": 2.0**62}]), False)],
    ),
    rowwise(
        "json_contains: true is not 1",
        DOC,
        lambda a: call("json_contains", a, literal(True)),
        BOOL,
        [(Json([1]), False), (Json(["true"]), False), (Json([True]), True)],
    ),
    rowwise(
        "json_contains: null",
        DOC,
        lambda a: call("json_contains", a, literal("null", JSON)),
        BOOL,
        [
            (Json([1, None]), True),
            (Json(["null", 0, False, []]), False),
            (Json([]), False),
            (Json(None), False),
            (None, None),
            (Json({"a": None}), False),
        ],
    ),
    rowwise(
        "json_contains: 1 is not true",
        DOC,
        lambda a: call("json_contains", a, literal(1)),
        BOOL,
        [(Json([True]), False), (Json(["1"]), False), (Json([1.0]), True), (Json([10]), False)],
    ),
]

EQUAL_TO_VALUES = [
    rowwise(
        f"json_equal: the value {wanted!r}",
        DOC,
        lambda a, wanted=wanted: call("json_equal", a, literal(json.dumps(wanted, ensure_ascii=False), JSON)),
        BOOL,
        [
            (Json(wanted), True),
            (None, None),
            (Json(None), False),
            (Json(1), False),
            (Json("y"), False),
            (Json([wanted]), False),
            (Json(str(wanted).lower() + " "), False),
            (Json(not wanted), False),
        ],
    )
    for wanted in ("x", 'a "quoted" é\n\\', "", True, False)
]
EQUAL = [
    rowwise(
        f"json_equal: {wanted}",
        DOC,
        lambda a, wanted=wanted: call("json_equal", a, literal(wanted)),
        BOOL,
        [
            *((Json(other), True) for other in same),
            *((Json(other), False) for other in different),
            (None, None),
            (Json(None), False),
            (Json(1), False),
            (Json("x"), False),
        ],
    )
    for wanted, same, different in [
        ({}, [{}], [[], {"a": 1}, {"a": None}]),
        ([], [[]], [{}, [None], [[]]]),
        (
            {"a": 1, "b": "x"},
            [{"b": "x", "a": 1}, {"a": 1.0, "b": "x"}],
            [{"a": 1}, {"a": 1, "b": "x", "c": None}, {"a": "1", "b": "x"}, {"a": True, "b": "x"}, {"a": 1, "b": None}],
        ),
        (
            {"a": None, "": True, "*": "{}"},
            [{"*": "{}", "": True, "a": None}],
            [{"": True, "*": "{}"}, {"a": None, "": True, "*": {}}, {"a": None, "": "true", "*": "{}"}],
        ),
        (
            ["a", None, 1.5, False],
            [["a", None, 1.5, False]],
            [["a", 1.5, None, False], ["a", None, 1.5], ["a", None, "1.5", False], ["a", None, 1.5, 0], {"0": "a"}],
        ),
        ({"n": 2**53 + 1}, [{"n": 2**53 + 1}], [{"n": 2**53}, {"n": 2**53 + 2}, {"n": 2.0**53}, {"n": str(2**53 + 1)}]),
        ({"n": 2**53}, [{"n": 2**53}, {"n": 2.0**53}], [{"n": 2**53 + 1}, {"n": -(2**53)}, {"n": None}, {"n": [2**53]}]),
        ([-(2**63), 2**60], [[-(2**63), 2**60]], [[-(2**63) + 1, 2**60], [-(2**63), 2**60 + 1]]),
        ([2**64 - 1], [[2**64 - 1]], [[2**64 - 2], [2**64]]),
        ([2**64], [[2**64]], [[2**64 - 1], ["x"], [True]]),
        (
            {"m": {"x": [1, {"y": []}]}, "n": "1"},
            [{"n": "1", "m": {"x": [1, {"y": []}]}}],
            [{"n": 1, "m": {"x": [1, {"y": []}]}}, {"n": "1", "m": {"x": [1, {"y": [0]}]}}, {"n": "1", "m": {"x": {"y": []}}}],
        ),
    ]
]

CONSTANTS = [
    *(
        rowwise(
            f"{name}: of a constant that is NULL",
            {"k2": INT64},
            lambda _, name=name, args=args: call(name, literal(None, JSON), *map(literal, args)),
            type_,
            [(1, answer), (2, answer)],
        )
        for name, args, type_, answer in [
            ("json_get", ["a"], JSON, None),
            ("json_get_text", ["a"], STRING, None),
            ("json_index", [0], JSON, None),
            ("json_slice", [1, -1], JSON, Json([])),
            ("json_filter", [{"a": 1}], JSON, Json([])),
            ("json_has", [{"a": 1}], BOOL, False),
            ("json_length", [], INT64, None),
            ("json_contains", ["a"], BOOL, None),
        ]
    ),
    *(
        rowwise(
            f"{name}: of a constant that is no array",
            {"k2": INT64},
            lambda _, name=name, args=args: call(name, literal({"b": 1}), *map(literal, args)),
            type_,
            [(1, answer), (2, answer)],
        )
        for name, args, type_, answer in [
            ("json_index", [-1], JSON, None),
            ("json_slice", [-2, -1], JSON, Json([])),
            ("json_filter", [{"b": 1}], JSON, Json([])),
            ("json_has", [{"b": 1}], BOOL, False),
            ("json_length", [], INT64, None),
            ("json_contains", [1], BOOL, False),
        ]
    ),
    rowwise(
        "json_slice: of a constant array",
        {"k2": INT64},
        lambda _: call("json_slice", literal([1, 2, 3]), literal(-2), literal(-1)),
        JSON,
        [(1, Json([2]))],
    ),
]

#: Text as it is stored. Python and Postgres keep the last of repeated keys.
STORED = [
    rowwise(
        "json_get_text: the last of repeated keys",
        {"s": STRING},
        lambda s: call("json_get_text", cast(s, JSON), literal("x")),
        STRING,
        [('{"x": 1, "x": 2}', "2"), ('{"x": 3}', "3")],
    ),
    rowwise(
        "json_get_text: a number with an exponent",
        {"s": STRING},
        lambda s: call("json_get_text", cast(s, JSON), literal("x")),
        STRING,
        [('{"x": 1e2}', "100.0"), ('{"x": 1.5}', "1.5")],
    ),
]

SPECS: list[Spec] = (
    STORED + CONSTANTS + INTEGER + GET + INDEX + SLICE + FILTER + HAS + LENGTH + RANGE + CONTAINS + EQUAL + EQUAL_TO_VALUES
)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_json(spec, engine):
    engine.check(spec)
