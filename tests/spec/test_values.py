"""Rows of constants: values of every type, and names of columns."""

from __future__ import annotations

import uuid

import pytest
from reference import Json
from spec.specs import Spec, answers, at, day, inf, nan, span, table

from objectiv_local.plan.expr import Column, Ordering, aggregation, call, literal
from objectiv_local.plan.nodes import Aggregate, Filter, Limit, Select
from objectiv_local.types import BOOL, DATE, FLOAT64, INT64, JSON, STRING, TIMEDELTA, TIMESTAMP, UUID, Type

STACK = Type("json", "stack")
EVERY = {
    "b": (BOOL, [True, False]),
    "i": (INT64, [-(2**63), 2**63 - 1]),
    "f": (FLOAT64, [nan, -inf]),
    "s": (STRING, ["", 'it\'s "é" \\ 😀 \t%s {x} $1 ?']),
    "d": (DATE, [day("0001-01-01"), day("9999-12-31")]),
    "t": (TIMESTAMP, [at("0001-01-01 00:00:00"), at("9999-12-31 23:59:59.999999")]),
    "p": (TIMEDELTA, [span(microseconds=-1), span(days=100_000_000, microseconds=1)]),
    "u": (UUID, [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)]),
    "j": (JSON, [Json(None), Json({"é'\\\"": [1, 2.5, True, None, {}]})]),
    "l": (STACK, [Json([]), Json([{"_type": "X"}])]),
}
EVERY_TYPES = {name: type_ for name, (type_, _) in EVERY.items()}
EVERY_ROWS = [
    (*(values[0] for _, values in EVERY.values()),),
    (*(values[1] for _, values in EVERY.values()),),
    (None,) * len(EVERY),
]
VALUES = [
    answers("values: every type", table(EVERY_TYPES, EVERY_ROWS), tuple(EVERY_TYPES.values()), EVERY_ROWS),
    answers("values: only NULL", table(EVERY_TYPES, EVERY_ROWS[2:]), tuple(EVERY_TYPES.values()), EVERY_ROWS[2:]),
    answers("values: NULL before a value", table(EVERY_TYPES, EVERY_ROWS[::-1]), tuple(EVERY_TYPES.values()), EVERY_ROWS),
    answers("values: no rows", table(EVERY_TYPES, []), tuple(EVERY_TYPES.values()), []),
    answers(
        "values: text of two lines", table({"s": STRING}, [("a\nb\r\n  c",), ("\n",)]), (STRING,), [("a\nb\r\n  c",), ("\n",)]
    ),
    answers(
        "values: equal rows stay", table({"x": INT64}, [(1,), (1,), (None,), (None,)]), (INT64,), [(1,), (1,), (None,), (None,)]
    ),
]
CASES = {
    "ab": INT64,
    "AB": INT64,
    "Ab": INT64,
    "select": INT64,
    'a "b"': INT64,
    "é": INT64,
    "É": INT64,
    " ": INT64,
    "n" * 70 + "1": INT64,
    "n" * 70 + "2": INT64,
    "é" * 40 + "1": INT64,
    "é" * 40 + "2": INT64,
    "ab_2": INT64,
    "1": INT64,
    "a.b": INT64,
    "it's": INT64,
    "%s": INT64,
    "user": INT64,
    "column_1": INT64,
}
CASE_ROW = tuple(range(1, len(CASES) + 1))
NAMED = table(CASES, [CASE_ROW, tuple(100 + value for value in CASE_ROW)])
NAMES = [
    answers(
        "names: every column is its own", NAMED, (INT64,) * len(CASES), [CASE_ROW, tuple(100 + value for value in CASE_ROW)]
    ),
    *(
        answers(
            f"names: a filter on {name!r}",
            Select(
                Filter(NAMED, call("eq", NAMED.column(name), literal(value))),
                ((name, NAMED.column(name)), ("ab", call("add", NAMED.column(name), literal(1000)))),
            )
            if name != "ab"
            else Select(
                Filter(NAMED, call("eq", NAMED.column(name), literal(value))),
                ((name, NAMED.column(name)), ("AB", call("add", NAMED.column(name), literal(1000)))),
            ),
            (INT64, INT64),
            [(value, 1000 + value)],
        )
        for name, value in zip(CASES, CASE_ROW, strict=True)
    ),
    answers(
        "names: groups by a column and its case variant",
        Aggregate(
            NAMED, (("AB", NAMED.column("ab")), ("ab", NAMED.column("AB"))), (("Ab", aggregation("sum", NAMED.column("Ab"))),)
        ),
        (INT64, INT64, INT64),
        [(1, 2, 3), (101, 102, 103)],
    ),
    answers(
        "names: long names swapped",
        Select(NAMED, (("n" * 70 + "1", NAMED.column("n" * 70 + "2")), ("n" * 70 + "2", NAMED.column("n" * 70 + "1")))),
        (INT64, INT64),
        [(10, 9), (110, 109)],
    ),
    answers(
        "names: order by a case variant",
        Limit(
            Select(table({"a": INT64, "A": INT64}, [(1, 9), (2, 8)]), (("A", Column("a", INT64)), ("a", Column("A", INT64)))),
            (Ordering(Column("a", INT64)),),
            1,
        ),
        (INT64, INT64),
        [(2, 8)],
    ),
]

SPECS: list[Spec] = VALUES + NAMES


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_values(spec, engine):
    engine.check(spec)
