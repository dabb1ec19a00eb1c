"""What is computed of a row of a dimension is computed there: what moves, how far, and what has to stay."""

from __future__ import annotations

import json

import pytest
from plan.events import HOME, LOGO, after, change, is_kept

from objectiv_local.errors import InvalidValue
from objectiv_local.plan.dimensions import compute_on_dimensions
from objectiv_local.plan.expr import Expr, InQuery, Ordering, aggregation, call, case, cast, literal, over
from objectiv_local.plan.nodes import (
    Aggregate,
    Extend,
    Filter,
    GroupingSets,
    Join,
    Limit,
    Node,
    Pin,
    Select,
    Sort,
    Union,
    Unnest,
    Values,
)
from objectiv_local.plan.passes import rewritten
from objectiv_local.types import INT64, JSON, STRING

#: The last one has no event.
STACKS = ((1, HOME), (2, LOGO), (3, {"t": "number", "n": "7"}), (4, None), (5, {"t": "word", "n": "x"}))
EVENTS = ((1, "u", 1), (2, "u", 2), (3, "v", 1), (4, "v", 3), (5, None, 4), (6, "u", 3))
WORDS = tuple(map(literal, ("_type", "id", " Context", ": ", " in ", " > ")))


def written(columns, rows, key, step):
    values = tuple(
        tuple(
            literal(json.dumps(value) if type_ == JSON and value is not None else value, type_)
            for value, (_, type_) in zip(row, columns, strict=True)
        )
        for row in rows
    )
    return Values(columns, values, key, step)


def stacks(key=("stack_id",)) -> Node:
    return written((("stack_id", INT64), ("stack", JSON)), STACKS, key, "stacks")


def facts(rows=EVENTS) -> Node:
    return written((("event_id", INT64), ("user_id", STRING), ("stack_id", INT64)), rows, ("event_id",), "facts")


def joined(*, total: bool = True, how: str = "left", rows=EVENTS, key=("stack_id",)) -> Join:
    """Return events with their stacks."""
    left = facts(rows)
    columns = (*((name, "left", (name, name)) for name in left.types), ("stack", "right", ("stack", "stack")))
    return Join(left, stacks(key), how, (("stack_id", "stack_id"),), columns, step="events", key=("event_id",), total=total)


#: An event without a stack, and one whose stack is not there.
LOOSE = (*EVENTS, (7, "v", None), (8, "v", 9))


def name_of(node: Node, column: str = "stack") -> Expr:
    return call("json_path_name", node.column(column), *WORDS)


def is_link(node: Node, column: str = "stack") -> Expr:
    return call("json_has", node.column(column), literal({"_type": "LinkContext"}))


def kind(node: Node) -> Expr:
    return call("json_get_text", node.column("stack"), literal("t"))


def only(node: Node, *names: str) -> Node:
    return Select(node, tuple((name, node.column(name)) for name in names))


def on_the_dimension(plan: Node) -> list[str]:
    """Return what is computed on the dimension, having compared the answers."""
    lines = after(plan, compute_on_dimensions).splitlines()
    stacks_are = next(line.split()[0] for line in lines if " Values stacks: " in line)
    found = [line for line in lines if line.endswith(f" <- {stacks_are}") and " Extend: " in line]
    return [line.partition(" Extend: ")[2].rpartition(" <- ")[0] for line in found]


def test_a_name_is_computed_on_the_dimension():
    plan = joined()
    named = Extend(plan, (("name", name_of(plan)),))
    counted = Aggregate(named, (("name", named.column("name")),), (("n", aggregation("size")),))
    assert (
        change(counted, compute_on_dimensions)
        == """\
5 Aggregate by name = name: n = size() <- 4
4 Extend: name = json_path_name(stack, '_type', 'id', ' Context', ': ', ' in ', ' > ') <- 3
3 Join events left on stack_id = stack_id: event_id, user_id, stack_id, stack <- 1, 2
2 Values stacks: stack_id int64, stack json (5 rows)
1 Values facts: event_id int64, user_id string, stack_id int64 (6 rows)
becomes
6 Aggregate by name = name: n = size() <- 5
5 Extend: name = stack_path_name <- 4
4 Join events left on stack_id = stack_id: event_id, user_id, stack_id, stack, stack_path_name <- 1, 3
3 Extend: stack_path_name = json_path_name(stack, '_type', 'id', ' Context', ': ', ' in ', ' > ') <- 2
2 Values stacks: stack_id int64, stack json (5 rows)
1 Values facts: event_id int64, user_id string, stack_id int64 (6 rows)"""
    )


