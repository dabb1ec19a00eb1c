"""DuckDB: files, tables in memory, databases and connections of the user's own."""

from __future__ import annotations

import logging
import re
import threading
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from objectiv_local.dialects import duckdb as duckdb_dialect
from objectiv_local.engines import parquet
from objectiv_local.engines.base import Session, quoted, split_name, storage_names, unused_name
from objectiv_local.engines.coerce import Coercion
from objectiv_local.engines.duckdb_settings import (
    READING,
    TEMPORARY,
    Guest,
    check_kind,
    constant,
    in_transaction,
    kinds,
    set_up,
)
from objectiv_local.errors import (
    ConnectionFailed,
    DataInvalid,
    InvalidValue,
    ObjectivError,
    QueryFailed,
    ReadOnly,
    TableNotFound,
    near,
)
from objectiv_local.plan.relation import Relation, Schema, StoredTable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    import duckdb
    import pyarrow

    from objectiv_local.engines.parquet import Reach

T = TypeVar("T")

logger = logging.getLogger(__name__)

_CATALOGUE = """\
SELECT c.database_name, c.schema_name, c.table_name,
       list(c.column_name ORDER BY c.column_index), list(c.data_type ORDER BY c.column_index),
       (SELECT any_value(k.constraint_column_names)
        FROM duckdb_constraints() AS k
        WHERE k.constraint_type = 'PRIMARY KEY' AND k.database_name = c.database_name
          AND k.schema_name = c.schema_name AND k.table_name = c.table_name),
       current_database(), current_schemas(true)
FROM duckdb_columns() AS c
WHERE lower(c.table_name) = lower({name})
GROUP BY c.database_name, c.schema_name, c.table_name
"""


#: Types that are loaded as text, with their cast.
_CHECKED = {"uuid": "{}::uuid", "json": "{}::json", "numeric_interval": "translate({}, '{{}}', '[]')::double[]"}


