"""JSON is read for the rows that are left: when it is, and when rows carry it."""

from __future__ import annotations

import json

import pytest
from plan.events import after, change, events, is_kept, numbered, per_user, stored_events

from objectiv_local.plan.expr import InQuery, Ordering, aggregation, call, case, cast, literal, over
from objectiv_local.plan.late import read_late
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, Join, Limit, Node, Pin, Select, Sort, Union, Values
from objectiv_local.types import INT64, JSON, STRING


def labeled(plan: Node) -> Node:
    return Extend(plan, (("number", numbered(plan)),), "labels")


def first(node: Node, count: int = 2) -> Node:
    return Limit(node, (Ordering(node.column("event_id")),), count)


def repeated(node: Node) -> Node:
    """Return the rows of users with more than one event so far."""
    return Filter(node, call("gt", node.column("number"), literal(1)))


def described(node: Node, name: str = "id") -> Node:
    step = call("json_index", node.column("stack"), literal(0))
    return Extend(node, ((name, call("json_get_text", step, literal("id"))),), "described")


def test_json_is_joined_to_the_rows_that_are_left():
    rows = first(labeled(stored_events()))
    assert (
        change(rows, read_late)
        == """\
3 Limit 2 after 0 by event_id <- 2
2 Extend labels: number = row_number() over (partition user_id; order event_id) <- 1
1 Source data: event_id int64, user_id string, moment timestamp, k int64, stack json
becomes
7 Sort by event_id <- 6
6 Join rows_with_json inner on rowid = rowid: event_id, user_id, moment, k, stack, number <- 3, 5
5 Join json inner on rowid = rowid: stack, rowid <- 4, 3
4 Source data: stack json, rowid row_id
3 Limit 2 after 0 by event_id <- 2
2 Extend labels: number = row_number() over (partition user_id; order event_id) <- 1
1 Source data: event_id int64, user_id string, moment timestamp, k int64, rowid row_id"""
    )


def test_the_first_rows():
    assert (
        after(first(labeled(described(stored_events()))), read_late)
        == """\
8 Sort by event_id <- 7
7 Extend described: id = json_get_text(json_index(stack, 0), 'id') <- 6
6 Join rows_with_json inner on rowid = rowid: event_id, user_id, moment, k, stack, number <- 3, 5
5 Join json inner on rowid = rowid: stack, rowid <- 4, 3
4 Source data: stack json, rowid row_id
3 Limit 2 after 0 by event_id <- 2
2 Extend labels: number = row_number() over (partition user_id; order event_id) <- 1
1 Source data: event_id int64, user_id string, moment timestamp, k int64, rowid row_id"""
    )


def test_filters_and_limits_above_the_first_one_come_before_too():
    rows = described(repeated(labeled(stored_events())))
    few = first(Filter(rows, call("not_null", rows.column("k"))), 3)
    text = after(few, read_late).splitlines()
    assert [line.split()[1].strip(":") for line in text] == [
        "Sort",
        "Extend",
        "Join",
        "Join",
        "Source",
        "Limit",
        "Filter",
        "Filter",
        "Extend",
        "Source",
    ]


def test_rows_that_are_grouped_afterwards_have_no_order():
    few = first(labeled(stored_events()))
    question = Aggregate(few, (("number", few.column("number")),), (("n", aggregation("count", few.column("stack"))),))
    assert "Sort" not in after(question, read_late)
    assert "Join json" in after(question, read_late)


def test_steps_that_keep_the_order_of_the_first_rows():
    few = described(first(labeled(stored_events())), "name")
    chosen = Select(few, tuple((name, few.column(name)) for name in ("stack", "name", "number")))
    steps = [line.split()[1].strip(":") for line in after(chosen, read_late).splitlines()]
    assert steps[:4] == ["Select", "Extend", "Sort", "Join"]


def test_all_rows():
    assert is_kept(labeled(stored_events()), read_late)
    every = labeled(stored_events())
    assert is_kept(Limit(every, (Ordering(every.column("event_id")),), None, 2), read_late)


def test_rows_without_windows():
    assert is_kept(first(described(stored_events())), read_late)


def test_a_table_without_row_id():
    assert is_kept(first(labeled(stored_events(row_id=False))), read_late)


