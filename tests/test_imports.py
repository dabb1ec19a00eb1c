"""Importing the package is light: what only some users need is loaded when they use it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ("adbc_driver_postgresql", "matplotlib", "numpy", "pandas", "polars", "psycopg", "pyarrow", "scipy", "sklearn")


def loaded_by(statement: str) -> set[str]:
    """Return the top-level modules that a new interpreter holds after ``statement``."""
    code = f"import json, sys\n{statement}\nprint(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


@pytest.mark.parametrize("module", ["objectiv_local", "objectiv_local.plan"])
def test_import_loads_no_heavy_package(module: str) -> None:
    assert loaded_by(f"import {module}").intersection(HEAVY) == set()


def test_heavy_packages_would_be_seen() -> None:
    assert "numpy" in loaded_by("import numpy")
