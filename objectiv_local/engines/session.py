"""The base class of engines: one statement at a time, open streams, transactions, and reconnecting."""

from __future__ import annotations

import os
import re
import threading
import weakref
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar, cast

from objectiv_local.engines import process
from objectiv_local.engines.base import BATCH_ROWS, MOST_BATCH_ROWS, lost_table, qualified, shown_name
from objectiv_local.engines.stream import Stream
from objectiv_local.engines.waiting import Unanswered, briefly
from objectiv_local.errors import ConnectionFailed, InvalidType, InvalidValue, ReadOnly

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from types import TracebackType

    import pyarrow

    from objectiv_local.plan.relation import Schema, StoredTable
    from objectiv_local.progress import Progress

T = TypeVar("T")


class Session(ABC):
    """The base class of engines: one statement at a time, open streams, reconnecting, closing, and refusing to be pickled.

    A connection that is lost, or that a parent process opened, is opened again by the next statement, unless state that
    cannot be restored was lost with it. Temporary tables are not restored: their names are remembered, and never used again.
    """

    dialect: str
    # The repr of a connection that could not be opened.
    description = "no connection"
    _closed = False

    def __init__(self, description: str, *, default_table: str | None, read_only: bool) -> None:
        self.description = description
        self.default_table = default_table
        self.read_only = read_only
        self.changes = 0
        self.temporary: set[str] = set()
        self.zones: dict[tuple[str, str], Any] = {}
        self._lock = threading.RLock()
        self._depth = 0
        self._open_stream: weakref.ref[Stream] | None = None
        self._closed = False
        self._snapshots = 0
        self._process = os.getpid()
        self._inherited = False
        self._gone: set[str] = set()
        self._generation = 0
        process.watch(self)

    @property
    def closed(self) -> bool:
        """Whether the connection was closed, or was lost with state that cannot be restored."""
        if self._closed or self._snapshots or self._repeatable:
            return self._closed
        if not self._lock.acquire(blocking=False):
            return False  # another thread is using it
        try:
            return not self._alive()
        finally:
            self._lock.release()

    @property
    def gone(self) -> AbstractSet[str]:
        """The names of temporary tables that were lost with a connection, or belong to the parent process."""
        if not self._closed and self._lock.acquire(blocking=False):
            try:
                if self._depth == 0 and not self._alive():
                    self._forget()
            finally:
                self._lock.release()
        return self._gone

    # ---- the life of the connection

    def forked(self) -> None:
        """Abandon the connection, which belongs to the parent of this process."""
        if self._process == os.getpid():
            return
        self._process = os.getpid()
        # A thread of the parent may have held the lock; that thread does not exist here to release it.
        self._lock = threading.RLock()
        self._depth = 0
        stream, self._open_stream = self._stream, None
        if stream is not None:
            stream.disown(self._lock)
        if not self._inherited:
            self._inherited = True
            self._forget()
            self._abandon()

    def _alive(self) -> bool:
        """Return whether the connection works, as far as is known without a request to the server."""
        return not self._inherited and self._connected()

    def _forget(self) -> None:
        self._gone |= self.temporary
        self.temporary.clear()
        self.changes += 1

    def _reconnect(self) -> None:
        self._forget()
        gone = f", along with the temporary tables {', '.join(sorted(self._gone))}" if self._gone else ""
        what = (
            f"the connection to {self.description} belongs to the process that opened it"
            if self._inherited
            else f"the connection to {self.description} was lost{gone}"
        )
        if self._snapshots:
            raise ConnectionFailed(
                f"{what}; the remaining queries would read another state of the data", hint="run the computation again"
            )
        if not self._repeatable:
            raise ConnectionFailed(
                what,
                hint="connect again with objectiv_local.connect(...)"
                if not self._inherited
                else "call objectiv_local.connect(...) in this process, or start processes with "
                "multiprocessing.get_context('spawn')",
            )
        self._reopen()
        self.zones.clear()
        self._inherited = False
        self._generation += 1

    def _missing(self, message: str) -> ConnectionFailed | None:
        """Return the error for a statement that failed because a temporary table was lost."""
        name = next((name for name in sorted(self._gone) if re.search(rf"\b{re.escape(name)}\b", message)), None)
        return None if name is None else lost_table(name, self.description)

    @property
    @abstractmethod
    def _repeatable(self) -> bool:
        """Whether the connection can be restored, except for its temporary tables."""

    @abstractmethod
    def _connected(self) -> bool:
        """Return whether the connection is open, without a request to the server."""

    @abstractmethod
    def _reopen(self) -> None:
        """Restore the connection, except for its temporary tables."""

    @abstractmethod
    def _abandon(self) -> None:
        """Abandon the parent's connection in a child process, without sending anything to the server."""

    @abstractmethod
    def _recover(self) -> None:
        """Clean up after a statement that an exception may have stopped at any point."""

    # ---- statements

    def arrow(self, sql: str, schema: Schema) -> pyarrow.Table:
        """Return all rows of a query, in the types of the schema."""
        import pyarrow as pa

        from objectiv_local.engines.coerce import arrow_schema

        progress = self._progress()
        with self._turn(), progress.watched():
            return pa.Table.from_batches(list(self._start(sql, schema, BATCH_ROWS, progress)), arrow_schema(schema))

    def batches(self, sql: str, schema: Schema, batch_rows: int = BATCH_ROWS) -> Iterator[pyarrow.RecordBatch]:
        """Return an iterator over the rows of a query, at most ``batch_rows`` at a time, in bounded memory.

        The query starts at once, and other queries may run while the iterator is open: its remaining rows then move to
        a temporary file, because a connection runs one statement at a time.
        """
        if not 1 <= batch_rows <= MOST_BATCH_ROWS:
            raise InvalidValue(f"batch_rows is {batch_rows}", hint=f"use a number of rows from 1 to {MOST_BATCH_ROWS:,}")
        from objectiv_local.engines.coerce import arrow_schema

        with self._turn():
            stream = Stream(self._start(sql, schema, batch_rows, self._progress()), arrow_schema(schema), self._lock)
            # A weak reference: dropping the iterator frees the connection.
            self._open_stream = weakref.ref(stream)
            return stream

    @abstractmethod
    def _progress(self) -> Progress:
        """Return the progress of a query that begins now, in the units that the engine knows."""

    @abstractmethod
    def _rows(self, sql: str, schema: Schema, batch_rows: int, progress: Progress) -> Generator[pyarrow.RecordBatch | None]:
        """Yield None once the query runs, then its rows in the types of the schema."""

    def _start(self, sql: str, schema: Schema, batch_rows: int, progress: Progress) -> Generator[pyarrow.RecordBatch]:
        rows = self._rows(sql, schema, batch_rows, progress)
        next(rows)
        return cast("Generator[pyarrow.RecordBatch]", rows)

    @abstractmethod
    def _close(self) -> None:
        """Close the underlying connection."""

    @contextmanager
    def _turn(self) -> Generator[None]:
        """Hold the connection for one statement, or for several that belong together."""
        if self._process != os.getpid():
            self.forked()
        with self._lock:
            outermost = self._depth == 0
            self._depth += 1
            try:
                if outermost:
                    self._prepare()
                yield
            finally:
                self._depth -= 1

    def _prepare(self) -> None:
        if self._closed:
            raise ConnectionFailed(
                f"the connection to {self.description} is closed", hint="connect again with objectiv_local.connect(...)"
            )
        stream = self._stream
        if stream is not None:
            stream.settle()
        if self._alive():
            self._recover()
        if not self._alive():
            self._reconnect()

    @property
    @abstractmethod
    def is_local(self) -> bool:
        """Whether rows are read on this machine, instead of from a server or remote files."""

    def briefly(self, action: Callable[[], T], seconds: float) -> T:
        """Return the result of a function that runs statements, if it takes less than ``seconds`` and the connection is idle.

        The function runs in another thread. It is not started if the connection is in use, in a transaction or lost, and its
        statements are stopped after the time. Exceptions of signal handlers, such as Ctrl-C's, are raised immediately.

        Raises :class:`Unanswered` with the reason if there is no result.
        """
        return briefly(action, self._undisturbed, self._interrupt, seconds)

    @contextmanager
    def _undisturbed(self) -> Generator[None]:
        """Hold the connection if it is idle, and nothing can be lost by stopping a statement."""
        if self._process != os.getpid() or self._inherited:
            raise Unanswered("the connection belongs to another process")
        if not self._lock.acquire(blocking=False):
            raise Unanswered("the connection is running another query")
        try:
            stream = self._stream
            if self._closed:
                raise Unanswered("the connection is closed")
            if not self._alive():
                raise Unanswered("the connection was lost")
            if stream is not None and stream.is_running:
                raise Unanswered("the connection has an open result")
            if self._snapshots or self._in_transaction():
                raise Unanswered("the connection is in a transaction")
            yield
        finally:
            self._lock.release()

    @abstractmethod
    def _interrupt(self) -> None:
        """Stop the statement that another thread is running."""

    @abstractmethod
    def _in_transaction(self) -> bool:
        """Return whether the user began a transaction."""

    @property
    def _stream(self) -> Stream | None:
        return None if self._open_stream is None else self._open_stream()

    def current(self, stored: StoredTable) -> StoredTable:
        """Return a relation in its current state; see :meth:`Engine.current`."""
        return stored

    @contextmanager
    def snapshot(self) -> Generator[None]:
        """Hold stored rows in their current state; see :meth:`Engine.snapshot`."""
        with self._turn():
            began = self._snapshots == 0 and self._begin_snapshot()
            self._snapshots += 1
            generation = self._generation
        try:
            yield
        finally:
            with self._lock:
                try:
                    # A connection opened since then has no transaction to end.
                    if began and not self._closed and generation == self._generation and self._alive():
                        with self._turn():
                            self._end_snapshot()
                finally:
                    self._snapshots -= 1

    def tables(self) -> list[str]:
        """Return the names of the tables and views; see :meth:`Engine.tables`."""
        return [shown_name(place) for place in self._places()]

    @abstractmethod
    def _places(self) -> list[tuple[str, ...]]:
        """Return the tables and views, with a schema if the name alone would refer to another one, or to none."""

    @abstractmethod
    def _begin_snapshot(self) -> bool:
        """Begin a transaction that reads one state of the data; return False in a transaction that the user began."""

    @abstractmethod
    def _end_snapshot(self) -> None:
        """End the transaction."""

    def write(self, statements: Sequence[str]) -> None:
        """Run statements in one transaction; see :meth:`Engine.write`."""
        self._require_writable("")
        with self._turn():
            self._transaction(statements)
            # Rows computed before the write may be outdated.
            self.changes += 1

    def insert(self, relation_name: str, columns: Sequence[str], sql: str) -> None:
        """Append the result of a query to the named columns of a table; see :meth:`Engine.insert`."""
        names = ", ".join(qualified(column) for column in columns)
        self.write([f"INSERT INTO {qualified(*self.place(relation_name))} ({names})\n{sql}"])

    @abstractmethod
    def place(self, name: str) -> tuple[str, ...]:
        """Return the qualified name of a permanent table; see :meth:`Engine.place`."""

    @abstractmethod
    def _transaction(self, statements: Sequence[str]) -> None:
        """Run statements in one transaction: all of them, or none."""

    def _require_writable(self, name: str) -> None:
        if self._snapshots:
            raise InvalidValue(
                "nothing can be written while rows are read from a snapshot",
                hint="finish reading the batches, or close the iterator, before writing",
            )
        if self.read_only:
            what = f"the table {name!r} cannot be created" if name else "nothing can be written"
            raise ReadOnly(
                f"{what}: the connection to {self.description} is read-only",
                hint="connect(..., read_only=False) allows CREATE TABLE, CREATE VIEW and other writes; temporary "
                "tables are always allowed",
            )

    def close(self) -> None:
        """Close the connection. Closing twice is allowed."""
        if self._process != os.getpid():
            self.forked()
        with self._lock:
            if not self._closed:
                stream = self._stream
                if stream is not None:
                    stream.abort("ended when its connection was closed")
                self._closed = True
                if not self._inherited:
                    self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{self.description}{', closed' if self._closed else ''}>"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise InvalidType(
            f"the connection to {self.description} cannot be pickled",
            hint="pass the target instead, and call connect() in the other process",
        )
