"""Running a program: as one statement, or in parts if it has more steps than its engine can plan at once."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from objectiv_local.dialects import STORED_ROWS, Statement, compile_in_parts
from objectiv_local.errors import ObjectivError
from objectiv_local.frame.zones import in_zones_of
from objectiv_local.plan.nodes import Node, Source, is_single_row
from objectiv_local.plan.relation import StoredTable

if TYPE_CHECKING:
    from types import TracebackType

    from objectiv_local.engines.base import Engine


class Running:
    """The statement of a plan, to be run before the context ends.

    If the engine cannot plan all steps at once, the rows of lower steps are stored in temporary tables, which are dropped when
    the context ends and computed again the next time that the plan is run.
    """

    def __init__(self, plan: Node, engine: Engine) -> None:
        self.engine = engine
        self.tables: list[StoredTable] = []
        try:
            self.statement = compile_in_parts(in_zones_of(plan, engine), engine.dialect, self._stored)
        except BaseException:
            self.close()
            raise

    def _stored(self, node: Node, statement: Statement) -> Source:
        table = self.engine.create_table(STORED_ROWS, statement.sql)
        self.tables.append(table)
        return source(node, [name for name, _ in statement.schema], table, self.engine)

    def close(self) -> None:
        """Drop the temporary tables."""
        while self.tables:
            # If the connection was lost or closed, the tables no longer exist.
            with suppress(ObjectivError):
                self.engine.drop_temporary(self.tables.pop())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def source(plan: Node, names: Iterable[str], stored: StoredTable, engine: Engine | None) -> Source:
    """Return the step that reads columns of a plan, in their order, from the table in which they are stored."""
    names = list(names)
    columns = tuple(
        (name, physical, type_name, plan.types[name]) for name, (physical, type_name) in zip(names, stored.columns, strict=True)
    )
    key = () if is_single_row(plan) else plan.key
    key = key if key is not None and set(key) <= set(names) else None
    return Source(stored.relation, columns, key, id(engine), stored.relation.parts[-1], stored.row_id)
