"""Translating a plan over the tables of one engine to another, for the SQL of the same program there."""

from __future__ import annotations

from objectiv_local.dialects import dialect_named
from objectiv_local.errors import NotSupported
from objectiv_local.plan.nodes import Node, Source
from objectiv_local.plan.relation import Relation
from objectiv_local.plan.rewrite import rebuild
from objectiv_local.types import INT64


def translated(plan: Node, before: str, after: str) -> Node:
    """Return the plan with its tables as in another dialect: the same names and types.

    Files that the dialect cannot read become a table named ``data``.
    """
    here, there = dialect_named(before), dialect_named(after)

    def change(_: Node, node: Node) -> Node:
        if not isinstance(node, Source):
            return node
        relation = node.relation
        try:
            there.relation(relation)
        except NotSupported:
            relation = Relation("table", ("data",))
        columns = []
        for name, physical, stored, type_ in node.columns:
            found = here.stored(stored)
            written = found is not None and found[0] == INT64
            columns.append((name, physical, there.stored_name(type_, written=written), type_))
        return node.over(relation, tuple(columns), node.key, ())

    return rebuild(plan, change)
