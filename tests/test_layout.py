"""House rules that can be counted: one topic per file, a docstring per module, engines named in one place, tests that mirror
the source.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from objectiv_local.plan.ops import OPS
from objectiv_local.plan.passes import PASSES

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "objectiv_local"
MODULES = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}

TESTS = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in sorted((ROOT / "tests").rglob("*.py"))}

LONGEST = 600  # lines; more is more than one topic
ENGINE_CONDITION = re.compile(r"""\b(dialect|engine|backend)(\.name)?\s*(==|!=|in)\s*[\[({]?\s*['"](duckdb|postgres)""")
SHAPELESS = {"common.py", "helpers.py", "misc.py", "util.py", "utils.py"}


def test_modules_are_found() -> None:
    assert "objectiv_local/errors.py" in MODULES


def test_a_file_is_read_in_one_sitting() -> None:
    lengths = {name: text.count("\n") for name, text in (MODULES | TESTS).items()}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_every_public_module_has_a_docstring() -> None:
    public = {name: text for name, text in MODULES.items() if not Path(name).name.startswith("_") or "__init__" in name}
    assert [name for name, text in public.items() if not ast.get_docstring(ast.parse(text))] == []


def test_every_directory_with_modules_is_a_package() -> None:
    directories = {Path(name).parent.as_posix() for name in MODULES}
    assert sorted(name for name in directories if f"{name}/__init__.py" not in MODULES) == []


def test_files_are_named_after_their_topic() -> None:
    assert [name for name in MODULES if Path(name).name in SHAPELESS] == []


def test_engines_are_told_apart_in_dialects_and_engines_alone() -> None:
    elsewhere = (name for name in MODULES if name.split("/")[1] not in {"dialects", "engines"})
    assert [name for name in elsewhere if ENGINE_CONDITION.search(MODULES[name])] == []


def test_engines_know_no_plan_but_where_rows_are_stored() -> None:
    engines = {name: text for name, text in MODULES.items() if name.startswith("objectiv_local/engines/")}
    assert "objectiv_local/engines/base.py" in engines
    imported = {found for text in engines.values() for found in re.findall(r"objectiv_local\.plan[\w.]*", text)}
    assert imported == {"objectiv_local.plan.relation"}


def _operation_tables(tree: ast.AST) -> list[list[str]]:
    """Return the literals that name three operations or more."""
    tables = []
    for node in ast.walk(tree):
        items = getattr(node, "elts", None) or getattr(node, "keys", None) or []
        names = [each.value for each in items if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if len(OPS.keys() & set(names)) >= 3:
            tables.append(names)
    return tables


def test_passes_ask_operations_for_facts_and_have_no_tables_of_them() -> None:
    plan = {
        name: ast.parse(text)
        for name, text in MODULES.items()
        if name.startswith("objectiv_local/plan/") and not name.startswith("objectiv_local/plan/ops/")
    }
    assert "objectiv_local/plan/early.py" in plan
    assert {name: found for name, tree in plan.items() if (found := _operation_tables(tree))} == {}


def test_a_table_of_operations_would_be_found() -> None:
    assert _operation_tables(ast.parse("TOTAL = frozenset(('eq', 'lower', 'length'))")) == [["eq", "lower", "length"]]
    assert _operation_tables(ast.parse("BY = {'sum': 'sum', 'min': 'min', 'size': 'sum'}")) == [["sum", "min", "size"]]


def test_models_ask_what_is_behind_a_frame_of_the_module_for_authors() -> None:
    inside = {
        name: node.attr
        for name, text in MODULES.items()
        if name.split("/")[1] in {"hub", "ml"}
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and node.attr in {"_state", "_expr"}
    }
    assert inside == {}


#: What Objectiv's events are made of. Only the hub, and what is made of its frames, knows it.
OBJECTIV = re.compile(r"(?i:location.?stack|global.?context)|\bObjectiv\b|[a-z]Context\b")


def test_layers_below_the_hub_know_no_layout_of_events() -> None:
    layers = {"dialects", "engines", "frame", "plan", "types.py"}
    below = (name for name in MODULES if name.split("/")[1] in layers)
    assert [name for name in below if OBJECTIV.search(MODULES[name])] == []
    assert OBJECTIV.search(MODULES["objectiv_local/hub/series.py"])


#: Files of tests that are about no one source file, and why.
CROSS_CUTTING = {
    "frame/test_bad_input.py": "errors of calls of every kind, which share one form",
    "frame/test_copy.py": "frames, series, windows and hubs are copied by one rule",
    "frame/test_every_type.py": "every method that compares values, over every type",
    "frame/test_passes_off.py": "whole programs, with each pass turned off",
    "frame/test_sizes.py": "whole programs, as long and as wide as engines take them",
}


def test_files_of_tests_are_named_after_the_source() -> None:
    passes = {f"plan/test_{pass_.__name__}.py" for _, pass_, _ in PASSES}
    found = [name.removeprefix("tests/") for name in TESTS if re.match(r"tests/(frame|plan)/.*test_\w+\.py", name)]
    assert "plan/test_early.py" in found
    sources = {name.removeprefix("objectiv_local/") for name in MODULES}
    astray = [name for name in found if name.replace("test_", "") not in sources and name not in passes | CROSS_CUTTING.keys()]
    assert astray == [], "name it after the module or pass under test, or after a topic of CROSS_CUTTING"
    assert sorted(CROSS_CUTTING.keys() - set(found)) == []
