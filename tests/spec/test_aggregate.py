"""Aggregates: by group, over a whole table, and over no rows; NULL is never a value of an aggregate."""

from __future__ import annotations

import uuid

import pytest
from reference import Json
from spec.specs import Fails, Spec, answers, at, day, grouped, inf, nan, numbered, overall, span, table

from objectiv_local.plan.expr import Column, Ordering, aggregation, call, case, literal
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, Select
from objectiv_local.types import BOOL, DATE, FLOAT64, INT64, INT64_MAX, JSON, STRING, TIMEDELTA, TIMESTAMP, UUID, Type

K = Column("k", INT64)
STACK = Type("json", "stack")


def agg(name: str, **parts):
    return lambda *args: aggregation(name, *args, **parts)


def uid(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)


# Distinct values of each type, in order.
VALUES = {
    BOOL: [False, True],
    INT64: [-3, 2, 10],
    FLOAT64: [-inf, 1.5, inf, nan],
    STRING: ["", "B", "_", "a", "a b", "ab", "b", "é", "😀"],
    DATE: [day("1969-12-31"), day("2020-02-29")],
    TIMESTAMP: [at("1969-12-31 23:59:59"), at("2020-01-01 00:00:00"), at("2020-01-01 00:00:00.000001")],
    TIMEDELTA: [span(days=-1), span(), span(hours=5)],
    UUID: [uid(1), uid(2**127 - 1), uid(2**127), uid(2**128 - 1)],
}
JSONS = [Json({"a": 1}), Json(None), Json([])]

COUNTS = [
    grouped("size: rows", {"x": INT64}, lambda x: aggregation("size"), INT64, [([1, None, 1], 3), ([None], 1)]),
    overall("size: of no rows", {"x": INT64}, lambda x: aggregation("size"), INT64, [], 0),
    *(
        grouped(
            f"count: {type_}", {"x": type_}, agg("count"), INT64, [([*values, None, values[0]], len(values) + 1), ([None], 0)]
        )
        for type_, values in [*VALUES.items(), (JSON, JSONS)]
    ),
    overall("count: of no rows", {"x": INT64}, agg("count"), INT64, [], 0),
    *(
        grouped(
            f"nunique: {type_}",
            {"x": type_},
            agg("nunique"),
            INT64,
            [([*values, None, values[0], None, values[-1]], len(values)), ([None], 0)],
        )
        for type_, values in VALUES.items()
    ),
    grouped(
        "nunique: NaN is one value, and so is zero", {"x": FLOAT64}, agg("nunique"), INT64, [([nan, nan, 0.0, -0.0, 1.0], 3)]
    ),
    overall("nunique: of no rows", {"x": STRING}, agg("nunique"), INT64, [], 0),
]

# A column, the values of a group, their sum, their mean.
TOTALS = [
    (INT64, [1, 2, None, -6], -3, -1.0),
    (INT64, [INT64_MAX, -1], INT64_MAX - 1, (INT64_MAX - 1) / 2),
    (INT64, [INT64_MAX, 1, -1], INT64_MAX, INT64_MAX / 3),
    (FLOAT64, [0.5, None, 1.0], 1.5, 0.75),
    (FLOAT64, [1.0, nan], nan, nan),
    (FLOAT64, [1.0, inf], inf, inf),
    (FLOAT64, [inf, -inf], nan, nan),
    (BOOL, [True, False, None, True], 2, 2 / 3),
    (BOOL, [False], 0, 0.0),
    (TIMEDELTA, [span(hours=1), None, span(minutes=30)], span(minutes=90), span(minutes=45)),
    (TIMEDELTA, [span(hours=-1)], span(hours=-1), span(hours=-1)),
]


def totals(type_):
    return [(values, total, mean) for kind, values, total, mean in TOTALS if kind == type_]


