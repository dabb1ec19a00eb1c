"""The import graph of the package, read from its files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGE = "objectiv_local"


class Import(NamedTuple):
    """One import of a module of the package, at run time."""

    importer: str
    imported: str
    #: Whether the import is inside a function.
    is_late: bool


def modules(root: Path = ROOT) -> dict[str, ast.Module]:
    """Return the modules of the package by name."""
    found = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(path.read_text("utf-8"))
    return found


def imports(trees: dict[str, ast.Module]) -> list[Import]:
    """Return the imports between modules, except those for type checking only."""
    return [found for name, tree in trees.items() for found in _imports(name, tree, trees, is_late=False)]


def _imports(importer: str, node: ast.AST, trees: dict[str, ast.Module], *, is_late: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(importer, alias.name, is_late) for alias in child.names if alias.name in trees)
        elif isinstance(child, ast.ImportFrom) and child.module is not None:
            inner = [f"{child.module}.{alias.name}" for alias in child.names]
            found = {name if name in trees else child.module for name in inner} & trees.keys()
            yield from (Import(importer, name, is_late) for name in sorted(found))
        elif not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)):
            late = is_late or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from _imports(importer, child, trees, is_late=late)


def circles(edges: list[Import]) -> list[list[str]]:
    """Return the groups of modules that import each other, including imports in functions."""
    below: dict[str, set[str]] = {}
    for edge in edges:
        below.setdefault(edge.importer, set()).add(edge.imported)
    reached = {name: _reached(name, below) for name in below}
    groups = {frozenset(other for other in reached[name] if name in reached.get(other, ())) for name in below}
    return sorted(sorted(group) for group in groups if group)


def _reached(start: str, below: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    stack = list(below[start])
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack.extend(below.get(name, ()))
    return found
