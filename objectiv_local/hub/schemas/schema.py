"""What a schema is: a layout that event tables come in, and how an event frame is computed from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from objectiv_local.frame import DataFrame, Series
from objectiv_local.types import Type

#: Columns of a table, each with the types that it may be stored as. It is read as the first of them; an integer stays one, for
#: the schema to say what it counts.
Columns = Mapping[str, tuple[Type, ...]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that may have events: its title in messages, and the names of its columns."""

    title: str
    columns: tuple[str, ...]


def _no_more(_table: Table, _properties: tuple[str, ...]) -> Columns:
    return {}


@dataclass(frozen=True, slots=True)
class Schema:
    """A layout that event tables come in.

    A table is of this schema if it has all of ``columns``. An event frame is made of its rows as they are: a schema computes
    columns from those of the same row, and says which row counts if an event was stored several times.
    """

    name: str
    #: What such a table has, as a clause that messages join with "or" to those of other schemas.
    described: str
    #: The columns that every table of this schema has.
    columns: Columns
    #: The columns of the event frame as series over the rows of the table, in order: every one of ``EVENT_COLUMNS`` in
    #: ``hub/events.py``. A column of the table with the name and the meaning of one of them, such as ``event_id``, may be left
    #: out. The second argument is the properties asked for, by name: each becomes a column.
    events: Callable[[DataFrame, tuple[str, ...]], Mapping[str, Series]]
    #: The columns that are read beside ``columns``: those of properties asked for, of the columns that the table has.
    more: Callable[[Table, tuple[str, ...]], Columns] = _no_more
    #: The order that decides which row of an event counts, the first; without it, ids of events are unique.
    first_by: tuple[str, ...] = ()

    def missing(self, table: Table) -> list[str]:
        """Return the columns of this schema that a table does not have; none if it is of this schema."""
        return [name for name in self.columns if name not in table.columns]
