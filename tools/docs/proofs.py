"""Which test proves the answer of a public name."""

from __future__ import annotations

import ast

from tools.docs.paths import TESTS

#: A test of bad input proves an error, and one of signatures no answer, so they come last; so do those of charts, which name
#: parts of specifications that are also names of methods.
LAST = ("test_bad_input", "test_errors", "test_methods", "test_charts", "test_plot")

OPERATORS: dict[type[ast.operator | ast.unaryop], str] = {
    ast.Add: "__add__",
    ast.Sub: "__sub__",
    ast.Mult: "__mul__",
    ast.Div: "__truediv__",
    ast.BitAnd: "__and__",
    ast.BitOr: "__or__",
    ast.BitXor: "__xor__",
    ast.LShift: "__lshift__",
    ast.RShift: "__rshift__",
    ast.Invert: "__invert__",
}


def proofs() -> dict[str, str]:
    """Return, for each attribute that a test of frames or the hub uses, the first such test."""
    found: dict[str, str] = {}
    paths = [*TESTS.glob("frame/**/test_*.py"), *TESTS.glob("hub/**/test_*.py")]
    for path in sorted(paths, key=lambda path: (path.stem in LAST, len(path.parts), path)):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for part in ast.walk(node):
                    for used in _used(part):
                        found.setdefault(used, f"{path.name}::{node.name}")
    return found


def _used(part: ast.AST) -> list[str]:
    if isinstance(part, ast.Attribute):
        return [part.attr, "__getattr__"]
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
        return [part.func.id]
    if isinstance(part, ast.BinOp | ast.UnaryOp):
        return [OPERATORS[type(part.op)]] if type(part.op) in OPERATORS else []
    if isinstance(part, ast.Subscript):
        return ["__setitem__" if isinstance(part.ctx, ast.Store) else "__getitem__"]
    if isinstance(part, ast.Constant) and isinstance(part.value, str):
        return [part.value]
    return []