SUMS = [
    spec
    for type_, result in ((INT64, INT64), (FLOAT64, FLOAT64), (BOOL, INT64), (TIMEDELTA, TIMEDELTA))
    for zero in ({INT64: 0, FLOAT64: 0.0, TIMEDELTA: span()}[result],)
    for spec in (
        grouped(
            f"sum: {type_}",
            {"x": type_},
            agg("sum"),
            result,
            [*((values, total) for values, total, _ in totals(type_)), ([None, None], zero)],
        ),
        overall(f"sum: {type_} of no rows", {"x": type_}, agg("sum"), result, [], zero),
        grouped(
            f"sum_or_null: {type_}",
            {"x": type_},
            agg("sum_or_null"),
            result,
            [*((values, total) for values, total, _ in totals(type_)), ([None, None], None)],
        ),
        overall(f"sum_or_null: {type_} of no rows", {"x": type_}, agg("sum_or_null"), result, [], None),
        grouped(
            f"mean: {type_}",
            {"x": type_},
            agg("mean"),
            TIMEDELTA if type_ == TIMEDELTA else FLOAT64,
            [*((values, mean) for values, _, mean in totals(type_)), ([None, None], None)],
        ),
        overall(f"mean: {type_} of no rows", {"x": type_}, agg("mean"), TIMEDELTA if type_ == TIMEDELTA else FLOAT64, [], None),
    )
]


def overflowing(name: str, type_: Type, values: list[object]) -> Spec:
    data = numbered({"x": type_}, [(value,) for value in values])
    call_ = aggregation(name, data.column("x"))
    return Spec(f"{name}: {type_} beyond 64 bits", Aggregate(data, (), (("answer", call_),)), Fails(), (call_.type,))


OVERFLOWS = [
    overflowing(name, type_, values)
    for name in ("sum", "sum_or_null")
    for type_, values in ((INT64, [INT64_MAX, 1]), (TIMEDELTA, [span(days=100_000_000), span(days=100_000_000)]))
]

US = span(microseconds=1)
MEANS = [
    grouped(
        "mean: a half microsecond goes to the even one",
        {"x": TIMEDELTA},
        agg("mean"),
        TIMEDELTA,
        [
            ([1 * US, 2 * US], 2 * US),
            ([2 * US, 3 * US], 2 * US),
            ([-1 * US, -2 * US], -2 * US),
            ([-2 * US, -3 * US], -2 * US),
            ([0 * US, 1 * US], 0 * US),
            ([0 * US, -1 * US], 0 * US),
            ([1 * US, 1 * US, 2 * US], US),
            ([1 * US, 2 * US, 2 * US], 2 * US),
        ],
    ),
    grouped(
        "mean: of long durations is exact",
        {"x": TIMEDELTA},
        agg("mean"),
        TIMEDELTA,
        [
            (
                [span(days=40_000_000, microseconds=1), span(days=40_000_000, microseconds=3)],
                span(days=40_000_000, microseconds=2),
            ),
            ([span(days=100_000_000), span(days=100_000_000)], span(days=100_000_000)),
        ],
    ),
    grouped("mean: of large integers", {"x": INT64}, agg("mean"), FLOAT64, [([INT64_MAX, INT64_MAX], 9.223372036854775807e18)]),
]

EXTREMES = [
    spec
    for type_, values in VALUES.items()
    for spec in (
        grouped(
            f"min: {type_}",
            {"x": type_},
            agg("min"),
            type_,
            [
                ([None, *reversed(values), None], values[0]),
                ([None], None),
                ([values[-1], None], values[-1]),
                ([values[-1], values[-2]], values[-2]),
            ],
        ),
        overall(f"min: {type_} of no rows", {"x": type_}, agg("min"), type_, [], None),
        grouped(
            f"max: {type_}",
            {"x": type_},
            agg("max"),
            type_,
            [
                ([None, *values, None], values[-1]),
                ([None], None),
                ([values[0], None], values[0]),
                ([values[0], values[1]], values[1]),
            ],
        ),
        overall(f"max: {type_} of no rows", {"x": type_}, agg("max"), type_, [], None),
    )
]

