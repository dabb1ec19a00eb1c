"""Comparison: NaN equals NaN and is the largest number, text compares by code point, NULL gives NULL."""

from __future__ import annotations

import uuid

import pytest
from spec.specs import Spec, at, day, inf, nan, op, rowwise, span

from objectiv_local.plan.expr import call, literal
from objectiv_local.types import BOOL, DATE, FLOAT64, INT64, STRING, TIMEDELTA, TIMESTAMP, UUID

# Pairs in which the first is less than the second.
LESS = {
    BOOL: [(False, True)],
    INT64: [(-1, 0), (2, 10), (2**62, 2**62 + 1)],
    FLOAT64: [(-inf, -1.0), (-1.0, 0.0), (1.0, inf), (inf, nan), (1.0, nan), (-inf, nan)],
    STRING: [
        ("B", "a"),
        ("a", "b"),
        ("a", "ab"),
        ("Z", "é"),
        ("_", "a"),
        ("a b", "ab"),
        ("", " "),
        ("10", "9"),
        ("é", "😀"),
        ("\uff5e", "😀"),
        ("a", "a "),
        ("e\u0301", "é"),
    ],
    DATE: [(day("1969-12-31"), day("1970-01-01")), (day("0001-01-01"), day("9999-12-31"))],
    TIMESTAMP: [(at("2020-01-01 00:00:00"), at("2020-01-01 00:00:00.000001"))],
    TIMEDELTA: [(span(microseconds=-1), span()), (span(hours=23), span(days=1))],
    UUID: [
        (uuid.UUID(int=1), uuid.UUID(int=2**127)),
        (uuid.UUID(int=2**127 - 1), uuid.UUID(int=2**127)),
        (uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)),
    ],
}

# Pairs that are equal although they look different.
EQUAL = {
    BOOL: [(False, False), (True, True)],
    INT64: [(3, 3)],
    FLOAT64: [(nan, nan), (0.0, -0.0), (inf, inf)],
    STRING: [("", ""), ("é", "é")],
    DATE: [(day("2020-02-29"), day("2020-02-29"))],
    TIMESTAMP: [(at("2020-01-01 00:00:00"), at("2020-01-01 00:00:00.000000"))],
    TIMEDELTA: [(span(hours=24), span(days=1))],
    UUID: [(uuid.UUID(int=7), uuid.UUID(int=7))],
}

# The result for a pair that is less, equal, greater.
ANSWERS = {
    "eq": (False, True, False),
    "ne": (True, False, True),
    "lt": (True, False, False),
    "le": (True, True, False),
    "gt": (False, False, True),
    "ge": (False, True, True),
}


def pairs(type_, less, equal, greater):
    small = LESS[type_][0][0]
    return (
        [(a, b, less) for a, b in LESS[type_]]
        + [(a, b, equal) for a, b in EQUAL[type_]]
        + [(b, a, greater) for a, b in LESS[type_]]
        + [(small, None, None), (None, small, None), (None, None, None)]
    )


COLUMNS = [
    rowwise(f"{name}: {type_}", {"a": type_, "b": type_}, op(name), BOOL, pairs(type_, *answer))
    for name, answer in ANSWERS.items()
    for type_ in LESS
]

MIXED = [
    rowwise(
        "eq: an integer and a float",
        {"a": INT64, "b": FLOAT64},
        op("eq"),
        BOOL,
        [(1, 1.0, True), (1, 1.5, False), (1, nan, False), (None, 1.0, None)],
    ),
    rowwise(
        "lt: an integer and a float",
        {"a": INT64, "b": FLOAT64},
        op("lt"),
        BOOL,
        [(1, 1.5, True), (2, 1.5, False), (1, nan, True), (1, -inf, False)],
    ),
    rowwise(
        "eq: a date and a timestamp",
        {"a": DATE, "b": TIMESTAMP},
        op("eq"),
        BOOL,
        [(day("2020-01-01"), at("2020-01-01 00:00:00"), True), (day("2020-01-01"), at("2020-01-01 00:00:01"), False)],
    ),
    rowwise(
        "lt: a date and a timestamp",
        {"a": DATE, "b": TIMESTAMP},
        op("lt"),
        BOOL,
        [(day("2020-01-01"), at("2020-01-01 00:00:00.000001"), True), (day("2020-01-02"), at("2020-01-01 23:00:00"), False)],
    ),
    rowwise(
        "ge: a timestamp and a constant date",
        {"a": TIMESTAMP},
        lambda a: call("ge", a, literal(day("2020-01-02"))),
        BOOL,
        [(at("2020-01-01 23:59:59"), False), (at("2020-01-02 00:00:00"), True), (None, None)],
    ),
]

CONSTANTS = [
    rowwise(
        "eq: a text constant with quotes",
        {"a": STRING},
        lambda a: call("eq", a, literal('it\'s \\ "%"')),
        BOOL,
        [('it\'s \\ "%"', True), ("its", False), (None, None)],
    ),
    rowwise(
        "lt: a text constant",
        {"a": STRING},
        lambda a: call("lt", a, literal("a")),
        BOOL,
        [("B", True), ("a", False), ("é", False)],
    ),
    rowwise(
        "eq: the constant NaN",
        {"a": FLOAT64},
        lambda a: call("eq", a, literal(nan)),
        BOOL,
        [(nan, True), (1.0, False), (None, None)],
    ),
    rowwise(
        "gt: the constant infinity",
        {"a": FLOAT64},
        lambda a: call("gt", a, literal(inf)),
        BOOL,
        [(nan, True), (inf, False), (1.0, False)],
    ),
    rowwise(
        "lt: a constant on the left",
        {"a": INT64},
        lambda a: call("lt", literal(2), a),
        BOOL,
        [(3, True), (2, False), (None, None)],
    ),
    rowwise("eq: of constants", {"a": INT64}, lambda a: call("eq", literal(2), literal(2)), BOOL, [(3, True)]),
    rowwise(
        "eq: of a comparison",
        {"a": INT64, "b": BOOL},
        lambda a, b: call("eq", call("lt", a, literal(2)), b),
        BOOL,
        [(1, True, True), (1, False, False), (2, False, True), (None, True, None)],
    ),
    rowwise(
        "eq: of a NULL constant", {"a": INT64}, lambda a: call("eq", a, literal(None, INT64)), BOOL, [(1, None), (None, None)]
    ),
]

SPECS: list[Spec] = COLUMNS + MIXED + CONSTANTS


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_comparison(spec, engine):
    engine.check(spec)
