"""What DuckDB connects to: Parquet files, databases, open connections, and tables in memory."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import tempfile
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from objectiv_local.engines import ingest
from objectiv_local.engines.base import Engine, FileEngine, Settings, Target
from objectiv_local.engines.duckdb import snapshots
from objectiv_local.engines.duckdb.engine import DuckDBEngine
from objectiv_local.engines.duckdb.files import PARQUET, Files, Reach, files_in, reach
from objectiv_local.engines.duckdb.rows_of_files import SUFFIXES, arrow_rows, checked_dtypes, format_of, load, one_format
from objectiv_local.engines.secrets import without_secrets
from objectiv_local.errors import (
    ConnectionFailed,
    DataInvalid,
    InvalidType,
    InvalidValue,
    NotSupported,
    ObjectivError,
    TableNotFound,
    near,
)

if TYPE_CHECKING:
    import duckdb
    import pandas
    import polars
    import pyarrow

Config = dict[str, str | bool | int | float | list[str]]

#: What can be connected to, for messages.
TARGETS = (
    "a Parquet, CSV, JSON lines or Arrow file",
    "a directory, pattern or list of these",
    "a .duckdb file",
    "an open DuckDB connection",
    "a pandas, polars or Arrow table",
)

_REMOTE = ("http", "https", "s3", "s3a", "gs", "gcs", "r2", "az", "azure", "abfss", "hf")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_DATABASE_SUFFIXES = (".duckdb", ".ddb", ".db")


def target(given: object, settings: Settings) -> Target | None:
    """Return how to reach what DuckDB reads; None for what belongs to another engine.

    Any text that no other engine takes is the name of a file.
    """
    if isinstance(given, os.PathLike):
        return _file(str(os.fspath(given)), settings)
    if isinstance(given, str):
        # Addresses are often pasted with blanks around them.
        address = given.strip()
        # The message of the operating system, such as that a name is too long, would repeat the text.
        try:
            return _file(address if _SCHEME.match(address) else given, settings)
        except ObjectivError:
            raise
        except (OSError, ValueError):
            pass
        raise InvalidValue("the text to connect to can be neither an address nor a file", hint=settings.hint)
    if isinstance(given, list | tuple):
        return _listed(given, settings)
    package, name = type(given).__module__.partition(".")[0], type(given).__name__
    if name == "DuckDBPyConnection":
        return _duckdb_connection(cast("duckdb.DuckDBPyConnection", given), settings)
    if (package, name) in _TABLES:
        return _memory(given, f"{package} {name}", _TABLES[package, name](given), settings)
    return None


# ---- files


def _absolute(text: str, settings: Settings) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise TableNotFound(f"there is no file {text!r}: it names a user that is not known", hint=settings.hint) from None


def _file(text: str, settings: Settings) -> Target:
    text = re.sub(r"^file:(?://(?:localhost)?)?(?=/)", "", text, flags=re.IGNORECASE)
    scheme = _SCHEME.match(text)
    if scheme is not None:
        if scheme[1].lower() not in _REMOTE:
            raise NotSupported(f"cannot connect to an address that starts with {scheme[0]}", hint=settings.hint)
        # Hashed, so that no password stays in the table of connections.
        identity = hashlib.sha256(text.encode()).hexdigest()
        shown = without_secrets(text)
        return _parquet(identity, Files((text,)), shown, frozenset({"data"}), settings, None, secret=shown != text)
    # Absolute, so that the compiled SQL stands alone and a change of directory changes nothing.
    path = _absolute(text, settings)
    aliases = frozenset({"data", path.stem.casefold()})
    if path.suffix in _DATABASE_SUFFIXES and not path.is_dir():
        if settings.read_only and not path.exists():
            raise _no_file(text, path, settings)
        return Target(("duckdb", path.resolve()), lambda: _duckdb_file(path, settings), address=str(path))
    if path.is_dir() and (snapshot := snapshots.published(path)) is not None:
        return _snapshot(path, snapshot, settings)
    if path.is_dir():
        found = _in_directory(path)
        if found.suffixes != PARQUET:
            return _rows(path.resolve(), found, path.name, aliases, settings)
        limits = None if settings.external_access else reach(path, found.parts)
        return _parquet(path.resolve(), found, path.name, aliases, settings, limits)
    if path.exists():
        # An existing file: wildcard characters in its name are literal.
        found = Files((glob.escape(str(path)),))
        if format_of(path.name) != "parquet":
            stem = path.name.partition(".")[0].casefold()
            return _rows(path.resolve(), found, path.name, frozenset({"data", stem}), settings)
        limits = None if settings.external_access else reach(None, found.parts)
        return _parquet(path.resolve(), found, path.name, aliases, settings, limits)
    if glob.has_magic(text):
        names = sorted(glob.iglob(str(path), recursive=True))  # noqa: PTH207 - pathlib takes no absolute pattern
        if not names:
            raise TableNotFound(f"no file matches {without_secrets(text)!r}", hint=f"relative names start at {Path.cwd()}")
        top = next(parent for parent in path.parents if not glob.has_magic(str(parent)))
        found = Files((str(path),))
        if one_format(names, text) != "parquet":
            return _rows(path, found, text, frozenset({"data"}), settings)
        limits = None if settings.external_access else reach(top, found.parts)
        return _parquet(path, found, text, frozenset({"data"}), settings, limits)
    raise _no_file(text, path, settings)


def _listed(given: Sequence[object], settings: Settings) -> Target:
    """Return how to read the files of a list, as one table."""
    names = [str(os.fspath(each)) for each in given if isinstance(each, str | os.PathLike)]
    if len(names) < len(given) or not names:
        raise InvalidType("a list to connect to holds the names of files of one format", hint=settings.hint)
    paths = [_absolute(name, settings) for name in names]
    for name, path in zip(names, paths, strict=True):
        if not path.is_file():
            raise _no_file(name, path, settings)
    if len(set(paths)) < len(paths):
        raise InvalidValue("a list of files holds one of them twice", hint="name each file once")
    found = Files(tuple(glob.escape(str(path)) for path in paths))
    title = f"{len(paths)} files"
    if one_format(names, title) != "parquet":
        return _rows(tuple(paths), found, title, frozenset({"data"}), settings)
    limits = None if settings.external_access else reach(None, found.parts)
    return _parquet(tuple(paths), found, title, frozenset({"data"}), settings, limits)


def _in_directory(path: Path) -> Files:
    """Return the files of a directory: those of Parquet, or those of the one other format that it holds."""
    for suffixes in (PARQUET, tuple(suffix for suffix in SUFFIXES if suffix not in PARQUET)):
        try:
            found = Files(files_in(path, suffixes), path, suffixes)
        except TableNotFound:
            continue
        one_format(found.parts, path.name)
        return found
    raise TableNotFound(
        f"the directory {str(path)!r} holds no Parquet, CSV, JSON lines or Arrow file", hint="give the directory of a table"
    )


def _rows(identity: object, files: Files, title: str, aliases: frozenset[str], settings: Settings) -> Target:
    """Return how to read the rows of text files or Arrow files, which the connection then holds as they are now."""
    types = checked_dtypes(settings.dtypes)

    def make() -> DuckDBEngine:
        listing = files.listing()
        names = [str(name) for name, *_ in listing.states]
        kind = one_format(names, title)
        limits = None if settings.external_access else Reach()
        options: dict[str, Any] = {
            "default_table": "data",
            "aliases": aliases,
            "reach": limits,
            "statement_timeout": settings.statement_timeout,
        }
        if kind == "arrow":
            if types:
                raise InvalidValue(
                    "dtypes is for text files, and Arrow files have types of their own",
                    hint="pass all_dtypes to DataFrame.from_table, or use astype",
                )
            table = arrow_rows(names)
            engine = DuckDBEngine(_in_process(), f"DuckDB over {title}", keep=(listing, table), **options)
            engine.register("data", table)
        else:
            connection = _in_process()
            try:
                connection.execute("SET TimeZone = 'UTC'")
                load(connection, kind, names, types)
            except BaseException:
                connection.close()
                raise
            engine = DuckDBEngine(connection, f"DuckDB over {title}", keep=(listing,), **options)
        engine.reopen = make
        return engine

    def unchanged(engine: Engine) -> bool:
        kept = engine.kept if isinstance(engine, DuckDBEngine) else None
        return isinstance(kept, tuple) and kept[0] == files.listing()

    # A file that is read with other types than its values have cannot be reached by its name alone.
    return Target(
        ("rows", identity, tuple(sorted(types.items()))),
        make,
        unchanged,
        is_writable=False,
        is_text=True,
        address=str(identity) if isinstance(identity, Path) and not types else "",
    )


def _no_file(text: str, path: Path, settings: Settings) -> TableNotFound:
    shown = without_secrets(text)
    if shown != text:
        return TableNotFound(f"there is no file {shown!r}", hint=f"if it is an address: {settings.hint}")
    if not path.parent.is_dir():
        return TableNotFound(f"there is no file {text!r}", hint=f"there is no directory {str(path.parent)!r} either")
    return TableNotFound(
        f"there is no file {text!r}",
        hint=f"in {str(path.parent)!r}: " + near(path.name, sorted(other.name for other in path.parent.iterdir())),
    )


def _parquet(
    identity: object,
    files: Files,
    title: str,
    aliases: frozenset[str],
    settings: Settings,
    limits: Reach | None,
    *,
    secret: bool = False,
) -> Target:
    open_files = None if secret else files
    address = files.parts[0] if secret else None

    def make() -> DuckDBEngine:
        engine = DuckDBEngine(
            _in_process(),
            f"DuckDB over {title}",
            default_table="data",
            aliases=aliases,
            files=open_files,
            statement_timeout=settings.statement_timeout,
            reach=limits,
            secret=address,
        )
        try:
            if address is not None:
                engine.view("data", address)  # the address stays in the connection, and out of statements
            engine.check_files()  # so that a file that is not Parquet fails here, not in the first query
        except BaseException:
            engine.close()
            raise
        engine.reopen = make
        return engine

    return Target(
        ("parquet", identity),
        make,
        lambda engine: getattr(engine, "files", None) == open_files,
        is_writable=False,
        address=str(identity) if isinstance(identity, Path) and not secret else "",
    )


# ---- snapshots


def file_engine(directory: Path) -> FileEngine:
    """Return an engine that reads and writes files in and below a directory."""
    top = str(directory)
    return DuckDBEngine(_in_process(directory), f"DuckDB in {directory.name}", reach=Reach((), (top, glob.escape(top))))


def _snapshot(path: Path, published: snapshots.Published, settings: Settings) -> Target:
    def make() -> DuckDBEngine:
        top = str(path)
        limits = None if settings.external_access else Reach((), (top, glob.escape(top)))
        engine = DuckDBEngine(
            _in_process(),
            f"DuckDB over the snapshot {path.name}",
            default_table="data",
            keep=published,
            statement_timeout=settings.statement_timeout,
            reach=limits,
        )
        try:
            engine.execute(snapshots.view(published))
        except BaseException:
            engine.close()
            raise
        engine.reopen = make
        return engine

    def unchanged(engine: Engine) -> bool:
        return isinstance(engine, DuckDBEngine) and engine.kept == published

    return Target(("snapshot", path.resolve()), make, unchanged, is_writable=False, address=str(path))


# ---- DuckDB


_NO_EXTENSIONS: Config = {"autoload_known_extensions": False, "autoinstall_known_extensions": False}


def _is_duckdb(path: Path) -> bool:
    """Return whether the file is a DuckDB database, or empty or missing; for other files DuckDB looks for an extension."""
    try:
        with path.open("rb") as file:
            return file.read(12)[8:] in (b"DUCK", b"")
    except OSError:
        return True  # DuckDB raises its own error


def _spill(name: str) -> Config:
    """Return the setting for where DuckDB spills data that does not fit into memory.

    DuckDB's default is next to the file, or .tmp in the working directory. The directory is created when memory runs out and
    removed when the connection closes.
    """
    return {"temp_directory": str(Path(tempfile.gettempdir()) / f"objectiv_local_{name}")}


def _in_process(spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Return a new database in memory. What does not fit is written below the directory for temporary files, or ``spill``."""
    import duckdb

    name = uuid.uuid4().hex
    config: Config = _spill(name) if spill is None else {"temp_directory": str(spill / f".spill_{name}")}
    return duckdb.connect(":memory:", config=config)


