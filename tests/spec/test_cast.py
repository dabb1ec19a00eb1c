"""Casts: Python's text of numbers, truncation toward zero, and an error for text that cannot be parsed."""

from __future__ import annotations

import uuid

import pytest
from reference import Json
from spec.specs import Spec, at, day, fails, inf, nan, rowwise

from objectiv_local.plan.expr import Cast, call, cast, literal
from objectiv_local.types import BOOL, DATE, FLOAT64, INT64, INT64_MAX, INT64_MIN, JSON, STRING, TIMESTAMP, UUID, Type

STACK = Type("json", "stack")
ID = "123e4567-e89b-12d3-a456-426614174000"


def to(type_: Type):
    return lambda a: cast(a, type_)


def casting(source: Type, target: Type, rows: list[tuple[object, object]], note: str = ""):
    return rowwise(f"cast: {source} to {target}{note}", {"a": source}, to(target), target, [*rows, (None, None)])


def refused(source: Type, target: Type, *values: object):
    return [fails(f"cast: {value!r} is no {target}", {"a": source}, to(target), (value,)) for value in values]


NUMBERS = [
    casting(BOOL, INT64, [(True, 1), (False, 0)]),
    casting(BOOL, FLOAT64, [(True, 1.0), (False, 0.0)]),
    casting(INT64, FLOAT64, [(1, 1.0), (-3, -3.0), (2**53, 9007199254740992.0), (INT64_MIN, -9223372036854775808.0)]),
    casting(INT64, BOOL, [(0, False), (1, True), (-1, True), (2, True), (INT64_MIN, True)]),
    casting(
        FLOAT64,
        INT64,
        [
            (2.5, 2),
            (3.5, 3),
            (-2.5, -2),
            (0.9, 0),
            (-0.9, 0),
            (1e15, 10**15),
            (2.0**53, 2**53),
            (-(2.0**63), INT64_MIN),
            (9223372036854774784.0, 9223372036854774784),
        ],
    ),
    *refused(FLOAT64, INT64, nan, inf, -inf, 2.0**63, 1e300, -1e19),
]

