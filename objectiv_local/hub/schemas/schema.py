"""Schemas: layouts of event tables, and how the columns of an event frame are computed from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from objectiv_local.frame import DataFrame, Series
from objectiv_local.types import Type

#: Columns of a table, each with the types that it can be stored as, or an empty tuple for any type. Objectiv's schemas convert
#: a column to the first of these types, except integers, whose unit only the schema knows.
Columns = Mapping[str, tuple[Type, ...]]

#: Columns of an event frame that a schema computes, if the table has them.
ROLES = ("event_id", "user_id", "moment", "event_type", "location", "session_id")
#: Further columns that have the same name in all schemas.
COMMON = ("device_id", "page_url", "referrer", "utm_source", "utm_medium", "utm_campaign", "country", "device", "platform")


@dataclass(frozen=True, slots=True)
class Table:
    """A table that can contain events: its title for messages, and its column names."""

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
    """A layout of event tables.

    A table matches if it has all of ``columns``. A schema computes each column from other columns of the same row, so that it
    runs on files and in Postgres alike; it also declares which row to keep if an event was stored several times.
    """

    name: str
    #: The columns of such a table, as a clause that messages join with "or".
    described: str
    #: The columns that every table of this schema has.
    columns: Columns
    #: Returns the columns of ``ROLES`` and ``COMMON`` that can be computed, as series over the rows of the table. A moment can
    #: be a timestamp, a date, or an ISO 8601 string. If there is a ``device_id``, it replaces missing users. The second
    #: argument is the names of requested properties.
    events: Callable[[DataFrame, tuple[str, ...]], Mapping[str, Series]]
    #: Columns whose strings are JSON, and are read as JSON in the event frame.
    json: tuple[str, ...] = ()
    #: Whether a table with ``columns`` is recognized as this schema if no schema is given.
    sure: Callable[[Table], bool] = _sure
    #: Returns a property by name, such as a key of the JSON column; None if the schema has no such column.
    of_property: Callable[[DataFrame, str], Series | None] = _no_property
    #: Whether events have the location stacks and contexts of Objectiv. If so, ``events`` computes the columns of
    #: ``EVENT_COLUMNS`` in ``hub/events/objectiv.py``, and properties are contexts.
    stacks: bool = False
    #: Returns further columns to read for a schema with stacks: those of the requested contexts.
    more: Callable[[Table, tuple[str, ...]], Columns] = _no_more
    #: Sort order that determines which row of a repeated event id is kept, the first; empty if ids are unique.
    first_by: tuple[str, ...] = ()

    def missing(self, table: Table) -> list[str]:
        """Return the columns of this schema that a table does not have; empty if the table matches."""
        return [name for name in self.columns if name not in table.columns]
