"""CSV, JSON lines and Arrow IPC files: read once into the memory of a connection, and typed by all of their rows."""

from __future__ import annotations

import csv
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from objectiv_local.dialects.duckdb import DIALECT
from objectiv_local.engines.ingest import from_arrow
from objectiv_local.errors import ColumnNotFound, DataInvalid, InvalidValue, near
from objectiv_local.types import Type, type_from_dtype

if TYPE_CHECKING:
    import duckdb
    import pyarrow

logger = logging.getLogger(__name__)

#: The format of a file by the end of its name; text may be compressed.
_SUFFIXES = {
    "parquet": (".parquet",),
    "csv": tuple(kind + packed for kind in (".csv", ".tsv") for packed in ("", ".gz", ".zst")),
    "json": tuple(kind + packed for kind in (".jsonl", ".ndjson", ".json") for packed in ("", ".gz", ".zst")),
    "arrow": (".arrow", ".feather", ".ipc"),
}
SUFFIXES = tuple(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes)

#: Types that a text file may be read as.
_READABLE = ("bool", "int64", "float64", "decimal", "string", "date", "time", "timestamp", "uuid", "json")

#: Parts of JSON lines that have no type of their own here.
_NESTED = re.compile(r"STRUCT\(.*|MAP\(.*|.*\[\]|JSON", re.DOTALL)


def format_of(name: str) -> str:
    """Return the format of a file by its name: ``csv``, ``json``, ``arrow``, or ``parquet`` for every other name."""
    return next((kind for kind, suffixes in _SUFFIXES.items() if name.lower().endswith(suffixes)), "parquet")


def one_format(names: Sequence[str], title: str) -> str:
    """Return the format of several files. Raises InvalidValue if they have different ones."""
    found = {format_of(name): name for name in reversed(names)}
    if len(found) > 1:
        raise InvalidValue(f"{title!r} holds files of different formats, such as {' and '.join(map(repr, found.values()))}",
                           hint="give a pattern that finds those of one format, such as 'events/*.csv'")
    return next(iter(found), "parquet")


def checked_dtypes(dtypes: Mapping[str, str]) -> dict[str, Type]:
    """Return the types that columns are to be read as. Raises InvalidValue for a type that no text file has."""
    types = {name: type_from_dtype(dtype) for name, dtype in dtypes.items()}
    for name, type_ in types.items():
        if type_.label or type_.name not in _READABLE:
            raise InvalidValue(f"dtypes: column {name!r} cannot be read from text as {type_}",
                               hint=f"use one of {', '.join(_READABLE)}, and astype afterwards")
    return types


def load(connection: duckdb.DuckDBPyConnection, kind: str, names: Sequence[str], types: Mapping[str, Type]) -> None:
    """Store the rows of CSV or JSON files as the table ``data`` of the connection.

    The types are those that all rows have. Raises :class:`DataInvalid` for rows that cannot be read, and
    :class:`ColumnNotFound` for types of columns that are not there.
    """
    reading = _Csv(connection, names, types) if kind == "csv" else _Json(connection, names, types)
    reading.check()
    # Some thousand rows tell the types most of the time; where a later one differs, all are asked.
    for sample in (_ROWS, -1):
        found = reading.columns(sample)
        for name in types:
            if name not in found:
                raise ColumnNotFound(f"dtypes: {_titles(names)} has no column {name!r}", hint=near(name, found))
        try:
            connection.execute(f"CREATE OR REPLACE TABLE data AS {reading.query(found, sample)}")
            break
        except reading.errors as error:
            if sample == -1 or not reading.is_of_type(error):
                raise reading.failure(error) from None
    shown = connection.sql("DESCRIBE data").fetchall()
    logger.info("%s is read as %s", _titles(names), ", ".join(f"{row[0]} {row[1]}" for row in shown))


#: Rows from which types are told at first.
_ROWS = 20_480


class _Reading:
    """One way to read files; ``types`` are those that the user gave."""

    function: str

    def __init__(self, connection: duckdb.DuckDBPyConnection, names: Sequence[str], types: Mapping[str, Type]) -> None:
        import duckdb

        self.connection = connection
        self.names = names
        self.types = types
        self.errors = (duckdb.Error,)

    def check(self) -> None:
        """Check the files before they are read."""

    def options(self, sample: int) -> list[str]:
        """Return the options of the function that reads the files."""
        raise NotImplementedError

    def source(self, options: Sequence[str]) -> str:
        files = f"[{', '.join(map(DIALECT.text, self.names))}]" if len(self.names) > 1 else DIALECT.text(self.names[0])
        return f"{self.function}({', '.join([files, *options])})"

    def columns(self, sample: int) -> dict[str, str]:
        """Return the names of the columns and the engine's types of them."""
        try:
            rows = self.connection.execute(f"DESCRIBE FROM {self.source(self.options(sample))}").fetchall()
        except self.errors as error:
            raise self.failure(error) from None
        return {str(row[0]): str(row[1]) for row in rows}

    def query(self, columns: Mapping[str, str], sample: int) -> str:
        """Return the query of all rows."""
        return f"FROM {self.source(self.options(sample))}"

    def written(self, types: Mapping[str, str]) -> str:
        return "{" + ", ".join(f"{DIALECT.text(name)}: {DIALECT.text(type_)}" for name, type_ in types.items()) + "}"

    def is_of_type(self, error: Exception) -> bool:
        """Return whether a value did not have the type of its column."""
        return "Could not convert" in str(error) or "Failed to cast value" in str(error)

    def failure(self, error: Exception) -> DataInvalid:
        """Return the error for files that cannot be read: what DuckDB says of the first row, without its own advice."""
        text = str(error)
        lines = [line.strip() for line in text.partition("Possible")[0].partition("LINE 1:")[0].splitlines() if line.strip()]
        named = next((name for name in self.names if name in text), None)
        said = "; ".join(lines[:3])
        for place in (f": {named}", f' in file "{named}"', f' file "{named}"'):
            said = said.replace(place, "")
        said = re.sub(r"^(?:\w+ )+Error: ", "", said)
        hint = "convert the file to UTF-8 first" if "not utf-8 encoded" in text else (
            "give the type of the column, as in connect(..., dtypes={'amount': 'string'})" if self.is_of_type(error)
            else "mend or leave out the file; nothing of it was loaded")
        return DataInvalid(f"{_titles([named] if named else self.names)} cannot be read: {said}", hint=hint)


