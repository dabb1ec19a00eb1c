"""Numbers of sessions within their user stand in for those over all users, where nothing tells them apart."""

from __future__ import annotations

import pytest
from plan.events import ROWS, after, change, day, events, is_kept, numbered, per_user, sessions

from objectiv_local.plan.expr import Ordering, WindowFrame, aggregation, call, literal, over
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, Join, Limit, Select, Union
from objectiv_local.plan.numbers import number_locally

#: User v comes first, so that no number of a session of u is the one within u.
MIXED = ((0, "v", ROWS[0][2].replace(hour=1), 2, None), *ROWS)


def by(plan, *names, **calls):
    return Aggregate(plan, tuple((name, plan.column(name)) for name in names), tuple(calls.items()))


def moved(plan):
    """Return whether numbers within users stand in. The answer is compared before and after."""
    text = after(plan, number_locally)
    assert ("max(session_start_number)" not in text) is not is_kept(plan, number_locally)
    return "max(session_start_number)" not in text


def test_a_number_over_all_rows_becomes_one_within_the_user():
    plan = events()
    number = over(aggregation("row_number"), (), [Ordering(plan.column("event_id"))])
    visits = Extend(plan, (("visit", number),), "", (("visit", "user_id", numbered(plan)),))
    first = Extend(visits, (("first", call("eq", per_user(visits, "min", visits.column("visit")), visits.column("visit"))),))
    question = by(first, "first", n=aggregation("size"))
    assert (
        change(question, number_locally)
        == """\
4 Aggregate by first = first: n = size() <- 3
3 Extend: first = eq(min(visit) over (partition user_id), visit) <- 2
2 Extend: visit = row_number() over (order event_id) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)
becomes
4 Aggregate by first = first: n = size() <- 3
3 Extend: first = eq(min(visit) over (partition user_id), visit) <- 2
2 Extend: visit = row_number() over (partition user_id; order event_id) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


def test_a_comparison_within_the_user_does_not_tell():
    plan = sessions(MIXED)
    first = Extend(plan, (("first", call("eq", per_user(plan, "min", plan.column("session_id")), plan.column("session_id"))),))
    assert moved(by(first, "first", n=aggregation("size")))


def test_groups_by_the_number_get_the_user_too():
    plan = sessions(MIXED)
    groups = by(plan, "session_id", n=aggregation("size"))
    assert moved(by(groups, "n", sessions=aggregation("count", groups.column("session_id"))))
    text = after(by(groups, "n", sessions=aggregation("size")), number_locally)
    assert "Aggregate by user_id = user_id, session_id = session_id: n = size()" in text


def test_the_number_itself_tells():
    plan = sessions(MIXED)
    assert not moved(plan)
    assert not moved(by(plan, "session_id", n=aggregation("size")))
    assert not moved(by(plan, "user_id", n=aggregation("max", plan.column("session_id"))))
    assert not moved(by(plan, "k", n=aggregation("nunique", plan.column("session_id"))))
    assert not moved(by(plan, "k", n=aggregation("size", where=call("gt", plan.column("session_id"), literal(1)))))
    assert not moved(Limit(by(plan, "session_id", n=aggregation("size")), (), 1))


def test_a_count_within_the_user_does_not_tell():
    plan = sessions(MIXED)
    assert moved(by(plan, "user_id", n=aggregation("nunique", plan.column("session_id"))))
    assert moved(by(plan, "user_id", n=aggregation("count", plan.column("session_id"))))


@pytest.mark.parametrize("op", ["min", "max"])
def test_the_first_number_of_a_user_can_be_compared_with_another_of_it(op):
    plan = sessions(MIXED)
    groups = by(plan, "user_id", a=aggregation(op, plan.column("session_id")), b=aggregation("max", plan.column("session_id")))
    equal = Extend(groups, (("equal", call("eq", groups.column("a"), groups.column("b"))),))
    assert moved(by(equal, "equal", n=aggregation("size")))
    days = Aggregate(
        plan,
        (("day", day(plan)),),
        (("a", aggregation(op, plan.column("session_id"))), ("b", aggregation("max", plan.column("session_id")))),
    )
    equal = Extend(days, (("equal", call("eq", days.column("a"), days.column("b"))),))
    assert not moved(by(equal, "day", "equal", n=aggregation("size")))


def test_windows_by_the_number_are_by_the_user_too():
    plan = sessions(MIXED)
    size = Extend(plan, (("size", over(aggregation("size"), [plan.column("session_id")])),))
    assert moved(by(size, "size", n=aggregation("size")))
    assert "over (partition user_id, session_id)" in after(by(size, "size", n=aggregation("size")), number_locally)


def test_windows_by_another_function_of_the_number_tell():
    plan = sessions(MIXED)
    number, user = plan.column("session_id"), plan.column("user_id")
    odd = call("mod", number, literal(2))
    for window in (
        over(aggregation("min", number), [user, odd]),
        over(aggregation("min", number), [user], [Ordering(odd)], WindowFrame("RANGE", None, 0)),
        over(aggregation("min", number, where=call("eq", odd, literal(1))), [user]),
        over(aggregation("min", number), [plan.column("k")]),
        over(aggregation("size"), [odd]),
        over(aggregation("size"), [user], [Ordering(odd)], WindowFrame("RANGE", None, 0)),
        over(aggregation("sum", number), [user]),
    ):
        label = Extend(plan, (("label", window),))
        after(by(label, "user_id", "label", n=aggregation("size")), number_locally)
        same = Extend(label, (("same", call("eq", label.column("label"), label.column("session_id"))),))
        assert not moved(by(same, "event_id", "same", n=aggregation("size")))


def test_the_running_first_number_of_a_user_does_not_tell():
    plan = sessions(MIXED)
    number = plan.column("session_id")
    so_far = over(aggregation("max", number), [plan.column("user_id")], [Ordering(number)], WindowFrame("RANGE", None, 0))
    same = Extend(plan, (("same", call("eq", so_far, number)),))
    assert moved(by(same, "event_id", "same", n=aggregation("size")))


def test_numbers_of_two_groups_are_not_compared():
    plan = sessions(MIXED)
    last = Extend(plan, (("last", per_user(plan, "max", plan.column("session_id"))),))
    mixed = Aggregate(
        last,
        (("k", last.column("k")),),
        (("a", aggregation("max", last.column("last"))), ("b", aggregation("min", last.column("session_id")))),
    )
    same = Extend(mixed, (("same", call("eq", mixed.column("a"), mixed.column("b"))),))
    assert not moved(by(same, "k", "same", n=aggregation("size")))


def test_a_user_that_is_replaced_tells():
    plan = sessions(MIXED)
    other = Extend(plan, (("user_id", literal("one")),))
    first = call("eq", per_user(other, "min", other.column("session_id")), other.column("session_id"))
    label = Extend(other, (("first", first),))
    assert not moved(by(label, "first", n=aggregation("size")))
    gone = Select(plan, (("session_id", plan.column("session_id")), ("k", plan.column("k"))))
    assert not moved(by(by(gone, "session_id", n=aggregation("size")), "n", m=aggregation("size")))
    window = Extend(gone, (("size", over(aggregation("size"), [gone.column("session_id")])),))
    assert not moved(by(window, "size", n=aggregation("size")))


def test_a_number_that_is_replaced_is_none():
    plan = sessions(MIXED)
    flag = Extend(plan, (("session_id", call("is_null", plan.column("session_id"))),))
    assert moved(by(flag, "session_id", n=aggregation("size")))


def test_the_user_cannot_be_a_key_where_its_name_is_taken():
    plan = sessions(MIXED)
    for groups in (
        Aggregate(
            plan, (("session_id", plan.column("session_id")), ("user_id", plan.column("k"))), (("n", aggregation("size")),)
        ),
        Aggregate(
            plan, (("session_id", plan.column("session_id")),), (("user_id", aggregation("max", plan.column("user_id"))),)
        ),
    ):
        assert not moved(by(groups, "user_id", n=aggregation("size")))


def test_joins_and_unions_of_numbers_tell():
    plan = sessions(MIXED)
    columns = (("a", "left", ("event_id", "event_id")), ("b", "right", ("event_id", "event_id")))
    assert not moved(Join(plan, plan, "inner", (("session_id", "session_id"),), columns))
    assert not moved(
        by(
            Union((plan, Filter(plan, call("gt", plan.column("k"), literal(1)))), ("session_id", "user_id")),
            "user_id",
            n=aggregation("nunique", plan.column("session_id")),
        )
    )
