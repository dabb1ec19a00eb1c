"""A SELECT under construction: later steps are merged into it if their clause comes after the existing ones."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from objectiv_local.dialects.dialect import Dialect
from objectiv_local.dialects.sql.tree import From, Name, Sql
from objectiv_local.plan.expr import Aggregation, Call, Column, Expr, Literal, Ordering, Over, parses, transform, walk
from objectiv_local.plan.ops import OPS
from objectiv_local.types import JSON, Type

#: A larger computed column is not copied into the steps that use it, even if there are few.
LARGE = 24
#: Maximum size of a computed column that may be written more than once.
CHEAP = 3
#: Maximum size of a column that is computed again instead of being stored with the rows of a table.
SCANNED = 10


class Stored(Expr):
    """A stored column that has to be converted to its type in the plan."""

    __slots__ = ("name", "stored")
    __match_args__ = ("name", "stored", "type")
    name: str
    stored: str

    def __init__(self, name: str, stored: str, type: Type) -> None:
        # The conversion parses JSON text, which should not happen twice.
        size = 4 if type == JSON else 2
        self._set(
            name=name,
            stored=stored,
            type=type,
            columns=frozenset((name,)),
            size=size,
            depth=1,
            has_window=False,
            has_query=False,
        )


@dataclass
class Block:
    """A SELECT under construction.

    ``source`` is its FROM clause, ``inputs`` the SQL of each available column, and ``columns`` the expression of each column
    of the result. ``group`` is None until rows are grouped; ``sets`` are the grouping sets if there are several. ``copied``
    counts the steps below that were closed because a later one repeats one of their columns, and ``depth`` those that read
    each other.
    """

    source: From
    inputs: dict[str, Sql]
    columns: dict[str, Expr]
    title: str
    steps: list[str] = field(default_factory=list)
    where: list[Expr] = field(default_factory=list)
    group: list[Expr] | None = None
    sets: list[str] = field(default_factory=list)
    having: list[Expr] = field(default_factory=list)
    order: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int = 0
    is_join: bool = False
    #: The aliases of the sides of a join.
    aliases: tuple[str, ...] = ()
    copied: int = 0
    depth: int = 0

    def copy(self) -> Block:
        """Return a block that can be changed without changing this one."""
        return replace(
            self,
            columns=dict(self.columns),
            steps=list(self.steps),
            where=list(self.where),
            group=None if self.group is None else list(self.group),
            having=list(self.having),
        )

    @property
    def is_limited(self) -> bool:
        """Whether rows were cut off, so that no step that reads other rows can be merged."""
        return self.limit is not None or self.offset > 0

    @property
    def is_bare(self) -> bool:
        """Whether the block only renames its columns, so that its source can be read instead."""
        return self.is_stored and all(isinstance(expr, Column) for expr in self.columns.values())

    @property
    def is_stored(self) -> bool:
        """Whether the block only reads a table, with columns that are converted."""
        return (
            not self.where
            and self.group is None
            and not self.order
            and not self.is_limited
            and not self.is_join
            and all(
                isinstance(expr, Column | Stored) and expr.name == name and is_name(self.inputs[name])
                for name, expr in self.columns.items()
            )
        )

    @property
    def takes_joins(self) -> bool:
        """Whether the block only joins columns, so that another join can be merged."""
        return (
            bool(self.aliases)
            and not self.where
            and self.group is None
            and not self.order
            and not self.is_limited
            and all(isinstance(expr, Column) for expr in self.columns.values())
        )

    def has_window(self) -> bool:
        """Whether a column of the result is computed over a window."""
        return any(expr.has_window for expr in self.columns.values())

    def is_pulled_up(self) -> bool:
        """Return whether an engine that inlines steps would copy this one's columns into the step that reads it."""
        return self.group is None and not self.order and not self.is_limited and not self.has_window()

    def is_scan(self) -> bool:
        """Return whether the block only reads columns of a table, filtering at most rows with missing values."""
        return (
            self.is_pulled_up()
            and not self.is_join
            and not self.source.steps
            and all(isinstance(each, Call) and each.op == "not_null" for each in self.where)
            and all(is_cheap(expr, SCANNED) for expr in (*self.columns.values(), *self.where))
        )

    def costs_again(self, dialect: Dialect) -> bool:
        """Return whether computing the groups again is expensive, even if the grouped rows are available."""
        return (
            dialect.keeps is not None
            and self.group is not None
            and any(
                (isinstance(part, Call) and OPS[part.op].costly is not None)
                or (isinstance(part, Aggregation) and part.op in dialect.sorts)
                for expr in self.columns.values()
                for part in walk(expr)
            )
        )

    def must_close_for(self, exprs: list[Expr], kept: AbstractSet[str], dialect: Dialect) -> bool:
        """Return whether ``exprs`` would repeat an expensive column, or become too long to read.

        ``kept`` are the columns of the block that remain in its result together with the new ones.
        """
        names = frozenset().union(*(expr.columns for expr in exprs))
        costly = {
            name: self.columns[name]
            for name in names & self.columns.keys()
            if not is_cheap(self.columns[name]) and not dialect.is_free(self.columns[name])
        }
        if not costly:
            return False
        uses = dict.fromkeys(costly, 0)
        for expr in exprs:
            if isinstance(expr, Column):
                # A column under another name is written once, wherever it is used.
                uses[expr.name] = uses.get(expr.name, 0) + 1
                continue
            read = [part.name for part in walk(expr) if isinstance(part, Column) and part.name in costly]
            for name in read:
                uses[name] += 1
            for part in walk(expr):
                if isinstance(part, Call) and part.op in dialect.repeats:
                    for name in costly.keys() & part.columns:
                        uses[name] += 1
            if read and expr.size + sum(costly[name].size for name in read) > LARGE:
                return True
        return any(count > 1 or (count == 1 and name in kept) for name, count in uses.items() if name in costly)


def is_name(sql: Sql) -> bool:
    """Return whether ``sql`` is a plain name."""
    return isinstance(sql, Name)


def is_cheap(expr: Expr, most: int = CHEAP) -> bool:
    """Return whether ``expr``, of a size up to ``most``, may be computed twice."""
    if isinstance(expr, Column | Literal):
        return True
    return expr.size <= most and not expr.has_window and not reads_json(expr) and not parses(expr)


def reads_json(expr: Expr) -> bool:
    """Return whether ``expr`` computes something from JSON, or constructs JSON."""
    return not isinstance(expr, Column | Literal) and any(
        part.type.plain == JSON and not isinstance(part, Literal) for part in walk(expr)
    )


def inside_windows(expr: Expr) -> frozenset[str]:
    """Return the columns that windows in ``expr`` read, as arguments, partitions or order."""
    names: frozenset[str] = frozenset()
    for part in walk(expr):
        if isinstance(part, Over):
            names |= part.columns
    return names


def replaced(expr: Expr, names: dict[Expr, str]) -> Expr:
    """Return ``expr`` with parts replaced by the columns that have their values."""
    return transform(expr, lambda part: Column(names[part], part.type) if part in names else None)


def outermost_windows(exprs: Iterable[Expr]) -> list[Over]:
    """Return the windows in expressions that are not nested in others."""
    found: list[Over] = []
    stack = list(exprs)
    while stack:
        part = stack.pop()
        if isinstance(part, Over):
            found.append(part)
        elif part.has_window:
            stack.extend(reversed(part.children()))
    return found
