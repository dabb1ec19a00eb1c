"""Sort keys that the result does not have: names that mean something else there, and aggregates."""

from __future__ import annotations

import pytest
from reference import Json
from spec.specs import Spec, answers, table

from objectiv_local.plan.expr import Column, Ordering, aggregation, call, cast, literal
from objectiv_local.plan.nodes import Aggregate, Filter, Select, Sort
from objectiv_local.types import INT64, JSON, STRING

ROWS = table(
    {"k": INT64, "g": INT64, "s": STRING, "j": JSON},
    [(1, 2, "b", Json({"a": 1})), (2, 1, "C", Json([1, 2])), (3, 2, "a", Json([1, 2, 3]))],
    key=("k",),
)
K, G, S, J = (ROWS.column(name) for name in ROWS.types)
LOWER = Ordering(call("lower", S))
GROUPS = Aggregate(ROWS, (("g", G),), (("k", aggregation("sum", K)), ("n", aggregation("size"))))

SPECS: list[Spec] = [
    answers(
        "sort: by an expression over a column that the result replaces",
        Select(Sort(ROWS, (LOWER,)), (("k", K), ("s", call("concat", literal("x"), literal("y"))))),
        (INT64, STRING),
        [(3, "xy"), (1, "xy"), (2, "xy")],
        ordered=True,
    ),
    answers(
        "sort: by an expression over a column whose name another one takes",
        Select(Sort(ROWS, (LOWER,)), (("s", cast(K, STRING)), ("k", S))),
        (STRING, STRING),
        [("3", "a"), ("1", "b"), ("2", "C")],
        ordered=True,
    ),
    answers(
        "sort: by an expression of constants",
        Select(
            Sort(ROWS, (Ordering(call("json_has", literal(None, JSON), literal({"a": 1})), False), Ordering(K, False))),
            (("k", K),),
        ),
        (INT64,),
        [(3,), (2,), (1,)],
        ordered=True,
    ),
    answers(
        "sort: by several expressions over columns that the result replaces",
        Select(Sort(ROWS, (Ordering(call("neg", G)), Ordering(call("upper", S), False))), (("g", K), ("s", cast(G, STRING)))),
        (INT64, STRING),
        [(1, "2"), (3, "2"), (2, "1")],
        ordered=True,
    ),
    answers(
        "sort: by an expression over JSON that the result has too",
        Select(Sort(ROWS, (Ordering(call("json_length", J), False), Ordering(K))), (("k", K), ("j", J))),
        (INT64, JSON),
        [(3, Json([1, 2, 3])), (2, Json([1, 2])), (1, Json({"a": 1}))],
        ordered=True,
    ),
    answers(
        "sort: groups by an expression over an aggregate that the result replaces",
        Select(
            Sort(GROUPS, (Ordering(call("neg", Column("k", INT64))),)),
            (("k", call("neg", Column("n", INT64))), ("n", Column("g", INT64))),
        ),
        (INT64, INT64),
        [(-2, 2), (-1, 1)],
        ordered=True,
    ),
    answers(
        "sort: groups by an expression over an aggregate with the name of its column",
        Sort(GROUPS, (Ordering(call("neg", Column("k", INT64))),)),
        (INT64, INT64, INT64),
        [(2, 4, 2), (1, 2, 1)],
        ordered=True,
    ),
    answers(
        "sort: groups that are left, by an aggregate that the result does not have",
        Select(
            Sort(Filter(GROUPS, call("gt", Column("n", INT64), literal(0))), (Ordering(Column("k", INT64), False),)),
            (("g", Column("g", INT64)),),
        ),
        (INT64,),
        [(2,), (1,)],
        ordered=True,
    ),
    answers(
        "sort: groups by an aggregate and a key that the result does not have",
        Select(
            Sort(
                Filter(
                    Aggregate(ROWS, (("k", K), ("g", G)), (("n", aggregation("size")),)),
                    call("gt", Column("n", INT64), literal(0)),
                ),
                (Ordering(call("neg", Column("n", INT64))), Ordering(Column("g", INT64)), Ordering(Column("k", INT64), False)),
            ),
            (("k", call("mul", Column("k", INT64), literal(10))),),
        ),
        (INT64,),
        [(20,), (30,), (10,)],
        ordered=True,
    ),
    answers(
        "sort: a total by an aggregate that the result does not have",
        Select(
            Sort(Aggregate(ROWS, (), (("k", aggregation("sum", K)),)), (Ordering(call("neg", Column("k", INT64))),)),
            (("one", literal(1)),),
        ),
        (INT64,),
        [(1,)],
        ordered=True,
    ),
]


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_names_in_sort_keys(spec, engine):
    engine.check(spec)
