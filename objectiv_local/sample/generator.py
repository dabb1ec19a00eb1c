"""A stream of product-analytics events of any size, the same for the same seed, in bounded memory."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from objectiv_local.errors import InvalidType, InvalidValue

if TYPE_CHECKING:
    import pyarrow

EVENTS = 30_000
SEED = 2022
START = "2022-01-10"
DAYS = 92
COMPRESSION_LEVEL = 3

_BATCH = 4_096
_ROW_GROUP = 16_384
_PAGE_BYTES = 8 * 2**20
_LARGEST = {"events": 10**11, "seed": 2**64 - 1, "days": 36_600, "batch_size": 1_000_000, "compression_level": 22}
_FIRST_START, _LAST_START = datetime.date(1970, 1, 1), datetime.date(2150, 1, 1)


def batches(
    *, events: int = EVENTS, seed: int = SEED, start: str | datetime.date = START, days: int = DAYS, batch_size: int = _BATCH
) -> Iterator[pyarrow.RecordBatch]:
    """Return an iterator over the events of a stream, in the order of their moments.

    The columns are those of the raw event table: ``event_id`` (string), ``day`` (date32), ``moment`` (timestamp in
    microseconds, UTC), ``cookie_id`` (string) and ``value`` (string, the event as JSON); none has NULLs. Every batch
    has ``batch_size`` rows but the last one, which may have fewer. The events depend on the other arguments only, not
    on the size of the batches, the platform or the versions of the libraries. Streams of 2,000 events or more hold
    the awkward cases that ``data/README.md`` lists.

    ``events`` is the exact number of events, ``start`` the first day (a date or ``YYYY-MM-DD``) and ``days`` the
    number of days on which something may happen.

    Raises :class:`InvalidType` and :class:`InvalidValue` for arguments that do not fit, before the first batch.

    >>> next(batches(events=3)).num_rows
    3
    """
    first = _checked_start(start)
    _check_integer("events", events, least=1)
    _check_integer("seed", seed, least=0)
    _check_integer("days", days, least=1)
    _check_integer("batch_size", batch_size, least=1)
    return _batches(events, seed, first, days, batch_size)


def _batches(events: int, seed: int, start: datetime.date, days: int, batch_size: int) -> Iterator[pyarrow.RecordBatch]:
    import numpy as np

    from objectiv_local.sample.render import Renderer
    from objectiv_local.sample.traffic import ROW, Traffic

    renderer = Renderer(seed)
    rows = np.empty(0, dtype=ROW)
    for more in Traffic(events, seed, start, days).rows():
        rows = np.concatenate([rows, more])
        full = len(rows) - len(rows) % batch_size
        for begin in range(0, full, batch_size):
            yield renderer.batch(rows[begin : begin + batch_size])
        rows = rows[full:]
    if len(rows):
        yield renderer.batch(rows)


def generate(
    path: str | os.PathLike[str],
    *,
    events: int = EVENTS,
    seed: int = SEED,
    start: str | datetime.date = START,
    days: int = DAYS,
    compression_level: int = COMPRESSION_LEVEL,
    overwrite: bool = False,
) -> Path:
    """Return the path of a Parquet file to which the events of a stream have been written.

    The events are those of :func:`batches`. The file appears when it is complete; a failure leaves nothing behind,
    and an existing file as it was. Memory does not grow with the number of events. ``compression_level`` is that of
    zstd, from 1 to 22.

    Raises :class:`InvalidValue` if the file exists and ``overwrite`` is not set, or if its directory does not exist,
    what :func:`batches` raises, and :class:`DataInvalid` if it cannot be written.
    """
    from objectiv_local.frame.export import replacing

    target = Path(path)
    _check_integer("compression_level", compression_level, least=1)
    stream = batches(events=events, seed=seed, start=start, days=days, batch_size=_BATCH)
    _check_target(target, overwrite)
    with replacing(target) as file:
        _write(file, stream, compression_level)
        _check_target(target, overwrite)
    return target


def _write(file: IO[bytes], stream: Iterator[pyarrow.RecordBatch], compression_level: int) -> None:
    import itertools

    import pyarrow as pa
    import pyarrow.parquet as pq

    from objectiv_local.sample.render import SCHEMA

    # A dictionary of ids that are all different, or of JSON, costs memory and saves nothing. Large pages let the
    # compression see the contexts of one user repeat.
    encodings = {"event_id": "DELTA_LENGTH_BYTE_ARRAY", "moment": "DELTA_BINARY_PACKED", "value": "DELTA_LENGTH_BYTE_ARRAY"}
    with pq.ParquetWriter(
        file,
        SCHEMA,
        compression="zstd",
        compression_level=compression_level,
        use_dictionary=["day", "cookie_id"],
        column_encoding=encodings,
        data_page_size=_PAGE_BYTES,
    ) as writer:
        while group := list(itertools.islice(stream, _ROW_GROUP // _BATCH)):
            writer.write_table(pa.Table.from_batches(group), row_group_size=_ROW_GROUP)


def _check_target(target: Path, overwrite: bool) -> None:
    if target.is_dir():
        raise InvalidValue(f"path {str(target)!r} is a directory", hint="give the name of the file to write")
    if not target.parent.is_dir():
        raise InvalidValue(f"the directory of path {str(target)!r} does not exist", hint=f"create {str(target.parent)!r} first")
    if target.exists() and not overwrite:
        raise InvalidValue(f"the file {str(target)!r} exists already", hint="overwrite=True replaces it")


def _check_integer(name: str, value: object, *, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidType(f"{name} is of type {type(value).__name__}: {value!r}", hint="give an integer")
    if not least <= value <= _LARGEST[name]:
        raise InvalidValue(f"{name} is {value}", hint=f"give an integer from {least} to {_LARGEST[name]}")


def _checked_start(start: object) -> datetime.date:
    if isinstance(start, str):
        try:
            # Also takes forms such as 20220110, which the comparison refuses.
            day = datetime.date.fromisoformat(start)
        except ValueError:
            day = None
        if day is None or day.isoformat() != start:
            raise InvalidValue(f"start {start!r} is not a day", hint="write it as YYYY-MM-DD")
    elif isinstance(start, datetime.date) and not isinstance(start, datetime.datetime):
        day = start
    else:
        raise InvalidType(
            f"start is of type {type(start).__name__}: {start!r}", hint="give a datetime.date or text such as '2022-01-10'"
        )
    if not _FIRST_START <= day <= _LAST_START:
        raise InvalidValue(f"start is {day}", hint=f"give a day from {_FIRST_START} to {_LAST_START}")
    return day