TO_TEXT = [
    casting(BOOL, STRING, [(True, "true"), (False, "false")]),
    casting(INT64, STRING, [(0, "0"), (-12, "-12"), (INT64_MAX, "9223372036854775807"), (INT64_MIN, "-9223372036854775808")]),
    casting(
        FLOAT64,
        STRING,
        [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (-2.5, "-2.5"),
            (0.0, "0.0"),
            (100.0, "100.0"),
            (123456789.25, "123456789.25"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (1e-05, "1e-05"),
            (1.5e-07, "1.5e-07"),
            (nan, "nan"),
            (inf, "inf"),
            (-inf, "-inf"),
            (0.1 + 0.2, "0.30000000000000004"),
            (9007199254740991.0, "9007199254740991.0"),
            (-1e22, "-1e+22"),
        ],
    ),
    casting(FLOAT64, STRING, [(-0.0, "-0.0")], ", negative zero"),
    casting(
        FLOAT64,
        STRING,
        [(1234567890123456.5, "1234567890123456.5"), (-1000000000000000.1, "-1000000000000000.1"), (1e16, "1e+16")],
        ", a fraction beyond 1e15",
    ),
    casting(DATE, STRING, [(day("2020-02-29"), "2020-02-29"), (day("0099-01-01"), "0099-01-01")]),
    casting(
        TIMESTAMP,
        STRING,
        [
            (at("2020-01-05 13:07:09.012345"), "2020-01-05 13:07:09.012345"),
            (at("2020-01-05 00:00:00"), "2020-01-05 00:00:00.000000"),
            (at("2020-01-05 00:00:00.5"), "2020-01-05 00:00:00.500000"),
            (at("1969-12-31 23:59:59.999999"), "1969-12-31 23:59:59.999999"),
        ],
    ),
    casting(UUID, STRING, [(uuid.UUID(ID.upper()), ID)]),
    rowwise(
        "cast: text of a number in a text",
        {"a": FLOAT64},
        lambda a: call("concat", literal("a"), cast(a, STRING)),
        STRING,
        [(1.0, "a1.0"), (None, None)],
    ),
]

FROM_TEXT = [
    casting(
        STRING,
        INT64,
        [
            ("1", 1),
            ("-12", -12),
            ("+3", 3),
            (" 7 ", 7),
            ("007", 7),
            ("-0", 0),
            ("9223372036854775807", INT64_MAX),
            ("-9223372036854775808", INT64_MIN),
        ],
    ),
    *refused(STRING, INT64, "", " ", "1.5", "1e3", "0x10", "1_000", "x", "9223372036854775808", "+", "1 2", "--1", "\u0661"),
    casting(
        STRING,
        FLOAT64,
        [
            ("1", 1.0),
            ("-2.5", -2.5),
            ("1e3", 1000.0),
            ("1.5E-2", 0.015),
            ("+.5", 0.5),
            ("2.", 2.0),
            ("nan", nan),
            ("NaN", nan),
            ("inf", inf),
            ("-inf", -inf),
            ("Infinity", inf),
        ],
    ),
    *refused(STRING, FLOAT64, "", "x", "1e", "1_000", "1,5", "0x10", ".", "1.5 2", "infin"),
    casting(
        STRING,
        BOOL,
        [
            ("true", True),
            ("t", True),
            ("yes", True),
            ("y", True),
            ("1", True),
            ("TRUE", True),
            ("Yes", True),
            ("false", False),
            ("f", False),
            ("no", False),
            ("n", False),
            ("0", False),
            ("FALSE", False),
            ("N", False),
        ],
    ),
    *refused(STRING, BOOL, "", "on", "off", "tru", "2", "x", "nul"),
    casting(
        STRING, DATE, [("2020-02-29", day("2020-02-29")), ("0099-01-01", day("0099-01-01")), ("1969-12-31", day("1969-12-31"))]
    ),
    *refused(
        STRING,
        DATE,
        "",
        "2021-02-29",
        "01/02/2020",
        "20200101",
        "2020-1-1",
        "now",
        "today",
        "epoch",
        "infinity",
        "2020-13-01",
        "2020-01-01 00:00:00",
    ),
    casting(
        STRING,
        TIMESTAMP,
        [
            ("2020-01-05 13:07:09", at("2020-01-05 13:07:09")),
            ("2020-01-05T13:07:09", at("2020-01-05 13:07:09")),
            ("2020-01-05 13:07:09.5", at("2020-01-05 13:07:09.5")),
            ("2020-01-05T13:07:09.012345", at("2020-01-05 13:07:09.012345")),
            ("1969-12-31 23:59:59.999999", at("1969-12-31 23:59:59.999999")),
        ],
    ),
    *refused(
        STRING,
        TIMESTAMP,
        "",
        "now",
        "infinity",
        "20200105",
        "2020-01-05 25:00:00",
        "2021-02-29 00:00:00",
        "01/05/2020 13:07:09",
        "2020-01-05 13:07:09.0123456",
        "2020-01-05 13:60:00",
        "epoch",
    ),
    casting(STRING, UUID, [(ID, uuid.UUID(ID)), (ID.upper(), uuid.UUID(ID))]),
    *refused(STRING, UUID, "", "x", ID[:-1], ID + "0", ID.replace("e", "g"), ID.replace("-", ""), "{" + ID + "}"),
    casting(
        STRING,
        JSON,
        [
            ('{"a": [1, "é", null]}', Json({"a": [1, "é", None]})),
            ("3", Json(3)),
            ('"x"', Json("x")),
            ("null", Json(None)),
            (" [] ", Json([])),
            ("true", Json(True)),
        ],
    ),
    *refused(STRING, JSON, "", "x", "{a: 1}", "[1,]", "'x'", '{"a"}', "[1 2]", "NaN", "01", "[1] 2"),
]

MOMENTS = [
    casting(DATE, TIMESTAMP, [(day("2020-02-29"), at("2020-02-29 00:00:00")), (day("1969-12-31"), at("1969-12-31 00:00:00"))]),
    casting(
        TIMESTAMP,
        DATE,
        [
            (at("2020-02-29 23:59:59.999999"), day("2020-02-29")),
            (at("1969-12-31 23:59:59.999999"), day("1969-12-31")),
            (at("2020-02-29 00:00:00"), day("2020-02-29")),
        ],
    ),
]

OTHERS = [
    rowwise("cast: JSON to JSON with a label", {"a": JSON}, to(STACK), STACK, [(Json([1]), Json([1])), (None, None)]),
    rowwise("cast: of a cast", {"a": STRING}, lambda a: cast(cast(a, FLOAT64), INT64), INT64, [("-2.7", -2), (None, None)]),
    rowwise("cast: of a sum", {"a": INT64}, lambda a: cast(call("add", a, literal(1)), STRING), STRING, [(-3, "-2")]),
    rowwise(
        "cast: of a comparison",
        {"a": INT64},
        lambda a: cast(call("lt", a, literal(2)), INT64),
        INT64,
        [(1, 1), (2, 0), (None, None)],
    ),
    rowwise("cast: of a constant", {"a": INT64}, lambda a: Cast(literal("12"), INT64), INT64, [(0, 12)]),
    rowwise("cast: a negative number to text", {"a": INT64}, lambda a: cast(call("neg", a), STRING), STRING, [(3, "-3")]),
    rowwise(
        "cast: JSON text to a number",
        {"a": JSON},
        lambda a: cast(call("json_get_text", a, literal("n")), FLOAT64),
        FLOAT64,
        [(Json({"n": 1.5}), 1.5), (Json({"n": 100}), 100.0), (Json({"n": "7"}), 7.0), (Json({}), None)],
    ),
]

SPECS: list[Spec] = NUMBERS + TO_TEXT + FROM_TEXT + MOMENTS + OTHERS


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_cast(spec, engine):
    engine.check(spec)
