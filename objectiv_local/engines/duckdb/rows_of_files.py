"""CSV, JSON Lines and Arrow IPC files: read once into the memory of a connection, with types inferred from all rows.

Nothing is guessed from a part of a file: values are read as strings, and a column gets a type if every value is written in
the form of that type, so that the value determines the string. DuckDB's own detection changes values: it samples the first
rows, casts later ones, and interprets ``#`` as a comment and ``01/02/2024`` as a date.
"""

from __future__ import annotations

import csv
import glob
import logging
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from objectiv_local.dialects.duckdb import DIALECT
from objectiv_local.engines.ingest import from_arrow
from objectiv_local.errors import ColumnNotFound, DataInvalid, InvalidValue, near
from objectiv_local.types import Type, type_from_dtype

if TYPE_CHECKING:
    import duckdb
    import pyarrow

logger = logging.getLogger(__name__)

#: The suffixes of each format; text files may be compressed.
_SUFFIXES = {
    "parquet": (".parquet",),
    "csv": tuple(kind + packed for kind in (".csv", ".tsv") for packed in ("", ".gz", ".zst")),
    "json": tuple(kind + packed for kind in (".jsonl", ".ndjson", ".json") for packed in ("", ".gz", ".zst")),
    "arrow": (".arrow", ".feather", ".ipc"),
}
SUFFIXES = tuple(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes)

#: Supported separators of CSV files.
_SEPARATORS = (",", ";", "\t", "|")

_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
_INTEGER = "-?(0|[1-9][0-9]{0,17})"
#: The forms of the values of each type, in the order in which the types are tried, and the cast for DuckDB. Numbers have as
#: many digits as the type can hold; a number with a leading zero is a code and remains a string.
_FORMS: dict[str, tuple[str, str]] = {
    "bool": ("true|false|True|False|TRUE|FALSE", "{}::boolean"),
    "int64": (_INTEGER, "{}::bigint"),
    "float64": (
        r"-?(0|[1-9][0-9]{0,14})([.][0-9]{1,25})?|-?[0-9]([.][0-9]{1,17})?[eE][+-]([0-9]{2}|[12][0-9]{2})",
        "{}::double",
    ),
    "date": (_DAY, "{}::date"),
    "timestamp": (f"{_DAY}[ T]{_CLOCK}|{_DAY}", "{}::timestamp"),
    "timestamptz": (f"{_DAY}[ T]{_CLOCK}(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)", "({}::timestamptz AT TIME ZONE 'UTC')"),
}
#: Types that are tried for JSON strings: a number in quotes is a string.
_OF_STRINGS = ("date", "timestamp", "timestamptz")