def test_the_dimension_itself_is_no_longer_joined():
    plan = joined()
    counted = Aggregate(Filter(plan, is_link(plan)), (), (("n", aggregation("size")),))
    joins = [node for node in nodes(rewritten(counted)) if isinstance(node, Join)]
    assert [[name for name, _, _ in join.columns] for join in joins] == [["stack_matches"]]


def nodes(plan: Node):
    found, stack = [], [plan]
    while stack:
        found.append(stack.pop())
        stack += found[-1].inputs()
    return found


def test_it_moves_through_steps_that_hand_the_column_on():
    plan = joined()
    more = Extend(plan, (("x", literal(1)),))
    some = Filter(more, call("gt", more.column("event_id"), literal(1)))
    few = Limit(Pin(some), (Ordering(some.column("event_id")),), 4)
    renamed = Select(few, (("event_id", few.column("event_id")), ("place", few.column("stack"))))
    label = Extend(renamed, (("number", over(aggregation("row_number"), [], (Ordering(renamed.column("event_id")),))),))
    shown = Sort(Extend(label, (("name", name_of(label, "place")),)), (Ordering(label.column("event_id")),))
    assert len(on_the_dimension(shown)) == 1
    assert (
        after(shown, compute_on_dimensions)
        .splitlines()[0]
        .endswith("Select: event_id = event_id, place = place, number = number, name = name <- 12")
    )


def test_every_place_where_an_expression_is_read():
    plan = joined()
    user = plan.column("user_id")
    tests = {
        "a filter": only(Filter(plan, call("and", is_link(plan), call("not_null", user))), "event_id"),
        "a key": Aggregate(plan, (("name", name_of(plan)),), (("n", aggregation("size")),)),
        "an argument": Aggregate(plan, (), (("n", aggregation("max", name_of(plan))),)),
        "a condition of an aggregate": Aggregate(plan, (), (("n", aggregation("size", where=is_link(plan))),)),
        "an order": Limit(plan, (Ordering(name_of(plan)), Ordering(plan.column("event_id"))), 2),
        "a partition": Extend(plan, (("n", over(aggregation("size"), [name_of(plan)])),)),
        "an argument of a window": Extend(plan, (("n", over(aggregation("max", name_of(plan)), [user])),)),
        "groupings": GroupingSets(
            plan, (("name", name_of(plan)), ("user_id", user)), ((0,), (1,), ()), (("n", aggregation("size")),), "level"
        ),
        "an array": Unnest(plan, call("json_filter", plan.column("stack"), literal({"id": "logo"})), "item", "at"),
        "a branch": Select(plan, (("x", case([(is_link(plan), user)], literal("none"))),)),
        "a value that is looked up": Filter(plan, InQuery(name_of(plan), Select(plan, (("n", name_of(plan)),)), "n")),
    }
    for title, test in tests.items():
        assert len(on_the_dimension(test)) == 1, title


def test_each_expression_is_computed_once():
    plan = joined()
    first = Filter(plan, is_link(plan))
    again = Extend(first, (("link", is_link(first)), ("name", name_of(first))))
    (found,) = on_the_dimension(again)
    assert found == (
        'stack_matches = json_has(stack, \'{"_type": "LinkContext"}\'), '
        "stack_path_name = json_path_name(stack, '_type', 'id', ' Context', ': ', ' in ', ' > ')"
    )


def test_what_is_computed_of_computed_columns_moves_too():
    plan = joined()
    inner = Extend(plan, (("first", call("json_index", plan.column("stack"), literal(0))),))
    text = Extend(inner, (("id", call("json_get_text", inner.column("first"), literal("id"))),))
    found = on_the_dimension(only(text, "event_id", "id"))
    assert found == ["stack_index = json_index(stack, 0), stack_id_2 = json_get_text(json_index(stack, 0), 'id')"]


def test_chains_that_grow_too_large_are_followed_no_further():
    plan: Node = joined()
    for number in range(7):
        column = plan.column("stack" if not number else f"c{number}")
        text = column if number else call("json_get_text", column, literal("id"))
        plan = Extend(plan, ((f"c{number + 1}", call("coalesce", call("lower", text), call("upper", text))),))
    assert "c7 = coalesce(lower(c6), upper(c6))" in after(plan, compute_on_dimensions)


def test_a_column_that_was_replaced_is_another():
    plan = joined()
    user = call("split", plan.column("user_id"), literal(","))
    other = Extend(plan, (("stack", user),))
    assert is_kept(Filter(other, call("gt", call("json_length", other.column("stack")), literal(0))), compute_on_dimensions)
    inner = Extend(plan, (("stack", call("json_slice", plan.column("stack"), literal(1), literal(None, INT64))),))
    assert (
        "stack_path_name = json_path_name(json_slice(stack, 1, None)"
        in on_the_dimension(Extend(inner, (("name", name_of(inner)),)))[0]
    )


