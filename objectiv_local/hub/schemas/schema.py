"""What a schema is: a layout that event tables come in, and how the columns of an event frame are computed from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from objectiv_local.frame import DataFrame, Series
from objectiv_local.types import Type

#: Columns of a table, each with the types that it may be stored as, or with none for any type. In Objectiv's frames, it is read
#: as the first of them; an integer stays one, for the schema to say what it counts.
Columns = Mapping[str, tuple[Type, ...]]

#: The columns that a schema computes and every event frame has, where the table has them.
ROLES = ("event_id", "user_id", "moment", "event_type", "location", "session_id")
#: The columns that a schema computes under one name for all, where the table has them.
COMMON = ("device_id", "page_url", "referrer", "utm_source", "utm_medium", "utm_campaign", "country", "device", "platform")


@dataclass(frozen=True, slots=True)
class Table:
    """A table that may have events: its title in messages, and the names of its columns."""

    title: str
    columns: tuple[str, ...]


def _no_more(_table: Table, _properties: tuple[str, ...]) -> Columns:
    return {}


def _sure(_table: Table) -> bool:
    return True


def _no_property(_raw: DataFrame, _name: str) -> Series | None:
    return None


@dataclass(frozen=True, slots=True)
class Schema:
    """A layout that event tables come in.

    A table is of this schema if it has all of ``columns``. An event frame is made of its rows as they are: a schema computes
    columns from those of the same row, so that it runs on files and in Postgres alike, and says which row counts if an event
    was stored several times.
    """

    name: str
    #: What such a table has, as a clause that messages join with "or" to those of other schemas.
    described: str
    #: The columns that every table of this schema has.
    columns: Columns
    #: The columns of the event frame as series over the rows of the table: those of ``ROLES`` and ``COMMON`` that it can
    #: compute. A moment may be a timestamp, a date, or text in ISO 8601. If there is a ``device_id``, it stands for the user
    #: where ``user_id`` is missing. The second argument is the properties that were asked for, by name.
    events: Callable[[DataFrame, tuple[str, ...]], Mapping[str, Series]]
    #: Whether a table with ``columns`` is of this schema, where nobody said which one it is.
    sure: Callable[[Table], bool] = _sure
    #: A property that is no column of the table, by name, such as a key of its JSON column; None if it has no such column.
    of_property: Callable[[DataFrame, str], Series | None] = _no_property
    #: Whether events have the location stacks and contexts of Objectiv, which its frames are made of. Then ``events`` computes
    #: the columns of ``EVENT_COLUMNS`` in ``hub/events/objectiv.py``, and each property is a context, which becomes a column.
    stacks: bool = False
    #: The columns that are read beside ``columns`` for a frame with stacks: those of contexts that were asked for.
    more: Callable[[Table, tuple[str, ...]], Columns] = _no_more
    #: The order that decides which row of an event counts, the first; without it, ids of events are unique.
    first_by: tuple[str, ...] = ()

    def missing(self, table: Table) -> list[str]:
        """Return the columns of this schema that a table does not have; none if it is of this schema."""
        return [name for name in self.columns if name not in table.columns]
