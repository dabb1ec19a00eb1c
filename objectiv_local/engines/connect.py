"""Finding out what a target is, and connecting to it once."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import tempfile
import threading
import uuid
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from objectiv_local.arguments import checked
from objectiv_local.engines import ingest
from objectiv_local.engines.base import Engine
from objectiv_local.engines.duckdb.files import Files, Reach, files_in, reach
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

    from objectiv_local.engines.duckdb.engine import DuckDBEngine

Config = dict[str, str | bool | int | float | list[str]]

_POSTGRES_SCHEMES = ("postgresql://", "postgres://")
_LIBPQ_VARIABLES = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE")
_LIBPQ_KEYWORDS = frozenset((
    "host hostaddr port dbname user password passfile service servicefile options application_name client_encoding "
    "fallback_application_name connect_timeout keepalives keepalives_idle keepalives_interval keepalives_count replication "
    "tcp_user_timeout gssencmode gssdelegation gsslib krbsrvname require_auth require_peer requirepeer channel_binding sslmode "
    "sslnegotiation requiressl sslcompression sslcert sslkey sslpassword sslcertmode sslkeylogfile sslrootcert sslcrl sslsni "
    "sslcrldir ssl_min_protocol_version ssl_max_protocol_version min_protocol_version max_protocol_version load_balance_hosts "
    "target_session_attrs scram_client_key scram_server_key oauth_issuer oauth_client_id oauth_client_secret oauth_scope"
).split())
_REMOTE = ("http", "https", "s3", "s3a", "gs", "gcs", "r2", "az", "azure", "abfss", "hf")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_DATABASE_SUFFIXES = (".duckdb", ".ddb", ".db")

#: The longest time that a query may take on every engine: Postgres counts milliseconds in 32 bits.
_MOST_SECONDS = 2_147_483

_TARGETS = ("a Parquet file, directory or pattern, a .duckdb file, a postgresql:// address, a libpq connection string, "
            "an open DuckDB connection, or a pandas, polars or Arrow table")

_open: weakref.WeakValueDictionary[tuple[object, ...], Engine] = weakref.WeakValueDictionary()
_lock = threading.RLock()


def _forked() -> None:
    # A thread of the parent may have held it, and that thread does not exist here to release it.
    global _lock  # noqa: PLW0603
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


@checked
def connect(target: object = None, *, read_only: bool = True, new: bool = False,
            statement_timeout: float | None = None, external_access: bool = False) -> Engine:
    """Return a connection to ``target``.

    ========================================================  =======================================================
    target                                                    what it gives
    ========================================================  =======================================================
    a Parquet file, a pattern such as ``'events/*.parquet'``  one table, ``data``
    a directory                                               one table, ``data``: all .parquet files in and below it
    a ``.duckdb`` or ``.db`` file                             the tables of the DuckDB database
    an open DuckDB connection                                 its tables, temporary ones too; it stays open
    a pandas or polars frame, a pyarrow table                 one table, ``data``, as it is now
    ``postgresql://...``, or text such as ``'dbname=events'``  the tables of the Postgres database
    None                                                      what the variable ``DSN`` says, else libpq's own
                                                              variables (``PGHOST``, ``PGSERVICE``, ...)
    an engine                                                 the engine itself, which keeps its settings
    ========================================================  =======================================================

    The same target gives the same connection as long as that is open and in use, unless ``new`` is true; a frame in
    memory that has changed counts as another one. ``statement_timeout`` is in seconds; without it, queries take as
    long as they take.

    With ``read_only`` no stored data can change; temporary tables are allowed. A lost connection, or one that a parent process
    opened, is reopened by the next statement unless a transaction or settings of yours were lost with it; frames that read
    lost temporary tables raise :class:`ConnectionFailed`. See docs/connections.md.

    In a directory, names that begin with a dot or an underscore are skipped, and a file that several links lead to is read
    once. The table has the columns of all files, matched by name, with missing values for files that lack one; the log says
    which files differ. A path that names an existing file is that file, even if it looks like a pattern. Frames read the files
    as they are when rows are fetched, and raise :class:`DataInvalid` if columns are gone or have other types by then.

    DuckDB reads only the target and loads no extensions, so that opening an untrusted database, whose views could read any
    file, is safe. ``external_access=True`` allows both, and so do remote addresses and your own DuckDB connection.

    Raises :class:`InvalidValue` for a target that is not understood and for settings that it cannot have,
    :class:`TableNotFound` for a file that is not
    there, :class:`DataInvalid` for a file that is not Parquet, and :class:`ConnectionFailed`, whose message never holds
    a password, for a database that cannot be reached.
    """
    if statement_timeout is not None and not 0 < statement_timeout <= _MOST_SECONDS:
        raise InvalidValue(f"statement_timeout is {statement_timeout}",
                           hint=f"give a number of seconds up to {_MOST_SECONDS:,}, or None")
    if target is None:
        target = _from_environment()
    if isinstance(target, Engine):
        given = {"read_only": not read_only and target.read_only, "new": new,
                 "statement_timeout": statement_timeout is not None, "external_access": external_access}
        for name, changes in given.items():
            if changes:
                raise InvalidValue(f"{name} cannot be set for {target.description}, which is connected already",
                                   hint="give connect() what to connect to, with the settings, in place of the engine")
        return target
    found = _resolved(target, read_only, statement_timeout, external_access)
    if not read_only and not found.is_writable:
        raise InvalidValue("read_only=False is for databases; Parquet files and tables in memory are only read",
                           hint="connect to a .duckdb file, a DuckDB connection or Postgres to write tables")
    key = (*found.key, read_only, statement_timeout, external_access)
    with _lock:
        engine = None if new else _open.get(key)
        if engine is None or engine.closed or not found.unchanged(engine):
            engine = found.make()
            if not new:
                _open[key] = engine
        return engine


@dataclass(frozen=True, slots=True)
class _Target:
    """What identifies a target, how to connect to it, and whether a connection still shows what it holds."""

    key: tuple[object, ...]
    make: Callable[[], Engine]
    unchanged: Callable[[Engine], bool] = lambda _: True
    is_writable: bool = True


def _from_environment() -> str:
    target = os.environ.get("DSN")
    if target:
        return target
    if any(os.environ.get(name) for name in _LIBPQ_VARIABLES):
        return "postgresql://"
    raise InvalidValue("there is nothing to connect to: no target was given, and neither DSN nor PGHOST, PGDATABASE or "
                       "PGSERVICE is set", hint=f"give {_TARGETS}")


def _resolved(target: object, read_only: bool, timeout: float | None, external: bool) -> _Target:
    if isinstance(target, os.PathLike):
        return _file(str(os.fspath(target)), read_only, timeout, external)
    if isinstance(target, str):
        # Addresses are often pasted with blanks around them.
        address = target.strip()
        if not address:
            raise InvalidValue("the text to connect to is empty", hint=f"give {_TARGETS}")
        if address.lower().startswith(_POSTGRES_SCHEMES):
            scheme, _, rest = address.partition("://")
            return _postgres(f"{scheme.lower()}://{rest}", read_only, timeout)
        if _is_conninfo(target):
            return _postgres(target, read_only, timeout)
        found = None
        # The message of the operating system, such as that a name is too long, would repeat the text.
        try:
            found = _file(address if _SCHEME.match(address) else target, read_only, timeout, external)
        except ObjectivError:
            raise
        except (OSError, ValueError):
            pass
        if found is None:
            raise InvalidValue("the text to connect to can be neither an address nor a file", hint=f"give {_TARGETS}")
        return found
    package, name = type(target).__module__.partition(".")[0], type(target).__name__
    if name == "DuckDBPyConnection":
        return _duckdb_connection(cast("duckdb.DuckDBPyConnection", target), read_only, timeout)
    if (package, name) in _TABLES:
        return _memory(target, f"{package} {name}", _TABLES[package, name](target), timeout, external)
    raise InvalidType(f"cannot connect to a value of type {type(target).__name__}", hint=f"give {_TARGETS}")


# ---- Postgres


def _is_conninfo(text: str) -> bool:
    keyword = re.match(r"\s*(\w+)\s*=", text)
    return keyword is not None and keyword[1].lower() in _LIBPQ_KEYWORDS and not os.path.exists(text)  # noqa: PTH110 - no error


def _is_ambiguous(text: str) -> bool:
    """Return whether a password was not escaped, so that part of it would be read as a host, port or database."""
    authority, _, rest = text.partition("://")[2].partition("?")[0].partition("/")
    return authority.count("@") > 1 or "@" in rest


def _postgres(text: str, read_only: bool, timeout: float | None) -> _Target:
    try:
        import psycopg
        from psycopg import pq
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise NotSupported("Postgres needs the package psycopg",
                           hint="pip install 'objectiv-local[postgres]'") from None
    from objectiv_local.engines.postgres.engine import PostgresEngine

    parameters: dict[str, str] | None = None
    if not _is_ambiguous(text):
        with suppress(psycopg.Error):
            parameters = {name: str(value) for name, value in conninfo_to_dict(text).items() if value is not None}
    if parameters is None:
        # The driver's message may quote any part of the text, the password too.
        raise InvalidValue("the address of the Postgres server cannot be read",
                           hint="write postgresql://user:password@host:port/database, with special characters in user "
                                "and password as %40 and so on, or 'host=... dbname=... user=...'")
    defaults = {option.keyword.decode(): option.val.decode(errors="replace")
                for option in pq.Conninfo.get_defaults() if option.val is not None}
    settled = sorted((defaults | parameters).items())
    # Hashed, so that no password stays in the table of connections.
    fingerprint = hashlib.sha256(repr(settled).encode()).hexdigest()
    return _Target(("postgres", fingerprint),
                   lambda: PostgresEngine(parameters, read_only=read_only, statement_timeout=timeout))


# ---- files


def _file(text: str, read_only: bool, timeout: float | None, external: bool) -> _Target:
    text = re.sub(r"^file:(?://(?:localhost)?)?(?=/)", "", text, flags=re.IGNORECASE)
    scheme = _SCHEME.match(text)
    if scheme is not None:
        if scheme[1].lower() not in _REMOTE:
            raise NotSupported(f"cannot connect to an address that starts with {scheme[0]}", hint=f"give {_TARGETS}")
        # Hashed, so that no password stays in the table of connections.
        identity = hashlib.sha256(text.encode()).hexdigest()
        shown = without_secrets(text)
        return _parquet(identity, Files((text,)), shown, frozenset({"data"}), timeout, None, secret=shown != text)
    # Absolute, so that the compiled SQL stands alone and a change of directory changes nothing.
    path = Path(text).expanduser().absolute()
    aliases = frozenset({"data", path.stem.casefold()})
    if path.suffix in _DATABASE_SUFFIXES and not path.is_dir():
        if read_only and not path.exists():
            raise _no_file(text, path)
        return _Target(("duckdb", path.resolve()), lambda: _duckdb_file(path, read_only, timeout, external))
    if path.is_dir():
        found = Files(files_in(path), path)
        return _parquet(path.resolve(), found, path.name, aliases, timeout, None if external else reach(path, found.parts))
    if path.exists():
        # An existing file: wildcard characters in its name are literal.
        found = Files((glob.escape(str(path)),))
        return _parquet(path.resolve(), found, path.name, aliases, timeout, None if external else reach(None, found.parts))
    if glob.has_magic(text):
        if next(glob.iglob(str(path), recursive=True), None) is None:  # noqa: PTH207 - pathlib takes no absolute pattern
            raise TableNotFound(f"no file matches {without_secrets(text)!r}", hint=f"relative names start at {Path.cwd()}")
        top = next(parent for parent in path.parents if not glob.has_magic(str(parent)))
        found = Files((str(path),))
        return _parquet(path, found, text, frozenset({"data"}), timeout, None if external else reach(top, found.parts))
    raise _no_file(text, path)


def _no_file(text: str, path: Path) -> TableNotFound:
    shown = without_secrets(text)
    if shown != text:
        return TableNotFound(f"there is no file {shown!r}", hint=f"if it is an address: give {_TARGETS}")
    if not path.parent.is_dir():
        return TableNotFound(f"there is no file {text!r}", hint=f"there is no directory {str(path.parent)!r} either")
    return TableNotFound(f"there is no file {text!r}", hint=f"in {str(path.parent)!r}: "
                         + near(path.name, sorted(other.name for other in path.parent.iterdir())))


def _parquet(identity: object, files: Files, title: str, aliases: frozenset[str],
             timeout: float | None, limits: Reach | None, *, secret: bool = False) -> _Target:
    from objectiv_local.engines.duckdb.engine import DuckDBEngine

    open_files = None if secret else files
    address = files.parts[0] if secret else None

    def make() -> DuckDBEngine:
        engine = DuckDBEngine(_in_process(), f"DuckDB over {title}", default_table="data", aliases=aliases,
                              files=open_files, statement_timeout=timeout, reach=limits, secret=address)
        try:
            if address is not None:
                engine.view("data", address)  # the address stays in the connection, and out of statements
            engine.check_files()  # so that a file that is not Parquet fails here, not in the first query
        except BaseException:
            engine.close()
            raise
        engine.reopen = make
        return engine

    return _Target(("parquet", identity), make, lambda engine: getattr(engine, "files", None) == open_files, is_writable=False)


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


def _in_process() -> duckdb.DuckDBPyConnection:
    import duckdb

    return duckdb.connect(":memory:", config=_spill(uuid.uuid4().hex))


def _duckdb_file(path: Path, read_only: bool, timeout: float | None, external: bool) -> Engine:
    import duckdb

    from objectiv_local.engines.duckdb.engine import DuckDBEngine

    if not external and not _is_duckdb(path):
        raise DataInvalid(f"{str(path)!r} is not a DuckDB database", hint=f"give {_TARGETS}")
    # Connections to one file share a database object, and must use the same settings.
    spill = _spill(f"{os.getpid()}_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:32]}")
    try:
        connection = duckdb.connect(path, read_only=read_only, config=spill | ({} if external else _NO_EXTENSIONS))
    except duckdb.Error as error:
        message = str(error).partition(" Error: ")[2].strip()
    else:
        engine = DuckDBEngine(connection, f"DuckDB over {path.name}", read_only=read_only, statement_timeout=timeout,
                              reach=None if external else Reach())
        if read_only:
            engine.reopen = lambda: _duckdb_file_in_child(path, timeout, external)
        return engine
    if "not a valid DuckDB database" in message:
        raise DataInvalid(f"{str(path)!r} is not a DuckDB database: {message}", hint=f"give {_TARGETS}")
    if "different configuration" in message:
        raise ConnectionFailed(f"{str(path)!r} is open in this process with other settings, such as another read_only",
                               hint="close that connection, or give it to connect() instead of the file's name")
    if "Could not set lock" in message:
        raise ConnectionFailed(f"{str(path)!r} is open for writing in another process: {message}",
                               hint="close it there; any number of processes may read")
    raise ConnectionFailed(f"cannot open {str(path)!r}: {message}")


def _duckdb_file_in_child(path: Path, timeout: float | None, external: bool) -> DuckDBEngine:
    """Open a file that the parent of this process had open.

    DuckDB would reuse the parent's database object, whose threads do not exist here; attaching the file opens a new one.
    """
    from objectiv_local.engines.duckdb.engine import DuckDBEngine

    connection = _in_process()
    name = '"' + path.stem.replace('"', '""') + '"'
    target = str(path).replace("'", "''")
    connection.execute(f"ATTACH '{target}' AS {name} (READ_ONLY)")
    connection.execute(f"USE {name}")
    return DuckDBEngine(connection, f"DuckDB over {path.name}", statement_timeout=timeout, reach=None if external else Reach())


def _duckdb_connection(connection: duckdb.DuckDBPyConnection, read_only: bool, timeout: float | None) -> _Target:
    import duckdb

    from objectiv_local.engines.duckdb.engine import DuckDBEngine

    def make() -> Engine:
        database = ""
        with suppress(duckdb.Error):
            database = str(connection.sql("SELECT current_database()").fetchall()[0][0])
        if not database:
            raise ConnectionFailed("the DuckDB connection is closed, or has an unread result",
                                   hint="open a connection with duckdb.connect(...) and read its results to their end")
        return DuckDBEngine(connection, f"DuckDB connection to {database}", read_only=read_only, owned=False,
                            statement_timeout=timeout)

    return _Target(("connection", id(connection)), make)


# ---- tables in memory

_TABLES: dict[tuple[str, str], Callable[[object], pyarrow.Table]] = {
    ("pandas", "DataFrame"): lambda frame: ingest.from_pandas(cast("pandas.DataFrame", frame)),
    ("polars", "DataFrame"): lambda frame: ingest.from_arrow(cast("polars.DataFrame", frame).to_arrow()),
    ("pyarrow", "Table"): lambda table: ingest.from_arrow(cast("pyarrow.Table", table)),
}


def _memory(target: object, title: str, table: pyarrow.Table, timeout: float | None, external: bool) -> _Target:
    from objectiv_local.engines.duckdb.engine import DuckDBEngine

    def make() -> DuckDBEngine:
        # The engine keeps the target, so that no other object gets its id while the engine is known under it.
        engine = DuckDBEngine(_in_process(), f"DuckDB over a {title}", default_table="data", statement_timeout=timeout,
                              keep=(target, table), reach=None if external else Reach())
        engine.register("data", table)
        engine.reopen = make
        return engine

    def unchanged(engine: Engine) -> bool:
        kept = engine.kept if isinstance(engine, DuckDBEngine) else None
        return isinstance(kept, tuple) and ingest.same_rows(kept[1], table)

    return _Target(("memory", id(target)), make, unchanged, is_writable=False)
