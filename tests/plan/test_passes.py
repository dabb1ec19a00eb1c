"""Every pass has a test file of its own, in which a plan is shown as text before and after the pass."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from objectiv_local.plan.passes import PASSES

FILES = {path.name: ast.parse(path.read_text("utf-8")) for path in sorted(Path(__file__).parent.glob("test_*.py"))}
FUNCTIONS = {pass_.__name__: pass_.__module__ for _, pass_, _ in PASSES}


def files_of(pass_: str) -> list[str]:
    """Return the files that import a pass."""
    return [
        name
        for name, tree in FILES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == FUNCTIONS[pass_] and pass_ in {each.name for each in node.names}
    ]


def shows(tree: ast.AST, pass_: str) -> bool:
    """Return whether a test compares a text of a plan before and after a pass."""
    return any(
        isinstance(node, ast.Compare)
        and pass_ in {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        and any(isinstance(each, ast.Constant) and "\nbecomes\n" in str(each.value) for each in node.comparators)
        for node in ast.walk(tree)
    )


@pytest.mark.parametrize("pass_", FUNCTIONS)
def test_a_pass_has_a_test_file_of_its_own(pass_):
    (name,) = files_of(pass_)
    assert [other for other in FUNCTIONS if name in files_of(other)] == [pass_]
    assert shows(FILES[name], pass_)
