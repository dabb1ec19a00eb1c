"""What an engine is: a connection that runs statements and hands back Arrow.

A dialect turns a plan into text; an engine runs text. Engines know the types of results, not the operations.
"""

from __future__ import annotations

import re
import threading
import weakref
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, Protocol, Self, cast, runtime_checkable

from objectiv_local.engines.stream import Stream
from objectiv_local.errors import ConnectionFailed, InvalidType, InvalidValue, ReadOnly

if TYPE_CHECKING:
    from collections.abc import Container, Generator, Iterator, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

    import pyarrow

    from objectiv_local.plan.nodes import Node
    from objectiv_local.plan.relation import Schema, StoredTable

#: Rows of one batch when the caller does not say.
BATCH_ROWS = 65_536

#: Names up to this length keep room for a number behind them within Postgres' 63 bytes.
_NAME_LENGTH = 48

#: Postgres cuts longer names without a word.
_NAME_BYTES = 63

_PART = r'"(?:[^"]|"")+"|[^".]+'


@runtime_checkable
class Engine(Protocol):
    """A connection to stored rows.

    Statements come from the dialect of the same name. The columns of a result are taken by position, in the order of
    the schema, and arrive as boolean, bigint, double, text, date, timestamp (UTC, without zone), microseconds as bigint
    for timedelta, uuid and JSON. They leave in the Arrow types of :func:`objectiv_local.types.arrow_type`: the same on
    every engine.
    """

    dialect: str
    """The dialect of the statements: ``duckdb`` or ``postgres``."""
    description: str
    """What is connected to, for people; never holds a password."""
    default_table: str | None
    """The table of a target that has one table, such as a file; None otherwise."""
    read_only: bool
    """Whether stored data is safe from writes. Temporary tables are possible either way."""
    materialized: dict[Node, StoredTable]
    """Temporary tables of this connection, by the plan whose rows they hold."""
    samples: dict[Node, Node]
    """The plans of all rows, by the plan that reads a sample of them."""

    @property
    def closed(self) -> bool:
        """Whether the connection was closed."""

    def table(self, name: str) -> StoredTable:
        """Return the columns, types and key of the table ``name`` or ``schema.name``, without reading its rows.

        Raises :class:`TableNotFound` with near names.
        """

    def arrow(self, sql: str, schema: Schema) -> pyarrow.Table:
        """Return all rows of a query, in the types of the schema."""

    def batches(self, sql: str, schema: Schema, batch_rows: int = BATCH_ROWS) -> Iterator[pyarrow.RecordBatch]:
        """Return an iterator over the rows of a query, at most ``batch_rows`` at a time, in bounded memory.

        The query starts at once, and other queries may run while the iterator is open.
        """

    def execute(self, sql: str) -> None:
        """Run a statement and drop what it returns."""

    def explain(self, sql: str) -> str:
        """Return the engine's own plan of a query, as text."""

    def load(self, name: str, table: pyarrow.Table, schema: Schema) -> StoredTable:
        """Store the rows of an Arrow table for the life of the connection, and return where they are.

        The table's name is ``name``, or one derived from it where that is taken or not safe. Columns are in the order
        of the schema and are stored as a result of that schema arrives, so a timedelta is a bigint of microseconds.
        A column whose name is not safe on the engine (too long, or equal to another but for case) gets a stand-in:
        go by position.
        """

    def create_table(self, relation_name: str, sql: str, *, temporary: bool = True, replace: bool = False) -> StoredTable:
        """Store the result of a query as a table and return where it is.

        A temporary table takes a name derived from ``relation_name`` where that name is taken, and goes with the
        connection. Any other table takes exactly the name given; raises :class:`ReadOnly` on a connection for reading
        and :class:`InvalidValue` if the table exists, unless it is to be replaced.
        """

    def insert(self, relation_name: str, columns: Sequence[str], sql: str) -> None:
        """Add the result of a query to the named columns of a table. Raises :class:`ReadOnly` on a connection for reading."""

    def write(self, statements: Sequence[str]) -> None:
        """Run statements in one transaction. Raises :class:`ReadOnly` on a connection for reading."""

    def described(self, sql: str) -> StoredTable:
        """Return the columns and types of a query, as a relation that is that query. Reads no rows."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Hold stored rows as they are now: every query inside reads the same ones, whatever others write meanwhile.

        Snapshots within each other are one. In a transaction that the user began, that transaction decides. Nothing is
        written while a snapshot is held.
        """

    def close(self) -> None:
        """Close the connection. Closing twice is allowed."""


