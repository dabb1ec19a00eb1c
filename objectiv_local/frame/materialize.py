"""Steps of a program that are kept: as steps of their own, temporary tables, or tables of the database; and samples."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.frame.files import over_current_files
from objectiv_local.frame.handles import make_frame
from objectiv_local.frame.running import source
from objectiv_local.frame.series.base import Series
from objectiv_local.frame.state import limited, with_one_value_each
from objectiv_local.frame.stored import stored_by, table_of
from objectiv_local.plan.expr import Expr, call, cast, literal
from objectiv_local.plan.nodes import Aggregate, Filter, Node, Pin, Select, Source
from objectiv_local.plan.relation import StoredTable
from objectiv_local.plan.rewrite import rebuild
from objectiv_local.plan.variables import variables
from objectiv_local.types import STRING

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame

#: Steps in 60 bits of which a hash is one; a sample keeps those below a share of them.
_HASHES = 2**60


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
        made = _on_table(made, _cached(made, node_name))
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


def _on_table(frame: DataFrame, stored: StoredTable) -> DataFrame:
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
    return _on_table(self, stored)


# ---- samples


def get_sample(self: DataFrame, table_name: str | None = None, filter: Series | None = None,
               sample_percentage: float | None = None, *, overwrite: bool = False, seed: int | None = None) -> DataFrame:
    """Return a frame of some of the rows, to develop a program on: ``get_unsampled`` then takes it to all rows.

    The rows are those for which ``filter`` is true, or a share of ``sample_percentage`` percent: those whose index, hashed
    with ``seed``, is small, so the same rows on every engine and every day. Frames without an index are hashed by all
    columns, so equal rows stay together. The sample is kept in a temporary table of the connection, or with ``table_name``
    in a table of the database, which needs a connection for writing.
    """
    self._state.rows("get_sample")
    if overwrite and table_name is None:
        raise InvalidValue("overwrite is for a sample in a table of the database", hint="give table_name, or leave it out")
    if filter is not None and (sample_percentage is not None or seed is not None):
        raise InvalidValue("a sample is taken by a filter or by a percentage, not both", hint="filter the frame before")
    if filter is not None:
        sampled = self[filter]
    else:
        if isinstance(sample_percentage, bool) or not isinstance(sample_percentage, int | float) or not (
                0 < sample_percentage <= 100):
            raise InvalidValue(f"sample_percentage has to be above 0 and at most 100, not {sample_percentage!r}",
                               hint="or pass filter=, a bool series")
        limit = round(sample_percentage / 100 * _HASHES)
        number = call("hash", _hashed(self, 0 if seed is None else seed))
        sampled = self._rows(Filter(self._state.plan, call("lt", number, literal(limit)), "sample"))
    names = [*self.index_columns, *self.data_columns]
    whole = Select(self._state.plan, tuple((name, self._state.column(name)) for name in names), "unsampled")
    engine = self._state.connected()
    with sampled._state.with_plan(sampled._state.plan, ()).running(names) as run:
        if table_name is None:
            stored = engine.create_table("sample", run.statement.sql)
        else:
            stored = engine.create_table(table_name, run.statement.sql, temporary=False, replace=overwrite)
    made = _on_table(sampled, stored)
    stored_by(engine).samples[made._state.plan] = whole
    return made


def _hashed(frame: DataFrame, seed: int) -> Expr:
    """Return the text that tells whether a row is in a sample."""
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise InvalidType(f"seed has to be a whole number, not {seed!r}")
    names = frame.index_columns or [name for name in frame.data_columns if frame._state.plan.types[name].name != "json"]
    text: Expr = literal(str(seed))
    for name in names:
        column = frame._state.column(name)
        part = call("total_seconds", column) if column.type.name == "timedelta" else column
        if part.type.name == "numeric_interval":
            raise NotSupported(f"a sample by {name!r}, which is {part.type}, is not supported", hint="set another index")
        shown = part if part.type == STRING else cast(part, STRING)
        text = call("concat", text, call("concat", literal("|"), call("coalesce", shown, literal(""))))
    return text


def get_unsampled(self: DataFrame) -> DataFrame:
    """Return the same program over all rows in place of the sample. Raises InvalidValue without a sample."""
    self._state.rows("get_unsampled")
    samples = {} if self._state.engine is None else stored_by(self._state.engine).samples
    found = False

    def change(old: Node, node: Node) -> Node:
        nonlocal found
        if old in samples:
            found = True
        return samples.get(old, node)

    plan = rebuild(self._state.plan, change)
    if not found:
        raise InvalidValue("the frame was not made from a sample", hint="df.get_sample(sample_percentage=...) makes one")
    unsampled = replace(self._state, plan=plan, variables=tuple(variables(plan)))
    _, state, _ = with_one_value_each(self._state, unsampled)
    return make_frame(state, self._columns)


