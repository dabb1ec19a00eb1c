"""Arithmetic: sums, products and rounding, and an error where an integer does not fit."""

from __future__ import annotations

import pytest
from spec.specs import Spec, at, day, fails, inf, nan, op, rowwise, span

from objectiv_local.plan.expr import call, literal
from objectiv_local.types import DATE, FLOAT64, INT64, INT64_MAX, INT64_MIN, TIMEDELTA, TIMESTAMP

INTS = {"a": INT64, "b": INT64}
FLOATS = {"a": FLOAT64, "b": FLOAT64}
ADD = [
    rowwise(
        "add: integers",
        INTS,
        op("add"),
        INT64,
        [(1, 2, 3), (-5, 3, -2), (INT64_MAX, 0, INT64_MAX), (INT64_MIN, INT64_MAX, -1), (None, 2, None), (2, None, None)],
    ),
    rowwise(
        "add: floats",
        FLOATS,
        op("add"),
        FLOAT64,
        [(0.5, 1.25, 1.75), (nan, 1.0, nan), (inf, 1.0, inf), (inf, -inf, nan), (None, nan, None), (1.0, None, None)],
    ),
    rowwise(
        "add: an integer and a float",
        {"a": INT64, "b": FLOAT64},
        op("add"),
        FLOAT64,
        [(1, 0.5, 1.5), (1, nan, nan), (None, 0.5, None)],
    ),
    rowwise("add: a float and an integer", {"a": FLOAT64, "b": INT64}, op("add"), FLOAT64, [(0.5, 1, 1.5)]),
    rowwise(
        "add: an integer column and a float constant",
        {"a": INT64},
        lambda a: call("add", a, literal(0.5)),
        FLOAT64,
        [(1, 1.5), (None, None)],
    ),
    rowwise(
        "add: a duration to a timestamp",
        {"a": TIMESTAMP, "b": TIMEDELTA},
        op("add"),
        TIMESTAMP,
        [
            (at("2020-02-28 23:00:00"), span(hours=2), at("2020-02-29 01:00:00")),
            (at("2020-01-01 00:00:00"), span(microseconds=-1), at("2019-12-31 23:59:59.999999")),
            (at("1969-12-31 23:59:59.5"), span(days=400, milliseconds=600), at("1971-02-05 00:00:00.1")),
            (None, span(1), None),
            (at("2020-01-01 00:00:00"), None, None),
        ],
    ),
    rowwise(
        "add: a timestamp to a duration",
        {"a": TIMEDELTA, "b": TIMESTAMP},
        op("add"),
        TIMESTAMP,
        [(span(days=-1, microseconds=3), at("2020-01-01 12:00:00"), at("2019-12-31 12:00:00.000003"))],
    ),
    rowwise(
        "add: a duration to a date gives a timestamp",
        {"a": DATE, "b": TIMEDELTA},
        op("add"),
        TIMESTAMP,
        [
            (day("2020-02-28"), span(days=1), at("2020-02-29 00:00:00")),
            (day("2020-02-28"), span(microseconds=-1), at("2020-02-27 23:59:59.999999")),
            (None, span(1), None),
        ],
    ),
    rowwise(
        "add: a date to a duration gives a timestamp",
        {"a": TIMEDELTA, "b": DATE},
        op("add"),
        TIMESTAMP,
        [(span(hours=30), day("2020-02-28"), at("2020-02-29 06:00:00"))],
    ),
    rowwise(
        "add: a constant duration to a timestamp",
        {"a": TIMESTAMP},
        lambda a: call("add", a, literal(span(minutes=30))),
        TIMESTAMP,
        [(at("2020-01-01 23:45:00"), at("2020-01-02 00:15:00"))],
    ),
    rowwise(
        "add: durations",
        {"a": TIMEDELTA, "b": TIMEDELTA},
        op("add"),
        TIMEDELTA,
        [(span(hours=1), span(minutes=-90), span(minutes=-30)), (span(1), None, None)],
    ),
    fails("add: an integer sum beyond 64 bits", INTS, op("add"), (INT64_MAX, 1)),
    fails("add: an integer sum beyond 64 bits, negative", INTS, op("add"), (INT64_MIN, -1)),
    fails(
        "add: durations beyond 64 bits",
        {"a": TIMEDELTA, "b": TIMEDELTA},
        op("add"),
        (span(days=100_000_000), span(days=100_000_000)),
    ),
]
SUB = [
    rowwise(
        "sub: integers",
        INTS,
        op("sub"),
        INT64,
        [(1, 2, -1), (INT64_MIN, -1, INT64_MIN + 1), (-1, INT64_MAX, INT64_MIN), (None, 2, None), (2, None, None)],
    ),
    rowwise(
        "sub: floats",
        FLOATS,
        op("sub"),
        FLOAT64,
        [(0.5, 1.25, -0.75), (nan, 1.0, nan), (inf, inf, nan), (1.0, inf, -inf), (None, 1.0, None)],
    ),
    rowwise("sub: a float from an integer", {"a": INT64, "b": FLOAT64}, op("sub"), FLOAT64, [(1, 0.25, 0.75)]),
    rowwise(
        "sub: timestamps",
        {"a": TIMESTAMP, "b": TIMESTAMP},
        op("sub"),
        TIMEDELTA,
        [
            (at("2020-01-03 02:00:00.5"), at("2020-01-01 00:00:00"), span(days=2, hours=2, milliseconds=500)),
            (at("2020-01-01 00:00:00"), at("2020-01-01 00:00:00.000001"), span(microseconds=-1)),
            (at("2020-03-31 00:00:00"), at("2020-01-31 00:00:00"), span(days=60)),
            (
                at("9999-12-31 23:59:59.999999"),
                at("0001-01-01 00:00:00"),
                span(days=3652058, hours=23, minutes=59, seconds=59, microseconds=999999),
            ),
            (None, at("2020-01-01 00:00:00"), None),
        ],
    ),
    rowwise(
        "sub: dates",
        {"a": DATE, "b": DATE},
        op("sub"),
        TIMEDELTA,
        [
            (day("2020-03-01"), day("2020-02-28"), span(days=2)),
            (day("1969-12-31"), day("1970-01-01"), span(days=-1)),
            (day("2020-03-01"), None, None),
        ],
    ),
    rowwise(
        "sub: a date from a timestamp",
        {"a": TIMESTAMP, "b": DATE},
        op("sub"),
        TIMEDELTA,
        [(at("2020-01-02 06:00:00"), day("2020-01-01"), span(hours=30))],
    ),
    rowwise(
        "sub: a timestamp from a date",
        {"a": DATE, "b": TIMESTAMP},
        op("sub"),
        TIMEDELTA,
        [(day("2020-01-01"), at("2020-01-02 06:00:00"), span(hours=-30))],
    ),
    rowwise(
        "sub: a duration from a timestamp",
        {"a": TIMESTAMP, "b": TIMEDELTA},
        op("sub"),
        TIMESTAMP,
        [(at("2020-03-01 00:00:00"), span(days=1, microseconds=1), at("2020-02-28 23:59:59.999999"))],
    ),
    rowwise(
        "sub: a duration from a date",
        {"a": DATE, "b": TIMEDELTA},
        op("sub"),
        TIMESTAMP,
        [(day("2020-03-01"), span(hours=1), at("2020-02-29 23:00:00"))],
    ),
    rowwise(
        "sub: durations",
        {"a": TIMEDELTA, "b": TIMEDELTA},
        op("sub"),
        TIMEDELTA,
        [(span(hours=1), span(hours=2), span(hours=-1)), (None, span(1), None)],
    ),
    fails("sub: an integer difference beyond 64 bits", INTS, op("sub"), (INT64_MIN, 1)),
]
MUL = [
    rowwise(
        "mul: integers",
        INTS,
        op("mul"),
        INT64,
        [(3, -4, -12), (0, INT64_MIN, 0), (INT64_MAX, -1, -INT64_MAX), (2**31, 2**31, 2**62), (None, 0, None)],
    ),
    rowwise(
        "mul: floats",
        FLOATS,
        op("mul"),
        FLOAT64,
        [(1.5, -2.0, -3.0), (0.0, inf, nan), (nan, 0.0, nan), (-inf, 2.0, -inf), (2.0, None, None)],
    ),
    rowwise("mul: an integer and a float", {"a": INT64, "b": FLOAT64}, op("mul"), FLOAT64, [(3, 0.5, 1.5)]),
    rowwise(
        "mul: a duration",
        {"a": TIMEDELTA, "b": INT64},
        op("mul"),
        TIMEDELTA,
        [(span(minutes=20), 3, span(hours=1)), (span(seconds=1), -2, span(seconds=-2)), (span(1), None, None)],
    ),
    rowwise(
        "mul: with a duration",
        {"a": INT64, "b": TIMEDELTA},
        op("mul"),
        TIMEDELTA,
        [(3, span(microseconds=7), span(microseconds=21)), (0, span(days=9), span())],
    ),
    fails("mul: an integer product beyond 64 bits", INTS, op("mul"), (INT64_MAX, 2)),
    fails("mul: the least integer with the other sign", INTS, op("mul"), (INT64_MIN, -1)),
    fails("mul: a duration beyond 64 bits", {"a": TIMEDELTA, "b": INT64}, op("mul"), (span(days=100_000_000), 2)),
]
SIGN = [
    rowwise("neg: integers", {"a": INT64}, op("neg"), INT64, [(1, -1), (-1, 1), (0, 0), (INT64_MAX, -INT64_MAX), (None, None)]),
    rowwise("neg: floats", {"a": FLOAT64}, op("neg"), FLOAT64, [(1.5, -1.5), (-inf, inf), (nan, nan), (None, None)]),
    rowwise("neg: durations", {"a": TIMEDELTA}, op("neg"), TIMEDELTA, [(span(hours=1), span(hours=-1)), (None, None)]),
    rowwise("abs: integers", {"a": INT64}, op("abs"), INT64, [(1, 1), (-1, 1), (-INT64_MAX, INT64_MAX), (None, None)]),
    rowwise("abs: floats", {"a": FLOAT64}, op("abs"), FLOAT64, [(-1.5, 1.5), (-inf, inf), (nan, nan), (None, None)]),
    rowwise(
        "abs: durations",
        {"a": TIMEDELTA},
        op("abs"),
        TIMEDELTA,
        [(span(hours=-1), span(hours=1)), (span(microseconds=2), span(microseconds=2)), (None, None)],
    ),
    rowwise("neg: twice", {"a": INT64}, lambda a: call("neg", call("neg", a)), INT64, [(3, 3)]),
    rowwise(
        "neg: twice, of a long expression",
        {"the_dividend": INT64, "the_divisor": INT64},
        lambda a, b: call("neg", call("neg", call("floordiv", a, b))),
        INT64,
        [(-7, 2, -4), (7, -2, -4)],
    ),
    rowwise("neg: of a negative constant", {"a": INT64}, lambda a: call("sub", a, call("neg", literal(-3))), INT64, [(3, 0)]),
    fails("neg: the least integer", {"a": INT64}, op("neg"), (INT64_MIN,)),
    fails("abs: the least integer", {"a": INT64}, op("abs"), (INT64_MIN,)),
]
# Every pair of operations that an infix notation could confuse, on values that tell the readings apart.
NESTED = [
    rowwise("nested: mul of a sum", INTS, lambda a, b: call("mul", call("add", a, b), b), INT64, [(2, 3, 15)]),
    rowwise("nested: sub of a difference", INTS, lambda a, b: call("sub", a, call("sub", b, a)), INT64, [(2, 7, -3)]),
    rowwise("nested: sub of a sum", INTS, lambda a, b: call("sub", a, call("add", b, a)), INT64, [(2, 7, -7)]),
    rowwise("nested: floordiv of a product", INTS, lambda a, b: call("floordiv", a, call("mul", b, b)), INT64, [(-30, 2, -8)]),
    rowwise("nested: mod of a mod", INTS, lambda a, b: call("mod", call("mod", a, b), literal(2)), INT64, [(-7, 5, 1)]),
    rowwise("nested: mod by a difference", INTS, lambda a, b: call("mod", a, call("sub", b, a)), INT64, [(4, 7, 1)]),
    rowwise("nested: neg of a mod", INTS, lambda a, b: call("neg", call("mod", a, b)), INT64, [(-7, 3, -2)]),
    rowwise("nested: mod of a neg", INTS, lambda a, b: call("mod", call("neg", a), b), INT64, [(7, 3, 2)]),
    rowwise(
        "nested: truediv of a quotient", INTS, lambda a, b: call("truediv", a, call("truediv", a, b)), FLOAT64, [(8, 2, 2.0)]
    ),
]
# Where the formula a - b * floor(a / b) is not the remainder: pandas and Python agree on these.
ROUNDING = [
    rowwise("floordiv: floats whose quotient rounds up", FLOATS, op("floordiv"), FLOAT64, [(1.0, 0.1, 9.0)]),
    rowwise("mod: floats whose quotient rounds up", FLOATS, op("mod"), FLOAT64, [(1.0, 0.1, 0.09999999999999995)]),
    rowwise("floordiv: by infinity", FLOATS, op("floordiv"), FLOAT64, [(5.0, inf, 0.0), (-5.0, inf, -1.0)]),
    rowwise("mod: by infinity", FLOATS, op("mod"), FLOAT64, [(5.0, inf, 5.0), (-5.0, inf, inf)]),
]

SPECS: list[Spec] = ADD + SUB + MUL + SIGN + NESTED + ROUNDING


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_arithmetic(spec, engine):
    engine.check(spec)
