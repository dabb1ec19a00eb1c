"""Users and their sessions are counted together."""

from __future__ import annotations

from plan.events import after, change, day, events, is_kept, numbered, sessions

from objectiv_local.plan.expr import Expr, Ordering, aggregation, call, literal, over
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, Node
from objectiv_local.plan.within import count_within


def counted(node: Node, *keys: tuple[str, Expr], where: Expr | None = None) -> Aggregate:
    return Aggregate(
        node,
        keys,
        (
            ("users", aggregation("nunique", node.column("user_id"), where=where)),
            ("sessions", aggregation("nunique", node.column("session_id"))),
        ),
    )


def test_two_counts_become_one_within_the_other():
    plan = events()
    number = over(aggregation("row_number"), (), [Ordering(plan.column("event_id"))])
    visits = Extend(plan, (("session_id", number),), "", (("session_id", "user_id", numbered(plan)),))
    question = counted(visits, ("day", day(visits)))
    assert (
        change(question, count_within)
        == """\
3 Aggregate by day = strftime(moment, '%Y-%m-%d'): users = nunique(user_id), sessions = nunique(session_id) <- 2
2 Extend: session_id = row_number() over (order event_id) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)
becomes
5 Aggregate by day = strftime(moment_day, '%Y-%m-%d'): users = count(user_id), sessions = sum_or_null(session_id_count) <- 4
4 Aggregate by moment_day = moment_day, user_id = user_id: session_id_count = count(session_id) <- 3
3 Aggregate by moment_day = moment as date, user_id = user_id, session_id = session_id:  <- 2
2 Extend: session_id = row_number() over (order event_id) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


def test_groups_of_both_then_of_users_then_counts():
    plan = sessions()
    assert (
        "\n".join(after(counted(plan, ("day", day(plan))), count_within).splitlines()[:3])
        == """\
7 Aggregate by day = strftime(moment_day, '%Y-%m-%d'): users = count(user_id), sessions = sum_or_null(session_id_count) <- 6
6 Aggregate by moment_day = moment_day, user_id = user_id: session_id_count = count(session_id) <- 5
5 Aggregate by moment_day = moment as date, user_id = user_id, session_id = session_id:  <- 4"""
    )


def test_of_no_rows_there_are_none():
    plan = sessions(())
    assert "sessions = sum(" in after(counted(plan), count_within)


def test_filters_and_other_columns_in_between_do_not_matter():
    plan = sessions()
    more = Extend(plan, (("more", call("add", plan.column("k"), literal(1))),))
    kept = Filter(more, call("gt", more.column("more"), literal(2)))
    assert not is_kept(counted(kept, ("more", kept.column("more"))), count_within)
    after(counted(kept, ("more", kept.column("more"))), count_within)


def test_a_user_or_number_that_is_replaced_is_counted_by_itself():
    plan = sessions()
    for name, expr in (("user_id", literal("one")), ("session_id", plan.column("k"))):
        other = Extend(plan, ((name, expr),))
        after(counted(other), count_within)
        assert is_kept(counted(other), count_within)


def test_a_part_of_the_rows_or_another_count_keeps_them():
    plan = sessions()
    some = counted(plan, where=call("gt", plan.column("k"), literal(2)))
    after(some, count_within)
    assert is_kept(some, count_within)
    calls = (("users", aggregation("nunique", plan.column("user_id"))), ("k", aggregation("nunique", plan.column("k"))))
    assert is_kept(Aggregate(plan, (), calls), count_within)
    assert is_kept(Aggregate(plan, (), calls[:1]), count_within)


def test_groups_by_the_user_or_session_keep_the_rows():
    plan = sessions()
    for name in ("user_id", "session_id"):
        question = counted(plan, ("key", plan.column(name)))
        after(question, count_within)
        assert is_kept(question, count_within)
