"""Functions that are computed over windows only."""

from __future__ import annotations

from objectiv_local.plan.ops.operation import window

OPERATIONS = (
    window("row_number", "-> int64", meaning="The number of the row in its partition, from 1."),
    window(
        "lag", "any int64! any!? -> =1", meaning="The value a number of rows before, or a constant where there is no such row."
    ),
    window(
        "lead", "any int64! any!? -> =1", meaning="The value a number of rows after, or a constant where there is no such row."
    ),
    window(
        "rank",
        "-> int64",
        ties=True,
        meaning="One more than the number of rows of the partition that come before, ties not counted.",
    ),
    window(
        "dense_rank",
        "-> int64",
        ties=True,
        meaning="One more than the number of different places in the order that come before.",
    ),
    window(
        "percent_rank",
        "-> float64",
        ties=True,
        meaning="The rank less one, as a share of the rows less one; 0 for a single row.",
    ),
    window("cume_dist", "-> float64", ties=True, meaning="The share of the rows of the partition that come before or tie."),
    window(
        "ntile",
        "int64! -> int64",
        meaning="The number, from 1, of the part of the partition that the row is in, when the rows are split in their "
        "order into so many parts of equal size, the first ones taking what is left over.",
    ),
    window(
        "nth_value",
        "any int64! -> =1",
        framed=True,
        meaning="The value of a row of the frame by its number from 1, NULL included; NULL if the frame is shorter.",
    ),
    window("first_value", "any -> =1", framed=True, meaning="The value of the first row of the frame, NULL included."),
    window("last_value", "any -> =1", framed=True, meaning="The value of the last row of the frame, NULL included."),
)
