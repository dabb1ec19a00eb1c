"""Frames of windows: by rows and by ranges, for every aggregate, and of some of the rows."""

from __future__ import annotations

import uuid

import pytest
from reference import Json
from spec.specs import Spec, at, day, inf, nan, rowwise, span

from objectiv_local.plan.expr import Column, Ordering, WindowFrame, aggregation, call, literal, over
from objectiv_local.types import BOOL, DATE, FLOAT64, INT64, JSON, STRING, TIMEDELTA, TIMESTAMP, UUID, Type

K = Column("k", INT64)
BY_K = (Ordering(K),)
STACK = Type("json", "stack")
# The frame, and the rows (first, last) that it holds of five; None for a frame without rows.
FRAMES = [
    (WindowFrame("ROWS", None, 0), [(0, 0), (0, 1), (0, 2), (0, 3), (0, 4)]),
    (WindowFrame("ROWS", None, None), [(0, 4)] * 5),
    (WindowFrame("ROWS", 0, None), [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]),
    (WindowFrame("ROWS", 0, 0), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)]),
    (WindowFrame("ROWS", -1, 1), [(0, 1), (0, 2), (1, 3), (2, 4), (3, 4)]),
    (WindowFrame("ROWS", -2, -1), [None, (0, 0), (0, 1), (1, 2), (2, 3)]),
    (WindowFrame("ROWS", 1, 2), [(1, 2), (2, 3), (3, 4), (4, 4), None]),
    (WindowFrame("ROWS", None, -1), [None, (0, 0), (0, 1), (0, 2), (0, 3)]),
    (WindowFrame("ROWS", 1, None), [(1, 4), (2, 4), (3, 4), (4, 4), None]),
    (WindowFrame("ROWS", -1, 0), [(0, 0), (0, 1), (1, 2), (2, 3), (3, 4)]),
]
FIVE = [1, None, 4, 8, None]


def within(edges, pick):
    """Return what ``pick`` makes of the values in each frame."""
    return [
        (x, pick([FIVE[i] for i in range(edge[0], edge[1] + 1)] if edge else None)) for x, edge in zip(FIVE, edges, strict=True)
    ]


def total(values):
    return sum(value for value in values or [] if value is not None)


def framed(name, frame):
    return lambda x: over(aggregation(name, *(() if name == "size" else (x,))), (), BY_K, frame)


ROWS = [
    spec
    for frame, edges in FRAMES
    for words in (f"rows {frame.start} to {frame.end}",)
    for spec in (
        rowwise(f"sum: over {words}", {"x": INT64}, framed("sum", frame), INT64, within(edges, total)),
        rowwise(
            f"count: over {words}",
            {"x": INT64},
            framed("count", frame),
            INT64,
            within(edges, lambda values: sum(value is not None for value in values or [])),
        ),
        rowwise(
            f"first_value: over {words}",
            {"x": INT64},
            framed("first_value", frame),
            INT64,
            within(edges, lambda values: values[0] if values else None),
        ),
        rowwise(
            f"last_value: over {words}",
            {"x": INT64},
            framed("last_value", frame),
            INT64,
            within(edges, lambda values: values[-1] if values else None),
        ),
    )
]
# x is the order, with ties; the whole of a tie belongs to the frame of each of its rows.
TIES = {"x": FLOAT64, "y": INT64}
TIED = [(1.0, 1), (1.0, 2), (2.0, 4), (nan, 8), (nan, 16), (None, 32), (None, 64)]


def ranged(name, frame, up=True, last=True):
    return lambda x, y: over(aggregation(name, y), (), (Ordering(x, up, last),), frame)


def tied(expected):
    return [(*row, value) for row, value in zip(TIED, expected, strict=True)]


