"""Postgres, through one psycopg connection."""

from __future__ import annotations

import re
import selectors
import time
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from objectiv_local.engines.base import BATCH_ROWS, Session, quoted, safe_name, split_name, storage_names, unused_name
from objectiv_local.engines.coerce import Coercion, out_of_range, shortened, wrong_columns
from objectiv_local.engines.postgres_connection import check_server, opened, translated
from objectiv_local.errors import ConnectionFailed, DataInvalid, InvalidValue, ObjectivError, QueryFailed, TableNotFound, near
from objectiv_local.plan.relation import Relation, Schema, StoredTable
from objectiv_local.types import DECIMAL_DIGITS, Type, arrow_type

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    import psycopg
    import pyarrow
    from psycopg.abc import PQGen
    from psycopg.pq.abc import PGconn

T = TypeVar("T")

_SETTINGS = (
    "SET TimeZone = 'UTC'; SET extra_float_digits = 1; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; "
    "SET lc_time = 'C'; SET standard_conforming_strings = on; SET client_encoding = 'UTF8'; SET jit = off"
)

#: A block of rows is parsed when it reaches this size, however few rows that is.
_BLOCK_BYTES = 16 * 2**20

# A domain is read as the type under it, an enumeration as "enum".
_CATALOGUE = """\
WITH RECURSIVE base AS (
  SELECT a.attnum, a.attname, t.oid, a.atttypmod, t.typname, t.typtype, t.typbasetype
  FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
  WHERE a.attrelid = to_regclass(%(name)s) AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT b.attnum, b.attname, t.oid, d.typtypmod, t.typname, t.typtype, t.typbasetype
  FROM base AS b JOIN pg_type AS d ON d.oid = b.oid JOIN pg_type AS t ON t.oid = b.typbasetype
  WHERE b.typtype = 'd'
)
SELECT b.attname,
       CASE WHEN b.typtype = 'e' THEN 'enum'
            WHEN b.typname = 'numeric' THEN format_type(b.oid, b.atttypmod)
            WHEN starts_with(b.typname, '_') THEN substr(b.typname, 2) || '[]'
            ELSE b.typname END,
       array_position(i.indkey::int2[], b.attnum)
FROM base AS b LEFT JOIN pg_index AS i ON i.indrelid = to_regclass(%(name)s) AND i.indisprimary
WHERE b.typtype <> 'd'
ORDER BY b.attnum
"""

#: What a loaded column is stored as.
_TYPES = {"bool": "boolean", "int64": "bigint", "float64": "float8", "string": "text", "date": "date",
          "time": "time", "timestamp": "timestamp", "timedelta": "bigint", "uuid": "uuid", "json": "jsonb",
          "numeric_interval": "float8[]"}


def _stored_type(type_: Type) -> str:
    return f"numeric({DECIMAL_DIGITS}, {type_.scale})" if type_.name == "decimal" else _TYPES[type_.name]


