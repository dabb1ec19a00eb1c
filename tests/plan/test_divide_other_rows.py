"""Rows that read no number are divided into partitions of their own."""

from __future__ import annotations

from plan.events import change, events, is_kept

from objectiv_local.plan.expr import Expr, Ordering, WindowFrame, aggregation, call, case, literal, over
from objectiv_local.plan.nodes import Extend, Node
from objectiv_local.plan.sorting import divide_other_rows


def marked() -> Node:
    """Return the events with whether they are of a user's first kind."""
    plan = events()
    return Extend(plan, (("is_first", call("eq", plan.column("k"), literal(1))),))


def numbered(plan: Node, *partition: Expr, keys: tuple[Expr, ...], default: Expr | None = None) -> Node:
    test = plan.column("is_first")
    window = over(aggregation("row_number"), partition, [Ordering(key) for key in keys])
    return Extend(plan, (("number", case([(test, window)], default)),), "numbered")


def only(plan: Node, name: str) -> Expr:
    """Return a column that is NULL in the other rows."""
    return case([(plan.column("is_first"), plan.column(name))])


def test_other_rows_are_divided_by_the_first_key():
    plan = marked()
    assert (
        change(numbered(plan, plan.column("is_first"), keys=(only(plan, "moment"), plan.column("event_id"))), divide_other_rows)
        == """\
3 Extend numbered: number = case when is_first then row_number() over (partition is_first; order case when is_first then \
moment else None, event_id) else None <- 2
2 Extend: is_first = eq(k, 1) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)
becomes
3 Extend numbered: number = case when is_first then row_number() over (partition is_first, case when is_first then None \
else moment; order case when is_first then moment else None, event_id) else None <- 2
2 Extend: is_first = eq(k, 1) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


def test_with_a_frame():
    plan = marked()
    test = plan.column("is_first")
    frame = WindowFrame("ROWS", -1, 1)
    window = over(aggregation("sum", plan.column("k")), [test], [Ordering(only(plan, "event_id"))], frame)
    assert "case when is_first then None else event_id; order" in change(
        Extend(plan, (("sum", case([(test, window)])),)), divide_other_rows
    )


def test_windows_that_other_rows_read_or_that_are_divided_stay():
    plan = marked()
    test = plan.column("is_first")
    for other in (
        # A key that other rows have, another partition, an answer for the other rows, and a condition of another kind.
        numbered(plan, test, keys=(plan.column("moment"),)),
        numbered(plan, plan.column("user_id"), keys=(only(plan, "moment"),)),
        numbered(plan, plan.column("user_id"), test, keys=(only(plan, "moment"),)),
        numbered(plan, test, keys=(only(plan, "moment"),), default=literal(0)),
        numbered(plan, test, keys=(case([(call("not", test), plan.column("moment"))]),)),
        plan,
    ):
        assert is_kept(other, divide_other_rows)
