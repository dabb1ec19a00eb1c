"""Intervals of numbers."""

from __future__ import annotations

from objectiv_local.plan.ops.operation import scalar

OPERATIONS = (
    scalar(
        "interval",
        "float64 float64 string! -> numeric_interval",
        meaning="The interval from the first number to the second, with the bounds of the third argument: "
        "(], [), [] or (). NULL if either is NULL.",
    ),
    scalar("interval_lower", "numeric_interval -> float64", meaning="The lower end of an interval."),
    scalar("interval_upper", "numeric_interval -> float64", meaning="The upper end of an interval."),
    scalar(
        "interval_bounds", "numeric_interval -> string", meaning="Which ends of an interval are included: (], [), [] or ()."
    ),
)