def test_steps_that_stay_apart_and_columns_under_other_names():
    rows = Pin(labeled(stored_events()), "kept")
    assert [line.split()[1].strip(":") for line in after(first(rows), read_late).splitlines()[4:]] == [
        "Limit",
        "Pin",
        "Extend",
        "Source",
    ]
    chosen = Select(
        labeled(described(stored_events())),
        (
            ("k", stored_events().column("event_id")),
            ("event_id", stored_events().column("k")),
            ("stack", stored_events().column("stack")),
            ("number", labeled(stored_events()).column("number")),
        ),
    )
    assert "Select: k = event_id, event_id = k, number = number, rowid = rowid" in after(repeated(chosen), read_late)
    swapped = Select(chosen, (("number", chosen.column("k")), ("k", chosen.column("number")), ("json", chosen.column("stack"))))
    assert "Join json" in after(repeated(described(Extend(swapped, (("stack", swapped.column("json")),)))), read_late)


def test_text_from_json_below_the_window_is_carried():
    rows = repeated(labeled(described(stored_events())))
    assert is_kept(Select(rows, (("event_id", rows.column("event_id")), ("id", rows.column("id")))), read_late)


def test_json_that_a_window_needs_is_carried():
    plan = stored_events()
    stacks = Extend(
        plan,
        (
            (
                "before",
                over(
                    aggregation("lag", plan.column("k"), literal(1), literal(None, plan.types["k"])),
                    [],
                    [Ordering(plan.column("event_id"))],
                ),
            ),
            ("size", over(aggregation("count", plan.column("stack")), [plan.column("user_id")])),
        ),
    )
    assert is_kept(first(stacks), read_late)


def test_json_that_a_filter_above_the_window_needs_is_carried():
    rows = labeled(stored_events())
    links = Filter(rows, call("json_has", rows.column("stack"), literal({"_type": "LinkContext"})))
    assert is_kept(links, read_late)


def test_json_that_is_needed_below_the_window_is_read_twice():
    plan = stored_events()
    links = Filter(plan, call("json_has", plan.column("stack"), literal({"_type": "LinkContext"})))
    text = after(first(labeled(links)), read_late)
    assert "stack json, rowid row_id\n" in text
    assert text.splitlines()[-1].endswith(
        ": event_id int64, user_id string, moment timestamp, k int64, stack json, rowid row_id"
    )


def test_text_that_a_filter_needs_is_carried_and_its_json_is_not():
    rows = labeled(described(stored_events()))
    home = Filter(rows, call("eq", rows.column("id"), literal("home")))
    text = after(home, read_late)
    assert "rows_with_json inner on rowid = rowid: event_id, user_id, moment, k, stack, id, number" in text


def test_json_of_json_that_a_filter_needs_is_computed_twice():
    plan = stored_events()
    members = Extend(plan, (("member", call("json_index", plan.column("stack"), literal(0))),), "members")
    texts = Extend(members, (("id", call("json_get_text", members.column("member"), literal("id"))),), "texts")
    rows = labeled(texts)
    home = Filter(rows, call("eq", rows.column("id"), literal("home")))
    chosen = Select(home, tuple((name, home.column(name)) for name in ("number", "member")))
    assert after(chosen, read_late).count("member = json_index(stack, 0)") == 2


def test_steps_that_another_one_reads_as_well():
    rows = labeled(stored_events())
    assert is_kept(Union((repeated(rows), rows), ("event_id", "stack")), read_late)
    with_query = Filter(rows, InQuery(rows.column("k"), rows, "number"))
    assert is_kept(with_query, read_late)


def test_a_window_in_a_filter():
    plan = stored_events()
    assert "Join json" in after(Filter(plan, call("gt", numbered(plan), literal(1))), read_late)


def test_json_that_a_window_chooses():
    rows = labeled(stored_events())
    stacks = case([(call("gt", rows.column("number"), literal(1)), rows.column("stack"))])
    few = first(Extend(rows, (("later", stacks),)))
    text = after(Select(few, (("later", few.column("later")),)), read_late)
    assert "Join rows_with_json inner on rowid = rowid: number, stack" in text or "stack, number" in text


def test_json_that_a_window_chooses_which_is_left_out():
    rows = labeled(stored_events())
    stacks = case([(call("gt", rows.column("number"), literal(1)), rows.column("stack"))])
    chosen = Select(Extend(rows, (("later", stacks),)), (("event_id", rows.column("event_id")), ("later", stacks)))
    assert "Join json" in after(
        Select(first(rows), (("stack", rows.column("stack")), ("number", rows.column("number")))), read_late
    )
    assert is_kept(first(chosen), read_late)


def test_a_column_that_narrow_rows_and_json_need():
    rows = labeled(stored_events())
    both = Extend(some(rows), (("more", call("add", rows.column("k"), literal(1))),))
    few = first(both)
    after(Select(few, tuple((name, few.column(name)) for name in ("some", "more", "number"))), read_late)


