"""The mutants of the source, by the operators of Cosmic Ray."""

from __future__ import annotations

import ast
import difflib
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: A line and a column.
_Position = tuple[int, int]
#: Operators that need arguments, or that rarely make a mutant whose behavior differs.
_LEFT_OUT = ("core/VariableReplacer", "core/VariableInserter")


@dataclass(frozen=True)
class Mutant:
    """A change of one place of a file: by which operator, and by which of the places where the operator applies."""

    path: Path
    operator: str
    occurrence: int
    first: int
    last: int

    def source(self) -> str:
        """Return the changed source of the file."""
        from cosmic_ray.mutating import mutate_code
        from cosmic_ray.plugins import get_operator

        changed = mutate_code(self.path.read_text(encoding="utf-8"), get_operator(self.operator)(), self.occurrence)
        assert changed is not None, self
        return str(changed)

    def diff(self) -> str:
        """Return the change as a diff."""
        before = self.path.read_text(encoding="utf-8").splitlines(keepends=True)
        return "".join(
            difflib.unified_diff(before, self.source().splitlines(keepends=True), str(self.path), str(self.path), n=2)
        )


def sampled(paths: Iterable[Path], number: int, seed: int) -> list[Mutant]:
    """Return mutants of the files: each line with a mutant is as likely as any other, and has at most one."""
    by_line: dict[tuple[Path, int], list[Mutant]] = {}
    for path in sorted(paths):
        for mutant in _mutants(path):
            by_line.setdefault((path, mutant.first), []).append(mutant)
    random_ = random.Random(seed)
    lines = random_.sample(sorted(by_line), min(number, len(by_line)))
    return [random_.choice(by_line[line]) for line in lines]


def _mutants(path: Path) -> Iterator[Mutant]:
    from cosmic_ray.ast import ast_nodes, get_ast_from_path
    from cosmic_ray.plugins import get_operator, operator_names

    skipped = _without_effect(path)
    nodes = list(ast_nodes(get_ast_from_path(path)))
    for name in operator_names():
        if name in _LEFT_OUT:
            continue
        operator: Any = get_operator(name)()
        places = (place for node in nodes for place in operator.mutation_positions(node))
        for occurrence, (start, end) in enumerate(places):
            if not any(first <= start < last for first, last in skipped):
                yield Mutant(path, name, occurrence, start[0], end[0])


def _without_effect(path: Path) -> list[tuple[_Position, _Position]]:
    """Return the start and end of what no test can see changes of: annotations, and what only type checkers read."""
    found: list[tuple[_Position, _Position]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        hidden: list[ast.AST] = []
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            hidden.append(node)
        if isinstance(node, ast.FunctionDef):
            hidden += [node.returns] if node.returns else []
            if any(ast.unparse(each) == "overload" for each in node.decorator_list):
                hidden += [*node.decorator_list, node]
        if isinstance(node, ast.arg) and node.annotation:
            hidden.append(node.annotation)
        if isinstance(node, ast.AnnAssign):
            hidden.append(node.annotation)
        for each in hidden:
            assert isinstance(each, ast.stmt | ast.expr)
            assert each.end_lineno is not None
            assert each.end_col_offset is not None
            found.append(((each.lineno, each.col_offset), (each.end_lineno, each.end_col_offset)))
    return found
