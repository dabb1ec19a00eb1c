"""Export of frames to files and Arrow streams. Rows are streamed; a file appears only when it is complete."""

from __future__ import annotations

import datetime
import decimal
import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from objectiv_local.arguments import checked, in_words
from objectiv_local.errors import DataInvalid, InvalidType, InvalidValue, TableNotFound, near
from objectiv_local.types import Type, arrow_type

if TYPE_CHECKING:
    import pyarrow

    from objectiv_local.frame.frame import DataFrame

#: Common separators of CSV files that no unquoted value contains.
_SEPARATORS = (",", ";", "\t", "|")
_COMPRESSIONS = ("zstd", "snappy", "gzip", "lz4", "brotli", "none")


@checked
class Export:
    """Methods that write a frame to files."""

    __slots__ = ()

    def to_parquet(self, path: str | os.PathLike[str], compression: str = "zstd") -> None:
        """Write the rows to a Parquet file, with the index first, in the order of the frame.

        ``compression`` is zstd, snappy, gzip, lz4, brotli or none.

        Columns have the Arrow types of results: JSON and UUIDs are strings, and durations are Arrow durations, which DuckDB
        reads as integers in microseconds. An existing file is replaced once all rows are written, and stays unchanged if that
        fails. Rows are streamed, in bounded memory.

        Raises TableNotFound if the directory does not exist, and InvalidValue for a path that is a directory and for an unknown
        compression.
        """
        import pyarrow.parquet as pq

        if compression not in _COMPRESSIONS:
            raise InvalidValue(f"compression is {compression!r}, which is unknown", hint=near(compression, _COMPRESSIONS))

        frame = cast("DataFrame", self)
        schema = _schema(frame)
        with replacing(path) as file, pq.ParquetWriter(file, schema, compression=compression) as writer:
            for batch in frame.to_batches():
                writer.write_batch(batch)

    def to_csv(self, path: str | os.PathLike[str], sep: str = ",") -> None:
        """Write the rows to a CSV file in UTF-8 with a header, with the index first, in the order of the frame.

        A missing value is an empty field, and an empty string is ``""``. Strings are quoted. Timestamps have six fractional
        digits, durations are in seconds, intervals are written as ``(0.0, 1.0]``, and JSON as its text. An existing file is
        replaced once all rows are written, and stays unchanged if that fails. Rows are streamed, in bounded memory.

        Raises TableNotFound if the directory does not exist, and InvalidValue for a path that is a directory and for a
        separator other than a comma, a semicolon, a tab or a vertical bar.
        """
        import pyarrow as pa
        from pyarrow import csv

        if sep not in _SEPARATORS:
            raise InvalidValue(
                f"sep is {sep!r}, which is not supported", hint=f"give one of {', '.join(map(repr, _SEPARATORS))}"
            )
        frame = cast("DataFrame", self)
        types = _types(frame)
        schema = pa.schema(
            [(field.name, pa.string() if types[field.name].name in _WRITTEN else field.type) for field in _schema(frame)]
        )
        with replacing(path) as file, csv.CSVWriter(file, schema, write_options=csv.WriteOptions(delimiter=sep)) as writer:
            for batch in frame.to_batches():
                writer.write_batch(
                    pa.record_batch(
                        [_as_text(column, type_) for column, type_ in zip(batch.columns, types.values(), strict=True)],
                        schema=schema,
                    )
                )

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the rows to a JSON Lines file in UTF-8: one object per line, with the index first, in the order of the frame.

        A missing value is null, JSON stays JSON, dates and timestamps are ISO 8601 strings (in UTC, without an offset),
        durations are in seconds, decimals are numbers with all their digits, and UUIDs are strings. An existing file is
        replaced once all rows are written, and stays unchanged if that fails. Rows are streamed, in bounded memory.

        Differs from pandas: the format is always one object per line.

        Raises DataInvalid for NaN and infinity, which JSON cannot represent, TableNotFound if the directory does not exist, and
        InvalidValue for a path that is a directory.
        """
        frame = cast("DataFrame", self)
        types = _types(frame)
        names = [json.dumps(name, ensure_ascii=False) for name in types]
        with replacing(path) as file:
            for batch in frame.to_batches():
                columns = [
                    [_as_json(value, name, type_) for value in column.to_pylist()]
                    for column, (name, type_) in zip(batch.columns, types.items(), strict=True)
                ]
                for row in zip(*columns, strict=True):
                    fields = ", ".join(f"{name}: {value}" for name, value in zip(names, row, strict=True))
                    file.write(f"{{{fields}}}\n".encode())

    def snapshot(
        self, path: str | os.PathLike[str], *, time: str | None = None, check: str = "keys", replace: bool = False
    ) -> DataFrame:
        """Write the rows as a snapshot, a directory of Parquet files with a manifest, and return a frame over it.

        The returned frame has the index, columns, types and rows of this one, unsorted, and reads the files. Rows are
        partitioned by the month, in UTC, of the timestamp column ``time``: by default ``moment``, if the frame has it. JSON
        columns with repeated values are dictionary-encoded.

        If the directory already has a snapshot of the same query, it is refreshed: months whose rows have changed in the
        source are read again, in one read snapshot of the database. ``check`` determines what counts as a change: ``'rows'``,
        the number of rows; ``'keys'``, also the ids, moments, users and types of events, or all columns but JSON if the rows
        have no key; ``'values'``, any column, which takes the source about as long as reading them. Frames whose rows depend
        on other rows are always checked by values. Sessions and other columns that are computed with window functions are
        recomputed over all rows of the snapshot. ``replace=True`` overwrites the snapshot of any frame.

        Rows are streamed, in bounded memory. A new version is published atomically when it is complete. If the connection is
        lost, the disk is full or the process ends before that, nothing is published, and the next run of the same query
        continues from the rows already read, in steps of a million.

        Raises InvalidValue for a directory with other files or a snapshot of another query, and while another process writes
        there; DataInvalid if the directory cannot be written to, and if keys are not unique; ConnectionFailed.

        >>> import tempfile
        >>> import objectiv_local as ol
        >>> from objectiv_local import sample
        >>> events = ol.ModelHub().events(sample.path(), start="2022-02-01", end="2022-02-08")
        >>> local = events.snapshot(tempfile.mkdtemp())
        >>> len(local) == len(events)
        True
        """
        # Snapshots are a higher layer, loaded only when one is written.
        written: DataFrame = import_module("objectiv_local.snapshot").write(self, path, time=time, check=check, replace=replace)
        return written

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the rows as an Arrow stream, the protocol by which Polars, pandas, Altair and others read a frame."""
        import pyarrow as pa

        if requested_schema is not None and type(requested_schema).__name__ != "PyCapsule":
            raise InvalidType(
                f"requested_schema of __arrow_c_stream__ has to be an Arrow schema in a PyCapsule, "
                f"not {in_words(requested_schema)}",
                hint="omit it, or pass schema.__arrow_c_schema__()",
            )
        frame = cast("DataFrame", self)
        reader = pa.RecordBatchReader.from_batches(_schema(frame), frame.to_batches())
        return reader.__arrow_c_stream__(requested_schema)


