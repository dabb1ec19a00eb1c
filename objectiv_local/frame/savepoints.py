"""Savepoints: named steps of a program that can be written to the database as tables and views."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from objectiv_local.arguments import checked
from objectiv_local.dialects import dialect_named
from objectiv_local.engines.base import Engine, split_name
from objectiv_local.errors import ColumnNotFound, InvalidValue, TableNotFound, near
from objectiv_local.frame.handles import make_frame
from objectiv_local.frame.materialize import materialize, source_of
from objectiv_local.frame.translate import translated
from objectiv_local.frame.unique import check_aligned
from objectiv_local.plan.nodes import Node, Source
from objectiv_local.plan.relation import Relation, StoredTable
from objectiv_local.plan.rewrite import rebuild
from objectiv_local.plan.variables import variables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from objectiv_local.frame.frame import DataFrame

KINDS = ("cte", "view", "table", "temp_table")


@dataclass(frozen=True)
class Savepoint:
    """A named step: a ``cte`` is part of the statements that use it, the others can be written to the database."""

    name: str
    df: DataFrame
    materialization: str


class GeneratedSqlStatement(NamedTuple):
    """A statement of ``to_sql``: the savepoint's name, how it is materialized, and the SQL."""

    name: str
    materialization: str
    sql: str


class CreatedObject(NamedTuple):
    """A table or view that ``write_to_db`` created, and how the savepoint of that name is materialized."""

    name: str
    materialization: str


