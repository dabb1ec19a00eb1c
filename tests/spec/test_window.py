"""Windows: order with NULL, ties and directions, values of other rows, and windows in other steps."""

from __future__ import annotations

import uuid

import pytest
from reference import Json
from spec.specs import Fails, Spec, answers, at, day, inf, nan, numbered, rowwise, span

from objectiv_local.plan.expr import Column, Ordering, WindowFrame, aggregation, call, case, cast, literal, over
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, Select
from objectiv_local.types import BOOL, DATE, FLOAT64, INT64, INT64_MAX, JSON, STRING, TIMEDELTA, TIMESTAMP, UUID, Type

K = Column("k", INT64)
BY_K = (Ordering(K),)
STACK = Type("json", "stack")


def number(order, partition=()):
    return over(aggregation("row_number"), partition, order)


ROW_NUMBER = [
    rowwise(
        "row_number: by partition",
        {"g": STRING, "x": INT64},
        lambda g, x: number((Ordering(x),), (g,)),
        INT64,
        [("a", 3, 2), ("b", 1, 1), ("a", 1, 1), (None, 5, 2), (None, 4, 1), ("a", None, 3)],
    ),
    *(
        rowwise(
            f"row_number: in {words} order",
            {"x": FLOAT64},
            lambda x, up=up, last=last: number((Ordering(x, up, last), Ordering(K))),
            INT64,
            list(zip((2.0, None, nan, -inf, inf, None, 2.0), expected, strict=True)),
        )
        for words, up, last, expected in [
            ("rising", True, True, (2, 6, 5, 1, 4, 7, 3)),
            ("falling", False, True, (3, 6, 1, 5, 2, 7, 4)),
            ("rising, NULL first,", True, False, (4, 1, 7, 3, 6, 2, 5)),
            ("falling, NULL first,", False, False, (5, 1, 3, 7, 4, 2, 6)),
        ]
    ),
    rowwise(
        "row_number: in the order of text",
        {"x": STRING},
        lambda x: number((Ordering(x),)),
        INT64,
        [("b", 7), ("B", 2), ("a", 4), ("_", 3), ("é", 8), ("a b", 5), ("ab", 6), ("", 1), ("😀", 9)],
    ),
    rowwise(
        "row_number: in the falling order of text",
        {"x": STRING},
        lambda x: number((Ordering(x, False),)),
        INT64,
        [("b", 1), ("B", 3), ("a", 2), (None, 4)],
    ),
    rowwise(
        "row_number: in the order of bool",
        {"x": BOOL},
        lambda x: number((Ordering(x),)),
        INT64,
        [(True, 2), (None, 3), (False, 1)],
    ),
    rowwise(
        "row_number: in the order of uuid",
        {"x": UUID},
        lambda x: number((Ordering(x),)),
        INT64,
        [(uuid.UUID(int=2**127), 2), (uuid.UUID(int=1), 1)],
    ),
    rowwise(
        "row_number: in the order of an expression",
        {"x": INT64, "y": INT64},
        lambda x, y: number((Ordering(call("sub", x, y)), Ordering(K))),
        INT64,
        [(5, 1, 2), (2, 9, 1), (9, 5, 3)],
    ),
    rowwise(
        "row_number: of partitions by an expression",
        {"x": INT64},
        lambda x: number((Ordering(x),), (call("mod", x, literal(2)),)),
        INT64,
        [(1, 1), (2, 1), (3, 2), (4, 2)],
    ),
    rowwise(
        "row_number: NaN is one partition, and so is NULL",
        {"x": FLOAT64},
        lambda x: number(BY_K, (x,)),
        INT64,
        [(nan, 1), (None, 1), (nan, 2), (None, 2), (0.0, 1), (-0.0, 2)],
    ),
    rowwise(
        "row_number: in the order of a constant",
        {"x": INT64},
        lambda x: number((Ordering(literal(1)), Ordering(x))),
        INT64,
        [(5, 2), (3, 1)],
    ),
    rowwise(
        "row_number: by a constant partition",
        {"x": INT64},
        lambda x: number((Ordering(x),), (literal("a"),)),
        INT64,
        [(5, 2), (3, 1)],
    ),
    rowwise(
        "row_number: in the order of what is parsed from text",
        {"x": STRING},
        lambda x: number((Ordering(cast(x, INT64)),)),
        INT64,
        [("10", 3), ("9", 2), ("-1", 1), (None, 4)],
    ),
    rowwise(
        "row_number: partitions by what is parsed from text",
        {"x": STRING},
        lambda x: number(BY_K, (cast(x, DATE),)),
        INT64,
        [("2020-01-01", 1), ("2020-01-01", 2), (None, 1)],
    ),
    rowwise(
        "row_number: in two directions",
        {"x": INT64, "y": INT64},
        lambda x, y: number((Ordering(x, False), Ordering(y))),
        INT64,
        [(1, 1, 3), (2, 2, 2), (2, 1, 1), (None, 0, 4)],
    ),
]


