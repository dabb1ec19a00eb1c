"""Aggregates of groups and of windows."""

from __future__ import annotations

from objectiv_local.plan.ops.operation import aggregate

OPERATIONS = (
    aggregate("size", "-> int64", meaning="The number of rows.", combined_by="sum"),
    aggregate("count", "any -> int64", meaning="The number of values that are not NULL.", combined_by="sum", null_only=True),
    aggregate(
        "nunique", "V -> int64", windowed=False, meaning="The number of different values; NULL does not count.", idempotent=True
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
        meaning="The mean of the values that are not NULL; NULL if there are none. A mean duration is rounded to a "
        "microsecond, a half to the even one.",
    ),
    *(
        aggregate(
            name,
            "number int64! -> float64",
            approximate=True,
            meaning=f"The {words} of the values that are not NULL, as floats; the constant is taken from the count of "
            "the divisor (ddof). NULL if the divisor is not positive.",
        )
        for name, words in (("var", "variance"), ("std", "standard deviation"))
    ),
    aggregate(
        "skew",
        "number -> float64",
        windowed=False,
        approximate=True,
        meaning="The skewness of the values that are not NULL, as floats and corrected for bias; 0 of equal values, NULL "
        "for fewer than 3, NaN beside an infinity or NaN.",
    ),
    aggregate(
        "quantile",
        "number float64! -> float64",
        "timedelta float64! -> timedelta",
        "timestamp float64! -> timestamp",
        windowed=False,
        meaning="The value below which a share of the values lies, linearly interpolated between the two nearest; NULL "
        "if there are none. A duration or moment between two is cut to a microsecond.",
    ),
    aggregate(
        "quantile_disc",
        "float64 float64! -> float64",
        "string float64! -> string",
        "date float64! -> date",
        "time float64! -> time",
        windowed=False,
        internal=True,
        meaning="The least value for which it and the values below it are at least a share of all values; NULL if there "
        "are none.",
    ),
    aggregate(
        "mode",
        "T -> T",
        windowed=False,
        meaning="The most frequent value, the least one of those that are equally frequent; NULL if there is none.",
    ),
    aggregate(
        "to_json_array",
        "string -> json",
        ordered=True,
        windowed=False,
        meaning="The texts as a JSON array in the order of the rows, NULL as null; an empty array if there are none.",
    ),
    *(
        aggregate(
            name,
            "T -> T",
            combined_by=name,
            idempotent=True,
            extreme=True,
            meaning=f"The {words} value that is not NULL; NULL if there is none. The order is that of the comparisons.",
        )
        for name, words in (("min", "least"), ("max", "greatest"))
    ),
    aggregate(
        "any", "bool -> bool", meaning="Whether a value is true; false if there are none.", combined_by="any", idempotent=True
    ),
    aggregate(
        "all", "bool -> bool", meaning="Whether no value is false; true if there are none.", combined_by="all", idempotent=True
    ),
    aggregate(
        "first",
        "any -> =1",
        ordered=True,
        windowed=False,
        meaning="The first value that is not NULL in the order of the rows; NULL if there is none.",
    ),
    aggregate(
        "last",
        "any -> =1",
        ordered=True,
        windowed=False,
        meaning="The last value that is not NULL in the order of the rows; NULL if there is none.",
    ),
)
