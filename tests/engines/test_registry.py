"""Engines are found by name: those of the package, and those that other packages ship as entry points."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from objectiv_local.dialects import dialect_named
from objectiv_local.dialects.dialect import Dialect
from objectiv_local.engines.base import Backend
from objectiv_local.errors import InvalidValue
from objectiv_local.registry import load, names

if TYPE_CHECKING:
    from pathlib import Path

#: An engine in a single module: DuckDB in memory, whose SQL states the position of NULL in every order.
PLUGIN = """
from dataclasses import replace

import duckdb

from objectiv_local.dialects.duckdb import DIALECT as DUCKDB
from objectiv_local.engines.base import Backend, Target
from objectiv_local.engines.duckdb.engine import DuckDBEngine

DIALECT = replace(DUCKDB, name="toy", nulls_last=None)


class ToyEngine(DuckDBEngine):
    dialect = "toy"


def target(given, settings):
    if given == "toy://":
        return Target(("toy",), lambda: ToyEngine(duckdb.connect(), "a toy"))
    if given == "wrong://":
        return Target(("wrong",), lambda: DuckDBEngine(duckdb.connect(), "no toy"))
    return None


BACKEND = Backend("toy", target, ("a toy:// address",), has_timeout=False)
"""

USE = """
import objectiv_local as ol
from objectiv_local.errors import ObjectivError
from objectiv_local.registry import names

print(names())
schema = {"user": "string", "Visits": "int64"}
print(ol.DataFrame.from_schema(schema, dialect="toy").view_sql())
engine = ol.connect("toy://")
print(engine.description)
df = ol.DataFrame.from_model(engine, "SELECT 2 AS x UNION ALL SELECT 1").sort_values("x")
print(df.view_sql())
print(df.to_arrow().to_pydict())
for given, options in (("toy://", {"statement_timeout": 5}), ("wrong://", {}), (5, {})):
    try:
        ol.connect(given, **options)
    except ObjectivError as error:
        print(error)
"""


@pytest.mark.parametrize("name", names())
def test_each_name_has_a_dialect_and_connections(name: str) -> None:
    assert isinstance(load("dialects", name), Dialect)
    assert isinstance(load("engines", name), Backend)
    assert dialect_named(name).name == name


def test_an_unknown_name_is_an_error_that_lists_what_there_is() -> None:
    with pytest.raises(InvalidValue, match="there is no dialect 'postgre'") as caught:
        dialect_named("postgre")
    assert "postgres" in str(caught.value)


def test_another_package_may_add_an_engine(tmp_path: Path) -> None:
    (tmp_path / "toy_engine.py").write_text(PLUGIN)
    information = tmp_path / "toy_engine-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-engine\nVersion: 1\n")
    (information / "entry_points.txt").write_text(
        "[objectiv_local.dialects]\ntoy = toy_engine:DIALECT\n[objectiv_local.engines]\ntoy = toy_engine:BACKEND\n"
    )
    code = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n{USE}"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "('duckdb', 'postgres', 'spark', 'toy')" in shown
    assert 'SELECT "user", "Visits"\nFROM data' in shown
    assert "a toy" in shown
    assert "ORDER BY x NULLS LAST" in shown
    assert "{'x': [1, 2]}" in shown
    assert "the connection of the engine 'toy' uses the dialect 'duckdb'" in shown
    assert "toy does not support statement_timeout" in shown
    assert "cannot connect to a value of type int" in shown
    assert "a toy:// address" in shown


def test_a_package_that_cannot_be_loaded_keeps_nobody_from_connecting(tmp_path: Path) -> None:
    information = tmp_path / "broken-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    (information / "entry_points.txt").write_text(
        "[objectiv_local.dialects]\nbroken = no_module:DIALECT\nhalf = no_module:DIALECT\n"
        "[objectiv_local.engines]\nbroken = no_module:BACKEND\n"
    )
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
import duckdb
import objectiv_local as ol
from objectiv_local.errors import ObjectivError
print(ol.connect(duckdb.connect()).description)
for name in ("broken", "half"):
    try:
        ol.DataFrame.from_schema({{"x": "int64"}}, dialect=name).view_sql()
    except ObjectivError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "DuckDB connection to memory" in done.stdout
    assert "the engine 'broken' of another package cannot be loaded: ModuleNotFoundError" in done.stdout
    assert "there is no dialect 'half'" in done.stdout
