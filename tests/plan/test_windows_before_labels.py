"""Windows that need every row move below labels, so that rows can be grouped between the two."""

from __future__ import annotations

import pytest
from plan.events import after, change, events, is_kept, numbered, per_user

from objectiv_local.plan.early import windows_before_labels
from objectiv_local.plan.expr import Ordering, aggregation, over
from objectiv_local.plan.nodes import Extend


def test_a_window_and_a_label_change_places():
    plan = events()
    label = Extend(plan, (("size", per_user(plan, "size")),))
    both = Extend(label, (("number", numbered(label)),))
    assert (
        change(both, windows_before_labels)
        == """\
3 Extend: number = row_number() over (partition user_id; order event_id) <- 2
2 Extend: size = size() over (partition user_id) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)
becomes
3 Extend: size = size() over (partition user_id) <- 2
2 Extend: number = row_number() over (partition user_id; order event_id) <- 1
1 Values data: event_id int64, user_id string, moment timestamp, k int64, stack json (9 rows)"""
    )


def test_windows_that_need_every_row_move_below_labels():
    plan = events()
    label = Extend(plan, (("size", per_user(plan, "size")),))
    text = after(Extend(label, (("number", numbered(label)),)), windows_before_labels)
    assert text.splitlines()[:2] == [
        "3 Extend: size = size() over (partition user_id) <- 2",
        "2 Extend: number = row_number() over (partition user_id; order event_id) <- 1",
    ]


def test_windows_stay_above_labels_that_they_read():
    plan = events()
    label = Extend(plan, (("size", per_user(plan, "size")),))
    by_label = over(aggregation("row_number"), [label.column("size")], [Ordering(label.column("event_id"))])
    after(Extend(label, (("number", by_label),)), windows_before_labels)
    assert is_kept(Extend(label, (("number", by_label),)), windows_before_labels)


@pytest.mark.parametrize("name", ["k", "size"])
def test_windows_stay_above_labels_whose_columns_they_replace(name):
    plan = events()
    label = Extend(plan, (("size", per_user(plan, "max", plan.column("k"))),))
    again = Extend(label, ((name, numbered(label)),))
    after(again, windows_before_labels)
    assert is_kept(again, windows_before_labels)


def test_windows_stay_above_numbers_with_a_stand_in():
    plan = events()
    total = per_user(plan, "size")
    label = Extend(plan, (("size", total),), "", (("size", "user_id", total),))
    assert is_kept(Extend(label, (("number", numbered(label)),)), windows_before_labels)
