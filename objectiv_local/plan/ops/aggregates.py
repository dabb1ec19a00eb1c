"""Aggregates over groups and windows."""

from __future__ import annotations

from objectiv_local.plan.ops.operation import aggregate

OPERATIONS = (
    aggregate("size", "-> int64", meaning="The number of rows.", combined_by="sum"),
    aggregate("count", "any -> int64", meaning="The number of non-NULL values.", combined_by="sum", null_only=True),
    aggregate(
        "nunique", "V -> int64", windowed=False, meaning="The number of distinct values; NULL is not counted.", idempotent=True
    ),
    aggregate(
        "sum",
        "int64 -> int64",
        "float64 -> float64",
        "decimal -> =1",
        "bool -> int64",
        "timedelta -> timedelta",
        meaning="The sum of the values; 0 if there are none. An integer sum beyond 64 bits is an error.",
        combined_by="sum",
    ),
    aggregate(
        "sum_or_null",
        "int64 -> int64",
        "float64 -> float64",
        "decimal -> =1",
        "bool -> int64",
        "timedelta -> timedelta",
        meaning="The sum of the values; NULL if there are none. An integer sum beyond 64 bits is an error.",
        combined_by="sum_or_null",
        internal=True,
    ),
    aggregate(
        "mean",
        "int64 -> float64",
        "float64 -> float64",
        "decimal -> float64",
        "bool -> float64",
        "timedelta -> timedelta",
        meaning="The mean of the non-NULL values; NULL if there are none. A mean duration is rounded to a "
        "microsecond, halves to even.",
    ),
    *(
        aggregate(
            name,
            "number int64! -> float64",
            approximate=True,
            meaning=f"The {words} of the non-NULL values, as a float; the constant is subtracted from the count in "
            "the divisor (ddof). NULL if the divisor is not positive.",
        )
        for name, words in (("var", "variance"), ("std", "standard deviation"))
    ),
    aggregate(
        "skew",
        "number -> float64",
        windowed=False,
        approximate=True,
        meaning="The bias-corrected skewness of the non-NULL values, as a float; 0 for equal values, NULL "
        "for fewer than 3, NaN with an infinity or NaN.",
    ),
    aggregate(
        "quantile",
        "number float64! -> float64",
        "timedelta float64! -> timedelta",
        "timestamp float64! -> timestamp",
        windowed=False,
        meaning="The quantile for a fraction, linearly interpolated between the two nearest values; NULL "
        "if there are none. An interpolated duration or timestamp is truncated to a microsecond.",
    ),
    aggregate(
        "quantile_disc",
        "float64 float64! -> float64",
        "string float64! -> string",
        "date float64! -> date",
        "time float64! -> time",
        windowed=False,
        internal=True,
        meaning="The smallest value at which the cumulative fraction of values reaches a given fraction; NULL if there "
        "are none.",
    ),
    aggregate(
        "mode",
        "T -> T",
        windowed=False,
        meaning="The most frequent value, the minimum of equally frequent ones; NULL if there are no values.",
    ),
    aggregate(
        "to_json_array",
        "string -> json",
        ordered=True,
        windowed=False,
        meaning="The strings as a JSON array in the order of the rows, NULL as null; an empty array if there are none.",
    ),
    *(
        aggregate(
            name,
            "T -> T",
            combined_by=name,
            idempotent=True,
            extreme=True,
            meaning=f"The {words} of the non-NULL values; NULL if there are none. The order is that of comparisons.",
        )
        for name, words in (("min", "least"), ("max", "greatest"))
    ),
    aggregate(
        "any", "bool -> bool", meaning="Whether any value is true; false if there are none.", combined_by="any", idempotent=True
    ),
    aggregate(
        "all",
        "bool -> bool",
        meaning="Whether all values are true; true if there are none.",
        combined_by="all",
        idempotent=True,
    ),
    aggregate(
        "first",
        "any -> =1",
        ordered=True,
        windowed=False,
        meaning="The first non-NULL value in the order of the rows; NULL if there is none.",
    ),
    aggregate(
        "last",
        "any -> =1",
        ordered=True,
        windowed=False,
        meaning="The last non-NULL value in the order of the rows; NULL if there is none.",
    ),
)
