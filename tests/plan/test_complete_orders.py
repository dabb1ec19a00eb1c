"""Orders that leave ties are extended until no two rows tie."""

from __future__ import annotations

from plan.events import date, events

from objectiv_local.plan.explain import explain
from objectiv_local.plan.expr import Ordering, WindowFrame, aggregation, over
from objectiv_local.plan.nodes import Aggregate, Extend, Limit, Select, Sort
from objectiv_local.plan.rewrite import complete_orders


def over_moments(node, op, *args, frame=None):
    return over(aggregation(op, *args), [node.column("user_id")], [Ordering(node.column("moment"))], frame)


def last_step(plan):
    return explain(complete_orders(plan)).splitlines()[0]


def test_an_order_of_rows_ends_in_their_key():
    plan = events()
    rows = Limit(plan, (Ordering(plan.column("k")),), 2)
    assert (
        f"{explain(rows)}\nbecomes\n{explain(complete_orders(rows))}"
        == """\
2 Limit 2 after 0 by k <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)
becomes
2 Limit 2 after 0 by k, event_id <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


def test_rows_without_a_key_are_ordered_by_every_column_that_has_an_order():
    plan = events()
    bare = Select(plan, (("user_id", plan.column("user_id")), ("k", plan.column("k")), ("stack", plan.column("stack"))))
    assert last_step(Sort(bare, (Ordering(bare.column("k")),))) == "3 Sort by k, user_id <- 2"


def test_the_first_and_last_of_a_group_are_of_complete_orders():
    plan = events()
    last = aggregation("last", plan.column("k"), order=(Ordering(plan.column("moment")),))
    assert last_step(Aggregate(plan, (("day", date(plan)),), (("last", last),))) == (
        "2 Aggregate by day = moment as date: last = last(k order by moment, event_id) <- 1"
    )
    by_key = Aggregate(plan, (("event_id", plan.column("event_id")),), (("last", last),))
    assert "last(k order by moment)" in last_step(by_key)


def test_windows_whose_answer_is_another_for_rows_that_tie():
    plan = events()
    steps = {
        "row_number": "row_number() over (partition user_id; order moment, event_id)",
        "rank": "rank() over (partition user_id; order moment)",
    }
    for op, shown in steps.items():
        assert last_step(Extend(plan, (("n", over_moments(plan, op)),))) == f"2 Extend: n = {shown} <- 1"


def test_frames_of_rows_tell_ties_apart_and_ranges_do_not():
    plan = events()
    for mode, order in (("ROWS", "moment, event_id"), ("RANGE", "moment")):
        total = over_moments(plan, "sum", plan.column("k"), frame=WindowFrame(mode, None, 0))
        assert f"order {order}; {mode.lower()} between" in last_step(Extend(plan, (("n", total),)))


def test_a_window_in_a_window_is_completed_too():
    plan = events()
    highest = over(aggregation("max", over_moments(plan, "row_number")), [plan.column("user_id")])
    assert "max(row_number() over (partition user_id; order moment, event_id)) over" in last_step(
        Extend(plan, (("n", highest),))
    )


def test_complete_orders_stay():
    plan = events()
    rows = Limit(plan, (Ordering(plan.column("event_id")),), 2)
    assert complete_orders(rows) is rows
