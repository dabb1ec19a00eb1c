"""From a plan to a statement: each step joins the open SELECT if its clause comes later, or starts the next one.

A SELECT that is finished becomes a common table expression with the name of its step. The statement reads from top to
bottom in the order in which the user wrote the steps.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from objectiv_local.dialects.lowering import steps
from objectiv_local.dialects.lowering.block import (
    Block,
    Stored,
    inside_windows,
    is_cheap,
    outermost_windows,
    reads_json,
    replaced,
)
from objectiv_local.dialects.lowering.text import select_text
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.names import RESERVED, stand_ins, unused
from objectiv_local.dialects.sql.printer import flat, indented, merged, one_line, shortened
from objectiv_local.dialects.sql.tree import Number, Raw, Sql
from objectiv_local.dialects.standard.table import CAST, Dialect, on_function
from objectiv_local.plan.explain import frame_text
from objectiv_local.plan.expr import (
    Aggregation,
    Call,
    Case,
    Cast,
    Column,
    Expr,
    InQuery,
    Literal,
    Ordering,
    Over,
    ScalarQuery,
    aggregation,
    literal,
    parses,
    queries,
    substitute,
    walk,
)
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
from objectiv_local.types import BOOL, ROW_ID, STRING, Type

#: Steps that repeat a column, one upon the other, before the rows are fenced off.
MOST_COPIES = 4


@dataclass(frozen=True, slots=True)
class Statement:
    """A compiled plan: its text, and the columns of its result in order."""

    sql: str
    schema: Schema


_WORDS = re.compile(r"\w+")

@dataclass(frozen=True, slots=True)
class Cte:
    """A step that is written. ``costly`` are columns of it that an engine may compute again wherever they are read."""

    name: str
    body: str
    comment: str
    fenced: bool = False
    costly: frozenset[str] = frozenset()

    def text(self, reads: Counter[tuple[str, str]]) -> str:
        """Return the step as it stands behind WITH, fenced off if what reads it would compute something twice."""
        repeated = sorted(column for column in self.costly if reads[self.name, column] > 1)
        comment, body = self.comment, self.body
        if self.fenced or repeated:
            comment += f"; OFFSET 0 has {' and '.join(repeated) or 'it'} computed once"
            body += "\nOFFSET 0"
        return f"-- {comment}\n{self.name} AS (\n{indented(body)}\n)"


#: What tables with the rows of steps are called, and no step of a statement is.
STORED_ROWS = "stored_rows"
#: Keeps the rows of a step, whose statement it is given, and returns the step that reads them.
Store = Callable[[Node, Statement], Source]


def lower(root: Node, dialect: Dialect, store: Store | None = None) -> Statement:
    """Return ``root`` as a statement of ``dialect``.

    With ``store``, the statement has no more steps that read each other than the engine plans in reasonable time: the rows of
    lower ones are stored, and it goes on from there.
    """
    return Lowering(root, dialect).statement(store)


class Lowering:
    """One statement in the making: the blocks that are open and the steps that are written."""

    def __init__(self, root: Node, dialect: Dialect) -> None:
        self.root = root
        self.dialect = dialect
        self.nodes = topological(root)
        self.needed = required(self.nodes, root)
        self.uses: dict[Node, int] = dict.fromkeys(self.nodes, 0)
        for node in self.nodes:
            for below in depends_on(node):
                self.uses[below] += 1
        self.names = stand_ins(name for node in self.nodes for name in (
            (each for each, _ in node.columns) if isinstance(node, Extend) else node.types))
        #: All of these names without case, and the last number behind each that was made up.
        self.folded = {name.casefold() for pair in self.names.items() for name in pair}
        self.numbers: dict[str, int] = {}
        self.ctes: list[Cte] = []
        #: How often a column of a step is written: (step, column) to a number.
        self.reads: Counter[tuple[str, str]] = Counter()
        self.taken = {node.relation.parts[-1].casefold() for node in self.nodes
                      if isinstance(node, Source) and node.relation.kind == "table"}
        #: Whether the rows of a step are stored already.
        self.is_part = False
        self.step_numbers: dict[str, int] = {}
        self.limit = dialect.limit_of_sets if any(isinstance(node, GroupingSets) for node in self.nodes) else "{}"
        self.blocks: dict[Node, Block] = {}
        self.shared: dict[Node, Block] = {}

    def statement(self, store: Store | None = None) -> Statement:
        for node in self.nodes:
            block = self.lower_node(node)
            if len(block.columns) != len(self.needed[node]) or node is self.root:
                block.columns = {name: block.columns[name] for name in node.types if name in self.needed[node]}
            # A row that is read again later is known within one statement only.
            has_rows = bool(block.columns) and all(expr.type != ROW_ID for expr in block.columns.values())
            if store is not None and block.depth > self.dialect.most_steps and has_rows and node is not self.root:
                schema = tuple((name, node.types[name]) for name in block.columns)
                block = self.source(store(node, Statement(self.with_steps(select_text(self, block)), schema)))
                self.is_part = True
            if self.uses[node] > 1:
                self.shared[node] = self.closed(block)
            else:
                self.blocks[node] = block
        text = self.with_steps(select_text(self, self.take(self.root)))
        return Statement(self.labels() + text, self.root.schema)

    def with_steps(self, text: str) -> str:
        """Return a SELECT behind the steps that it reads."""
        steps = self.ctes
        if self.is_part:
            # Other steps led to rows that are stored.
            words = set(_WORDS.findall(text))
            steps = []
            for cte in reversed(self.ctes):
                if cte.name.partition(" ")[0] in words:
                    steps.insert(0, cte)
                    words.update(_WORDS.findall(cte.body))
        return "WITH\n" + ",\n".join(cte.text(self.reads) for cte in steps) + "\n" + text if steps else text

    def labels(self) -> str:
        """Return a comment for each name that stands for another one."""
        changed = [(alias, name) for name, alias in self.names.items() if alias != name and name in self.root.types]
        return "".join(f"-- {alias} is the column {one_line(repr(name))}\n" for alias, name in changed)

    def take(self, node: Node) -> Block:
        """Return the block of ``node`` for the step that reads it."""
        return self.shared[node].copy() if node in self.shared else self.blocks.pop(node)

    # ---- steps

    def lower_node(self, node: Node) -> Block:
        match node:
            case Source():
                return self.source(node)
            case Values():
                return self.values(node)
            case Extend():
                return self.extend(self.take(node.child), node)
            case Select():
                return self.select(self.take(node.child), node)
            case Filter():
                return self.filter(self.take(node.child), node)
            case Aggregate():
                return self.aggregate(self.take(node.child), node)
            case Pin():
                block = self.take(node.child)
                block.title = node.step or block.title
                return self.closed(block)
            case GroupingSets():
                return steps.grouping_sets(self, self.take(node.child), node)
            case Unnest():
                return steps.unnest(self, self.take(node.child), node)
            case Union():
                return steps.union(self, node)
            case Join():
                return steps.join(self, node)
            case Limit() | Sort():
                return self.sort(self.take(node.child), node)
        raise AssertionError(node)

    def source(self, node: Source) -> Block:
        inputs: dict[str, Sql] = {}
        columns: dict[str, Expr] = {}
        for name, physical, stored, type_ in node.columns:
            inputs[name] = Raw(self.dialect.identifier(physical))
            columns[name] = Column(name, type_) if self.reader(stored, type_) is None else Stored(name, stored, type_)
        if node.relation.kind == "query":
            source = self.cte_name(node.step or "given")
            self.ctes.append(Cte(source, node.relation.parts[0], "a query given as SQL"))
        else:
            source = self.dialect.relation(node.relation)
        return Block(source, inputs, columns, node.step)

    def reader(self, stored: str, type_: Type) -> Callable[[Sql], Sql] | None:
        """Return what converts a column of a stored type, or None if it is read as it is."""
        if stored.startswith(CAST):
            return lambda column: tree.cast(column, stored.removeprefix(CAST))
        found = self.dialect.stored(stored)
        # A column read as another type has the form in which this package stores it: an interval is an array of floats.
        return found[1] if found is not None and found[0].name == type_.name else None

    def values(self, node: Values) -> Block:
        aliases = [self.identifier(name) for name, _ in node.columns]
        many = self.dialect.many_rows(node.columns, node.rows)
        if many is not None:
            body = many
        elif node.rows:
            rows = ["(" + ", ".join(flat(self.sql(value, {})) for value in row) + ")" for row in node.rows]
            body = "VALUES\n" + ",\n".join("  " + row for row in rows)
        else:
            typed = [f"NULL::{self.dialect.type_name(type_)}" for _, type_ in node.columns]
            body = "SELECT " + ", ".join(typed) + " WHERE FALSE"
        title = self.cte_name(node.step or "loaded")
        self.ctes.append(Cte(f"{title} ({', '.join(aliases)})", body, "rows written out here"))
        inputs: dict[str, Sql] = {name: Raw(alias) for (name, _), alias in zip(node.columns, aliases, strict=True)}
        return Block(title, inputs, {name: Column(name, type_) for name, type_ in node.columns}, title)

    def extend(self, block: Block, node: Extend) -> Block:
        needed = self.needed[node]
        added = {name: expr for name, expr in node.columns if name in needed}
        block = self.add(block, added, needed - added.keys())
        if added:
            block.title = node.step or next(iter(added))
            block.steps.append("adds " + ", ".join(added))
            if node.once and self.dialect.pulls_up:
                block.columns = {name: block.columns[name] for name in node.types if name in needed}
                block = self.closed(block, fenced=True)
        return block

    def add(self, block: Block, added: dict[str, Expr], kept: set[str]) -> Block:
        """Return a block with columns added; ``kept`` are those of the block that are still read beside them."""
        aside = self.to_compute_first(list(added.values()))
        if aside:
            names = {part: self.new_name(part) for part in aside}
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
            # DuckDB refuses what may raise inside a window, and cannot copy a sub-select there.
            refused = any(parses(block.columns[name]) or block.columns[name].has_query for name in windows)
            if block.group is not None or block.is_limited or over_window or wide or refused:
                block = self.closed(block)
        if block.must_close_for(exprs, kept, self.dialect):
            block = self.closed(block)
            block.copied += 1
        block.columns |= {name: substitute(expr, block.columns) for name, expr in added.items()}
        return block

    def to_compute_first(self, exprs: list[Expr]) -> list[Expr]:
        """Return parts that need a step of their own: windows in windows, and costly operands that are written twice."""
        found: dict[Expr, None] = {}
        for expr in exprs:
            has_case = any(isinstance(part, Case) for part in walk(expr))
            for part in walk(expr):
                if isinstance(part, Over):
                    found |= dict.fromkeys(outermost_windows(part.children()))
                    # DuckDB cannot copy a sub-select inside a window.
                    found |= dict.fromkeys(queries(part))
                    # Also because DuckDB refuses what may raise as the key of a window.
                    keys = (*part.partition, *(key.expr for key in part.order))
                    found |= dict.fromkeys(key for key in keys if not is_cheap(key) and not key.has_window)
                elif self.refuses_queries(part):
                    found |= dict.fromkeys(arg for arg in part.children() if arg.has_query)
                elif isinstance(part, Call) and part.op in self.dialect.repeats and not _is_plain_quotient(part):
                    for arg in part.args:
                        if has_case and parses(arg):
                            # What may raise stays where it is, because a CASE may keep rows from it. A window is
                            # computed for every row all the same, and a sub-select must not hold it.
                            found |= dict.fromkeys(outermost_windows([arg]))
                        elif not is_cheap(_uncast(arg)):
                            found[arg] = None
        # Of parts within each other, the inner ones are found again when the outer ones are added.
        inner = {sub for part in found for sub in walk(part) if sub is not part}
        return [part for part in found if part not in inner]

    def refuses_queries(self, expr: Expr) -> bool:
        """Return whether ``expr`` is an aggregate that the engine cannot compute of a sub-select."""
        return isinstance(expr, Aggregation) and expr.op in self.dialect.refuses_queries

    def new_name(self, part: Expr) -> str:
        """Return an unused name for a column that no user named."""
        title = part.call.op if isinstance(part, Over) else part.op if isinstance(part, Call) else "value"
        if part.type == BOOL:
            title = "condition"
        if isinstance(part, Call) and part.op.startswith("json_get") and isinstance(part.args[1], Literal):
            title = re.sub(r"[^a-z0-9]+", "_", str(part.args[1].value).lower()).strip("_") or title
        name = unused(title, self.folded, self.numbers)
        self.names[name] = name
        self.folded.add(name.casefold())
        return name

    def select(self, block: Block, node: Select) -> Block:
        kept = [(name, expr) for name, expr in node.columns if name in self.needed[node]]
        plain = {expr.name for _, expr in kept if isinstance(expr, Column)}
        # A computed column may take the name of one that is read under another name.
        names = {name: self.new_name(expr) if name in plain else name
                 for name, expr in kept if not isinstance(expr, Column)}
        block = self.add(block, {names[name]: expr for name, expr in kept if name in names}, plain)
        block.columns = {name: block.columns[expr.name if isinstance(expr, Column) else names[name]]
                         for name, expr in kept}
        block.title = node.step or block.title
        return block

    def filter(self, block: Block, node: Filter) -> Block:
        predicate = node.predicate
        if block.is_limited:
            block = self.closed(block)
        if predicate.has_window:
            name = self.new_name(predicate)
            block = self.add(block, {name: predicate}, self.needed[node])
            predicate = Column(name, BOOL)
        costly = block.must_close_for([predicate], self.needed[node], self.dialect)
        if block.has_window() or costly:
            block = self.closed(block)
        kept = substitute(predicate, block.columns)
        (block.where if block.group is None else block.having).append(kept)
        block.title = node.step or block.title
        block.steps.append("keeps some rows")
        return block

    def aggregate(self, block: Block, node: Aggregate) -> Block:
        aggregates = [(name, expr) for name, expr in node.aggregates if name in self.needed[node]]
        exprs = [expr for _, expr in (*node.keys, *aggregates)]
        # A window has to be computed before its result can be grouped by or aggregated.
        parts: list[Expr] = [*dict.fromkeys(outermost_windows(exprs))]
        parts = parts or self.to_compute_first(exprs)
        if parts:
            block, node, aggregates = self.computed_first(block, node, aggregates, parts)
            exprs = [expr for _, expr in (*node.keys, *aggregates)]
        read = frozenset().union(*(expr.columns for expr in exprs))
        blocked = block.group is not None or block.is_limited or any(block.columns[name].has_window for name in read)
        blocked = blocked or any(block.columns[name].has_query for expr in exprs if self.refuses_queries(expr)
                                 for name in expr.columns)
        if blocked or block.must_close_for(exprs, set(), self.dialect):
            block = self.closed(block)
        keys = {name: substitute(expr, block.columns) for name, expr in node.keys}
        block.columns = keys | {name: substitute(expr, block.columns) for name, expr in aggregates}
        block.group = list(keys.values())
        block.title = node.step or ("by_" + "_".join(keys) if keys else "total")
        block.steps.append("one row for each " + ", ".join(keys) if keys else "one row for all")
        return block

    def computed_first(self, block: Block, node: Aggregate, aggregates: list[tuple[str, Expr]],
                       parts: list[Expr]) -> tuple[Block, Aggregate, list[tuple[str, Expr]]]:
        """Return the block with ``parts`` as columns, and the aggregate over those."""
        names = {part: self.new_name(part) for part in parts}
        keys = tuple((name, replaced(expr, names)) for name, expr in node.keys)
        moved = [(name, replaced(expr, names)) for name, expr in aggregates]
        read = frozenset().union(*(expr.columns for _, expr in (*keys, *moved))) & block.columns.keys()
        block = self.add(block, {name: part for part, name in names.items()}, set(read))
        return self.closed(block), Aggregate(node.child, keys, node.aggregates, node.step), moved

    def sort(self, block: Block, node: Limit | Sort) -> Block:
        if isinstance(node, Limit) and node.count is None and not node.offset:
            return block
        if block.is_limited:
            block = self.closed(block)
        exprs = [key.expr for key in node.order]
        if block.must_close_for(exprs, self.needed[node], self.dialect) and any(
                self.dialect.collation(expr) or not isinstance(expr, Column) for expr in exprs):
            block = self.closed(block)
        if self.is_ambiguous([substitute(expr, block.columns) for expr in exprs], block):
            block = self.closed(block)
        order = [Ordering(substitute(key.expr, block.columns), key.ascending, key.nulls_last) for key in node.order]
        # A constant orders nothing, and Postgres takes it for the number of a column.
        block.order = tuple(key for key in order if not isinstance(key.expr, Literal))
        if isinstance(node, Limit):
            block.limit, block.offset = node.count, node.offset
            block.steps.append("only the first rows" if node.count is not None else "without the first rows")
            block.title = node.step or "first_rows"
        return block

    def is_ambiguous(self, exprs: list[Expr], block: Block) -> bool:
        """Return whether one of ``exprs`` behind ORDER BY reads a name that is also that of another column of the result.

        DuckDB would take it for the column of the result, Postgres for the one that is read.
        """
        results = {self.identifier(name): column for name, column in block.columns.items()}
        read = (part for expr in exprs for part in walk(expr) if isinstance(part, Column))
        return any(results.get(name.text, part) is not part for part in read
                   if isinstance(name := block.inputs[part.name], Raw))

    # ---- closing a block

    def closed(self, block: Block, *, fenced: bool = False) -> Block:
        """Return a new block that reads what ``block`` selects, as a named step, fenced off if that is asked for."""
        if block.is_bare:
            return block
        if not block.columns:
            # Of a total, the one row has to stay one.
            block.columns = {"one": aggregation("size") if block.group == [] else literal(1)}
            self.name_the_one()
        name = self.cte_name(block.title)
        comment = "; ".join(map(shortened, merged(block.steps))) or f"columns of {block.source}"
        # An engine that pulls steps together would write out what each of them repeats, twice as much at every step.
        # It leaves a step with LIMIT or OFFSET as it is.
        too_often = not block.is_limited and (fenced or (self.dialect.pulls_up and block.copied >= MOST_COPIES))
        costly = frozenset(self.identifier(each) for each, expr in block.columns.items() if reads_json(expr)) if (
            self.dialect.pulls_up and block.is_pulled_up()) else frozenset()
        self.ctes.append(Cte(name, select_text(self, block), one_line(comment), too_often, costly))
        inputs: dict[str, Sql] = {each: Raw(self.identifier(each)) for each in block.columns}
        columns: dict[str, Expr] = {each: Column(each, expr.type) for each, expr in block.columns.items()}
        return Block(name, inputs, columns, block.title, copied=0 if too_often or block.is_limited else block.copied,
                     depth=block.depth + 1)

    def name_the_one(self) -> None:
        """Name the column ``one``, for rows of which no column is read."""
        if "one" not in self.names:
            self.names["one"] = unused("one", {alias.casefold() for alias in self.names.values()})
            self.folded |= {"one", self.names["one"].casefold()}

    def count_reads(self, source: str, written: Iterable[Sql]) -> None:
        """Count how often each column of a step is written in another one."""
        for node in written:
            for part in tree.parts(node):
                if isinstance(part, Raw):
                    step, dot, column = part.text.partition(".")
                    self.reads[(step, column) if dot and '"' not in step else (source, part.text)] += 1

    def cte_name(self, title: str) -> str:
        name = re.sub(r"[^a-z0-9_]+", "_", title.lower()).strip("_")[:48] or "step"
        if name in RESERVED or name[0].isdigit() or name.startswith(STORED_ROWS):
            name = "step_" + name
        name = unused(name, self.taken, self.step_numbers)
        self.taken.add(name)
        return name

    def identifier(self, name: str) -> str:
        return self.dialect.identifier(self.names[name])

    # ---- expressions

    def sql(self, expr: Expr, inputs: dict[str, Sql]) -> Sql:
        """Return ``expr`` as SQL over the columns of a source."""
        match expr:
            case Column(name):
                return inputs[name]
            case Stored(name, stored):
                reader = self.reader(stored, expr.type)
                assert reader is not None
                return reader(inputs[name])
            case Literal():
                return self.dialect.typed_literal(expr)
            case Call(_, args):
                return self.dialect.call(expr, [self.sql(arg, inputs) for arg in args])
            case Cast(arg):
                return self.dialect.cast(expr, self.sql(arg, inputs))
            case Case(whens, default):
                pairs = [(self.sql(condition, inputs), self.sql(value, inputs)) for condition, value in whens]
                other = None if isinstance(default, Literal) and default.value is None else self.sql(default, inputs)
                # One typed constant gives the others their type.
                values = [value for _, value in pairs] + ([other] if other is not None else [])
                if not all(isinstance(value, Number) for value in values):
                    pairs = [(condition, tree.bare(value)) for condition, value in pairs]
                    other = None if other is None else tree.bare(other)
                else:
                    pairs = [(condition, value if i == 0 else tree.bare(value))
                             for i, (condition, value) in enumerate(pairs)]
                    other = None if other is None else tree.bare(other)
                return tree.CaseWhen(tuple(pairs), other)
            case Aggregation():
                return self.aggregation(expr, inputs)
            case Over():
                return self.over(expr, inputs)
            case ScalarQuery(plan, column):
                block = self.total(plan)
                return Raw(f"(SELECT {flat(block.inputs[column])} FROM {block.source})")
            case InQuery():
                # NULL in rows is NULL, and in no rows at all it is false.
                return tree.Template("coalesce({}, FALSE)", (self.condition(expr, inputs),))
        raise AssertionError(expr)

    def total(self, plan: Node) -> Block:
        """Return the step that holds the rows of a query in an expression."""
        self.shared[plan] = block = self.closed(self.take(plan))
        return block

    def condition(self, expr: Expr, inputs: dict[str, Sql]) -> Sql:
        """Return ``expr`` as SQL for a WHERE, which takes NULL for false; engines join the rows of a bare IN fast."""
        if not isinstance(expr, InQuery):
            return self.sql(expr, inputs)
        block = self.total(expr.plan)
        parts = (tree.operand(self.sql(expr.arg, inputs)), block.inputs[expr.column], Raw(block.source))
        return tree.Template("{} IN (SELECT {} FROM {})", parts, tree.LIKE)

    def aggregation(self, expr: Aggregation, inputs: dict[str, Sql]) -> Sql:
        # A text constant has no type of its own in Postgres, and a constant orders nothing.
        args = [tree.cast(self.sql(arg, inputs), self.dialect.type_name(STRING))
                if isinstance(arg, Literal) and arg.type == STRING else self.sql(arg, inputs) for arg in expr.args]
        built = self.dialect.call(expr, args)
        keys = [key for key in expr.order if not isinstance(key.expr, Literal)]
        order = tuple(self.dialect.ordered(key, self.sql(key.expr, inputs))
                      for key in (_reversed(keys) if expr.op == "last" else keys))
        where = None if expr.where is None else self.sql(expr.where, inputs)

        def complete(function: tree.Func) -> Sql:
            both = where if function.where is None else function.where if where is None else tree.binary(
                "AND", where, function.where)
            return tree.Func(function.name, function.args, function.distinct, order or function.order, both, function.within)

        return on_function(built, complete) if order or where is not None else built

    def over(self, expr: Over, inputs: dict[str, Sql]) -> Sql:
        partition = tuple(self.sql(part, inputs) for part in expr.partition)
        order = tuple(self.dialect.ordered(key, self.sql(key.expr, inputs)) for key in expr.order)
        whole = expr.frame is None or (not order and expr.frame.start is None and expr.frame.end is None)
        frame = "" if whole or expr.frame is None else frame_text(expr.frame)
        call_ = self.aggregation(expr.call, inputs)
        return on_function(call_, lambda function: tree.Windowed(function, partition, order, frame))


def _is_plain_quotient(part: Call) -> bool:
    """Return whether a division is by a constant other than 0, which needs no guard that writes an operand twice."""
    return part.op == "truediv" and isinstance(part.args[1], Literal) and bool(part.args[1].value)


def _uncast(expr: Expr) -> Expr:
    return expr.arg if isinstance(expr, Cast) else expr


def _reversed(order: Iterable[Ordering]) -> tuple[Ordering, ...]:
    return tuple(Ordering(key.expr, not key.ascending, not key.nulls_last) for key in order)