class PostgresEngine(Session):
    """A Postgres connection. Every statement is a transaction of its own, unless the user begins one."""

    dialect = "postgres"

    def __init__(self, parameters: Mapping[str, str], *, read_only: bool = True,
                 statement_timeout: float | None = None) -> None:
        connection, where = opened(parameters)
        super().__init__(where, default_table=None, read_only=read_only)
        self._connection = connection
        self._finalizer = weakref.finalize(self, _close_quietly, connection)
        try:
            settings = _SETTINGS
            if statement_timeout is not None:
                settings += f"; SET statement_timeout = {max(1, round(statement_timeout * 1000))}"
            if read_only:
                settings += "; SET default_transaction_read_only = on"
            self._run(lambda: connection.execute(settings), "")
            row = self._fetch("SELECT upper('é') = 'É', current_setting('server_encoding'), "
                              "current_setting('server_version_num')::int / 10000")[0]
            check_server(where, upper=bool(row[0]), encoding=str(row[1]), version=int(str(row[2])))
        except BaseException:
            self.close()
            raise

    # ---- statements

    def _rows(self, sql: str, schema: Schema, batch_rows: int) -> Generator[pyarrow.RecordBatch | None]:
        copied = self._copied(sql, schema, batch_rows)
        try:
            yield self._run(lambda: next(copied), sql)
            while (batch := self._run(lambda: next(copied, None), sql)) is not None:
                yield batch
        finally:
            copied.close()

    def _copied(self, sql: str, schema: Schema, batch_rows: int) -> Generator[pyarrow.RecordBatch | None]:
        # The line end keeps a comment at the end of the statement from taking the bracket with it.
        copy = f"COPY (\n{_unterminated(sql)}\n) TO STDOUT (FORMAT csv)"
        coercion = Coercion(schema)
        with self._connection.cursor() as cursor, cursor.copy(copy):
            yield None
            more = True
            while more:
                rows: list[bytes] = []
                more = self._connection.wait(collect(self._connection.pgconn, rows, batch_rows))
                if rows:
                    yield coercion.batch(parsed(rows, schema))

    def execute(self, sql: str) -> None:
        """Run a statement and drop what it returns."""
        with self._turn():
            self._run(lambda: self._connection.execute(sql.encode()), sql)

    def explain(self, sql: str) -> str:
        """Return the engine's own plan of a query, as text."""
        with self._turn():
            return "\n".join(str(row[0]) for row in self._fetch(f"EXPLAIN {sql}"))

    def _fetch(self, sql: str, parameters: Mapping[str, str] | None = None) -> list[tuple[object, ...]]:
        return self._run(lambda: self._connection.execute(sql.encode(), parameters).fetchall(), sql)

    def _run(self, action: Callable[[], T], sql: str) -> T:
        import psycopg

        try:
            return action()
        except psycopg.Error as error:
            failure = self._translated(error)
        except KeyboardInterrupt:
            self._stop()
            raise
        vars(failure)["sql"] = sql
        raise failure

    def _stop(self) -> None:
        """Stop the statement that the server still runs and drop what it sends, so that the connection can go on.

        A request to cancel has no effect before the server has started with the statement, so it is repeated.
        """
        import psycopg

        with suppress(psycopg.Error):
            for _ in range(20):
                if drained(self._connection.pgconn, 0.25):
                    return
                self._connection.cancel_safe(timeout=5)
            self._connection.close()

    def _translated(self, error: psycopg.Error) -> ObjectivError:
        if self._connection.closed or (error.sqlstate or "")[:2] == "08":
            return ConnectionFailed(f"the connection to {self.description} was lost",
                                    hint="connect again with objectiv_local.connect(...)")
        return translated(error, self.description)

    @contextmanager
    def _writing(self) -> Generator[None]:
        """Hold a transaction that may create a temporary table, on a connection that may not write otherwise."""
        from psycopg.pq import TransactionStatus

        if self._snapshots and self.read_only:
            raise InvalidValue("no temporary table can be made while rows are read from a snapshot for reading only",
                               hint="finish the loop over the batches, or close it, and make the table then")
        if self._connection.info.transaction_status != TransactionStatus.IDLE:
            yield  # in a transaction that the user began, and ends
            return
        try:
            self._run(lambda: self._connection.execute("BEGIN READ WRITE"), "BEGIN READ WRITE")
            yield
            self._run(lambda: self._connection.execute("COMMIT"), "COMMIT")
        except BaseException:
            with suppress(ObjectivError):
                self._run(lambda: self._connection.execute("ROLLBACK"), "ROLLBACK")
            raise

    def _begin_snapshot(self) -> bool:
        from psycopg.pq import TransactionStatus

        if self._connection.info.transaction_status != TransactionStatus.IDLE:
            return False
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ"
        self._run(lambda: self._connection.execute(begin), begin)
        return True

    def _end_snapshot(self) -> None:
        self._run(lambda: self._connection.execute("COMMIT"), "COMMIT")

    # ---- tables

    def table(self, name: str) -> StoredTable:
        """Return the columns, types and key of the table ``name`` or ``schema.name``, without reading its rows.

        Names are as they are stored, case included. Raises :class:`TableNotFound` with near names.
        """
        parts = split_name(name)
        with self._turn():
            if len(parts) == 3 and parts[0] == self._connection.info.dbname:
                parts = parts[1:]
            rows: list[tuple[object, ...]] = []
            # Postgres would cut a longer name and find another table.
            if len(parts) < 3 and all(0 < len(part.encode()) < 64 and "\x00" not in part for part in parts):
                rows = self._fetch(_CATALOGUE, {"name": quoted(*parts)})
            if not rows:
                raise TableNotFound(f"there is no table {name!r} in {self.description}",
                                    hint=near(name, self._table_names()))
        key = sorted((int(str(position)), str(column)) for column, _, position in rows if position is not None)
        return StoredTable(Relation("table", parts), tuple((str(column), str(type_)) for column, type_, _ in rows),
                           tuple(column for _, column in key))

    def _table_names(self) -> list[str]:
        return [str(row[0]) for row in self._fetch(
            "SELECT CASE WHEN pg_table_is_visible(c.oid) THEN c.relname ELSE n.nspname || '.' || c.relname END "
            "FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' "
            "AND (n.nspname !~ '^pg_' OR n.oid = pg_my_temp_schema()) ORDER BY 1")]

    def load(self, name: str, table: pyarrow.Table, schema: Schema) -> StoredTable:
        """Store the rows of an Arrow table as a temporary table, and return where they are; see :meth:`Engine.load`."""
        import pyarrow as pa
        from pyarrow import csv

        from objectiv_local.engines.ingest import for_storage

        names = storage_names(schema)
        stored = for_storage(table, schema, names)
        columns = ", ".join(f"{quoted(column)} {_stored_type(type_)}"
                            for column, (_, type_) in zip(names, schema, strict=True))

        def copy() -> None:
            with self._connection.cursor() as cursor, \
                    cursor.copy(f"COPY pg_temp.{quoted(found)} FROM STDIN (FORMAT csv)".encode()) as writing:
                for batch in stored.to_batches(BATCH_ROWS):
                    # Text is quoted and NULL is not, which is how Postgres tells NULL from the empty text.
                    buffer = pa.BufferOutputStream()
                    csv.write_csv(batch, buffer, csv.WriteOptions(include_header=False))
                    writing.write(memoryview(buffer.getvalue()))

        with self._turn():
            found = self._unused(name)
            with self._writing():
                self._run(lambda: self._connection.execute(
                    f"CREATE TEMPORARY TABLE {quoted(found)} ({columns})".encode()), "")
                self._run(copy, "")
                self._analyze(found)
            return self.table(found)

    def described(self, sql: str) -> StoredTable:
        """Return the columns and types of a query; see :meth:`Engine.described`."""
        body = _unterminated(sql)
        empty = f"SELECT * FROM (\n{body}\n) AS query LIMIT 0".encode()
        with self._turn():
            found = self._run(lambda: self._connection.execute(empty).description, sql) or []
            names = {oid: self._fetch("SELECT CASE WHEN starts_with(typname, '_') THEN substr(typname, 2) || '[]' "
                                      "ELSE typname END FROM pg_type WHERE oid = %(oid)s::oid", {"oid": str(oid)})[0][0]
                     for oid in {column.type_code for column in found}}
        columns = []
        for column in found:
            name = str(names[column.type_code])
            if name == "numeric" and column.precision is not None:
                name = f"numeric({column.precision},{column.scale or 0})"
            columns.append((column.name, name))
        return StoredTable(Relation("query", (body,)), tuple(columns), ())

    def _transaction(self, statements: Sequence[str]) -> None:
        with self._connection.transaction():
            for statement in statements:
                self._run(lambda sql=statement: self._connection.execute(sql.encode()), statement)  # type: ignore[misc]

    def create_table(self, relation_name: str, sql: str, *, temporary: bool = True, replace: bool = False) -> StoredTable:
        """Store the result of a query as a table and return where it is; see :meth:`Engine.create_table`."""
        body = _unterminated(sql)
        if not temporary:
            self._require_writable(relation_name)
            name = quoted(*split_name(relation_name))
            dropped = [f"DROP TABLE IF EXISTS {name}"] if replace else []
            with self._turn():
                self._transaction([*dropped, f"CREATE TABLE {name} AS\n{body}"])
            return self.table(relation_name)
        with self._turn():
            name = self._unused(relation_name)
            with self._writing():
                self._run(lambda: self._connection.execute(
                    f"CREATE TEMPORARY TABLE {quoted(name)} AS\n{body}".encode()), sql)
                self._analyze(name)
            return self.table(name)

    def _analyze(self, name: str) -> None:
        # Nothing else gathers statistics of a temporary table, and without them later joins are planned blindly.
        self._run(lambda: self._connection.execute(f"ANALYZE pg_temp.{quoted(name)}".encode()), "")

    def _unused(self, name: str) -> str:
        rows = self._fetch("SELECT relname FROM pg_class WHERE starts_with(relname, %(name)s)",
                           {"name": safe_name(name)})
        return unused_name(name, {str(row[0]) for row in rows})

    def _close(self) -> None:
        self._finalizer()


