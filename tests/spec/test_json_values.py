"""Values of JSON: numbers, constants, what contains what, and equality."""

from __future__ import annotations

import json

import pytest
from reference import Json
from spec.specs import Spec, op, rowwise

from objectiv_local.plan.expr import call, cast, literal
from objectiv_local.types import BOOL, INT64, INT64_MAX, INT64_MIN, JSON, STRING

DOC = {"a": JSON}
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

SPECS: list[Spec] = INTEGER + CONTAINS + EQUAL_TO_VALUES + EQUAL + CONSTANTS + STORED


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_json_values(spec, engine):
    engine.check(spec)
