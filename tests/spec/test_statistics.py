"""Spread, quantiles, the most frequent value, texts as an array, ranks, and durations as numbers."""

from __future__ import annotations

import datetime
import decimal
import math
import uuid

import pytest
from reference import Json
from spec.specs import Spec, answers, at, day, grouped, inf, nan, op, rowwise, span, table

from objectiv_local.plan.expr import Ordering, WindowFrame, aggregation, call, literal, over
from objectiv_local.plan.nodes import Select
from objectiv_local.types import BOOL, DATE, FLOAT64, INT64, JSON, STRING, TIME, TIMEDELTA, TIMESTAMP, UUID, decimal_type


def of(name, *constants, **more):
    return lambda a: aggregation(name, a, *(literal(value) for value in constants), **more)


SCORES = {"g": STRING, "v": INT64}
ROWS = (("a", 10), ("a", 10), ("a", 20), ("a", None), ("b", 5))


def ranked(name, *constants, frame=None):
    return lambda g, v: over(aggregation(name, *(literal(value) for value in constants)), (g,), (Ordering(v),), frame)


def windowed(title, expr, type_, expected):
    return rowwise(title, SCORES, expr, type_, [(*row, value) for row, value in zip(ROWS, expected, strict=True)])


ONE, WHOLE = {"a": FLOAT64}, {"a": INT64}
SPREAD = [
    # pandas.Series([1, 2, 4]).var(ddof=1), and so on
    grouped(
        "var: of a sample",
        ONE,
        of("var", 1),
        FLOAT64,
        [([1.0, 2.0, 4.0, None], 7 / 3), ([1.0], None), ([None], None), ([3.0, 3.0], 0.0), ([1.0, nan], nan)],
    ),
    grouped("var: of a population", WHOLE, of("var", 0), FLOAT64, [([1, 2, 4], 14 / 9), ([5], 0.0), ([None], None)]),
    grouped("std: of a sample", WHOLE, of("std", 1), FLOAT64, [([1, 2, 4], math.sqrt(7 / 3)), ([1], None)]),
    grouped("std: of a population", ONE, of("std", 0), FLOAT64, [([1.0, 2.0, 4.0], math.sqrt(14 / 9)), ([1.0], 0.0)]),
    grouped(
        "var: of what is counted",
        WHOLE,
        lambda a: aggregation("var", a, literal(1), where=call("gt", a, literal(1))),
        FLOAT64,
        [([1, 2, 4], 2.0)],
    ),
]
SKEW = [
    # pandas.Series([1, 2, 4]).skew(), and so on; of equal values, what pandas 2 gives, and pandas 3 does not
    grouped(
        "skew: of floats",
        ONE,
        of("skew"),
        FLOAT64,
        [
            ([1.0, 2.0, 4.0, None], 0.9352195295828246),
            ([4.0, 2.0, 1.0, -100.0], -1.9964268362778874),
            ([1.0, 2.0, 3.0], 0.0),
            ([1.0, 2.0], None),
            ([1.0, None, None], None),
            ([None], None),
            ([3.0, 3.0, 3.0], 0.0),
            ([0.1] * 7, 0.0),
            ([1.0, 2.0, nan], nan),
            ([1.0, 2.0, inf], nan),
            ([inf] * 3, nan),
            ([nan] * 3, nan),
            ([-inf, 1.0, inf], nan),
        ],
    ),
    grouped("skew: of integers", WHOLE, of("skew"), FLOAT64, [([1, 2, 4], 0.9352195295828246), ([5, 5, 5], 0.0), ([5], None)]),
    grouped(
        "skew: of decimals",
        {"a": decimal_type(2)},
        of("skew"),
        FLOAT64,
        [([decimal.Decimal("1.25"), decimal.Decimal("2.25"), decimal.Decimal("4.25")], 0.9352195295828246)],
    ),
    # The same distances from the mean, far from 0, and as shares of a very large and a very small range.
    grouped(
        "skew: of numbers that are far from 0",
        ONE,
        of("skew"),
        FLOAT64,
        [
            ([2.0**50 + 1, 2.0**50 + 2, 2.0**50 + 4], 0.9352195295828246),
            ([1e200, 2e200, 4e200], 0.9352195295828246),
            ([1e-200, 2e-200, 4e-200], 0.9352195295828246),
            ([-1.0, 1e-120, 1.0], 0.0),
            ([-1e10, 1e-320, 1e10], 0.0),
        ],
    ),
    grouped(
        "skew: of what is counted",
        WHOLE,
        lambda a: aggregation("skew", a, where=call("lt", a, literal(9))),
        FLOAT64,
        [([1, 2, 4, 9], 0.9352195295828246), ([1, 2, 9], None)],
    ),
    grouped(
        "skew: of a constant",
        WHOLE,
        lambda a: aggregation("skew", literal(2.5), where=call("lt", a, literal(9))),
        FLOAT64,
        [([1, 2, 4, 9], 0.0), ([1, 2, 9], None)],
    ),
]
QUANTILES = [
    # pandas.Series([1, 2, 4, 8]).quantile([0, .5, .9, 1])
    *(
        grouped(
            f"quantile: {q} of floats",
            ONE,
            of("quantile", q),
            FLOAT64,
            [([8.0, 1.0, None, 4.0, 2.0], found), ([3.0], 3.0), ([None], None)],
        )
        for q, found in ((0.0, 1.0), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0))
    ),
    grouped("quantile: of integers", WHOLE, of("quantile", 0.25), FLOAT64, [([1, 2], 1.25), ([7, 7, 7], 7.0)]),
    grouped(
        "quantile: with infinity and NaN", ONE, of("quantile", 0.5), FLOAT64, [([-inf, 1.0, inf], 1.0), ([1.0, 2.0, nan], 2.0)]
    ),
    *(
        grouped(
            f"quantile: {q} beside infinities",
            ONE,
            of("quantile", q),
            FLOAT64,
            [
                ([inf, inf], inf),
                ([-inf, -inf], -inf),
                ([-inf, 1.0], -inf),
                ([1.0, inf], inf),
                ([-inf, inf], nan),
                ([1.0, nan], nan),
                ([-inf, nan], nan),
                ([inf, nan], nan),
                ([nan, nan], nan),
                ([inf], inf),
                ([-inf], -inf),
                ([None], None),
                ([inf, None, inf], inf),
                ([-inf, -inf, -inf, 1.0], -inf),
                ([1.0, inf, inf, inf], inf),
                ([-inf, -inf, inf, inf], at_middle if q == 0.5 else found),
                ([1.7e308, 1.7e308], 1.7e308),
            ],
        )
        for q, at_middle, found in ((0.25, None, -inf), (0.5, nan, None), (0.75, None, inf))
    ),
    *(
        grouped(
            f"quantile: the {name} of infinities",
            ONE,
            of("quantile", q),
            FLOAT64,
            [([-inf, inf], found), ([nan, 1.0], last), ([inf, inf], inf), ([None], None)],
        )
        for name, q, found, last in (("least", 0.0, -inf, 1.0), ("greatest", 1.0, inf, nan))
    ),
    grouped(
        "quantile: of infinities that are counted",
        ONE,
        lambda a: aggregation("quantile", a, literal(0.25), where=call("lt", a, literal(nan))),
        FLOAT64,
        [([-inf, nan, -inf], -inf), ([nan, inf, inf], inf), ([nan], None), ([3.0, 1.0, nan], 1.5)],
    ),
    grouped(
        "quantile: the median of long durations",
        {"a": TIMEDELTA},
        of("quantile", 0.5),
        TIMEDELTA,
        [
            ([span(days=300_000, microseconds=1)], span(days=300_000, microseconds=1)),
            ([span(days=300_000, microseconds=1), span(days=300_000, microseconds=3)], span(days=300_000, microseconds=2)),
            ([span(days=-200_000, microseconds=1), span(days=200_000, microseconds=2)], span(microseconds=1)),
            ([span(microseconds=-1), span(0)], span(0)),
            ([span(microseconds=-3), span(0)], span(microseconds=-1)),
        ],
    ),
    grouped(
        "quantile: the median of moments centuries apart",
        {"a": TIMESTAMP},
        of("quantile", 0.5),
        TIMESTAMP,
        [
            ([at("0001-01-01 00:00:00.000001"), at("9999-12-31 23:59:59.999999")], at("5000-07-02 12:00")),
            ([at("9999-12-31 23:59:59.999999")], at("9999-12-31 23:59:59.999999")),
            ([at("0001-01-01 00:00:00.000001")], at("0001-01-01 00:00:00.000001")),
            ([at("9999-12-31 23:59:59.999997"), at("9999-12-31 23:59:59.999999")], at("9999-12-31 23:59:59.999998")),
            ([at("1201-01-01 00:00:00.000003"), at("2801-01-01 00:00:00.000004")], at("2001-01-01 00:00:00.000003")),
            ([at("1969-12-31 23:59:59.999998"), at("1969-12-31 23:59:59.999999")], at("1969-12-31 23:59:59.999999")),
            ([None], None),
        ],
    ),
    grouped(
        "quantile: of durations",
        {"a": TIMEDELTA},
        of("quantile", 0.5),
        TIMEDELTA,
        [
            ([span(seconds=1), span(seconds=2)], span(seconds=1.5)),
            ([span(microseconds=1), span(microseconds=2)], span(microseconds=1)),
            ([None], None),
        ],
    ),
    grouped(
        "quantile: of timestamps",
        {"a": TIMESTAMP},
        of("quantile", 0.5),
        TIMESTAMP,
        [
            ([at("2022-01-01"), at("2022-01-02")], at("2022-01-01 12:00")),
            ([None], None),
            ([at("2022-01-01 00:00:00.000001"), None], at("2022-01-01 00:00:00.000001")),
        ],
    ),
    # numpy.quantile([1, 2, 4, 8], [0, .25, .3, .5, .51, 1], method="inverted_cdf")
    *(
        grouped(
            f"quantile_disc: {q} of floats",
            ONE,
            of("quantile_disc", q),
            FLOAT64,
            [([8.0, 1.0, None, 4.0, 2.0], found), ([3.0], 3.0), ([None], None)],
        )
        for q, found in ((0.0, 1.0), (0.25, 1.0), (0.3, 2.0), (0.5, 2.0), (0.51, 4.0), (1.0, 8.0))
    ),
    grouped(
        "quantile_disc: NaN is the greatest",
        ONE,
        of("quantile_disc", 0.75),
        FLOAT64,
        [([nan, 1.0, -inf, inf], inf), ([nan], nan)],
    ),
    grouped(
        "quantile_disc: of what is counted",
        ONE,
        lambda a: aggregation("quantile_disc", a, literal(0.5), where=call("lt", a, literal(5.0))),
        FLOAT64,
        [([1.0, 3.0, 9.0], 1.0)],
    ),
    *(
        grouped(
            f"quantile_disc: {q} of text, by code point",
            {"a": STRING},
            of("quantile_disc", q),
            STRING,
            [(["b", "é", None, "B", "a"], found), (["x"], "x"), ([None], None)],
        )
        for q, found in ((0.0, "B"), (0.5, "a"), (0.75, "b"), (1.0, "é"))
    ),
    grouped(
        "quantile_disc: of dates",
        {"a": DATE},
        of("quantile_disc", 0.5),
        DATE,
        [
            ([day("2022-01-03"), day("2022-01-01"), day("2022-01-02")], day("2022-01-02")),
            ([day("2022-01-02"), day("2022-01-01")], day("2022-01-01")),
            ([None], None),
        ],
    ),
    grouped(
        "quantile_disc: of times",
        {"a": TIME},
        of("quantile_disc", 0.5),
        TIME,
        [([datetime.time(1), datetime.time(23), None, datetime.time(2)], datetime.time(2)), ([None], None)],
    ),
    grouped(
        "quantile: of what is counted",
        ONE,
        lambda a: aggregation("quantile", a, literal(0.5), where=call("lt", a, literal(5.0))),
        FLOAT64,
        [([1.0, 3.0, 9.0], 2.0)],
    ),
]
IDS = [uuid.UUID(int=1), uuid.UUID(int=2)]
MODES = [
    grouped(
        "mode: of integers",
        WHOLE,
        of("mode"),
        INT64,
        [([3, 1, 3, 1, 2], 1), ([5, 5, 1], 5), ([None, None, 2], 2), ([None], None)],
    ),
    grouped(
        "mode: of text by code point", {"a": STRING}, of("mode"), STRING, [(["b", "B", "a", "_"], "B"), (["é", "é", "a"], "é")]
    ),
    grouped("mode: of floats", ONE, of("mode"), FLOAT64, [([nan, nan, 1.0], nan), ([0.5, 1.5], 0.5)]),
    grouped("mode: of bools", {"a": BOOL}, of("mode"), BOOL, [([True, False], False), ([True, True, False], True)]),
    grouped("mode: of dates", {"a": DATE}, of("mode"), DATE, [([day("2022-01-02"), day("2022-01-01")], day("2022-01-01"))]),
    grouped("mode: of timestamps", {"a": TIMESTAMP}, of("mode"), TIMESTAMP, [([at("2022-01-02")], at("2022-01-02"))]),
    grouped("mode: of durations", {"a": TIMEDELTA}, of("mode"), TIMEDELTA, [([span(1), span(1), span(0)], span(1))]),
    grouped("mode: of uuids", {"a": UUID}, of("mode"), UUID, [([IDS[1], IDS[0]], IDS[0])]),
]
TEXTS = [
    grouped(
        "to_json_array: of texts",
        {"a": STRING},
        lambda a: aggregation("to_json_array", a, order=(Ordering(a),)),
        JSON,
        [(["b", 'a"', None], Json(['a"', "b", None])), ([None], Json([None]))],
    ),
    answers("to_json_array: of no rows", Select(table({"k": INT64}, [(1,)]), (("answer", literal(1)),)), (INT64,), [(1,)]),
]
DURATIONS = [
    rowwise(
        "microseconds: of durations",
        {"a": TIMEDELTA},
        op("microseconds"),
        INT64,
        [(span(seconds=1.5), 1_500_000), (span(days=-1), -86_400_000_000), (None, None)],
    ),
    rowwise(
        "from_microseconds: a number", WHOLE, op("from_microseconds"), TIMEDELTA, [(1_500_000, span(seconds=1.5)), (None, None)]
    ),
    rowwise(
        "floordiv: durations",
        {"a": TIMEDELTA, "b": TIMEDELTA},
        op("floordiv"),
        INT64,
        [(span(hours=7), span(hours=2), 3), (span(hours=-7), span(hours=2), -4), (span(1), span(0), None)],
    ),
    rowwise(
        "mod: durations",
        {"a": TIMEDELTA, "b": TIMEDELTA},
        op("mod"),
        TIMEDELTA,
        [
            (span(hours=7), span(hours=2), span(hours=1)),
            (span(hours=-7), span(hours=2), span(hours=1)),
            (span(1), span(0), None),
        ],
    ),
]
# ---- windows
WINDOWS = [
    windowed("rank: ties and NULL last", ranked("rank"), INT64, (1, 1, 3, 4, 1)),
    windowed("dense_rank: ties", ranked("dense_rank"), INT64, (1, 1, 2, 3, 1)),
    windowed("percent_rank: ties", ranked("percent_rank"), FLOAT64, (0.0, 0.0, 2 / 3, 1.0, 0.0)),
    windowed("cume_dist: ties", ranked("cume_dist"), FLOAT64, (0.5, 0.5, 0.75, 1.0, 1.0)),
    windowed(
        "ntile: the first parts are larger",
        lambda g, v: over(aggregation("ntile", literal(3)), (), (Ordering(g), Ordering(v))),
        INT64,
        (1, 1, 2, 2, 3),
    ),
    windowed(
        "nth_value: of the rows so far",
        lambda g, v: over(aggregation("nth_value", v, literal(3)), (g,), (Ordering(v),), WindowFrame("ROWS", None, 0)),
        INT64,
        (None, None, 20, 20, None),
    ),
    windowed(
        "nth_value: of the partition",
        lambda g, v: over(
            aggregation("nth_value", v, literal(2)), (g,), (Ordering(v, ascending=False),), WindowFrame("ROWS", None, None)
        ),
        INT64,
        (10, 10, 10, 10, None),
    ),
    windowed(
        "rank: descending",
        lambda g, v: over(aggregation("rank"), (g,), (Ordering(v, ascending=False),)),
        INT64,
        (2, 2, 1, 4, 1),
    ),
    windowed(
        "var: over a window", lambda g, v: over(aggregation("var", v, literal(1)), (g,)), FLOAT64, (100 / 3,) * 4 + (None,)
    ),
    windowed(
        "std: over rows",
        lambda g, v: over(aggregation("std", v, literal(0)), (g,), (Ordering(v),), WindowFrame("ROWS", -1, 0)),
        FLOAT64,
        (0.0, 0.0, 5.0, 0.0, 0.0),
    ),
]

SPECS: list[Spec] = SPREAD + SKEW + QUANTILES + MODES + TEXTS + DURATIONS + WINDOWS


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_statistics(engine, spec):
    engine.check(spec)