class DuckDBEngine(Session):
    """A DuckDB connection.

    ``owned`` says whether the connection is the engine's own. A connection that the user opened keeps its settings
    (ours hold only while a statement of ours runs) and stays open when the engine is closed. Statements run on the
    connection itself and not on a cursor of it, because cursors do not see temporary tables or registered frames.
    """

    dialect = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection, description: str, *, read_only: bool = True,
                 default_table: str | None = None, files: Relation | None = None, aliases: frozenset[str] = frozenset(),
                 owned: bool = True, statement_timeout: float | None = None, keep: object = None,
                 reach: Reach | None = None) -> None:
        super().__init__(description, default_table=default_table, read_only=read_only)
        self._connection = connection
        self.files = files
        self._noticed: set[str] = set()
        self._aliases = aliases
        self._owned = owned
        self.kept = keep
        self._created: list[str] = []
        self._registered: list[str] = []
        timeout = {} if statement_timeout is None else {
            "max_execution_time": str(max(1, round(statement_timeout * 1000)))}
        self._settings = {"TimeZone": "UTC"} | timeout  # of a user's connection while a statement runs
        if owned:
            self._finalizer = weakref.finalize(self, _close_quietly, connection)
            set_up(connection, timeout, reach)

    def register(self, name: str, table: pyarrow.Table) -> None:
        """Make an Arrow table readable under ``name``, in place: its rows are not copied."""
        self._run(lambda: self._connection.register(name, table), "")
        self._registered.append(name)

    # ---- statements

    def arrow(self, sql: str, schema: Schema) -> pyarrow.Table:
        """Return all rows of a query, in the types of the schema."""
        import pyarrow as pa

        from objectiv_local.engines.coerce import arrow_schema

        coercion = Coercion(schema)
        with self._turn(), self._pinned():
            # Batches below DuckDB's own size keep long texts within the 2 GB that one Arrow text array can hold.
            table = self._run(lambda: self._query(sql).to_arrow_table(131_072), sql)
        return pa.Table.from_batches([coercion.batch(batch) for batch in table.to_batches()], arrow_schema(schema))

    def _rows(self, sql: str, schema: Schema, batch_rows: int) -> Generator[pyarrow.RecordBatch | None]:
        coercion = Coercion(schema)
        with self._pinned():
            reader: pyarrow.RecordBatchReader | None = None
            drained = False
            try:
                reader = self._run(lambda: self._query(sql).to_arrow_reader(batch_rows), sql)
                yield None
                while (batch := self._run(lambda: next(reader, None), sql)) is not None:
                    if batch.num_rows:
                        yield coercion.batch(batch)
                drained = True
            finally:
                # The connection takes no other statement before the reader is closed, and closing waits for a query
                # that still runs.
                if reader is not None:
                    if not drained:
                        self._connection.interrupt()
                    reader.close()

    def execute(self, sql: str) -> None:
        """Run a statement and drop what it returns."""
        with self._turn(), self._pinned():
            self._run(lambda: self._execute(sql, TEMPORARY), sql)

    def _execute(self, sql: str, allowed: frozenset[str] | None = None) -> None:
        result = self._connection.sql(sql) if allowed is None else self._query(sql, allowed)
        if result is not None:
            result.fetchall()

    def explain(self, sql: str) -> str:
        """Return the engine's own plan of a query, as text."""
        with self._turn(), self._pinned():
            rows = self._run(lambda: self._query(f"EXPLAIN {sql}").fetchall(), sql)
        return "\n".join(str(row[-1]) for row in rows)

    def _run(self, action: Callable[[], T], sql: str) -> T:
        import duckdb
        import pyarrow as pa

        try:
            return interruptible(action, self._connection.interrupt)
        except ObjectivError:
            raise  # some are OSErrors too
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            failure = translated(str(error), self.description, sql)
        raise failure

    @contextmanager
    def _pinned(self) -> Generator[None]:
        """Hold a user's connection at our settings for one statement."""
        if self._owned:
            yield
            return
        guest = Guest(self._connection)
        try:
            self._run(lambda: guest.enter(self._settings, reading=self.read_only and not self._snapshots), "")
            yield
        except BaseException:
            with suppress(ObjectivError):
                self._run(lambda: guest.leave(failed=True), "")
            raise
        self._run(lambda: guest.leave(failed=False), "")

    def _query(self, sql: str, allowed: frozenset[str] = READING) -> duckdb.DuckDBPyRelation:
        """Begin with a statement, which on a user's connection for reading has to be one of an allowed kind."""
        if self.read_only and not self._owned:
            check_kind(self._connection, sql, allowed)
        return self._connection.sql(sql)

    # ---- tables

    def table(self, name: str) -> StoredTable:
        """Return the columns, types and key of the table ``name`` or ``schema.name``, without reading its rows.

        Raises :class:`TableNotFound` with near names.
        """
        with self._turn():
            if self.files is not None and name.casefold() in self._aliases:
                return self._described_files(self.files)
            parts = split_name(name)
            rows = self._run(lambda: self._connection.sql(_CATALOGUE.format(name=constant(parts[-1]))).fetchall(), "")
            best = min((row for row in rows if _rank(parts, row) is not None), key=lambda row: _rank(parts, row) or 0,
                       default=None)
            if best is None:
                raise TableNotFound(f"there is no table {name!r} in {self.description}",
                                    hint=near(name, self._table_names()))
        spelled = tuple(best[position] for position in range(3)) if len(parts) == 3 else (*parts[:-1], best[2])
        return StoredTable(Relation("table", spelled), tuple(zip(best[3], best[4], strict=True)), tuple(best[5] or ()))

    def _table_names(self) -> list[str]:
        if self.files is not None:
            return sorted(self._aliases)
        rows = self._run(lambda: self._connection.sql(
            "SELECT DISTINCT schema_name, table_name, database_name IN (current_database(), 'temp') "
            "AND schema_name = current_schema() FROM duckdb_columns() WHERE NOT internal ORDER BY ALL").fetchall(), "")
        return [table if current else f"{schema}.{table}" for schema, table, current in rows]

    def check_files(self) -> None:
        """Check that the files of the engine are Parquet. Raises :class:`DataInvalid`."""
        if self.files is not None:
            self._fetch(f"DESCRIBE SELECT * FROM {duckdb_dialect.relation(self.files)}")

    def _described_files(self, files: Relation) -> StoredTable:
        stored, notices = parquet.described(self._fetch, files)
        for notice in notices:
            if notice not in self._noticed:
                self._noticed.add(notice)
                logger.warning("%s: %s", self.description, notice)
        return stored

    def _described(self, *parts: str) -> StoredTable:
        rows = self._fetch(f"DESCRIBE SELECT * FROM {quoted(*parts)}")
        return StoredTable(Relation("table", parts), tuple((str(row[0]), str(row[1])) for row in rows))

    def _fetch(self, sql: str) -> list[tuple[object, ...]]:
        return self._run(lambda: self._connection.sql(sql).fetchall(), sql)

    def load(self, name: str, table: pyarrow.Table, schema: Schema) -> StoredTable:
        """Store the rows of an Arrow table for the life of the connection, and return where they are.

        Columns are stored as a result of the schema arrives; see :meth:`Engine.load`.
        """
        from objectiv_local.engines.ingest import for_storage

        names = storage_names(schema)
        stored = for_storage(table, schema, names)
        with self._turn():
            found = self._unused(name)
            kinds = {column: type_.name for column, (_, type_) in zip(names, schema, strict=True)}
            if _CHECKED.keys().isdisjoint(kinds.values()):
                self.register(found, stored)
            else:
                # Values are checked once, here, and not by every query.
                casts = [_CHECKED[kind].format(quoted(column)) + f" AS {quoted(column)}" if kind in _CHECKED
                         else quoted(column) for column, kind in kinds.items()]
                source = self._unused(f"{found}_as_text")
                self._run(lambda: self._connection.register(source, stored), "")
                try:
                    self._create(found, f"SELECT {', '.join(casts)} FROM {quoted(source)}")
                finally:
                    self._run(lambda: self._connection.unregister(source), "")
            return self._described(found)

    def described(self, sql: str) -> StoredTable:
        """Return the columns and types of a query; see :meth:`Engine.described`."""
        body = sql.strip().rstrip(";")
        with self._turn(), self._pinned():
            found = self._run(lambda: kinds(self._connection, body), sql)
            if found != ["SELECT"]:
                raise InvalidValue(f"a model is one query, and the text is {' and '.join(found) or 'empty'}",
                                   hint="run other statements on the connection first, and give the SELECT alone")
            rows = self._run(lambda: self._connection.sql(f"DESCRIBE {body}").fetchall(), sql)
        return StoredTable(Relation("query", (body,)), tuple((str(row[0]), str(row[1])) for row in rows), ())

    def _transaction(self, statements: Sequence[str]) -> None:
        with self._pinned():
            self._run(lambda: self._execute("BEGIN"), "")
            try:
                for statement in statements:
                    self._run(lambda sql=statement: self._execute(sql), statement)  # type: ignore[misc]
            except BaseException:
                self._execute("ROLLBACK")
                raise
            self._run(lambda: self._execute("COMMIT"), "")

    def _begin_snapshot(self) -> bool:
        if not self._owned and self._run(lambda: in_transaction(self._connection), ""):
            return False
        begin = "BEGIN TRANSACTION READ ONLY" if self.read_only else "BEGIN"
        self._run(lambda: self._execute(begin), begin)
        return True

    def _end_snapshot(self) -> None:
        try:
            self._run(lambda: self._execute("COMMIT"), "COMMIT")
        except QueryFailed:
            self._run(lambda: self._execute("ROLLBACK"), "ROLLBACK")  # a statement in it failed

    def create_table(self, relation_name: str, sql: str, *, temporary: bool = True, replace: bool = False) -> StoredTable:
        """Store the result of a query as a table and return where it is; see :meth:`Engine.create_table`."""
        if not temporary:
            self._require_writable(relation_name)
        with self._turn(), self._pinned():
            if temporary:
                name = self._unused(relation_name)
                self._create(name, sql)
                return self._described(name)
            parts = split_name(relation_name)
            words = "CREATE OR REPLACE TABLE" if replace else "CREATE TABLE"
            self._run(lambda: self._execute(f"{words} {quoted(*parts)} AS\n{sql}"), sql)
            return self._described(*parts)

    def _create(self, name: str, sql: str) -> None:
        self._run(lambda: self._execute(f"CREATE TEMPORARY TABLE {quoted(name)} AS\n{sql}", TEMPORARY), sql)
        self._created.append(name)

    def _unused(self, name: str) -> str:
        rows = self._run(lambda: self._connection.sql(
            "SELECT lower(table_name) FROM duckdb_columns() GROUP BY ALL").fetchall(), "")
        return unused_name(name, {row[0] for row in rows})

    def _close(self) -> None:
        if self._owned:
            self._finalizer()
            return
        with suppress(Exception):  # the user may have closed the connection before
            for name in self._created:
                self._connection.execute(f"DROP TABLE IF EXISTS temp.{quoted(name)}")
            for name in self._registered:
                self._connection.unregister(name)