def test_json_that_only_a_filter_needs_is_not_computed_twice():
    plan = stored_events()
    members = Extend(plan, (("member", call("json_index", plan.column("stack"), literal(0))),), "members")
    rows = labeled(Extend(members, (("id", call("json_get_text", members.column("member"), literal("id"))),), "texts"))
    home = Filter(rows, call("eq", rows.column("id"), literal("home")))
    chosen = Select(home, tuple((name, home.column(name)) for name in ("number", "stack", "id")))
    assert after(chosen, read_late).count("member = json_index(stack, 0)") == 1


def some(node: Node) -> Node:
    """Return the rows with the stacks of those with a large k."""
    stacks = case([(call("gt", node.column("k"), literal(1)), node.column("stack"))])
    return Extend(node, (("some", stacks),), "some")


def test_a_column_that_is_replaced_after_json_was_chosen_by_it():
    replaced = Extend(some(labeled(stored_events())), (("k", literal(7)),))
    assert "Source data: k int64, stack json, rowid row_id" in after(first(replaced), read_late)
    # Here the column is computed, and the narrow rows no longer have it at the end.
    plan = stored_events()
    more = Extend(plan, (("k", call("add", plan.column("k"), literal(1))),))
    by_k = Extend(more, (("size", over(aggregation("size"), [more.column("k")])),))
    assert is_kept(first(Extend(some(by_k), (("k", literal(7)),))), read_late)


@pytest.mark.parametrize("name", ["stack", "k", "number", "event_type"])
def test_json_in_place_of_a_column(name):
    rows = labeled(stored_events())
    rows = Extend(rows, (("size", per_user(rows, "size")),))
    inner = Extend(rows, ((name, call("json_index", rows.column("stack"), literal(0))), ("text", rows.column("user_id"))))
    outer = Extend(inner, (("id", call("json_get_text", inner.column(name), literal("id"))),))
    assert "Join json" in after(first(outer, 4), read_late)
    kept = Filter(inner, call("not_null", inner.column("text")))
    assert "Join json" in after(Sort(kept, (Ordering(kept.column("event_id")),)), read_late)


def test_text_that_becomes_json():
    plan = stored_events(text=True)
    parsed = Extend(plan, (("stack", cast(plan.column("stack"), JSON)),), "events")
    text = after(repeated(labeled(described(parsed))), read_late)
    assert text.splitlines()[-1] == "1 Source data: event_id int64, user_id string, moment timestamp, k int64, rowid row_id"
    assert "Source data: stack string, rowid row_id" in text


def test_text_that_becomes_json_for_a_filter_too():
    plan = stored_events(text=True)
    parsed = Extend(plan, (("stack", cast(plan.column("stack"), JSON)),), "events")
    rows = labeled(described(parsed))
    text = after(Filter(rows, call("eq", rows.column("id"), literal("home"))), read_late)
    assert "rows_with_json inner on rowid = rowid: event_id, user_id, moment, k, stack_2, id, number" in text


def test_an_order_by_a_label():
    rows = Extend(stored_events(), (("size", per_user(stored_events(), "size")),))
    last = Limit(rows, (Ordering(rows.column("size"), False), Ordering(rows.column("event_id"))), 3, 1)
    chosen = Select(last, (("stack", last.column("stack")),))
    assert "Sort by size desc, event_id" in after(chosen, read_late)


@pytest.mark.parametrize(
    "named",
    [
        lambda rows, more: Union((rows, more), ("event_id", "user_id", "stack")),
        lambda rows, more: Join(
            more,
            rows,
            "left",
            (("event_id", "event_id"),),
            tuple((name, "right", (name, name)) for name in ("event_id", "user_id", "stack")),
        ),
        lambda rows, more: Select(rows, tuple((name, rows.column(name)) for name in ("event_id", "user_id", "stack"))),
    ],
)
def test_columns_that_a_step_names_and_nothing_reads(named):
    plan = stored_events()
    size = Extend(plan, (("size", over(aggregation("size"), [plan.column("k")])),))
    rows = Filter(size, call("gt", size.column("size"), literal(1)))
    both = named(rows, Filter(plan, call("gt", plan.column("k"), literal(2))))
    lengths = Select(both, (("event_id", both.column("event_id")), ("n", call("json_length", both.column("stack")))))
    assert "rows_with_json" in after(lengths, read_late)


