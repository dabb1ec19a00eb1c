"""Rows are grouped by text before it is read as another type."""

from __future__ import annotations

from plan.events import after, at, change, is_kept

from objectiv_local.plan.casting import group_before_casting
from objectiv_local.plan.expr import aggregation, call, cast, literal, over
from objectiv_local.plan.nodes import Aggregate, Extend, Node, Values
from objectiv_local.types import DATE, INT64, STRING, TIMESTAMP, UUID

LOW = "0f0e0d0c-0000-4000-8000-0000000000aa"
#: One user in capital letters on one day, and none on another.
ROWS = (
    ("1", LOW, at("03-01 10:00")),
    ("2", LOW.upper(), at("03-01 11:00")),
    ("3", LOW, at("03-02 10:00")),
    ("4", None, at("03-02 11:00")),
    ("5", None, at("03-02 12:00")),
)


def events() -> Node:
    columns = (("event_id", STRING), ("cookie_id", STRING), ("moment", TIMESTAMP))
    return Values(
        columns,
        tuple(tuple(literal(value, type_) for value, (_, type_) in zip(row, columns, strict=True)) for row in ROWS),
        ("event_id",),
        "data",
    )


def day(plan: Node):
    return cast(plan.column("moment"), DATE)


def test_ids_are_cast_once_for_each_group():
    plan = events()
    users = Extend(plan, (("user_id", cast(plan.column("cookie_id"), UUID)),))
    distinct = Aggregate(users, (("day", day(users)), ("user_id", users.column("user_id"))), ())
    counted = Aggregate(
        distinct, (("day", distinct.column("day")),), (("users", aggregation("count", distinct.column("user_id"))),)
    )
    assert (
        change(counted, group_before_casting)
        == """\
4 Aggregate by day = day: users = count(user_id) <- 3
3 Aggregate by day = moment as date, user_id = user_id:  <- 2
2 Extend: user_id = cookie_id as uuid <- 1
1 Values data: event_id string, cookie_id string, moment timestamp (5 rows)
becomes
4 Aggregate by day = day: users = count(user_id) <- 3
3 Aggregate by day = day, user_id = cookie_id as uuid:  <- 2
2 Aggregate by_cookie_id_day by cookie_id = cookie_id, day = moment as date:  <- 1
1 Values data: event_id string, cookie_id string, moment timestamp (5 rows)"""
    )


def test_ids_that_two_steps_make():
    plan = events()
    ids = Extend(plan, (("cookie_id", cast(plan.column("cookie_id"), UUID)),))
    users = Extend(ids, (("user_id", ids.column("cookie_id")),))
    label = Extend(users, (("n", over(aggregation("size"), [users.column("user_id")])),))
    for rows in (users, Extend(users, (("x", literal(1)),))):
        assert "by_cookie_id" in after(Aggregate(rows, (("user_id", rows.column("user_id")),), ()), group_before_casting)
    assert is_kept(Aggregate(label, (("user_id", label.column("user_id")), ("n", label.column("n"))), ()), group_before_casting)


def test_keys_that_are_named_as_the_text():
    plan = events()
    text = plan.column("cookie_id")
    for keys in (
        (("cookie_id", cast(text, UUID)),),
        (("cookie_id", day(plan)), ("user", cast(text, UUID))),
        (("a", cast(text, UUID)), ("b", cast(text, UUID)), ("c", text)),
    ):
        assert "as uuid" in after(Aggregate(plan, keys, ()), group_before_casting).splitlines()[0]


def test_what_is_not_only_distinct_rows_or_not_text_stays():
    plan = events()
    user = ("user_id", cast(plan.column("cookie_id"), UUID))
    window = over(aggregation("size"), [plan.column("cookie_id")])
    for question in (
        Aggregate(plan, (user,), (("n", aggregation("size")),)),
        Aggregate(plan, (("day", day(plan)),), ()),
        Aggregate(plan, (("user_id", plan.column("cookie_id")),), ()),
        Aggregate(plan, (user, ("n", window)), ()),
        # Every group is a row.
        Aggregate(plan, (("id", cast(plan.column("event_id"), INT64)), user), ()),
        Aggregate(plan, (("is_missing", call("is_null", user[1])),), ()),
    ):
        assert is_kept(question, group_before_casting)
