"""Logic with three values, missing values, and the choice between values."""

from __future__ import annotations

import uuid

import pytest
from reference import Json
from spec.specs import Spec, at, day, nan, op, rowwise, span

from objectiv_local.plan.expr import call, case, literal
from objectiv_local.types import BOOL, DATE, FLOAT64, INT64, JSON, STRING, TIMEDELTA, TIMESTAMP, UUID, Type

BOOLS = {"a": BOOL, "b": BOOL}
STACK = Type("json", "stack")

# A value of each type that might be mistaken for a missing one.
EMPTY = {
    BOOL: False,
    INT64: 0,
    FLOAT64: nan,
    STRING: "",
    DATE: day("1970-01-01"),
    TIMESTAMP: at("1970-01-01 00:00:00"),
    TIMEDELTA: span(),
    UUID: uuid.UUID(int=0),
    JSON: Json(None),
}

LOGIC = [
    rowwise(
        "and: the truth table",
        BOOLS,
        op("and"),
        BOOL,
        [
            (True, True, True),
            (True, False, False),
            (True, None, None),
            (False, True, False),
            (False, False, False),
            (False, None, False),
            (None, True, None),
            (None, False, False),
            (None, None, None),
        ],
    ),
    rowwise(
        "or: the truth table",
        BOOLS,
        op("or"),
        BOOL,
        [
            (True, True, True),
            (True, False, True),
            (True, None, True),
            (False, True, True),
            (False, False, False),
            (False, None, None),
            (None, True, True),
            (None, False, None),
            (None, None, None),
        ],
    ),
    rowwise(
        "xor: the truth table",
        BOOLS,
        op("xor"),
        BOOL,
        [
            (True, True, False),
            (True, False, True),
            (True, None, None),
            (False, True, True),
            (False, False, False),
            (False, None, None),
            (None, True, None),
            (None, False, None),
            (None, None, None),
        ],
    ),
    rowwise("not: the truth table", {"a": BOOL}, op("not"), BOOL, [(True, False), (False, True), (None, None)]),
    rowwise(
        "not: of and",
        BOOLS,
        lambda a, b: call("not", call("and", a, b)),
        BOOL,
        [(True, True, False), (True, False, True), (None, False, True), (None, True, None)],
    ),
    rowwise(
        "not: of or",
        BOOLS,
        lambda a, b: call("not", call("or", a, b)),
        BOOL,
        [(True, False, False), (False, False, True), (None, True, False), (None, False, None)],
    ),
    rowwise(
        "not: of a comparison with NaN",
        {"a": FLOAT64},
        lambda a: call("not", call("lt", a, literal(1.0))),
        BOOL,
        [(nan, True), (0.0, False), (None, None)],
    ),
    rowwise(
        "not: of a missing value", {"a": INT64}, lambda a: call("not", call("is_null", a)), BOOL, [(None, False), (1, True)]
    ),
    rowwise("not: of not", {"a": BOOL}, lambda a: call("not", call("not", a)), BOOL, [(True, True), (None, None)]),
    rowwise(
        "xor: of comparisons",
        {"a": INT64, "b": INT64},
        lambda a, b: call("xor", call("lt", a, b), call("eq", a, literal(1))),
        BOOL,
        [(1, 2, False), (0, 2, True), (1, 0, True), (3, 2, False), (1, None, None)],
    ),
    rowwise(
        "or: within and",
        BOOLS,
        lambda a, b: call("and", a, call("or", a, b)),
        BOOL,
        [(False, True, False), (True, False, True)],
    ),
    rowwise(
        "and: within or",
        BOOLS,
        lambda a, b: call("or", call("and", a, b), b),
        BOOL,
        [(False, True, True), (True, False, False)],
    ),
]

MISSING = [
    spec
    for type_, value in EMPTY.items()
    for spec in (
        rowwise(f"is_null: {type_}", {"a": type_}, op("is_null"), BOOL, [(None, True), (value, False)]),
        rowwise(f"not_null: {type_}", {"a": type_}, op("not_null"), BOOL, [(None, False), (value, True)]),
        rowwise(
            f"coalesce: {type_}",
            {"a": type_, "b": type_},
            op("coalesce"),
            type_,
            [(None, value, value), (value, None, value), (None, None, None)],
        ),
    )
]

