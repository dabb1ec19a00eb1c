"""What frames keep in temporary tables of a connection: which plan each was made from, and which hold current rows."""

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
    """The temporary tables of one connection, by what frames know of them."""

    #: ``Engine.changes`` when the rows of ``tables`` were computed.
    changes: int = 0
    #: Tables that hold the current rows of a plan.
    tables: dict[Node, StoredTable] = field(default_factory=dict)
    #: The plan that each table was made from. It outlives writes: frames go on reading the rows that they were made with.
    origins: dict[Relation, Node] = field(default_factory=dict)
    #: The plans of all rows, by the plan that reads a sample of them.
    samples: dict[Node, Node] = field(default_factory=dict)


_BY_ENGINE: WeakKeyDictionary[Engine, Stored] = WeakKeyDictionary()


def stored_by(engine: Engine) -> Stored:
    """Return what frames keep on a connection, without tables whose rows may be outdated."""
    found = _BY_ENGINE.setdefault(engine, Stored())
    if found.changes != engine.changes:
        found.changes = engine.changes
        found.tables.clear()
    return found


def table_of(plan: Node, engine: Engine, create: Callable[[], StoredTable]) -> StoredTable:
    """Return the temporary table of a plan, which ``create`` makes when it is asked for first."""
    stored = stored_by(engine)
    if plan in stored.tables:
        return stored.tables[plan]
    changes = engine.changes
    made = create()
    if changes == engine.changes:
        # Else the rows may be outdated already, so no other frame shares them.
        stored_by(engine).tables[plan] = made
    stored.origins[made.relation] = plan
    return made


def origin_of(source: Source, engine: Engine | None) -> Node | None:
    """Return the plan that the rows of a temporary table or a sample come from; None for any other table."""
    if engine is None:
        return None
    stored = stored_by(engine)
    return stored.samples.get(source) or stored.origins.get(source.relation)
