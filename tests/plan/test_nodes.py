"""Steps: what tells their rows apart."""

from __future__ import annotations

from plan.events import events

from objectiv_local.plan.expr import Ordering, aggregation, call, literal, over
from objectiv_local.plan.nodes import Extend, Node, Select, Values
from objectiv_local.types import INT64, STRING

ROWS: Node = Values((("user", STRING), ("k", INT64)), (), None, "data")


def numbered(child, partition, **others):
    order = (Ordering(child.column("k")),)
    columns = (*others.items(), ("n", over(aggregation("row_number"), partition, order)))
    return Extend(child, columns)


def test_row_numbers_are_a_key_within_what_they_are_partitioned_by():
    assert ROWS.key is None
    assert numbered(ROWS, [ROWS.column("user")]).key == ("user", "n")
    assert numbered(ROWS, [ROWS.column("user"), ROWS.column("k")]).key == ("user", "k", "n")
    assert numbered(ROWS, []).key == ("n",)


def test_row_numbers_within_what_is_no_column_are_none():
    assert numbered(ROWS, [call("is_null", ROWS.column("user"))]).key is None
    assert numbered(ROWS, [ROWS.column("user")], user=literal("x")).key is None, "the column is another one afterwards"
    ranked = Extend(ROWS, (("n", over(aggregation("rank"), [ROWS.column("user")], (Ordering(ROWS.column("k")),))),))
    assert ranked.key is None, "ranks repeat"


def test_a_key_that_is_there_stays():
    keyed = events()
    assert keyed.key == ("event_id",)
    assert numbered(keyed, [keyed.column("user_id")]).key == ("event_id",)
    dropped = Select(numbered(ROWS, [ROWS.column("user")]), (("n", numbered(ROWS, [ROWS.column("user")]).column("n")),))
    assert dropped.key is None
