"""The state shared by the steps of one statement: its dialect, the names in use, and the steps written so far."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from objectiv_local.dialects.dialect import Dialect
from objectiv_local.dialects.lowering.block import Block
from objectiv_local.dialects.sql.names import RESERVED, stand_ins, unused
from objectiv_local.dialects.sql.printer import Printer, indented
from objectiv_local.dialects.sql.tree import From, Name, Sql
from objectiv_local.dialects.sql.walks import parts
from objectiv_local.plan.expr import Call, Expr, Literal, Over
from objectiv_local.plan.nodes import Extend, GroupingSets, Node, Source
from objectiv_local.types import BOOL

#: The name of tables with the rows of steps, which no step of a statement has.
STORED_ROWS = "stored_rows"


@dataclass(frozen=True, slots=True)
class Select:
    """The SQL of a query, and the steps that it reads."""

    text: str
    steps: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Cte:
    """A written step, with names for its columns if its query does not name them.

    ``costly`` are columns of it that an engine may compute again wherever they are read. A step that ``is_kept`` is computed
    once, regardless of the steps that read it; a step that ``is_scan`` only reads columns of a table.
    """

    name: str
    body: Select
    comment: str
    columns: tuple[str, ...] = ()
    is_fenced: bool = False
    is_kept: bool = False
    is_scan: bool = False
    costly: frozenset[str] = frozenset()


class Scope:
    """The names and steps of one statement."""

    def __init__(self, dialect: Dialect, nodes: Iterable[Node], total: Callable[[Node], Block]) -> None:
        nodes = tuple(nodes)
        self.dialect = dialect
        self.printer = Printer(dialect)
        #: Returns the step with the rows of a query in an expression.
        self.total = total
        self.names = stand_ins(
            name for node in nodes for name in ((each for each, _ in node.columns) if isinstance(node, Extend) else node.types)
        )
        #: All of these names without case, and the last numeric suffix of each generated name.
        self.folded = {name.casefold() for pair in self.names.items() for name in pair}
        self.numbers: dict[str, int] = {}
        self.ctes: list[Cte] = []
        #: How often a column of a step is written, by (step, column).
        self.reads: Counter[tuple[str, str]] = Counter()
        self.taken = {
            node.relation.parts[-1].casefold() for node in nodes if isinstance(node, Source) and node.relation.kind == "table"
        }
        self.step_numbers: dict[str, int] = {}
        self.limit = dialect.limit_of_sets if any(isinstance(node, GroupingSets) for node in nodes) else "{}"

    # ---- names

    def identifier(self, name: str) -> str:
        """Return the identifier of a column in this statement."""
        return self.dialect.identifier(self.names[name])

    def new_name(self, part: Expr) -> str:
        """Return an unused name for a generated column."""
        title = part.call.op if isinstance(part, Over) else part.op if isinstance(part, Call) else "value"
        if part.type == BOOL:
            title = "condition"
        if isinstance(part, Call) and part.op.startswith("json_get") and isinstance(part.args[1], Literal):
            title = re.sub(r"[^a-z0-9]+", "_", str(part.args[1].value).lower()).strip("_") or title
        name = unused(title, self.folded, self.numbers)
        self.names[name] = name
        self.folded.add(name.casefold())
        return name

    def name_the_one(self) -> None:
        """Name the column ``one``, which a step has if none of its columns are read."""
        if "one" not in self.names:
            self.names["one"] = unused("one", {alias.casefold() for alias in self.names.values()})
            self.folded |= {"one", self.names["one"].casefold()}

    def step_name(self, title: str) -> str:
        """Return an unused name for a step."""
        name = re.sub(r"[^a-z0-9_]+", "_", title.lower()).strip("_")[:48] or "step"
        if name in RESERVED or name[0].isdigit() or name.startswith(STORED_ROWS):
            name = "step_" + name
        name = unused(name, self.taken, self.step_numbers)
        self.taken.add(name)
        return name

    # ---- steps

    def read_by(self, source: From, written: Iterable[Sql]) -> frozenset[str]:
        """Count how often each column of a step is written over a source, and return the steps that are read."""
        steps = set(source.steps)
        for node in written:
            for part in parts(node):
                if isinstance(part, Name):
                    self.reads[part.source or source.text, part.text] += 1
                elif isinstance(part, From):
                    steps |= part.steps
        return frozenset(steps)

    def with_steps(self, select: Select, *, only_read: bool = False) -> str:
        """Return a query after the steps that it reads, or all written steps unless ``only_read``."""
        ctes = self.ctes
        if only_read:
            ctes, read = [], set(select.steps)
            for cte in reversed(self.ctes):
                if cte.name in read:
                    ctes.insert(0, cte)
                    read |= cte.body.steps
        readers = Counter(step for each in (*(cte.body for cte in ctes), select) for step in each.steps)
        texts = [self._text(cte, again=readers[cte.name] > 1) for cte in ctes]
        return "WITH\n" + ",\n".join(texts) + "\n" + select.text if ctes else select.text

    def _text(self, cte: Cte, *, again: bool) -> str:
        """Return a step in a WITH clause, protected from inlining if it would otherwise be computed twice."""
        repeated = sorted(column for column in cte.costly if self.reads[cte.name, column] > 1)
        comment, body = cte.comment, cte.body.text
        if cte.is_fenced or repeated:
            comment += f"; {self.dialect.fence} has {' and '.join(repeated) or 'it'} computed once"
            body += f"\n{self.dialect.fence}"
        name = f"{cte.name} ({', '.join(cte.columns)})" if cte.columns else cte.name
        keeps = ""
        if cte.is_kept:
            comment += f"; {self.dialect.keeps} has it computed once"
            keeps = f"{self.dialect.keeps} "
        elif again and cte.is_scan and self.dialect.reads_again is not None and not repeated:
            keeps = f"{self.dialect.reads_again} "
        return f"-- {comment}\n{name} AS {keeps}(\n{indented(body)}\n)"
