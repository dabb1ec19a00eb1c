"""Steps of a plan: what columns and rows come out of them, alone and one upon another."""

from __future__ import annotations

import datetime
import uuid

import pytest
from reference import Json
from spec.specs import Fails, Spec, answers, at, day, nan, span, table

from objectiv_local.plan.expr import Column, Ordering, ScalarQuery, WindowFrame, aggregation, call, case, cast, literal, over
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, Join, Limit, Select, Sort
from objectiv_local.types import BOOL, DATE, FLOAT64, INT64, INTERVAL, JSON, STRING, TIMEDELTA, TIMESTAMP, UUID, Interval

DATA = table(
    {"k": INT64, "x": FLOAT64, "s": STRING},
    [(1, 2.5, "b"), (2, None, "B"), (3, nan, None), (4, -1.0, "a"), (5, 2.5, "é")],
    key=("k",),
)
K, X, S = (DATA.column(name) for name in DATA.types)
TYPES = (INT64, FLOAT64, STRING)
ROWS = [(1, 2.5, "b"), (2, None, "B"), (3, nan, None), (4, -1.0, "a"), (5, 2.5, "é")]
EMPTY = table({"k": INT64, "x": FLOAT64, "s": STRING}, [], key=("k",))


def rows(*keys: int) -> list[tuple[object, ...]]:
    """Return the rows of DATA with these keys."""
    return [next(row for row in ROWS if row[0] == key) for key in keys]


EXTEND = [
    answers(
        "extend: adds a column",
        Extend(DATA, (("y", call("mul", X, literal(2))),)),
        (*TYPES, FLOAT64),
        [(*row, None if row[1] is None else row[1] * 2) for row in ROWS],
    ),
    answers(
        "extend: replaces a column in its place",
        Extend(DATA, (("x", call("add", K, literal(1))),)),
        (INT64, INT64, STRING),
        [(k, k + 1, s) for k, _, s in ROWS],
    ),
    answers(
        "extend: swaps two columns",
        Extend(DATA, (("k", X), ("x", K))),
        (FLOAT64, INT64, STRING),
        [(x, k, s) for k, x, s in ROWS],
    ),
    answers(
        "extend: on an extension",
        Extend(
            Extend(DATA, (("y", call("add", K, literal(1))),)),
            (("z", call("mul", Column("y", INT64), Column("y", INT64))), ("y", literal("new"))),
        ),
        (*TYPES, STRING, INT64),
        [(*row, "new", (row[0] + 1) ** 2) for row in ROWS],
    ),
    answers(
        "extend: with constants",
        Extend(
            table({"k": INT64}, [(1,)]),
            (
                ("i", literal(1)),
                ("f", literal(0.5)),
                ("s", literal("x")),
                ("n", literal(None, DATE)),
                ("p", literal(span(1))),
                ("u", literal(uuid.UUID(int=1))),
                ("j", literal({"a": []})),
                ("b", literal(True)),
                ("d", literal(day("2020-01-01"))),
                ("t", literal(at("2020-01-01 00:00:00"))),
            ),
        ),
        (INT64, INT64, FLOAT64, STRING, DATE, TIMEDELTA, UUID, JSON, BOOL, DATE, TIMESTAMP),
        [
            (
                1,
                1,
                0.5,
                "x",
                None,
                span(1),
                uuid.UUID(int=1),
                Json({"a": []}),
                True,
                day("2020-01-01"),
                at("2020-01-01 00:00:00"),
            )
        ],
    ),
    answers("extend: of no rows", Extend(EMPTY, (("y", literal(1)),)), (*TYPES, INT64), []),
]


def increments(n):
    """Return a chain of ``n`` assignments, each from the one before."""
    plan = table({"x": INT64}, [(0,), (None,)])
    for _ in range(n):
        plan = Extend(plan, (("x", call("add", plan.column("x"), literal(1))),))
    return plan


def doublings(n):
    """Return a chain of ``n`` assignments, each of which reads the one before twice."""
    plan = table({"x": INT64}, [(1,), (None,)])
    for _ in range(n):
        plan = Extend(plan, (("x", call("add", plan.column("x"), plan.column("x"))),))
    return plan