def _rank(parts: tuple[str, ...], row: tuple[object, ...]) -> int | None:
    """Return how early a name finds the table of a catalogue row, or None if it does not."""
    database, schema = str(row[0]), str(row[1])
    current, path = row[6], row[7]
    given = [part.casefold() for part in parts[:-1]]
    found = [database.casefold(), schema.casefold()]
    if not given:
        assert isinstance(path, list)
        if database == "temp":
            return 0
        return 1 + path.index(schema) if database == current and schema in path else None
    if len(given) == 1:
        if database in (current, "temp") and given[0] == found[1]:
            return 0 if database == current else 1
        return 2 if given[0] == found[0] and schema == "main" else None
    return 0 if given == found else None


def _close_quietly(connection: duckdb.DuckDBPyConnection) -> None:
    with suppress(Exception):
        connection.close()


def interruptible(action: Callable[[], T], interrupt: Callable[[], None]) -> T:
    """Return what ``action`` returns; Ctrl-C stops it by ``interrupt`` and arrives as KeyboardInterrupt.

    DuckDB computes without looking at signals while Arrow pulls batches from it, so the action runs in a thread of its
    own and the main thread waits. Other threads than the main one receive no Ctrl-C and run the action themselves.
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
        # Ctrl-C may arrive while the thread starts, so it asks whether it is still wanted.
        threading.Thread(target=work, name="objectiv_local query", daemon=True).start()
        while not done.wait(60):
            pass
    except BaseException:
        with beginning:
            given_up.set()
        # An interrupt before the statement starts has no effect, so it is repeated until the statement ends.
        while begun.is_set() and not _wait(done):
            interrupt()
        results.clear()  # an open result would keep the connection from its next statement
        raise
    if failures:
        raise failures.pop()
    return results.pop()


def _wait(done: threading.Event) -> bool:
    try:
        return done.wait(0.05)
    except KeyboardInterrupt:
        return False


def translated(message: str, description: str, sql: str) -> ObjectivError:
    """Return the package's own error for one of DuckDB's."""
    kind, _, text = message.partition(" Error: ")
    # The end of the message repeats the statement, which the error carries as an attribute.
    text = re.split(r"\n+LINE \d+:", text or message)[0].strip()
    failure = _translated(kind.casefold(), text, description)
    vars(failure)["sql"] = sql
    return failure


def _translated(kind: str, text: str, description: str) -> ObjectivError:
    where = f"in {description}"
    if "disabled by configuration" in text or "disabled through configuration" in text:
        return QueryFailed(f"{text} ({where}), so that a query reads no file but the one that was opened",
                           hint="connect(..., external_access=True) allows it: for files and queries that you trust")
    if "read-only mode" in text:
        return ReadOnly(f"the statement writes, and {description} is open for reading",
                        hint="connect(..., read_only=False) allows writes")
    if kind == "interrupt":
        late = "maximum execution time" in text
        return QueryFailed(f"the query {'took longer than its statement_timeout' if late else 'was stopped'} {where}",
                           hint="connect with a longer statement_timeout, or ask for fewer rows" if late else None)
    if "Could not open" in text or "No magic bytes" in text or "too small to be a Parquet" in text:
        return DataInvalid(f"not a Parquet file: {text}",
                           hint="give a .parquet file, or a directory or pattern of such")
    if "No files found" in text:
        return TableNotFound(f"{text} ({where})", hint="the files may have been moved or deleted since")
    if kind == "catalog" and "already exists" in text:
        return InvalidValue(text, hint="choose another name, or drop it first")
    if kind == "catalog" and text.startswith("Table with name"):
        return TableNotFound(f"{text} ({where})", hint="the table may have been dropped since")
    # A number that does not fit is an overflow, on every engine; a date that does not exist is not a date.
    unread = text.startswith(("Malformed JSON", "Could not parse"))
    if unread or (kind == "conversion" and "value is out of range" not in text):
        return DataInvalid(f"a value cannot be converted {where}: {text}",
                           hint="clean the value, or use the conversion that gives NULL for what does not fit")
    if kind == "resource in use":
        return QueryFailed(f"the connection has another result open {where}: {text}",
                           hint="read that result to its end, or give connect() a cursor() of the connection")
    if kind in ("connection", "fatal"):
        return ConnectionFailed(f"the connection to {description} does not work: {text}",
                                hint="connect again with objectiv_local.connect(...)")
    return QueryFailed(f"the query failed {where}: {text}")
