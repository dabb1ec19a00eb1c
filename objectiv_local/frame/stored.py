"""Temporary tables that frames keep on a connection: the plan of each table, and whether its rows are current."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from objectiv_local.plan.nodes import Node, Source
from objectiv_local.plan.relation import Relation, StoredTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from objectiv_local.engines.base import Engine


@dataclass(slots=True)
class Stored:
    """The temporary tables of one connection, from the point of view of frames."""

    #: ``Engine.changes`` when the rows of ``tables`` were computed.
    changes: int = 0
    #: Tables with the current rows of a plan.
    tables: dict[Node, StoredTable] = field(default_factory=dict)
    #: The plan from which each table was created. Writes do not affect it: frames continue to read the rows they were created
    #: with.
    origins: dict[Relation, Node] = field(default_factory=dict)
    #: The plans over all rows, by the plan that reads a sample of them.
    samples: dict[Node, Node] = field(default_factory=dict)


_BY_ENGINE: WeakKeyDictionary[Engine, Stored] = WeakKeyDictionary()


def stored_by(engine: Engine) -> Stored:
    """Return the temporary tables of a connection, without those whose rows may be outdated."""
    found = _BY_ENGINE.setdefault(engine, Stored())
    if found.changes != engine.changes:
        found.changes = engine.changes
        found.tables.clear()
    return found


def table_of(plan: Node, engine: Engine, create: Callable[[], StoredTable]) -> StoredTable:
    """Return the temporary table of a plan, which ``create`` creates on first use."""
    stored = stored_by(engine)
    if plan in stored.tables:
        return stored.tables[plan]
    changes = engine.changes
    made = create()
    if changes == engine.changes:
        # Otherwise the rows may already be outdated, so no other frame shares them.
        stored_by(engine).tables[plan] = made
    stored.origins[made.relation] = plan
    return made


def origin_of(source: Source, engine: Engine | None) -> Node | None:
    """Return the plan of the rows in a temporary table or a sample; None for any other table."""
    if engine is None:
        return None
    stored = stored_by(engine)
    return stored.samples.get(source) or stored.origins.get(source.relation)
