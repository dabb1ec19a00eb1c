"""The interface of an engine: a connection that runs statements and returns Arrow.

A dialect translates a plan to SQL; an engine runs SQL. Engines know the types of results, not the operations.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from objectiv_local.errors import ConnectionFailed

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from contextlib import AbstractContextManager

    import pyarrow

    from objectiv_local.plan.relation import Schema, StoredTable
    from objectiv_local.types import Type

#: Default number of rows in a batch.
BATCH_ROWS = 65_536

#: Drivers count the rows of a batch in 32 bits.
MOST_BATCH_ROWS = 2**31 - 1

#: The file that makes a directory a snapshot, and the format that it declares.
SNAPSHOT_MANIFEST, SNAPSHOT_FORMAT = "manifest.json", "objectiv_local.snapshot"

#: Names up to this length leave room for a numeric suffix within Postgres' 63 bytes.
_NAME_LENGTH = 48

#: Postgres truncates longer names silently.
_NAME_BYTES = 63


@dataclass(frozen=True, slots=True)
class Settings:
    """How to connect. ``hint`` lists the possible targets, for errors."""

    read_only: bool = True
    statement_timeout: float | None = None
    external_access: bool = False
    hint: str = ""
    #: The types of columns of text files.
    dtypes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """A target: its identity, how to connect to it, and whether a connection still shows its current content."""

    key: tuple[object, ...]
    make: Callable[[], Engine]
    unchanged: Callable[[Engine], bool] = lambda _: True
    is_writable: bool = True
    #: Whether it is a text file, whose column types ``Settings.dtypes`` can set.
    is_text: bool = False
    #: The argument of ``connect`` to reach it again, without secrets; empty for a target within this process.
    address: str = ""


@dataclass(frozen=True, slots=True)
class Backend:
    """An engine from the point of view of ``connect``.

    ``target`` returns how to connect to an argument, or None if it belongs to another engine; ``targets`` describes the
    supported targets for messages.
    """

    name: str
    target: Callable[[object, Settings], Target | None]
    targets: tuple[str, ...]
    #: Returns the target that environment variables specify, if any.
    from_environment: Callable[[], str | None] = lambda: None
    #: Whether the engine supports read-only connections.
    is_read_only: bool = True
    #: Whether statements can have a timeout.
    has_timeout: bool = True
    #: Returns an engine that reads and writes files in and below a directory, if supported.
    files: Callable[[Path], FileEngine] | None = None


_PART = r'"(?:[^"]|"")+"|[^".]+'


@runtime_checkable
class Engine(Protocol):
    """A connection to stored rows.

    Statements come from the dialect of the same name. The columns of a result are matched by position, in the order of the
    schema. They arrive as boolean, bigint, double, text, date, timestamp (UTC, without zone), microseconds as bigint for
    timedelta, uuid and JSON, and are returned in the Arrow types of :func:`objectiv_local.types.arrow_type`, the same on
    every engine.
    """

    dialect: str
    """The name of the dialect that writes the statements, which is that of the engine in the registry."""
    description: str
    """The target, for messages; never contains a password."""
    default_table: str | None
    """The table of a target with a single table, such as a file; None otherwise."""
    read_only: bool
    """Whether stored data is protected from writes. Temporary tables are possible either way."""
    changes: int
    """A number that increases when earlier results may be outdated: after a write, after files changed, and when temporary
    tables were lost."""
    temporary: set[str]
    """The names of temporary tables with rows of frames."""
    zones: dict[tuple[str, str], Any]
    """What is known about the time zones of the engine; cleared after reconnecting."""

    @property
    def closed(self) -> bool:
        """Whether the connection was closed, or was lost with state that cannot be restored."""

    @property
    def gone(self) -> AbstractSet[str]:
        """The names of temporary tables that were lost with a connection, or belong to the parent process."""

    def tables(self) -> list[str]:
        """Return the names of the tables and views that can be read, as accepted by :meth:`table`.

        A name includes its schema if it would otherwise refer to another table, or to none; parts with dots or quotes are
        quoted.
        """

    def table(self, name: str, *, lasting: bool = False) -> StoredTable:
        """Return the columns, types and key of the table ``name`` or ``schema.name``, without reading its rows.

        A temporary table shadows a permanent one of the same name, unless ``lasting`` asks for the permanent one. Raises
        :class:`TableNotFound` with similar names.
        """

    def current(self, stored: StoredTable) -> StoredTable:
        """Return the current location of the columns of a relation, if it consists of files that may have changed.

        Raises :class:`DataInvalid` if a column no longer exists or has another type, whose values would be cast to the type
        that the frame declared. Tables are returned unchanged: the engine checks them when it runs a statement.
        """

    def place(self, name: str) -> tuple[str, ...]:
        """Return the qualified name of a permanent table, existing or not, which no temporary table can shadow.

        Raises :class:`InvalidValue` for a schema of temporary tables.
        """

    def arrow(self, sql: str, schema: Schema) -> pyarrow.Table:
        """Return all rows of a query, in the types of the schema."""

    def batches(self, sql: str, schema: Schema, batch_rows: int = BATCH_ROWS) -> Iterator[pyarrow.RecordBatch]:
        """Return an iterator over the rows of a query, at most ``batch_rows`` at a time, in bounded memory.

        The query starts at once, and other queries may run while the iterator is open.
        """

    def execute(self, sql: str) -> None:
        """Run a statement and discard its result."""

    def explain(self, sql: str) -> str:
        """Return the engine's own plan of a query, as a string."""

    def load(self, name: str, table: pyarrow.Table, schema: Schema) -> StoredTable:
        """Store the rows of an Arrow table for the life of the connection, and return their location.

        The name of the table is ``name``, or is derived from it if that is taken or unsafe. Columns are in the order of the
        schema, in the types in which results arrive, so a timedelta is a bigint of microseconds. A column whose name is
        unsafe on the engine (too long, or equal to another apart from case) gets another name, so refer to columns by
        position.
        """

    def create_table(self, relation_name: str, sql: str, *, temporary: bool = True, replace: bool = False) -> StoredTable:
        """Store the result of a query as a table and return its location.

        A temporary table gets a name derived from ``relation_name`` if that is taken, and is dropped with the connection. Any
        other table gets exactly the given name; raises :class:`ReadOnly` on a read-only connection and :class:`InvalidValue`
        if the table exists, unless it is to be replaced.
        """

    def drop_temporary(self, stored: StoredTable) -> None:
        """Drop a temporary table that :meth:`create_table` created."""

    def insert(self, relation_name: str, columns: Sequence[str], sql: str) -> None:
        """Append the result of a query to the named columns of a table. Raises :class:`ReadOnly` on a read-only connection."""

    def write(self, statements: Sequence[str]) -> None:
        """Run statements in one transaction. Raises :class:`ReadOnly` on a read-only connection."""

    def described(self, sql: str) -> StoredTable:
        """Return the columns and types of a query, as a relation that is this query. Reads no rows."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Return a context in which every query reads the current rows, whatever others write meanwhile.

        Nested snapshots are a single one. Within a transaction that the user began, that transaction determines the snapshot.
        Nothing can be written during a snapshot.
        """

    def close(self) -> None:
        """Close the connection. Closing twice is allowed."""


