"""House rules that can be counted: one topic per file, a docstring per module, engines named in one place."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "objectiv_local"
MODULES = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}

LONGEST = 600  # lines; more is more than one topic
ENGINE_CONDITION = re.compile(r"""\b(dialect|engine|backend)(\.name)?\s*(==|!=|in)\s*[\[({]?\s*['"](duckdb|postgres)""")
#: What models know of the frame: its classes, and the module for authors.
AUTHORS = {"objectiv_local.frame", "objectiv_local.frame.authoring"}
SHAPELESS = {"common.py", "helpers.py", "misc.py", "util.py", "utils.py"}


def test_modules_are_found() -> None:
    assert "objectiv_local/errors.py" in MODULES


def test_a_file_is_read_in_one_sitting() -> None:
    lengths = {name: text.count("\n") for name, text in MODULES.items()}
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


def test_the_bridge_knows_frames_by_their_public_names_and_the_module_for_authors() -> None:
    inside = {}
    for name, text in MODULES.items():
        if not name.startswith("objectiv_local/ml/"):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("objectiv_local.frame") \
                    and node.module not in AUTHORS:
                inside[name] = node.module
            if isinstance(node, ast.Attribute) and node.attr in ("_state", "_expr"):
                inside[name] = node.attr
    assert inside == {}
