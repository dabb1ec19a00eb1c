"""Fetching rows of plans over a frame, for fitting and checks."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Aggregate, Expr, Node, frame_of, state_of

if TYPE_CHECKING:
    import pyarrow

    from objectiv_local.frame.authoring import State


def one_snapshot(frame: DataFrame) -> AbstractContextManager[None]:
    """Return a context in which all queries over a frame read the same rows. Raises InvalidValue without a connection."""
    return state_of(frame).connected().snapshot()


def fetched(state: State, plan: Node) -> pyarrow.Table:
    """Return the rows of a plan over the data of a state, unordered. One query."""
    return frame_of(state.with_rows(plan, ()), list(plan.types)).to_arrow()


def one_row(frame: DataFrame, aggregates: Mapping[str, Expr]) -> dict[str, Any]:
    """Return aggregates over all rows of a frame, by name. One query, unless there are none."""
    if not aggregates:
        return {}
    # Names contain those of a user's columns, and may be too long for an engine.
    named = tuple((f"a{position}", expr) for position, expr in enumerate(aggregates.values()))
    state = state_of(frame)
    row = fetched(state, Aggregate(state.plan, (), named)).to_pylist()[0]
    return dict(zip(aggregates, row.values(), strict=True))
