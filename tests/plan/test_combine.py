"""Two aggregates of the same rows become one: what it makes of them, and which joins have to stay."""

from __future__ import annotations

import pytest
from plan.events import after, change, day, events, is_kept, per_user

from objectiv_local.plan.combine import combine_aggregates
from objectiv_local.plan.expr import Expr, aggregation, call, literal
from objectiv_local.plan.nodes import Aggregate, Filter, Join, Node


def large(node: Node) -> Expr:
    """Return a condition that no event of user v fulfills."""
    return call("gt", node.column("k"), literal(3))


def by_user(node: Node, key: Expr | None = None, value: Expr | None = None) -> Aggregate:
    return Aggregate(
        node, (("user", key or node.column("user_id")),), (("n", aggregation("count", value or node.column("k"))),)
    )


def joined(left: Node, right: Node, how: str = "outer", *, nulls_match: bool = True, side: str = "both") -> Join:
    columns = (("user", side, ("user", "user")), ("a", "left", ("n", "n")), ("b", "right", ("n", "n")))
    return Join(left, right, how, (("user", "user"),), columns, nulls_match)


def test_two_aggregates_become_one():
    plan = events()
    both = joined(by_user(plan), by_user(Filter(plan, large(plan))))
    assert (
        change(both, combine_aggregates)
        == """\
5 Join outer on user = user: user, a, b <- 2, 4
4 Aggregate by user = user_id: n = count(k) <- 3
3 Filter: gt(k, 3) <- 1
2 Aggregate by user = user_id: n = count(k) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)
becomes
3 Select: user = user, a = n, b = case when has_rows then n_2 else None <- 2
2 Aggregate by user = user_id: n = count(k), n_2 = count(k where gt(k, 3)), has_rows = max(gt(k, 3)) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


@pytest.mark.parametrize("how", ["left", "outer"])
def test_the_part_on_the_right_becomes_a_filter(how):
    plan = events()
    assert (
        after(joined(by_user(plan), by_user(Filter(plan, large(plan))), how), combine_aggregates)
        == """\
3 Select: user = user, a = n, b = case when has_rows then n_2 else None <- 2
2 Aggregate by user = user_id: n = count(k), n_2 = count(k where gt(k, 3)), has_rows = max(gt(k, 3)) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


def test_the_part_on_the_left_becomes_a_filter():
    plan = events()
    for side in ("both", "left", "right"):
        text = after(joined(by_user(Filter(plan, large(plan))), by_user(plan), side=side), combine_aggregates)
        assert "Join" not in text


def test_a_left_join_to_all_groups_from_some_stays():
    plan = events()
    join = joined(by_user(Filter(plan, large(plan))), by_user(plan), "left")
    after(join, combine_aggregates)
    assert is_kept(join, combine_aggregates)


def test_two_parts_stay():
    plan = events()
    small = Filter(plan, call("lt", plan.column("k"), literal(2)))
    for how in ("left", "outer"):
        join = joined(by_user(Filter(plan, large(plan))), by_user(small), how)
        after(join, combine_aggregates)
        assert is_kept(join, combine_aggregates)


def test_an_inner_join_and_one_in_which_missing_keys_meet_nothing_stay():
    plan = events()
    part = by_user(Filter(plan, large(plan)))
    for join in (joined(by_user(plan), part, "inner"), joined(by_user(plan), by_user(plan), nulls_match=False)):
        after(join, combine_aggregates)
        assert is_kept(join, combine_aggregates)


def test_other_keys_stay():
    plan = events()
    join = joined(by_user(plan), by_user(plan, key=day(plan)))
    after(join, combine_aggregates)
    assert is_kept(join, combine_aggregates)
    keys = (("user", plan.column("user_id")), ("day", day(plan)))
    calls = (("n", aggregation("count", plan.column("k"))),)
    partly = joined(Aggregate(plan, keys, calls), Aggregate(plan, keys, calls))
    after(partly, combine_aggregates)
    assert is_kept(partly, combine_aggregates)
    nothing = Join(
        Aggregate(plan, (), calls),
        Aggregate(Filter(plan, large(plan)), (), calls),
        "left",
        (),
        (("a", "left", ("n", "n")), ("b", "right", ("n", "n"))),
        True,
    )
    after(nothing, combine_aggregates)
    assert is_kept(nothing, combine_aggregates)


def test_filters_of_filters_are_both_conditions():
    plan = events()
    part = Filter(Filter(plan, large(plan)), call("lt", plan.column("k"), literal(6)))
    text = after(joined(by_user(plan), by_user(part)), combine_aggregates)
    assert "n_2 = count(k where and(lt(k, 6), gt(k, 3)))" in text


def test_a_window_over_all_rows_may_be_in_the_filter():
    plan = events()
    many = Filter(plan, call("gt", per_user(plan, "size"), literal(2)))
    assert "Join" not in after(joined(by_user(plan), by_user(many)), combine_aggregates)


def test_windows_over_the_rows_of_a_part_stay():
    plan = events()
    part = Filter(plan, large(plan))
    many = Filter(part, call("gt", per_user(part, "size"), literal(1)))
    size = call("add", call("mul", per_user(part, "size"), literal(0)), per_user(part, "size"))
    twice = call("gt", size, literal(1))
    key = call("gt", per_user(part, "size"), literal(2))
    where = Aggregate(part, (("user", part.column("user_id")),), (("n", aggregation("count", part.column("k"), where=twice)),))
    for join in (
        joined(by_user(plan), by_user(many)),
        joined(by_user(plan), where),
        joined(by_user(plan, key=key), by_user(part, key=key)),
    ):
        after(join, combine_aggregates)
        assert is_kept(join, combine_aggregates)
