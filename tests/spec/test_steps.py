"""Steps of several plans: unions, elements, grouping sets, joins on conditions, and values of another plan."""

from __future__ import annotations

import pytest
from reference import Json
from spec.specs import Spec, answers, extended, table

from objectiv_local.plan.expr import Column, InQuery, Ordering, aggregation, call, literal
from objectiv_local.plan.nodes import Filter, GroupingSets, Join, Pin, Select, Sort, Union, Unnest
from objectiv_local.types import BOOL, INT64, JSON, STRING


def by(node, name, ascending=True):
    return (Ordering(node.column(name), ascending),)


# ---- steps
DATA = table(
    {"k": INT64, "g": STRING, "h": BOOL, "v": INT64},
    [(1, "a", True, 1), (2, "a", False, 2), (3, None, True, 4), (4, "b", None, 8)],
    key=("k",),
)
TAGS = table(
    {"k": INT64, "tags": JSON},
    [(1, Json(["x", {"y": 1}])), (2, Json([])), (3, None), (4, Json({"z": 1})), (5, Json([None]))],
    key=("k",),
)
OTHER = table({"g": STRING, "least": INT64, "word": STRING}, [("a", 2, "A2"), ("a", 1, "A1"), ("b", 9, "B"), (None, 0, "N")])
PICK = (
    ("k", "left", ("k", "k")),
    ("v", "left", ("v", "v")),
    ("word", "right", ("word", "word")),
    ("least", "right", ("least", "least")),
)
GROUPS = (("g", DATA.column("g")), ("h", DATA.column("h")))
SUM = (("sum", aggregation("sum", DATA.column("v"))),)


def joined(how, on, condition=None):
    made = Join(DATA, OTHER, how, on, PICK)
    if condition is not None:
        made = Join(DATA, OTHER, how, on, PICK, condition=condition(made))
    return Select(made, tuple((name, made.column(name)) for name in ("k", "word")))