def offset(name, steps=1, default=None):
    return lambda x: over(aggregation(name, x, literal(steps), literal(default, x.type)), (), BY_K)


UID = uuid.UUID(int=5)
KINDS = {
    BOOL: (True, False),
    INT64: (1, 2),
    FLOAT64: (nan, 0.5),
    STRING: ("é", ""),
    DATE: (day("2020-01-01"), day("2020-01-02")),
    TIMESTAMP: (at("2020-01-01 00:00:00"), at("2020-01-01 01:00:00")),
    TIMEDELTA: (span(1), span(2)),
    UUID: (UID, UID),
    JSON: (Json({"a": 1}), Json(None)),
    STACK: (Json([1]), Json([2])),
}
OFFSETS = [
    *(
        rowwise(
            f"lag: {type_}{type_.label and ' with a label'}",
            {"x": type_},
            offset("lag"),
            type_,
            [(a, None), (None, a), (b, None), (a, b)],
        )
        for type_, (a, b) in KINDS.items()
    ),
    *(
        rowwise(
            f"lead: {type_}{type_.label and ' with a label'}",
            {"x": type_},
            offset("lead"),
            type_,
            [(a, None), (None, b), (b, a), (a, None)],
        )
        for type_, (a, b) in KINDS.items()
    ),
    rowwise("lag: two rows", {"x": INT64}, offset("lag", 2), INT64, [(1, None), (2, None), (3, 1), (4, 2)]),
    rowwise("lead: two rows", {"x": INT64}, offset("lead", 2), INT64, [(1, 3), (2, 4), (3, None), (4, None)]),
    rowwise("lag: no row", {"x": INT64}, offset("lag", 0), INT64, [(1, 1), (2, 2)]),
    rowwise("lag: beyond the partition", {"x": INT64}, offset("lag", 9), INT64, [(1, None), (2, None)]),
    rowwise("lag: a negative number of rows", {"x": INT64}, offset("lag", -1), INT64, [(1, 2), (2, None)]),
    rowwise("lag: with a default", {"x": INT64}, offset("lag", 1, 0), INT64, [(1, 0), (None, 1), (3, None)]),
    rowwise("lead: with a default", {"x": STRING}, offset("lead", 1, "end"), STRING, [("a", None), (None, "c"), ("c", "end")]),
    rowwise(
        "lag: with a default duration",
        {"x": TIMEDELTA},
        offset("lag", 1, span(0)),
        TIMEDELTA,
        [(span(1), span()), (span(2), span(1))],
    ),
    rowwise(
        "lag: with a default date",
        {"x": DATE},
        offset("lag", 1, day("2000-01-01")),
        DATE,
        [(day("2020-01-01"), day("2000-01-01")), (day("2020-01-02"), day("2020-01-01"))],
    ),
    rowwise(
        "lag: by partition in falling order",
        {"g": INT64, "x": INT64},
        lambda g, x: over(aggregation("lag", x, literal(1), literal(None, INT64)), (g,), (Ordering(x, False),)),
        INT64,
        [(1, 5, None), (1, 3, 5), (2, 9, None), (1, None, 3), (2, 7, 9)],
    ),
    rowwise(
        "lag: of a constant",
        {"x": INT64},
        lambda x: over(aggregation("lag", literal("c"), literal(1), literal(None, STRING)), (), BY_K),
        STRING,
        [(1, None), (2, "c"), (3, "c")],
    ),
    rowwise(
        "lag: elements of an array of the row before",
        {"x": JSON},
        lambda x: call("json_filter", offset("lag")(x), literal({"id": "a"})),
        JSON,
        [(Json([{"id": "a"}, {"id": "b"}]), Json([])), (Json({}), Json([{"id": "a"}])), (None, Json([])), (None, Json([]))],
    ),
    rowwise(
        "lag: of an expression",
        {"x": INT64},
        lambda x: over(aggregation("lag", call("mul", x, literal(2)), literal(1), literal(-1)), (), BY_K),
        INT64,
        [(1, -1), (2, 2), (3, 4)],
    ),
    rowwise(
        "lag: in an expression",
        {"x": TIMESTAMP},
        lambda x: call(
            "gt",
            call("sub", x, over(aggregation("lag", x, literal(1), literal(None, TIMESTAMP)), (), BY_K)),
            literal(span(minutes=30)),
        ),
        BOOL,
        [(at("2020-01-01 00:00:00"), None), (at("2020-01-01 00:30:00"), False), (at("2020-01-01 01:00:01"), True)],
    ),
]
# Windows over windows, windows that are filtered on and aggregated, windows in arithmetic.
DATA = numbered({"g": STRING, "x": INT64}, [("a", 5), ("b", 3), ("a", None), ("b", 9), ("a", 7)])
G, X = DATA.column("g"), DATA.column("x")
NUMBERED = Extend(DATA, (("n", number((Ordering(X, False), Ordering(K)), (G,))),))
SUMMED = Extend(DATA, (("s", over(aggregation("sum", X), (), BY_K, WindowFrame("ROWS", None, 0))),))
GAP = Extend(
    DATA, (("new", cast(call("is_null", over(aggregation("lag", X, literal(1), literal(None, INT64)), (), BY_K)), INT64)),)
)
PLANS = [
    answers(
        "window: filtered on",
        Select(Filter(NUMBERED, call("eq", NUMBERED.column("n"), literal(1))), (("g", G), ("x", X))),
        (STRING, INT64),
        [("a", 7), ("b", 9)],
    ),
    answers(
        "window: aggregated",
        Aggregate(SUMMED, (("g", G),), (("most", aggregation("max", SUMMED.column("s"))),)),
        (STRING, INT64),
        [("a", 24), ("b", 17)],
    ),
    answers(
        "window: over a window",
        Select(
            Extend(GAP, (("session", over(aggregation("sum", GAP.column("new")), (), BY_K, WindowFrame("ROWS", None, 0))),)),
            (("k", K), ("session", Column("session", INT64))),
        ),
        (INT64, INT64),
        [(0, 1), (1, 1), (2, 1), (3, 2), (4, 2)],
    ),
    answers(
        "window: over an expression of a window",
        Select(
            DATA,
            (
                ("k", K),
                (
                    "answer",
                    over(
                        aggregation("sum", cast(call("eq", number(BY_K), literal(2)), INT64)),
                        (),
                        BY_K,
                        WindowFrame("ROWS", None, 0),
                    ),
                ),
            ),
        ),
        (INT64, INT64),
        [(0, 0), (1, 1), (2, 1), (3, 1), (4, 1)],
    ),
    answers(
        "window: a share of the whole",
        Select(DATA, (("k", K), ("share", call("truediv", X, over(aggregation("sum", X), (G,)))))),
        (INT64, FLOAT64),
        [(0, 5 / 12), (1, 0.25), (2, None), (3, 0.75), (4, 7 / 12)],
    ),
    answers(
        "window: in a filter",
        Filter(DATA, call("gt", X, over(aggregation("mean", X), (G,)))),
        (INT64, STRING, INT64),
        [(3, "b", 9), (4, "a", 7)],
    ),
    answers(
        "window: sees the rows that a filter leaves",
        Select(Filter(DATA, call("not_null", X)), (("k", K), ("n", over(aggregation("size"), (G,))))),
        (INT64, INT64),
        [(0, 2), (1, 2), (3, 2), (4, 2)],
    ),
    answers(
        "window: a filter above does not change it",
        Filter(Extend(DATA, (("n", over(aggregation("size"), (G,))),)), call("not_null", X)),
        (INT64, STRING, INT64, INT64),
        [(0, "a", 5, 3), (1, "b", 3, 2), (3, "b", 9, 2), (4, "a", 7, 3)],
    ),
    answers(
        "window: in a case",
        Select(
            DATA,
            (
                ("k", K),
                (
                    "answer",
                    case(
                        [(call("eq", number((Ordering(X), Ordering(K)), (G,)), literal(1)), literal("first"))], literal("later")
                    ),
                ),
            ),
        ),
        (INT64, STRING),
        [(0, "first"), (1, "first"), (2, "later"), (3, "later"), (4, "later")],
    ),
    answers(
        "window: over groups",
        Select(
            Aggregate(DATA, (("g", G),), (("s", aggregation("sum", X)),)),
            (("g", G), ("n", number((Ordering(Column("s", INT64)),)))),
        ),
        (STRING, INT64),
        [("a", 1), ("b", 2)],
    ),
    answers("window: over no rows", Select(numbered({"x": INT64}, []), (("n", number(BY_K)),)), (INT64,), []),
    Spec(
        "window: an integer sum beyond 64 bits",
        Select(numbered({"x": INT64}, [(INT64_MAX,), (1,)]), (("s", over(aggregation("sum", Column("x", INT64)), (), BY_K)),)),
        Fails(),
        (INT64,),
    ),
]
# Operations that some engine writes with a sub-select, which cannot hold a window of the query around it.
NAVIGATION = {"_type": "NavigationContext", "id": "b"}
FIRST = Json([{"_type": "LinkContext", "id": "a", "n": 1}, NAVIGATION])
DOCS = [(FIRST,), (Json([]),)]
LINK = literal({"id": "b"})


