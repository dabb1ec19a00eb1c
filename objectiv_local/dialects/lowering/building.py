"""Blocks under construction: how columns are added, when blocks are closed, and which parts are written first."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from objectiv_local.dialects.dialect import Dialect
from objectiv_local.dialects.lowering.block import Block, inside_windows, is_cheap, outermost_windows, reads_json, replaced
from objectiv_local.dialects.lowering.scope import Cte, Scope
from objectiv_local.dialects.lowering.text import select_text
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.printer import merged, one_line, shortened
from objectiv_local.dialects.sql.tree import Name, Sql
from objectiv_local.plan.expr import (
    Aggregation,
    Call,
    Case,
    Cast,
    Column,
    Expr,
    Literal,
    Over,
    aggregation,
    literal,
    parses,
    queries,
    substitute,
    walk,
)
from objectiv_local.plan.nodes import Aggregate, Node, depends_on, is_single_row

#: Number of consecutive steps that repeat a column before inlining is prevented.
MOST_COPIES = 4


class Blocks:
    """The blocks of one statement, by step of the plan."""

    def __init__(self, dialect: Dialect, nodes: tuple[Node, ...], needed: Mapping[Node, AbstractSet[str]]) -> None:
        self.needed = needed
        self.scope = Scope(dialect, nodes, self.total)
        self.dialect = dialect
        self.uses: dict[Node, int] = dict.fromkeys(nodes, 0)
        for node in nodes:
            for below in depends_on(node):
                self.uses[below] += 1
        self._open: dict[Node, Block] = {}
        self._shared: dict[Node, Block] = {}

    def keep(self, node: Node, block: Block) -> None:
        """Store the block of ``node`` for the steps that read it; it becomes a separate step if there are several."""
        if self.uses[node] > 1:
            self._shared[node] = self.closed(block)
        else:
            self._open[node] = block

    def take(self, node: Node) -> Block:
        """Return the block of ``node`` for the step that reads it."""
        return self._shared[node].copy() if node in self._shared else self._open.pop(node)

    def total(self, plan: Node) -> Block:
        """Return the step with the rows of a query in an expression."""
        # If an engine that inlines steps repeats an expression, it repeats the queries in it.
        kept = self.dialect.keeps is not None and is_single_row(plan)
        self._shared[plan] = block = self.closed(self.take(plan), kept=kept)
        return block

    def add(self, block: Block, added: dict[str, Expr], kept: AbstractSet[str]) -> Block:
        """Return a block with columns added; ``kept`` are its own columns that are read together with these."""
        aside = self.to_compute_first(list(added.values()))
        if aside:
            names = {part: self.scope.new_name(part) for part in aside}
            added = {name: replaced(expr, names) for name, expr in added.items()}
            read = frozenset().union(*(expr.columns for expr in added.values())) & block.columns.keys()
            block = self.add(block, {name: part for part, name in names.items()}, kept | read)
            read = frozenset().union(*(expr.columns for expr in added.values()))
            block.columns = {name: expr for name, expr in block.columns.items() if name in kept | read}
            block = self.closed(block)
        exprs = list(added.values())
        windows = frozenset().union(*(inside_windows(expr) for expr in exprs))
        if any(expr.has_window for expr in exprs):
            over_window = any(block.columns[name].has_window for name in windows)
            wide = any(reads_json(expr) for expr in block.columns.values())
            # DuckDB does not support expressions that may raise an error inside a window, and cannot copy a sub-select there.
            refused = any(parses(block.columns[name]) or block.columns[name].has_query for name in windows)
            if block.group is not None or block.is_limited or over_window or wide or refused:
                block = self.closed(block)
        if block.must_close_for(exprs, kept, self.dialect):
            block = self.closed(block)
            block.copied += 1
        block.columns |= {name: substitute(expr, block.columns) for name, expr in added.items()}
        return block

    def to_compute_first(self, exprs: list[Expr]) -> list[Expr]:
        """Return parts that need a separate step: nested windows, and expensive operands that are written twice."""
        found: dict[Expr, None] = {}
        for expr in exprs:
            has_case = any(isinstance(part, Case) for part in walk(expr))
            for part in walk(expr):
                if isinstance(part, Over):
                    found |= dict.fromkeys(outermost_windows(part.children()))
                    # DuckDB cannot copy a sub-select inside a window.
                    found |= dict.fromkeys(queries(part))
                    # Also because DuckDB does not support expressions that may raise an error as keys of a window.
                    keys = (*part.partition, *(key.expr for key in part.order))
                    found |= dict.fromkeys(key for key in keys if not (is_cheap(key) or _chooses(key)) and not key.has_window)
                elif self.refuses_queries(part):
                    found |= dict.fromkeys(arg for arg in part.children() if arg.has_query)
                elif isinstance(part, Call) and part.op in self.dialect.repeats and not _is_plain_quotient(part):
                    for arg in part.args:
                        if has_case and parses(arg):
                            # An expression that may raise an error is not moved, because a CASE may exclude rows from it. A
                            # window, however, is computed for every row in any case, and must not be inside a sub-select.
                            found |= dict.fromkeys(outermost_windows([arg]))
                        elif not is_cheap(_uncast(arg)):
                            found[arg] = None
        # For nested parts, the inner ones are found again when the outer ones are added.
        inner = {sub for part in found for sub in walk(part) if sub is not part}
        return [part for part in found if part not in inner]

    def refuses_queries(self, expr: Expr) -> bool:
        """Return whether ``expr`` is an aggregate that the engine cannot compute over a sub-select."""
        return isinstance(expr, Aggregation) and expr.op in self.dialect.refuses_queries

    def computed_first(
        self, block: Block, node: Aggregate, aggregates: list[tuple[str, Expr]], parts: list[Expr]
    ) -> tuple[Block, Aggregate, list[tuple[str, Expr]]]:
        """Return the block with ``parts`` as columns, and the aggregate over those."""
        names = {part: self.scope.new_name(part) for part in parts}
        keys = tuple((name, replaced(expr, names)) for name, expr in node.keys)
        moved = [(name, replaced(expr, names)) for name, expr in aggregates]
        read = frozenset().union(*(expr.columns for _, expr in (*keys, *moved))) & block.columns.keys()
        block = self.add(block, {name: part for part, name in names.items()}, set(read))
        return self.closed(block), Aggregate(node.child, keys, node.aggregates, node.step), moved

    def closed(self, block: Block, *, fenced: bool = False, kept: bool = False) -> Block:
        """Return a new block that reads the result of ``block`` as a named step, optionally never inlined or materialized."""
        if block.is_bare:
            return block
        if not block.columns:
            # For a total, the result has to remain a single row.
            block.columns = {"one": aggregation("size") if block.group == [] else literal(1)}
            self.scope.name_the_one()
        name = self.scope.step_name(block.title)
        comment = "; ".join(map(shortened, merged(block.steps))) or f"columns of {block.source.text}"
        # In an engine that inlines steps, repeated expressions would double at every step. It does not
        # inline a step with LIMIT or OFFSET.
        too_often = not block.is_limited and (fenced or (self.dialect.fence is not None and block.copied >= MOST_COPIES))
        costly = (
            frozenset(self.scope.identifier(each) for each, expr in block.columns.items() if reads_json(expr))
            if (self.dialect.fence is not None and block.is_pulled_up())
            else frozenset()
        )
        self.scope.ctes.append(
            Cte(
                name,
                select_text(self.scope, block),
                one_line(comment),
                is_fenced=too_often,
                is_kept=kept,
                is_scan=block.is_scan() and not too_often,
                costly=costly,
            )
        )
        inputs: dict[str, Sql] = {each: Name(self.scope.identifier(each)) for each in block.columns}
        columns: dict[str, Expr] = {each: Column(each, expr.type) for each, expr in block.columns.items()}
        return Block(
            tree.step(name),
            inputs,
            columns,
            block.title,
            copied=0 if too_often or block.is_limited else block.copied,
            depth=block.depth + 1,
        )


def _is_plain_quotient(part: Call) -> bool:
    """Return whether a division is by a constant other than 0, which needs no guard that repeats an operand."""
    return part.op == "truediv" and isinstance(part.args[1], Literal) and bool(part.args[1].value)


def _chooses(key: Expr) -> bool:
    """Return whether a key is a column in some rows and NULL in the others."""
    return isinstance(key, Case) and all(isinstance(part, Column | Literal) for part in key.children())


def _uncast(expr: Expr) -> Expr:
    return expr.arg if isinstance(expr, Cast) else expr
