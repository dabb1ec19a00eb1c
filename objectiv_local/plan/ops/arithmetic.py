"""Arithmetic of numbers, moments and durations."""

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
        meaning="The difference. Two instants give a duration of whole microseconds.",
    ),
    scalar(
        "mul",
        "int64 int64 -> int64",
        "decimal decimal -> decimal",
        "number number -> float64",
        "timedelta int64 -> timedelta",
        "int64 timedelta -> timedelta",
        meaning="The product. An integer product beyond 64 bits is an error. A decimal has the digits behind the point of "
        "both operands; more than 38 digits in all are an error.",
        adds_scales=True,
    ),
    scalar(
        "truediv",
        "number number -> float64",
        "timedelta timedelta -> float64",
        meaning="The quotient as a float, also of integers. Division by zero gives inf, -inf or NaN as IEEE 754 says.",
    ),
    scalar("ratio", "int64 int64 -> float64", meaning="The quotient as a float; NULL where the divisor is zero.", total=True),
    scalar(
        "floordiv",
        "int64 int64 -> int64",
        "timedelta timedelta -> int64",
        "number number -> float64",
        meaning="The quotient rounded towards minus infinity. NULL where the divisor is zero.",
    ),
    scalar(
        "mod",
        "int64 int64 -> int64",
        "timedelta timedelta -> timedelta",
        "number number -> float64",
        meaning="The remainder of the floor division; it has the sign of the divisor. NULL where the divisor is zero.",
    ),
    scalar(
        "neg",
        "int64 -> int64",
        "float64 -> float64",
        "decimal -> =1",
        "timedelta -> timedelta",
        meaning="The value with the other sign.",
    ),
    scalar(
        "abs",
        "int64 -> int64",
        "float64 -> float64",
        "decimal -> =1",
        "timedelta -> timedelta",
        meaning="The value without its sign.",
    ),
    scalar(
        "round",
        "int64 int64! -> int64",
        "float64 int64! -> float64",
        "decimal int64! -> =1",
        meaning="The value rounded to a number of digits behind the point, or in front of it if negative: a half to the "
        "even neighbour, of decimals away from zero. A float is scaled by a power of ten, rounded and scaled back, "
        "as numpy does; one of 2**52 or more is a whole number already.",
    ),
    scalar("floor", "float64 -> float64", meaning="The greatest whole number that is at most the value."),
    scalar("ceil", "float64 -> float64", meaning="The least whole number that is at least the value."),
    scalar("sqrt", "number -> float64", meaning="The square root; NaN of a negative number."),
    scalar("exp", "number -> float64", meaning="The exponential. Beyond the largest float it is inf."),
    scalar("log", "number -> float64", meaning="The natural logarithm; -inf of 0 and NaN of a negative number."),
    scalar("log10", "number -> float64", meaning="The logarithm to base 10; -inf of 0 and NaN of a negative number."),
    scalar(
        "power",
        "number number -> float64",
        meaning="The first value to the power of the second, as a float: inf beyond the largest float, NaN for a root of a "
        "negative number, and inf for a negative power of 0.",
    ),
)