def first_doc(a):
    return over(aggregation("first_value", a), (), BY_K)


def guarded(a):
    """The first document, behind a condition that reads text and may raise."""
    return case([(cast(call("json_get_text", call("json_index", a, literal(0)), literal("flag")), BOOL), a)], first_doc(a))


TIES = numbered({"g": STRING, "x": INT64}, [("b", 1), ("a", 1), ("a", 1), ("b", 2)])
# The partition is by a number that only the completed order fixes: by x, then k.
NESTED = answers(
    "window: by a number in an order with ties",
    Select(
        TIES, (("k", K), ("n", over(aggregation("size"), (call("gt", number((Ordering(Column("x", INT64)),)), literal(1)),))))
    ),
    (INT64, INT64),
    [(0, 1), (1, 3), (2, 3), (3, 3)],
)
JSON_OPERATIONS = [
    ("json_filter", (LINK,), JSON, Json([NAVIGATION])),
    ("json_slice", (LINK, literal(None, JSON)), JSON, Json([NAVIGATION])),
    ("json_pick", (literal(["_type", "id"]),), JSON, Json([{"_type": "LinkContext", "id": "a"}, NAVIGATION])),
    (
        "json_path_name",
        tuple(map(literal, ("_type", "id", " Context", ": ", " located at ", " => "))),
        STRING,
        "Navigation: b located at Link: a",
    ),
    ("json_length", (), INT64, 2),
    ("json_integer", (), INT64, None),
    ("json_index", (literal(-1),), JSON, Json(NAVIGATION)),
    ("json_has", (LINK,), BOOL, True),
]
JSON_OVER = [
    rowwise(
        f"{name}: {words}",
        {"a": JSON},
        lambda a, name=name, args=args, of=of: call(name, of(a), *args),
        type_,
        [(*doc, answer) for doc in DOCS],
    )
    for name, args, type_, answer in JSON_OPERATIONS
    for words, of in (("over a window", first_doc), ("over a window in a case", guarded))
]

SPECS: list[Spec] = ROW_NUMBER + OFFSETS + PLANS + [NESTED] + JSON_OVER


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_window(spec, engine):
    engine.check(spec)