def test_a_column_that_was_replaced_in_another_step_is_the_same_here():
    plan = joined()
    some, others = (Filter(plan, call(op, plan.column("event_id"), literal(3))) for op in ("lt", "ge"))
    for first, second in ((some, others), (others, some)):
        replaced = Extend(
            Extend(first, (("x", literal(1)),)), (("stack", call("split", first.column("user_id"), literal(","))),)
        )
        both = Union(
            (replaced, Extend(second, (("x", call("json_length", second.column("stack"))),))), ("event_id", "x", "stack")
        )
        assert on_the_dimension(both) == ["stack_length = json_length(stack)"]


def test_an_element_with_the_name_of_a_column_is_another():
    plan = joined()
    for item, position in (("stack", "at"), ("item", "stack")):
        elements = Unnest(plan, call("split", plan.column("user_id"), literal(",")), item, position)
        assert is_kept(Select(elements, (("x", call("is_null", elements.column("stack"))),)), compute_on_dimensions)


def test_expressions_over_both_sides_stay():
    plan = joined()
    mixed = call("eq", kind(plan), plan.column("user_id"))
    found = on_the_dimension(Filter(plan, mixed))
    assert found == ["stack_t = json_get_text(stack, 't')"]
    assert is_kept(Filter(plan, call("not_null", plan.column("user_id"))), compute_on_dimensions)


def test_windows_and_queries_stay():
    plan = joined()
    size = over(aggregation("count", plan.column("stack")), [])
    assert is_kept(Extend(plan, (("n", call("add", size, literal(1))),)), compute_on_dimensions)


def test_what_may_raise_stays_behind_its_condition():
    plan = joined()
    numbers = Filter(plan, call("eq", kind(plan), literal("number")))
    number = cast(call("json_get_text", numbers.column("stack"), literal("n")), INT64)
    # The stack with a word has no event, and would raise on the dimension.
    text = after(Extend(numbers, (("n", call("add", number, literal(1))),)), compute_on_dimensions)
    assert "n = add(stack_n as int64, 1)" in text
    guarded = case(
        [(call("eq", kind(plan), literal("number")), cast(call("json_get_text", plan.column("stack"), literal("n")), INT64))],
        literal(0),
    )
    assert "n = case when stack_matches then stack_n as int64 else 0" in after(
        Extend(plan, (("n", guarded),)), compute_on_dimensions
    )


def test_a_join_that_leaves_rows_without_a_match_moves_what_is_missing_there():
    plan = joined(total=False, rows=LOOSE)
    assert len(on_the_dimension(Extend(plan, (("name", name_of(plan)),)))) == 1
    # The stack of a row without one is NULL, of which these make a value.
    for expr in (
        is_link(plan),
        call("coalesce", name_of(plan), literal("none")),
        call("is_null", plan.column("stack")),
        call("json_filter", plan.column("stack"), literal({"id": "logo"})),
        case([(call("is_null", kind(plan)), literal("none"))], kind(plan)),
    ):
        found = after(Extend(plan, (("x", expr),)), compute_on_dimensions)
        assert "Extend: x = stack" not in found
    for expr in (call("not", call("eq", kind(plan), literal("word"))), case([(is_link(plan), kind(plan))])):
        assert "Extend: x = stack_" in after(Extend(plan, (("x", expr),)), compute_on_dimensions)


def test_other_joins_move_only_what_costs():
    for total in (False, True):
        left, right = (
            facts(),
            written((("stack_id", INT64), ("kind", STRING)), ((1, "a"), (2, "b"), (3, "a"), (4, None)), ("stack_id",), "kinds"),
        )
        plan = Join(
            left,
            right,
            "left",
            (("stack_id", "stack_id"),),
            (("event_id", "left", ("event_id", "")), ("kind", "right", ("", "kind"))),
            total=total,
        )
        kept = Filter(plan, call("eq", plan.column("kind"), literal("a")))
        assert is_kept(kept, compute_on_dimensions) is not total
        assert after(kept, compute_on_dimensions)


def test_joins_to_rows_that_repeat_or_of_another_kind_stay():
    for plan in (joined(total=False, key=None), joined(total=False, how="inner"), joined(total=False, how="outer")):
        assert is_kept(Extend(plan, (("name", name_of(plan)),)), compute_on_dimensions)