def test_names_of_the_row_id_that_are_taken():
    plan = stored_events()
    taken = Extend(labeled(plan), (("rowid", plan.column("k")),))
    assert "rowid_2 = rowid_2: event_id, user_id, moment, k, stack, number, rowid" in after(first(taken), read_late)


# ---- dimensions


def with_place(plan: Node | None = None, *, total: bool = True, how: str = "left", nulls_match: bool = False) -> Join:
    """Return the events with the place that their number stands for: its name, its JSON and its size."""
    plan = stored_events() if plan is None else plan
    columns = (("place_id", INT64), ("name", STRING), ("place", JSON), ("size", INT64))
    rows = (
        (1, "home", {"id": "h"}, 10),
        (2, "logo", {"id": "l"}, None),
        (3, None, None, 30),
        (5, "menu", [], 20),
        (None, "none", {}, 1),
    )
    values = tuple(
        tuple(
            literal(json.dumps(value) if type_ == JSON and value is not None else value, type_)
            for value, (_, type_) in zip(row, columns, strict=True)
        )
        for row in rows
    )
    if total:
        plan = Filter(plan, call("not_null", plan.column("k")))
    sides = (*((name, "left", (name, name)) for name in plan.types), *((name, "right", ("", name)) for name, _ in columns[1:]))
    return Join(
        plan,
        Values(columns, values, ("place_id",), "places"),
        how,
        (("k", "place_id"),),
        sides,
        nulls_match,
        "placed",
        ("event_id",),
        total=total and how == "left",
    )


def only(node: Node, *names: str) -> Node:
    return Select(node, tuple((name, node.column(name)) for name in names))


def test_a_dimension_is_joined_to_the_rows_that_are_left():
    # The id is not among the columns that are chosen; the table is not read again.
    rows = first(labeled(only(with_place(total=False), "event_id", "user_id", "place")))
    assert (
        change(rows, read_late)
        == """\
6 Limit 2 after 0 by event_id <- 5
5 Extend labels: number = row_number() over (partition user_id; order event_id) <- 4
4 Select: event_id = event_id, user_id = user_id, place = place <- 3
3 Join placed left on k = place_id: event_id, user_id, moment, k, stack, name, place, size <- 1, 2
2 Values places: place_id int64, name string, place json, size int64 (5 rows)
1 Source data: event_id int64, user_id string, moment timestamp, k int64, stack json
becomes
9 Sort by event_id <- 8
8 Join placed left on k_2 = place_id: k_2, event_id, user_id, number, place <- 6, 7
7 Values places: place_id int64, place json (5 rows)
6 Select: k_2 = k_2, event_id = event_id, user_id = user_id, number = number <- 5
5 Limit 2 after 0 by event_id <- 4
4 Extend labels: number = row_number() over (partition user_id; order event_id) <- 3
3 Select: event_id = event_id, user_id = user_id, k_2 = k_2 <- 2
2 Select placed: k_2 = k, event_id = event_id, user_id = user_id <- 1
1 Source data: event_id int64, user_id string, k int64"""
    )


@pytest.mark.parametrize("total", [True, False])
def test_a_dimension_and_the_json_of_the_table(total):
    text = after(first(labeled(only(with_place(total=total), "event_id", "user_id", "stack", "place"))), read_late)
    assert "Join rows_with_json inner on rowid" in text
    assert text.index("Join placed") < text.index("Join rows_with_json") < text.index("Limit")


def test_a_dimension_is_joined_to_all_rows_after_windows():
    for total in (True, False):
        rows = labeled(with_place(total=total))
        assert "Join placed left on k_2" in after(rows, read_late).splitlines()[0]
        counted = Aggregate(rows, (("name", rows.column("name")),), (("n", aggregation("sum", rows.column("number"))),))
        text = after(counted, read_late)
        assert text.index("Aggregate") < text.index("Join placed") < text.index("Extend labels")


def test_without_a_window_a_dimension_is_joined_where_it_is():
    assert is_kept(first(with_place(total=False)), read_late)


def test_numbers_of_a_dimension_are_carried():
    rows = labeled(only(with_place(), "event_id", "user_id", "size"))
    assert is_kept(rows, read_late)
    both = labeled(only(with_place(), "event_id", "user_id", "size", "place"))
    lines = after(both, read_late).splitlines()
    assert [line.rpartition(": ")[2].partition(" <- ")[0] for line in lines if " Join placed" in line] == [
        "k_2, event_id, user_id, size, number, place",
        "k_2, event_id, user_id, size",
    ]


