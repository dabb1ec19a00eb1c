"""Files may change after a frame was created: a query reads the current files, or raises an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from objectiv_local.plan.nodes import Node, Source, topological
from objectiv_local.plan.relation import StoredTable
from objectiv_local.plan.rewrite import rebuild

if TYPE_CHECKING:
    from objectiv_local.engines.base import Engine


def over_current_files(plan: Node, engine: Engine) -> Node:
    """Return ``plan`` over the current files of its sources.

    Raises :class:`DataInvalid` if the files no longer have the columns of the plan.
    """
    changed: dict[Node, Node] = {}
    for node in topological(plan):
        if isinstance(node, Source):
            before = tuple((physical, type_name) for _, physical, type_name, _ in node.columns)
            stored = StoredTable(node.relation, before, row_id=node.row_id)
            now = engine.current(stored)
            if now != stored:
                columns = tuple(
                    (name, physical, type_name, type_)
                    for (name, _, _, type_), (physical, type_name) in zip(node.columns, now.columns, strict=True)
                )
                changed[node] = node.over(now.relation, columns, node.key, now.row_id)
    return rebuild(plan, changed.get) if changed else plan
