"""Joins: which rows of both sides meet, and what becomes of the others."""

from __future__ import annotations

import uuid

import pytest
from reference import Json
from spec.specs import Spec, answers, at, day, nan, span, table

from objectiv_local.plan.expr import Column, Ordering, aggregation, call, literal
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, Join, Limit, Select
from objectiv_local.types import BOOL, DATE, FLOAT64, INT64, JSON, STRING, TIMEDELTA, TIMESTAMP, UUID

DATA = table(
    {"k": INT64, "x": FLOAT64, "s": STRING},
    [(1, 2.5, "b"), (2, None, "B"), (3, nan, None), (4, -1.0, "a"), (5, 2.5, "é")],
    key=("k",),
)
K, X, S = (DATA.column(name) for name in DATA.types)
LEFT = table({"k": INT64, "a": STRING}, [(1, "l1"), (2, "l2"), (2, "l2b"), (None, "l0"), (4, None)], step="left")
RIGHT = table({"k": INT64, "b": STRING}, [(2, "r2"), (3, "r3"), (2, "r2b"), (None, "r0")], step="right")
SIDES = (
    ("k", "both", ("k", "k")),
    ("lk", "left", ("k", "k")),
    ("rk", "right", ("k", "k")),
    ("a", "left", ("a", "a")),
    ("b", "right", ("b", "b")),
)
JOIN_TYPES = (INT64, INT64, INT64, STRING, STRING)
MATCHED = [(2, 2, 2, "l2", "r2"), (2, 2, 2, "l2", "r2b"), (2, 2, 2, "l2b", "r2"), (2, 2, 2, "l2b", "r2b")]
NULLS = [(None, None, None, "l0", "r0")]
LEFT_ONLY = [(1, 1, None, "l1", None), (4, 4, None, None, None)]
LEFT_NULL = [(None, None, None, "l0", None)]
RIGHT_ONLY = [(3, None, 3, None, "r3")]
RIGHT_NULL = [(None, None, None, None, "r0")]
NO_LEFT = table({"k": INT64, "a": STRING}, [], step="left")
NO_RIGHT = table({"k": INT64, "b": STRING}, [], step="right")
JOIN = [
    answers(
        f"join: {how}{', NULL matching NULL' if nulls else ''}",
        Join(LEFT, RIGHT, how, (("k", "k"),), SIDES, nulls),
        JOIN_TYPES,
        expected,
    )
    for how, nulls, expected in [
        ("inner", False, MATCHED),
        ("inner", True, MATCHED + NULLS),
        ("left", False, MATCHED + LEFT_ONLY + LEFT_NULL),
        ("left", True, MATCHED + NULLS + LEFT_ONLY),
        ("outer", False, MATCHED + LEFT_ONLY + LEFT_NULL + RIGHT_ONLY + RIGHT_NULL),
        ("outer", True, MATCHED + NULLS + LEFT_ONLY + RIGHT_ONLY),
    ]
] + [
    answers(
        f"join: {how} of nothing on the {side}{', NULL matching NULL' if nulls else ''}",
        Join(left, right, how, (("k", "k"),), SIDES, nulls),
        JOIN_TYPES,
        expected,
    )
    for nulls in (False, True)
    for how, side, left, right, expected in [
        ("inner", "left", NO_LEFT, RIGHT, []),
        ("inner", "right", LEFT, NO_RIGHT, []),
        ("left", "left", NO_LEFT, RIGHT, []),
        ("left", "right", NO_LEFT, NO_RIGHT, []),
        ("outer", "left", NO_LEFT, RIGHT, [(k, None, k, None, b) for k, b in [(2, "r2"), (3, "r3"), (2, "r2b"), (None, "r0")]]),
        (
            "outer",
            "right",
            table({"k": INT64, "a": STRING}, [(1, "l1"), (None, "l0")]),
            NO_RIGHT,
            [(1, 1, None, "l1", None), (None, None, None, "l0", None)],
        ),
    ]
]
KEYED = {
    BOOL: (True, False),
    FLOAT64: (nan, 1.5),
    STRING: ("a", "A"),
    DATE: (day("2020-01-01"), day("2020-01-02")),
    TIMESTAMP: (at("2020-01-01 00:00:00"), at("2020-01-01 00:00:01")),
    TIMEDELTA: (span(hours=24), span(1, microseconds=1)),
    UUID: (uuid.UUID(int=1), uuid.UUID(int=2)),
}


def on(type_, how, nulls):
    a, b = KEYED[type_]
    left = table({"k": type_, "l": INT64}, [(a, 1), (b, 2), (None, 3)])
    right = table({"k": type_, "r": INT64}, [(a, 10), (None, 30)])
    return Join(
        left,
        right,
        how,
        (("k", "k"),),
        (("k", "both", ("k", "k")), ("l", "left", ("l", "l")), ("r", "right", ("r", "r"))),
        nulls,
    )