RANGES = [
    rowwise(
        "sum: over an order without a frame, ties together", TIES, ranged("sum", None), INT64, tied((3, 3, 7, 31, 31, 127, 127))
    ),
    rowwise(
        "sum: over a falling order without a frame",
        TIES,
        ranged("sum", None, up=False),
        INT64,
        tied((31, 31, 28, 24, 24, 127, 127)),
    ),
    rowwise(
        "sum: over an order with NULL first",
        TIES,
        ranged("sum", None, last=False),
        INT64,
        tied((99, 99, 103, 127, 127, 96, 96)),
    ),
    rowwise(
        "sum: over a falling order with NULL first",
        TIES,
        ranged("sum", None, up=False, last=False),
        INT64,
        tied((127, 127, 124, 120, 120, 96, 96)),
    ),
    rowwise(
        "sum: over the range from the current row",
        TIES,
        ranged("sum", WindowFrame("RANGE", 0, None)),
        INT64,
        tied((127, 127, 124, 120, 120, 96, 96)),
    ),
    rowwise(
        "sum: over the range of the current row",
        TIES,
        ranged("sum", WindowFrame("RANGE", 0, 0)),
        INT64,
        tied((3, 3, 4, 24, 24, 96, 96)),
    ),
    rowwise("sum: over the whole range", TIES, ranged("sum", WindowFrame("RANGE", None, None)), INT64, tied((127,) * 7)),
    rowwise("count: over an order without a frame", TIES, ranged("count", None), INT64, tied((2, 2, 3, 5, 5, 7, 7))),
    rowwise("max: over an order without a frame", TIES, ranged("max", None), INT64, tied((2, 2, 4, 16, 16, 64, 64))),
    rowwise(
        "first_value: over a range",
        {"x": INT64, "y": STRING},
        lambda x, y: over(aggregation("first_value", y), (), (Ordering(x),), WindowFrame("RANGE", None, 0)),
        STRING,
        [(2, "b", "a"), (1, "a", "a"), (3, None, "a")],
    ),
    rowwise(
        "last_value: over a range",
        {"x": INT64, "y": STRING},
        lambda x, y: over(aggregation("last_value", y), (), (Ordering(x),)),
        STRING,
        [(2, "b", "b"), (1, "a", "a"), (3, None, None)],
    ),
    rowwise(
        "sum: over partitions without an order",
        {"g": STRING, "x": INT64},
        lambda g, x: over(aggregation("sum", x), (g,)),
        INT64,
        [("a", 1, 4), ("b", None, 0), ("a", 3, 4), (None, 5, 11), (None, 6, 11)],
    ),
    rowwise("sum: over everything", {"x": INT64}, lambda x: over(aggregation("sum", x)), INT64, [(1, 3), (2, 3), (None, 3)]),
]
# An aggregate over everything and over the rows so far, of values that end in a NULL.
EVERY = [
    ("size", INT64, INT64, (1, None, 2), 3, (1, 2, 3)),
    ("count", STRING, INT64, ("a", None, "b"), 2, (1, 1, 2)),
    ("count", JSON, INT64, (Json(None), None, Json([])), 2, (1, 1, 2)),
    ("sum", FLOAT64, FLOAT64, (0.5, None, nan), nan, (0.5, 0.5, nan)),
    ("sum", BOOL, INT64, (True, False, True), 2, (1, 1, 2)),
    ("sum", TIMEDELTA, TIMEDELTA, (None, span(1), span(2)), span(3), (span(), span(1), span(3))),
    ("sum_or_null", INT64, INT64, (None, 1, 2), 3, (None, 1, 3)),
    ("sum_or_null", TIMEDELTA, TIMEDELTA, (None, span(1), span(2)), span(3), (None, span(1), span(3))),
    ("mean", INT64, FLOAT64, (None, 1, 2), 1.5, (None, 1.0, 1.5)),
    ("mean", BOOL, FLOAT64, (None, True, False), 0.5, (None, 1.0, 0.5)),
    (
        "mean",
        TIMEDELTA,
        TIMEDELTA,
        (None, span(seconds=1), span(seconds=2)),
        span(seconds=1.5),
        (None, span(seconds=1), span(seconds=1.5)),
    ),
    ("min", STRING, STRING, ("a", "B", None), "B", ("a", "B", "B")),
    ("max", STRING, STRING, ("B", "a", None), "a", ("B", "a", "a")),
    ("min", FLOAT64, FLOAT64, (nan, 1.0, None), 1.0, (nan, 1.0, 1.0)),
    ("max", FLOAT64, FLOAT64, (1.0, nan, inf), nan, (1.0, nan, nan)),
    ("min", BOOL, BOOL, (True, None, False), False, (True, True, False)),
    ("max", BOOL, BOOL, (False, None, True), True, (False, False, True)),
    (
        "min",
        UUID,
        UUID,
        (uuid.UUID(int=2**127), uuid.UUID(int=3), None),
        uuid.UUID(int=3),
        (uuid.UUID(int=2**127), uuid.UUID(int=3), uuid.UUID(int=3)),
    ),
    (
        "max",
        UUID,
        UUID,
        (uuid.UUID(int=3), uuid.UUID(int=2**127), None),
        uuid.UUID(int=2**127),
        (uuid.UUID(int=3), uuid.UUID(int=2**127), uuid.UUID(int=2**127)),
    ),
    (
        "min",
        DATE,
        DATE,
        (day("2020-01-02"), day("2020-01-01"), None),
        day("2020-01-01"),
        (day("2020-01-02"), day("2020-01-01"), day("2020-01-01")),
    ),
    (
        "max",
        TIMESTAMP,
        TIMESTAMP,
        (None, at("2020-01-01 00:00:00"), at("2020-01-02 00:00:00")),
        at("2020-01-02 00:00:00"),
        (None, at("2020-01-01 00:00:00"), at("2020-01-02 00:00:00")),
    ),
    ("max", TIMEDELTA, TIMEDELTA, (span(-1), span(1), None), span(1), (span(-1), span(1), span(1))),
    ("any", BOOL, BOOL, (None, False, True), True, (False, False, True)),
    ("all", BOOL, BOOL, (None, True, False), False, (True, True, False)),
    ("first_value", JSON, JSON, (Json([1]), None, Json(2)), Json([1]), (Json([1]), Json([1]), Json([1]))),
    ("last_value", STACK, STACK, (Json([1]), None, Json([2])), Json([2]), (Json([1]), None, Json([2]))),
]
AGGREGATES = [
    spec
    for name, source, result, values, whole, so_far in EVERY
    for spec in (
        *(
            []
            if name in ("first_value", "last_value")
            else [
                rowwise(
                    f"{name}: {source} over everything",
                    {"x": source},
                    lambda x, name=name: over(aggregation(name, *(() if name == "size" else (x,)))),
                    result,
                    [(value, whole) for value in values],
                )
            ]
        ),
        rowwise(
            f"{name}: {source} over the rows so far",
            {"x": source},
            framed(name, WindowFrame("ROWS", None, 0)),
            result,
            list(zip(values, so_far, strict=True)),
        ),
        rowwise(
            f"{name}: {source} over the whole partition, in order",
            {"x": source},
            framed(name, WindowFrame("ROWS", None, None)),
            result,
            [(value, whole) for value in values],
        ),
    )
]
WHERE = [
    rowwise(
        "sum: over the rows so far where a condition is true",
        {"x": INT64, "ok": BOOL},
        lambda x, ok: over(aggregation("sum", x, where=ok), (), BY_K),
        INT64,
        [(1, True, 1), (2, False, 1), (4, None, 1), (8, True, 9)],
    ),
    rowwise(
        "size: over partitions where a condition is true",
        {"g": INT64, "ok": BOOL},
        lambda g, ok: over(aggregation("size", where=ok), (g,)),
        INT64,
        [(1, True, 1), (1, False, 1), (2, None, 0)],
    ),
    rowwise(
        "min: over partitions where a condition is true",
        {"g": INT64, "x": DATE, "ok": BOOL},
        lambda g, x, ok: over(aggregation("min", x, where=ok), (g,)),
        DATE,
        [
            (1, day("2020-01-02"), True, day("2020-01-02")),
            (1, day("2020-01-01"), False, day("2020-01-02")),
            (2, day("2020-01-01"), False, None),
        ],
    ),
    rowwise(
        "any: over partitions where a condition is true",
        {"g": INT64, "x": BOOL, "ok": BOOL},
        lambda g, x, ok: over(aggregation("any", x, where=ok), (g,)),
        BOOL,
        [(1, True, False, False), (1, False, True, False), (2, True, None, False), (3, True, True, True)],
    ),
    rowwise(
        "mean: over partitions where a condition is true",
        {"g": INT64, "x": TIMEDELTA},
        lambda g, x: over(aggregation("mean", x, where=call("gt", x, literal(span(0)))), (g,)),
        TIMEDELTA,
        [(1, span(1), span(1)), (1, span(-1), span(1)), (2, span(-1), None)],
    ),
]

SPECS: list[Spec] = ROWS + RANGES + AGGREGATES + WHERE


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_window_frames(spec, engine):
    engine.check(spec)
