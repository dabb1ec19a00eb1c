"""Windows that only some rows read sort these."""

from __future__ import annotations

from plan.events import after, change, events, is_kept

from objectiv_local.plan.expr import Expr, Ordering, WindowFrame, aggregation, call, case, literal, over
from objectiv_local.plan.nodes import Extend, Filter, Node
from objectiv_local.plan.sorting import sort_some_rows


def marked() -> Node:
    """Return the events with whether they are of a user's first kind."""
    plan = events()
    return Extend(plan, (("is_first", call("eq", plan.column("k"), literal(1))),))


def numbered(plan: Node, test: Expr, *partition: Expr, default: Expr | None = None) -> Node:
    order = (Ordering(plan.column("moment"), ascending=False), Ordering(plan.column("event_id"), nulls_last=False))
    return Extend(plan, (("number", case([(test, over(aggregation("row_number"), partition, order))], default)),), "numbered")


def test_rows_that_read_nothing_are_sorted_by_nothing():
    plan = marked()
    assert (
        change(numbered(plan, plan.column("is_first"), plan.column("is_first")), sort_some_rows)
        == """\
3 Extend numbered: number = case when is_first then row_number() over (partition is_first; order moment desc, event_id nulls \
first) else None <- 2
2 Extend: is_first = eq(k, 1) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)
becomes
3 Extend numbered: number = case when is_first then row_number() over (partition is_first; order case when is_first then \
moment else None desc, case when is_first then event_id else None nulls first) else None <- 2
2 Extend: is_first = eq(k, 1) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


def test_with_more_keys_and_with_a_frame():
    plan = marked()
    test = plan.column("is_first")
    assert "order case when" in after(numbered(plan, test, plan.column("user_id"), test), sort_some_rows)
    window = over(aggregation("sum", plan.column("k")), [test], [Ordering(plan.column("event_id"))], WindowFrame("ROWS", -1, 1))
    assert "order case when" in after(Extend(plan, (("sum", case([(test, window)])),)), sort_some_rows)


def test_windows_that_other_rows_read_stay():
    plan = marked()
    test = plan.column("is_first")
    for other in (
        # Another partition, another condition, and an answer for the other rows.
        numbered(plan, test, plan.column("user_id")),
        numbered(plan, call("not", test), test),
        numbered(plan, test, test, default=literal(0)),
        Extend(plan, (("n", call("add", over(aggregation("row_number"), [test], [Ordering(plan.column("k"))]), literal(1))),)),
        Filter(plan, test),
    ):
        assert is_kept(other, sort_some_rows)