def _unterminated(sql: str) -> str:
    return sql.rstrip().rstrip(";")


def _close_quietly(connection: psycopg.Connection) -> None:
    with suppress(Exception):
        connection.close()


# ---- reading


def collect(pgconn: PGconn, rows: list[bytes], limit: int) -> PQGen[bool]:
    """Append up to ``limit`` rows of a running COPY to ``rows``; return whether more may follow.

    The server sends a row per message. Taking the messages one by one from libpq costs a third of what
    :meth:`psycopg.Copy.read` does per row.
    """
    from psycopg.errors import error_from_result
    from psycopg.pq import ExecStatus
    from psycopg.waiting import Wait

    size = 0
    while len(rows) < limit and size < _BLOCK_BYTES:
        length, data = pgconn.get_copy_data(1)
        if length > 0:
            rows.append(bytes(data))
            size += length
        elif length == 0:
            while not (yield Wait.R):
                continue
            pgconn.consume_input()
        else:
            while pgconn.is_busy():
                while not (yield Wait.R):
                    continue
                pgconn.consume_input()
            result = pgconn.get_result()
            while pgconn.get_result() is not None:
                continue
            if result is not None and result.status != ExecStatus.COMMAND_OK:
                raise error_from_result(result, encoding="utf-8")
            return False
    return True


