"""Finding the engine of a target, and connecting to it once."""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path

from objectiv_local.arguments import checked
from objectiv_local.engines.base import Backend, Engine, FileEngine, Settings, Target
from objectiv_local.errors import DataInvalid, InvalidType, InvalidValue, NotSupported
from objectiv_local.registry import DEFAULT, load, names

#: The maximum timeout of queries on all engines: Postgres counts milliseconds in 32 bits.
_MOST_SECONDS = 2_147_483

logger = logging.getLogger(__name__)

_open: weakref.WeakValueDictionary[tuple[object, ...], Engine] = weakref.WeakValueDictionary()
#: The address with which each connection was created, without secrets.
_addresses: weakref.WeakKeyDictionary[Engine, str] = weakref.WeakKeyDictionary()
_lock = threading.RLock()


def _forked() -> None:
    # A thread of the parent may have held the lock; that thread does not exist here to release it.
    global _lock  # noqa: PLW0603
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


@checked
def connect(
    target: object = None,
    *,
    read_only: bool = True,
    new: bool = False,
    statement_timeout: float | None = None,
    external_access: bool = False,
    dtypes: Mapping[str, str] | None = None,
) -> Engine:
    """Return a connection to ``target``.

    ========================================================  =======================================================
    target                                                    connection
    ========================================================  =======================================================
    a Parquet file, a pattern such as ``'events/*.parquet'``  one table, ``data``
    a directory                                               one table, ``data``: all .parquet files in and below it; if
                                                              there are none, the files of one other format
    the directory of a snapshot                               one table, ``data``, with the rows of the snapshot
    a CSV (``.csv``, ``.tsv``) or JSON Lines file             one table, ``data``, with its current rows; both may be
    (``.jsonl``, ``.ndjson``, ``.json``)                      compressed (``.gz``, ``.zst``)
    an Arrow file (``.arrow``, ``.feather``, ``.ipc``)        one table, ``data``, memory-mapped
    a list of files in the same format                        one table, ``data``
    a ``.duckdb`` or ``.db`` file                             the tables of the DuckDB database
    an open DuckDB connection                                 its tables, including temporary ones; it stays open
    a pandas or polars frame, a pyarrow table                 one table, ``data``, with its current rows
    ``postgresql://...``, or a string such as                 the tables of the Postgres database
        ``'dbname=events'``
    None                                                      the target in the variable ``DSN``, otherwise in libpq's own
                                                              variables (``PGHOST``, ``PGSERVICE``, ...)
    an engine                                                 the engine itself, with its settings
    ========================================================  =======================================================

    The same target returns the same connection as long as that is open and in use, unless ``new`` is true; a frame in memory
    that has changed counts as another target. ``statement_timeout`` is in seconds; by default, queries have no time limit.

    With ``read_only``, stored data cannot be changed; temporary tables are allowed. A lost connection, or one that a parent
    process opened, is reopened by the next statement, unless a transaction or user settings were lost with it; frames that read
    lost temporary tables raise :class:`ConnectionFailed`. See docs/connections.md.

    In a directory, names that begin with a dot or an underscore are skipped, and a file with several links is read once. The
    table has the columns of all files, matched by name, with missing values for files that lack one; the log names the files
    that differ. A path that names an existing file is that file, even if it looks like a pattern. Frames read the current
    files whenever rows are fetched, and raise :class:`DataInvalid` if columns no longer exist or have other types.

    Text and Arrow files are read once, into the memory of the connection, or to disk if that is full; a file that has changed
    is another target. The first line of a CSV file is the header. Types are inferred from the values of all rows, objects and
    arrays of JSON Lines are JSON, and ``dtypes`` sets the type of individual columns, such as ``{'zip': 'string', 'amount':
    'decimal(18, 2)'}``. Rows that cannot be read raise :class:`DataInvalid` with file and line, and nothing is loaded. For
    queries on many gigabytes, write Parquet files.

    DuckDB reads only the target and loads no extensions, so that opening an untrusted database, whose views could otherwise
    read any file, is safe. ``external_access=True`` allows both, and so do remote addresses and your own DuckDB connection.

    Raises :class:`InvalidValue` for an invalid target and for settings that it does not support, :class:`TableNotFound` for a
    file that does not exist, :class:`DataInvalid` for a file in another format than its name says, :class:`ColumnNotFound`
    for ``dtypes`` of columns that the file does not have, and :class:`ConnectionFailed`, whose message never contains a
    password, for a database that cannot be reached.
    """
    if statement_timeout is not None and not 0 < statement_timeout <= _MOST_SECONDS:
        raise InvalidValue(
            f"statement_timeout is {statement_timeout}, which is out of range",
            hint=f"pass a number of seconds up to {_MOST_SECONDS:,}, or None",
        )
    if target is None:
        target = _from_environment()
    if isinstance(target, Engine):
        given = {
            "read_only": not read_only and target.read_only,
            "new": new,
            "statement_timeout": statement_timeout is not None,
            "external_access": external_access,
            "dtypes": bool(dtypes),
        }
        for name, changes in given.items():
            if changes:
                raise InvalidValue(
                    f"{name} cannot be set for {target.description}, which is already connected",
                    hint="pass the target and the settings to connect(), instead of the engine",
                )
        return target
    name, found = _found(target, Settings(read_only, statement_timeout, external_access, _hint(), dtypes or {}))
    if not read_only and not found.is_writable:
        raise InvalidValue(
            "read_only=False is only supported for databases, not for files and tables in memory",
            hint="connect to a .duckdb file, a DuckDB connection or Postgres to write tables",
        )
    if dtypes and not found.is_text:
        raise InvalidValue(
            "dtypes is only supported for CSV and JSON files; other targets have their own types",
            hint="pass all_dtypes to DataFrame.from_table, or use astype",
        )
    key = (*found.key, read_only, statement_timeout, external_access)
    with _lock:
        engine = None if new else _open.get(key)
        if engine is None or engine.closed or not found.unchanged(engine):
            engine = found.make()
            _addresses[engine] = found.address
            if engine.dialect != name:
                engine.close()
                raise InvalidType(
                    f"the connection of the engine {name!r} uses the dialect {engine.dialect!r}",
                    hint=f"its attribute dialect has to be {name!r}, and a dialect of that name has to be registered",
                )
            if not new:
                _open[key] = engine
        return engine


