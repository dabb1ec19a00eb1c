"""Rows of plans over a frame, fetched at once: those that fitting and checks look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Aggregate, Expr, Node

if TYPE_CHECKING:
    import pyarrow

    from objectiv_local.frame.authoring import State


def fetched(state: State, plan: Node) -> pyarrow.Table:
    """Return the rows of a plan over the data of a state, in no order. One query."""
    return DataFrame(state.with_rows(plan, ()), list(plan.types)).to_arrow()


def one_row(frame: DataFrame, aggregates: Mapping[str, Expr]) -> dict[str, Any]:
    """Return aggregates over all rows of a frame, by their names. One query, unless there are none."""
    if not aggregates:
        return {}
    # Names hold those of a user's columns, and may be too long for an engine.
    named = tuple((f"a{position}", expr) for position, expr in enumerate(aggregates.values()))
    row = fetched(frame._state, Aggregate(frame._state.plan, (), named)).to_pylist()[0]
    return dict(zip(aggregates, row.values(), strict=True))