def _duckdb_file(path: Path, settings: Settings) -> Engine:
    external = settings.external_access
    import duckdb

    if not external and not _is_duckdb(path):
        raise DataInvalid(f"{str(path)!r} is not a DuckDB database", hint=settings.hint)
    # Connections to one file share a database object, and must use the same settings.
    spill = _spill(f"{os.getpid()}_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:32]}")
    try:
        connection = duckdb.connect(path, read_only=settings.read_only, config=spill | ({} if external else _NO_EXTENSIONS))
    except duckdb.Error as error:
        message = str(error).partition(" Error: ")[2].strip()
    else:
        engine = DuckDBEngine(
            connection,
            f"DuckDB over {path.name}",
            read_only=settings.read_only,
            statement_timeout=settings.statement_timeout,
            reach=None if external else Reach(),
        )
        if settings.read_only:
            engine.reopen = lambda: _duckdb_file_in_child(path, settings)
        return engine
    if "not a valid DuckDB database" in message:
        raise DataInvalid(f"{str(path)!r} is not a DuckDB database: {message}", hint=settings.hint)
    if "different configuration" in message:
        raise ConnectionFailed(
            f"{str(path)!r} is open in this process with other settings, such as another read_only",
            hint="close that connection, or give it to connect() instead of the file's name",
        )
    if "Could not set lock" in message:
        raise ConnectionFailed(
            f"{str(path)!r} is open for writing in another process: {message}",
            hint="close it there; any number of processes may read",
        )
    raise ConnectionFailed(f"cannot open {str(path)!r}: {message}")


