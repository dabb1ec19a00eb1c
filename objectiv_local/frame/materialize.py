"""Steps of a program that are kept: as steps of their own, temporary tables, or tables of the database."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.files import over_current_files
from objectiv_local.frame.handles import make_frame
from objectiv_local.frame.running import source
from objectiv_local.frame.state import limited
from objectiv_local.frame.stored import table_of
from objectiv_local.plan.nodes import Aggregate, Node, Pin, Select, Source
from objectiv_local.plan.relation import StoredTable
from objectiv_local.plan.variables import variables

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame


def materialize(self: DataFrame, node_name: str = "manual_materialize", inplace: bool = False,
                limit: int | slice | None = None, distinct: bool = False, materialization: str | Enum = "cte") -> DataFrame:
    """Return the frame as a step of its own, named ``node_name`` in the SQL; the order of the rows is dropped.

    Never needed for a right answer: filters on windows, aggregates of aggregates and the like make steps by themselves.
    With ``distinct``, equal rows are one. With ``materialization='temp_table'``, the rows are computed now, once, and kept
    in a temporary table for the life of the connection; that works on a connection for reading too, and frames of the same
    program share the table.
    """
    kind = str(getattr(materialization, "value", materialization)).lower()
    if kind not in ("cte", "temp_table"):
        raise InvalidValue(f"materialization is 'cte' or 'temp_table', not {materialization!r}",
                           hint="use database_create_table for a table that stays")
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
