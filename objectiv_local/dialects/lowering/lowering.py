"""From a plan to a statement: each step is merged into the open SELECT if its clause comes later, or starts a new one.

A completed SELECT becomes a common table expression with the name of its step. The statement reads from top to bottom in the
order in which the user wrote the steps.

Modules, each of which imports only the ones before it: ``block`` (a SELECT under construction), ``scope`` (names and steps of
one statement), ``expressions`` and ``text`` (the SQL of a block), ``building`` (when a block gets columns and when it is
closed), ``steps`` (those with their own FROM or GROUP BY) and this one, which traverses the plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from objectiv_local.dialects.dialect import Dialect
from objectiv_local.dialects.lowering import steps
from objectiv_local.dialects.lowering.block import Block, Stored, outermost_windows
from objectiv_local.dialects.lowering.building import Blocks
from objectiv_local.dialects.lowering.expressions import reader, sql_of
from objectiv_local.dialects.lowering.scope import Cte
from objectiv_local.dialects.lowering.scope import Select as Query
from objectiv_local.dialects.lowering.text import select_text
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.printer import one_line
from objectiv_local.dialects.sql.tree import From, Name, Raw, Sql
from objectiv_local.plan.expr import Column, Expr, Literal, Ordering, substitute, walk
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
    depends_on,
    topological,
)
from objectiv_local.plan.relation import Schema
from objectiv_local.plan.rewrite import required
from objectiv_local.plan.simplify import true_for
from objectiv_local.types import BOOL, ROW_ID


@dataclass(frozen=True, slots=True)
class Statement:
    """A compiled plan: its SQL, and the columns of its result in order.

    ``names`` are the names of the columns in the SQL of a finished statement: their own, or replacements for names that an
    engine would confuse with another one or truncate.
    """

    sql: str
    schema: Schema
    names: tuple[str, ...] = ()


#: Stores the rows of a step, given its statement, and returns the step that reads them.
Store = Callable[[Node, Statement], Source]


def lower(root: Node, dialect: Dialect, store: Store | None = None) -> Statement:
    """Return ``root`` as a statement of ``dialect``.

    With ``store``, the statement has no more nested steps than the engine can plan in reasonable time: the rows of lower
    steps are stored first.
    """
    return Lowering(root, dialect).statement(store)


def _repeated(nodes: Sequence[Node], most: int | None) -> frozenset[Node]:
    """Return the steps that an engine would compute more than ``most`` times, once in each step that reads them.

    Only steps that cost more than reading rows are included: with groups, joins or windows.
    """
    if most is None:
        return frozenset()
    copies = Counter({nodes[-1]: 1})
    found: set[Node] = set()
    for node in reversed(nodes):
        if copies[node] > most and _moves_rows(node):
            found.add(node)
            copies[node] = 1
        for below in depends_on(node):
            copies[below] += copies[node]
    return frozenset(found)


def _moves_rows(node: Node) -> bool:
    """Return whether a step has to combine rows."""
    return isinstance(node, Aggregate | GroupingSets | Join | Unnest) or any(expr.has_window for expr in node.exprs())


class Lowering:
    """The construction of one statement."""

    def __init__(self, root: Node, dialect: Dialect) -> None:
        self.root = root
        self.dialect = dialect
        self.nodes = topological(root)
        self.needed = required(self.nodes, root)
        self.blocks = Blocks(dialect, self.nodes, self.needed)
        self.scope = self.blocks.scope
        #: Whether the rows of a step have already been stored.
        self.is_part = False
        self.repeated = _repeated(self.nodes, dialect.most_copies)

    def statement(self, store: Store | None = None) -> Statement:
        """Return the statement; see :func:`lower`."""
        for node in self.nodes:
            block = self.lower_node(node)
            if len(block.columns) != len(self.needed[node]) or node is self.root:
                block.columns = {name: block.columns[name] for name in node.types if name in self.needed[node]}
            # The id of a row is valid within one statement only.
            has_rows = bool(block.columns) and all(expr.type != ROW_ID for expr in block.columns.values())
            is_stored = block.depth > self.dialect.most_steps or node in self.repeated
            if store is not None and is_stored and has_rows and node is not self.root:
                schema = tuple((name, node.types[name]) for name in block.columns)
                query = self.scope.with_steps(select_text(self.scope, block), only_read=self.is_part)
                block = self.source(store(node, Statement(query, schema)))
                self.is_part = True
            self.blocks.keep(node, block)
        result = select_text(self.scope, self.blocks.take(self.root), is_result=True)
        return Statement(
            self.labels() + self.scope.with_steps(result, only_read=self.is_part),
            self.root.schema,
            tuple(self.scope.names[name] for name, _ in self.root.schema),
        )

    def lower_node(self, node: Node) -> Block:
        match node:
            case Source():
                return self.source(node)
            case Values():
                return self.values(node)
            case Extend():
                return self.extend(self.blocks.take(node.child), node)
            case Select():
                return self.select(self.blocks.take(node.child), node)
            case Filter():
                return self.filter(self.blocks.take(node.child), node)
            case Aggregate():
                return self.aggregate(self.blocks.take(node.child), node)
            case Pin():
                block = self.blocks.take(node.child)
                block.title = node.step or block.title
                return self.blocks.closed(block)
            case GroupingSets():
                return steps.grouping_sets(self.blocks, self.blocks.take(node.child), node)
            case Unnest():
                return steps.unnest(self.blocks, self.blocks.take(node.child), node)
            case Union():
                return steps.union(self.blocks, node)
            case Join():
                return steps.join(self.blocks, node)
            case Limit() | Sort():
                return self.sort(self.blocks.take(node.child), node)
        raise AssertionError(node)

    def source(self, node: Source) -> Block:
        inputs: dict[str, Sql] = {}
        columns: dict[str, Expr] = {}
        for name, physical, stored, type_ in node.columns:
            inputs[name] = Name(self.dialect.identifier(physical))
            is_read = reader(self.dialect, stored, type_) is not None
            columns[name] = Stored(name, stored, type_) if is_read else Column(name, type_)
        return Block(self.place(node), inputs, columns, node.step)

    def place(self, node: Source) -> From:
        """Return the location of stored rows."""
        relation = node.relation
        if relation.kind == "query":
            name = self.scope.step_name(node.step or "given")
            self.scope.ctes.append(Cte(name, Query(relation.parts[0]), "a query given as SQL"))
            return tree.step(name)
        text = self.dialect.relation(relation)
        if relation.kind != "table":
            return From(text)
        return From(text, text, is_plain=relation.parts == (text,))

    def values(self, node: Values) -> Block:
        aliases = tuple(self.scope.identifier(name) for name, _ in node.columns)
        many = self.dialect.many_rows(node.columns, node.rows)
        flat = self.scope.printer.flat
        if many is not None:
            body = many
        elif node.rows:
            rows = ["(" + ", ".join(flat(sql_of(self.scope, value, {})) for value in row) + ")" for row in node.rows]
            body = "VALUES\n" + ",\n".join("  " + row for row in rows)
        else:
            nulls = [flat(tree.cast(Raw("NULL"), type_)) for _, type_ in node.columns]
            body = "SELECT " + ", ".join(nulls) + " WHERE FALSE"
        title = self.scope.step_name(node.step or "loaded")
        self.scope.ctes.append(Cte(title, Query(body), "rows written out here", aliases))
        inputs: dict[str, Sql] = {name: Name(alias) for (name, _), alias in zip(node.columns, aliases, strict=True)}
        return Block(tree.step(title), inputs, {name: Column(name, type_) for name, type_ in node.columns}, title)

    def extend(self, block: Block, node: Extend) -> Block:
        needed = self.needed[node]
        added = {name: expr for name, expr in node.columns if name in needed}
        block = self.blocks.add(block, added, needed - added.keys())
        if added:
            block.title = node.step or next(iter(added))
            block.steps.append("adds " + ", ".join(added))
            if node.once and self.dialect.fence is not None:
                block.columns = {name: block.columns[name] for name in node.types if name in needed}
                block = self.blocks.closed(block, fenced=True)
        return block

    def select(self, block: Block, node: Select) -> Block:
        kept = [(name, expr) for name, expr in node.columns if name in self.needed[node]]
        plain = {expr.name for _, expr in kept if isinstance(expr, Column)}
        # A computed column may have the name of a column that is read under another name.
        names = {
            name: self.scope.new_name(expr) if name in plain else name for name, expr in kept if not isinstance(expr, Column)
        }
        block = self.blocks.add(block, {names[name]: expr for name, expr in kept if name in names}, plain)
        block.columns = {name: block.columns[expr.name if isinstance(expr, Column) else names[name]] for name, expr in kept}
        block.title = node.step or block.title
        return block

    def filter(self, block: Block, node: Filter) -> Block:
        predicate = node.predicate
        if block.is_limited:
            block = self.blocks.closed(block)
        if predicate.has_window:
            name = self.scope.new_name(predicate)
            block = self.blocks.add(block, {name: predicate}, self.needed[node])
            predicate = Column(name, BOOL)
        costly = block.must_close_for([predicate], self.needed[node], self.dialect)
        if block.has_window() or costly or (block.sets and not self.dialect.filters_by_level):
            block = self.blocks.closed(block)
        kept = true_for(substitute(predicate, block.columns))
        conditions = block.where if block.group is None else block.having
        if kept not in conditions:
            conditions.append(kept)
            block.steps.append("keeps some rows")
        block.title = node.step or block.title
        return block

    def aggregate(self, block: Block, node: Aggregate) -> Block:
        aggregates = [(name, expr) for name, expr in node.aggregates if name in self.needed[node]]
        exprs = [expr for _, expr in (*node.keys, *aggregates)]
        # A window has to be computed before its result can be grouped or aggregated.
        parts: list[Expr] = [*dict.fromkeys(outermost_windows(exprs))]
        parts = parts or self.blocks.to_compute_first(exprs)
        if parts:
            block, node, aggregates = self.blocks.computed_first(block, node, aggregates, parts)
            exprs = [expr for _, expr in (*node.keys, *aggregates)]
        read = frozenset().union(*(expr.columns for expr in exprs))
        blocked = block.group is not None or block.is_limited or any(block.columns[name].has_window for name in read)
        blocked = blocked or any(
            block.columns[name].has_query for expr in exprs if self.blocks.refuses_queries(expr) for name in expr.columns
        )
        if blocked or block.must_close_for(exprs, set(), self.dialect):
            block = self.blocks.closed(block)
        keys = {name: substitute(expr, block.columns) for name, expr in node.keys}
        block.columns = keys | {name: substitute(expr, block.columns) for name, expr in aggregates}
        block.group = list(keys.values())
        block.title = node.step or ("by_" + "_".join(keys) if keys else "total")
        block.steps.append("one row for each " + ", ".join(keys) if keys else "one row for all")
        return block

    def sort(self, block: Block, node: Limit | Sort) -> Block:
        if isinstance(node, Limit) and node.count is None and not node.offset:
            return block
        if block.is_limited:
            block = self.blocks.closed(block)
        exprs = [key.expr for key in node.order]
        if block.must_close_for(exprs, self.needed[node], self.dialect) and any(
            self.dialect.collation(expr) or not isinstance(expr, Column) for expr in exprs
        ):
            block = self.blocks.closed(block)
        keys = [substitute(expr, block.columns) for expr in exprs]
        has_window = not self.dialect.orders_by_windows and any(key.has_window for key in keys)
        if has_window or self.is_ambiguous(keys, block):
            block = self.blocks.closed(block)
        order = [Ordering(substitute(key.expr, block.columns), key.ascending, key.nulls_last) for key in node.order]
        # A constant has no effect on the order, and Postgres interprets it as a column number.
        block.order = tuple(key for key in order if not isinstance(key.expr, Literal))
        if isinstance(node, Limit):
            block.limit, block.offset = node.count, node.offset
            block.steps.append("only the first rows" if node.count is not None else "without the first rows")
            block.title = node.step or "first_rows"
        return block

    def is_ambiguous(self, exprs: list[Expr], block: Block) -> bool:
        """Return whether an ORDER BY of ``exprs`` reads a column with the name of another column of the result.

        DuckDB would use the column of the result, Postgres the column that is read.
        """
        results = {self.scope.identifier(name): column for name, column in block.columns.items()}
        read = (part for expr in exprs for part in walk(expr) if isinstance(part, Column))
        return any(
            results.get(name.text, part) is not part
            for part in read
            if isinstance(name := block.inputs[part.name], Name) and not name.source
        )

    def labels(self) -> str:
        """Return a comment for each name that replaces another one."""
        changed = [(alias, name) for name, alias in self.scope.names.items() if alias != name and name in self.root.types]
        return "".join(f"-- {alias} is the column {one_line(repr(name))}\n" for alias, name in changed)