LEAST = Filter(Select(OTHER, (("found", OTHER.column("least")),)), call("gt", Column("found", INT64), literal(1)))
TWICE = extended(TAGS, twice=call("mul", TAGS.column("k"), literal(2)))
SLICED = Unnest(TWICE, call("json_slice", TAGS.column("tags"), literal(1), literal(None, INT64)), "k", "position")
TOTAL = GroupingSets(DATA, GROUPS, ((),), SUM, "level")
UNITED = Union((Select(DATA, (("n", DATA.column("v")),)), Select(TOTAL, (("n", TOTAL.column("sum")),))), ("n",))
SETS = GroupingSets(DATA, GROUPS, ((0,), ()), SUM, "level")
TWO_SETS = GroupingSets(DATA, GROUPS, ((0,), (1,)), SUM, "level")
STEPS = [
    answers(
        "union: rows of both, duplicates too",
        Union((DATA, DATA, Filter(DATA, call("gt", DATA.column("v"), literal(2)))), ("g", "v")),
        (STRING, INT64),
        [("a", 1), ("a", 2), (None, 4), ("b", 8)] * 2 + [(None, 4), ("b", 8)],
    ),
    answers(
        "union: of groups and rows in order",
        Sort(UNITED, by(UNITED, "n", ascending=False)),
        (INT64,),
        [(15,), (8,), (4,), (2,), (1,)],
        ordered=True,
    ),
    answers(
        "union: counted",
        Select(extended(Union((DATA, DATA), ()), one=literal(1)), (("one", literal(1)),)),
        (INT64,),
        [(1,)] * 8,
    ),
    answers(
        "unnest: the elements of arrays",
        Unnest(TAGS, TAGS.column("tags"), "tag", "position"),
        (INT64, JSON, JSON, INT64),
        [
            (1, Json(["x", {"y": 1}]), Json("x"), 0),
            (1, Json(["x", {"y": 1}]), Json({"y": 1}), 1),
            (5, Json([None]), Json(None), 0),
        ],
    ),
    answers(
        "unnest: of a slice, filtered",
        Filter(SLICED, call("eq", SLICED.column("position"), literal(0))),
        tuple(SLICED.types.values()),
        [(Json({"y": 1}), Json(["x", {"y": 1}]), 2, 0)],
    ),
    answers(
        "grouping sets: each of them",
        GroupingSets(DATA, GROUPS, ((0,), (1,), ()), SUM, "level"),
        (STRING, BOOL, INT64, INT64),
        [
            ("a", None, 3, 0),
            (None, None, 4, 0),
            ("b", None, 8, 0),
            (None, True, 5, 1),
            (None, False, 2, 1),
            (None, None, 8, 1),
            (None, None, 15, 2),
        ],
    ),
    answers(
        "grouping sets: rollup of an expression",
        GroupingSets(
            DATA, (("big", call("gt", DATA.column("v"), literal(3))), ("g", DATA.column("g"))), ((0, 1), (0,), ()), SUM, "level"
        ),
        (BOOL, STRING, INT64, INT64),
        [
            (False, "a", 3, 0),
            (True, None, 4, 0),
            (True, "b", 8, 0),
            (False, None, 3, 1),
            (True, None, 12, 1),
            (None, None, 15, 2),
        ],
    ),
    answers(
        "grouping sets: kept by their sum",
        Filter(SETS, call("gt", SETS.column("sum"), literal(7))),
        (STRING, BOOL, INT64, INT64),
        [("b", None, 8, 0), (None, None, 15, 1)],
    ),
    answers(
        "grouping sets: kept by their level, without their keys",
        Select(
            Filter(TWO_SETS, call("gt", TWO_SETS.column("sum"), call("mul", TWO_SETS.column("level"), literal(4)))),
            (("sum", TWO_SETS.column("sum")), ("level", TWO_SETS.column("level"))),
        ),
        (INT64, INT64),
        [(3, 0), (4, 0), (8, 0), (5, 1), (8, 1)],
    ),
    answers(
        "grouping sets: the total of nothing",
        GroupingSets(Filter(DATA, literal(False)), GROUPS, ((0, 1), ()), SUM, "level"),
        (STRING, BOOL, INT64, INT64),
        [(None, None, 0, 1)],
    ),
    answers(
        "join: every row with every other",
        joined("inner", ()),
        (INT64, STRING),
        [(k, word) for k in (1, 2, 3, 4) for word in ("A2", "A1", "B", "N")],
    ),
    answers(
        "join: left on a condition",
        joined("left", (), lambda made: call("lt", made.column("v"), made.column("least"))),
        (INT64, STRING),
        [(1, "A2"), (1, "B"), (2, "B"), (3, "B"), (4, "B")],
    ),
    answers(
        "join: left on keys and a condition",
        joined("left", (("g", "g"),), lambda made: call("lt", made.column("v"), made.column("least"))),
        (INT64, STRING),
        [(1, "A2"), (2, None), (3, None), (4, "B")],
    ),
    answers(
        "join: inner on a condition",
        joined("inner", (), lambda made: call("ge", made.column("v"), made.column("least"))),
        (INT64, STRING),
        [(1, "A1"), (1, "N"), (2, "A2"), (2, "A1"), (2, "N"), (3, "A2"), (3, "A1"), (3, "N"), (4, "A2"), (4, "A1"), (4, "N")],
    ),
    answers(
        "pin: the rows as they are",
        Filter(Pin(DATA, "pinned"), call("gt", DATA.column("v"), literal(3))),
        (INT64, STRING, BOOL, INT64),
        [(3, None, True, 4), (4, "b", None, 8)],
    ),
    answers(
        "in: the values of another plan",
        Select(DATA, (("k", DATA.column("k")), ("found", InQuery(DATA.column("v"), LEAST, "found")))),
        (INT64, BOOL),
        [(1, False), (2, True), (3, False), (4, False)],
    ),
    answers("in: of NULL", Select(DATA, (("found", InQuery(literal(None, INT64), LEAST, "found")),)), (BOOL,), [(False,)] * 4),
]

SPECS: list[Spec] = STEPS


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_steps(engine, spec):
    engine.check(spec)
