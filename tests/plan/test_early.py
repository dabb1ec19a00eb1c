"""Grouping rows early: what it makes of a question, and where rows have to stay rows."""

from __future__ import annotations

import pytest
from plan.events import ROWS, after, at, change, date, day, events, is_kept, numbered, per_user, sessions

from objectiv_local.plan.early import aggregate_early
from objectiv_local.plan.expr import Ordering, aggregation, call, case, cast, literal, over
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, Node
from objectiv_local.types import FLOAT64, INT64


def users(node: Node, *keys: tuple[str, object], **more: object) -> Aggregate:
    """Return the number of users by some keys."""
    return Aggregate(node, keys, (("users", aggregation("nunique", node.column("user_id"))), *more.items()), "answer")


def first_session(node: Node) -> Extend:
    """Add whether each event is in the first session of its user."""
    first = call("eq", per_user(node, "min", node.column("session_id")), node.column("session_id"))
    return Extend(node, (("is_first", first),))


def last_lines(text: str, count: int) -> str:
    """Return the last steps of a plan, which come first in its text."""
    return "\n".join(text.splitlines()[:count])


def test_values_become_groups_that_are_counted():
    plan = events()
    question = users(plan, ("day", day(plan)))
    assert (
        change(question, aggregate_early)
        == """\
2 Aggregate answer by day = strftime(moment, '%Y-%m-%d'): users = nunique(user_id) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)
becomes
3 Aggregate answer by day = strftime(moment_day, '%Y-%m-%d'): users = count(user_id) <- 2
2 Aggregate by_moment_day_user_id by moment_day = moment as date, user_id = user_id:  <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


def test_distinct_values_are_counted_as_groups():
    plan = events()
    assert (
        after(users(plan, ("day", day(plan))), aggregate_early)
        == """\
3 Aggregate answer by day = strftime(moment_day, '%Y-%m-%d'): users = count(user_id) <- 2
2 Aggregate by_moment_day_user_id by moment_day = moment as date, user_id = user_id:  <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


def test_days_stand_in_only_for_texts_that_tell_them_apart():
    plan = events()
    for format_, key in (
        ("%B", "text = strftime(moment, '%B')"),
        ("%Y-%m-%d %H", "text = strftime(moment, '%Y-%m-%d %H')"),
        ("%%Y-%m-%d %H", "text = strftime(moment, '%%Y-%m-%d %H')"),
        ("%d/%m/%y", "text = strftime"),
        ("%Y%j", "moment_day = moment as date"),
    ):
        text = call("strftime", plan.column("moment"), literal(format_))
        assert key in after(users(plan, ("text", text)), aggregate_early)


def test_labels_are_computed_over_groups():
    plan = first_session(sessions())
    kept = Filter(plan, plan.column("is_first"))
    text = after(users(kept, ("day", day(kept))), aggregate_early)
    assert (
        last_lines(text, 4)
        == """\
8 Aggregate answer by day = strftime(moment_day, '%Y-%m-%d'): users = nunique(user_id) <- 7
7 Filter: is_first <- 6
6 Extend: is_first = eq(min(min_session_id) over (partition user_id), session_id) <- 5
5 Aggregate by_moment_day_user_id_session_id by moment_day = moment as date, user_id = user_id, \
session_id = session_id: min_session_id = min(session_id) <- 4"""
    )


def test_a_window_in_a_key_is_over_the_rows_that_a_filter_leaves():
    plan = first_session(sessions())
    later = Filter(plan, call("not", plan.column("is_first")))
    again = call("eq", per_user(later, "min", later.column("session_id")), later.column("session_id"))
    after(users(later, ("is_first", again)), aggregate_early)
    assert is_kept(users(later, ("is_first", again)), aggregate_early)


def test_a_window_in_a_filter_or_an_aggregate_keeps_the_rows():
    plan = events()
    many = Filter(plan, call("gt", per_user(plan, "size"), literal(2)))
    label = Extend(many, (("total", per_user(many, "size")),))
    text = after(users(label, ("total", label.column("total"))), aggregate_early)
    # The windows below the filter read all rows, so the groups start above it.
    assert text.index("Aggregate by_") < text.index("Filter")
    where = aggregation("nunique", plan.column("k"), where=call("gt", per_user(plan, "size"), literal(2)))
    assert is_kept(Aggregate(plan, (("day", day(plan)),), (("n", where),)), aggregate_early)


def test_a_window_in_a_filter_above_a_label_keeps_the_rows():
    plan = events()
    label = Extend(plan, (("size", per_user(plan, "size")),))
    second = Filter(label, call("eq", numbered(label), literal(2)))
    question = users(second, ("size", second.column("size")))
    after(question, aggregate_early)
    assert is_kept(Aggregate(second, (("size", second.column("size")),), (("n", aggregation("size")),)), aggregate_early)


def test_numbered_rows_as_a_key_keep_the_rows():
    plan = events()
    label = Extend(plan, (("least", per_user(plan, "min", plan.column("k"))),))
    question = Aggregate(label, (("number", numbered(label)),), (("most", aggregation("max", label.column("least"))),))
    after(question, aggregate_early)
    assert is_kept(question, aggregate_early)


@pytest.mark.parametrize(("name", "expected"), [("count", "count_k"), ("size", "size_rows"), ("sum", "sum_k")])
def test_partial_results_are_added(name, expected):
    plan = events()
    args = () if name == "size" else (plan.column("k"),)
    label = Extend(plan, (("total", per_user(plan, name, *args)),))
    text = after(Aggregate(label, (("total", label.column("total")),), (("n", aggregation(name, *args)),)), aggregate_early)
    assert f"total = sum_or_null({expected}) over (partition user_id)" in text
    assert f"n = sum_or_null({expected})" in text


@pytest.mark.parametrize("name", ["min", "max", "any", "all", "sum_or_null"])
def test_other_partial_results_are_combined_by_themselves(name):
    plan = events()
    arg = call("gt", plan.column("k"), literal(1)) if name in ("any", "all") else plan.column("k")
    label = Extend(plan, (("total", per_user(plan, name, arg)),))
    text = after(
        Aggregate(
            label, (("user", label.column("user_id")), ("total", label.column("total"))), (("n", aggregation(name, arg)),)
        ),
        aggregate_early,
    )
    assert f"total = {name}({name}_" in text


def test_rows_of_a_key_are_counted_not_groups():
    plan = events()
    label = Extend(plan, (("size", per_user(plan, "size")),))
    count = aggregation("count", label.column("user_id"))
    text = after(Aggregate(label, (("size", label.column("size")),), (("n", count),)), aggregate_early)
    assert "n = sum_or_null(count_user_id)" in text


def test_a_count_of_a_label_keeps_the_rows():
    plan = events()
    label = Extend(plan, (("least", per_user(plan, "min", plan.column("k"))),))
    for name in ("count", "sum"):
        question = Aggregate(label, (("day", day(label)),), (("n", aggregation(name, label.column("least"))),))
        after(question, aggregate_early)
        assert is_kept(question, aggregate_early)


def test_a_label_of_a_label_keeps_the_rows():
    plan = events()
    label = Extend(plan, (("size", per_user(plan, "size")),))
    total = Extend(label, (("total", over(aggregation("sum", label.column("size")), [date(label)])),))
    question = users(total, ("total", total.column("total")))
    after(question, aggregate_early)
    assert is_kept(question, aggregate_early)


def test_sums_of_no_rows_are_zero():
    plan = events(())
    label = Extend(plan, (("size", per_user(plan, "size")),))
    kept = Filter(label, call("gt", label.column("size"), literal(1)))
    calls = (("users", aggregation("nunique", kept.column("user_id"))), ("k", aggregation("sum", kept.column("k"))))
    assert "k = sum(sum_k)" in after(Aggregate(kept, (), calls), aggregate_early)


def test_a_sum_of_a_part_of_the_groups_can_be_one_of_none():
    plan = first_session(sessions())
    late = call("not", plan.column("is_first"))
    calls = (("late", aggregation("sum", plan.column("k"), where=late)),)
    assert "late = sum(sum_k where" in after(Aggregate(plan, (("user", plan.column("user_id")),), calls), aggregate_early)


def test_a_condition_on_rows_splits_groups():
    plan = first_session(sessions())
    large = call("gt", plan.column("k"), literal(2))
    count = aggregation("count", plan.column("k"), where=call("and", large, plan.column("is_first")))
    text = after(Aggregate(plan, (("day", day(plan)),), (("n", count),)), aggregate_early)
    assert "condition = gt(k, 2)" in text


def test_a_condition_that_can_raise_is_not_computed_for_every_row():
    plan = Extend(events(), (("size", per_user(events(), "size")),))
    stack = plan.column("stack")
    is_number = call("eq", call("json_get_text", stack, literal("t")), literal("number"))
    seven = call("eq", cast(call("json_get_text", stack, literal("n")), INT64), literal(7))
    guarded = case([(is_number, case([(seven, literal(1))], literal(0)))], literal(-1))
    label = Extend(plan, (("found", call("add", plan.column("size"), guarded)),))
    question = users(label, ("found", label.column("found")))
    after(question, aggregate_early)
    assert is_kept(question, aggregate_early)


def test_values_are_counted_where_a_condition_holds_for_one_of_their_rows():
    plan = events()
    where = call("gt", plan.column("k"), literal(2))
    question = Aggregate(plan, (), (("n", aggregation("nunique", plan.column("user_id"), where=where)),))
    assert "n = count(user_id where any_rows)" in after(question, aggregate_early)


def test_users_are_counted_where_their_label_says_so():
    plan = first_session(sessions())
    where = call("not", plan.column("is_first"))
    question = Aggregate(plan, (("day", day(plan)),), (("n", aggregation("nunique", plan.column("user_id"), where=where)),))
    assert "n = nunique(user_id where not(is_first))" in after(question, aggregate_early)


def test_a_key_with_the_name_of_a_label_keeps_the_rows():
    plan = events()
    label = Extend(plan, (("l", per_user(plan, "max", plan.column("k"))),))
    key = call("add", label.column("k"), literal(1))
    question = Aggregate(label, (("l", key),), (("most", aggregation("max", label.column("l"))),))
    after(question, aggregate_early)
    assert is_kept(question, aggregate_early)


def test_labels_that_are_computed_once_stay():
    plan = events()
    label = Extend(plan, (("size", per_user(plan, "size")),), once=True)
    assert is_kept(Aggregate(label, (("size", label.column("size")),), (("n", aggregation("size")),)), aggregate_early)


def test_two_different_values_are_not_counted_as_groups_of_both():
    plan = events()
    calls = (("users", aggregation("nunique", plan.column("user_id"))), ("ks", aggregation("nunique", plan.column("k"))))
    question = Aggregate(plan, (("day", day(plan)),), calls)
    after(question, aggregate_early)
    assert is_kept(question, aggregate_early)


def test_a_sum_where_a_condition_on_rows_holds_keeps_the_rows():
    plan = events()
    where = call("gt", plan.column("k"), literal(2))
    calls = (
        ("users", aggregation("nunique", plan.column("user_id"))),
        ("most", aggregation("max", plan.column("k"), where=where)),
    )
    question = Aggregate(plan, (("day", day(plan)),), calls)
    after(question, aggregate_early)
    assert is_kept(question, aggregate_early)


def test_the_key_twice_is_not_taken_for_the_value_counted():
    plan = events()
    question = users(plan, ("a", plan.column("k")), ("b", plan.column("k")))
    after(question, aggregate_early)


def test_only_windows_of_whole_partitions_are_labels():
    plan = events()
    k = plan.column("k")
    for window in (
        over(aggregation("sum", k, where=call("lt", k, literal(3))), [plan.column("user_id")]),
        over(aggregation("sum", k), [plan.column("user_id")], [Ordering(plan.column("event_id"))]),
        over(aggregation("max", over(aggregation("min", k), [date(plan)])), [plan.column("user_id")]),
    ):
        label = Extend(plan, (("label", window),))
        question = Aggregate(label, (("label", label.column("label")),), (("size", aggregation("size")),))
        after(question, aggregate_early)
        assert is_kept(question, aggregate_early)


def test_a_label_that_takes_the_name_of_a_column_keeps_the_rows():
    plan = events()
    plain = Extend(plan, (("more", call("add", plan.column("k"), literal(1))), ("size", per_user(plan, "size"))))
    label = Extend(plain, (("k", per_user(plain, "max", plain.column("k"))),))
    question = Aggregate(label, (("more", label.column("more")), ("k", label.column("k"))), (("n", aggregation("size")),))
    after(question, aggregate_early)
    assert is_kept(question, aggregate_early)


def test_a_column_that_takes_the_name_of_a_label_keeps_the_rows():
    plan = events()
    label = Extend(plan, (("l", per_user(plan, "max", plan.column("k"))),))
    label = Extend(label, (("m", call("add", label.column("l"), literal(1))),))
    plain = Extend(label, (("l", call("sub", label.column("k"), literal(1))),))
    for question in (
        Aggregate(plain, (("l", plain.column("l")), ("m", plain.column("m"))), (("n", aggregation("size")),)),
        Aggregate(plain, (("m", plain.column("m")),), (("most", aggregation("max", plain.column("l"))),)),
    ):
        after(question, aggregate_early)
        assert is_kept(question, aggregate_early)


def test_labels_that_other_steps_read_are_computed_for_every_row_anyway():
    plan = first_session(sessions())
    rows = Filter(plan, plan.column("is_first"))
    answer = Aggregate(rows, (), (("answer", aggregation("nunique", rows.column("user_id"))),))
    from objectiv_local.plan.nodes import Union

    both = Union((answer, Aggregate(Filter(plan, call("not", plan.column("is_first"))), (), answer.aggregates)), ("answer",))
    after(both, aggregate_early)
    assert is_kept(both, aggregate_early)


# ---- windows before labels


def test_hours_are_too_many_to_group_by():
    plan = events()
    label = Extend(plan, (("size", per_user(plan, "size")),))
    early = Filter(label, call("lt", call("date_part", literal("hour"), label.column("moment")), literal(12)))
    assert is_kept(users(early, ("size", early.column("size"))), aggregate_early)


def test_moments_are_grouped_by_the_days_that_a_filter_reads():
    rows = (*ROWS, (10, "w", at("03-01 10:00:00.5"), 1, None), (11, "w", at("03-01 10:00:00.7"), 2, None))
    plan = events(rows)
    label = Extend(plan, (("size", per_user(plan, "size")),))
    early = Filter(label, call("lt", call("date_part", literal("day"), label.column("moment")), literal(2)))
    assert "moment_day" in after(users(early, ("size", early.column("size"))), aggregate_early)


def test_counts_and_extremes_beside_distinct_values_are_those_of_groups():
    plan = events()
    question = users(
        plan,
        ("day", day(plan)),
        events=aggregation("size"),
        known=aggregation("count", plan.column("k")),
        last=aggregation("max", plan.column("moment")),
    )
    assert (
        change(question, aggregate_early).partition("becomes\n")[2]
        == """\
3 Aggregate answer by day = strftime(moment_day, '%Y-%m-%d'): users = count(user_id), events = sum_or_null(size_rows), known = sum_or_null(count_k), last = max(max_moment) <- 2
2 Aggregate by_moment_day_user_id by moment_day = moment as date, user_id = user_id: size_rows = size(), count_k = count(k), max_moment = max(moment) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


def test_of_all_rows_counts_beside_distinct_values_are_zero_without_rows():
    plan = events()
    question = users(plan, events=aggregation("size"))
    assert "events = sum(size_rows)" in after(question, aggregate_early)


@pytest.mark.parametrize(
    "beside",
    [
        lambda plan: aggregation("sum", cast(plan.column("k"), FLOAT64)),
        lambda plan: aggregation("mean", plan.column("k")),
        lambda plan: aggregation("size", where=call("gt", plan.column("k"), literal(1))),
    ],
)
def test_other_aggregates_beside_distinct_values_stay_those_of_rows(beside):
    plan = events()
    question = users(plan, ("day", day(plan)), beside=beside(plan))
    assert aggregate_early(question) == question