@runtime_checkable
class ParquetEngine(Engine, Protocol):
    """An engine that also reads the files of snapshots, by paths of its own."""

    def parquet(self, parts: Sequence[str], types: Mapping[str, Type]) -> StoredTable:
        """Return the columns of Parquet files, given as names or patterns, as one relation. The files must not change later.

        ``types`` are the columns that are needed, with their types in frames. An engine that cannot read all types of Parquet
        returns these columns alone.
        """

    def text(self, path: str) -> str | None:
        """Return the content of a text file in UTF-8, or None if there is none. The path is a pattern."""

    def pattern(self, path: str) -> str:
        """Return the pattern that matches only this path."""


@runtime_checkable
class FileEngine(ParquetEngine, Protocol):
    """An engine that also writes Parquet files, without a table or a database of its own."""

    def write_parquet(self, path: Path, sql: str, names: Sequence[str]) -> None:
        """Write the result of a query to a new Parquet file, in its order, with ``names`` as column names."""


def lost_table(name: str, description: str) -> ConnectionFailed:
    """Return the error for reading a temporary table that no longer exists."""
    return ConnectionFailed(
        f"the temporary table {name!r} no longer exists: its connection to {description} was lost, "
        "or belongs to another process",
        hint="create the frame that reads it again: materialize(), get_sample() or from_pandas()",
    )


def split_name(name: str) -> tuple[str, ...]:
    """Return the parts of a table name; a part in double quotes may contain dots.

    >>> split_name('public.data'), split_name('"a.b".c')
    (('public', 'data'), ('a.b', 'c'))
    """
    if not re.fullmatch(rf"(?:{_PART})(?:\.(?:{_PART}))*", name):
        return (name,)
    return tuple(part[1:-1].replace('""', '"') if part.startswith('"') else part for part in re.findall(_PART, name))


def shown_name(parts: Sequence[str]) -> str:
    """Return the name of a table in the form that :func:`split_name` parses.

    >>> shown_name(["public", "data"]), shown_name(["a.b", "c"])
    ('public.data', '"a.b".c')
    """
    return ".".join(part if re.fullmatch(r'[^".]+', part) else qualified(part) for part in parts)


def qualified(*parts: str) -> str:
    """Return the name of a table or column as an SQL identifier."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def unused_table_name(name: str, taken: Container[str]) -> str:
    """Return ``name``, made safe for every engine, or the first of ``name_2``, ``name_3``, ... that is not taken."""
    base = safe_name(name)
    candidate, number = base, 1
    while candidate in taken:
        number += 1
        candidate = f"{base}_{number}"
    return candidate


def safe_name(name: str) -> str:
    """Return ``name`` reduced to lower-case letters, digits and underscores, at most 48 of them."""
    base = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")[:_NAME_LENGTH]
    return base if base and not base[0].isdigit() else f"data_{base}".rstrip("_")


def storage_names(schema: Schema) -> list[str]:
    """Return a name per column that every engine stores unchanged: the column's own, or one with its position."""
    folded = Counter(name.casefold() for name, _ in schema)
    stand_in = "column"
    while any(name.startswith(stand_in + "_") for name in folded):
        stand_in += "_"
    return [
        name
        if 0 < len(name.encode()) <= _NAME_BYTES and "\x00" not in name and folded[name.casefold()] == 1
        else f"{stand_in}_{position}"
        for position, (name, _) in enumerate(schema, 1)
    ]
