"""Columns of a table that hold the value of an expression are read in its place."""

from __future__ import annotations

import json

import pytest
from plan.events import after as after_over
from plan.events import change, is_kept

from objectiv_local.errors import InvalidValue
from objectiv_local.plan.expr import Cast, Expr, Ordering, aggregation, call, case, cast, literal, over
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
    Source,
    Union,
    Values,
)
from objectiv_local.plan.passes import rewritten
from objectiv_local.plan.relation import Relation
from objectiv_local.plan.storing import use_stored
from objectiv_local.types import INT64, JSON, STRING, register_label

CONTEXT = register_label(JSON, "context_of_tests")
#: Whatever is stored under "plan" and "n", with what a table has of it. The last number is text that is none.
PROPERTIES = (
    {"plan": "pro", "n": "1"},
    {"plan": "free", "n": "2"},
    {"plan": 5},
    {"plan": "5"},
    {"plan": None},
    {},
    None,
    {"plan": ["pro"]},
)
PLANS = ("pro", "free", "5", "5", None, None, None, '["pro"]')
NUMBERS = (1, 2, None, None, None, None, None, None)
APPS = ([{"id": "web"}], [{"id": "app"}, {"id": "web"}], [], None, [{}], [{"id": None}], [{"id": "web"}], {"id": "web"})
APP_IDS = ("web", "app", None, None, None, None, "web", None)
DATA = Relation("table", ("data",))
COLUMNS = (("event_id", INT64), ("properties", JSON), ("app", CONTEXT), ("plan", STRING), ("n", INT64), ("app_id", STRING))
SOURCES = {
    DATA: [
        {
            "event_id": number,
            "properties": json.dumps(row[0]) if row[0] is not None else None,
            "app": json.dumps(row[1]) if row[1] is not None else None,
            "plan": row[2],
            "n": row[3],
            "app_id": row[4],
        }
        for number, row in enumerate(zip(PROPERTIES, APPS, PLANS, NUMBERS, APP_IDS, strict=True))
    ]
}


def table(columns=COLUMNS) -> Source:
    source = Source(DATA, tuple((name, name, "", type_) for name, type_ in columns), ("event_id",), 0, "data")
    stored = (
        (member(source), "plan"),
        (cast(call("json_get_text", source.column("properties"), literal("n")), INT64), "n"),
        (app_id(source), "app_id"),
    )
    return Source(DATA, source.columns, source.key, 0, "data", (), stored)


def member(node: Node, column: str = "properties", key: str = "plan") -> Expr:
    return call("json_get_text", node.column(column), literal(key))


def app_id(node: Node, column: str = "app") -> Expr:
    return call("json_get_text", call("json_index", node.column(column), literal(0)), literal("id"))


def only(node: Node, *names: str) -> Node:
    return Select(node, tuple((name, node.column(name)) for name in names))


def events() -> Node:
    """Return the columns that a user sees: not those that hold members."""
    return only(table(), "event_id", "properties", "app")


def after(plan: Node) -> str:
    return after_over(plan, use_stored, SOURCES)


def read(plan: Node) -> set[str]:
    """Return the columns of the table that are read in the end."""
    after(plan)
    (source,) = [node for node in nodes(rewritten(plan)) if isinstance(node, Source)]
    return set(source.types) - {"event_id"}


def nodes(plan: Node):
    found, stack = [], [plan]
    while stack:
        found.append(stack.pop())
        stack += found[-1].inputs()
    return set(found)


def test_a_member_is_read_from_its_column():
    plan = events()
    pro = Filter(plan, call("eq", member(plan), literal("pro")))
    counted = Aggregate(pro, (("app", app_id(pro)),), (("n", aggregation("size")),))
    assert (
        change(counted, use_stored, SOURCES)
        == """\
4 Aggregate by app = json_get_text(json_index(app, 0), 'id'): n = size() <- 3
3 Filter: eq(json_get_text(properties, 'plan'), 'pro') <- 2
2 Select: event_id = event_id, properties = properties, app = app <- 1
1 Source data: event_id int64, properties json, app context_of_tests, plan string, n int64, app_id string
becomes
4 Aggregate by app = app_id: n = size() <- 3
3 Filter: eq(plan, 'pro') <- 2
2 Select: event_id = event_id, properties = properties, app = app, plan = plan, app_id = app_id <- 1
1 Source data: event_id int64, properties json, app context_of_tests, plan string, n int64, app_id string"""
    )


def test_the_json_is_not_read():
    plan = events()
    assert read(Aggregate(plan, (("of", member(plan)),), (("rows", aggregation("size")),))) == {"plan"}
    assert read(Select(plan, (("number", cast(member(plan, key="n"), INT64)), ("app", app_id(plan))))) == {"n", "app_id"}


