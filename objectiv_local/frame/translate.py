"""A plan over the tables of one engine, written for another one: the SQL of the same program elsewhere."""

from __future__ import annotations

from objectiv_local.dialects import dialect_named
from objectiv_local.errors import NotSupported
from objectiv_local.plan.nodes import Node, Source
from objectiv_local.plan.relation import Relation
from objectiv_local.plan.rewrite import rebuild
from objectiv_local.types import Type

#: The name of a stored column of each type, for each dialect.
STORED = {
    "duckdb": {"bool": "BOOLEAN", "int64": "BIGINT", "float64": "DOUBLE", "string": "VARCHAR", "date": "DATE",
               "time": "TIME", "timestamp": "TIMESTAMP", "timedelta": "INTERVAL", "uuid": "UUID", "json": "JSON",
               "numeric_interval": "DOUBLE[]"},
    "postgres": {"bool": "bool", "int64": "int8", "float64": "float8", "string": "text", "date": "date",
                 "time": "time", "timestamp": "timestamp", "timedelta": "interval", "uuid": "uuid", "json": "jsonb",
                 "numeric_interval": "float8[]"},
}
_DECIMAL = {"duckdb": "DECIMAL(38,{})", "postgres": "numeric(38,{})"}


def stored_name(dialect: str, type_: Type, *, written: bool = False) -> str:
    """Return the name of a stored type; ``written`` by this package, which stores durations as numbers."""
    if type_.name == "decimal":
        return _DECIMAL[dialect].format(type_.scale)
    return STORED[dialect]["int64" if written and type_.name == "timedelta" else type_.name]


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
        columns = tuple((name, physical, stored_name(dialect, type_, written=stored.lower() in ("bigint", "int8")), type_)
                        for name, physical, stored, type_ in node.columns)
        return Source(relation, columns, node.key, node.connection, node.step)

    return rebuild(plan, change)