def test_columns_pass_through_other_joins():
    plan = joined()
    users = written((("user_id", STRING), ("plan", STRING)), (("u", "pro"), ("w", "free")), ("user_id",), "users")
    columns = (*((name, "left", (name, name)) for name in plan.types), ("plan", "right", ("plan", "plan")))
    for how in ("inner", "left"):
        both = Join(plan, users, how, (("user_id", "user_id"),), columns)
        assert on_the_dimension(Filter(both, is_link(both)))
    # A user without an event has no stack.
    outer = Join(plan, users, "outer", (("user_id", "user_id"),), columns)
    assert is_kept(Filter(outer, is_link(outer)), compute_on_dimensions)
    assert on_the_dimension(Extend(outer, (("name", name_of(outer)),)))
    turned = tuple((name, "right" if side == "left" else "left", there[::-1]) for name, side, there in columns)
    right = Join(users, plan, "left", (("user_id", "user_id"),), turned)
    assert is_kept(Filter(right, is_link(right)), compute_on_dimensions)
    assert on_the_dimension(Extend(right, (("name", name_of(right)),)))
    both = Join(plan, users, "left", (("user_id", "user_id"),), (("x", "both", ("user_id", "plan")), *columns))
    assert is_kept(Extend(both, (("u", call("upper", both.column("x"))),)), compute_on_dimensions)


def test_a_frame_joined_to_itself_has_two_stacks():
    plan = joined()
    columns = tuple((f"{name}_{side[0]}", side, (name, name)) for side in ("left", "right") for name in plan.types)
    pairs = Join(plan, plan, "inner", (("user_id", "user_id"),), columns)
    names = Select(
        pairs,
        (
            ("a", pairs.column("event_id_l")),
            ("b", pairs.column("event_id_r")),
            ("x", name_of(pairs, "stack_l")),
            ("y", name_of(pairs, "stack_r")),
            ("z", call("coalesce", pairs.column("stack_l"), pairs.column("stack_r"))),
        ),
    )
    text = after(names, compute_on_dimensions)
    assert "x = stack_path_name, y = stack_path_name_2, z = coalesce(stack_l, stack_r)" in text


def test_parts_of_a_union_move_their_own():
    plan = joined()
    few = Filter(plan, call("gt", plan.column("event_id"), literal(2)))
    both = Union((plan, few), tuple(plan.types))
    assert len(on_the_dimension(Filter(both, is_link(both)))) == 1
    # Of rows without a dimension, it is computed below the union.
    other = written(tuple(plan.types.items()), ((9, "u", 1, HOME),), None, "other")
    mixed = Union((plan, other), tuple(plan.types))
    assert "stack_path_name = json_path_name(stack" in after(Extend(mixed, (("name", name_of(mixed)),)), compute_on_dimensions)
    assert is_kept(Filter(Union((other, other), tuple(plan.types)), is_link(both)), compute_on_dimensions)


def test_two_sides_of_a_join_in_two_parts_of_a_union():
    plan = joined()
    columns = tuple((f"{name}_{side[0]}", side, (name, name)) for side in ("left", "right") for name in plan.types)
    pairs = Join(plan, plan, "inner", (("user_id", "user_id"),), columns)
    parts = tuple(
        Select(
            pairs,
            (("a", pairs.column("event_id_l")), ("b", pairs.column("event_id_r")), ("stack", pairs.column(f"stack_{side}"))),
        )
        for side in "lr"
    )
    both = Union(parts, ("a", "b", "stack"))
    named = Extend(both, (("name", name_of(both)),))
    assert len(on_the_dimension(named)) == 1


def test_two_dimensions():
    plan = joined()
    users = written(
        (("user_id", STRING), ("traits", JSON)), (("u", {"plan": "pro"}), ("v", {"plan": "free"})), ("user_id",), "users"
    )
    columns = (*((name, "left", (name, name)) for name in plan.types), ("traits", "right", ("traits", "traits")))
    both = Join(plan, users, "left", (("user_id", "user_id"),), columns)
    text = after(
        Filter(both, call("eq", call("json_get_text", both.column("traits"), literal("plan")), name_of(both))),
        compute_on_dimensions,
    )
    assert "Filter: eq(traits_plan, stack_path_name)" in text


def test_a_total_join_of_which_nothing_is_read_is_dropped():
    # Although no key is known of the right side.
    plan = joined(key=None)
    assert not [node for node in nodes(rewritten(only(plan, "event_id", "user_id"))) if isinstance(node, Join)]


def test_a_total_join_is_a_left_join_by_keys():
    with pytest.raises(InvalidValue, match="total"):
        joined(how="inner")


def test_time_is_linear_in_the_length_of_a_plan():
    plan: Node = joined()
    for number in range(1000):
        member = call("json_get_text", plan.column("stack"), literal(f"m{number}"))
        plan = Extend(plan, ((f"c{number}", call("lower", member)),))
    assert len(compute_on_dimensions(plan).types) == 1004
