"""Joins with small tables: cross joins, and columns looked up by a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from objectiv_local.frame.authoring import Join, JoinSide, Node


def crossed(left: Node, right: Node, step: str) -> Node:
    """Return every combination of rows of two tables, which have no columns in common."""
    columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, name)) for name in left.types]
    columns += [(name, "right", (name, name)) for name in right.types]
    key = None if left.key is None or right.key is None else (*left.key, *right.key)
    return Join(left, right, "inner", (), tuple(columns), step=step, key=key)


def looked_up(
    left: Node, right: Node, on: Sequence[str], step: str, *, how: Literal["left", "inner"] = "left", key: Sequence[str] = ()
) -> Node:
    """Return the rows of a table with the other columns of the row in another table that has the same, unique key.

    If there is no such row, the columns are NULL; with ``how="inner"``, the row is left out. ``key`` names columns that are
    known to be unique in the left table.
    """
    columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, name)) for name in left.types]
    columns += [(name, "right", (name, name)) for name in right.types if name not in on]
    return Join(
        left,
        right,
        how,
        tuple((name, name) for name in on),
        tuple(columns),
        step=step,
        key=tuple(key) or left.key,
        single="right",
    )