JOIN_KEYS = [
    spec
    for type_, (a, b) in KEYED.items()
    for spec in (
        answers(
            f"join: outer on {type_}",
            on(type_, "outer", False),
            (type_, INT64, INT64),
            [(a, 1, 10), (b, 2, None), (None, 3, None), (None, None, 30)],
        ),
        answers(
            f"join: outer on {type_}, NULL matching NULL",
            on(type_, "outer", True),
            (type_, INT64, INT64),
            [(a, 1, 10), (b, 2, None), (None, 3, 30)],
        ),
        answers(
            f"join: inner on {type_}, NULL matching NULL",
            on(type_, "inner", True),
            (type_, INT64, INT64),
            [(a, 1, 10), (None, 3, 30)],
        ),
    )
]
PAIRS_L = table({"x": INT64, "y": STRING, "a": INT64}, [(1, "p", 1), (1, None, 2), (None, "p", 3), (None, None, 4)])
PAIRS_R = table({"u": INT64, "v": STRING, "b": INT64}, [(1, "p", 10), (1, None, 20), (None, "p", 30), (2, "p", 50)])


def pairs(how, nulls):
    return Join(PAIRS_L, PAIRS_R, how, (("x", "u"), ("y", "v")), (("a", "left", ("a", "a")), ("b", "right", ("b", "b"))), nulls)


