"""Copies of frames, series, windows and hubs with the copy module."""

from __future__ import annotations

import copy

import duckdb
import pytest
from frame.frames import load, on_every_engine, values

import objectiv_local as ol
from objectiv_local.engines.duckdb.engine import DuckDBEngine
from objectiv_local.errors import AttributeNotFound
from objectiv_local.hub.series import GlobalContext

COPIES = pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])


@on_every_engine
@COPIES
def test_a_copy_gives_the_same_values(engine, copied):
    df = load(engine, {"x": [3, 1, 2], "g": ["a", "b", "a"]})
    assert values(copied(df).x) == [3, 1, 2]
    assert values(copied(df.x)) == [3, 1, 2]
    assert values(copied(df.g.str)[:1]) == ["a", "b", "a"]
    assert values(copied(df.groupby("g")).x.sum()) == [5, 1]
    assert values(copied(df.groupby("g").x).sum()) == [5, 1]
    window = df.sort_values("x").groupby("g").window()
    assert values(df.x.sum(copied(window))) == [5, 1, 2]
    assert values(copied(window.x).sum()) == [5, 1, 2]


@COPIES
def test_a_copy_has_the_same_rows_for_arithmetic(copied):
    df = load("duckdb", {"x": [3, 1, 2]})
    assert (copied(df.x) + copied(df).x).view_sql() == (df.x + df.x).view_sql()


@COPIES
def test_a_change_of_a_copy_is_no_change_of_the_original(copied):
    df = load("duckdb", {"x": [3, 1, 2]})
    other = copied(df)
    other["y"] = 1
    assert df.data_columns == ["x"]
    assert other.data_columns == ["x", "y"]


def test_a_long_program_is_copied():
    df = load("duckdb", {"x": [3, 1, 2]})
    for _ in range(2_000):
        df["x"] = df.x + 1
    assert values(copy.deepcopy(df).x) == [2003, 2001, 2002]


def test_what_is_half_made_has_no_attributes_and_no_endless_recursion():
    df = load("duckdb", {"x": [3, 1, 2]})
    window = df.sort_values("x").window()
    for class_ in (ol.DataFrame, type(df.x), type(window), type(window.x), GlobalContext):
        made = class_.__new__(class_)
        with pytest.raises(AttributeNotFound):
            made._columns if class_ is not GlobalContext else made._series  # noqa: B018
    assert "no connection" in repr(DuckDBEngine.__new__(DuckDBEngine))


def test_a_connection_is_shared_by_copies():
    engine = ol.connect(duckdb.connect())
    assert copy.deepcopy(engine) is engine
