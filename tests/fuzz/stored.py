"""The first rows of a generated program in a table: they have a row id, which literal rows do not have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fuzz.snapshots import MEMBERS

from objectiv_local.dialects import compile_plan
from objectiv_local.plan.expr import Literal
from objectiv_local.plan.nodes import Node, Source, Values, topological
from objectiv_local.plan.relation import Relation, StoredTable
from objectiv_local.plan.rewrite import rebuild

if TYPE_CHECKING:
    from reference.engine import Sources
    from spec.engines import Sql


def in_memory(plan: Node) -> tuple[Node, Sources]:
    """Return the program over tables of the reference engine, and their rows."""
    sources: dict[Relation, list[dict[str, object]]] = {}
    tables = {}
    for number, node in enumerate(_written_out(plan)):
        relation = Relation("table", (f"data{number}",))
        tables[node] = StoredTable(relation, tuple((name, "") for name in node.types), row_id=(("rowid", "BIGINT"),))
        sources[relation] = [
            {
                "rowid": position,
                **{name: value.value for name, value in zip(node.types, row, strict=True) if isinstance(value, Literal)},
            }
            for position, row in enumerate(node.rows)
        ]
    return _over(plan, tables), sources


@contextmanager
def in_tables(plan: Node, engine: Sql) -> Iterator[Node]:
    """Provide the program over temporary tables of a database."""
    tables = {
        node: engine.connection.create_table("written", compile_plan(node, engine.dialect).sql) for node in _written_out(plan)
    }
    try:
        yield _over(plan, tables)
    finally:
        for table in tables.values():
            engine.connection.drop_temporary(table)


def _written_out(plan: Node) -> list[Values]:
    return [node for node in topological(plan) if isinstance(node, Values)]


def _over(plan: Node, tables: dict[Values, StoredTable]) -> Node:

    def change(old: Node, node: Node) -> Node:
        if not isinstance(old, Values):
            return node
        table = tables[old]
        columns = tuple(
            (name, there, stored, type_)
            for (there, stored), (name, type_) in zip(table.columns, old.types.items(), strict=True)
        )
        source = Source(table.relation, columns, old.key, 0, old.step, table.row_id)
        members = tuple((expr, name) for expr, name in MEMBERS if source.types.keys() >= {name, *expr.columns})
        return Source(table.relation, columns, old.key, 0, old.step, table.row_id, members)

    return rebuild(plan, change)
