"""The location of stored rows: the leaf that a plan reads and that an engine can access."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from objectiv_local.types import Type

#: The columns of a result, in order.
Schema = tuple[tuple[str, Type], ...]

#: Used as the type of a stored column: the engine casts any stored type to the type that the plan declares.
AS_DECLARED = "as declared"


@dataclass(frozen=True, slots=True)
class Relation:
    """A stored set of rows.

    ``table``: ``parts`` are the parts of a table name, such as ``("public", "data")``.
    ``parquet``: ``parts`` are file names or patterns.
    ``query``: ``parts`` is the SQL of a user's query.
    """

    kind: Literal["table", "parquet", "query"]
    parts: tuple[str, ...]
    by_name: bool = False
    """Whether the files have different columns, which are then matched by name."""
    folders: bool = True
    """Whether folders such as ``year=2024`` are columns."""
    temporary: bool = False
    """Whether it is a temporary table with rows of frames, which is dropped with the connection."""

    @property
    def title(self) -> str:
        """A short name for messages and for the steps of a statement."""
        if self.kind == "query":
            return "the given query"
        return ".".join(self.parts) if self.kind == "table" else self.parts[0]


@dataclass(frozen=True, slots=True)
class StoredTable:
    """What an engine knows about a relation without reading its rows: columns with the engine's own type names, and the key.

    ``row_id`` are additional columns that the engine provides, with their types: within one statement, no two rows have the
    same values in them. It is empty if the engine has none for the relation, as for views and queries.
    """

    relation: Relation
    columns: tuple[tuple[str, str], ...]
    primary_key: tuple[str, ...] = ()
    row_id: tuple[tuple[str, str], ...] = ()
