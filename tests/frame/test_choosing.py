"""Names of columns: choosing, renaming and setting all of them."""

from __future__ import annotations

import pandas as pd
import pytest
from frame.frames import load, on_every_engine

from objectiv_local.errors import AttributeNotFound, InvalidType, InvalidValue


@on_every_engine
def test_columns_are_renamed_in_place(engine):
    df = load(engine, {"a": [1, 2], "b": ["x", "y"]})
    other = df.copy()
    df.columns = ["b", "c"]
    assert df.columns == ["b", "c"]
    assert df.sort_index().to_arrow().to_pylist() == [{"_index_row": 0, "b": 1, "c": "x"}, {"_index_row": 1, "b": 2, "c": "y"}]
    assert other.columns == ["a", "b"]
    df.columns = [name.upper() for name in df.columns]
    assert df.columns == ["B", "C"]
    ordered = other.sort_values("a", ascending=False)
    ordered.columns = pd.Index(["b", "a"])
    assert ordered.to_pandas().b.tolist() == [2, 1]
    for given, error, message in (
        (["x"], InvalidValue, "1 names are not those of 2 columns"),
        ("ab", InvalidType, "list of names"),
        (["x", "x"], InvalidValue, "same name"),
        ([1, 2], InvalidType, "name"),
        (5, InvalidType, "list"),
        (["_index_row", "x"], InvalidValue, "same name"),
    ):
        with pytest.raises(error, match=message):
            df.columns = given
    assert df.columns == ["B", "C"]
    with pytest.raises(AttributeNotFound, match="set_index"):
        df.index = [1, 2]
    with pytest.raises(AttributeNotFound, match=r"df\['new'\] = "):
        df.new = 1
    with pytest.raises(AttributeNotFound, match="rename"):
        df.B.name = "x"


def test_columns_are_not_set_to_what_has_no_order():
    df = load("duckdb", {"a": [1], "b": [2]})
    for names in ({"p", "q"}, {"a": "b", "b": "a"}, frozenset("pq")):
        with pytest.raises(InvalidType, match="list of names"):
            df.columns = names
    assert df.columns == ["a", "b"]
