"""Rebuilding plans, and the passes that every plan needs: completing orders, and removing columns that nothing reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from objectiv_local.plan.expr import Aggregation, Column, Expr, Ordering, Over, Query, queries, transform
from objectiv_local.plan.nodes import (
    Aggregate,
    Extend,
    Filter,
    GroupingSets,
    Join,
    Limit,
    Node,
    Pin,
    Select,
    Sort,
    Source,
    Union,
    Unnest,
    Values,
    topological,
)
from objectiv_local.plan.ops import OPS, is_ordered


def rebuild(root: Node, change: Callable[[Node, Node], Node], before: Callable[[Node], Node] = lambda node: node) -> Node:
    """Return ``root`` with every node replaced by ``change(old node, node over the new inputs)``, inputs first.

    ``before`` is applied to a node before its inputs are replaced, for properties that the new inputs no longer have.
    """
    new: dict[Node, Node] = {}
    for original in topological(root):
        node = before(original)
        moved = _over_new_queries(node, new) if any(expr.has_query for expr in node.exprs()) else node
        inputs = tuple(new[child] for child in node.inputs())
        if inputs != moved.inputs():
            moved = moved.with_inputs(inputs)
        new[original] = change(original, moved)
    return new[root]


def _over_new_queries(node: Node, new: dict[Node, Node]) -> Node:
    """Return ``node`` with the plans of its queries replaced."""

    def change(part: Expr) -> Expr | None:
        if isinstance(part, Query) and new[part.plan] is not part.plan:
            moved = part.on(new[part.plan])
            return moved.rebuilt(tuple(transform(child, change) for child in moved.children()))
        return None

    return map_exprs(node, lambda expr: transform(expr, change))


def map_exprs(node: Node, change: Callable[[Expr], Expr]) -> Node:
    """Return ``node`` with its expressions replaced."""

    def named(columns: Iterable[tuple[str, Expr]]) -> tuple[tuple[str, Expr], ...]:
        return tuple((name, change(expr)) for name, expr in columns)

    def ordering(order: tuple[Ordering, ...]) -> tuple[Ordering, ...]:
        return tuple(Ordering(change(key.expr), key.ascending, key.nulls_last) for key in order)

    match node:
        case Extend(child, columns, step, local, once):
            return Extend(child, named(columns), step, tuple((name, per, change(expr)) for name, per, expr in local), once)
        case Select(child, columns, step):
            return Select(child, named(columns), step)
        case Filter(child, predicate, step, left_key):
            return Filter(child, change(predicate), step, left_key)
        case Aggregate(child, keys, aggregates, step):
            return Aggregate(child, named(keys), named(aggregates), step)
        case GroupingSets(child, keys, sets, aggregates, level, step):
            return GroupingSets(child, named(keys), sets, named(aggregates), level, step)
        case Unnest(child, array, item, position, step):
            return Unnest(child, change(array), item, position, step)
        case Limit(child, order, count, offset, step):
            return Limit(child, ordering(order), count, offset, step)
        case Sort(child, order, step):
            return Sort(child, ordering(order), step)
    return node


def expressions_of(node: Node) -> Iterable[Expr]:
    """Return the expressions of a step, including the condition of a join."""
    return [node.condition] if isinstance(node, Join) and node.condition is not None else node.exprs()


def map_all(root: Node, change: Callable[[Expr], Expr]) -> Node:
    """Return ``root`` with the expressions of every step replaced, including the conditions of joins."""

    def changed(_: Node, node: Node) -> Node:
        if not isinstance(node, Join) or node.condition is None:
            return map_exprs(node, change)
        return Join(
            node.left,
            node.right,
            node.how,
            node.on,
            node.columns,
            node.nulls_match,
            node.step,
            node.key,
            change(node.condition),
            node.single,
            node.total,
        )

    return rebuild(root, changed)


# ---- order


def complete_orders(root: Node) -> Node:
    """Return the plan with every order extended until no rows can tie in it.

    Ties are broken by the columns of the key if the rows have one, otherwise by all columns that can be compared.
    """

    def change(old: Node, node: Node) -> Node:
        if isinstance(node, Limit | Sort):
            order = completed(
                node.order, node.child, needed=isinstance(node, Sort) or bool(node.order) or (node.count is not None)
            )
            return node if order == node.order else _with_order(node, order)
        if isinstance(node, Extend | Select | Filter | Aggregate | GroupingSets):
            child = node.child
            # Within a group, its keys are constant.
            fixed = [expr for _, expr in node.keys] if isinstance(node, Aggregate) else []

            def complete(part: Expr) -> Expr | None:
                if not isinstance(part, Over | Aggregation):
                    return None
                # Nested windows first: parts of a replaced expression are not visited.
                part = part.rebuilt(tuple(transform(inner, complete) for inner in part.children()))
                if isinstance(part, Over) and part.frame is not None and part.frame.has_distance:
                    return part  # distances need an order by a single number
                if isinstance(part, Over) and (_depends_on_ties(part.call.op) or _rows_frame(part)):
                    return Over(part.call, part.partition, completed(part.order, child, part.partition), part.frame)
                if isinstance(part, Aggregation) and OPS[part.op].ordered and OPS[part.op].kind == "aggregate":
                    return Aggregation(part.op, part.args, completed(part.order, child, fixed), part.where, part.type)
                return part

            return map_exprs(node, lambda expr: transform(expr, complete))
        return node

    return rebuild(root, change)


def _depends_on_ties(op: str) -> bool:
    return OPS[op].ordered and not OPS[op].ties


def _rows_frame(part: Expr) -> bool:
    if not isinstance(part, Over) or part.frame is None or part.frame.mode != "ROWS":
        return False
    return bool(part.order) and (part.frame.start is not None or part.frame.end is not None)


def _with_order(node: Limit | Sort, order: tuple[Ordering, ...]) -> Node:
    if isinstance(node, Sort):
        return Sort(node.child, order, node.step)
    return Limit(node.child, order, node.count, node.offset, node.step)


def completed(
    order: tuple[Ordering, ...], child: Node, fixed: Iterable[Expr] = (), needed: bool = True
) -> tuple[Ordering, ...]:
    """Return ``order`` with columns of ``child`` appended until no two distinct rows tie.

    ``fixed`` are expressions that are equal for all compared rows, such as the keys of a partition.
    """
    if not needed:
        return order
    known: dict[Expr, None] = dict.fromkeys([*(key.expr for key in order), *fixed])
    names = child.key if child.key is not None else tuple(name for name, type_ in child.types.items() if is_ordered(type_))
    ties = [Column(name, child.types[name]) for name in names]
    return (*order, *(Ordering(column) for column in ties if column not in known))


# ---- columns that nothing reads


def required(nodes: Sequence[Node], root: Node) -> dict[Node, set[str]]:
    """Return the columns of each node that a later one reads. ``nodes`` are in topological order."""
    needed: dict[Node, set[str]] = {node: set() for node in nodes}
    needed[root] = set(root.types)
    for node in reversed(nodes):
        wanted = needed[node]
        used = list(_exprs_in_use(node, wanted))
        for expr in used:
            for query in queries(expr):
                needed[query.plan].add(query.column)
        read: set[str] = set().union(*(expr.columns for expr in used)) if used else set()
        match node:
            case Join(left, right, _, on, columns, condition=condition):
                wanted = wanted | condition.columns if condition is not None else wanted
                for name, side, names in columns:
                    if name in wanted:
                        needed[left] |= {names[0]} if side != "right" else set()
                        needed[right] |= {names[1]} if side != "left" else set()
                needed[left] |= {pair[0] for pair in on}
                needed[right] |= {pair[1] for pair in on}
            case Extend(child, columns):
                needed[child] |= (wanted - {name for name, _ in columns}) | read
            case Filter(child) | Limit(child) | Sort(child) | Pin(child):
                needed[child] |= wanted | read
            case Unnest(child, _, item, position):
                needed[child] |= (wanted - {item, position}) | read
            case Union(parts):
                for part in parts:
                    needed[part] |= wanted
            case Select(child) | Aggregate(child) | GroupingSets(child):
                needed[child] |= read
    return needed


def _exprs_in_use(node: Node, wanted: set[str]) -> Iterable[Expr]:
    match node:
        case Extend(_, columns) | Select(_, columns):
            return [expr for name, expr in columns if name in wanted]
        case Aggregate(_, keys, aggregates) | GroupingSets(_, keys, _, aggregates):
            return [expr for _, expr in keys] + [expr for name, expr in aggregates if name in wanted]
    return list(node.exprs())


def prune(root: Node) -> Node:
    """Return the plan without columns that nothing reads."""
    needed = required(topological(root), root)

    def narrowed(node: Node) -> Node:
        while isinstance(node, Extend) and needed[node].isdisjoint(name for name, _ in node.columns):
            node = node.child
        wanted = needed[node]
        match node:
            case Source(relation, columns, key, row_id=row_id):
                kept = tuple(column for column in columns if column[0] in wanted)
                if key is not None and not set(key) <= {column[0] for column in kept}:
                    key = None
                return node.over(relation, kept, key, row_id)
            case Values(columns, rows, key, step):
                indexes = [i for i, (name, _) in enumerate(columns) if name in wanted] or [0]
                if len(indexes) == len(columns):
                    return node
                kept_columns = tuple(columns[i] for i in indexes)
                names = {name for name, _ in kept_columns}
                return Values(
                    kept_columns,
                    tuple(tuple(row[i] for i in indexes) for row in rows),
                    key if key is not None and set(key) <= names else None,
                    step,
                )
            case Extend(child, columns, step, local, once):
                kept_named = tuple((name, expr) for name, expr in columns if name in wanted)
                kept_local = tuple(stand_in for stand_in in local if stand_in[0] in wanted)
                return Extend(child, kept_named, step, kept_local, once)
            case Select(child, columns, step):
                return Select(child, tuple((name, expr) for name, expr in columns if name in wanted), step)
            case Aggregate(child, keys, aggregates, step):
                return Aggregate(child, keys, tuple((name, expr) for name, expr in aggregates if name in wanted), step)
            case Union(parts, names, step):
                return Union(parts, tuple(name for name in names if name in wanted), step)
            case GroupingSets(child, keys, sets, aggregates, level, step):
                kept_named = tuple((name, expr) for name, expr in aggregates if name in wanted)
                return GroupingSets(child, keys, sets, kept_named, level, step)
            case Join(left, right, how, on, columns, nulls_match, step, key, condition, single, total):
                read = wanted | condition.columns if condition is not None else wanted
                kept_sides = tuple(column for column in columns if column[0] in read)
                if how == "left" and condition is None and node.meets_one and all(side == "left" for _, side, _ in kept_sides):
                    # Each row has at most one match, and no column of it is read.
                    return Select(left, tuple((name, left.column(names[0])) for name, _, names in kept_sides), step)
                if key is not None and not set(key) <= {name for name, _, _ in kept_sides}:
                    key = None
                return Join(left, right, how, on, kept_sides, nulls_match, step, key, condition, single, total)
        return node

    return rebuild(root, lambda old, node: node, narrowed)
