"""Importing the package is light: optional dependencies are imported when they are used."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import graph
import pytest

ROOT = Path(__file__).parents[1]
HEAVY = (
    "adbc_driver_postgresql",
    "altair",
    "numpy",
    "pandas",
    "plotly",
    "polars",
    "psycopg",
    "pyarrow",
    "scipy",
    "sklearn",
    "vl_convert",
)


def loaded_by(statement: str) -> set[str]:
    """Return the top-level modules that a new interpreter has loaded after ``statement``."""
    code = f"import json, sys\n{statement}\nprint(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


@pytest.mark.parametrize("module", ["objectiv_local", "objectiv_local.plan"])
def test_import_loads_no_heavy_package(module: str) -> None:
    assert loaded_by(f"import {module}").intersection(HEAVY) == set()


def test_heavy_packages_would_be_seen() -> None:
    assert "numpy" in loaded_by("import numpy")


def test_no_modules_import_each_other_and_few_imports_stand_in_functions() -> None:
    edges = graph.imports(graph.modules())
    assert len(edges) > 500
    assert graph.circles(edges) == []
    late = [edge for edge in edges if edge.is_late]
    assert len(late) < 30, late


def test_circles_and_late_imports_would_be_seen() -> None:
    sources = {
        "objectiv_local.a": "from objectiv_local import b",
        "objectiv_local.b": "def f():\n    import objectiv_local.a\n",
        "objectiv_local.c": "if TYPE_CHECKING:\n    import objectiv_local.c\nfrom objectiv_local.a import x",
    }
    edges = graph.imports({name: ast.parse(text) for name, text in sources.items()})
    assert graph.circles(edges) == [["objectiv_local.a", "objectiv_local.b"]]
    assert [edge.importer for edge in edges if edge.is_late] == ["objectiv_local.b"]
    assert len(edges) == 3


#: Modules that may name engines: the engines themselves, and the list of them.
HOMES = re.compile(r"objectiv_local\.(registry|(dialects|engines)\.(duckdb|postgres)(\.|$))")


def test_engines_are_named_in_their_homes_alone() -> None:
    named, trees = {}, graph.modules()
    edges = graph.imports(trees)
    for module, tree in trees.items():
        if HOMES.match(module):
            continue
        texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and id(node) not in texts and node.value in ("duckdb", "postgres")
        ]
        found += [
            edge.imported
            for edge in edges
            if edge.importer == module and HOMES.match(edge.imported) and not edge.imported.endswith("registry")
        ]
        if found:
            named[module] = found
    assert named == {}