SPARE = Extend(DATA, (("y", literal(1)),))
CHAINS = [
    answers(
        "extend: an assignment that nothing reads",
        Extend(Extend(SPARE, (("y", literal(2)),)), (("y", literal(3)),)),
        (*TYPES, INT64),
        [(*row, 3) for row in ROWS],
    ),
    answers("extend: 200 assignments that depend on each other", increments(200), (INT64,), [(200,), (None,)]),
    answers("extend: ten assignments that read the one before twice", doublings(10), (INT64,), [(2**10,), (None,)]),
    answers(
        "extend: a column that is computed once, of the rows after the first",
        Filter(
            Extend(Limit(DATA, (Ordering(K),), 3, 1), (("y", call("add", K, literal(1))),), once=True),
            call("gt", Column("y", INT64), literal(3)),
        ),
        (*TYPES, INT64),
        [(*row, row[0] + 1) for row in ROWS[2:4]],
    ),
]
SELECT = [
    answers(
        "select: columns in another order", Select(DATA, (("s", S), ("k", K))), (STRING, INT64), [(s, k) for k, _, s in ROWS]
    ),
    answers("select: new names", Select(DATA, (("k", X), ("x", K))), (FLOAT64, INT64), [(x, k) for k, x, _ in ROWS]),
    answers("select: a column twice", Select(DATA, (("a", K), ("b", K))), (INT64, INT64), [(k, k) for k, _, _ in ROWS]),
    answers(
        "select: expressions",
        Select(DATA, (("y", call("is_null", S)), ("z", literal(1)))),
        (BOOL, INT64),
        [(s is None, 1) for _, _, s in ROWS],
    ),
    answers("select: constants only", Select(DATA, (("one", literal("é")),)), (STRING,), [("é",)] * 5),
    answers(
        "select: a computed column takes the name of one that is kept under another",
        Select(DATA, (("k", K), ("y", S), ("s", literal("new")))),
        (INT64, STRING, STRING),
        [(k, s, "new") for k, _, s in ROWS],
    ),
    answers(
        "select: of a selection",
        Select(
            Select(DATA, (("a", call("add", K, literal(1))),)), (("b", call("mul", Column("a", INT64), Column("a", INT64))),)
        ),
        (INT64,),
        [(4,), (9,), (16,), (25,), (36,)],
    ),
]
FILTER = [
    answers("filter: NULL is not true", Filter(DATA, call("gt", X, literal(0.0))), TYPES, rows(1, 3, 5)),
    answers("filter: nor is its opposite", Filter(DATA, call("not", call("gt", X, literal(0.0)))), TYPES, rows(4)),
    answers(
        "filter: of a filter", Filter(Filter(DATA, call("gt", K, literal(1))), call("lt", K, literal(4))), TYPES, rows(2, 3)
    ),
    answers(
        "filter: or within and",
        Filter(
            Filter(DATA, call("or", call("eq", K, literal(1)), call("eq", K, literal(2)))),
            call("or", call("eq", K, literal(2)), call("eq", K, literal(3))),
        ),
        TYPES,
        rows(2),
    ),
    answers("filter: a constant", Filter(DATA, literal(True)), TYPES, ROWS),
    answers("filter: the constant false", Filter(DATA, literal(False)), TYPES, []),
    answers("filter: the constant NULL", Filter(DATA, literal(None, BOOL)), TYPES, []),
    answers(
        "filter: a bool column", Filter(table({"b": BOOL}, [(True,), (False,), (None,)]), Column("b", BOOL)), (BOOL,), [(True,)]
    ),
    answers(
        "filter: a column that was replaced",
        Filter(Extend(DATA, (("k", call("neg", K)),)), call("lt", K, literal(-3))),
        TYPES,
        [(-4, -1.0, "a"), (-5, 2.5, "é")],
    ),
    answers(
        "filter: then replaced",
        Extend(Filter(DATA, call("gt", K, literal(3))), (("k", call("neg", K)),)),
        TYPES,
        [(-4, -1.0, "a"), (-5, 2.5, "é")],
    ),
    answers(
        "filter: on an aggregate",
        Filter(Aggregate(DATA, (("x", X),), (("n", aggregation("size")),)), call("gt", Column("n", INT64), literal(1))),
        (FLOAT64, INT64),
        [(2.5, 2)],
    ),
    answers(
        "filter: before an aggregate",
        Aggregate(Filter(DATA, call("gt", K, literal(3))), (), (("n", aggregation("size")),)),
        (INT64,),
        [(2,)],
    ),
    answers(
        "filter: no row, then an aggregate over everything",
        Aggregate(Filter(DATA, literal(False)), (), (("n", aggregation("size")), ("x", aggregation("max", X)))),
        (INT64, FLOAT64),
        [(0, None)],
    ),
]
LIMIT = [
    answers(f"limit: {words}", Limit(DATA, order, count, offset), TYPES, rows(*keys))
    for words, order, count, offset, keys in [
        ("the first rows", (Ordering(K),), 2, 0, (1, 2)),
        ("the last rows", (Ordering(K, False),), 2, 0, (5, 4)),
        ("after an offset", (Ordering(K),), 2, 3, (4, 5)),
        ("an offset alone", (Ordering(K),), None, 3, (4, 5)),
        ("more than there are", (Ordering(K),), 99, 0, (1, 2, 3, 4, 5)),
        ("beyond the end", (Ordering(K),), 1, 99, ()),
        ("no rows", (Ordering(K),), 0, 0, ()),
        ("NULL last, NaN greatest", (Ordering(X), Ordering(K)), 4, 0, (4, 1, 5, 3)),
        ("falling, NULL last", (Ordering(X, False), Ordering(K)), 4, 0, (3, 1, 5, 4)),
        ("NULL first", (Ordering(X, True, False), Ordering(K)), 2, 0, (2, 4)),
        ("falling, NULL first", (Ordering(X, False, False), Ordering(K, False)), 3, 0, (2, 3, 5)),
        ("in the order of text", (Ordering(S),), 3, 0, (2, 4, 1)),
        ("in the falling order of text", (Ordering(S, False),), 2, 0, (5, 1)),
        ("in the order of an expression", (Ordering(call("mod", K, literal(3))), Ordering(K)), 2, 0, (3, 1)),
    ]
] + [
    *(
        answers(
            f"limit: in the order of the constant {value!r}",
            Limit(DATA, (Ordering(literal(value)), Ordering(K, False)), 1),
            TYPES,
            rows(5),
        )
        for value in (2, 9, 0.5, "x", True)
    ),
    answers(
        "limit: in the order of a constant column",
        Limit(Extend(DATA, (("one", literal(2)),)), (Ordering(Column("one", INT64)), Ordering(K, False)), 1),
        (*TYPES, INT64),
        [(*rows(5)[0], 2)],
    ),
    answers(
        "limit: of rows without a key, with a constant column",
        Limit(Extend(table({"x": INT64}, [(3,), (1,)]), (("one", literal(0.5)),)), (Ordering(Column("x", INT64)),), 1),
        (INT64, FLOAT64),
        [(1, 0.5)],
    ),
    answers(
        "limit: that limits nothing, then an aggregate",
        Aggregate(Limit(DATA, (Ordering(K),), None), (), (("n", aggregation("size")),)),
        (INT64,),
        [(5,)],
    ),
    answers("limit: of a limit", Limit(Limit(DATA, (Ordering(K),), 3), (Ordering(K, False),), 2), TYPES, rows(3, 2)),
    answers("limit: a filter above", Filter(Limit(DATA, (Ordering(K),), 2), call("gt", K, literal(1))), TYPES, rows(2)),
    answers("limit: a filter below", Limit(Filter(DATA, call("gt", K, literal(1))), (Ordering(K),), 1), TYPES, rows(2)),
    answers(
        "limit: an aggregate above",
        Aggregate(Limit(DATA, (Ordering(K),), 2), (), (("n", aggregation("sum", K)),)),
        (INT64,),
        [(3,)],
    ),
    answers(
        "limit: in the order of a column that is replaced above",
        Extend(Limit(DATA, (Ordering(K, False),), 1), (("k", literal(0)),)),
        TYPES,
        [(0, 2.5, "é")],
    ),
    answers(
        "limit: in the order of a column that was replaced",
        Limit(Extend(DATA, (("k", call("neg", K)),)), (Ordering(K),), 1),
        TYPES,
        [(-5, 2.5, "é")],
    ),
    answers(
        "limit: of groups",
        Limit(
            Aggregate(DATA, (("x", X),), (("n", aggregation("size")),)), (Ordering(Column("n", INT64), False), Ordering(X)), 2
        ),
        (FLOAT64, INT64),
        [(2.5, 2), (-1.0, 1)],
    ),
]
SORT = [
    answers(f"sort: {words}", Sort(DATA, order), TYPES, rows(*keys), ordered=True)
    for words, order, keys in [
        ("rising", (Ordering(X), Ordering(K)), (4, 1, 5, 3, 2)),
        ("falling", (Ordering(X, False), Ordering(K)), (3, 1, 5, 4, 2)),
        ("rising, NULL first", (Ordering(X, True, False), Ordering(K)), (2, 4, 1, 5, 3)),
        ("falling, NULL first", (Ordering(X, False, False), Ordering(K)), (2, 3, 1, 5, 4)),
        ("text", (Ordering(S),), (2, 4, 1, 5, 3)),
        ("falling text, NULL first", (Ordering(S, False, False),), (3, 5, 1, 4, 2)),
        ("an expression", (Ordering(call("neg", K)),), (5, 4, 3, 2, 1)),
    ]
] + [
    answers(
        "sort: a constant column",
        Sort(Extend(DATA, (("one", literal("z")),)), (Ordering(Column("one", STRING)), Ordering(K, False))),
        (*TYPES, STRING),
        [(*row, "z") for row in rows(5, 4, 3, 2, 1)],
        ordered=True,
    ),
    answers("sort: a limit", Sort(Limit(DATA, (Ordering(K),), 3), (Ordering(K, False),)), TYPES, rows(3, 2, 1), ordered=True),
    answers(
        "sort: groups by an aggregate",
        Sort(
            Aggregate(DATA, (("s", call("lower", S)),), (("n", aggregation("size")),)),
            (Ordering(Column("n", INT64), False), Ordering(Column("s", STRING))),
        ),
        (STRING, INT64),
        [("b", 2), ("a", 1), ("é", 1), (None, 1)],
        ordered=True,
    ),
    answers(
        "sort: by a column under its new name",
        Sort(Select(DATA, (("x", K), ("k", X))), (Ordering(Column("x", INT64), False),)),
        (INT64, FLOAT64),
        [(5, 2.5), (4, -1.0), (3, nan), (2, None), (1, 2.5)],
        ordered=True,
    ),
]
MEAN = ScalarQuery(Aggregate(DATA, (), (("mean", aggregation("mean", K)),)), "mean")
SCALAR = [
    answers("scalar query: in a filter", Filter(DATA, call("gt", K, MEAN)), TYPES, rows(4, 5)),
    answers(
        "scalar query: in a column",
        Extend(DATA, (("above", call("sub", K, MEAN)),)),
        (*TYPES, FLOAT64),
        [(*row, row[0] - 3.0) for row in ROWS],
    ),
    answers(
        "scalar query: of one row of a table",
        Select(table({"x": INT64}, [(1,)]), (("s", ScalarQuery(Limit(DATA, (Ordering(K, False),), 1), "s")),)),
        (STRING,),
        [("é",)],
    ),
    answers(
        "scalar query: NULL where there is no row",
        Select(table({"x": INT64}, [(1,)]), (("s", ScalarQuery(Filter(DATA, literal(False)), "s")),)),
        (STRING,),
        [(None,)],
    ),
    answers(
        "scalar query: twice",
        Select(
            table({"x": INT64}, [(1,)]),
            (("a", call("add", MEAN, MEAN)), ("b", ScalarQuery(Aggregate(DATA, (), (("n", aggregation("size")),)), "n"))),
        ),
        (FLOAT64, INT64),
        [(6.0, 5)],
    ),
    answers(
        "scalar query: in an aggregate",
        Aggregate(DATA, (), (("n", aggregation("sum", case([(call("gt", K, MEAN), K)], literal(0)))),)),
        (INT64,),
        [(9,)],
    ),
    answers(
        "scalar query: an interval over a window",
        Extend(
            DATA,
            (
                (
                    "widest",
                    over(
                        aggregation(
                            "max",
                            ScalarQuery(
                                Aggregate(
                                    DATA,
                                    (),
                                    (
                                        (
                                            "top",
                                            aggregation("max", call("interval", cast(K, FLOAT64), literal(9.0), literal("[)"))),
                                        ),
                                    ),
                                ),
                                "top",
                            ),
                        ),
                        (),
                        (Ordering(K),),
                        WindowFrame("ROWS", None, 0),
                    ),
                ),
            ),
        ),
        (*TYPES, INTERVAL),
        [(*row, Interval(5.0, 9.0, "[)")) for row in ROWS],
    ),
    answers(
        "scalar query: a column that a window reads",
        Extend(
            Extend(DATA, (("mean", MEAN),)),
            (("sum", over(aggregation("sum", Column("mean", FLOAT64)), (), (Ordering(K),), WindowFrame("ROWS", None, 0))),),
        ),
        (*TYPES, FLOAT64, FLOAT64),
        [(*row, 3.0, 3.0 * row[0]) for row in ROWS],
    ),
    answers(
        "scalar query: on a scalar query",
        Filter(
            DATA,
            call("eq", K, ScalarQuery(Aggregate(Filter(DATA, call("lt", K, MEAN)), (), (("k", aggregation("max", K)),)), "k")),
        ),
        TYPES,
        rows(2),
    ),
    answers(
        "scalar query: that nothing reads",
        Extend(Extend(DATA, (("y", MEAN),)), (("y", literal(1)),)),
        (*TYPES, INT64),
        [(*row, 1) for row in ROWS],
    ),
    Spec(
        "scalar query: of two rows", Select(table({"x": INT64}, [(1,)]), (("s", ScalarQuery(DATA, "s")),)), Fails(), (STRING,)
    ),
]
SHARED = Extend(Filter(DATA, call("gt", K, literal(1))), (("y", call("mul", K, K)),), "squares")
GRAPHS = [
    answers(
        "plans: a step that is read twice",
        Join(SHARED, SHARED, "inner", (("k", "y"),), (("k", "left", ("k", "k")), ("y", "right", ("y", "y")))),
        (INT64, INT64),
        [(4, 4)],
    ),
    answers(
        "plans: an aggregate over a join whose key nothing reads",
        Aggregate(
            Extend(
                Join(DATA, DATA, "inner", (("k", "k"),), (("k", "left", ("k", "k")), ("x", "right", ("x", "x"))), key=("k",)),
                (("one", literal(1)),),
            ),
            (("one", Column("one", INT64)),),
            (("x", aggregation("min", Column("x", FLOAT64))),),
        ),
        (INT64, FLOAT64),
        [(1, -1.0)],
    ),
    answers(
        "plans: an aggregate of an aggregate",
        Aggregate(
            Aggregate(DATA, (("x", X),), (("n", aggregation("size")),)),
            (("n", Column("n", INT64)),),
            (("m", aggregation("size")),),
        ),
        (INT64, INT64),
        [(1, 3), (2, 1)],
    ),
    answers(
        "plans: a column that is used before and after it is replaced",
        Aggregate(
            Extend(Extend(DATA, (("y", call("add", K, literal(1))),)), (("k", call("neg", K)),)),
            (),
            (("k", aggregation("sum", Column("k", INT64))), ("y", aggregation("sum", Column("y", INT64)))),
        ),
        (INT64, INT64),
        [(-15, 20)],
    ),
    answers(
        "plans: rows of a date column, one a day",
        Filter(
            table({"d": DATE}, [(datetime.date(2020, 2, 28) + datetime.timedelta(i),) for i in range(3)]),
            call("gt", Column("d", DATE), literal(day("2020-02-28"))),
        ),
        (DATE,),
        [(day("2020-02-29"),), (day("2020-03-01"),)],
    ),
]

SPECS: list[Spec] = EXTEND + CHAINS + SELECT + FILTER + LIMIT + SORT + SCALAR + GRAPHS


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_nodes(spec, engine):
    engine.check(spec)
