"""Distinct once: what is costly is computed once for each distinct value, where many rows are looked at."""

from __future__ import annotations

from plan.events import after, change, events, is_kept

from objectiv_local.plan.distinct import distinct_once
from objectiv_local.plan.expr import Ordering, aggregation, call, literal, over
from objectiv_local.plan.nodes import Aggregate, Extend, Join, Limit

WORDS = tuple(map(literal, ("_type", "id", " Context", ": ", " in ", " > ")))


def named(plan, value):
    return Extend(plan, (("name", call("json_path_name", value, *WORDS)),))


def counted(plan):
    return Aggregate(plan, (("name", plan.column("name")),), (("n", aggregation("size")),))


def test_answers_are_computed_once_below_groups():
    plan = events()
    assert (
        change(counted(named(plan, plan.column("stack"))), distinct_once)
        == """\
3 Aggregate by name = name: n = size() <- 2
2 Extend: name = json_path_name(stack, '_type', 'id', ' Context', ': ', ' in ', ' > ') <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)
becomes
6 Aggregate by name = name: n = size() <- 5
5 Extend: name = name_2 <- 4
4 Join with_names left on stack = stack: event_id, user_id, moment, k, stack, name_2 <- 1, 3
3 Extend names: name_2 = json_path_name(stack, '_type', 'id', ' Context', ': ', ' in ', ' > ') <- 2
2 Aggregate distinct_stack by stack = stack:  <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


def test_values_that_are_computed_are_keys_of_their_own():
    plan = events()
    value = call("json_filter", plan.column("stack"), literal({"id": "a"}))
    text = after(counted(named(plan, value)), distinct_once)
    assert "Extend keys" in text
    assert "Aggregate distinct_key by key = key" in text


def test_answers_are_computed_once_below_windows():
    plan = named(events(), events().column("stack"))
    number = over(aggregation("row_number"), [plan.column("name")], (Ordering(plan.column("event_id")),))
    assert "Aggregate distinct_stack" in after(Extend(plan, (("number", number),)), distinct_once)


def test_rows_that_are_shown_are_computed_one_by_one():
    plan = named(events(), events().column("stack"))
    assert is_kept(plan, distinct_once)
    assert is_kept(Limit(plan, (Ordering(plan.column("event_id")),), 5), distinct_once)


def test_rows_of_a_dimension_are_computed_one_by_one():
    plan = events()
    stack = aggregation("first", plan.column("stack"), order=(Ordering(plan.column("event_id")),))
    ids = Aggregate(plan, (("stack_id", plan.column("k")),), (("stack", stack),))
    for total in (True, False):
        names = named(ids, ids.column("stack"))
        columns = (("name", "right", ("", "name")),)
        joined = Join(plan, names, "left", (("k", "stack_id"),), columns, nulls_match=True, total=total)
        assert is_kept(counted(joined), distinct_once) is total


def test_what_costs_little_or_looks_at_other_rows_stays():
    plan = events()
    cheap = Extend(plan, (("name", call("json_get_text", plan.column("stack"), literal("id"))),))
    assert is_kept(counted(cheap), distinct_once)
    # Of one column alone, so that nothing but the window keeps it.
    greatest = over(aggregation("max", plan.column("user_id")), [])
    assert is_kept(counted(named(plan, call("split", greatest, literal(",")))), distinct_once)


def test_values_of_several_columns_stay():
    # They may be as many as the rows.
    plan = Extend(events(), (("other", events().column("stack")),))
    value = call("coalesce", plan.column("other"), plan.column("stack"))
    assert is_kept(counted(named(plan, value)), distinct_once)
