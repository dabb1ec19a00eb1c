"""Shorter expressions that say the same."""

from __future__ import annotations

from plan.events import after, change, events, is_kept

from objectiv_local.plan.expr import Ordering, aggregation, call, literal, over
from objectiv_local.plan.nodes import Extend, Filter
from objectiv_local.plan.simplify import simplify, true_for
from objectiv_local.types import INT64


def test_a_slice_becomes_a_containment():
    plan = events()
    found = call("json_slice", plan.column("stack"), literal({"id": "home"}), literal(None, INT64))
    has = Filter(plan, call("gt", call("json_length", found), literal(0)))
    assert (
        change(has, simplify)
        == """\
2 Filter: gt(json_length(json_slice(stack, '{"id": "home"}', None)), 0) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)
becomes
2 Filter: json_has(stack, '{"id": "home"}') <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


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


def test_a_filter_need_not_say_that_missing_is_false():
    plan = events()
    one, other = (call("eq", plan.column("k"), literal(number)) for number in (1, 2))
    filled = [call("coalesce", each, literal(False)) for each in (one, other)]
    assert true_for(call("and", filled[0], filled[1])) == call("and", one, other)
    assert true_for(call("or", filled[0], call("coalesce", filled[1], literal(False)))) == call("or", one, other)
    # Where a missing value is made true, or the answer is turned around, it makes a difference.
    for kept in (call("coalesce", one, literal(True)), call("not", filled[0]), call("is_null", filled[0])):
        assert true_for(kept) == kept