def test_a_member_is_found_however_it_is_written():
    plan = events()
    properties = plan.column("properties")
    context = plan.column("app")
    for expr, column in (
        (call("json_text", call("json_get", properties, literal("plan"))), "plan"),
        (call("json_get_text", Cast(properties, CONTEXT), literal("plan")), "plan"),
        (call("json_get_text", call("json_index", Cast(context, JSON), literal(0)), literal("id")), "app_id"),
        (call("json_text", call("json_get", call("json_index", context, literal(0)), literal("id"))), "app_id"),
        (call("lower", member(plan)), "plan"),
        (case([(call("is_null", member(plan)), literal("none"))], member(plan)), "plan"),
        (call("add", cast(member(plan, key="n"), INT64), literal(1)), "n"),
    ):
        assert read(Select(plan, (("x", expr),))) == {column}


def test_a_member_that_is_no_column_stays():
    plan = events()
    for expr in (
        member(plan, key="other"),
        call("json_get", plan.column("properties"), literal("plan")),
        call("json_get_text", call("json_index", plan.column("app"), literal(1)), literal("id")),
        call("coalesce", plan.column("properties"), plan.column("app")),
    ):
        assert is_kept(Select(plan, (("x", expr),)), use_stored)
    # A value of another type is another value.
    assert read(Select(plan, (("x", member(plan, key="n")),))) == {"properties"}


def test_it_is_found_through_steps_that_hand_the_column_on():
    plan = events()
    renamed = Select(plan, (("id", plan.column("event_id")), ("p", plan.column("properties"))))
    label = Extend(renamed, (("number", over(aggregation("row_number"), [], (Ordering(renamed.column("id")),))),))
    few = Limit(Pin(label), (Ordering(label.column("id")),), 5)
    text = after(Aggregate(few, (("key", member(few, "p")),), (("n", aggregation("sum", few.column("number"))),)))
    assert "Aggregate by key = plan: " in text
    inner = Extend(renamed, (("first", call("json_get", renamed.column("p"), literal("plan"))),))
    assert "x = plan" in after(Select(inner, (("x", call("json_text", inner.column("first"))),)))


def test_a_column_of_the_same_name_is_another():
    plan = table()
    replaced = Extend(plan, (("properties", literal({"plan": "x"})),))
    assert is_kept(Select(replaced, (("x", member(replaced)),)), use_stored)
    # Here the column that holds the member is replaced, but the member is still that of the table.
    for rows in (events(), plan):
        other = Extend(rows, (("plan", literal("mine")),))
        assert "x = plan_2" in after(Extend(other, (("x", member(other)),)))


def test_a_column_that_is_there_is_read():
    plan = only(table(), "event_id", "properties", "plan")
    renamed = Select(plan, (("properties", plan.column("properties")), ("kind", plan.column("plan"))))
    assert after(Select(renamed, (("x", member(renamed)),))).startswith("4 Select: x = plan_2")
    assert (
        after(Select(plan, (("x", member(plan)),)))
        == """\
3 Select: x = plan <- 2
2 Select: event_id = event_id, properties = properties, plan = plan <- 1
1 Source data: event_id int64, properties json, app context_of_tests, plan string, n int64, app_id string"""
    )


def test_both_sides_of_a_join_have_their_own():
    plan = events()
    sides = tuple((f"{name}_{side[0]}", side, (name, name)) for side in ("left", "right") for name in plan.types)
    for how in ("inner", "left", "outer"):
        pairs = Join(
            plan, Filter(plan, call("gt", plan.column("event_id"), literal(2))), how, (("event_id", "event_id"),), sides
        )
        columns = (
            ("a", pairs.column("event_id_l")),
            ("b", pairs.column("event_id_r")),
            ("x", member(pairs, "properties_l")),
            ("y", member(pairs, "properties_r")),
        )
        assert "x = plan, y = plan_2" in after(Select(pairs, columns))


def test_the_column_of_the_other_side_of_a_join_is_another():
    plan = table()
    columns = (("plan", "left", ("plan", "")), ("properties", "right", ("", "properties")))
    pairs = Join(plan, plan, "inner", (), columns)
    assert "x = plan_2" in after(Select(pairs, (("plan", pairs.column("plan")), ("x", member(pairs)))))


def test_a_value_where_there_is_no_row_is_not_in_a_column():
    source = table()
    stored = ((call("coalesce", member(source), literal("none")), "app_id"),)
    filled = [{**row, "app_id": row["plan"] or "none"} for row in SOURCES[DATA]]
    plan = only(Source(DATA, source.columns, source.key, 0, "data", (), stored), "event_id", "properties")
    value = call("coalesce", member(plan), literal("none"))
    assert "x = app_id" in after_over(Select(plan, (("x", value),)), use_stored, {DATA: filled})
    others = Values((("id", INT64),), ((literal(1),), (literal(99),)), ("id",), "ids")
    for total in (False, True):
        wanted = Filter(others, call("lt", others.column("id"), literal(99))) if total else others
        pairs = Join(
            wanted,
            plan,
            "left",
            (("id", "event_id"),),
            (("id", "left", ("id", "")), ("properties", "right", ("", "properties"))),
            total=total,
        )
        question = Select(pairs, (("x", call("coalesce", member(pairs), literal("none"))),))
        assert is_kept(question, use_stored) is not total
        after_over(question, use_stored, {DATA: filled})


