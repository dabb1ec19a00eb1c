"""Comparisons, logic and tests for missing values."""

from __future__ import annotations

from objectiv_local.plan.ops.operation import scalar

OPERATIONS = (
    *(
        scalar(
            name,
            "V V -> bool",
            total=True,
            compares=True,
            meaning=f"Whether the values are {words}; NULL if either is NULL. NaN equals NaN.",
        )
        for name, words in (("eq", "equal"), ("ne", "different"))
    ),
    *(
        scalar(
            name,
            "T T -> bool",
            total=True,
            compares=True,
            meaning=f"Whether the first value is {words} the second; NULL if either is NULL. Strings are compared by code "
            "point, false is less than true, NaN is greater than every number.",
        )
        for name, words in (("lt", "less than"), ("le", "at most"), ("gt", "greater than"), ("ge", "at least"))
    ),
    scalar(
        "and",
        "bool bool -> bool",
        meaning="Whether both are true: false if either is false, otherwise NULL if either is NULL.",
        total=True,
        answers_null=True,
    ),
    scalar(
        "or",
        "bool bool -> bool",
        meaning="Whether any is true: true if either is true, otherwise NULL if either is NULL.",
        total=True,
        answers_null=True,
    ),
    scalar("xor", "bool bool -> bool", meaning="Whether exactly one is true; NULL if either is NULL.", total=True),
    scalar("not", "bool -> bool", meaning="The opposite; NULL stays NULL.", total=True),
    scalar(
        "is_null",
        "any -> bool",
        meaning="Whether the value is NULL. False for NaN.",
        total=True,
        null_only=True,
        answers_null=True,
    ),
    scalar(
        "not_null",
        "any -> bool",
        meaning="Whether the value is not NULL. True for NaN.",
        total=True,
        null_only=True,
        answers_null=True,
    ),
    scalar(
        "coalesce",
        "V V -> V",
        "json json -> =1",
        meaning="The first value, or the second if the first is NULL.",
        total=True,
        answers_null=True,
    ),
)
