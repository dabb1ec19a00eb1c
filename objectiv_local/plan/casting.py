"""Group before casting: ids that are stored as strings are cast once per group instead of once per row.

There are far fewer users in a day than events. If rows are grouped by a cast string, such as the user ids in a file, they are
first grouped by the string, and then the groups by the cast value.
"""

from __future__ import annotations

from objectiv_local.plan.expr import Cast, Column, Expr, substitute
from objectiv_local.plan.naming import new_name
from objectiv_local.plan.nodes import Aggregate, Extend, Node
from objectiv_local.plan.rewrite import rebuild
from objectiv_local.types import STRING


def group_before_casting(root: Node) -> Node:
    """Return the plan with distinct rows computed before strings in them are cast."""
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
    """Return the string column that ``expr`` casts to another type, or None for other expressions."""
    return expr.arg if isinstance(expr, Cast) and isinstance(expr.arg, Column) and expr.arg.type == STRING else None