def _duckdb_file_in_child(path: Path, settings: Settings) -> DuckDBEngine:
    """Open a file that the parent of this process had open.

    DuckDB would reuse the parent's database object, whose threads do not exist here; attaching the file opens a new one.
    """
    connection = _in_process()
    name = '"' + path.stem.replace('"', '""') + '"'
    target = str(path).replace("'", "''")
    connection.execute(f"ATTACH '{target}' AS {name} (READ_ONLY)")
    connection.execute(f"USE {name}")
    return DuckDBEngine(
        connection,
        f"DuckDB over {path.name}",
        statement_timeout=settings.statement_timeout,
        reach=None if settings.external_access else Reach(),
    )


def _duckdb_connection(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Target:
    import duckdb

    def make() -> Engine:
        database = ""
        with suppress(duckdb.Error):
            database = str(connection.sql("SELECT current_database()").fetchall()[0][0])
        if not database:
            raise ConnectionFailed(
                "the DuckDB connection is closed, or has an unread result",
                hint="open a connection with duckdb.connect(...) and read its results to their end",
            )
        return DuckDBEngine(
            connection,
            f"DuckDB connection to {database}",
            read_only=settings.read_only,
            owned=False,
            statement_timeout=settings.statement_timeout,
        )

    return Target(("connection", id(connection)), make)


# ---- tables in memory

_TABLES: dict[tuple[str, str], Callable[[object], pyarrow.Table]] = {
    ("pandas", "DataFrame"): lambda frame: ingest.from_pandas(cast("pandas.DataFrame", frame)),
    ("polars", "DataFrame"): lambda frame: ingest.from_arrow(cast("polars.DataFrame", frame).to_arrow()),
    ("pyarrow", "Table"): lambda table: ingest.from_arrow(cast("pyarrow.Table", table)),
}


def _memory(target: object, title: str, table: pyarrow.Table, settings: Settings) -> Target:
    def make() -> DuckDBEngine:
        # The engine keeps the target, so that no other object gets its id while the engine is known under it.
        engine = DuckDBEngine(
            _in_process(),
            f"DuckDB over a {title}",
            default_table="data",
            statement_timeout=settings.statement_timeout,
            keep=(target, table),
            reach=None if settings.external_access else Reach(),
        )
        engine.register("data", table)
        engine.reopen = make
        return engine

    def unchanged(engine: Engine) -> bool:
        kept = engine.kept if isinstance(engine, DuckDBEngine) else None
        return isinstance(kept, tuple) and ingest.same_rows(kept[1], table)

    return Target(("memory", id(target)), make, unchanged, is_writable=False)