#: What may separate the values of a line.
_SEPARATORS = ("\t", ";", "|", ",")


class _Csv(_Reading):
    function = "read_csv"
    separator = ""

    def check(self) -> None:
        for name in self.names:
            if _is_empty(name):
                raise DataInvalid(f"{_titles([name])} is empty", hint="the first line of a CSV file names its columns")
            has_header, names, separator = self.sniffed(name)
            if len(names) == 1 and (mark := next((each for each in _SEPARATORS if each in names[0]), None)):
                self.check_lines(name, names[0], mark)
            if not has_header:
                raise DataInvalid(f"the first line of {_titles([name])} has values and not the names of columns",
                                  hint="add a line of names, such as event_id,user_id,moment")
            if self.separator not in ("", separator):
                raise DataInvalid(f"{_titles(self.names)} separate values in different ways, by {self.separator!r} and "
                                  f"{separator!r}", hint="open the files one at a time")
            self.separator = separator

    def check_lines(self, name: str, header: str, separator: str) -> None:
        """Check that all lines have as many values as the first; where not, DuckDB takes each line for one value."""
        columns = dict.fromkeys(next(csv.reader([header], delimiter=separator)), "VARCHAR")
        source = (f"read_csv({DIALECT.text(name)}, auto_detect = false, header = true, quote = '\"', "
                  f"delim = {DIALECT.text(separator)}, columns = {self.written(columns)})")
        try:
            self.connection.execute(f"SELECT count(*) FROM {source}")
        except self.errors as error:
            raise self.failure(error) from None

    def sniffed(self, name: str) -> tuple[bool, list[str], str]:
        """Return whether a file has a line of names, the names, and what separates values."""
        try:
            found = self.connection.execute(f"SELECT HasHeader, list_transform(Columns, lambda c: c.name), Delimiter "
                                            f"FROM sniff_csv({DIALECT.text(name)}, skip = 0)").fetchone()
        except self.errors as error:
            raise self.failure(error) from None
        assert found is not None
        return bool(found[0]), list(found[1]), str(found[2])

    def options(self, sample: int) -> list[str]:
        # Without skip, DuckDB leaves out lines at the top that have other numbers of columns than those below.
        return ["header = true", "skip = 0", f"delim = {DIALECT.text(self.separator)}", f"sample_size = {sample}",
                *(["union_by_name = true"] if len(self.names) > 1 else [])]

    def query(self, columns: Mapping[str, str], sample: int) -> str:
        given = {name: DIALECT.type_name(type_) for name, type_ in self.types.items()}
        return f"FROM {self.source([*self.options(sample), *([f'types = {self.written(given)}'] if given else [])])}"


class _Json(_Reading):
    function = "read_json"

    def check(self) -> None:
        for name in self.names:
            if _is_empty(name):
                raise DataInvalid(f"{_titles([name])} is empty", hint="give a file with one JSON object a line")

    def options(self, sample: int) -> list[str]:
        # A key that only rows beyond a sample have would be left out, so all rows are asked for theirs.
        return ["sample_size = -1", "maximum_depth = 2", "map_inference_threshold = -1", "records = true",
                *(["union_by_name = true"] if len(self.names) > 1 else [])]

    def query(self, columns: Mapping[str, str], sample: int) -> str:
        types = {name: "JSON" if _NESTED.fullmatch(type_) else type_ for name, type_ in columns.items()}
        types |= {name: DIALECT.type_name(type_) for name, type_ in self.types.items()}
        return f"FROM {self.source([f'columns = {self.written(types)}', 'records = true'])}"


def arrow_rows(names: Sequence[str]) -> pyarrow.Table:
    """Return the rows of Arrow IPC files, of either format, mapped into memory. Columns are matched by name.

    Raises :class:`DataInvalid` for a file that is not Arrow, or has columns of other types than the ones before it.
    """
    import pyarrow as pa

    tables: list[pyarrow.Table] = []
    for name in names:
        try:
            with pa.memory_map(name) as mapped:
                start = mapped.read(6)
                mapped.seek(0)
                reader = pa.ipc.open_file(mapped) if start == b"ARROW1" else pa.ipc.open_stream(mapped)
                tables.append(reader.read_all())
        except (pa.ArrowException, OSError) as error:
            raise DataInvalid(f"{_titles([name])} cannot be read as Arrow: {error}",
                              hint="give a file that pyarrow.feather or pyarrow.ipc wrote") from None
    try:
        return from_arrow(pa.concat_tables(tables, promote_options="default"))
    except pa.ArrowException as error:
        raise DataInvalid(f"{_titles(names)} have columns of different types: {error}",
                          hint="write the files with one type for each column") from None


def _titles(names: Sequence[str]) -> str:
    shown = ", ".join(repr(Path(name).name) for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _is_empty(name: str) -> bool:
    return Path(name).stat().st_size == 0
