"""Dialects: plans as SQL. Nothing here depends on a connection."""

from __future__ import annotations

from collections.abc import Iterable

from objectiv_local.dialects.dialect import Dialect
from objectiv_local.dialects.lowering.lowering import Statement, Store, lower
from objectiv_local.dialects.lowering.scope import STORED_ROWS
from objectiv_local.errors import InvalidType
from objectiv_local.plan.nodes import Node
from objectiv_local.plan.passes import rewritten
from objectiv_local.registry import load, names

__all__ = ["STORED_ROWS", "Dialect", "Statement", "compile_in_parts", "compile_plan", "dialect_named", "names"]


def dialect_named(name: str) -> Dialect:
    """Return the dialect with this name. Raises :class:`InvalidValue` for an unknown one."""
    found = load("dialects", name)
    if not isinstance(found, Dialect):
        raise InvalidType(f"the object registered as the dialect {name!r} is not a Dialect, but {type(found).__name__}")
    return found


def compile_in_parts(plan: Node, dialect: str, store: Store) -> Statement:
    """Return ``plan`` as a statement of ``dialect`` that its engine can plan, however long the program is.

    The planning time of engines grows at least with the square of the number of steps that read each other, and beyond some
    number planning fails. In that case, ``store`` is called with the statement of a lower step, stores its rows, and returns
    the step that reads them.
    """
    found = dialect_named(dialect)
    return lower(rewritten(plan, found.skips), found, store)


def compile_plan(plan: Node, dialect: str, *, without: Iterable[str] = ()) -> Statement:
    """Return ``plan`` as one statement of ``dialect``, after all passes except the optional ones in ``without``."""
    found = dialect_named(dialect)
    return lower(rewritten(plan, {*without, *found.skips}), found)