def _types(frame: DataFrame) -> dict[str, Type]:
    """Return the types of the columns. Raises InvalidValue for a grouped frame that is not aggregated."""
    frame._state.rows("writing")
    return {name: frame._state.plan.types[name] for name in (*frame.index_columns, *frame.data_columns)}


def _schema(frame: DataFrame) -> pyarrow.Schema:
    import pyarrow as pa

    return pa.schema([(name, arrow_type(type_)) for name, type_ in _types(frame).items()])


def file_at(path: str | os.PathLike[str]) -> Path:
    """Return the path where a file is written.

    Raises InvalidValue for a path that cannot be a file, and TableNotFound if the directory does not exist.
    """
    if "\0" in str(path):
        raise InvalidValue(f"{str(path)!r} cannot be a file", hint="pass the name of a file")
    # A symbolic link is kept, and its target is replaced.
    target = Path(os.path.realpath(os.path.expanduser(path)))  # noqa: PTH111 - pathlib raises for an unknown user
    # os.path, because pathlib raises for a name that is too long; that error is handled below.
    if os.path.isdir(target):  # noqa: PTH112
        raise InvalidValue(f"{str(path)!r} is a directory", hint="pass the name of a file")
    if os.path.exists(target) and not os.path.isfile(target):  # noqa: PTH110, PTH113
        raise InvalidValue(f"{str(path)!r} cannot be a file", hint="pass the name of a file")
    if not os.path.isdir(target.parent):  # noqa: PTH112
        raise TableNotFound(f"there is no directory {str(target.parent)!r}", hint="create it first")
    return target


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a temporary file that is renamed to ``path`` when it is complete, and removed if an error occurs."""
    target = file_at(path)
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        with partial.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            partial.chmod(target.stat().st_mode & 0o7777)
        partial.replace(target)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        # An error that a signal handler raises does not concern the file.
        if isinstance(error, OSError) and error.errno is not None and error.filename in (str(partial), None):
            raise DataInvalid(f"{str(path)!r} cannot be written: {error.strerror}", hint="choose another place") from None
        raise


def _seconds(value: datetime.timedelta) -> str:
    whole, micros = divmod(value, datetime.timedelta(seconds=1))
    if not micros:
        return str(whole)
    return f"{decimal.Decimal(value // datetime.timedelta(microseconds=1)).scaleb(-6):f}"


def _interval(value: dict[str, Any]) -> str:
    return f"{value['bounds'][0]}{value['lower']!r}, {value['upper']!r}{value['bounds'][1]}"


#: Types that Arrow cannot write to CSV, and how their values are written.
_WRITTEN: dict[str, Callable[[Any], str]] = {"timedelta": _seconds, "numeric_interval": _interval}


def _as_text(column: pyarrow.Array, type_: Type) -> pyarrow.Array:
    import pyarrow as pa

    write = _WRITTEN.get(type_.name)
    if write is None:
        return column
    return pa.array([None if value is None else write(value) for value in column.to_pylist()], pa.string())


def _as_json(value: Any, name: str, type_: Type) -> str:
    if value is None:
        return "null"
    if type_.name == "json":
        return " ".join(str(value).split("\n"))
    if type_.name == "timedelta":
        return _seconds(value)
    if type_.name == "numeric_interval":
        return json.dumps(value, ensure_ascii=False)
    if type_.name == "decimal":
        return f"{value:f}"
    if isinstance(value, datetime.datetime | datetime.time):
        return json.dumps(value.isoformat(timespec="microseconds"))
    if isinstance(value, datetime.date):
        return json.dumps(value.isoformat())
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise DataInvalid(
            f"column {name!r} contains {value}, which JSON cannot represent",
            hint="replace it first, as in df[name].where(df[name] == df[name], None), or write Parquet",
        ) from None
