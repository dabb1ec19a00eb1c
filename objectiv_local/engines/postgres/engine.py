"""Postgres, through one psycopg connection."""

from __future__ import annotations

import weakref
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from objectiv_local.dialects.postgres import DIALECT
from objectiv_local.engines import process
from objectiv_local.engines.base import BATCH_ROWS, qualified, safe_name, split_name, storage_names, unused_table_name
from objectiv_local.engines.coerce import Coercion
from objectiv_local.engines.postgres.connection import check_server, opened, translated
from objectiv_local.engines.postgres.reading import abandoned, answered, collect, drained, ended, parsed
from objectiv_local.engines.session import Session
from objectiv_local.errors import ConnectionFailed, InvalidValue, ObjectivError, ReadOnly, TableNotFound, near
from objectiv_local.plan.relation import Relation, Schema, StoredTable
from objectiv_local.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    import psycopg
    import pyarrow
    from psycopg.pq.abc import PGresult

T = TypeVar("T")

_READ_ONLY = b"default_transaction_read_only"

_SETTINGS = (
    "SET TimeZone = 'UTC'; SET extra_float_digits = 1; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; "
    "SET lc_time = 'C'; SET standard_conforming_strings = on; SET client_encoding = 'UTF8'; SET jit = off"
)

# The name of a type t: "enum" and "composite" for user-defined types, including array elements.
_TYPE_NAME = """\
CASE WHEN {t}.typtype = 'e' THEN 'enum' WHEN {t}.typtype = 'c' THEN 'composite'
     WHEN {t}.typcategory = 'A' AND {t}.typelem <> 0 AND starts_with({t}.typname, '_')
     THEN (SELECT CASE e.typtype WHEN 'e' THEN 'enum' WHEN 'c' THEN 'composite' ELSE e.typname END || '[]'
           FROM pg_type AS e WHERE e.oid = {t}.typelem)
     ELSE {t}.typname END"""

# A domain is read as its base type.
_CATALOGUE = (
    """\
WITH RECURSIVE base AS (
  SELECT a.attnum, a.attname, t.oid, a.atttypmod, t.typname, t.typtype, t.typbasetype, t.typcategory, t.typelem
  FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
  WHERE a.attrelid = to_regclass(%(name)s) AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT b.attnum, b.attname, t.oid, d.typtypmod, t.typname, t.typtype, t.typbasetype, t.typcategory, t.typelem
  FROM base AS b JOIN pg_type AS d ON d.oid = b.oid JOIN pg_type AS t ON t.oid = b.typbasetype
  WHERE b.typtype = 'd'
)
SELECT b.attname,
       CASE WHEN b.typname = 'numeric' THEN format_type(b.oid, b.atttypmod) ELSE """
    + _TYPE_NAME.format(t="b")
    + """ END,
       array_position(i.indkey::int2[], b.attnum),
       (SELECT c.relpersistence = 't' FROM pg_class AS c WHERE c.oid = to_regclass(%(name)s)),
       to_regclass(%(short)s) = to_regclass(%(name)s),
       (SELECT c.relkind IN ('r', 'm') AND m.amname = 'heap' AND NOT c.relhassubclass
        FROM pg_class AS c JOIN pg_am AS m ON m.oid = c.relam WHERE c.oid = to_regclass(%(name)s))
FROM base AS b LEFT JOIN pg_index AS i ON i.indrelid = to_regclass(%(name)s) AND i.indisprimary
WHERE b.typtype <> 'd'
ORDER BY b.attnum
"""
)

_NAME_BYTES = 63

#: The offset of a numeric type modifier, which Postgres adds to the encoded precision and scale.
_HEADER = 4

#: The identity of a row: its location and its table, in case tables inherit from the table.
_ROW_ID = (("ctid", "tid"), ("tableoid", "oid"))


