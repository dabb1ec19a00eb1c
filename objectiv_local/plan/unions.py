"""Nested unions are flattened: frames that are appended one at a time become the parts of one step."""

from __future__ import annotations

from objectiv_local.plan.expr import Cast, Column, Expr, Literal, substitute
from objectiv_local.plan.nodes import NamedExprs, Node, Select, Union, depends_on, topological
from objectiv_local.plan.rewrite import rebuild


def flatten_unions(root: Node) -> Node:
    """Return the plan with unions that only another union reads merged into it."""
    inner = _inner(root)
    if not inner:
        return root
    new: set[Node] = set()

    def change(old: Node, node: Node) -> Node:
        if old in inner:
            # It stays until the outermost union takes its parts, so that each part is moved once.
            new.add(node)
            return node
        return _flat(node, new) if isinstance(node, Union) else node

    return rebuild(root, change)


def _inner(root: Node) -> set[Node]:
    """Return the unions that are read by exactly one other union and nothing else, and the selections in between."""
    readers: dict[Node, list[Node]] = {}
    for node in topological(root):
        for below in depends_on(node):
            readers.setdefault(below, []).append(node)
    found: set[Node] = set()
    for node, own in readers.items():
        if not isinstance(node, Union) or len(own) > 1:
            continue
        (reader,) = own
        if isinstance(reader, Union):
            found.add(node)
        elif isinstance(reader, Select) and _chooses(reader):
            above = readers.get(reader, ())
            if len(above) == 1 and isinstance(above[0], Union):
                found |= {node, reader}
    return found


def _chooses(node: Select) -> bool:
    """Return whether a step only selects, renames and casts columns, and adds constants."""
    return all(isinstance(expr.arg if isinstance(expr, Cast) else expr, Column | Literal) for _, expr in node.columns)


def _flat(union: Union, inner: set[Node]) -> Union:
    parts: list[Node] = []
    own: NamedExprs = tuple((name, Column(name, union.types[name])) for name in union.columns)
    # Each with the columns of the union as expressions over it, if these are not its own columns.
    waiting: list[tuple[Node, NamedExprs | None]] = [(part, None) for part in reversed(union.parts)]
    while waiting:
        node, columns = waiting.pop()
        if isinstance(node, Union) and node in inner:
            waiting += ((part, columns) for part in reversed(node.parts))
        elif isinstance(node, Select) and (node in inner or (columns is not None and _chooses(node))):
            waiting.append((node.child, _over(node, columns or own)))
        else:
            parts.append(node if columns is None else Select(node, columns))
    return union if len(parts) == len(union.parts) else Union(tuple(parts), union.columns, union.step)


def _over(node: Select, columns: NamedExprs) -> NamedExprs:
    """Return expressions over the columns of a selection as expressions over its input."""
    given: dict[str, Expr] = dict(node.columns)
    return tuple((name, substitute(expr, given)) for name, expr in columns)
