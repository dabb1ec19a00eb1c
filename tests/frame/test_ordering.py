"""Sorting rows, on every engine."""

from __future__ import annotations

import pandas as pd
import pytest
from frame.frames import load, on_every_engine

from objectiv_local.errors import InvalidValue


@on_every_engine
def test_order(engine):
    df = load(engine, {"a": pd.array([2, None, 1, 2], "Int64"), "b": ["x", "y", "z", "w"]})
    assert df.sort_values("a").b.to_pandas().tolist() == ["z", "x", "w", "y"]  # ties by the key, missing values last
    assert df.sort_values("a", ascending=False).b.to_pandas().tolist() == ["x", "w", "z", "y"]
    assert df.sort_values(["a", "b"], ascending=[True, False]).b.to_pandas().tolist() == ["z", "x", "w", "y"]
    by_a = df.sort_values("a")
    by_a["a"] = 0 - by_a.a  # the order stays that of the old column
    assert by_a[by_a.b != "x"].b.to_pandas().tolist() == ["z", "w", "y"]
    assert df.sort_values("a").head(2).b.tolist() == ["z", "x"]
    assert df.head(2).b.tolist() == ["x", "y"]
    assert df.sort_values("b")[1:3].b.to_pandas().tolist() == ["x", "y"]
    assert df.b.sort_values(ascending=False).to_pandas().tolist() == ["z", "y", "x", "w"]
    assert df.to_pandas(limit=0).empty


@on_every_engine
def test_text_sorts_by_code_point(engine):
    df = load(engine, {"s": ["b", "a", "_", "B", "é", "Z", "ab", "a b"]})
    assert df.sort_values("s").s.to_pandas().tolist() == ["B", "Z", "_", "a", "a b", "ab", "b", "é"]


@on_every_engine
def test_a_series_is_sorted_by_its_levels_in_directions_of_their_own(engine):
    df = load(engine, {"a": [1, 1, 2], "b": ["x", "y", "x"], "v": [1, 2, 3]}).set_index(["a", "b"])
    assert df.v.sort_index(ascending=[False, True]).to_pandas().tolist() == [3, 1, 2]
    assert df.v.sort_index(ascending=[True, False]).to_pandas().tolist() == [2, 1, 3]
    with pytest.raises(InvalidValue, match="2 levels of the index have 1 directions"):
        df.v.sort_index(ascending=[False])
