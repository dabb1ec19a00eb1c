"""Snapshots: the rows of a frame as local Parquet files, which are refreshed by month and open as the same frame.

``frame.snapshot(path)`` writes one. The functions of this module open, refresh, describe and check snapshots.
"""

from __future__ import annotations

import os
from pathlib import Path

from objectiv_local.arguments import checked
from objectiv_local.engines import connect
from objectiv_local.engines.base import ParquetEngine
from objectiv_local.errors import DataInvalid, InvalidValue, NotSupported
from objectiv_local.frame import DataFrame
from objectiv_local.snapshot import checking, manifest, opening, writing
from objectiv_local.snapshot.checking import Info

__all__ = ["Info", "info", "is_snapshot", "open", "refresh", "verify", "write"]

_CHECKS = ("rows", "keys", "values")


@checked
def write(
    frame: DataFrame, path: str | os.PathLike[str], *, time: str | None = None, check: str = "keys", replace: bool = False
) -> DataFrame:
    """Write the rows of a frame as a snapshot, or refresh the existing one; the same as ``frame.snapshot(path)``."""
    if check not in _CHECKS:
        raise InvalidValue(f"check has to be 'rows', 'keys' or 'values', not {check!r}")
    return writing.write(frame, _path(path), time=time, check=check, over=replace)  # type: ignore[arg-type]


@checked
def open(path: str | os.PathLike[str], *, on: object = None) -> DataFrame:  # noqa: A001 - snapshot.open(...) says what it does
    """Return the frame of a snapshot, with the index, columns and types of the frame that was written.

    An open frame keeps reading the version that it was opened with, even after a refresh, as long as that version exists: a
    refresh deletes all versions but the new one and the one before. To read the new rows, open the snapshot again.
    ``ModelHub.events(path)`` also opens a snapshot of events.

    ``on`` is a connection, or a target of :func:`objectiv_local.connect`, that reads the files itself: with
    ``on="sc://host:15002"``, ``path`` is a directory that every executor of Spark can read, such as ``"s3a://bucket/events"``.
    By default, the snapshot is a local directory.

    Raises TableNotFound for a directory that is not a snapshot, DataInvalid if its manifest is damaged, and NotSupported for a
    connection that cannot read files, such as Postgres.

    >>> import tempfile
    >>> import objectiv_local as ol
    >>> from objectiv_local import sample, snapshot
    >>> directory = tempfile.mkdtemp()
    >>> events = ol.ModelHub().events(sample.path(), end="2022-01-20").snapshot(directory)
    >>> snapshot.open(directory).columns == events.columns
    True
    """
    if on is None:
        return opening.open_snapshot(_path(path))
    engine = connect(on)
    if not isinstance(engine, ParquetEngine):
        raise NotSupported(
            f"{engine.description} cannot read the files of a snapshot",
            hint="omit `on` to open a local directory, or pass a connection to Spark or DuckDB",
        )
    place = os.fspath(path)
    if not place.strip("/ ") or "\0" in place:
        raise InvalidValue(f"{place!r} cannot be a directory", hint="give the directory of a snapshot")
    return opening.open_elsewhere(place, engine)


@checked
def refresh(path: str | os.PathLike[str], source: object = None, *, check: str = "keys") -> DataFrame:
    """Update a snapshot from its source, and return its frame.

    By default, ``source`` is the URL or path in the manifest, which has no password: libpq takes it from ``PGPASSWORD`` or the
    password file. Pass ``source`` to give a URL with a password, or the new location of the table or file, which the manifest
    then stores. If the rows were in memory, pass a frame of the same query.

    ``DataFrame.snapshot`` describes ``check``, and which rows are read again.

    Raises TableNotFound for a directory that is not a snapshot; InvalidValue for another source or query, and while another
    process is writing to it; ConnectionFailed; DataInvalid if a column of the source was removed or has another type, if rows
    repeat a key, and if this version cannot read the query in the manifest.

    >>> import tempfile
    >>> import objectiv_local as ol
    >>> from objectiv_local import sample, snapshot
    >>> directory = tempfile.mkdtemp()
    >>> events = ol.ModelHub().events(sample.path(), end="2022-01-20").snapshot(directory)
    >>> len(snapshot.refresh(directory)) == len(events)
    True
    """
    if check not in _CHECKS:
        raise InvalidValue(f"check has to be 'rows', 'keys' or 'values', not {check!r}")
    return writing.refresh(_path(path), source, check)  # type: ignore[arg-type]


@checked
def is_snapshot(path: str | os.PathLike[str], *, on: object = None) -> bool:
    """Return whether a path is the directory of a snapshot; ``on`` is described at :func:`open`."""
    if on is not None:
        engine = connect(on)
        return isinstance(engine, ParquetEngine) and opening.is_there(os.fspath(path), engine)
    try:
        return manifest.read_if_there(_path(path)) is not None
    except (InvalidValue, DataInvalid, OSError, ValueError):
        return False


@checked
def info(path: str | os.PathLike[str]) -> Info:
    """Return a description of a snapshot: rows, months, size, columns, source and time of publication. Reads only the manifest.

    Raises TableNotFound for a directory that is not a snapshot, and DataInvalid if its manifest is damaged.

    >>> import tempfile
    >>> import objectiv_local as ol
    >>> from objectiv_local import sample, snapshot
    >>> directory = tempfile.mkdtemp()
    >>> events = ol.ModelHub().events(sample.path(), end="2022-01-20").snapshot(directory)
    >>> snapshot.info(directory).months
    ('2022-01', '2022-01')
    """
    return checking.info(_path(path))


@checked
def verify(path: str | os.PathLike[str]) -> Info:
    """Check a snapshot and return its description. Compares every file with its checksum and every month with its number of
    rows, and looks for repeated keys and for dictionary ids that do not exist.

    Raises TableNotFound for a directory that is not a snapshot, and DataInvalid, with the problems found, for a damaged one.

    >>> import tempfile
    >>> import objectiv_local as ol
    >>> from objectiv_local import sample, snapshot
    >>> directory = tempfile.mkdtemp()
    >>> events = ol.ModelHub().events(sample.path(), end="2022-01-20").snapshot(directory)
    >>> snapshot.verify(directory).rows == len(events)
    True
    """
    return checking.verify(_path(path))


def _path(path: str | os.PathLike[str]) -> Path:
    given = os.fspath(path)
    if not given.strip() or "\0" in given:
        raise InvalidValue(f"{given!r} cannot be a directory", hint="give the directory of a snapshot")
    if "://" in given:
        raise InvalidValue(
            f"{given.split('://')[0]}://... is a URL, and a snapshot has to be a local directory",
            hint="give the directory of a snapshot",
        )
    try:
        os.fsencode(given)
        return Path(given).expanduser()
    except (RuntimeError, UnicodeEncodeError) as error:
        reason = str(error)
    raise InvalidValue(f"{given!r} cannot be a directory: {reason}", hint="give the directory of a snapshot")