BOOLS = [
    grouped(
        "any: bool",
        {"x": BOOL},
        agg("any"),
        BOOL,
        [([True, False], True), ([False, False], False), ([None, True], True), ([None, False], False), ([None], False)],
    ),
    overall("any: of no rows", {"x": BOOL}, agg("any"), BOOL, [], False),
    grouped(
        "all: bool",
        {"x": BOOL},
        agg("all"),
        BOOL,
        [([True, False], False), ([True, True], True), ([None, True], True), ([None, False], False), ([None], True)],
    ),
    overall("all: of no rows", {"x": BOOL}, agg("all"), BOOL, [], True),
]

# Values are entered in another order than that of the column o; o has a NULL, which comes last both ways.
ORDERED = {"x": INT64, "o": FLOAT64}
ROWS = [(None, 0.0), (3, 2.0), (1, 1.0), (4, None), (2, nan)]
FIRSTS = [
    *(
        grouped(
            f"first: {type_}",
            {"x": type_},
            lambda x: aggregation("first", x, order=(Ordering(K),)),
            type_,
            [([None, values[1], values[0]], values[1]), ([values[0], None], values[0]), ([None], None)],
        )
        for type_, values in [*VALUES.items(), (JSON, JSONS), (STACK, JSONS)]
    ),
    *(
        grouped(
            f"last: {type_}",
            {"x": type_},
            lambda x: aggregation("last", x, order=(Ordering(K),)),
            type_,
            [([values[0], values[1], None], values[1]), ([None, values[0]], values[0]), ([None], None)],
        )
        for type_, values in [*VALUES.items(), (JSON, JSONS), (STACK, JSONS)]
    ),
    *(
        grouped(
            f"{name}: in {words} order",
            ORDERED,
            lambda x, o, name=name, up=up, last=last: aggregation(name, x, order=(Ordering(o, up, last),)),
            INT64,
            [(ROWS, expected)],
        )
        for name, words, up, last, expected in [
            ("first", "rising", True, True, 1),
            ("last", "rising", True, True, 4),
            ("first", "falling", False, True, 2),
            ("last", "falling", False, True, 4),
            ("first", "rising, NULL first,", True, False, 4),
            ("last", "rising, NULL first,", True, False, 2),
            ("first", "falling, NULL first,", False, False, 4),
            ("last", "falling, NULL first,", False, False, 1),
        ]
    ),
    grouped(
        "first: in the order of two keys",
        {"x": INT64, "s": STRING, "o": INT64},
        lambda x, s, o: aggregation("first", x, order=(Ordering(s), Ordering(o, ascending=False))),
        INT64,
        [([(1, "b", 9), (2, "a", 1), (3, "a", 2), (4, "é", 3)], 3), ([(1, "a", 1), (2, "B", 1)], 2)],
    ),
    overall("first: of no rows", {"x": STRING}, lambda x: aggregation("first", x, order=(Ordering(K),)), STRING, [], None),
    overall("last: of no rows", {"x": JSON}, lambda x: aggregation("last", x, order=(Ordering(K),)), JSON, [], None),
]

