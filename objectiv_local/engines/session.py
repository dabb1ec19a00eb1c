"""What the engines share: one statement at a time, open streams, transactions, and the life of a connection."""

from __future__ import annotations

import threading
import weakref
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, Self, cast

from objectiv_local.engines.base import BATCH_ROWS
from objectiv_local.engines.stream import Stream
from objectiv_local.errors import ConnectionFailed, InvalidType, InvalidValue, ReadOnly

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from types import TracebackType

    import pyarrow

    from objectiv_local.plan.nodes import Node
    from objectiv_local.plan.relation import Schema, StoredTable


class Session(ABC):
    """What the engines share: one statement at a time, open streams, closing, and refusing to be pickled."""

    dialect: str
    loads_locally: bool

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
