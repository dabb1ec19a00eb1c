"""Dialects: plans as SQL text. Nothing here knows a connection."""

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
        raise InvalidType(f"what is registered as the dialect {name!r} is no Dialect, but {type(found).__name__}")
    return found


def compile_in_parts(plan: Node, dialect: str, store: Store) -> Statement:
    """Return ``plan`` as a statement of ``dialect`` that its engine can plan, however long the program is.

    The time that engines take grows with the square of the number of steps that read each other, or worse, and at some
    number they give up. There, ``store`` keeps the rows of a lower step, whose statement it is given, and returns the
    step that reads them.
    """
    found = dialect_named(dialect)
    return lower(rewritten(plan, found.skips), found, store)


def compile_plan(plan: Node, dialect: str, *, without: Iterable[str] = ()) -> Statement:
    """Return ``plan`` as one statement of ``dialect``, after all passes but the optional ones in ``without``."""
    found = dialect_named(dialect)
    return lower(rewritten(plan, {*without, *found.skips}), found)
