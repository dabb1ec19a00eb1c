"""Unions that only another union reads become parts of that one."""

from __future__ import annotations

from plan.events import after, change, events, is_kept

from objectiv_local.plan.expr import aggregation, call, cast, literal, over
from objectiv_local.plan.nodes import Aggregate, Filter, Pin, Select, Union
from objectiv_local.plan.unions import flatten_unions
from objectiv_local.types import FLOAT64


def rows_of(k):
    plan = events()
    kept = Filter(plan, call("eq", plan.column("k"), literal(k)))
    return Select(kept, (("id", kept.column("event_id")), ("n", kept.column("k"))))


def chosen(plan, **columns):
    return Select(plan, tuple((name, expr(plan) if callable(expr) else plan.column(expr)) for name, expr in columns.items()))


def union(*parts):
    return Union(parts, tuple(parts[0].types))


def test_a_union_of_a_union_becomes_one_of_all_parts():
    nested = union(union(rows_of(1), rows_of(3)), rows_of(5))
    assert (
        change(nested, flatten_unions)
        == """\
9 Union: id, n <- 6, 8
8 Select: id = event_id, n = k <- 7
7 Filter: eq(k, 5) <- 1
6 Union: id, n <- 3, 5
5 Select: id = event_id, n = k <- 4
4 Filter: eq(k, 3) <- 1
3 Select: id = event_id, n = k <- 2
2 Filter: eq(k, 1) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)
becomes
8 Union: id, n <- 3, 5, 7
7 Select: id = event_id, n = k <- 6
6 Filter: eq(k, 5) <- 1
5 Select: id = event_id, n = k <- 4
4 Filter: eq(k, 3) <- 1
3 Select: id = event_id, n = k <- 2
2 Filter: eq(k, 1) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


def test_appended_one_by_one_they_are_parts_of_one_step():
    plan = rows_of(1)
    for k in (3, 5, 2):
        plan = union(chosen(plan, id="id", n="n"), rows_of(k))
    assert after(plan, flatten_unions).count("Union") == 1


def test_the_parts_keep_their_order_and_number():
    nested = union(rows_of(1), union(rows_of(3), union(rows_of(3), rows_of(5))), rows_of(2))
    flat = flatten_unions(nested)
    assert flat.parts == (rows_of(1), rows_of(3), rows_of(3), rows_of(5), rows_of(2))


def test_columns_that_are_renamed_cast_or_constant_between_two_unions_are_those_of_the_parts():
    inner = union(rows_of(1), rows_of(3))
    between = chosen(inner, a=lambda plan: cast(plan.column("n"), FLOAT64), b="id", c=lambda plan: literal(None, FLOAT64))
    other = chosen(rows_of(5), a=lambda plan: literal(0.5), b="n", c=lambda plan: literal(2.5))
    assert after(union(between, other), flatten_unions).count("Union") == 1


def test_a_union_with_fewer_columns_than_its_parts():
    inner = Union((rows_of(1), rows_of(3)), ("id",))
    assert after(Union((chosen(inner, id="id"), rows_of(5)), ("id",)), flatten_unions).count("Union") == 1


def test_unions_that_others_read_stay():
    inner = union(rows_of(1), rows_of(3))
    assert is_kept(
        union(chosen(inner, id="id", n="n"), Filter(inner, call("gt", inner.column("n"), literal(1)))), flatten_unions
    )
    assert is_kept(union(inner, inner), flatten_unions)


def test_unions_below_other_steps_stay():
    inner = union(rows_of(1), rows_of(3))
    for step in (
        Pin(inner),
        Filter(inner, call("gt", inner.column("n"), literal(1))),
        Aggregate(inner, (("id", inner.column("id")),), (("n", aggregation("sum", inner.column("n"))),)),
        chosen(inner, id="id", n=lambda plan: over(aggregation("sum", plan.column("n")))),
    ):
        assert is_kept(union(step, rows_of(5)), flatten_unions)


def test_a_program_without_unions_stays():
    assert is_kept(events(), flatten_unions)