def test_what_a_filter_reads_of_a_dimension_is_joined_before_it():
    rows = labeled(with_place())
    kept = Filter(rows, call("eq", rows.column("name"), literal("home")))
    lines = [line.partition(" <- ")[0] for line in after(kept, read_late).splitlines() if "Join placed" in line]
    assert [line.rpartition(": ")[2] for line in lines] == [
        "stack, k_2, event_id, user_id, moment, k, size, number, name, place",
        "rowid, k_2, event_id, user_id, moment, k, name, size",
    ]


def test_what_is_computed_of_a_dimension_is_computed_late():
    rows = labeled(with_place())
    told = Extend(rows, (("id", call("json_get_text", rows.column("place"), literal("id"))),))
    text = after(first(told), read_late)
    assert text.index("Extend: id = json_get_text(place, 'id')") < text.index("Join placed")
    window = Extend(told, (("n", over(aggregation("size"), [told.column("id")])),))
    after(first(window), read_late)


def test_the_order_of_first_rows_below_the_last_steps_is_kept():
    for plan in (stored_events(), stored_events(row_id=False)):
        rows = Limit(labeled(with_place(plan)), (Ordering(plan.column("event_id"), ascending=False),), 3)
        shown = Extend(rows, (("twice", call("add", rows.column("number"), rows.column("number"))),))
        lines = after(shown, read_late).splitlines()
        assert lines[0].partition(" ")[2].startswith("Extend: twice = add(number, number)")
        assert lines[1].partition(" ")[2].startswith("Sort by event_id desc")
    without_order = Limit(labeled(with_place(stored_events(row_id=False))), (), None, 2)
    after(without_order, read_late)


def test_joins_that_are_not_to_a_dimension_stay():
    for how in ("inner", "outer"):
        assert is_kept(labeled(with_place(total=False, how=how)), read_late)
    plan = stored_events()
    pairs = Join(
        plan,
        plan,
        "left",
        (("k", "k"),),
        (("event_id", "left", ("event_id", "")), ("user_id", "left", ("user_id", "")), ("stack", "right", ("", "stack"))),
    )
    assert is_kept(labeled(pairs), read_late)


def test_the_table_is_read_late_before_a_dimension_is_joined_above():
    rows = repeated(labeled(with_place()))
    lines = after(only(rows, "event_id", "stack", "place"), read_late).splitlines()
    assert lines[0].partition(" ")[2].startswith("Select: event_id = event_id, stack = stack, place = place")
    assert "Join placed" in lines[1]
    assert any("rows_with_json" in line for line in lines)


def test_rows_that_are_a_dimension_themselves():
    rows = labeled(only(with_place(), "event_id", "user_id", "place"))
    ids = only(events(), "event_id")
    plan = Join(
        ids,
        rows,
        "left",
        (("event_id", "event_id"),),
        (("event_id", "left", ("event_id", "")), *((name, "right", ("", name)) for name in ("number", "place"))),
    )
    text = after(plan, read_late)
    assert text.index("Join placed") < text.index("Extend labels")


@pytest.mark.parametrize("nulls_match", [True, False])
def test_ids_that_are_missing(nulls_match):
    plan = with_place(total=False, nulls_match=nulls_match)
    after(first(labeled(plan), 9), read_late)
    rows = labeled(plan)
    after(Filter(rows, call("ne", rows.column("name"), literal("logo"))), read_late)


def test_ids_that_are_replaced_later():
    plan = labeled(with_place())
    other = Extend(plan, (("k", literal(1)), ("place_id", literal(2))))
    after(first(other), read_late)
    again = with_place(Extend(plan, (("k", literal(2)),)), total=False)
    after(first(Extend(only(again, "event_id", "user_id", "place"), (("n", literal(1)),))), read_late)


def test_two_dimensions():
    plan = with_place(total=False)
    renamed = Select(
        plan,
        (
            ("event_id", plan.column("event_id")),
            ("user_id", plan.column("user_id")),
            ("k", plan.column("size")),
            ("first", plan.column("place")),
            ("title", plan.column("name")),
        ),
    )
    values = Values(
        (("n", INT64), ("other", JSON)), ((literal(10), literal({"a": 1})), (literal(20), literal([2]))), ("n",), "sizes"
    )
    both = Join(
        renamed,
        values,
        "left",
        (("k", "n"),),
        (*((name, "left", (name, name)) for name in renamed.types), ("other", "right", ("", "other"))),
        step="sized",
    )
    text = after(first(labeled(both), 9), read_late)
    assert text.index("Join sized") < text.index("Join placed") < text.index("Limit")
