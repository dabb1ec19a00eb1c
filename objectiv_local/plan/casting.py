"""Group before casting: ids that are stored as text are read as ids once for each group, not for each row.

Users of a day are few compared with their events. Where rows are grouped by text that is read as another type, such as the
ids of users in a file, they are grouped by the text first, and the groups by what the text stands for.
"""

from __future__ import annotations

from objectiv_local.plan.expr import Cast, Column, Expr, substitute
from objectiv_local.plan.naming import new_name
from objectiv_local.plan.nodes import Aggregate, Extend, Node
from objectiv_local.plan.rewrite import rebuild
from objectiv_local.types import STRING


def group_before_casting(root: Node) -> Node:
    """Return the plan with distinct rows found before text in them is cast."""
    return rebuild(root, lambda old, node: _grouped(node) if isinstance(node, Aggregate) and not node.aggregates else node)


def _grouped(node: Aggregate) -> Node:
    rows, keys = node.child, dict(node.keys)
    while isinstance(rows, Extend) and not rows.once:
        below = {name: substitute(expr, dict(rows.columns)) for name, expr in keys.items()}
        if any(expr.has_window for expr in below.values()):
            break
        rows, keys = rows.child, below
    texts = {name: text for name, expr in keys.items() if (text := _text(expr)) is not None}
    read = {text.name for text in texts.values()}
    is_unique = rows.key is not None and set(rows.key) <= read
    if not read or is_unique or any(expr.has_window or expr.has_query for expr in keys.values()):
        return node
    others = tuple((name, expr) for name, expr in keys.items() if name not in texts)
    taken = {name for name, _ in others}
    names = {name: new_name(name, taken) for name in sorted(read)}
    groups = Aggregate(
        rows,
        (*((own, rows.column(name)) for name, own in names.items()), *others),
        (),
        "by_" + "_".join([*names.values(), *(name for name, _ in others)]),
    )
    return Aggregate(
        groups,
        tuple(
            (name, Cast(groups.column(names[texts[name].name]), expr.type) if name in texts else groups.column(name))
            for name, expr in keys.items()
        ),
        (),
        node.step,
    )


def _text(expr: Expr) -> Column | None:
    """Return the column of text that ``expr`` reads as another type, if that is what it is."""
    return expr.arg if isinstance(expr, Cast) and isinstance(expr.arg, Column) and expr.arg.type == STRING else None