#: Types that can be requested for text, with the forms that are accepted in addition to those above.
_REQUESTED = {
    "string": ("(?s).*", "{}"),
    "json": ("(?s).*", "{}::json"),
    "time": (_CLOCK, "{}::time"),
    "uuid": ("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "{}::uuid"),
    "decimal": (r"[+-]?[0-9]+([.][0-9]+)?", "{}"),
    "int64": ("[+-]?[0-9]{1,18}", "{}::bigint"),
    "float64": (r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?|nan|inf|-inf", "{}::double"),
}


_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
#: Number of bytes of a compressed file that are decompressed at once.
_CHUNK = 1 << 20


def format_of(name: str) -> str:
    """Return the format of a file by its name: ``csv``, ``json``, ``arrow``, or ``parquet`` for every other name."""
    return next((kind for kind, suffixes in _SUFFIXES.items() if name.lower().endswith(suffixes)), "parquet")


def one_format(names: Sequence[str], title: str) -> str:
    """Return the format of several files. Raises InvalidValue if their formats differ."""
    found = {format_of(name): name for name in reversed(names)}
    if len(found) > 1:
        raise InvalidValue(
            f"{title!r} contains files of different formats, such as {' and '.join(map(repr, found.values()))}",
            hint="pass a pattern for the files of one format, such as 'events/*.csv'",
        )
    return next(iter(found), "parquet")


def checked_dtypes(dtypes: Mapping[str, str]) -> dict[str, Type]:
    """Return the types that were requested for columns. Raises InvalidValue for a type that is not supported for text files."""
    types = {name: type_from_dtype(dtype) for name, dtype in dtypes.items()}
    known = {*_FORMS, *_REQUESTED} - {"timestamptz"}
    for name, type_ in types.items():
        if type_.label or type_.name not in known:
            raise InvalidValue(
                f"dtypes: column {name!r} cannot be read from a text file as {type_}",
                hint=f"use one of {', '.join(sorted(known))}, and astype afterwards",
            )
    return types


def load(connection: duckdb.DuckDBPyConnection, kind: str, names: Sequence[str], types: Mapping[str, Type]) -> None:
    """Store the rows of CSV or JSON files as the table ``data`` of the connection.

    Raises :class:`DataInvalid` for rows that cannot be read, and :class:`ColumnNotFound` for types of columns that do not
    exist. ``types`` are those that the user requested.
    """
    with tempfile.TemporaryDirectory() as directory:
        _load(connection, kind, [_unpacked(name, Path(directory) / str(place)) for place, name in enumerate(names)], types)


def _unpacked(name: str, directory: Path) -> str:
    """Return the name of a file, or of a decompressed copy if it is compressed.

    DuckDB reads the start of a truncated or corrupted file without an error.
    """
    compression = next((kind for suffix, kind in _COMPRESSIONS.items() if name.lower().endswith(suffix)), None)
    if compression is None:
        return name
    import pyarrow as pa

    directory.mkdir()
    copy = directory / Path(name).stem
    try:
        with pa.input_stream(name, compression=compression) as packed, copy.open("wb") as plain:
            shutil.copyfileobj(packed, plain, _CHUNK)
    except OSError as error:
        raise DataInvalid(f"{_titles([name])} cannot be read: {error}", hint="repair or exclude the file") from None
    return str(copy)


def _load(connection: duckdb.DuckDBPyConnection, kind: str, names: Sequence[str], types: Mapping[str, Type]) -> None:
    import duckdb

    try:
        columns = (_csv_text if kind == "csv" else _json_text)(connection, names)
        for name in types:
            if name not in columns:
                raise ColumnNotFound(f"dtypes: {_titles(names)} has no column {name!r}", hint=near(name, columns))
        # A column is named by its position until it is typed, so that no name in a file can clash with another one.
        for place, (name, forms) in enumerate(columns.items()):
            column = f"c{place}"
            if name in types:
                _change(connection, column, _wanted(connection, column, name, types[name], names))
            else:
                _change_to_first(connection, column, forms)
        _name(connection, list(columns))
    except duckdb.Error as error:
        raise _failure(error, names) from None
    shown = connection.sql("DESCRIBE data").fetchall()
    logger.info("%s is read as %s", _titles(names), ", ".join(f"{row[0]} {row[1]}" for row in shown))


def _change(connection: duckdb.DuckDBPyConnection, column: str, sql: str) -> None:
    """Replace a column of the table ``raw`` by an expression over it; other columns are not rewritten."""
    if sql != column:
        type_ = connection.sql(f"SELECT {sql} FROM raw LIMIT 0").types[0]
        connection.execute(f"ALTER TABLE raw ALTER {column} SET DATA TYPE {type_} USING {sql}")


def _change_to_first(connection: duckdb.DuckDBPyConnection, column: str, forms: Sequence[str]) -> None:
    """Convert a column of the table ``raw`` to the first type that fits all of its values; otherwise it remains a string."""
    import duckdb

    for type_ in forms:
        form, sql = _FORMS[type_]
        if _all(connection, column, form) and not (type_ == "float64" and _loses_digits(connection, column)):
            try:
                _change(connection, column, sql.format(column))
            except duckdb.ConversionException:
                # Written as a date, but invalid: February 30.
                continue
            return


def _name(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> None:
    """Rename the table ``raw`` to ``data``, and its columns c0, c1 and so on to their names."""
    places = {f"c{place}": DIALECT.quoted(name) for place, name in enumerate(names)}
    if places.keys() & {name.casefold() for name in names}:
        selected = ", ".join(f"{place} AS {name}" for place, name in places.items())
        connection.execute(f"CREATE TABLE data AS SELECT {selected} FROM raw")
        connection.execute("DROP TABLE raw")
        return
    for place, name in places.items():
        connection.execute(f"ALTER TABLE raw RENAME {place} TO {name}")
    connection.execute("ALTER TABLE raw RENAME TO data")


def _wanted(connection: duckdb.DuckDBPyConnection, column: str, name: str, type_: Type, names: Sequence[str]) -> str:
    """Return the SQL that converts a column of the table ``raw`` to a requested type. Raises DataInvalid for invalid values."""
    form, sql = _REQUESTED.get(type_.name) or _FORMS[type_.name]
    sql = sql.format(column)
    if type_.name == "timestamp":
        zoned, in_utc = _FORMS["timestamptz"]
        form = f"{form}|{zoned}"
        sql = f"CASE WHEN regexp_full_match({column}, '{zoned}') THEN {in_utc.format(column)} ELSE {sql} END"
    elif type_.name == "decimal":
        sql = f"{column}::{DIALECT.type_name(type_)}"
    wrong = connection.execute(f"SELECT {column} FROM raw WHERE NOT regexp_full_match({column}, $1) LIMIT 1", [form]).fetchone()
    if wrong is not None:
        raise DataInvalid(
            f"{_titles(names)}: column {name!r} has the value {wrong[0]!r}, which is not a valid {type_}",
            hint="remove the column from dtypes, or read it as 'string'",
        )
    return sql


def _loses_digits(connection: duckdb.DuckDBPyConnection, column: str) -> bool:
    """Return whether a number has more digits than its float: with more than 15, only those written from a float are exact."""
    digits = f"length(regexp_replace({column}, '[eE].*|[^0-9]', '', 'g'))"
    other = f"({column}::double)::varchar <> regexp_replace({column}, '([.][0-9]*[1-9])0+$', '\\1')"
    # Fewer than 17 characters are at most 15 digits, a decimal point and a sign.
    found = connection.execute(f"SELECT 1 FROM raw WHERE length({column}) > 16 AND {digits} > 15 AND {other} LIMIT 1")
    return bool(found.fetchall())


def _all(connection: duckdb.DuckDBPyConnection, column: str, form: str) -> bool:
    """Return whether every value has a form, and there is at least one; a sample is usually sufficient to decide."""
    for rows in (f"(SELECT {column} FROM raw WHERE {column} IS NOT NULL LIMIT 1000)", "raw"):
        found = connection.execute(f"SELECT bool_and(regexp_full_match({column}, $1)) FROM {rows}", [form]).fetchone()
        if found is None or not found[0]:
            return False
    return True


# ---- CSV


def _csv_text(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> dict[str, Sequence[str]]:
    """Store the values of CSV files as strings in the table ``raw``, with columns c0, c1 and so on.

    Return the names of the columns, and the types to try for each.
    """
    headers = {name: _header(name) for name in names}
    columns = list(dict.fromkeys(column for header in headers.values() for column in header.columns))
    _check_names(columns, names)
    parts = []
    for name, header in headers.items():
        places = "{" + ", ".join(f"c{columns.index(column)}: 'VARCHAR'" for column in header.columns) + "}"
        parts.append(
            f"SELECT * FROM read_csv({_quoted(name)}, auto_detect = false, header = true, "
            f"delim = '{header.separator}', new_line = '{header.line_end}', quote = '\"', escape = '\"', "
            f"comment = '', allow_quoted_nulls = false, max_line_size = 100000000, columns = {places})"
        )
    connection.execute("CREATE TABLE raw AS " + " UNION ALL BY NAME ".join(parts))
    return dict.fromkeys(columns, tuple(_FORMS))


class _Header(NamedTuple):
    """The header of a CSV file: its separator, its line ending, and the names of the columns."""

    separator: str
    line_end: str
    columns: list[str]


def _header(name: str) -> _Header:
    try:
        with Path(name).open("rb") as file:
            line = file.readline()
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataInvalid(f"{_titles([name])} is not UTF-8", hint="convert the file to UTF-8 first") from None
    except (OSError, EOFError) as error:
        raise DataInvalid(f"{_titles([name])} cannot be read: {error}", hint="repair or exclude the file") from None
    if not text.strip():
        raise DataInvalid(
            f"{_titles([name])} is empty" if not line else f"the first line of {_titles([name])} is empty",
            hint="the first line of a CSV file has to be a header",
        )
    try:
        found = {mark: next(csv.reader([text], delimiter=mark)) for mark in _SEPARATORS}
    except csv.Error as error:
        raise DataInvalid(
            f"the first line of {_titles([name])} cannot be read: {str(error).partition(' - ')[0]}",
            hint="end each line with a line feed, and close each quote",
        ) from None
    separator = max(_SEPARATORS, key=lambda mark: len(found[mark]))
    columns = found[separator]
    if any(re.fullmatch(rf"{_INTEGER}|{_FORMS['float64'][0]}|{_FORMS['timestamp'][0]}", column) for column in columns):
        raise DataInvalid(
            f"the first line of {_titles([name])} has values instead of column names",
            hint="add a header, such as event_id,user_id,moment",
        )
    _check_names(columns, [name])
    return _Header(separator, "\\r\\n" if line.endswith(b"\r\n") else "\\n", columns)


# ---- JSON lines


def _json_text(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> dict[str, Sequence[str]]:
    """Store the members of JSON objects as strings in the table ``raw``, with columns c0, c1 and so on.

    Return the names of the columns, and the types to try for each.
    """
    for name in names:
        if Path(name).stat().st_size == 0:
            raise DataInvalid(f"{_titles([name])} is empty", hint="use a file with one JSON object per line")
    files = "[" + ", ".join(map(_quoted, names)) + "]"
    connection.execute(
        f"CREATE TABLE lines AS SELECT json FROM read_json_objects({files}, format = 'newline_delimited', "
        "maximum_object_size = 1000000000)"
    )
    other = connection.execute("SELECT json FROM lines WHERE json_type(json) <> 'OBJECT' LIMIT 1").fetchone()
    if other is not None:
        raise DataInvalid(
            f"{_titles(names)} has a line that is not a JSON object: {str(other[0])[:60]}",
            hint="write one object per line, as DataFrame.to_json(orient='records', lines=True) of pandas does",
        )
    found = connection.execute("SELECT DISTINCT unnest(json_keys(json)) FROM lines").fetchall()
    seen = [str(row[0]) for row in found]
    first = connection.execute("SELECT json_keys(json) FROM lines LIMIT 1").fetchone()
    order = [] if first is None else [str(key) for key in first[0]]
    columns = list(dict.fromkeys([*order, *sorted(seen)]))
    _check_names(columns, names)
    repeated = connection.execute(
        "SELECT json FROM lines WHERE len(list_distinct(json_keys(json))) < len(json_keys(json)) LIMIT 1"
    ).fetchone()
    if repeated is not None:
        raise DataInvalid(
            f"{_titles(names)} has an object with a duplicate key: {str(repeated[0])[:60]}", hint="remove one of the keys"
        )
    if not columns:
        raise DataInvalid(f"{_titles(names)} has no object with a key", hint="use a file with one JSON object per line")
    selected: list[str] = []
    forms: dict[str, Sequence[str]] = {}
    for place, column in enumerate(columns):
        at = DIALECT.text("/" + column.replace("~", "~0").replace("/", "~1"))
        kinds = {str(row[0]) for row in connection.execute(f"SELECT DISTINCT json_type(json, {at}) FROM lines").fetchall()}
        kinds -= {"None", "NULL"}
        # Strings are read as their content, numbers and bools as written; objects, arrays and mixed types are JSON.
        plain = kinds <= {"VARCHAR"} or kinds <= {"BIGINT", "UBIGINT", "DOUBLE"} or kinds <= {"BOOLEAN"}
        value = f"json ->> {at}" if plain else f"CASE WHEN json_type(json, {at}) <> 'NULL' THEN json -> {at} END"
        selected.append(f"{value} AS c{place}")
        forms[column] = _OF_STRINGS if kinds <= {"VARCHAR"} else tuple(_FORMS) if plain else ()
    connection.execute(f"CREATE TABLE raw AS SELECT {', '.join(selected)} FROM lines")
    connection.execute("DROP TABLE lines")
    return forms


# ---- Arrow


def arrow_rows(names: Sequence[str]) -> pyarrow.Table:
    """Return the rows of Arrow IPC files, in either format, memory-mapped. Columns are matched by name.

    Raises :class:`DataInvalid` for a file that is not Arrow, or has columns of other types than the files before it.
    """
    import pyarrow as pa

    tables: list[pyarrow.Table] = []
    for name in names:
        try:
            with pa.memory_map(name) as mapped:
                start = mapped.read(6)
                mapped.seek(0)
                if start != b"ARROW1":
                    mapped.seek(max(0, mapped.size() - 8))
                    if mapped.read() != _END_OF_STREAM:
                        raise pa.ArrowInvalid("the stream has no end")
                    mapped.seek(0)
                reader = pa.ipc.open_file(mapped) if start == b"ARROW1" else pa.ipc.open_stream(mapped)
                tables.append(reader.read_all())
        except (pa.ArrowException, OSError) as error:
            raise DataInvalid(
                f"{_titles([name])} cannot be read as Arrow: {error}",
                hint="use a file written by pyarrow.feather or pyarrow.ipc",
            ) from None
    try:
        return from_arrow(pa.concat_tables(tables, promote_options="default"))
    except pa.ArrowException as error:
        raise DataInvalid(
            f"{_titles(names)} have columns of different types: {error}",
            hint="write the files with the same type for each column",
        ) from None


#: The end marker of a complete stream.
_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"


# ---- messages


def _check_names(columns: Sequence[str], names: Sequence[str]) -> None:
    """Check that column names are not empty, and distinct apart from case, as DuckDB requires."""
    seen: dict[str, str] = {}
    for column in columns:
        if not column or column.casefold() in seen:
            other = seen.get(column.casefold())
            what = (
                "a column without a name"
                if other is None
                else f"two columns {other!r} and {column!r}, which differ only in case"
            )
            raise DataInvalid(f"{_titles(names)} has {what}", hint="give each column a distinct name")
        seen[column.casefold()] = column


def _failure(error: Exception, names: Sequence[str]) -> DataInvalid:
    """Return the error for files that cannot be read: DuckDB's message about the first row, without its advice."""
    text = str(error)
    lines = [line.strip() for line in text.partition("Possible")[0].partition("LINE 1:")[0].splitlines() if line.strip()]
    named = next((name for name in names if name in text), None)
    said = "; ".join(lines[:3])
    for place in (f": {named}", f' in file "{named}"', f' file "{named}"'):
        said = said.replace(place, "")
    said = re.sub(r"^(?:\w+ )+Error: ", "", said).partition(" Try ")[0]
    hint = "repair or exclude the file; nothing was loaded"
    if "not utf-8 encoded" in text:
        hint = "convert the file to UTF-8 first"
    elif "Malformed JSON" in text:
        # DuckDB numbers the first line of JSON lines 2; tests/engines/test_rows_of_files.py holds it to that.
        said = re.sub(r"(?<=in line )\d+", lambda found: str(int(found[0]) - 1), said)
        hint = "write one JSON object a line, as `jq -c .` does, and `jq -c '.[]'` of an array; nothing was loaded"
    elif named is not None and _ends_lines_differently(named):
        said, hint = "its lines end in different ways", "end each line with a line feed, as `tr -d '\\r'` does"
    return DataInvalid(f"{_titles([named] if named else names)} cannot be read: {said}", hint=hint)


def _ends_lines_differently(name: str) -> bool:
    """Return whether lines at the start of a CSV file end with a line feed, and others with a carriage return before it."""
    with Path(name).open("rb") as file:
        start = file.read(_CHUNK)
    return len(set(re.findall(rb"\r\n|\n|\r(?!$)", start))) > 1


def _quoted(name: str) -> str:
    """Return the name of one file for DuckDB, with wildcard characters escaped."""
    return DIALECT.text(glob.escape(name))


def _titles(names: Sequence[str]) -> str:
    shown = ", ".join(repr(Path(name).name) for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
