"""Spark, through one session of Spark Connect."""

from __future__ import annotations

import logging
import threading
import time
import uuid
import weakref
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from objectiv_local.dialects.spark import DIALECT
from objectiv_local.engines import process
from objectiv_local.engines.base import (
    SNAPSHOT_FORMAT,
    SNAPSHOT_MANIFEST,
    safe_name,
    split_name,
    storage_names,
    unused_table_name,
)
from objectiv_local.engines.coerce import Coercion
from objectiv_local.engines.session import Session
from objectiv_local.engines.spark import directories
from objectiv_local.engines.spark.connection import is_lost, late, opened, pin, refused, translated
from objectiv_local.engines.spark.snapshots import show
from objectiv_local.errors import ConnectionFailed, DataInvalid, InvalidValue, NotSupported, ObjectivError, TableNotFound, near
from objectiv_local.plan.relation import Relation, Schema, StoredTable
from objectiv_local.progress import Progress
from objectiv_local.types import JSON

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    import pyarrow

    from objectiv_local.types import Type

T = TypeVar("T")
logger = logging.getLogger(__name__)

#: The default format of files in a directory.
_FILES = "parquet"
#: The suffix of a view with the rows of a table as they were loaded.
_ROWS = "__loaded"


class SparkEngine(Session):
    """A Spark Connect session. Spark has no transactions: each statement is independent."""

    dialect = "spark"

    def __init__(self, target: object, where: str, *, read_only: bool = True, statement_timeout: float | None = None) -> None:
        self._target = target
        self._timeout = statement_timeout
        session = opened(target, f"Spark at {where}")
        super().__init__(f"Spark at {where}", default_table=None, read_only=read_only)
        self._lost = self._users_session = False
        #: How to create the views of files again.
        self._views: dict[str, Callable[[Any], None]] = {}
        self._adopt(session)

    def _adopt(self, session: Any) -> None:
        self._session = session
        self._finalizer = weakref.finalize(self, _stop_quietly, session, self.temporary)
        self._lost = False

    # ---- the life of the connection

    @property
    def _repeatable(self) -> bool:
        return not self._users_session

    def _connected(self) -> bool:
        return not self._lost and not self._session.is_stopped

    def _reopen(self) -> None:
        if not self._inherited:
            self._finalizer()
        self._adopt(opened(self._target, self.description))
        for create in self._views.values():
            # If the files are gone, the statement that reads the view reports it.
            with suppress(ObjectivError):
                self._run(partial(create, self._session))

    def _abandon(self) -> None:
        self._finalizer.detach()
        process.keep(self._session)

    def _recover(self) -> None:
        """Do nothing: a stopped statement leaves no state behind."""

    def _close(self) -> None:
        self._finalizer()

    # ---- statements

    @property
    def is_local(self) -> bool:
        """Whether rows are read on this machine: False, because a cluster, even a local one, may serve others."""
        return False

    def _interrupt(self) -> None:
        with suppress(Exception):
            self._session.interruptAll()

    def _in_transaction(self) -> bool:
        return False

    def _progress(self) -> Progress:
        return Progress()

    def _rows(self, sql: str, schema: Schema, batch_rows: int, progress: Progress) -> Generator[pyarrow.RecordBatch | None]:
        coercion = Coercion(schema)
        limit = _Limit(self._session, self._timeout)
        tables = self._fetched(sql, limit)
        tasks = _Tasks(progress)

        def following() -> pyarrow.Table | None:
            with tasks.watched(self._session):
                return next(tables, None)

        try:
            found = self._run(following, limit)
            yield None
            while found is not None:
                for batch in found.to_batches():
                    for start in range(0, batch.num_rows, batch_rows):
                        yield coercion.batch(batch.slice(start, batch_rows))
                found = self._run(following, limit)
        finally:
            tables.close()
            progress.close()

    def _fetched(self, sql: str, limit: _Limit) -> Generator[pyarrow.Table]:
        """Yield the rows of a query as they arrive; the query is stopped when the caller stops reading."""
        session, client = self._session, self._session.client
        plan = session.sql(sql)._plan  # noqa: SLF001 - the client has no public method to stream rows
        with limit:
            for part in client.to_table_as_iterator(plan.to_proto(client), plan.observations):
                # While it is set, the tag applies to every statement of this thread.
                limit.untag()
                if hasattr(part, "to_batches"):
                    yield part

    def execute(self, sql: str) -> None:
        """Run a statement and discard its result. On a read-only connection, it has to be a query."""
        with self._turn():
            self._users_session = True
            if self.read_only:
                self._as_query(sql)
            try:
                self._run(lambda: self._session.sql(sql).collect())
            finally:
                if not self.read_only:
                    self._run(lambda: pin(self._session))

    def _as_query(self, sql: str) -> None:
        """Raise ReadOnly for a statement other than a query: the server parses it in place of a subquery, and runs nothing."""
        try:
            self.described(sql)
        except ObjectivError as error:
            failure = error
        else:
            return
        raise refused(self.description) if "PARSE_SYNTAX_ERROR" in str(failure) else failure

    def explain(self, sql: str) -> str:
        """Return the engine's own plan of a query, as a string."""
        with self._turn():
            return str(self._fetch(f"EXPLAIN FORMATTED {sql}")[0][0])

    def _fetch(self, sql: str) -> list[tuple[Any, ...]]:
        return self._run(lambda: [tuple(row) for row in self._session.sql(sql).collect()])

    def _plain(self, sql: str) -> None:
        self._run(lambda: self._session.sql(sql).collect())

    def _run(self, action: Callable[[], T], limit: _Limit | None = None) -> T:
        from pyspark.errors import PySparkException

        try:
            return action()
        except PySparkException as error:
            failure = self._translated(error) if limit is None or not limit.is_over else late(self.description)
        except RecursionError:
            failure = NotSupported(
                "the statement is nested too deeply for the client of Spark",
                hint="split the program: df.materialize() stores the rows of a step",
            )
        raise failure

    def _translated(self, error: Any) -> ObjectivError:
        if is_lost(error):
            self._lost = True
            return ConnectionFailed(
                f"the connection to {self.description} was lost while a statement ran",
                hint="run the statement again: it opens a new session"
                if self._repeatable
                else "connect again with objectiv_local.connect(...)",
            )
        found = translated(error, self.description)
        return (self._missing(str(error)) or found) if isinstance(found, TableNotFound) else found

    def _begin_snapshot(self) -> bool:
        # Spark cannot hold a state of all tables; each statement reads the files that exist when it starts.
        return False

    def _end_snapshot(self) -> None:
        """Do nothing: no transaction was begun."""

    # ---- tables

    def table(self, name: str, *, lasting: bool = False) -> StoredTable:
        """Return the columns and types of a table or view, or of the files in a directory that the server can access.

        A name with a slash is a directory of Parquet files; other formats are named as in ``delta.`/path` ``. Raises
        :class:`TableNotFound` with similar names.
        """
        with self._turn():
            parts = self._parts(name)
            if "/" in parts[-1]:
                return self._directory(parts)
            place = self.place(name) if lasting else parts
            try:
                columns = self._columns(f"SELECT * FROM {DIALECT.quoted(*place)}")
            except TableNotFound:
                columns = None
            if columns is None:
                raise TableNotFound(f"there is no table {name!r} in {self.description}", hint=near(name, self.tables()))
            return StoredTable(Relation("table", place, temporary=place[-1] in self.temporary), columns)

    def _parts(self, name: str) -> tuple[str, ...]:
        if name.startswith("/") or "://" in name:
            return (_FILES, name)
        return split_name(name.replace("`", '"'))

    def _directory(self, parts: tuple[str, ...]) -> StoredTable:
        """Return the files of a directory. Raises DataInvalid if the engine would read only a part of them."""
        kind, path = parts[0], parts[-1]
        try:
            return self._files(kind, path)
        except ObjectivError as error:
            failure = error
        if SNAPSHOT_FORMAT in (self.text(self.pattern(f"{path.rstrip('/')}/{SNAPSHOT_MANIFEST}")) or ""):
            failure = DataInvalid(
                f"{path!r} is a snapshot, not a table",
                hint=f"open it with objectiv_local.snapshot.open({path!r}, on=connection)",
            )
        raise failure

    def _files(self, kind: str, path: str) -> StoredTable:
        reading = self._session.read.format(kind)
        try:
            # Invalid files are reported here, instead of by a statement that reads them.
            columns = self._fields(
                lambda: (
                    reading.load(path) if kind == _FILES else self._session.sql(f"SELECT * FROM {DIALECT.quoted(kind, path)}")
                )
            )
        except TableNotFound:
            columns = None
        if columns is None:
            raise TableNotFound(
                f"{self.description} finds no {kind} files in {path!r}",
                hint="use a path that every executor can read, such as s3a://bucket/folder",
            )
        if kind == _FILES:
            columns = self._checked(path, columns)
        return StoredTable(Relation("table", (kind, path)), columns)

    def _checked(self, path: str, columns: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """Return the columns of a directory of files, after checking that all of them are read."""
        reading = self._session.read
        seen = self._run(lambda: set(reading.parquet(path).inputFiles()))
        deep = reading.option("recursiveFileLookup", "true").parquet(path)
        directories.require_all(path, seen, self._run(lambda: set(deep.inputFiles())))
        folders = directories.folders(path, seen)
        if folders and (twice := sorted(folders.keys() & {name for name, _ in self._fields(lambda: deep)})):
            logger.warning("%s: %s: read from the folder names, not from the files", path, ", ".join(map(repr, twice)))
        return directories.typed(columns, folders)

    def parquet(self, parts: Sequence[str], types: Mapping[str, Type]) -> StoredTable:
        """Return columns of Parquet files as a view of the session; see :meth:`ParquetEngine.parquet`."""
        with self._turn():
            view = self._unused("snapshot")
            create = partial(show, view=view, paths=tuple(parts), types=dict(types))
            self._run(lambda: create(self._session))
            # Kept, because a session that replaces a lost one has no views.
            self._views[view] = create
            return self.table(view)

    def text(self, path: str) -> str | None:
        """Return the content of a text file; see :meth:`ParquetEngine.text`."""
        with self._turn():
            try:
                rows = self._run(lambda: self._session.read.text(path, wholetext=True).collect())
            except TableNotFound:
                return None
            return str(rows[0][0]) if rows else None

    def pattern(self, path: str) -> str:
        """Return the pattern of one path; see :meth:`ParquetEngine.pattern`."""
        return directories.escaped(path)

    def _columns(self, sql: str) -> tuple[tuple[str, str], ...]:
        return self._fields(lambda: self._session.sql(sql))

    def _fields(self, query: Callable[[], Any]) -> tuple[tuple[str, str], ...]:
        fields = self._run(lambda: query().schema.fields)
        return tuple((field.name, field.dataType.simpleString()) for field in fields)

    def place(self, name: str) -> tuple[str, ...]:
        """Return the qualified name of a permanent table; see :meth:`Engine.place`."""
        with self._turn():
            parts = self._parts(name)
            if "/" in parts[-1] or not all(parts):
                raise InvalidValue(
                    f"{name!r} cannot name a table", hint="use a name, optionally with its schema: 'schema.name'"
                )
            if len(parts) == 1:
                parts = (*map(str, self._fetch("SELECT current_catalog(), current_schema()")[0]), *parts)
        return parts

    def _places(self) -> list[tuple[str, ...]]:
        current = str(self._fetch("SELECT current_schema()")[0][0])
        places: list[tuple[str, ...]] = []
        for schema in (str(row[0]) for row in self._fetch("SHOW SCHEMAS")):
            for namespace, table, is_temporary, *_ in self._fetch(f"SHOW TABLES IN {DIALECT.quoted(schema)}"):
                place = (str(table),) if is_temporary or schema == current else (str(namespace), str(table))
                if place not in places:
                    places.append(place)
        return [place for place in places if not place[-1].endswith(_ROWS) and place[-1] not in self._views]

    def load(self, name: str, table: pyarrow.Table, schema: Schema) -> StoredTable:
        """Store the rows of an Arrow table as a view of the session, and return its location; see :meth:`Engine.load`."""
        from objectiv_local.engines.ingest import for_storage

        names = storage_names(schema)
        stored = for_storage(table, schema, names)
        with self._turn():
            found = self._unused(name)
            rows = f"{found}{_ROWS}"
            self.temporary.add(found)
            self._run(lambda: self._session.createDataFrame(stored).createOrReplaceTempView(rows))
            columns = ", ".join(
                f"parse_json({shown}) AS {shown}" if type_.plain == JSON else f"{shown}::{DIALECT.type_name(type_)} AS {shown}"
                for shown, (_, type_) in zip(map(DIALECT.quoted, names), schema, strict=True)
            )
            query = f"SELECT {columns} FROM {DIALECT.quoted(rows)}"
            if any(type_.plain == JSON for _, type_ in schema):
                # So that JSON is parsed once.
                self._keep(found, query)
            else:
                self._plain(DIALECT.create("temp_table", (found,), query))
            return self.table(found)

    def _keep(self, name: str, sql: str) -> None:
        """Cache the rows of a query on the cluster, under the name of a view of the session.

        Spark uses cached rows in every query of every session that has the same steps, even if files have changed since. So a
        step is added that no other query has.
        """
        own = f"SELECT * FROM (\n{sql}\n) WHERE '{uuid.uuid4()}' IS NOT NULL"
        limit = _Limit(self._session, self._timeout)
        with limit:
            self._run(lambda: self._session.sql(f"CACHE TABLE {DIALECT.quoted(name)} AS {own}").collect(), limit)

    def described(self, sql: str) -> StoredTable:
        """Return the columns and types of a query; see :meth:`Engine.described`."""
        body = _unterminated(sql)
        with self._turn():
            return StoredTable(Relation("query", (body,)), self._columns(f"SELECT * FROM (\n{body}\n) AS query"))

    def create_table(self, relation_name: str, sql: str, *, temporary: bool = True, replace: bool = False) -> StoredTable:
        """Store the result of a query and return its location; see :meth:`Engine.create_table`.

        A temporary table is a view whose rows are cached on the cluster.
        """
        body = _unterminated(sql)
        if temporary:
            with self._turn():
                found = self._unused(relation_name)
                self.temporary.add(found)
                self._keep(found, body)
                return self.table(found)
        self._require_writable(relation_name)
        with self._turn():
            place = self.place(relation_name)
            name = DIALECT.quoted(*place)
            if replace:
                # Created next to the old table, because the query may read it.
                new = DIALECT.quoted(*place[:-1], self._unused(f"new_{place[-1]}"))
                self._plain(f"CREATE TABLE {new} AS\n{body}")
                self._plain(f"DROP TABLE IF EXISTS {name}")
                self._plain(f"ALTER TABLE {new} RENAME TO {name}")
            else:
                self._plain(f"CREATE TABLE {name} AS\n{body}")
            self.changes += 1
            return self.table(relation_name, lasting=True)

    def drop_temporary(self, stored: StoredTable) -> None:
        """Drop a temporary table; see :meth:`Engine.drop_temporary`."""
        name = stored.relation.parts[-1]
        with self._turn():
            for each in (name, f"{name}{_ROWS}"):
                self._plain(DIALECT.drop("temp_table", (each,)))
            self.temporary.discard(name)

    def insert(self, relation_name: str, columns: Sequence[str], sql: str) -> None:
        """Append the result of a query to the named columns of a table; see :meth:`Engine.insert`."""
        names = ", ".join(map(DIALECT.quoted, columns))
        self.write([f"INSERT INTO {DIALECT.quoted(*self.place(relation_name))} ({names})\n{sql}"])

    def _transaction(self, statements: Sequence[str]) -> None:
        if len(statements) > 1:
            raise NotSupported(
                "Spark has no transactions, so it cannot run several writes as one", hint="run each one in a separate call"
            )
        try:
            for statement in statements:
                self._plain(statement)
        finally:
            # The statement may have changed the settings.
            self._run(lambda: pin(self._session))

    def _unused(self, name: str) -> str:
        taken = {str(row[1]) for row in self._fetch("SHOW TABLES")}
        return unused_table_name(safe_name(name), taken | self.temporary | self._gone)


class _Limit:
    """The time limit of a statement, and the tag used to stop the statement."""

    def __init__(self, session: Any, seconds: float | None) -> None:
        self.is_over = False
        self._tag = f"objectiv_local_{uuid.uuid4().hex}"
        self._session = session
        self._timer = None if seconds is None else threading.Timer(seconds, self._end)

    def _end(self) -> None:
        self.is_over = True
        self._stop()

    def _stop(self) -> None:
        with suppress(Exception):
            self._session.interruptTag(self._tag)

    def untag(self) -> None:
        """Do not tag what this thread runs next."""
        self._session.removeTag(self._tag)

    def __enter__(self) -> None:
        self._session.addTag(self._tag)
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.untag()
        if self._timer is not None:
            self._timer.cancel()
        if kind is not None:
            self._stop()


class _Tasks:
    """The fraction of a query's tasks that are done, which the server reports every two seconds while the client waits."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._percent = 0.0
        self._tick: Callable[[float], None] | None = None
        self._last = 0.0
        progress.count = lambda: self._percent

    @contextmanager
    def watched(self, session: Any) -> Generator[None]:
        """Show the progress of the query while the block waits for it."""
        with self._progress.watched(last=False) as tick:
            if tick is None:
                yield
                return
            self._tick, self._last = tick, time.monotonic()
            session.registerProgressHandler(self._report)
            try:
                yield
            finally:
                session.removeProgressHandler(self._report)

    def _report(self, stages: Iterable[Any] | None, **_: object) -> None:
        known = list(stages or ())
        total = sum(stage.num_tasks for stage in known)
        if total:
            self._percent = 100 * sum(stage.num_completed_tasks for stage in known) / total
        now = time.monotonic()
        if self._tick is not None:
            self._tick(now - self._last)
        self._last = now


def _unterminated(sql: str) -> str:
    return sql.rstrip().rstrip(";")


def _stop_quietly(session: Any, temporary: set[str]) -> None:
    """Close a session, and drop its temporary tables, whose rows the cluster would keep until it stops."""
    with suppress(Exception):
        for name in temporary:
            session.sql(DIALECT.drop("temp_table", (name,))).collect()
    with suppress(Exception):
        session.stop()
