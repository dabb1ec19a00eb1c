"""Shorter expressions, labels as columns of their own, and windows over one row."""

from __future__ import annotations

from plan.events import after, day, events, is_kept, numbered, per_user

from objectiv_local.plan.expr import Ordering, WindowFrame, aggregation, call, literal, over
from objectiv_local.plan.nodes import Aggregate, Extend, Filter
from objectiv_local.plan.simplify import drop_single_row_windows, label_first, simplify
from objectiv_local.types import INT64

# ---- label first


def test_a_window_in_a_filter_becomes_a_column():
    plan = events()
    assert after(Filter(plan, call("gt", per_user(plan, "size"), literal(2))), label_first).splitlines()[:2] == [
        "3 Filter: condition <- 2", "2 Extend: condition = gt(size() over (partition user_id), 2) <- 1"]


def test_windows_in_keys_and_aggregates_become_columns_by_their_names():
    plan = events()
    many = call("gt", per_user(plan, "size"), literal(2))
    question = Aggregate(plan, (("k", per_user(plan, "max", plan.column("k"))), ("day", day(plan)), ("again", numbered(plan))),
                         (("most", aggregation("max", per_user(plan, "size"))),
                          ("n", aggregation("count", plan.column("k"), where=many)),
                          ("last", aggregation("last", plan.column("k"), order=(Ordering(numbered(plan)),)))))
    text = after(question, label_first)
    # The name "k" is that of a column of the rows.
    assert text.splitlines()[0] == (
        "3 Aggregate by k = k_2, day = strftime(moment, '%Y-%m-%d'), again = again: most = max(most), "
        "n = count(k where condition), last = last(k order by again, event_id) <- 2")


def test_two_windows_of_one_aggregate_have_two_names():
    plan = events()
    arg = per_user(plan, "max", plan.column("k"))
    question = Aggregate(plan, (), (("last", aggregation("last", arg, order=(Ordering(numbered(plan)),))),))
    assert "last(last order by last_2, event_id)" in after(question, label_first)


def test_what_has_no_window_stays():
    plan = events()
    assert is_kept(Aggregate(Filter(plan, call("gt", plan.column("k"), literal(2))), (("day", day(plan)),), ()), label_first)
    assert is_kept(Extend(plan, (("size", per_user(plan, "size")),)), label_first)


# ---- windows over single rows


def single(plan, *partition, op="min", where=None, frame=None):
    order = (Ordering(plan.column("moment")),) if frame is not None else ()
    call_ = aggregation(op, *(() if op == "size" else (plan.column("k"),)), where=where)
    return Extend(plan, (("value", over(call_, [plan.column(name) for name in partition], order, frame)),))


def test_the_minimum_of_one_row_is_its_value():
    plan = events()
    assert "value = k <- 1" in after(single(plan, "event_id", "user_id"), drop_single_row_windows)


def test_other_windows_stay():
    plan = events()
    pairs = Aggregate(plan, (("user_id", plan.column("user_id")), ("day", day(plan))), (("k", aggregation("min", plan.column("k"))),
                                                                                      ("moment", aggregation("min", plan.column("moment")))))
    for step in (
            single(plan, "user_id"), single(pairs, "user_id"), single(plan, "event_id", op="count"),
            single(plan, "event_id", where=call("gt", plan.column("k"), literal(2))),
            single(plan, "event_id", frame=WindowFrame("ROWS", None, -1))):
        after(step, drop_single_row_windows)
        assert is_kept(step, drop_single_row_windows)


# ---- shorter expressions


def test_keys_of_a_partition_order_nothing_in_it():
    plan = events()
    order = [Ordering(plan.column("user_id")), Ordering(plan.column("event_id"))]
    window = Extend(plan, (("n", over(aggregation("row_number"), [plan.column("user_id")], order)),))
    assert "n = row_number() over (partition user_id; order event_id)" in after(window, simplify)
    alone = Extend(plan, (("n", over(aggregation("rank"), [plan.column("k")], [Ordering(plan.column("k"))])),))
    assert is_kept(alone, simplify)


def test_a_slice_from_an_object_with_elements_is_a_containment():
    plan = events()
    home = literal({"id": "home"})
    found = call("json_slice", plan.column("stack"), home, literal(None, INT64))
    has = Filter(plan, call("gt", call("json_length", found), literal(0)))
    assert 'Filter: json_has(stack, \'{"id": "home"}\')' in after(has, simplify)
    more = Filter(plan, call("gt", call("json_length", found), literal(1)))
    assert is_kept(more, simplify)


def test_two_filters_of_elements_are_one():
    plan = events()

    def filtered(inner, outer):
        both = call("json_filter", call("json_filter", plan.column("stack"), literal(inner)), literal(outer))
        return Extend(plan, (("n", call("json_length", both)),))

    assert '"_type": "LinkContext", "id": "logo"' in after(filtered({"_type": "LinkContext"}, {"id": "logo"}), simplify)
    for outer in ({"id": "logo"}, {"id": "home"}):
        assert is_kept(filtered({"id": "home"}, outer), simplify)
