"""Samples of rows that are the same on every engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Ordering, aggregation, cast, frame_of, over, state_of, unused_name
from objectiv_local.ml.expressions import number, with_columns
from objectiv_local.ml.key import KEYS, key_number
from objectiv_local.ml.statistics.exact import power_of, whole
from objectiv_local.ml.statistics.ranges import ranges
from objectiv_local.types import FLOAT64


def sampled(frame: DataFrame, names: list[str], rows: int, seed: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the features of at most ``rows`` rows: those with the lowest hashes of their keys, in the order of hashes.

    The key is the index, or another known key of the frame; rows without one are identified by their values, and equal rows
    by a number. The features have no missing values.
    """
    state = state_of(frame)
    types = state.plan.types
    values = {unused_name(f"value_{position}", types): cast(state.column(name), FLOAT64) for position, name in enumerate(names)}
    keys = next(
        (
            list(key)
            for key in (frame.index_columns, state.plan.key or ())
            if key and all(types[name].name in KEYS for name in key)
        ),
        None,
    )
    if keys is None:
        frame, keys = _numbered(frame, names)
    place = unused_name("place", {**types, **values})
    state = state_of(with_columns(frame, {place: key_number(frame, keys, seed), **values}, "sample"))
    # Values break ties of keys that are not unique.
    order = tuple(Ordering(state.column(name)) for name in (place, *values))
    chosen = frame_of(state.with_rows(state.plan, (), order), list(values))
    table = chosen.to_arrow(limit=rows)
    return np.column_stack([column.to_numpy() for column in table.columns])


def _numbered(frame: DataFrame, names: list[str]) -> tuple[DataFrame, list[str]]:
    """Return the frame with its features as integers and equal rows numbered, and the names of these columns."""
    _, found = ranges(frame, names)
    types = state_of(frame).plan.types
    keys = {
        unused_name(f"key_{position}", types): whole(number(frame, name), power_of(each["min"], each["max"]))
        for position, (name, each) in enumerate(zip(names, found, strict=True))
    }
    frame = with_columns(frame, keys)
    columns = [state_of(frame).column(name) for name in keys]
    count = unused_name("number", state_of(frame).plan.types)
    frame = with_columns(frame, {count: over(aggregation("row_number"), columns, [Ordering(column) for column in columns])})
    return frame, [*keys, count]
