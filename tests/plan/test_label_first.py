"""Windows in filters, keys and aggregates become columns of a step of their own."""

from __future__ import annotations

from plan.events import after, change, day, events, is_kept, numbered, per_user

from objectiv_local.plan.expr import Ordering, aggregation, call, literal
from objectiv_local.plan.nodes import Aggregate, Extend, Filter
from objectiv_local.plan.simplify import label_first


def test_a_window_in_a_filter_becomes_a_column():
    plan = events()
    many = Filter(plan, call("gt", per_user(plan, "size"), literal(2)))
    assert (
        change(many, label_first)
        == """\
2 Filter: gt(size() over (partition user_id), 2) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)
becomes
3 Filter: condition <- 2
2 Extend: condition = gt(size() over (partition user_id), 2) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


def test_windows_in_keys_and_aggregates_become_columns_by_their_names():
    plan = events()
    many = call("gt", per_user(plan, "size"), literal(2))
    question = Aggregate(
        plan,
        (("k", per_user(plan, "max", plan.column("k"))), ("day", day(plan)), ("again", numbered(plan))),
        (
            ("most", aggregation("max", per_user(plan, "size"))),
            ("n", aggregation("count", plan.column("k"), where=many)),
            ("last", aggregation("last", plan.column("k"), order=(Ordering(numbered(plan)),))),
        ),
    )
    text = after(question, label_first)
    # The name "k" is that of a column of the rows.
    assert text.splitlines()[0] == (
        "3 Aggregate by k = k_2, day = strftime(moment, '%Y-%m-%d'), again = again: most = max(most), "
        "n = count(k where condition), last = last(k order by again, event_id) <- 2"
    )


def test_two_windows_of_one_aggregate_have_two_names():
    plan = events()
    arg = per_user(plan, "max", plan.column("k"))
    question = Aggregate(plan, (), (("last", aggregation("last", arg, order=(Ordering(numbered(plan)),))),))
    assert "last(last order by last_2, event_id)" in after(question, label_first)


def test_what_has_no_window_stays():
    plan = events()
    assert is_kept(Aggregate(Filter(plan, call("gt", plan.column("k"), literal(2))), (("day", day(plan)),), ()), label_first)
    assert is_kept(Extend(plan, (("size", per_user(plan, "size")),)), label_first)
