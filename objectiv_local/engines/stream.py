"""The rows of a running query, read one batch at a time."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Self

from objectiv_local.engines import process
from objectiv_local.errors import ObjectivError, QueryFailed

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator

    import pyarrow


class Stream:
    """An iterator over the record batches of one query.

    A connection runs one statement at a time. When it is needed for another one, :meth:`settle` moves the unread rows to a
    temporary file, and reading continues from there.
    """

    def __init__(self, source: Generator[pyarrow.RecordBatch], schema: pyarrow.Schema, lock: threading.RLock) -> None:
        self._source = source
        self._schema = schema
        self._lock = lock
        self._running = True
        self._file: IO[bytes] | None = None
        self._settled: pyarrow.RecordBatchReader | None = None
        self._failure: Exception | None = None

    @property
    def is_running(self) -> bool:
        """Whether the connection still sends its rows."""
        return self._running

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> pyarrow.RecordBatch:
        with self._lock:
            if self._running:
                return self._read()
            if self._settled is not None:
                with suppress(StopIteration):
                    return self._settled.read_next_batch()
                self._drop_file()
            if self._failure is not None:
                failure, self._failure = self._failure, None
                raise failure
            raise StopIteration

    def _read(self) -> pyarrow.RecordBatch:
        try:
            return next(self._source)
        except BaseException:
            self._running = False
            raise

    def settle(self) -> None:
        """Free the connection. An error on the way is raised when the reader reaches it."""
        import pyarrow as pa

        if not self._running:
            return
        file = tempfile.TemporaryFile(prefix="objectiv_local_")  # noqa: SIM115 - closed when it is read to its end
        try:
            with pa.ipc.new_stream(file, self._schema) as writer:
                try:
                    for batch in self._source:
                        writer.write_batch(batch)
                except TimeoutError:
                    raise  # from a signal handler, although it looks like a file error
                except (ObjectivError, OSError, pa.ArrowException) as error:
                    self._failure = error
                    self._source.close()  # it is still running if the error is in the file
        except BaseException:
            file.close()
            self.abort("was stopped while its rows made way for another query")
            raise
        self._running = False
        file.seek(0)
        self._file, self._settled = file, pa.ipc.open_stream(file)

    def abort(self, reason: str) -> None:
        """Stop the query; a reader that continues gets an error with the reason."""
        with self._lock:
            unread = self._running or self._settled is not None
            self.close()
            if unread:
                self._failure = QueryFailed(f"the remaining rows are lost: the query {reason}", hint="run it again")

    def disown(self, lock: threading.RLock) -> None:
        """Leave the query and its rows to the parent of this process; further reads raise an error."""
        self._lock = lock
        if self._running or self._settled is not None:
            # The file position is shared with the parent: reading here would make it skip rows.
            for part in (self._source, self._settled, self._file):
                process.keep(part)
            self._failure = QueryFailed(
                "the remaining rows belong to the process that started the query", hint="run the query in this process"
            )
        self._source = _nothing()
        self._settled, self._file, self._running = None, None, False

    def close(self) -> None:
        """Stop the query and discard the unread rows. Closing twice is allowed."""
        with self._lock:
            self._running = False
            self._failure = None
            self._source.close()
            self._drop_file()

    def _drop_file(self) -> None:
        self._settled = None
        if self._file is not None:
            self._file.close()
            self._file = None

    def __del__(self) -> None:
        # A lost connection has nothing left to stop.
        with suppress(Exception):
            self.close()


def _nothing() -> Generator[pyarrow.RecordBatch]:
    yield from ()