COALESCE = [
    rowwise("coalesce: the first value", {"a": INT64, "b": INT64}, op("coalesce"), INT64, [(1, 2, 1), (None, 2, 2)]),
    rowwise(
        "coalesce: with a constant", {"a": STRING}, lambda a: call("coalesce", a, literal("?")), STRING, [("", ""), (None, "?")]
    ),
    rowwise(
        "coalesce: an integer and a float",
        {"a": INT64, "b": FLOAT64},
        op("coalesce"),
        FLOAT64,
        [(1, 2.5, 1.0), (None, 2.5, 2.5), (None, nan, nan)],
    ),
    rowwise(
        "coalesce: a date and a timestamp",
        {"a": DATE, "b": TIMESTAMP},
        op("coalesce"),
        TIMESTAMP,
        [(day("2020-01-01"), None, at("2020-01-01 00:00:00")), (None, at("2020-01-01 01:00:00"), at("2020-01-01 01:00:00"))],
    ),
    rowwise(
        "coalesce: keeps the label of JSON",
        {"a": STACK, "b": JSON},
        op("coalesce"),
        STACK,
        [(Json([1]), Json([2]), Json([1])), (None, Json([2]), Json([2])), (Json(None), Json([2]), Json(None))],
    ),
    rowwise(
        "coalesce: with an empty JSON array",
        {"a": JSON},
        lambda a: call("coalesce", a, literal([])),
        JSON,
        [(None, Json([])), (Json({"a": "é"}), Json({"a": "é"}))],
    ),
]

CASE = [
    rowwise(
        "case: the first condition that is true",
        {"a": INT64},
        lambda a: case(
            [(call("lt", a, literal(10)), literal("small")), (call("lt", a, literal(20)), literal("middle"))], literal("large")
        ),
        STRING,
        [(5, "small"), (15, "middle"), (25, "large"), (None, "large")],
    ),
    rowwise(
        "case: NULL without a default",
        {"a": BOOL},
        lambda a: case([(a, literal(1))]),
        INT64,
        [(True, 1), (False, None), (None, None)],
    ),
    rowwise(
        "case: an integer and a float share float64",
        {"a": BOOL, "b": INT64, "c": FLOAT64},
        lambda a, b, c: case([(a, b)], c),
        FLOAT64,
        [(True, 1, 2.5, 1.0), (False, 1, 2.5, 2.5), (None, 1, nan, nan), (True, None, 2.5, None)],
    ),
    rowwise(
        "case: a date and a timestamp share timestamp",
        {"a": BOOL, "b": DATE, "c": TIMESTAMP},
        lambda a, b, c: case([(a, b)], c),
        TIMESTAMP,
        [
            (True, day("2020-01-01"), at("2020-05-05 05:00:00"), at("2020-01-01 00:00:00")),
            (False, day("2020-01-01"), at("2020-05-05 05:00:00"), at("2020-05-05 05:00:00")),
        ],
    ),
    rowwise(
        "case: of JSON",
        {"a": BOOL, "b": JSON},
        lambda a, b: case([(a, b)], literal({"x": [1]})),
        JSON,
        [(True, Json([None]), Json([None])), (False, Json(1), Json({"x": [1]}))],
    ),
    rowwise(
        "case: of uuid",
        {"a": BOOL, "b": UUID},
        lambda a, b: case([(a, b)], literal(uuid.UUID(int=1))),
        UUID,
        [(True, uuid.UUID(int=9), uuid.UUID(int=9)), (None, uuid.UUID(int=9), uuid.UUID(int=1))],
    ),
    rowwise(
        "case: of durations",
        {"a": BOOL, "b": TIMEDELTA},
        lambda a, b: case([(a, b)], literal(span(hours=1))),
        TIMEDELTA,
        [(True, span(2), span(2)), (None, span(2), span(hours=1))],
    ),
    rowwise(
        "case: in arithmetic",
        {"a": INT64},
        lambda a: call("add", call("mul", case([(call("gt", a, literal(1)), a)], literal(0)), literal(2)), literal(1)),
        INT64,
        [(5, 11), (1, 1), (None, 1)],
    ),
    rowwise(
        "case: in a case",
        {"a": BOOL, "b": BOOL},
        lambda a, b: case([(a, case([(b, literal(1))], literal(2)))], literal(3)),
        INT64,
        [(True, True, 1), (True, False, 2), (False, True, 3)],
    ),
]

SPECS: list[Spec] = LOGIC + MISSING + COALESCE + CASE


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_logic(spec, engine):
    engine.check(spec)