# Only rows for which the condition is true count.
PICKED = {"x": INT64, "ok": BOOL}
PICKS = [(1, True), (2, False), (4, None), (None, True), (8, True)]
WHERE = [
    grouped(
        f"{name}: where a condition is true",
        PICKED,
        lambda x, ok, name=name: aggregation(
            name, *(() if name == "size" else (x,)), where=ok, order=(Ordering(K),) if name in ("first", "last") else ()
        ),
        FLOAT64 if name == "mean" else INT64,
        [(PICKS, expected), ([(1, False)], none)],
    )
    for name, expected, none in [
        ("size", 3, 0),
        ("count", 2, 0),
        ("nunique", 2, 0),
        ("sum", 9, 0),
        ("sum_or_null", 9, None),
        ("mean", 4.5, None),
        ("min", 1, None),
        ("max", 8, None),
        ("first", 1, None),
        ("last", 8, None),
    ]
] + [
    grouped(
        "any: where a condition is true",
        {"x": BOOL, "ok": BOOL},
        lambda x, ok: aggregation("any", x, where=ok),
        BOOL,
        [([(True, False), (False, True)], False), ([(True, None)], False), ([(True, True)], True)],
    ),
    grouped(
        "all: where a condition is true",
        {"x": BOOL, "ok": BOOL},
        lambda x, ok: aggregation("all", x, where=ok),
        BOOL,
        [([(False, False), (True, True)], True), ([(False, None)], True), ([(False, True)], False)],
    ),
]

COMPUTED = [
    grouped(
        "sum: of an expression",
        {"x": INT64, "y": INT64},
        lambda x, y: aggregation("sum", call("mul", x, y)),
        INT64,
        [([(2, 3), (4, None), (5, -1)], 1)],
    ),
    grouped(
        "sum: of a case",
        {"x": STRING},
        lambda x: aggregation("sum", case([(call("eq", x, literal("a")), literal(1))], literal(0))),
        INT64,
        [(["a", "b", None, "a"], 2)],
    ),
    grouped(
        "count: of an expression that is NULL",
        {"x": INT64},
        lambda x: aggregation("count", call("floordiv", x, literal(0))),
        INT64,
        [([1, 2], 0)],
    ),
    grouped("sum: of a constant", {"x": INT64}, lambda x: aggregation("sum", literal(2)), INT64, [([1, None, 3], 6)]),
    grouped(
        "max: of text in lower case", {"x": STRING}, lambda x: aggregation("max", call("lower", x)), STRING, [(["B", "a"], "b")]
    ),
]


def by(keys, columns, rows, expected, name):
    data = numbered(columns, rows)
    plan = Aggregate(data, tuple((key, data.column(key)) for key in keys), (("n", aggregation("size")),), "groups")
    return answers(name, plan, (*(columns[key] for key in keys), INT64), expected)


GROUPS = [
    *(
        by(
            ["x"],
            {"x": type_},
            [(value,) for value in [*values, None, values[0], None]],
            [(values[0], 2), *((value, 1) for value in values[1:]), (None, 2)],
            f"groups: by {type_}, NULL being a value",
        )
        for type_, values in VALUES.items()
    ),
    by(
        ["x"],
        {"x": FLOAT64},
        [(nan,), (nan,), (None,), (0.0,), (-0.0,)],
        [(nan, 2), (None, 1), (0.0, 2)],
        "groups: NaN is one value, and so is zero",
    ),
    by(
        ["x", "y"],
        {"x": INT64, "y": STRING},
        [(1, "a"), (1, None), (None, "a"), (1, "a"), (None, None), (1, None)],
        [(1, "a", 2), (1, None, 2), (None, "a", 1), (None, None, 1)],
        "groups: by two keys",
    ),
    by(["x"], {"x": INT64}, [], [], "groups: of no rows there are none"),
    by(["x"], {"x": STRING}, [("a",), ("a ",), ("A",)], [("a", 1), ("a ", 1), ("A", 1)], "groups: text by letter and blank"),
]

