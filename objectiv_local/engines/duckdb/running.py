"""Running a statement on DuckDB so that signals stop it, and translating DuckDB's errors."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, TypeVar

from objectiv_local.engines.waiting import raised_by_signal
from objectiv_local.errors import (
    ConnectionFailed,
    DataInvalid,
    InvalidValue,
    ObjectivError,
    QueryFailed,
    ReadOnly,
    TableNotFound,
)
from objectiv_local.progress import INTERVAL, Progress

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

#: The message with which the dialect's casts reject strings that only DuckDB would accept.
_NOT_CAST = re.compile(r"not a (whole number|number|bool|date|time|timestamp):")


def interruptible(action: Callable[[], T], interrupt: Callable[[], None], progress: Progress, *, last: bool = True) -> T:
    """Return the result of ``action``; an exception from a signal handler, such as Ctrl-C's, stops it with ``interrupt``.

    DuckDB does not check for signals while Arrow pulls batches from it, so the action runs in a separate thread while the
    main thread waits and shows progress. Other threads than the main one receive no signals and run the action themselves.
    ``last`` is whether the operation that is tracked ends with the action.
    """
    if threading.current_thread() is not threading.main_thread():
        return action()
    results: list[T] = []
    failures: list[BaseException] = []
    begun, given_up, done = threading.Event(), threading.Event(), threading.Event()
    beginning = threading.Lock()

    def work() -> None:
        with beginning:
            if given_up.is_set():
                return
            begun.set()
        try:
            results.append(action())
        except BaseException as error:
            failures.append(error)
        finally:
            done.set()

    try:
        # A signal may arrive while the thread starts, so it checks whether it is still needed.
        threading.Thread(target=work, name="objectiv_local query", daemon=True).start()
        with progress.watched(last=last) as tick:
            while not done.wait(60 if tick is None else INTERVAL):
                if tick is not None:
                    tick(INTERVAL)
    except BaseException as error:
        with beginning:
            given_up.set()
        # An interrupt before the statement starts has no effect, so it is repeated until the statement ends.
        while begun.is_set() and not _stopped(done, interrupt):
            continue
        results.clear()  # an open result would block the next statement of the connection
        meant = raised_by_signal(error)
        if meant is not error:
            raise meant from meant.__cause__
        raise
    if failures:
        raise failures.pop()
    return results.pop()


def _stopped(done: threading.Event, interrupt: Callable[[], None]) -> bool:
    try:
        interrupt()
        return done.wait(0.05)
    except BaseException:
        return False  # another signal; the connection can be used only when the statement has ended


def translated(message: str, description: str, sql: str) -> ObjectivError:
    """Return the package's error for one of DuckDB's."""
    kind, _, text = message.partition(" Error: ")
    # The end of the message repeats the statement, which the error has as an attribute.
    text = re.split(r"\n+LINE \d+:", text or message)[0].strip()
    failure = _translated(kind.casefold(), text, description)
    vars(failure)["sql"] = sql
    return failure


def _translated(kind: str, text: str, description: str) -> ObjectivError:
    where = f"in {description}"
    if "disabled by configuration" in text or "disabled through configuration" in text:
        return QueryFailed(
            f"{text} ({where}): queries can read only the file that was opened",
            hint="connect(..., external_access=True) allows it, for files and queries that you trust",
        )
    if "read-only mode" in text:
        return ReadOnly(
            f"the statement writes, but {description} is read-only", hint="connect(..., read_only=False) allows writes"
        )
    if kind == "interrupt":
        late = "maximum execution time" in text
        return QueryFailed(
            f"the query {'took longer than its statement_timeout' if late else 'was stopped'} {where}",
            hint="connect with a longer statement_timeout, or fetch fewer rows" if late else None,
        )
    if "Could not open" in text or "No magic bytes" in text or "too small to be a Parquet" in text:
        return DataInvalid(
            f"not a Parquet file: {text}", hint="use a .parquet file, or a directory or pattern of Parquet files"
        )
    if "Failed to read file" in text:
        return DataInvalid(f"a Parquet file is damaged ({where}): {text}", hint="copy or write the file again")
    if kind == "out of memory":
        # The other lines are advice about settings of DuckDB, which only the owner of a connection can change.
        return QueryFailed(
            f"DuckDB ran out of memory or disk space {where}: {text.splitlines()[0]}",
            hint="select fewer columns or rows, or pass a DuckDB connection of your own with a larger memory_limit, or with a "
            "temp_directory on a larger disk",
        )
    if "No files found" in text:
        return TableNotFound(f"{text} ({where})", hint="the files may have been moved or deleted since")
    if kind == "catalog" and "already exists" in text:
        return InvalidValue(text, hint="choose another name, or drop it first")
    if (schema := re.match(r"Schema with name (.+) does not exist", text)) is not None:
        return InvalidValue(
            f"there is no schema or database {schema[1]!r} {where}",
            hint="create it first: CREATE SCHEMA ..., or choose an existing one",
        )
    if kind == "catalog" and text.startswith("Table with name"):
        return TableNotFound(f"{text} ({where})", hint="the table may have been dropped since")
    # A number out of range is an overflow on every engine, not a conversion error.
    unread = text.startswith(("Malformed JSON", "Could not parse")) or (kind == "invalid input" and _NOT_CAST.match(text))
    if unread or (kind == "conversion" and "value is out of range" not in text):
        return DataInvalid(
            f"a value cannot be converted {where}: {text}",
            hint="correct the value, or use astype(..., errors='coerce') for NULL instead",
        )
    if kind == "resource in use":
        return QueryFailed(
            f"the connection has another result open {where}: {text}",
            hint="read that result to its end, or pass a cursor() of the connection to connect()",
        )
    if kind in ("connection", "fatal"):
        return ConnectionFailed(
            f"the connection to {description} does not work: {text}", hint="connect again with objectiv_local.connect(...)"
        )
    return QueryFailed(f"the query failed {where}: {text}")