class PostgresEngine(Session):
    """A Postgres connection. Each statement is its own transaction, unless the user begins one."""

    dialect = "postgres"
    #: Whether queries can read nothing but the target: on a server, what its user may read.
    is_confined = True

    def __init__(
        self, parameters: Mapping[str, str], *, read_only: bool = True, statement_timeout: float | None = None
    ) -> None:
        self._parameters = dict(parameters)
        self._settings = _SETTINGS
        if statement_timeout is not None:
            self._settings += f"; SET statement_timeout = {max(1, round(statement_timeout * 1000))}"
        if read_only:
            self._settings += "; SET default_transaction_read_only = on"
        connection, where = opened(parameters)
        super().__init__(where, default_table=None, read_only=read_only)
        # The user's own statements may have begun a transaction or changed settings.
        self._users_transaction = self._users_session = False
        self._adopt(connection)

    def _adopt(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._finalizer = weakref.finalize(self, _close_quietly, connection)
        try:
            self._run(lambda: connection.execute(self._settings.encode()), "")
            row = self._fetch(
                "SELECT upper('é') = 'É', current_setting('server_encoding'), "
                "current_setting('server_version_num')::int / 10000"
            )[0]
            check_server(self.description, upper=bool(row[0]), encoding=str(row[1]), version=int(str(row[2])))
        except BaseException:
            self._finalizer()
            raise

    # ---- the life of the connection

    @property
    def _repeatable(self) -> bool:
        return not self._users_session

    def _connected(self) -> bool:
        return not self._connection.closed and not ended(self._connection.pgconn)

    def _reopen(self) -> None:
        if not self._inherited:
            self._finalizer()
        self._adopt(opened(self._parameters)[0])

    def _abandon(self) -> None:
        self._finalizer.detach()
        process.keep(self._connection)
        # So that nothing written to it accidentally reaches the parent's server.
        abandoned(self._connection.pgconn)

    def _recover(self) -> None:
        self._stop()
        if self._connection.closed:
            return
        if not self._idle and not self._users_transaction and not self._snapshots:
            self._plain("ROLLBACK")
        # The server reports every change of this setting; a function called by a query may have turned it off.
        if self._idle and self.read_only and self._connection.pgconn.parameter_status(_READ_ONLY) != b"on":
            self._plain("SET default_transaction_read_only = on")

    @property
    def is_local(self) -> bool:
        """Whether rows are read on this machine: False, because a server, even a local one, may serve others."""
        return False

    def _interrupt(self) -> None:
        import psycopg

        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=1)

    def _in_transaction(self) -> bool:
        return not self._idle

    # ---- statements

    def _progress(self) -> Progress:
        return Progress(unit="rows")

    def _rows(self, sql: str, schema: Schema, batch_rows: int, progress: Progress) -> Generator[pyarrow.RecordBatch | None]:
        copied = self._copied(sql, schema, batch_rows, progress)

        def following() -> pyarrow.RecordBatch | None:
            with progress.watched(last=False):
                return next(copied, None)

        try:
            yield self._run(following, sql)
            while (batch := self._run(following, sql)) is not None:
                yield batch
        finally:
            copied.close()
            progress.close()

    def _copied(self, sql: str, schema: Schema, batch_rows: int, progress: Progress) -> Generator[pyarrow.RecordBatch | None]:
        # The line break keeps a comment at the end of the statement from hiding the parenthesis.
        copy = f"COPY (\n{_unterminated(sql)}\n) TO STDOUT (FORMAT csv)"
        coercion = Coercion(schema)
        pgconn = self._connection.pgconn
        # With a parameter list, even an empty one, the server rejects strings with several statements.
        self._connection.wait(answered(pgconn, lambda: pgconn.send_query_params(copy.encode(), None)))
        try:
            yield None
            more, fetched = True, 0
            while more:
                rows: list[bytes] = []
                progress.count = partial(_total, fetched, rows)
                more = self._connection.wait(collect(pgconn, rows, batch_rows))
                fetched += len(rows)
                if rows:
                    yield coercion.batch(parsed(rows, schema))
        finally:
            self._stop()

    def execute(self, sql: str) -> None:
        """Run a statement and discard its result. On a read-only connection, it has to be a single reading statement."""
        with self._turn():
            self._users_session = True
            if self.read_only:
                self._execute_reading(sql)
            else:
                self._run(lambda: self._connection.execute(sql.encode()), sql)
            self._users_transaction = not self._idle

    def _execute_reading(self, sql: str) -> None:
        """Run a statement so that it cannot turn off read-only mode.

        It runs in a transaction, in which a procedure cannot commit and continue in another one. The command tag that the
        server returns shows whether the statement began a user transaction.
        """
        began = self._idle
        if began:
            self._plain("BEGIN READ ONLY")
        try:
            done = (self._one(sql).statusmessage or "").partition(" ")[0]
        except BaseException:
            if began and not self._idle:
                with suppress(ObjectivError):
                    self._plain("ROLLBACK")
            raise
        if self._idle:
            return
        if self._fetch("SHOW transaction_read_only")[0][0] != "on":
            self._plain("ROLLBACK")
            raise ReadOnly(
                f"the transaction writes, but {self.description} is read-only",
                hint="connect(..., read_only=False) allows writes",
            )
        if began and done not in ("BEGIN", "START"):
            self._plain("COMMIT")

    @property
    def _idle(self) -> bool:
        from psycopg.pq import TransactionStatus

        return self._connection.info.transaction_status == TransactionStatus.IDLE

    def _plain(self, sql: str) -> None:
        self._run(lambda: self._connection.execute(sql.encode()), sql)

    def _one(self, sql: str) -> psycopg.Cursor:
        """Run one statement; the server protocol rejects strings with several."""
        return self._run(lambda: self._connection.execute(sql.encode(), binary=True), sql)

    def explain(self, sql: str) -> str:
        """Return the engine's own plan of a query, as text."""
        with self._turn():
            return "\n".join(str(row[0]) for row in self._one(f"EXPLAIN {sql}").fetchall())

    def _fetch(self, sql: str, parameters: Mapping[str, str] | None = None) -> list[tuple[object, ...]]:
        return self._run(lambda: self._connection.execute(sql.encode(), parameters).fetchall(), sql)

    def _run(self, action: Callable[[], T], sql: str) -> T:
        import psycopg

        try:
            return action()
        except psycopg.Error as error:
            failure = self._translated(error, sql)
        except BaseException:
            # Ctrl-C, or any other exception of a signal handler.
            self._stop()
            raise
        vars(failure)["sql"] = sql
        raise failure

    def _stop(self) -> None:
        """Stop the statement that the server is still running and discard its output, so that the connection can be used again.

        A cancel request has no effect before the server has started the statement, so it is repeated.
        """
        import psycopg
        from psycopg.pq import TransactionStatus

        pgconn = self._connection.pgconn
        if pgconn.transaction_status != TransactionStatus.ACTIVE:
            return
        with suppress(psycopg.Error):
            for _ in range(20):
                self._connection.cancel_safe(timeout=5)
                if drained(pgconn, 0.25):
                    return
        self._connection.close()

    def _translated(self, error: psycopg.Error, sql: str) -> ObjectivError:
        if self._connection.closed or (error.sqlstate or "")[:2] == "08":
            return ConnectionFailed(
                f"the connection to {self.description} was lost while a statement ran",
                hint="run the statement again: it opens a new connection"
                if self._repeatable
                else "connect again with objectiv_local.connect(...)",
            )
        missing = self._missing(str(error)) if error.sqlstate == "42P01" else None
        return missing or translated(error, self.description, sql)

    @contextmanager
    def _writing(self) -> Generator[bool]:
        """Run in a transaction that may create a temporary table; yield whether it is ours instead of the user's."""
        if self._snapshots and self.read_only:
            raise InvalidValue(
                "temporary tables cannot be created while rows are read from a read-only snapshot",
                hint="finish the loop over the batches, or close it, and then create the table",
            )
        if not self._idle:
            yield False
            return
        try:
            self._plain("BEGIN READ WRITE")
            yield True
            self._plain("COMMIT")
        except BaseException:
            with suppress(ObjectivError):
                self._plain("ROLLBACK")
            raise

    def _begin_snapshot(self) -> bool:
        if not self._idle:
            return False
        self._plain("BEGIN ISOLATION LEVEL REPEATABLE READ" + (" READ ONLY" if self.read_only else ""))
        return True

    def _end_snapshot(self) -> None:
        self._plain("COMMIT")

    # ---- tables

    def table(self, name: str, *, lasting: bool = False) -> StoredTable:
        """Return the columns, types and key of the table ``name`` or ``schema.name``, without reading its rows.

        Names are case-sensitive, as stored. Raises :class:`TableNotFound` with similar names.
        """
        with self._turn():
            parts = self._parts(name)
            place = self.place(name) if lasting else parts
            rows: list[tuple[object, ...]] = []
            # Postgres would truncate a longer name and find another table.
            if len(parts) < 3 and _are_names(parts):
                rows = self._fetch(_CATALOGUE, {"name": qualified(*place), "short": qualified(*parts)})
            if not rows:
                raise TableNotFound(f"there is no table {name!r} in {self.description}", hint=near(name, self.tables()))
        key = sorted((int(str(position)), str(column)) for column, _, position, *_ in rows if position is not None)
        temporary = bool(rows[0][3]) and parts[-1] in self.temporary
        return StoredTable(
            Relation("table", parts if rows[0][4] else place, temporary=temporary),
            tuple((str(column), str(type_)) for column, type_, *_ in rows),
            tuple(column for _, column in key),
            _ROW_ID if rows[0][5] else (),
        )

    def _parts(self, name: str) -> tuple[str, ...]:
        parts = split_name(name)
        return parts[1:] if len(parts) == 3 and parts[0] == self._connection.info.dbname else parts

    def place(self, name: str) -> tuple[str, ...]:
        """Return the qualified name of a permanent table; see :meth:`Engine.place`."""
        with self._turn():
            parts = self._parts(name)
            if not _are_names(parts):
                raise InvalidValue(f"{name!r} cannot name a table", hint="use at most 63 bytes for each part of a name")
            if len(parts) == 1:
                schema = self._fetch("SELECT current_schema()")[0][0]
                parts = parts if schema is None else (str(schema), *parts)
        if len(parts) > 1 and parts[-2].startswith("pg_temp"):
            raise InvalidValue(
                f"{name!r} is in a schema for temporary tables",
                hint="create a temporary table with df.materialize(materialization='temp_table')",
            )
        return parts

    def _places(self) -> list[tuple[str, ...]]:
        return [
            (str(table),) if visible else (str(schema), str(table))
            for table, schema, visible in self._fetch(
                "SELECT c.relname, n.nspname, pg_table_is_visible(c.oid) "
                "FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
                "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' "
                "AND (n.nspname !~ '^pg_' OR n.oid = pg_my_temp_schema()) ORDER BY 2, 1"
            )
        ]

    def load(self, name: str, table: pyarrow.Table, schema: Schema) -> StoredTable:
        """Store the rows of an Arrow table as a temporary table, and return its location; see :meth:`Engine.load`."""
        import pyarrow as pa
        from pyarrow import csv

        from objectiv_local.engines.ingest import for_storage

        names = storage_names(schema)
        stored = for_storage(table, schema, names)
        columns = ", ".join(
            f"{qualified(column)} {DIALECT.type_name(type_)}" for column, (_, type_) in zip(names, schema, strict=True)
        )

        def copy() -> None:
            with (
                self._connection.cursor() as cursor,
                cursor.copy(f"COPY pg_temp.{qualified(found)} FROM STDIN (FORMAT csv)".encode()) as writing,
            ):
                for batch in stored.to_batches(BATCH_ROWS):
                    # Strings are quoted and NULL is not, so Postgres can distinguish NULL from the empty string.
                    buffer = pa.BufferOutputStream()
                    csv.write_csv(batch, buffer, csv.WriteOptions(include_header=False))
                    writing.write(memoryview(buffer.getvalue()))

        with self._turn():
            found = self._unused(name)
            self.temporary.add(found)
            with self._writing():
                self._run(
                    lambda: self._connection.execute(f"CREATE TEMPORARY TABLE {qualified(found)} ({columns})".encode()), ""
                )
                self._run(copy, "")
                self._analyze(found)
            return self.table(found)

    def described(self, sql: str) -> StoredTable:
        """Return the columns and types of a query; see :meth:`Engine.described`."""
        body = _unterminated(sql)
        with self._turn():
            # Parsed alone, because it has to be a single statement, and in parentheses, because it has to be a query. The
            # server parses both and runs neither.
            self._parsed(body, sql)
            found = self._parsed(f"SELECT * FROM (\n{body}\n) AS query", sql)
            if found.nparams:
                raise InvalidValue("the query has parameters such as $1", hint="write the values into the query")
            types = {found.ftype(position) for position in range(found.nfields)}
            names = {
                oid: self._fetch(
                    f"SELECT {_TYPE_NAME.format(t='t')} FROM pg_type AS t WHERE t.oid = %(oid)s::oid", {"oid": str(oid)}
                )[0][0]
                for oid in types
            }
        columns = []
        for position in range(found.nfields):
            name = str(names[found.ftype(position)])
            modifier = found.fmod(position) - _HEADER
            if name == "numeric" and modifier >= 0:
                # The scale is a signed 11-bit number.
                name = f"numeric({modifier >> 16 & 0xFFFF},{(modifier & 0x7FF ^ 0x400) - 0x400})"
            columns.append(((found.fname(position) or b"").decode(), name))
        return StoredTable(Relation("query", (body,)), tuple(columns), ())

    def _parsed(self, statement: str, sql: str) -> PGresult:
        """Return the description of a statement that the server has parsed but not run."""
        pgconn = self._connection.pgconn

        def ask() -> PGresult:
            self._connection.wait(answered(pgconn, lambda: pgconn.send_prepare(b"", statement.encode())))
            return self._connection.wait(answered(pgconn, lambda: pgconn.send_describe_prepared(b"")))

        return self._run(ask, sql)

    def _transaction(self, statements: Sequence[str]) -> None:
        with self._connection.transaction():
            for statement in statements:
                self._one(statement)

    def create_table(self, relation_name: str, sql: str, *, temporary: bool = True, replace: bool = False) -> StoredTable:
        """Store the result of a query as a table and return its location; see :meth:`Engine.create_table`."""
        body = _unterminated(sql)
        if not temporary:
            self._require_writable(relation_name)
            with self._turn():
                place = self.place(relation_name)
                name = qualified(*place)
                if replace:
                    # Created next to the old table, because the query may read it.
                    new = qualified(*place[:-1], self._unused(f"new_{place[-1]}"))
                    statements = [
                        f"CREATE TABLE {new} AS\n{body}",
                        f"DROP TABLE IF EXISTS {name}",
                        f"ALTER TABLE {new} RENAME TO {qualified(place[-1])}",
                    ]
                else:
                    statements = [f"CREATE TABLE {name} AS\n{body}"]
                self._transaction(statements)
                self.changes += 1
                return self.table(relation_name, lasting=True)
        with self._turn():
            found = self._unused(relation_name)
            self.temporary.add(found)
            name = f"pg_temp.{qualified(found)}"
            with self._writing() as ours:
                if ours and self.read_only:
                    # Created empty, without running the query, and then filled in a mode in which the server rejects other
                    # writes.
                    self._one(f"CREATE TEMPORARY TABLE {qualified(found)} AS (\n{body}\n) WITH NO DATA")
                    self._plain("SET TRANSACTION READ ONLY")
                    self._one(f"INSERT INTO {name}\n{body}")
                else:
                    self._one(f"CREATE TEMPORARY TABLE {qualified(found)} AS\n{body}")
                self._analyze(found)
            return self.table(found)

    def drop_temporary(self, stored: StoredTable) -> None:
        """Drop a temporary table; see :meth:`Engine.drop_temporary`."""
        name = stored.relation.parts[-1]
        with self._turn():
            with self._writing():
                self._one(f"DROP TABLE IF EXISTS pg_temp.{qualified(name)}")
            self.temporary.discard(name)

    def _analyze(self, name: str) -> None:
        # Temporary tables have no automatic statistics, and without them later joins are planned badly.
        self._run(lambda: self._connection.execute(f"ANALYZE pg_temp.{qualified(name)}".encode()), "")

    def _unused(self, name: str) -> str:
        rows = self._fetch("SELECT relname FROM pg_class WHERE starts_with(relname, %(name)s)", {"name": safe_name(name)})
        return unused_table_name(name, {str(row[0]) for row in rows} | self._gone)

    def _close(self) -> None:
        self._finalizer()


def _total(fetched: int, rows: list[bytes]) -> int:
    return fetched + len(rows)


def _unterminated(sql: str) -> str:
    return sql.rstrip().rstrip(";")


def _are_names(parts: tuple[str, ...]) -> bool:
    return all(0 < len(part.encode()) <= _NAME_BYTES and "\x00" not in part for part in parts)


def _close_quietly(connection: psycopg.Connection) -> None:
    with suppress(Exception):
        connection.close()
