"""Columns that nothing reads are dropped, and what something reads stays."""

from __future__ import annotations

from plan.events import after, change, day, events, is_kept, numbered, per_user

from objectiv_local.plan.expr import InQuery, Ordering, aggregation, call, literal
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, Join, Limit, Select, Sort, Union, Unnest
from objectiv_local.plan.rewrite import prune


def names(node, *kept):
    return Select(node, tuple((name, node.column(name)) for name in kept))


def test_a_column_that_nothing_reads_goes():
    plan = events()
    more = Extend(plan, (("size", per_user(plan, "size")), ("number", numbered(plan))))
    kept = names(more, "number")
    assert (
        change(kept, prune)
        == """\
3 Select: number = number <- 2
2 Extend: size = size() over (partition user_id), number = row_number() over (partition user_id; order event_id) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)
becomes
3 Select: number = number <- 2
2 Extend: number = row_number() over (partition user_id; order event_id) <- 1
1 Values data: event_id int64, user_id string (9 rows)"""
    )


def test_columns_of_rows_and_steps_are_dropped():
    plan = events()
    more = Extend(plan, (("size", per_user(plan, "size")), ("number", numbered(plan))))
    assert (
        after(names(more, "number"), prune)
        == """\
3 Select: number = number <- 2
2 Extend: number = row_number() over (partition user_id; order event_id) <- 1
1 Values data: event_id int64, user_id string (9 rows)"""
    )


def test_what_filters_limits_and_arrays_read_stays():
    plan = events()
    for step in (
        Filter(plan, call("gt", plan.column("k"), literal(1))),
        Limit(plan, (Ordering(plan.column("k")),), 2),
        Unnest(plan, plan.column("stack"), "item", "at"),
        Filter(plan, InQuery(plan.column("k"), Extend(plan, (("x", plan.column("k")),)), "x")),
    ):
        after(names(step, "event_id"), prune)
    assert is_kept(Sort(plan, (Ordering(plan.column("k")),)), prune)


def test_parts_of_a_union_and_sides_of_a_join_are_narrowed():
    plan = events()
    both = Union((plan, Filter(plan, call("gt", plan.column("k"), literal(1)))), tuple(plan.types))
    after(names(both, "user_id"), prune)
    columns = tuple((f"{name}_{side}", side, (name, name)) for side in ("left", "right") for name in plan.types)
    condition = call("lt", literal(0), literal(1))
    for how in ("inner", "left", "outer"):
        after(names(Join(plan, plan, how, (("user_id", "user_id"),), columns), "k_right"), prune)
    join = Join(plan, plan, "left", (("user_id", "user_id"),), columns, condition=condition)
    narrow = call("lt", join.column("k_left"), join.column("k_right"))
    join = Join(plan, plan, "left", (("user_id", "user_id"),), columns, condition=narrow)
    after(names(join, "event_id_left"), prune)


def test_a_left_join_to_unique_rows_of_which_nothing_is_read_is_dropped():
    plan = events()
    users = Aggregate(plan, (("user_id", plan.column("user_id")),), (("n", aggregation("size")),))
    days = Aggregate(plan, (("user_id", plan.column("user_id")), ("day", day(plan))), (("n", aggregation("size")),))
    columns = (("event_id", "left", ("event_id", "event_id")), ("n", "right", ("n", "n")))
    on = (("user_id", "user_id"),)
    assert "Join" not in after(names(Join(plan, users, "left", on, columns), "event_id"), prune)
    # Rows that meet several, or none, are not those of the left side.
    for join in (Join(plan, days, "left", on, columns), Join(plan, users, "inner", on, columns)):
        assert "Join" in after(names(join, "event_id"), prune)
    assert "Join" in after(names(Join(plan, users, "left", on, columns), "event_id", "n"), prune)


def test_groups_stay_where_only_their_number_is_read():
    plan = events()
    groups = Aggregate(plan, (("user_id", plan.column("user_id")),), (("n", aggregation("size")),))
    after(Aggregate(groups, (), (("users", aggregation("size")),)), prune)
