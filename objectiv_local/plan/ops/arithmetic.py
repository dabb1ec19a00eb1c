"""Arithmetic of numbers, timestamps and durations."""

from __future__ import annotations

from objectiv_local.plan.ops.operation import scalar

OPERATIONS = (
    scalar(
        "add",
        "int64 int64 -> int64",
        "decimal decimal -> decimal",
        "number number -> float64",
        "timestamp timedelta -> timestamp",
        "timedelta timestamp -> timestamp",
        "date timedelta -> timestamp",
        "timedelta date -> timestamp",
        "timedelta timedelta -> timedelta",
        meaning="The sum. An integer sum beyond 64 bits, or a decimal one beyond 38 digits, is an error.",
    ),
    scalar(
        "sub",
        "int64 int64 -> int64",
        "decimal decimal -> decimal",
        "number number -> float64",
        "timestamp timestamp -> timedelta",
        "date date -> timedelta",
        "timestamp date -> timedelta",
        "date timestamp -> timedelta",
        "timestamp timedelta -> timestamp",
        "date timedelta -> timestamp",
        "timedelta timedelta -> timedelta",
        meaning="The difference. The difference of two dates or timestamps is a duration in whole microseconds.",
    ),
    scalar(
        "mul",
        "int64 int64 -> int64",
        "decimal decimal -> decimal",
        "number number -> float64",
        "timedelta int64 -> timedelta",
        "int64 timedelta -> timedelta",
        meaning="The product. An integer product beyond 64 bits is an error. A decimal product has the decimal places of "
        "both operands; more than 38 digits in total are an error.",
        adds_scales=True,
    ),
    scalar(
        "truediv",
        "number number -> float64",
        "timedelta timedelta -> float64",
        meaning="The quotient as a float, also for integers. Division by zero is inf, -inf or NaN, as in IEEE 754.",
    ),
    scalar("ratio", "int64 int64 -> float64", meaning="The quotient as a float; NULL if the divisor is zero.", total=True),
    scalar(
        "floordiv",
        "int64 int64 -> int64",
        "timedelta timedelta -> int64",
        "number number -> float64",
        meaning="The quotient rounded toward negative infinity. NULL if the divisor is zero.",
    ),
    scalar(
        "mod",
        "int64 int64 -> int64",
        "timedelta timedelta -> timedelta",
        "number number -> float64",
        meaning="The remainder of the floor division; it has the sign of the divisor. NULL if the divisor is zero.",
    ),
    scalar(
        "neg", "int64 -> int64", "float64 -> float64", "decimal -> =1", "timedelta -> timedelta", meaning="The negated value."
    ),
    scalar(
        "abs", "int64 -> int64", "float64 -> float64", "decimal -> =1", "timedelta -> timedelta", meaning="The absolute value."
    ),
    scalar(
        "round",
        "int64 int64! -> int64",
        "float64 int64! -> float64",
        "decimal int64! -> =1",
        meaning="The value rounded to a number of decimal places, or to powers of ten if negative: halves to "
        "even, for decimals away from zero. A float is scaled by a power of ten, rounded and scaled back, "
        "as numpy does; from 2**52 on, it already is a whole number.",
    ),
    scalar("floor", "float64 -> float64", meaning="The largest whole number not greater than the value."),
    scalar("ceil", "float64 -> float64", meaning="The smallest whole number not less than the value."),
    scalar("sqrt", "number -> float64", meaning="The square root; NaN for a negative number."),
    scalar("exp", "number -> float64", meaning="The exponential. Beyond the largest float it is inf."),
    scalar("log", "number -> float64", meaning="The natural logarithm; -inf for 0 and NaN for a negative number."),
    scalar("log10", "number -> float64", meaning="The base-10 logarithm; -inf for 0 and NaN for a negative number."),
    scalar(
        "power",
        "number number -> float64",
        meaning="The first value to the power of the second as a float: inf beyond the largest float, NaN for a fractional "
        "power of a negative number, and inf for a negative power of 0.",
    ),
)
