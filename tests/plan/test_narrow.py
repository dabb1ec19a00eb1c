"""JSON is read below windows: what moves, and what has to stay."""

from __future__ import annotations

from plan.events import after, change, events, is_kept, numbered, per_user

from objectiv_local.plan.expr import Expr, Ordering, aggregation, call, cast, literal, over
from objectiv_local.plan.narrow import narrow_early
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, Limit, Node, Select, Union
from objectiv_local.types import INT64, STRING


def is_link(node: Node) -> Expr:
    return call("json_has", node.column("stack"), literal({"_type": "LinkContext"}))


def test_a_condition_on_json_moves_below_the_window():
    plan = events()
    label = Extend(plan, (("number", numbered(plan)),))
    links = Filter(label, is_link(label))
    assert (
        change(links, narrow_early)
        == """\
3 Filter: json_has(stack, '{"_type": "LinkContext"}') <- 2
2 Extend: number = row_number() over (partition user_id; order event_id) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)
becomes
4 Filter: stack_matches <- 3
3 Extend: number = row_number() over (partition user_id; order event_id) <- 2
2 Extend: stack_matches = json_has(stack, '{"_type": "LinkContext"}') <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


def test_a_condition_on_json_is_computed_below_the_window():
    plan = events()
    label = Extend(plan, (("number", numbered(plan)),))
    links = Filter(label, is_link(label))
    kept = Select(links, (("event_id", links.column("event_id")), ("number", links.column("number"))))
    assert (
        after(kept, narrow_early)
        == """\
5 Select: event_id = event_id, number = number <- 4
4 Filter: stack_matches <- 3
3 Extend: number = row_number() over (partition user_id; order event_id) <- 2
2 Extend: stack_matches = json_has(stack, '{"_type": "LinkContext"}') <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


def test_it_moves_below_the_lowest_window_through_filters_and_limits():
    plan = events()
    first = Extend(plan, (("size", per_user(plan, "size")),))
    kept = Filter(first, call("gt", first.column("size"), literal(1)))
    second = Extend(kept, (("number", numbered(kept)),))
    few = Limit(second, (Ordering(second.column("event_id")),), 3)
    question = Aggregate(few, (("is_link", is_link(few)),), (("n", aggregation("size")),))
    text = after(question, narrow_early)
    assert text.splitlines()[-2] == '2 Extend: is_link = json_has(stack, \'{"_type": "LinkContext"}\') <- 1'


def test_text_that_is_read_as_a_number_stays_behind_its_condition():
    plan = events()
    stack = plan.column("stack")
    label = Extend(plan, (("number", numbered(plan)),))
    numbers = Filter(label, call("eq", call("json_get_text", stack, literal("t")), literal("number")))
    number = cast(call("json_get_text", stack, literal("n")), INT64)
    question = Select(numbers, (("event_id", numbers.column("event_id")), ("n", number)))
    # Below the filter, the word of another row would be read as a number, which is an error.
    assert "as int64" in after(question, narrow_early).splitlines()[0]


def test_json_that_was_replaced_is_read_above():
    plan = events()
    label = Extend(plan, (("number", numbered(plan)),))
    inner = Extend(label, (("stack", call("json_index", label.column("stack"), literal(1))),))
    texts = Extend(inner, (("id", call("json_get_text", inner.column("stack"), literal("id"))),))
    after(Select(texts, (("event_id", texts.column("event_id")), ("id", texts.column("id")))), narrow_early)


def test_a_name_that_is_taken_in_between_gets_another():
    plan = events()
    first = Extend(plan, (("is_link", numbered(plan)),))
    second = Extend(first, (("more", call("add", first.column("is_link"), literal(1))),))
    third = Extend(second, (("is_link", is_link(second)),))
    columns = tuple((name, third.column(name)) for name in ("event_id", "more", "is_link"))
    assert "is_link = stack_matches" in after(Select(third, columns), narrow_early)


def test_a_name_that_the_rows_have_gets_another():
    plan = events()
    label = Extend(plan, (("number", over(aggregation("sum", plan.column("k")), [plan.column("user_id")])),))
    again = Extend(label, (("k", is_link(label)),))
    after(Select(again, tuple((name, again.column(name)) for name in ("event_id", "number", "k"))), narrow_early)


def test_a_column_that_a_window_of_the_same_step_reads_is_not_replaced_below_it():
    plan = events()
    both = Extend(plan, (("k", is_link(plan)), ("sum", per_user(plan, "sum", plan.column("k")))))
    assert "k = stack_matches" in after(
        Select(both, tuple((name, both.column(name)) for name in ("event_id", "k", "sum"))), narrow_early
    )


def test_without_a_window_nothing_moves():
    plan = events()
    assert is_kept(Filter(plan, is_link(plan)), narrow_early)


def counted(node: Node, key: Expr) -> Node:
    """Return the largest number of the rows for each value of a key, with the value as text."""
    groups = Aggregate(node, (("c", key),), (("n", aggregation("max", node.column("number"))),))
    return Select(groups, (("c", cast(groups.column("c"), STRING)), ("n", groups.column("n"))))


def kind(node: Node) -> Expr:
    return call("json_get_text", node.column("stack"), literal("t"))


def test_a_name_given_by_another_step_is_not_used_where_it_means_another_column():
    plan = events()
    label = Extend(plan, (("number", numbered(plan)),))
    other = Extend(label, (("c", call("gt", label.column("number"), literal(0))),))
    rows = Filter(other, other.column("c"))
    after(Union((counted(label, kind(label)), counted(rows, kind(rows))), ("c", "n")), narrow_early)
    after(Union((counted(rows, kind(rows)), counted(label, kind(label))), ("c", "n")), narrow_early)


def test_two_expressions_that_steps_give_the_same_name():
    plan = events()
    label = Extend(plan, (("number", numbered(plan)),))
    after(Union((counted(label, kind(label)), counted(label, is_link(label))), ("c", "n")), narrow_early)
    second = Extend(label, (("size", per_user(label, "size")), ("json", call("json_index", label.column("stack"), literal(1)))))
    inner = call("json_get_text", second.column("json"), literal("id"))
    third = Extend(second, (("size_2", per_user(second, "size")),))
    after(Union((counted(third, kind(third)), counted(third, inner)), ("c", "n")), narrow_early)
    after(Union((counted(third, inner), counted(third, kind(third))), ("c", "n")), narrow_early)
