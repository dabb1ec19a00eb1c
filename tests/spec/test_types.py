"""Decimals, times of day and intervals of numbers."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from spec.specs import Spec, at, day, fails, grouped, inf, nan, op, overall, rowwise

from objectiv_local.plan.expr import aggregation, call, case, cast, literal
from objectiv_local.types import BOOL, DATE, FLOAT64, INT64, INTERVAL, STRING, TIME, TIMESTAMP, Interval, decimal_type

CENTS, MILLS, WHOLE = decimal_type(2), decimal_type(3), decimal_type(0)
clock = datetime.time.fromisoformat
MOST = Decimal("9" * 36 + ".99")


def to(type_):
    return lambda a: cast(a, type_)


DECIMALS = [
    rowwise(
        "add: decimals",
        {"a": CENTS, "b": MILLS},
        op("add"),
        MILLS,
        [
            (Decimal("1.10"), Decimal("2.205"), Decimal("3.305")),
            (Decimal("-1.10"), Decimal("1.100"), Decimal("0.000")),
            (None, Decimal("1.000"), None),
        ],
    ),
    rowwise(
        "add: a decimal and an integer", {"a": CENTS, "b": INT64}, op("add"), CENTS, [(Decimal("1.10"), 2, Decimal("3.10"))]
    ),
    rowwise("add: a decimal and a float", {"a": CENTS, "b": FLOAT64}, op("add"), FLOAT64, [(Decimal("1.25"), 0.5, 1.75)]),
    rowwise(
        "sub: decimals", {"a": CENTS, "b": CENTS}, op("sub"), CENTS, [(Decimal("1.10"), Decimal("2.20"), Decimal("-1.10"))]
    ),
    rowwise(
        "mul: decimals",
        {"a": CENTS, "b": MILLS},
        op("mul"),
        decimal_type(5),
        [(Decimal("1.10"), Decimal("2.205"), Decimal("2.42550")), (Decimal("0.00"), Decimal("2.205"), Decimal("0.00000"))],
    ),
    rowwise(
        "mul: a decimal and an integer", {"a": CENTS, "b": INT64}, op("mul"), CENTS, [(Decimal("0.10"), 3, Decimal("0.30"))]
    ),
    rowwise(
        "truediv: decimals",
        {"a": CENTS, "b": CENTS},
        op("truediv"),
        FLOAT64,
        [
            (Decimal("1.00"), Decimal("3.00"), 1 / 3),
            (Decimal("1.00"), Decimal("0.00"), inf),
            (Decimal("0.00"), Decimal("0.00"), nan),
        ],
    ),
    rowwise(
        "neg: decimals",
        {"a": CENTS},
        op("neg"),
        CENTS,
        [(Decimal("1.10"), Decimal("-1.10")), (None, None), (MOST, Decimal("-" + "9" * 36 + ".99"))],
    ),
    rowwise(
        "abs: decimals",
        {"a": CENTS},
        op("abs"),
        CENTS,
        [(Decimal("-1.10"), Decimal("1.10")), (Decimal("-" + "9" * 36 + ".99"), MOST)],
    ),
    rowwise(
        "eq: decimals of different scale",
        {"a": CENTS, "b": MILLS},
        op("eq"),
        BOOL,
        [(Decimal("1.10"), Decimal("1.100"), True), (Decimal("1.10"), Decimal("1.101"), False), (None, Decimal("1.000"), None)],
    ),
    rowwise("ne: decimals", {"a": CENTS, "b": CENTS}, op("ne"), BOOL, [(Decimal("1.10"), Decimal("1.20"), True)]),
    rowwise("lt: decimals", {"a": CENTS, "b": CENTS}, op("lt"), BOOL, [(Decimal("1.10"), Decimal("10.00"), True)]),
    rowwise("le: a decimal and an integer", {"a": CENTS, "b": INT64}, op("le"), BOOL, [(Decimal("2.00"), 2, True)]),
    rowwise("gt: a decimal and a float", {"a": CENTS, "b": FLOAT64}, op("gt"), BOOL, [(Decimal("2.50"), 2.25, True)]),
    rowwise("ge: decimals", {"a": CENTS, "b": CENTS}, op("ge"), BOOL, [(Decimal("-1.00"), Decimal("1.00"), False)]),
    rowwise(
        "coalesce: decimals",
        {"a": CENTS, "b": MILLS},
        op("coalesce"),
        MILLS,
        [(None, Decimal("1.125"), Decimal("1.125")), (Decimal("1.10"), None, Decimal("1.100"))],
    ),
    rowwise(
        "cast: decimal to int64",
        {"a": CENTS},
        to(INT64),
        INT64,
        [(Decimal("1.99"), 1), (Decimal("-1.99"), -1), (Decimal("9007199254740993.00"), 9007199254740993), (None, None)],
    ),
    rowwise("cast: decimal to float64", {"a": CENTS}, to(FLOAT64), FLOAT64, [(Decimal("1.10"), 1.1), (None, None)]),
    rowwise(
        "cast: decimal to string",
        {"a": CENTS},
        to(STRING),
        STRING,
        [
            (Decimal("1.10"), "1.10"),
            (Decimal("-0.05"), "-0.05"),
            (Decimal("0.00"), "0.00"),
            (MOST, "9" * 36 + ".99"),
            (None, None),
        ],
    ),
    rowwise(
        "cast: decimal to decimal",
        {"a": MILLS},
        to(CENTS),
        CENTS,
        [(Decimal("1.125"), Decimal("1.13")), (Decimal("-1.125"), Decimal("-1.13")), (Decimal("1.124"), Decimal("1.12"))],
    ),
    rowwise(
        "cast: int64 to decimal",
        {"a": INT64},
        to(CENTS),
        CENTS,
        [(7, Decimal("7.00")), (2**62, Decimal(2**62).quantize(Decimal("0.01")))],
    ),
    rowwise(
        "cast: float64 to decimal",
        {"a": FLOAT64},
        to(CENTS),
        CENTS,
        [
            (1.1, Decimal("1.10")),
            (1.005, Decimal("1.01")),
            (-2.675, Decimal("-2.68")),
            (1e20, Decimal("100000000000000000000.00")),
            (None, None),
        ],
    ),
    rowwise(
        "cast: string to decimal",
        {"a": STRING},
        to(CENTS),
        CENTS,
        [
            ("1.1", Decimal("1.10")),
            (" -3 ", Decimal("-3.00")),
            (".5", Decimal("0.50")),
            ("1.005", Decimal("1.01")),
            (None, None),
        ],
    ),
    fails("cast: NaN to decimal", {"a": FLOAT64}, to(CENTS), (nan,)),
    fails("cast: inf to decimal", {"a": FLOAT64}, to(CENTS), (inf,)),
    fails("cast: text to decimal", {"a": STRING}, to(CENTS), ("1,5",)),
    fails("cast: a decimal beyond 38 digits", {"a": CENTS}, to(MILLS), (MOST,)),
    fails("add: decimals beyond 38 digits", {"a": CENTS, "b": CENTS}, op("add"), (MOST, Decimal("0.01"))),
    fails("mul: decimals beyond 38 digits", {"a": CENTS, "b": CENTS}, op("mul"), (MOST, Decimal("10.00"))),
    grouped(
        "sum: decimals",
        {"a": CENTS},
        lambda a: aggregation("sum", a),
        CENTS,
        [([Decimal("0.10"), Decimal("0.20"), None], Decimal("0.30")), ([None], Decimal("0.00"))],
    ),
    grouped(
        "sum_or_null: decimals",
        {"a": CENTS},
        lambda a: aggregation("sum_or_null", a),
        CENTS,
        [([Decimal("0.10")], Decimal("0.10")), ([None], None)],
    ),
    grouped(
        "mean: decimals",
        {"a": CENTS},
        lambda a: aggregation("mean", a),
        FLOAT64,
        [([Decimal("0.10"), Decimal("0.20")], 0.15), ([None], None)],
    ),
    grouped(
        "mode: decimals",
        {"a": CENTS},
        lambda a: aggregation("mode", a),
        CENTS,
        [([Decimal("2.00"), Decimal("1.00")], Decimal("1.00"))],
    ),
    rowwise("gt: decimals", {"a": CENTS, "b": MILLS}, op("gt"), BOOL, [(Decimal("2.50"), Decimal("2.499"), True)]),
    grouped(
        "min: decimals",
        {"a": CENTS},
        lambda a: aggregation("min", a),
        CENTS,
        [([Decimal("0.10"), Decimal("-0.20")], Decimal("-0.20"))],
    ),
    grouped(
        "max: decimals",
        {"a": CENTS},
        lambda a: aggregation("max", a),
        CENTS,
        [([Decimal("0.10"), Decimal("9.00"), Decimal("10.00")], Decimal("10.00"))],
    ),
    grouped(
        "nunique: decimals",
        {"a": CENTS},
        lambda a: aggregation("nunique", a),
        INT64,
        [([Decimal("0.10"), Decimal("0.10"), None], 1)],
    ),
    grouped(
        "quantile: decimals",
        {"a": CENTS},
        lambda a: aggregation("quantile", a, literal(0.5)),
        FLOAT64,
        [([Decimal("1.75"), Decimal("2.00")], 1.875)],
    ),
    fails("add: a constant beyond 38 digits", {"a": CENTS}, lambda a: call("add", a, literal(Decimal("0.01"))), (MOST,)),
]

TIMES = [
    rowwise(
        "eq: times",
        {"a": TIME, "b": TIME},
        op("eq"),
        BOOL,
        [
            (clock("10:00"), clock("10:00:00"), True),
            (clock("10:00"), clock("10:00:00.000001"), False),
            (None, clock("10:00"), None),
        ],
    ),
    rowwise("ne: times", {"a": TIME, "b": TIME}, op("ne"), BOOL, [(clock("10:00"), clock("11:00"), True)]),
    rowwise("lt: times", {"a": TIME, "b": TIME}, op("lt"), BOOL, [(clock("09:00"), clock("23:59:59.999999"), True)]),
    rowwise("le: times", {"a": TIME, "b": TIME}, op("le"), BOOL, [(clock("09:00"), clock("09:00"), True)]),
    rowwise("gt: times", {"a": TIME, "b": TIME}, op("gt"), BOOL, [(clock("09:00"), clock("00:00"), True)]),
    rowwise("ge: times", {"a": TIME, "b": TIME}, op("ge"), BOOL, [(clock("09:00"), clock("10:00"), False)]),
    rowwise("coalesce: times", {"a": TIME, "b": TIME}, op("coalesce"), TIME, [(None, clock("10:00"), clock("10:00"))]),
    rowwise(
        "cast: timestamp to time",
        {"a": TIMESTAMP},
        to(TIME),
        TIME,
        [(at("2022-01-01 10:11:12.5"), clock("10:11:12.500000")), (at("2022-01-01"), clock("00:00")), (None, None)],
    ),
    rowwise(
        "cast: string to time",
        {"a": STRING},
        to(TIME),
        TIME,
        [("10:11", clock("10:11")), (" 10:11:12.5 ", clock("10:11:12.500000")), (None, None)],
    ),
    rowwise(
        "cast: time to string",
        {"a": TIME},
        to(STRING),
        STRING,
        [(clock("10:11:12"), "10:11:12.000000"), (clock("00:00:00.000001"), "00:00:00.000001"), (None, None)],
    ),
    fails("cast: text to time", {"a": STRING}, to(TIME), ("25:00",)),
    fails("cast: a number as text to time", {"a": STRING}, to(TIME), ("1011",)),
    grouped(
        "min: times",
        {"a": TIME},
        lambda a: aggregation("min", a),
        TIME,
        [([clock("10:00"), None, clock("09:30")], clock("09:30"))],
    ),
    grouped(
        "max: times",
        {"a": TIME},
        lambda a: aggregation("max", a),
        TIME,
        [([clock("10:00"), None, clock("09:30")], clock("10:00"))],
    ),
    grouped(
        "nunique: times", {"a": TIME}, lambda a: aggregation("nunique", a), INT64, [([clock("10:00"), clock("10:00:00")], 1)]
    ),
    grouped(
        "mode: times", {"a": TIME}, lambda a: aggregation("mode", a), TIME, [([clock("10:00"), clock("09:30")], clock("09:30"))]
    ),
    overall("first: times", {"a": TIME}, lambda a: aggregation("first", a), TIME, [(None,), (clock("09:30"),)], clock("09:30")),
]


def part(name):
    return lambda a: call("date_part", literal(name), a)


MOMENTS = (at("2021-01-03 04:05:06.789012"), at("1969-12-31 23:59:59.999999"), at("2024-12-30"), None)
PARTS = {
    # The result of pandas for each of the moments.
    "year": (2021, 1969, 2024),
    "quarter": (1, 4, 4),
    "month": (1, 12, 12),
    "week": (53, 1, 1),
    "isoyear": (2020, 1970, 2025),
    "day": (3, 31, 30),
    "dayofyear": (3, 365, 365),
    "dayofweek": (6, 2, 0),
    "hour": (4, 23, 0),
    "minute": (5, 59, 0),
    "second": (6, 59, 0),
    "microsecond": (789012, 999999, 0),
}
DATE_PARTS = [
    rowwise(
        f"date_part: {name} of a timestamp",
        {"a": TIMESTAMP},
        part(name),
        INT64,
        list(zip(MOMENTS, (*expected, None), strict=True)),
    )
    for name, expected in PARTS.items()
] + [
    rowwise("date_part: week of a date", {"a": DATE}, part("week"), INT64, [(day("2021-01-03"), 53), (None, None)]),
    rowwise("date_part: hour of a date", {"a": DATE}, part("hour"), INT64, [(day("2021-01-03"), 0)]),
    rowwise("date_part: microsecond of a time", {"a": TIME}, part("microsecond"), INT64, [(clock("10:11:12.5"), 500000)]),
    rowwise("date_part: second of a time", {"a": TIME}, part("second"), INT64, [(clock("10:11:12.5"), 12)]),
]

BETWEEN, ABOVE = Interval(0.0, 1.5, "(]"), Interval(1.5, inf, "[)")
INTERVALS = [
    rowwise(
        "interval: of two numbers",
        {"a": FLOAT64, "b": FLOAT64},
        lambda a, b: call("interval", a, b, literal("(]")),
        INTERVAL,
        [(0.0, 1.5, BETWEEN), (None, 1.0, None), (1.0, None, None), (-inf, inf, Interval(-inf, inf, "(]"))],
    ),
    rowwise(
        "interval: of two constants",
        {"a": BOOL},
        lambda a: case(
            [(a, call("interval", literal(1.5), literal(inf), literal("[)")))],
            call("interval", literal(None, FLOAT64), literal(1.0), literal("()")),
        ),
        INTERVAL,
        [(True, ABOVE), (False, None), (None, None)],
    ),
    *(
        rowwise(
            f"interval: bounds {bounds}",
            {"a": FLOAT64},
            lambda a, bounds=bounds: call("interval_bounds", call("interval", a, literal(9.0), literal(bounds))),
            STRING,
            [(1.0, bounds), (None, None)],
        )
        for bounds in ("(]", "[)", "[]", "()")
    ),
    rowwise(
        "interval_lower: the lower end",
        {"a": INTERVAL},
        op("interval_lower"),
        FLOAT64,
        [(BETWEEN, 0.0), (ABOVE, 1.5), (None, None)],
    ),
    rowwise(
        "interval_upper: the upper end",
        {"a": INTERVAL},
        op("interval_upper"),
        FLOAT64,
        [(BETWEEN, 1.5), (ABOVE, inf), (None, None)],
    ),
    rowwise(
        "eq: intervals",
        {"a": INTERVAL, "b": INTERVAL},
        op("eq"),
        BOOL,
        [(BETWEEN, BETWEEN, True), (BETWEEN, Interval(0.0, 1.5, "[]"), False), (None, BETWEEN, None)],
    ),
    rowwise("ne: intervals", {"a": INTERVAL, "b": INTERVAL}, op("ne"), BOOL, [(BETWEEN, ABOVE, True)]),
    *(
        rowwise(f"{name}: intervals", {"a": INTERVAL, "b": INTERVAL}, op(name), BOOL, [(BETWEEN, ABOVE, found)])
        for name, found in (("lt", True), ("le", True), ("gt", False), ("ge", False))
    ),
    rowwise("coalesce: intervals", {"a": INTERVAL, "b": INTERVAL}, op("coalesce"), INTERVAL, [(None, ABOVE, ABOVE)]),
    *(
        grouped(
            f"{name}: intervals",
            {"a": INTERVAL},
            lambda a, name=name: aggregation(name, a),
            INTERVAL,
            [([BETWEEN, ABOVE, None], found)],
        )
        for name, found in (("min", BETWEEN), ("max", ABOVE), ("mode", BETWEEN))
    ),
    grouped(
        "nunique: intervals",
        {"a": INTERVAL},
        lambda a: aggregation("nunique", a),
        INT64,
        [([BETWEEN, BETWEEN, ABOVE, None], 2)],
    ),
]

SPECS: list[Spec] = DECIMALS + TIMES + DATE_PARTS + INTERVALS


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_types(engine, spec):
    engine.check(spec)