def test_parts_of_a_union():
    plan = events()
    other = Values(
        (("event_id", INT64), ("properties", JSON), ("app", CONTEXT)),
        ((literal(99), literal({"plan": "team", "n": "x"}), literal(None, CONTEXT)),),
        None,
        "live",
    )
    same = Union((plan, plan), tuple(plan.types))
    assert "json_get_text" not in after(Select(same, (("x", member(same)),)))
    mixed = Union((plan, other), tuple(plan.types))
    assert "properties_plan = json_get_text(properties, 'plan')" in after(Select(mixed, (("x", member(mixed)),)))
    # What may raise is not computed for rows that a filter leaves out.
    number = cast(member(mixed, key="n"), INT64)
    numbers = Filter(mixed, call("lt", mixed.column("event_id"), literal(99)))
    assert is_kept(Select(numbers, (("x", number),)), use_stored)
    after(Select(numbers, (("x", number),)))


def is_pro(node: Node, text: str = "pro") -> Expr:
    return call("json_equal", call("json_get", node.column("properties"), literal("plan")), literal(json.dumps(text), JSON))


def test_json_that_equals_a_string_in_a_condition():
    plan = events()
    test = is_pro(plan)
    yes = call("not_null", plan.column("event_id"))
    for question in (
        Filter(plan, test),
        Filter(plan, call("and", yes, call("or", test, is_pro(plan, "free")))),
        Filter(plan, call("coalesce", test, literal(False))),
        Aggregate(plan, (), (("n", aggregation("size", where=test)),)),
        Extend(plan, (("n", over(aggregation("size", where=test), [])),)),
        Extend(plan, (("n", case([(test, literal(1))], literal(0))),)),
        Extend(plan, (("n", call("not", call("coalesce", test, literal(False)))),)),
    ):
        assert "eq(plan, 'pro')" in after(question)
    # For null in JSON, this is false, and not missing.
    for question in (
        Filter(plan, call("not", test)),
        Extend(plan, (("x", test),)),
        Filter(plan, call("coalesce", test, literal(True))),
        Aggregate(plan, (("x", test),), (("n", aggregation("size")),)),
    ):
        assert is_kept(question, use_stored)
        after(question)


def test_a_condition_that_is_a_value_too():
    plan = events()
    test = is_pro(plan)
    no = call("not", test)
    for question, kept in (
        (Filter(plan, call("or", test, no)), "not(json_equal("),
        (Filter(plan, call("or", test, call("is_null", test))), "is_null(json_equal("),
        (Extend(plan, (("x", call("coalesce", test, literal(False))), ("y", test))), "y = json_equal("),
        (Extend(plan, (("x", case([(test, test), (no, no)], test)),)), "then json_equal("),
        (Aggregate(plan, (("x", test),), (("n", aggregation("size", where=test)),)), "x = json_equal("),
    ):
        assert "eq(plan, 'pro')" in after(question)
        assert kept in after(question)


@pytest.mark.parametrize("text", ["5", "true", "null", '["pro"]', " 5 ", '"pro"'])
def test_json_that_equals_a_string_that_may_be_the_text_of_another_value(text):
    plan = events()
    assert is_kept(Filter(plan, is_pro(plan, text)), use_stored)


def test_two_keys_that_are_one_column_stay_two():
    for plan in (events(), table()):
        other = call("json_text", call("json_get", plan.column("properties"), literal("plan")))
        after(GroupingSets(plan, (("a", member(plan)), ("b", other)), ((0,), (1,)), (("n", aggregation("size")),), "level"))


def test_a_label_of_the_type_is_kept():
    source = table((*COLUMNS, ("part", JSON)))
    held = call("json_get", source.column("properties"), literal("part"))
    rows = [{**row, "part": None} for row in SOURCES[DATA]]
    plan = only(Source(DATA, source.columns, source.key, 0, "data", (), ((held, "part"),)), "event_id", "properties")
    value = Cast(call("json_get", plan.column("properties"), literal("part")), CONTEXT)
    text = after_over(Select(plan, (("x", value),)), use_stored, {DATA: rows})
    assert text.splitlines()[-1].endswith("part context_of_tests")


def test_what_is_stored_has_to_fit():
    source = table()
    with pytest.raises(InvalidValue, match="'n' is int64, but is declared to have values of type string"):
        Source(DATA, source.columns, None, 0, "data", (), ((member(source), "n"),))
    with pytest.raises(InvalidValue, match="not all of these are columns"):
        Source(DATA, source.columns, None, 0, "data", (), ((member(source), "other"),))


def test_time_is_linear_in_the_length_of_a_plan():
    plan: Node = events()
    for number in range(1000):
        plan = Extend(plan, ((f"c{number}", call("concat", member(plan), literal(str(number)))),))
    assert "json" not in after(only(plan, "c999")).splitlines()[1]