class Session(ABC):
    """What the engines share: one statement at a time, open streams, closing, and refusing to be pickled."""

    dialect: str

    def __init__(self, description: str, *, default_table: str | None, read_only: bool) -> None:
        self.description = description
        self.default_table = default_table
        self.read_only = read_only
        self._lock = threading.RLock()
        self._open_stream: weakref.ref[Stream] | None = None
        self._closed = False
        self.materialized: dict[Node, StoredTable] = {}
        self.samples: dict[Node, Node] = {}
        self._snapshots = 0

    @property
    def closed(self) -> bool:
        """Whether the connection was closed."""
        return self._closed

    def arrow(self, sql: str, schema: Schema) -> pyarrow.Table:
        """Return all rows of a query, in the types of the schema."""
        import pyarrow as pa

        from objectiv_local.engines.coerce import arrow_schema

        with self._turn():
            return pa.Table.from_batches(list(self._start(sql, schema, BATCH_ROWS)), arrow_schema(schema))

    def batches(self, sql: str, schema: Schema, batch_rows: int = BATCH_ROWS) -> Iterator[pyarrow.RecordBatch]:
        """Return an iterator over the rows of a query, at most ``batch_rows`` at a time, in bounded memory.

        The query starts at once, and other queries may run while the iterator is open: its remaining rows then move to
        a temporary file, because a connection runs one statement at a time.
        """
        if batch_rows < 1:
            raise InvalidValue(f"batch_rows is {batch_rows}", hint="use a number of rows from 1 up")
        from objectiv_local.engines.coerce import arrow_schema

        with self._turn():
            stream = Stream(self._start(sql, schema, batch_rows), arrow_schema(schema), self._lock)
            # Held weakly: an iterator that its reader drops frees the connection.
            self._open_stream = weakref.ref(stream)
            return stream

    @abstractmethod
    def _rows(self, sql: str, schema: Schema, batch_rows: int) -> Generator[pyarrow.RecordBatch | None]:
        """Yield None once the query runs, then its rows in the types of the schema."""

    def _start(self, sql: str, schema: Schema, batch_rows: int) -> Generator[pyarrow.RecordBatch]:
        rows = self._rows(sql, schema, batch_rows)
        next(rows)
        return cast("Generator[pyarrow.RecordBatch]", rows)

    @abstractmethod
    def _close(self) -> None:
        """Close the connection under the engine."""

    @contextmanager
    def _turn(self) -> Generator[None]:
        """Hold the connection for one statement."""
        with self._lock:
            if self._closed:
                raise ConnectionFailed(f"the connection to {self.description} is closed",
                                       hint="connect again with objectiv_local.connect(...)")
            stream = self._stream
            if stream is not None:
                stream.settle()
            yield

    @property
    def _stream(self) -> Stream | None:
        return None if self._open_stream is None else self._open_stream()

    @contextmanager
    def snapshot(self) -> Generator[None]:
        """Hold stored rows as they are now; see :meth:`Engine.snapshot`."""
        with self._turn():
            began = self._snapshots == 0 and self._begin_snapshot()
            self._snapshots += 1
        try:
            yield
        finally:
            with self._lock:
                self._snapshots -= 1
                if began and not self._closed:
                    with self._turn():
                        self._end_snapshot()

    @abstractmethod
    def _begin_snapshot(self) -> bool:
        """Begin a transaction that reads one state of the data; return False in one that the user began."""

    @abstractmethod
    def _end_snapshot(self) -> None:
        """End the transaction."""

    def write(self, statements: Sequence[str]) -> None:
        """Run statements in one transaction; see :meth:`Engine.write`."""
        self._require_writable("")
        with self._turn():
            self._transaction(statements)

    def insert(self, relation_name: str, columns: Sequence[str], sql: str) -> None:
        """Add the result of a query to the named columns of a table; see :meth:`Engine.insert`."""
        names = ", ".join(quoted(column) for column in columns)
        self.write([f"INSERT INTO {quoted(*split_name(relation_name))} ({names})\n{sql}"])

    @abstractmethod
    def _transaction(self, statements: Sequence[str]) -> None:
        """Run statements in one transaction: all of them, or none."""

    def _require_writable(self, name: str) -> None:
        if self._snapshots:
            raise InvalidValue("nothing can be written while rows are read from a snapshot",
                               hint="finish the loop over the batches, or close it, and write then")
        if self.read_only:
            what = f"the table {name!r} cannot be created" if name else "nothing can be written"
            raise ReadOnly(f"{what}: the connection to {self.description} is for reading",
                           hint="connect(..., read_only=False) allows writes; a temporary table needs no permission")

    def close(self) -> None:
        """Close the connection. Closing twice is allowed."""
        with self._lock:
            if not self._closed:
                stream = self._stream
                if stream is not None:
                    stream.abort("ended when its connection was closed")
                self._closed = True
                self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{self.description}{', closed' if self._closed else ''}>"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise InvalidType(f"the connection to {self.description} cannot be pickled",
                          hint="pass what you connect to, and call connect() in the other process")


def split_name(name: str) -> tuple[str, ...]:
    """Return the parts of a table's name; a part in double quotes may hold dots.

    >>> split_name('public.data'), split_name('"a.b".c')
    (('public', 'data'), ('a.b', 'c'))
    """
    if not re.fullmatch(rf"(?:{_PART})(?:\.(?:{_PART}))*", name):
        return (name,)
    return tuple(part[1:-1].replace('""', '"') if part.startswith('"') else part for part in re.findall(_PART, name))


def quoted(*parts: str) -> str:
    """Return a table's or column's name as an identifier of SQL."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def unused_name(name: str, taken: Container[str]) -> str:
    """Return ``name``, made safe for every engine, or ``name_2``, ``name_3``, ... whichever is not taken first."""
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
    """Return a name per column that every engine stores as it is: the column's own, or a stand-in by position."""
    folded = [name.casefold() for name, _ in schema]
    stand_in = "column"
    while any(name.startswith(stand_in + "_") for name in folded):
        stand_in += "_"
    return [
        name if 0 < len(name.encode()) <= _NAME_BYTES and "\x00" not in name and folded.count(name.casefold()) == 1
        else f"{stand_in}_{position}"
        for position, (name, _) in enumerate(schema, 1)
    ]
