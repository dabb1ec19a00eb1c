"""Distinct once: what is costly is computed once for each distinct value, where many rows are looked at."""

from __future__ import annotations

from plan.events import after, change, events, is_kept

from objectiv_local.plan.distinct import distinct_once
from objectiv_local.plan.expr import Ordering, aggregation, call, literal, over
from objectiv_local.plan.nodes import Aggregate, Extend, Limit

WORDS = tuple(map(literal, ("_type", "id", " Context", ": ", " in ", " > ")))


def named(plan, value):
    return Extend(plan, (("name", call("json_path_name", value, *WORDS)),))


def counted(plan):
    return Aggregate(plan, (("name", plan.column("name")),), (("n", aggregation("size")),))


def test_answers_are_computed_once_below_groups():
    plan = events()
    assert change(counted(named(plan, plan.column("stack"))), distinct_once) == """\
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


def test_what_costs_little_or_looks_at_other_rows_stays():
    plan = events()
    cheap = Extend(plan, (("name", call("json_get_text", plan.column("stack"), literal("id"))),))
    assert is_kept(counted(cheap), distinct_once)
    before = over(aggregation("lag", plan.column("stack"), literal(1), literal(None, plan.types["stack"])), [],
                  (Ordering(plan.column("event_id")),))
    assert is_kept(counted(named(plan, before)), distinct_once)