@checked
class Savepoints:
    """The savepoints of a frame and of the frames derived from it, in the order in which they were set."""

    def __init__(self) -> None:
        self._entries: dict[str, Savepoint] = {}

    def __repr__(self) -> str:
        shown = ", ".join(f"{each.name} ({each.materialization})" for each in self.all)
        return f"<Savepoints: {shown or 'none'}>"

    @property
    def all(self) -> list[Savepoint]:
        """The savepoints."""
        return list(self._entries.values())

    @property
    def names(self) -> list[str]:
        """The names of the savepoints."""
        return list(self._entries)

    def add_savepoint(self, name: str, df: DataFrame, materialization: str | Enum = "cte") -> None:
        """Register a frame under a name of letters, digits and underscores. Raises InvalidValue for an existing name.

        The name of a table or view may include a schema and a database: ``analytics.daily``.
        """
        if not isinstance(name, str) or not re.fullmatch(r"\w+(\.\w+){0,2}", name, re.ASCII):
            raise InvalidValue(
                f"{name!r} cannot name a savepoint",
                hint="use letters, digits and underscores, optionally after a schema for a table or view",
            )
        if name in self._entries:
            raise InvalidValue(f"there already is a savepoint {name!r}", hint="choose another name, or remove_savepoint first")
        self._entries[name] = Savepoint(name, df.copy(), _placed(name, _kind(materialization)))

    def set_materialization(self, name: str, materialization: str | Enum) -> None:
        """Change how a savepoint is materialized: cte, view, table or temp_table."""
        self._entries[name] = replace(self._entry(name), materialization=_placed(name, _kind(materialization)))

    def remove_savepoint(self, name: str) -> None:
        """Remove a savepoint. Frames derived from it are not affected."""
        self._entry(name)
        del self._entries[name]

    def _entry(self, name: str) -> Savepoint:
        if name not in self._entries:
            raise ColumnNotFound(f"there is no savepoint {name!r}", hint=near(str(name), self._entries))
        return self._entries[name]

    def get_df(self, savepoint_name: str) -> DataFrame:
        """Return the frame of a savepoint."""
        return self._entry(savepoint_name).df.copy()

    def get_materialized_df(self, savepoint_name: str, engine_override: Engine | None = None) -> DataFrame:
        """Return the frame of a savepoint, read from the tables and views that ``write_to_db`` creates.

        Runs no query, so it can be called before they are written; until then, fetching its rows is an error.
        """
        entry = self._entry(savepoint_name)
        state = entry.df._state
        engine = engine_override or state.connected()
        places = _places([*self._before(savepoint_name), entry], engine)
        plan = (
            self._over_written(state.plan, savepoint_name, places) if entry.materialization == "cte" else _read(entry, places)
        )
        # Stored rows no longer depend on the variables with which they were computed.
        before, now = variables(state.plan), variables(plan)
        known = tuple(each for each in state.variables if each in now or each not in before)
        if engine.dialect != state.dialect:
            plan = translated(plan, state.dialect, engine.dialect)
        return make_frame(
            replace(state, plan=plan, engine=engine, dialect=engine.dialect, order=(), variables=known), entry.df._columns
        )

    def to_sql(self, dialect: str | None = None) -> list[GeneratedSqlStatement]:
        """Return the statements that create the tables and views, and the query of each ``cte``. Runs no query.

        A step that is stored in an earlier table or view is read from there.
        """
        return self._statements(dialect, {})

    def _statements(
        self,
        dialect: str | None,
        places: Mapping[str, tuple[str, ...]],
        hidden: AbstractSet[str] = frozenset(),
        engine: Engine | None = None,
    ) -> list[GeneratedSqlStatement]:
        out = []
        for entry in self.all:
            frame = entry.df
            # DuckDB stores the SQL of a view without the database name, so a temporary table would still shadow the table
            # that it reads. Such a view computes the rows itself instead.
            passed = hidden if entry.materialization == "view" else frozenset()
            plan = self._over_written(frame._state.plan, entry.name, places, passed)
            state = replace(frame._state, plan=plan)
            sql = state.statement([*frame.index_columns, *frame.data_columns], None, dialect, engine).sql
            if entry.materialization != "cte":
                name = places.get(entry.name, split_name(entry.name))
                sql = dialect_named(state.dialect if dialect is None else dialect).create(entry.materialization, name, sql)
            out.append(GeneratedSqlStatement(entry.name, entry.materialization, sql))
        return out

    def get_create_statements(self, dialect: str | None = None) -> dict[str, str]:
        """Return the statement that creates each table and view, by name."""
        return {each.name: each.sql for each in self.to_sql(dialect) if each.materialization != "cte"}

    def get_drop_statements(self, dialect: str | None = None) -> dict[str, str]:
        """Return the statement that drops each table and view, by name, in reverse order of creation."""
        return self._drops(dialect, {})

    def _drops(self, dialect: str | None, places: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
        drops = {}
        for entry in reversed(self.all):
            if entry.materialization != "cte":
                written = dialect_named(entry.df._state.dialect if dialect is None else dialect)
                drops[entry.name] = written.drop(entry.materialization, places.get(entry.name, split_name(entry.name)))
        return drops

    def write_to_db(self, engine_override: Engine | None = None, overwrite: bool = False) -> list[CreatedObject]:
        """Create all tables and views in one transaction, so that either all or none exist afterwards. Return those created.

        Needs a connection with write access. With ``overwrite``, existing tables and views of these names are dropped first.
        Temporary tables of other frames are kept: InvalidValue is raised if a savepoint that is a temporary table has the
        name of one.
        """
        made = [CreatedObject(entry.name, entry.materialization) for entry in self.all if entry.materialization != "cte"]
        if not made:
            return []
        engine = engine_override or self.all[0].df._state.connected()
        for entry in self.all:
            check_aligned(entry.df._state.plan, engine)
            if entry.materialization == "temp_table" and entry.name in engine.temporary:
                raise InvalidValue(
                    f"the temporary table {entry.name!r} holds the rows of a frame", hint="give the savepoint another name"
                )
        places = _places(self.all, engine)
        hidden = {name for name in places if _is_hidden(name, engine)}
        statements = list(self._drops(engine.dialect, places).values()) if overwrite else []
        written = self._statements(engine.dialect, places, hidden, engine)
        statements += [each.sql for each in written if each.materialization != "cte"]
        engine.write(statements)
        return made

    def _before(self, name: str) -> list[Savepoint]:
        """Return the savepoints set before another one that are tables or views."""
        return [entry for entry in self.all[: self.names.index(name)] if entry.materialization != "cte"]

    def _over_written(
        self, plan: Node, before: str, places: Mapping[str, tuple[str, ...]], passed: AbstractSet[str] = frozenset()
    ) -> Node:
        """Return the plan with steps that are tables or views read from them, except those in ``passed``."""
        stored: dict[Node, Node] = {
            entry.df._state.plan: _read(entry, places) for entry in self._before(before) if entry.name not in passed
        }
        return rebuild(plan, stored.get) if stored else plan


def _is_hidden(name: str, engine: Engine) -> bool:
    """Return whether a temporary table shadows the permanent table or view of that name."""
    try:
        found = engine.table(name)
    except TableNotFound:
        return False
    try:
        return engine.table(name, lasting=True).relation != found.relation
    except TableNotFound:
        return True


def _places(entries: Sequence[Savepoint], engine: Engine) -> dict[str, tuple[str, ...]]:
    """Return the qualified names of tables and views, because a temporary table would shadow an unqualified name."""
    return {entry.name: engine.place(entry.name) for entry in entries if entry.materialization in ("table", "view")}


def _read(entry: Savepoint, places: Mapping[str, tuple[str, ...]]) -> Source:
    """Return the step that reads the table or view of a savepoint."""
    relation = Relation(
        "table", places.get(entry.name, split_name(entry.name)), temporary=entry.materialization == "temp_table"
    )
    return source_of(entry.df, StoredTable(relation, _stored_types(entry.df), ()))


def _stored_types(frame: DataFrame) -> tuple[tuple[str, str], ...]:
    """Return the columns of a frame with their type names in a table."""
    dialect = dialect_named(frame._state.dialect)
    return tuple(
        (name, dialect.stored_name(frame._state.plan.types[name], written=True))
        for name in (*frame.index_columns, *frame.data_columns)
    )


def _kind(materialization: object) -> str:
    kind = str(getattr(materialization, "value", materialization)).lower()
    if kind not in KINDS:
        raise InvalidValue(f"materialization has to be one of {', '.join(KINDS)}, not {materialization!r}")
    return kind


def _placed(name: str, kind: str) -> str:
    """Return the materialization of a savepoint. Raises InvalidValue for a name with a schema that cannot have one."""
    if "." in name and kind not in ("table", "view"):
        raise InvalidValue(
            f"the savepoint {name!r} is a {kind}, which cannot be in a schema",
            hint="only a table or view can; remove the schema from the name",
        )
    return kind


def set_savepoint(self: DataFrame, name: str, materialization: str | Enum = "cte") -> DataFrame:
    """Register the current frame under a name, and return it. The frame becomes a separate step; see ``savepoints``.

    The savepoints are shared by all frames derived from this one. The name of a table or view may include a schema, as in
    ``analytics.daily``; the schema has to exist when it is written.
    """
    self.savepoints.add_savepoint(name, self.copy(), materialization)
    entry = self.savepoints._entry(name)
    pinned = materialize(self, split_name(name)[-1])
    self.savepoints._entries[name] = replace(entry, df=pinned)
    object.__setattr__(self, "_state", replace(self._state, plan=pinned._state.plan, order=()))
    return self