def drained(pgconn: PGconn, seconds: float) -> bool:
    """Drop what the server sends for a statement; return whether that ended within the time."""
    from psycopg.pq import ExecStatus, TransactionStatus

    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(pgconn.socket, selectors.EVENT_READ)
        while pgconn.transaction_status == TransactionStatus.ACTIVE:
            waiting = bool(pgconn.is_busy())
            if not waiting:
                result = pgconn.get_result()
                if result is not None and result.status == ExecStatus.COPY_OUT:
                    waiting = pgconn.get_copy_data(1)[0] == 0
                elif result is not None and result.status == ExecStatus.COPY_IN:
                    pgconn.put_copy_end(b"stopped")
            left = deadline - time.monotonic()
            if left <= 0 or (waiting and not selector.select(left)):
                return False
            if waiting:
                pgconn.consume_input()
    return True


def parsed(rows: list[bytes], schema: Schema) -> pyarrow.RecordBatch:
    """Return rows of COPY's CSV as a record batch, columns by position.

    Rows are parsed a block at a time, each block whole, so that no row and no line end inside a text can fall on the
    border of two blocks. CSV tells everything apart: NULL is an empty field and the empty text is ``""``, and a row of
    one NULL is an empty line.
    """
    import pyarrow as pa
    from pyarrow import csv

    names = [str(position) for position in range(len(schema))]
    block = b"".join(rows)
    sent = {"timedelta": pa.int64(), "numeric_interval": pa.string()}
    types = {name: sent.get(type_.name) or arrow_type(type_)
             for name, (_, type_) in zip(names, schema, strict=True)}
    # While Arrow reads in the main thread it takes Ctrl-C for itself, and drops one that comes as it ends.
    pa.enable_signal_handlers(False)
    try:
        table = csv.read_csv(
            pa.BufferReader(block),
            csv.ReadOptions(use_threads=False, column_names=names, block_size=len(block) + 1),
            csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True,
                               quoted_strings_can_be_null=False, true_values=["t"], false_values=["f"]),
        ).combine_chunks()
    except pa.ArrowException as error:
        reason = str(error)
    else:
        if table.num_rows != len(rows):
            raise QueryFailed(f"the server sent {len(rows)} rows and {table.num_rows} were read")
        return table.to_batches()[0]
    finally:
        pa.enable_signal_handlers(True)
    raise _unreadable(reason, schema)


def _unreadable(reason: str, schema: Schema) -> ObjectivError:
    width = re.search(r"Expected \d+ columns, got (\d+)", reason)
    if width is not None:
        return wrong_columns(int(width[1]), len(schema))
    found = re.search(r"column #(\d+): .*invalid value '(.*)'", reason, re.DOTALL)
    if found is None:
        return DataInvalid(f"the result cannot be read: {reason}")
    name, type_ = schema[int(found[1])]
    if type_.name in ("date", "timestamp"):
        return out_of_range(name, type_, found[2])
    return DataInvalid(f"column {name!r} holds a value that is not of type {type_.name}: {shortened(found[2])}",
                       hint="cast or clean the value in the expression of this column")
