"""Plans: the rows of every node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from objectiv_local.plan import nodes as n
from objectiv_local.plan.relation import Relation
from reference.expressions import Row, Rows
from reference.scalars import elements
from reference.values import Failure, Json, row_identity, stored

#: The rows of stored relations, by the names of the columns as stored.
Sources = Mapping[Relation, Sequence[Mapping[str, object]]]


def evaluate(plan: n.Node, sources: Sources | None = None) -> list[tuple[object, ...]]:
    """Return the rows of ``plan`` as tuples in the order of its columns.

    Raises :class:`Failure` if there is no result.
    """
    engine = Engine(sources or {})
    return [tuple(row[name] for name in plan.types) for row in engine.rows(plan)]


class Engine:
    """Evaluates nodes over the rows of ``sources``; each node once."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.done: dict[n.Node, list[Row]] = {}

    def rows(self, plan: n.Node) -> list[Row]:
        """Return the rows of ``plan``."""
        for node in n.topological(plan):
            if node not in self.done:
                self.done[node] = self.step(node)
        return self.done[plan]

    def value(self, plan: n.Node, column: str) -> object:
        """Return the single value of ``plan``; NULL if it has no row."""
        rows = self.rows(plan)
        if len(rows) > 1:
            raise Failure(f"a single value is wanted, and there are {len(rows)} rows")
        return rows[0][column] if rows else None

    def column(self, plan: n.Node, column: str) -> list[object]:
        """Return the values of a column of ``plan``."""
        return [row[column] for row in self.rows(plan)]

    def on(self, node: n.Node) -> Rows:
        return Rows(self.done[node], self.value, self.column)

    def step(self, node: n.Node) -> list[Row]:
        """Return the rows of ``node``, after its inputs have been computed."""
        match node:
            case n.Source():
                return [
                    {name: stored(row[there], type_) for name, there, _, type_ in node.columns}
                    for row in self.sources[node.relation]
                ]
            case n.Values(columns, rows):
                one = Rows([{}], self.value, self.column)
                return [{name: one.value(expr, 0) for (name, _), expr in zip(columns, row, strict=True)} for row in rows]
            case n.Extend(child, columns):
                return [row | new for row, new in zip(self.done[child], self.computed(child, columns), strict=True)]
            case n.Select(child, columns):
                return self.computed(child, columns)
            case n.Filter(child, predicate):
                kept = self.on(child).values(predicate)
                return [row for row, keep in zip(self.done[child], kept, strict=True) if keep is True]
            case n.Aggregate():
                return self.aggregate(node)
            case n.GroupingSets():
                return self.grouping_sets(node)
            case n.Unnest(child, array, item, position):
                arrays = self.on(child).values(array)
                return [
                    row | {item: Json(value), position: i}
                    for row, found in zip(self.done[child], arrays, strict=True)
                    for i, value in enumerate(elements(found))
                ]
            case n.Union(parts, columns):
                return [{name: row[name] for name in columns} for part in parts for row in self.done[part]]
            case n.Pin(child):
                return self.done[child]
            case n.Join():
                return self.join(node)
            case n.Limit(child, order, count, offset):
                members = self.on(child).ordered(range(len(self.done[child])), order)
                return [self.done[child][i] for i in members[offset : None if count is None else offset + count]]
            case n.Sort(child, order):
                members = self.on(child).ordered(range(len(self.done[child])), order)
                return [self.done[child][i] for i in members]
        raise TypeError(f"{type(node).__name__} is not a step that the reference engine knows")

    def computed(self, child: n.Node, columns: n.NamedExprs) -> list[Row]:
        rows = self.on(child)
        return [{name: rows.value(expr, i) for name, expr in columns} for i in range(len(rows.rows))]

    def aggregate(self, node: n.Aggregate) -> list[Row]:
        rows = self.on(node.child)
        everything = range(len(rows.rows))
        groups = rows.groups(everything, [expr for _, expr in node.keys]) if node.keys else [list(everything)]
        return [
            {name: rows.value(expr, members[0]) for name, expr in node.keys}
            | {name: rows.aggregated(call, members) for name, call in node.aggregates}
            for members in groups
        ]

    def grouping_sets(self, node: n.GroupingSets) -> list[Row]:
        out = []
        for level, positions in enumerate(node.sets):
            keys = tuple(key for i, key in enumerate(node.keys) if i in positions)
            others = {name: None for i, (name, _) in enumerate(node.keys) if i not in positions}
            out += [
                row | others | {node.level: level} for row in self.aggregate(n.Aggregate(node.child, keys, node.aggregates))
            ]
        return out

    def join(self, node: n.Join) -> list[Row]:
        left, right = self.done[node.left], self.done[node.right]
        pairs: list[tuple[Row | None, Row | None]] = [(a, b) for a in left for b in right if self.meet(node, a, b)]
        if node.how in ("left", "outer"):
            pairs += [(a, None) for a in left if not any(self.meet(node, a, b) for b in right)]
        if node.how == "outer":
            pairs += [(None, b) for b in right if not any(self.meet(node, a, b) for a in left)]
        return [self.side_by_side(node, a, b) for a, b in pairs]

    def side_by_side(self, node: n.Join, left: Row | None, right: Row | None) -> Row:
        return {name: self.joined(side, names, left, right) for name, side, names in node.columns}

    def meet(self, node: n.Join, left: Row, right: Row) -> bool:
        if not self.equal(node, left, right):
            return False
        pair = Rows([self.side_by_side(node, left, right)], self.value, self.column)
        return node.condition is None or pair.value(node.condition, 0) is True

    @staticmethod
    def equal(node: n.Join, left: Row, right: Row) -> bool:
        a = tuple(left[name] for name, _ in node.on)
        b = tuple(right[name] for _, name in node.on)
        return row_identity(a) == row_identity(b) and (node.nulls_match or None not in a)

    @staticmethod
    def joined(side: n.JoinSide, names: tuple[str, str], left: Row | None, right: Row | None) -> object:
        a = left[names[0]] if left is not None and side != "right" else None
        b = right[names[1]] if right is not None and side != "left" else None
        return b if a is None else a
