"""DuckDB: files, tables in memory, databases and connections of the user's own."""

from __future__ import annotations

import glob
import logging
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from objectiv_local.dialects.duckdb import DIALECT
from objectiv_local.engines import process
from objectiv_local.engines.base import qualified, split_name, storage_names, unused_table_name
from objectiv_local.engines.coerce import Coercion
from objectiv_local.engines.duckdb import parquet
from objectiv_local.engines.duckdb.catalogue import CATALOGUE, rank
from objectiv_local.engines.duckdb.confining import confine, follow_progress, text, without_wrong
from objectiv_local.engines.duckdb.running import interruptible, translated
from objectiv_local.engines.secrets import hide
from objectiv_local.engines.session import Session
from objectiv_local.errors import DataInvalid, InvalidValue, ObjectivError, QueryFailed, ReadOnly, TableNotFound, near
from objectiv_local.plan.relation import Relation, Schema, StoredTable
from objectiv_local.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
    from pathlib import Path

    import duckdb
    import pyarrow

    from objectiv_local.engines.duckdb.files import Files, Listing, Reach
    from objectiv_local.engines.duckdb.parquet import Described
    from objectiv_local.types import Type

T = TypeVar("T")

logger = logging.getLogger(__name__)

#: Settings of the connections that we open. Python variables must not be read as tables.
_SETTINGS = {"TimeZone": "UTC", "default_null_order": "postgres", "python_enable_replacements": "false"}


#: Statement types that read. A SELECT that writes is rejected by its read-only transaction.
_READING = frozenset({"SELECT", "EXPLAIN"})

#: Statement types that change only the connection and its temporary tables when run in a read-only transaction.
_TEMPORARY = _READING | {"CREATE", "INSERT", "UPDATE", "DELETE", "DROP", "ALTER", "SET", "PRAGMA"}


#: Types that are loaded as strings, with their cast.
_CHECKED = {"uuid": "{}::uuid", "json": "{}::json", "numeric_interval": "translate({}, '{{}}', '[]')::double[]"}