JOIN_MORE = [
    answers("join: inner on two columns", pairs("inner", False), (INT64, INT64), [(1, 10)]),
    answers(
        "join: inner on two columns, NULL matching NULL", pairs("inner", True), (INT64, INT64), [(1, 10), (2, 20), (3, 30)]
    ),
    answers(
        "join: outer on two columns",
        pairs("outer", False),
        (INT64, INT64),
        [(1, 10), (2, None), (3, None), (4, None), (None, 20), (None, 30), (None, 50)],
    ),
    answers(
        "join: outer on two columns, NULL matching NULL",
        pairs("outer", True),
        (INT64, INT64),
        [(1, 10), (2, 20), (3, 30), (4, None), (None, 50)],
    ),
    answers(
        "join: left on two columns, NULL matching NULL",
        pairs("left", True),
        (INT64, INT64),
        [(1, 10), (2, 20), (3, 30), (4, None)],
    ),
    answers(
        "join: zero meets minus zero, and the empty text is not NULL",
        Join(
            table({"k": FLOAT64, "s": STRING}, [(0.0, "")]),
            table({"k": FLOAT64, "s": STRING}, [(-0.0, None), (-0.0, "")]),
            "inner",
            (("k", "k"), ("s", "s")),
            (("n", "right", ("s", "s")),),
            True,
        ),
        (STRING,),
        [("",)],
    ),
    answers(
        "join: with itself",
        Join(DATA, DATA, "inner", (("x", "x"),), (("a", "left", ("k", "k")), ("b", "right", ("k", "k")))),
        (INT64, INT64),
        [(1, 1), (1, 5), (5, 1), (5, 5), (3, 3), (4, 4)],
    ),
    answers(
        "join: with an aggregate of itself",
        Join(
            DATA,
            Aggregate(DATA, (("x", X),), (("n", aggregation("size")),)),
            "left",
            (("x", "x"),),
            (("k", "left", ("k", "k")), ("n", "right", ("n", "n"))),
            True,
        ),
        (INT64, INT64),
        [(1, 2), (2, 1), (3, 1), (4, 1), (5, 2)],
    ),
    answers(
        "join: both sides of a column that is no key",
        Join(
            table({"k": INT64, "x": INT64}, [(1, None), (2, 5)]),
            table({"k": INT64, "x": INT64}, [(1, 7), (2, 8), (3, 9)]),
            "outer",
            (("k", "k"),),
            (("x", "both", ("x", "x")),),
        ),
        (INT64,),
        [(7,), (5,), (9,)],
    ),
    answers(
        "join: JSON on both sides",
        Join(
            table({"k": INT64, "j": JSON}, [(1, None), (2, Json([1]))]),
            table({"k": INT64, "j": JSON}, [(1, Json({})), (2, Json(2))]),
            "outer",
            (("k", "k"),),
            (("j", "both", ("j", "j")),),
        ),
        (JSON,),
        [(Json({}),), (Json([1]),)],
    ),
    answers(
        "join: computed keys",
        Join(
            Extend(LEFT, (("k2", call("mul", LEFT.column("k"), literal(2))),)),
            RIGHT,
            "inner",
            (("k2", "k"),),
            (("a", "left", ("a", "a")), ("b", "right", ("b", "b"))),
        ),
        (STRING, STRING),
        [("l1", "r2"), ("l1", "r2b")],
    ),
    answers(
        "join: a filter on the missing side",
        Filter(Join(LEFT, RIGHT, "left", (("k", "k"),), SIDES), call("is_null", Column("rk", INT64))),
        JOIN_TYPES,
        LEFT_ONLY + LEFT_NULL,
    ),
    answers(
        "join: a constant is missing too where the row is",
        Join(
            LEFT,
            Extend(RIGHT, (("one", literal(1)),)),
            "left",
            (("k", "k"),),
            (("a", "left", ("a", "a")), ("one", "right", ("one", "one"))),
        ),
        (STRING, INT64),
        [("l1", None), ("l2", 1), ("l2", 1), ("l2b", 1), ("l2b", 1), ("l0", None), (None, None)],
    ),
    answers(
        "join: a filter below",
        Join(
            Filter(LEFT, call("eq", LEFT.column("k"), literal(2))),
            Filter(RIGHT, call("gt", RIGHT.column("k"), literal(2))),
            "outer",
            (("k", "k"),),
            (("k", "both", ("k", "k")),),
        ),
        (INT64,),
        [(2,), (2,), (3,)],
    ),
    answers(
        "join: a limit below",
        Join(
            Limit(LEFT, (Ordering(LEFT.column("a")),), 1),
            RIGHT,
            "left",
            (("k", "k"),),
            (("a", "left", ("a", "a")), ("b", "right", ("b", "b"))),
        ),
        (STRING, STRING),
        [("l0", None)],
    ),
    answers(
        "join: of joins",
        Join(
            Join(
                LEFT,
                RIGHT,
                "inner",
                (("k", "k"),),
                (("k", "left", ("k", "k")), ("a", "left", ("a", "a")), ("b", "right", ("b", "b"))),
            ),
            table({"k": INT64, "c": FLOAT64}, [(2, 0.5), (9, 1.5)]),
            "outer",
            (("k", "k"),),
            (("a", "left", ("a", "a")), ("b", "left", ("b", "b")), ("c", "right", ("c", "c"))),
        ),
        (STRING, STRING, FLOAT64),
        [("l2", "r2", 0.5), ("l2", "r2b", 0.5), ("l2b", "r2", 0.5), ("l2b", "r2b", 0.5), (None, None, 1.5)],
    ),
    answers(
        "join: a column of it is replaced",
        Extend(Join(LEFT, RIGHT, "left", (("k", "k"),), SIDES), (("b", literal(1)), ("k", literal(2)))),
        (INT64, INT64, INT64, STRING, INT64),
        [(2, lk, rk, a, 1) for _, lk, rk, a, _ in MATCHED + LEFT_ONLY + LEFT_NULL],
    ),
    answers(
        "join: a column of it is replaced twice",
        Extend(
            Extend(
                Join(
                    LEFT,
                    RIGHT,
                    "inner",
                    (("k", "k"),),
                    (("k", "left", ("k", "k")), ("a", "left", ("a", "a")), ("b", "right", ("b", "b"))),
                ),
                (("a", literal(1)),),
            ),
            (("a", literal(2)),),
        ),
        (INT64, INT64, STRING),
        [(2, 2, "r2"), (2, 2, "r2b")] * 2,
    ),
    answers(
        "join: one of its columns",
        Select(Join(LEFT, RIGHT, "left", (("k", "k"),), SIDES), (("b", Column("b", STRING)),)),
        (STRING,),
        [("r2",), ("r2b",), ("r2",), ("r2b",), (None,), (None,), (None,)],
    ),
    answers(
        "join: none of its columns",
        Aggregate(Join(LEFT, RIGHT, "left", (("k", "k"),), SIDES), (), (("n", aggregation("size")),)),
        (INT64,),
        [(7,)],
    ),
    answers(
        "join: on a key, none of whose columns is read",
        Aggregate(
            Join(
                LEFT,
                Aggregate(RIGHT, (("k", RIGHT.column("k")),), (("n", aggregation("size")),)),
                "left",
                (("k", "k"),),
                (("k", "left", ("k", "k")), ("n", "right", ("n", "n"))),
            ),
            (),
            (("rows", aggregation("size")),),
        ),
        (INT64,),
        [(5,)],
    ),
    answers(
        "join: case variants of one name",
        Join(
            table({"k": INT64, "ab": INT64}, [(1, 10)]),
            table({"K": INT64, "AB": INT64}, [(1, 20)]),
            "inner",
            (("k", "K"),),
            (("AB", "left", ("ab", "ab")), ("ab", "right", ("AB", "AB"))),
        ),
        (INT64, INT64),
        [(10, 20)],
    ),
]

SPECS: list[Spec] = JOIN + JOIN_KEYS + JOIN_MORE


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_joins(spec, engine):
    engine.check(spec)
