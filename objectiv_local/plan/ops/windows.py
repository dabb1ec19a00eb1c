"""Functions that can only be computed over windows."""

from __future__ import annotations

from objectiv_local.plan.ops.operation import window

OPERATIONS = (
    window("row_number", "-> int64", meaning="The number of the row in its partition, from 1."),
    window(
        "lag", "any int64! any!? -> =1", meaning="The value a number of rows before, or a constant if there is no such row."
    ),
    window(
        "lead", "any int64! any!? -> =1", meaning="The value a number of rows after, or a constant if there is no such row."
    ),
    window(
        "rank", "-> int64", ties=True, meaning="One plus the number of rows of the partition that come before, ties excluded."
    ),
    window(
        "dense_rank", "-> int64", ties=True, meaning="One plus the number of distinct positions in the order that come before."
    ),
    window("percent_rank", "-> float64", ties=True, meaning="(rank - 1) / (rows - 1) in the partition; 0 for a single row."),
    window("cume_dist", "-> float64", ties=True, meaning="The fraction of the rows of the partition that come before or tie."),
    window(
        "ntile",
        "int64! -> int64",
        meaning="The number, from 1, of the row's bucket, when the rows of the partition are split in their "
        "order into that many buckets of equal size; the first ones have one more row if necessary.",
    ),
    window(
        "nth_value",
        "any int64! -> =1",
        framed=True,
        meaning="The value of the row with a number, from 1, in the frame, even if NULL; NULL if the frame is shorter.",
    ),
    window("first_value", "any -> =1", framed=True, meaning="The value of the first row of the frame, even if NULL."),
    window("last_value", "any -> =1", framed=True, meaning="The value of the last row of the frame, even if NULL."),
)
