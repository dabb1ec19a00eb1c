"""Storing steps of a program: as separate steps, temporary tables, or tables of the database."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from objectiv_local.dialects import dialect_named
from objectiv_local.engines.base import shown_name
from objectiv_local.errors import ConnectionFailed, InvalidType, InvalidValue, ObjectivError
from objectiv_local.frame.files import over_current_files
from objectiv_local.frame.handles import make_frame
from objectiv_local.frame.running import source
from objectiv_local.frame.state import limited
from objectiv_local.frame.stored import stored_by, table_of
from objectiv_local.frame.unique import check_aligned
from objectiv_local.plan.nodes import Aggregate, Node, Pin, Select, Source, topological
from objectiv_local.plan.relation import StoredTable
from objectiv_local.plan.variables import variables

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame

logger = logging.getLogger(__name__)


def materialize(
    self: DataFrame,
    node_name: str = "manual_materialize",
    inplace: bool = False,
    limit: int | slice | None = None,
    distinct: bool = False,
    materialization: str | Enum = "cte",
) -> DataFrame:
    """Return the frame as a separate step, named ``node_name`` in the SQL; the order of the rows is dropped.

    A correct result never needs this: filters on window functions, aggregates of aggregates and the like become steps
    automatically. With ``distinct``, duplicate rows are removed. With ``materialization='temp_table'``, the rows are computed
    now, once, and kept in a temporary table for the life of the connection; that also works on a read-only connection, and
    frames of the same program share the table.
    """
    kind = str(getattr(materialization, "value", materialization)).lower()
    if kind not in ("cte", "temp_table"):
        raise InvalidValue(
            f"materialization has to be 'cte' or 'temp_table', not {materialization!r}",
            hint="use database_create_table for a permanent table",
        )
    state = self._state.rows("materialize")
    state = state if limit is None else limited(state, limit)
    names = [*self._state.index, *self._columns]
    columns = tuple((name, state.plan.column(name)) for name in names)
    if distinct:
        for name, expr in columns:
            if expr.type.name == "json":
                raise InvalidType(f"rows cannot be compared by {name!r}, which is {expr.type}", hint="drop the column")
        plan: Node = Aggregate(state.plan, columns, (), node_name)
    else:
        plan = Select(state.plan, columns, node_name)
    plan = Pin(plan, node_name)
    made = make_frame(state.with_rows(plan, state.index), self._columns)
    if kind == "temp_table":
        made = on_table(made, _cached(made, node_name))
    if inplace:
        object.__setattr__(self, "_state", made._state)
        return self
    return made


def _cached(frame: DataFrame, name: str) -> StoredTable:
    """Return the temporary table of a plan, which is created on first use."""
    engine = frame._state.connected()
    plan = frame._state.plan
    over_current_files(plan, engine)  # raises if files have changed since

    def create() -> StoredTable:
        with frame._state.running([*frame.index_columns, *frame.data_columns]) as run:
            return engine.create_table(name, run.statement.sql)

    return table_of(plan, engine, create)


@contextmanager
def rows_kept(frame: DataFrame, name: str) -> Iterator[DataFrame]:
    """Yield the frame over its current rows, in a temporary table that is dropped when the context ends.

    If the rows cannot be stored, as in a database that forbids temporary tables, yield the frame itself. Raises
    ConnectionFailed.
    """
    engine = frame._state.connected()
    made = materialize(frame, name)
    stored: StoredTable | None = None
    try:
        with made._state.running([*made.index_columns, *made.data_columns]) as run:
            stored = engine.create_table(name, run.statement.sql)
    except ConnectionFailed:
        raise
    except ObjectivError as error:
        logger.debug("the rows of %s are not stored: %s", name, error)
    if stored is None:
        yield frame
        return
    known = stored_by(engine).origins
    known[stored.relation] = made._state.plan
    try:
        kept = on_table(made, stored)
        yield make_frame(replace(kept._state, order=frame._state.order), kept._columns)
    finally:
        known.pop(stored.relation, None)
        # If the connection was lost or closed, the table no longer exists.
        with suppress(ObjectivError):
            engine.drop_temporary(stored)


def on_table(frame: DataFrame, stored: StoredTable) -> DataFrame:
    """Return a frame with the columns of ``frame``, read from a table in which its rows are stored.

    The table has the values of the variables at the time of storing, so the frame no longer has these variables.
    """
    used = variables(frame._state.plan)
    state = replace(frame._state, variables=tuple(each for each in frame._state.variables if each not in used))
    return make_frame(state.with_rows(source_of(frame, stored), state.index), frame._columns)


def source_of(frame: DataFrame, stored: StoredTable) -> Source:
    """Return the step that reads the columns of a frame from a table, in their order."""
    return source(frame._state.plan, [*frame._state.index, *frame._columns], stored, frame._state.engine)


def database_create_table(self: DataFrame, table_name: str, *, if_exists: str = "fail") -> DataFrame:
    """Write the rows to a new table of the database, and return a frame that reads it.

    Needs a connection with write access: ``connect(..., read_only=False)``. With ``if_exists='replace'``, an existing table is
    replaced in one transaction. Durations are stored as integers in microseconds. Raises ReadOnly, and InvalidValue if the
    table exists.
    """
    if if_exists not in ("fail", "replace"):
        raise InvalidValue(f"if_exists has to be 'fail' or 'replace', not {if_exists!r}", hint="append rows with your own SQL")
    engine = self._state.connected()
    with self._state.running([*self.index_columns, *self.data_columns]) as run:
        stored = engine.create_table(table_name, run.statement.sql, temporary=False, replace=if_exists == "replace")
    return on_table(self, stored)


def create_view(self: DataFrame, name: str, *, if_exists: str = "fail") -> DataFrame:
    """Create a view of the database with the columns of the frame, the index first, and return a frame that reads it.

    The name may include an existing schema, as in ``analytics.daily``. Needs a connection with write access: ``connect(...,
    read_only=False)``. With ``if_exists='replace'``, an existing view is replaced in one transaction; on Postgres it keeps
    its privileges, and columns can only be added.

    The view computes its rows whenever it is read, in no particular order. Missing values are NULL, and durations are integers
    in microseconds. Series of other frames are joined on the index, whose labels are checked for uniqueness now and not when
    the view is read.

    Raises ReadOnly; InvalidValue if a table or view of that name exists, if the frame reads the view itself or rows of a
    temporary table, which ends with the connection, and for columns whose names the engine would change; QueryFailed;
    NotSupported for replacing a view on an engine without transactions.

    >>> import duckdb
    >>> import objectiv_local as ol
    >>> connection = ol.connect(duckdb.connect(), read_only=False)
    >>> for statement in ("CREATE TABLE visits AS SELECT 'a' AS page, 3 AS n", "CREATE SCHEMA bi"):
    ...     connection.execute(statement)
    >>> df = ol.DataFrame.from_table(connection, "visits")
    >>> df[df.n > 2].create_view("bi.busy").to_pandas()
      page  n
    0    a  3
    """
    if if_exists not in ("fail", "replace"):
        raise InvalidValue(
            f"if_exists has to be 'fail' or 'replace', not {if_exists!r}", hint="drop the view with your own SQL"
        )
    engine = self._state.connected()
    columns = [*self.index_columns, *self.data_columns]
    state = replace(self._state.rows("create_view"), order=())
    place = engine.place(name)
    for node in topological(state.plan):
        if not isinstance(node, Source):
            continue
        if node.relation.temporary:
            raise InvalidValue(
                "the frame reads rows of a temporary table, which ends with the connection", hint="use database_create_table"
            )
        if node.relation.kind == "table" and engine.place(shown_name(node.relation.parts)) == place:
            raise InvalidValue(f"the view {name!r} cannot read itself", hint="choose another name")
    check_aligned(state.plan, engine)
    statement = state.statement(columns)
    for column, alias in zip(columns, statement.names, strict=True):
        if column != alias:
            raise InvalidValue(
                f"column {column!r} would be named {alias!r} in a view",
                hint="rename it: at most 63 bytes, and not equal to another column but for case",
            )
    dialect = dialect_named(state.dialect)
    written = dialect.create("view" if if_exists == "fail" else "or_replace_view", place, statement.sql)
    # Query the replaced view: an engine may accept a view that reads itself through another view.
    check = [] if if_exists == "fail" else [f"SELECT * FROM {dialect.quoted(*place)} LIMIT 0"]
    engine.write([written, *check])
    return on_table(self, engine.table(shown_name(place), lasting=True))
