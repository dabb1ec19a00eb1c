"""Reading Postgres results: rows of COPY as record batches, and the end of a connection."""

from __future__ import annotations

import os
import re
import selectors
import time
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from objectiv_local.engines.coerce import out_of_range, shortened, wrong_columns
from objectiv_local.errors import DataInvalid, ObjectivError, QueryFailed
from objectiv_local.progress import INTERVAL, Progress
from objectiv_local.types import arrow_type

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg
    import pyarrow
    from psycopg.abc import PQGen
    from psycopg.pq.abc import PGconn, PGresult

    from objectiv_local.plan.relation import Schema

T = TypeVar("T")

#: A block of rows is parsed when it reaches this size, even if it has few rows.
_BLOCK_BYTES = 16 * 2**20

#: The maximum number of unsolicited messages that are read between two statements.
_NOTICES = 100


@cache
def watched_connection() -> type[psycopg.Connection]:
    """Return the class of connections that show progress while waiting."""
    import psycopg

    class WatchedConnection(psycopg.Connection):
        """Waits for the server as psycopg does, and shows the elapsed time."""

        def wait(self, gen: PQGen[T], *args: Any, **kwargs: Any) -> T:
            with Progress().watched() as tick:
                return super().wait(gen if tick is None else _ticking(gen, tick), *args, **kwargs)

    return WatchedConnection


def _ticking(gen: PQGen[T], tick: Callable[[float], None]) -> PQGen[T]:
    """Run a generator that waits for the server, and report the seconds that it waited."""
    last = time.monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            now = time.monotonic()
            if now - last >= INTERVAL:
                tick(now - last)
                last = now
            wanted = gen.send(ready)
    except StopIteration as end:
        tick(time.monotonic() - last)
        result: T = end.value
        return result


def answered(pgconn: PGconn, send: Callable[[], None]) -> PQGen[PGresult]:
    """Send a message and return the results of the server. Raises the server's error."""
    from psycopg.errors import error_from_result
    from psycopg.generators import execute
    from psycopg.pq import ExecStatus

    send()
    results: list[PGresult] = yield from execute(pgconn)
    if results[-1].status == ExecStatus.FATAL_ERROR:
        raise error_from_result(results[-1], encoding="utf-8")
    return results[-1]


def collect(pgconn: PGconn, rows: list[bytes], limit: int) -> PQGen[bool]:
    """Append up to ``limit`` rows of a running COPY to ``rows``; return whether more may follow.

    The server sends one message per row. Reading the messages from libpq directly takes a third of the time that
    :meth:`psycopg.Copy.read` takes per row.
    """
    from psycopg.errors import error_from_result
    from psycopg.pq import ExecStatus
    from psycopg.waiting import Wait

    size = 0
    while len(rows) < limit and size < _BLOCK_BYTES:
        length, data = pgconn.get_copy_data(1)
        if length > 0:
            rows.append(bytes(data))
            size += length
        elif length == 0:
            while not (yield Wait.R):
                continue
            pgconn.consume_input()
        else:
            while pgconn.is_busy():
                while not (yield Wait.R):
                    continue
                pgconn.consume_input()
            result = pgconn.get_result()
            while pgconn.get_result() is not None:
                continue
            if result is not None and result.status != ExecStatus.COMMAND_OK:
                raise error_from_result(result, encoding="utf-8")
            return False
    return True


def drained(pgconn: PGconn, seconds: float) -> bool:
    """Discard the server's output for a statement; return whether it ended in time."""
    from psycopg.pq import ExecStatus, TransactionStatus

    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(pgconn.socket, selectors.EVENT_READ)
        while pgconn.transaction_status == TransactionStatus.ACTIVE:
            waiting = bool(pgconn.is_busy())
            if not waiting:
                result = pgconn.get_result()
                if result is not None and result.status == ExecStatus.COPY_OUT:
                    waiting = pgconn.get_copy_data(1)[0] == 0
                elif result is not None and result.status == ExecStatus.COPY_IN:
                    pgconn.put_copy_end(b"stopped")
            left = deadline - time.monotonic()
            if left <= 0 or (waiting and not selector.select(left)):
                return False
            if waiting:
                pgconn.consume_input()
    return True


def ended(pgconn: PGconn) -> bool:
    """Return whether the server is known to have closed the connection, without a request."""
    import psycopg
    from psycopg.pq import TransactionStatus

    if pgconn.transaction_status == TransactionStatus.ACTIVE:
        return False  # the reader of the running statement will notice
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(pgconn.socket, selectors.EVENT_READ)
            # Notices can arrive between statements too; a closed connection shows as an error on reading.
            for _ in range(_NOTICES):
                if not selector.select(0):
                    return False
                pgconn.consume_input()
                pgconn.is_busy()
    except (psycopg.Error, OSError, ValueError):
        return True
    return False


def abandoned(pgconn: PGconn) -> None:
    """Disconnect the socket of the parent's connection from its server, so that nothing written to it arrives there."""
    import psycopg

    with suppress(psycopg.Error, OSError):
        nowhere = os.open(os.devnull, os.O_RDWR)
        try:
            os.dup2(nowhere, pgconn.socket, inheritable=False)
        finally:
            os.close(nowhere)


def parsed(rows: list[bytes], schema: Schema) -> pyarrow.RecordBatch:
    """Return rows of COPY's CSV as a record batch, with columns by position.

    Rows are parsed in blocks of whole rows, so that no row and no line break inside a string is split between two blocks. CSV
    is unambiguous: NULL is an empty field and the empty string is ``""``, and a row with a single NULL is an empty line.
    """
    import pyarrow as pa
    from pyarrow import csv

    names = [str(position) for position in range(len(schema))]
    block = b"".join(rows)
    sent = {"timedelta": pa.int64(), "numeric_interval": pa.string()}
    types = {name: sent.get(type_.name) or arrow_type(type_) for name, (_, type_) in zip(names, schema, strict=True)}
    # In the main thread, Arrow handles Ctrl-C itself while it reads, and loses a signal that arrives at the end.
    pa.enable_signal_handlers(False)
    try:
        table = csv.read_csv(
            pa.BufferReader(block),
            csv.ReadOptions(use_threads=False, column_names=names, block_size=len(block) + 1),
            csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            csv.ConvertOptions(
                column_types=types,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                true_values=["t"],
                false_values=["f"],
            ),
        ).combine_chunks()
    except pa.ArrowException as error:
        reason = str(error)
    else:
        if table.num_rows != len(rows):
            raise QueryFailed(f"the server sent {len(rows)} rows, but {table.num_rows} were read")
        return table.to_batches()[0]
    finally:
        pa.enable_signal_handlers(True)
    raise _unreadable(reason, schema)


def _unreadable(reason: str, schema: Schema) -> ObjectivError:
    width = re.search(r"Expected \d+ columns, got (\d+)", reason)
    if width is not None:
        return wrong_columns(int(width[1]), len(schema))
    found = re.search(r"column #(\d+): .*invalid value '(.*)'", reason, re.DOTALL)
    if found is None:
        return DataInvalid(f"the result cannot be read: {reason}")
    name, type_ = schema[int(found[1])]
    if type_.name in ("date", "timestamp"):
        return out_of_range(name, type_, found[2])
    return DataInvalid(
        f"column {name!r} contains a value that is not of type {type_.name}: {shortened(found[2])}",
        hint="cast or correct the value in the expression of this column",
    )
