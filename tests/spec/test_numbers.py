"""Functions of numbers: rounding, roots, powers and logarithms, with the results of numpy."""

from __future__ import annotations

from decimal import Decimal

import pytest
from spec.specs import Spec, fails, inf, nan, op, rowwise

from objectiv_local.plan.expr import call, cast, literal
from objectiv_local.types import FLOAT64, INT64, decimal_type

CENTS = decimal_type(2)
ONE, WHOLE, MONEY = {"a": FLOAT64}, {"a": INT64}, {"a": CENTS}


def to(digits):
    return lambda a: call("round", a, literal(digits))


ROUND = [
    rowwise(
        "round: floats to whole numbers, a half to even",
        ONE,
        to(0),
        FLOAT64,
        [
            (0.5, 0.0),
            (1.5, 2.0),
            (2.5, 2.0),
            (-0.5, -0.0),
            (-1.5, -2.0),
            (2.4, 2.0),
            (1e300, 1e300),
            (inf, inf),
            (nan, nan),
            (None, None),
        ],
    ),
    rowwise(
        "round: floats to two digits, as numpy",
        ONE,
        to(2),
        FLOAT64,
        [
            # numpy.round(1.005, 2) and so on: scaled by 100, rounded and scaled back
            (1.005, 1.0),
            (2.675, 2.68),
            (0.285, 0.28),
            (1.115, 1.12),
            (-1.005, -1.0),
            (1.25, 1.25),
            (1e300, 1e300),
            (inf, inf),
            (nan, nan),
            (None, None),
            (123456789.125, 123456789.12),
        ],
    ),
    rowwise("round: floats to hundreds", ONE, to(-2), FLOAT64, [(150.0, 200.0), (250.0, 200.0), (-149.0, -100.0), (49.0, 0.0)]),
    rowwise("round: integers are whole already", WHOLE, to(3), INT64, [(7, 7), (-7, -7), (None, None), (2**62, 2**62)]),
    rowwise("round: integers to tens", WHOLE, to(-1), INT64, [(15, 20), (25, 20), (-15, -20), (14, 10), (None, None)]),
    rowwise(
        "round: decimals, a half away from zero",
        MONEY,
        to(1),
        CENTS,
        [
            (Decimal("1.25"), Decimal("1.30")),
            (Decimal("-1.25"), Decimal("-1.30")),
            (Decimal("1.24"), Decimal("1.20")),
            (None, None),
        ],
    ),
    rowwise("round: decimals to tens", MONEY, to(-1), CENTS, [(Decimal("15.00"), Decimal("20.00"))]),
    rowwise("floor: floats", ONE, op("floor"), FLOAT64, [(1.7, 1.0), (-1.2, -2.0), (inf, inf), (nan, nan), (None, None)]),
    rowwise("ceil: floats", ONE, op("ceil"), FLOAT64, [(1.2, 2.0), (-1.7, -1.0), (-inf, -inf), (nan, nan), (None, None)]),
]

FUNCTIONS = [
    rowwise(
        "sqrt: floats",
        ONE,
        op("sqrt"),
        FLOAT64,
        [(4.0, 2.0), (2.0, 1.4142135623730951), (0.0, 0.0), (-1.0, nan), (inf, inf), (-inf, nan), (nan, nan), (None, None)],
    ),
    rowwise("sqrt: integers", WHOLE, op("sqrt"), FLOAT64, [(9, 3.0), (-9, nan), (None, None)]),
    rowwise("sqrt: decimals", MONEY, op("sqrt"), FLOAT64, [(Decimal("6.25"), 2.5)]),
    rowwise(
        "exp: floats",
        ONE,
        op("exp"),
        FLOAT64,
        [
            (0.0, 1.0),
            (1.0, 2.718281828459045),
            (-1.0, 0.36787944117144233),
            (710.0, inf),
            (-746.0, 0.0),
            (1000.0, inf),
            (-1000.0, 0.0),
            (inf, inf),
            (-inf, 0.0),
            (nan, nan),
            (None, None),
            (709.0, 8.218407461554972e307),
        ],
    ),
    rowwise("exp: integers", WHOLE, op("exp"), FLOAT64, [(0, 1.0), (2, 7.38905609893065), (None, None)]),
    rowwise(
        "log: floats",
        ONE,
        op("log"),
        FLOAT64,
        [(1.0, 0.0), (10.0, 2.302585092994046), (0.0, -inf), (-1.0, nan), (inf, inf), (-inf, nan), (nan, nan), (None, None)],
    ),
    rowwise(
        "log10: floats",
        ONE,
        op("log10"),
        FLOAT64,
        [(1000.0, 3.0), (1.0, 0.0), (0.0, -inf), (-1.0, nan), (inf, inf), (nan, nan), (None, None)],
    ),
    rowwise(
        "power: floats",
        {"a": FLOAT64, "b": FLOAT64},
        op("power"),
        FLOAT64,
        [
            (2.0, 10.0, 1024.0),
            (2.0, 0.5, 1.4142135623730951),
            (2.0, -1.0, 0.5),
            (-2.0, 3.0, -8.0),
            (-2.0, 2.0, 4.0),
            (-8.0, 0.5, nan),
            (0.0, 0.0, 1.0),
            (0.0, 2.0, 0.0),
            (0.0, -1.0, inf),
            (nan, 0.0, 1.0),
            (1.0, nan, 1.0),
            (nan, 1.0, nan),
            (2.0, nan, nan),
            (10.0, 400.0, inf),
            (10.0, -400.0, 0.0),
            (-10.0, 401.0, -inf),
            (-10.0, 400.0, inf),
            (0.5, 2000.0, 0.0),
            (inf, 2.0, inf),
            (inf, -1.0, 0.0),
            (2.0, inf, inf),
            (2.0, -inf, 0.0),
            (0.5, inf, 0.0),
            (1.0, inf, 1.0),
            (-1.0, 3.0, -1.0),
            (0.0, inf, 0.0),
            (0.0, -inf, inf),
            (None, 1.0, None),
            (1.0, None, None),
        ],
    ),
    rowwise(
        "power: integers give floats",
        {"a": INT64, "b": INT64},
        op("power"),
        FLOAT64,
        [(2, 3, 8.0), (-3, 3, -27.0), (2, -2, 0.25), (0, 0, 1.0), (None, 2, None)],
    ),
]

SPECS: list[Spec] = (
    ROUND + FUNCTIONS + [fails("floor: as an integer beyond 64 bits", ONE, lambda a: cast(call("floor", a), INT64), (1e19,))]
)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_numbers(engine, spec):
    engine.check(spec)