def address_of(engine: Engine) -> str:
    """Return the argument of :func:`connect` to reach the same rows again, without secrets; empty if there is none."""
    return _addresses.get(engine, "")


def file_engine(directory: Path) -> FileEngine:
    """Return a new connection of the default engine, which reads and writes files in and below a directory."""
    backend = load("engines", DEFAULT)
    assert isinstance(backend, Backend)
    assert backend.files is not None
    return backend.files(directory)


def _found(target: object, settings: Settings) -> tuple[str, Target]:
    """Return the name of the engine of a target, and how to connect to it. Raises InvalidType for unsupported targets."""
    if isinstance(target, str) and not target.strip():
        raise InvalidValue("the string to connect to is empty", hint=settings.hint)
    for backend in _backends():
        found = backend.target(target, settings)
        if found is not None:
            for able, name in (
                (backend.is_read_only or not settings.read_only, "read_only=True"),
                (backend.has_timeout or settings.statement_timeout is None, "statement_timeout"),
            ):
                if not able:
                    raise NotSupported(
                        f"{backend.name} does not support {name}",
                        hint="omit the setting" if name == "statement_timeout" else "pass read_only=False",
                    )
            return backend.name, found
    raise InvalidType(f"cannot connect to a value of type {type(target).__name__}", hint=settings.hint)


def _backends() -> list[Backend]:
    """Return the engines in the order in which they are tried: DuckDB is last, because it accepts any string as a file."""
    found = []
    for name in reversed(names()):
        try:
            backend = load("engines", name)
        except DataInvalid as error:
            # A broken engine of another package must not prevent connecting with ours.
            logger.warning("%s", error)
            continue
        if not isinstance(backend, Backend):
            raise InvalidType(f"the object registered as the engine {name!r} is not a Backend, but {type(backend).__name__}")
        found.append(backend)
    return found


def _hint() -> str:
    *others, last = [each for backend in reversed(_backends()) for each in backend.targets]
    return f"pass {', '.join(others)}, or {last}"


def _from_environment() -> object:
    target = os.environ.get("DSN") or next(filter(None, (backend.from_environment() for backend in _backends())), None)
    if target:
        return target
    raise InvalidValue(
        "there is nothing to connect to: no target was given, and neither DSN nor PGHOST, PGDATABASE or PGSERVICE is set",
        hint=_hint(),
    )