class DuckDBEngine(Session):
    """A DuckDB connection.

    ``owned`` is whether the connection belongs to the engine. A connection that the user opened keeps its settings (ours
    apply only while one of our statements runs) and stays open when the engine is closed. Statements run on the connection
    itself instead of a cursor, because cursors do not see temporary tables or registered frames.
    """

    dialect = "duckdb"

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        description: str,
        *,
        read_only: bool = True,
        default_table: str | None = None,
        files: Files | None = None,
        aliases: frozenset[str] = frozenset(),
        owned: bool = True,
        statement_timeout: float | None = None,
        keep: object = None,
        reach: Reach | None = None,
        secret: str | None = None,
    ) -> None:
        super().__init__(description, default_table=default_table, read_only=read_only)
        self._connection = connection
        self.files = files
        self._noticed: set[str] = set()
        self._last: tuple[Listing, Described] | None = None
        self._snapshot_files: Listing | None = None
        self._aliases = aliases
        self._owned = owned
        self.kept = keep
        self._secret = secret
        #: Whether queries can read nothing but the target.
        self.is_confined = reach is not None
        self.reopen: Callable[[], DuckDBEngine] | None = None
        self._begun = False
        self._created: list[str] = []
        self._registered: list[str] = []
        timeout = {} if statement_timeout is None else {"max_execution_time": str(max(1, round(statement_timeout * 1000)))}
        #: Settings that a user's connection gets while one of our statements runs.
        self._pins = {} if owned else {"TimeZone": "UTC"} | timeout
        if owned:
            self._finalizer = weakref.finalize(self, _close_quietly, connection)
            for name, value in (_SETTINGS | timeout | {"disabled_optimizers": without_wrong("")}).items():
                connection.execute(f"SET {name} = {text(value)}")
            follow_progress(connection)
            if reach is not None:
                confine(connection, reach)

    def register(self, name: str, table: pyarrow.Table) -> None:
        """Make an Arrow table readable under ``name``, in place: its rows are not copied."""
        self._run(lambda: self._connection.register(name, table), "")
        self._registered.append(name)

    def view(self, name: str, address: str) -> None:
        """Create a view ``name`` of the Parquet files at an address, so that statements do not contain the address."""
        self._run(lambda: self._execute(f"CREATE TEMPORARY VIEW {qualified(name)} AS FROM read_parquet({text(address)})"), "")

    def parquet(self, parts: Sequence[str], types: Mapping[str, Type]) -> StoredTable:
        """Return the columns of Parquet files; see :meth:`ParquetEngine.parquet`."""
        with self._turn():
            return parquet.described(self._fetch, Relation("parquet", tuple(parts), folders=False)).stored

    def text(self, path: str) -> str | None:
        """Return the content of a text file; see :meth:`ParquetEngine.text`."""
        with self._turn():
            if not self._fetch(f"SELECT file FROM glob({text(path)})"):
                return None
            return str(self._fetch(f"SELECT content FROM read_text({text(path)})")[0][0])

    def pattern(self, path: str) -> str:
        """Return the pattern of one path; see :meth:`ParquetEngine.pattern`."""
        return glob.escape(path)

    def write_parquet(self, path: Path, sql: str, names: Sequence[str]) -> None:
        """Write the result of a query to a new Parquet file; see :meth:`FileEngine.write_parquet`."""
        with self._turn():
            # A statement may rename a column if two differ only in case.
            rows = f"FROM (\n{sql}\n) AS rows ({', '.join(map(qualified, names))})"
            copy = f"COPY ({rows}) TO {text(str(path))} (FORMAT parquet, COMPRESSION zstd)"
            self._run(lambda: self._execute(copy), copy)

    # ---- the life of the connection

    @property
    def _repeatable(self) -> bool:
        return self.reopen is not None

    def _connected(self) -> bool:
        return True  # it lasts until the process ends or it is closed

    def _reopen(self) -> None:
        assert self.reopen is not None
        self._connection = self.reopen().handed_over()
        self._finalizer = weakref.finalize(self, _close_quietly, self._connection)
        self._begun = False

    def handed_over(self) -> duckdb.DuckDBPyConnection:
        """Return the connection to another engine, which is then responsible for closing it."""
        self._finalizer.detach()
        self._closed = True
        return self._connection

    def _abandon(self) -> None:
        # DuckDB's threads do not exist in the child, and closing the connection would wait for them.
        if self._owned:
            self._finalizer.detach()
        process.keep(self._connection)

    def _recover(self) -> None:
        if self._begun and not self._snapshots:
            with suppress(ObjectivError):
                self._run(lambda: self._execute("ROLLBACK"), "ROLLBACK")
            self._begun = False

    @property
    def is_local(self) -> bool:
        """Whether rows are read on this machine; connections that the user opened count as local."""
        return self._secret is None and (self.files is None or not any("://" in part for part in self.files.parts))

    def _interrupt(self) -> None:
        self._connection.interrupt()

    # ---- statements

    def arrow(self, sql: str, schema: Schema) -> pyarrow.Table:
        """Return all rows of a query, in the types of the schema."""
        import pyarrow as pa

        from objectiv_local.engines.coerce import arrow_schema

        coercion = Coercion(schema)
        with self._turn(), self._pinned():
            self._check(sql)
            # Batches smaller than DuckDB's default keep long strings within the 2 GB of an Arrow string array.
            table = self._run(lambda: self._connection.sql(sql).to_arrow_table(131_072), sql)
        return pa.Table.from_batches([coercion.batch(batch) for batch in table.to_batches()], arrow_schema(schema))

    def _rows(self, sql: str, schema: Schema, batch_rows: int, progress: Progress) -> Generator[pyarrow.RecordBatch | None]:
        coercion = Coercion(schema)
        with self._pinned():
            reader: pyarrow.RecordBatchReader | None = None
            drained = False
            try:
                self._check(sql)
                reader = self._run(lambda: self._connection.sql(sql).to_arrow_reader(batch_rows), sql, progress)
                yield None
                while (batch := self._run(lambda: next(reader, None), sql, progress)) is not None:
                    if batch.num_rows:
                        yield coercion.batch(batch)
                drained = True
            finally:
                # The connection accepts no other statement before the reader is closed, and closing waits for a query
                # that is still running.
                if reader is not None:
                    if not drained:
                        self._connection.interrupt()
                    reader.close()
                progress.close()

    def execute(self, sql: str) -> None:
        """Run a statement and discard its result.

        On a user's read-only connection, it has to be a single statement, and it can write only temporary tables.
        """
        with self._turn(), self._pinned():
            # DuckDB rejects writes to permanent tables only inside a read-only transaction.
            self._check(sql, _TEMPORARY if self._begun else _READING)
            self._run(lambda: self._execute(sql), sql)

    def _execute(self, sql: str) -> None:
        result = self._connection.sql(sql)
        if result is not None:
            result.fetchall()

    def explain(self, sql: str) -> str:
        """Return the engine's own plan of a query, as text."""
        with self._turn(), self._pinned():
            self._check(sql)
            rows = self._run(lambda: self._connection.sql(f"EXPLAIN {sql}").fetchall(), sql)
        text = "\n".join(str(row[-1]) for row in rows)
        return text if self._secret is None else hide(self._secret, text)

    def _progress(self) -> Progress:
        progress = Progress()
        progress.count = self._connection.query_progress  # in percent; -1 if unknown
        return progress

    def _run(self, action: Callable[[], T], sql: str, progress: Progress | None = None) -> T:
        import duckdb
        import pyarrow as pa

        def translating() -> T:
            try:
                return action()
            except (duckdb.Error, pa.ArrowException, OSError) as error:
                message = str(error) if self._secret is None else hide(self._secret, str(error))
                failure = translated(message, self.description, sql)
            if isinstance(failure, TableNotFound):
                raise self._missing(failure.what) or failure
            raise failure

        # Translated inside, so that exceptions of signal handlers, such as TimeoutError, are not translated.
        return interruptible(translating, self._connection.interrupt, progress or self._progress(), last=progress is None)

    @contextmanager
    def _pinned(self) -> Generator[None]:
        """Apply our settings to a user's connection for one statement."""
        if not self._pins:
            yield
            return
        names = [*self._pins, "disabled_optimizers"]
        listed = ", ".join(f"current_setting('{name}')::varchar" for name in names)
        # An unread result of the user is an error here; execute() would discard it.
        *values, transaction = self._fetch(f"SELECT {listed}, txid_current()")[0]
        found = dict(zip(names, map(str, values), strict=True))
        wanted = self._pins | {"disabled_optimizers": without_wrong(found["disabled_optimizers"])}
        changed = [name for name in names if found[name] != wanted[name]]
        try:
            with self._reading([_set(name, wanted[name]) for name in changed], transaction):
                yield
        finally:
            # A user's failed transaction accepts no more statements.
            with suppress(QueryFailed):
                self._control([_set(name, found[name]) for name in changed])

    @contextmanager
    def _reading(self, settings: list[str], transaction: object) -> Generator[None]:
        """Apply settings, and run the statement in a read-only transaction if the connection is read-only.

        A query can also write, in a WITH clause. A transaction that the user began is used unchanged.
        """
        if not self.read_only or self._snapshots or self._in_transaction(transaction):
            self._control(settings)
            yield
            return
        try:
            self._begin(*settings, "BEGIN TRANSACTION READ ONLY")
            yield
        except BaseException:
            self._recover()
            raise
        self._end_snapshot()

    def _begin(self, *statements: str) -> None:
        self._begun = True  # set first, because an exception may be raised at any point
        self._control(statements)

    def _control(self, statements: Sequence[str]) -> None:
        """Run statements that return no rows, all at once."""
        if statements:
            text = "; ".join(statements)
            self._run(lambda: self._connection.execute(text), text)

    def _in_transaction(self, before: object = None) -> bool:
        """Return whether the user began a transaction. Trying to begin another one would abort it.

        Outside of one, each statement is a transaction; ``before`` is that of the last statement, if known.
        """
        asked = "SELECT txid_current()"
        before = self._fetch(asked)[0][0] if before is None else before
        return bool(before == self._run(lambda: self._connection.execute(asked).fetchall(), asked)[0][0])

    def _check(self, sql: str, kinds: frozenset[str] = _READING) -> None:
        """Check that the SQL is a single reading statement, on a user's read-only connection.

        A second statement could end the transaction of the first one, and DuckDB allows a read-only transaction to write
        files and attach databases.
        """
        if self._owned or not self.read_only:
            return
        found = self._statements(sql)
        if len(found) != 1 or found[0] not in kinds:
            raise ReadOnly(
                f"a single reading statement is expected, but the SQL is {' and '.join(found) or 'empty'}",
                hint="connect(..., read_only=False) allows others; temporary tables are always allowed",
            )

    def _statements(self, sql: str) -> list[str]:
        """Return the types of the statements in a string."""
        found = self._run(lambda: self._connection.extract_statements(sql), sql)
        return [statement.type.name for statement in found]

    # ---- tables

    def table(self, name: str, *, lasting: bool = False) -> StoredTable:
        """Return the columns, types and key of the table ``name`` or ``schema.name``, without reading its rows.

        Raises :class:`TableNotFound` with similar names.
        """
        with self._turn():
            if self.files is not None and name.casefold() in self._aliases:
                return self._files_now(self.files, anew=True).stored
            parts = split_name(name)
            rows = self._run(lambda: self._connection.sql(CATALOGUE.format(name=text(parts[-1]))).fetchall(), "")
            hidden = lasting and len(parts) == 1 and any(row[0] == "temp" for row in rows)
            rows = [row for row in rows if not lasting or row[0] != "temp"]
            best = min(
                (row for row in rows if rank(parts, row) is not None), key=lambda row: rank(parts, row) or 0, default=None
            )
            if best is None:
                raise TableNotFound(f"there is no table {name!r} in {self.description}", hint=near(name, self.tables()))
        spelled = tuple(best[position] for position in range(3)) if len(parts) == 3 or hidden else (*parts[:-1], best[2])
        return StoredTable(
            Relation("table", spelled, temporary=best[0] == "temp" and best[2] in self.temporary),
            tuple(zip(best[3], best[4], strict=True)),
            tuple(best[5] or ()),
            _row_id(best[3]) if best[8] else (),
        )

    def place(self, name: str) -> tuple[str, ...]:
        """Return the qualified name of a permanent table; see :meth:`Engine.place`."""
        parts = split_name(name)
        if len(parts) > 1 and parts[0].casefold() == "temp":
            raise InvalidValue(
                f"{name!r} is in a schema for temporary tables",
                hint="create a temporary table with df.materialize(materialization='temp_table')",
            )
        if len(parts) > 1:
            return parts
        with self._turn():
            current = self._fetch("SELECT current_database(), current_schema()")[0]
        return (*map(str, current), *parts)

    def _places(self) -> list[tuple[str, ...]]:
        if self.files is not None:
            return [(alias,) for alias in sorted(self._aliases)]
        rows = self._run(
            lambda: self._connection.sql(
                "SELECT DISTINCT database_name, schema_name, table_name, database_name IN (current_database(), 'temp'), "
                "schema_name = current_schema() FROM duckdb_columns() WHERE NOT internal ORDER BY ALL"
            ).fetchall(),
            "",
        )
        return [
            ((table,) if here and current else (schema, table) if here else (database, schema, table))
            for database, schema, table, here, current in rows
        ]

    def check_files(self) -> None:
        """Check that the files of the engine are Parquet. Raises :class:`DataInvalid`."""
        if self.files is None:
            return
        try:
            self._fetch(f"DESCRIBE SELECT * FROM {DIALECT.relation(Relation('parquet', self.files.parts))}")
        except QueryFailed as error:
            # A damaged description of the columns causes errors of many kinds.
            if not error.what.startswith("the query failed"):
                raise
            damaged = DataInvalid(f"a Parquet file is damaged: {error.what}", hint="copy or write the file again")
        else:
            return
        raise damaged

    def current(self, stored: StoredTable) -> StoredTable:
        """Return the current files; see :meth:`Engine.current`."""
        if self.files is None or stored.relation.kind != "parquet":
            return stored
        with self._turn():
            return self._files_now(self.files).as_before(stored)

    def _files_now(self, files: Files, *, anew: bool = False) -> Described:
        """Return the columns of the files. They are described again only if a file has changed since, or with ``anew``."""
        listing = files.listing()
        if self._snapshots:
            if self._snapshot_files not in (None, listing):
                raise DataInvalid(
                    f"the files of {self.description} changed while they were read for one result", hint="run the query again"
                )
            self._snapshot_files = listing
        if self._last is not None and self._last[0].states and not listing.states:
            raise TableNotFound(
                f"the file {files.parts[0]!r} was moved or deleted after it was opened",
                hint="open the file at its new location",
            )
        if self._last is not None and self._last[0] != listing:
            self._last = None
            self.changes += 1
        if self._last is None or anew:
            described = parquet.described(self._fetch, Relation("parquet", listing.parts))
            for notice in described.notices:
                if notice not in self._noticed:
                    self._noticed.add(notice)
                    logger.warning("%s: %s", self.description, notice)
            self._last = (listing, described)
        return self._last[1]

    def _temporary(self, name: str) -> StoredTable:
        """Return the columns of a temporary table."""
        columns = tuple((str(row[0]), str(row[1])) for row in self._fetch(f"DESCRIBE SELECT * FROM {qualified(name)}"))
        # A table that was registered instead of created is a view, which has no row ids.
        row_id = _row_id(column for column, _ in columns) if name in self._created else ()
        return StoredTable(Relation("table", (name,), temporary=True), columns, row_id=row_id)

    def _fetch(self, sql: str) -> list[tuple[object, ...]]:
        return self._run(lambda: self._connection.sql(sql).fetchall(), sql)

    def load(self, name: str, table: pyarrow.Table, schema: Schema) -> StoredTable:
        """Store the rows of an Arrow table for the life of the connection, and return their location.

        Columns are stored in the types in which results arrive; see :meth:`Engine.load`.
        """
        from objectiv_local.engines.ingest import for_storage

        names = storage_names(schema)
        stored = for_storage(table, schema, names)
        with self._turn():
            found = self._unused(name)
            self.temporary.add(found)
            kinds = {column: type_.name for column, (_, type_) in zip(names, schema, strict=True)}
            if _CHECKED.keys().isdisjoint(kinds.values()):
                self.register(found, stored)
            else:
                # Values are checked once, here, instead of by every query.
                casts = [
                    _CHECKED[kind].format(qualified(column)) + f" AS {qualified(column)}"
                    if kind in _CHECKED
                    else qualified(column)
                    for column, kind in kinds.items()
                ]
                source = self._unused(f"{found}_as_text")
                self._run(lambda: self._connection.register(source, stored), "")
                try:
                    self._create(found, f"SELECT {', '.join(casts)} FROM {qualified(source)}")
                finally:
                    self._run(lambda: self._connection.unregister(source), "")
            return self._temporary(found)

    def described(self, sql: str) -> StoredTable:
        """Return the columns and types of a query; see :meth:`Engine.described`."""
        body = sql.strip().rstrip(";")
        with self._turn(), self._pinned():
            found = self._statements(body)
            if found != ["SELECT"]:
                raise InvalidValue(
                    f"model has to be a single query, but the SQL is {' and '.join(found) or 'empty'}",
                    hint="run other statements on the connection first, and pass only the SELECT",
                )
            rows = self._run(lambda: self._connection.sql(f"DESCRIBE {body}").fetchall(), sql)
        columns = tuple((str(row[0]), str(row[1])) for row in rows)
        seen: dict[str, str] = {}
        for name, _ in columns:
            folded = _without_case(name)
            if folded in seen:
                # DuckDB would return the first one for both names.
                raise InvalidValue(
                    f"the query has the columns {seen[folded]!r} and {name!r}, which are the same name in DuckDB",
                    hint="rename one of them in the query, with AS",
                )
            seen[folded] = name
        return StoredTable(Relation("query", (body,)), columns, ())

    def _transaction(self, statements: Sequence[str]) -> None:
        with self._pinned():
            try:
                self._begin("BEGIN")
                for statement in statements:
                    self._run(lambda sql=statement: self._execute(sql), statement)  # type: ignore[misc]
            except BaseException:
                self._recover()
                raise
            self._run(lambda: self._execute("COMMIT"), "")
            self._begun = False

    def _begin_snapshot(self) -> bool:
        if not self._owned and self._in_transaction():
            return False
        self._begin("BEGIN TRANSACTION READ ONLY" if self.read_only else "BEGIN")
        self._snapshot_files = None
        return True

    def _end_snapshot(self) -> None:
        try:
            self._control(["COMMIT"])
        except QueryFailed:
            self._control(["ROLLBACK"])  # a statement in it failed
        self._begun = False

    def create_table(self, relation_name: str, sql: str, *, temporary: bool = True, replace: bool = False) -> StoredTable:
        """Store the result of a query as a table and return its location; see :meth:`Engine.create_table`."""
        if not temporary:
            self._require_writable(relation_name)
            words = "CREATE OR REPLACE TABLE" if replace else "CREATE TABLE"
            with self._turn(), self._pinned():
                name = qualified(*self.place(relation_name))
                self._run(lambda: self._execute(f"{words} {name} AS\n{sql}"), sql)
                self.changes += 1
                return self.table(relation_name, lasting=True)
        with self._turn(), self._pinned():
            self._check(sql)
            found = self._unused(relation_name)
            self.temporary.add(found)
            self._create(found, sql)
            return self._temporary(found)

    def drop_temporary(self, stored: StoredTable) -> None:
        """Drop a temporary table; see :meth:`Engine.drop_temporary`."""
        name = stored.relation.parts[-1]
        with self._turn(), self._pinned():
            self._run(lambda: self._execute(f"DROP TABLE IF EXISTS temp.{qualified(name)}"), "")
            self._created.remove(name)
            self.temporary.discard(name)

    def _create(self, name: str, sql: str) -> None:
        self._run(lambda: self._execute(f"CREATE TEMPORARY TABLE {qualified(name)} AS\n{sql}"), sql)
        self._created.append(name)

    def _unused(self, name: str) -> str:
        rows = self._run(
            lambda: self._connection.sql("SELECT lower(table_name) FROM duckdb_columns() GROUP BY ALL").fetchall(), ""
        )
        return unused_table_name(name, {row[0] for row in rows} | self._gone)

    def _close(self) -> None:
        if self._owned:
            self._finalizer()
            return
        with suppress(Exception):  # the user may already have closed the connection
            for name in self._created:
                self._connection.execute(f"DROP TABLE IF EXISTS temp.{qualified(name)}")
            for name in self._registered:
                self._connection.unregister(name)


def _without_case(name: str) -> str:
    """Return a name in the form in which the engine compares it: ASCII letters in lower case."""
    return name.encode().lower().decode()


def _set(name: str, value: str) -> str:
    return f"SET {name} = {text(value)}"


def _row_id(columns: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the columns that identify a row of a table with the given columns."""
    return () if "rowid" in map(str.lower, columns) else (("rowid", "BIGINT"),)


def _close_quietly(connection: duckdb.DuckDBPyConnection) -> None:
    with suppress(Exception):
        connection.close()
