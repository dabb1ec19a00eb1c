"""A plan over the tables of one engine, written for another one: the SQL of the same program elsewhere."""

from __future__ import annotations

from objectiv_local.dialects import dialect_named
from objectiv_local.errors import NotSupported
from objectiv_local.plan.nodes import Node, Source
from objectiv_local.plan.relation import Relation
from objectiv_local.plan.rewrite import rebuild

#: The name of a stored column of each type, for each dialect.
STORED = {
    "duckdb": {"bool": "BOOLEAN", "int64": "BIGINT", "float64": "DOUBLE", "string": "VARCHAR", "date": "DATE",
               "timestamp": "TIMESTAMP", "timedelta": "INTERVAL", "uuid": "UUID", "json": "JSON"},
    "postgres": {"bool": "bool", "int64": "int8", "float64": "float8", "string": "text", "date": "date",
                 "timestamp": "timestamp", "timedelta": "interval", "uuid": "uuid", "json": "jsonb"},
}


def translated(plan: Node, dialect: str) -> Node:
    """Return the plan with its tables as ``dialect`` would find them: same names and types.

    Files that the dialect cannot read stand as a table ``data``.
    """

    def change(_: Node, node: Node) -> Node:
        if not isinstance(node, Source):
            return node
        relation = node.relation
        try:
            dialect_named(dialect).relation(relation)
        except NotSupported:
            relation = Relation("table", ("data",))
        columns = tuple((name, physical, STORED[dialect][type_.name], type_) for name, physical, _, type_ in node.columns)
        return Source(relation, columns, node.key, node.connection, node.step)

    return rebuild(plan, change)
