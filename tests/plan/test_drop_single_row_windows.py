"""Windows over partitions of one row: which of them are left out."""

from __future__ import annotations

from plan.events import after, change, day, events, is_kept

from objectiv_local.plan.expr import Ordering, WindowFrame, aggregation, call, literal, over
from objectiv_local.plan.nodes import Aggregate, Extend
from objectiv_local.plan.simplify import drop_single_row_windows


def single(plan, *partition, op="min", where=None, frame=None):
    order = (Ordering(plan.column("moment")),) if frame is not None else ()
    call_ = aggregation(op, *(() if op == "size" else (plan.column("k"),)), where=where)
    return Extend(plan, (("value", over(call_, [plan.column(name) for name in partition], order, frame)),))


def test_the_minimum_of_one_row_becomes_its_value():
    plan = events()
    alone = single(plan, "event_id", "user_id")
    assert (
        change(alone, drop_single_row_windows)
        == """\
2 Extend: value = min(k) over (partition event_id, user_id) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)
becomes
2 Extend: value = k <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


def test_the_minimum_of_one_row_is_its_value():
    plan = events()
    assert "value = k <- 1" in after(single(plan, "event_id", "user_id"), drop_single_row_windows)


def test_other_windows_stay():
    plan = events()
    pairs = Aggregate(
        plan,
        (("user_id", plan.column("user_id")), ("day", day(plan))),
        (("k", aggregation("min", plan.column("k"))), ("moment", aggregation("min", plan.column("moment")))),
    )
    for step in (
        single(plan, "user_id"),
        single(pairs, "user_id"),
        single(plan, "event_id", op="count"),
        single(plan, "event_id", where=call("gt", plan.column("k"), literal(2))),
        single(plan, "event_id", frame=WindowFrame("ROWS", None, -1)),
    ):
        after(step, drop_single_row_windows)
        assert is_kept(step, drop_single_row_windows)