ARRAYS = numbered({"g": INT64, "j": JSON}, [(1, Json([1, 2])), (1, None), (2, Json({})), (3, None)])
DATA = table({"g": STRING, "x": INT64}, [("a", 1), ("b", 2), ("a", 3)])
NODES = [
    answers(
        "groups: by an expression",
        Aggregate(
            DATA, (("big", call("gt", DATA.column("x"), literal(1))),), (("total", aggregation("sum", DATA.column("x"))),)
        ),
        (BOOL, INT64),
        [(False, 1), (True, 5)],
    ),
    answers("groups: keys alone", Aggregate(DATA, (("g", DATA.column("g")),), ()), (STRING,), [("a",), ("b",)]),
    answers(
        "groups: by constants",
        Aggregate(DATA, (("two", literal(2)), ("x", literal("x"))), (("n", aggregation("size")),)),
        (INT64, STRING, INT64),
        [(2, "x", 3)],
    ),
    answers(
        "groups: by a constant, of no rows",
        Aggregate(Filter(DATA, literal(False)), (("two", literal(2)),), (("n", aggregation("size")),)),
        (INT64, INT64),
        [],
    ),
    answers(
        "groups: a total of which no column is read",
        Select(Aggregate(DATA, (), (("n", aggregation("size")),)), (("one", literal(1)),)),
        (INT64,),
        [(1,)],
    ),
    answers(
        "groups: a total of which the column is replaced",
        Extend(Aggregate(DATA, (), (("n", aggregation("size")),)), (("n", literal(1)),)),
        (INT64,),
        [(1,)],
    ),
    answers(
        "groups: a total of a total of which no column is read",
        Aggregate(Aggregate(DATA, (), (("n", aggregation("size")),)), (), (("m", aggregation("size")),)),
        (INT64,),
        [(1,)],
    ),
    answers(
        "groups: how many there are",
        Aggregate(Aggregate(DATA, (("g", DATA.column("g")),), ()), (), (("m", aggregation("size")),)),
        (INT64,),
        [(2,)],
    ),
    answers(
        "groups: aggregates of constants",
        Aggregate(
            DATA,
            (),
            tuple(
                (
                    name,
                    aggregation(name, literal("x"), order=(Ordering(DATA.column("x")),) if name in ("first", "last") else ()),
                )
                for name in ("count", "nunique", "min", "max", "first", "last")
            ),
        ),
        (INT64, INT64, STRING, STRING, STRING, STRING),
        [(3, 1, "x", "x", "x", "x")],
    ),
    answers(
        "groups: first in the order of a constant column",
        Aggregate(
            Extend(DATA, (("one", literal(True)),)),
            (),
            (
                (
                    "f",
                    aggregation(
                        "first", DATA.column("x"), order=(Ordering(Column("one", BOOL)), Ordering(DATA.column("x"), False))
                    ),
                ),
            ),
        ),
        (INT64,),
        [(3,)],
    ),
    answers(
        "groups: elements of the first array",
        Extend(
            Aggregate(
                ARRAYS, (("g", ARRAYS.column("g")),), (("j", aggregation("first", ARRAYS.column("j"), order=(Ordering(K),))),)
            ),
            (("e", call("json_slice", Column("j", JSON), literal(0), literal(-1))),),
        ),
        (INT64, JSON, JSON),
        [(1, Json([1, 2]), Json([1])), (2, Json({}), Json([])), (3, None, Json([]))],
    ),
    answers(
        "groups: several aggregates",
        Aggregate(
            DATA,
            (("g", DATA.column("g")),),
            (
                ("n", aggregation("size")),
                ("total", aggregation("sum", DATA.column("x"))),
                ("mean", aggregation("mean", DATA.column("x"))),
                ("x", aggregation("max", DATA.column("x"))),
            ),
        ),
        (STRING, INT64, INT64, FLOAT64, INT64),
        [("a", 2, 4, 2.0, 3), ("b", 1, 2, 2.0, 2)],
    ),
    answers(
        "groups: a key with another name than its column",
        Aggregate(DATA, (("x", DATA.column("g")),), (("g", aggregation("min", DATA.column("x"))),)),
        (STRING, INT64),
        [("a", 1), ("b", 2)],
    ),
]

SPECS: list[Spec] = COUNTS + SUMS + OVERFLOWS + MEANS + EXTREMES + BOOLS + FIRSTS + WHERE + COMPUTED + GROUPS + NODES


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_aggregate(spec, engine):
    engine.check(spec)
