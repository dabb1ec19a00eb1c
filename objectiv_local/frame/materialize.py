"""Steps of a program that are kept: as steps of their own, temporary tables, or tables of the database."""

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
    """Return the frame as a step of its own, named ``node_name`` in the SQL; the order of the rows is dropped.

    Never needed for a right answer: filters on windows, aggregates of aggregates and the like make steps by themselves.
    With ``distinct``, equal rows are one. With ``materialization='temp_table'``, the rows are computed now, once, and kept
    in a temporary table for the life of the connection; that works on a connection for reading too, and frames of the same
    program share the table.
    """
    kind = str(getattr(materialization, "value", materialization)).lower()
    if kind not in ("cte", "temp_table"):
        raise InvalidValue(
            f"materialization is 'cte' or 'temp_table', not {materialization!r}",
            hint="use database_create_table for a table that stays",
        )
    state = self._state.rows("materialize")
    state = state if limit is None else limited(state, limit)
    names = [*self._state.index, *self._columns]
    columns = tuple((name, state.plan.column(name)) for name in names)
    if distinct:
        for name, expr in columns:
            if expr.type.name == "json":
                raise InvalidType(f"rows with {name!r}, which is {expr.type}, cannot be told apart", hint="drop the column")
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
    """Return the temporary table of a plan, which is made when it is asked for first."""
    engine = frame._state.connected()
    plan = frame._state.plan
    over_current_files(plan, engine)  # notices whether files changed since

    def create() -> StoredTable:
        with frame._state.running([*frame.index_columns, *frame.data_columns]) as run:
            return engine.create_table(name, run.statement.sql)

    return table_of(plan, engine, create)


@contextmanager
def rows_kept(frame: DataFrame, name: str) -> Iterator[DataFrame]:
    """Yield the frame with its rows as they are now, in a temporary table that is dropped when the context ends.

    Where the rows cannot be stored, as in a database that allows no temporary tables, it is the frame itself. Raises
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
        logger.debug("the rows of %s are not kept: %s", name, error)
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
        # With a connection that was lost or closed, it is gone.
        with suppress(ObjectivError):
            engine.drop_temporary(stored)


def on_table(frame: DataFrame, stored: StoredTable) -> DataFrame:
    """Return a frame with the columns of ``frame``, read from a table that its rows are stored in.

    The table keeps the values of the variables that its rows were computed with, so the frame no longer knows these.
    """
    used = variables(frame._state.plan)
    state = replace(frame._state, variables=tuple(each for each in frame._state.variables if each not in used))
    return make_frame(state.with_rows(source_of(frame, stored), state.index), frame._columns)


def source_of(frame: DataFrame, stored: StoredTable) -> Source:
    """Return the step that reads a table with the columns of a frame, in their order."""
    return source(frame._state.plan, [*frame._state.index, *frame._columns], stored, frame._state.engine)


def database_create_table(self: DataFrame, table_name: str, *, if_exists: str = "fail") -> DataFrame:
    """Write the rows to a new table of the database, and return a frame that reads it.

    Needs a connection for writing: ``connect(..., read_only=False)``. With ``if_exists='replace'``, a table of that name is
    replaced, in one transaction. Durations are stored as a number of microseconds. Raises ReadOnly, and InvalidValue if the
    table is there.
    """
    if if_exists not in ("fail", "replace"):
        raise InvalidValue(f"if_exists is 'fail' or 'replace', not {if_exists!r}", hint="append rows with your own SQL")
    engine = self._state.connected()
    with self._state.running([*self.index_columns, *self.data_columns]) as run:
        stored = engine.create_table(table_name, run.statement.sql, temporary=False, replace=if_exists == "replace")
    return on_table(self, stored)


def create_view(self: DataFrame, name: str, *, if_exists: str = "fail") -> DataFrame:
    """Create a view of the database with the columns of the frame, the index first, and return a frame that reads it.

    The name may have its schema before it, as in ``analytics.daily``; the schema has to be there. Needs a connection for
    writing: ``connect(..., read_only=False)``. With ``if_exists='replace'``, a view of that name is replaced, in one
    transaction; on Postgres it keeps its privileges, and can only get more columns.

    The view computes its rows whenever it is read, in no order. Missing values are NULL, and durations are microseconds. Series
    of other frames are joined on the index; that its labels are unique is checked now, and not when the view is read.

    Raises ReadOnly, InvalidValue if there is a table or view of that name, if the frame reads rows of temporary tables, which
    end with the connection, or the view itself, and for columns whose names the engine would change; QueryFailed; NotSupported
    for replacing a view on an engine without transactions.

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
        raise InvalidValue(f"if_exists is 'fail' or 'replace', not {if_exists!r}", hint="drop the view with your own SQL")
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
    # Of a view that is replaced, some rows are asked for: an engine may take one that reads itself by way of another one.
    check = [] if if_exists == "fail" else [f"SELECT * FROM {dialect.quoted(*place)} LIMIT 0"]
    engine.write([written, *check])
    return on_table(self, engine.table(shown_name(place), lasting=True))
