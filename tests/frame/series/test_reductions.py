"""Aggregates of series, on every engine."""

from __future__ import annotations

import pandas as pd
from frame.frames import load, on_every_engine

NAN = float("nan")


@on_every_engine
def test_aggregates(engine):
    df = load(
        engine,
        {
            "a": pd.array([1, 2, None, 4], "Int64"),
            "x": [1.5, NAN, 2.5, 3.0],
            "b": [True, True, False, True],
            "s": ["b", "B", "é", None],
            "k": [3, 1, 2, 0],
        },
    )
    assert [df.a.sum().value, df.a.count().value, df.a.mean().value] == [7, 3, 7 / 3]
    assert [df.a.min().value, df.a.max().value, df.a.nunique().value] == [1, 4, 3]
    assert [df.b.sum().value, df.b.mean().value, df.b.any().value, df.b.all().value] == [3, 0.75, True, False]
    assert [df.s.min().value, df.s.max().value] == ["B", "é"]
    by_k = df.sort_values("k")
    assert [by_k.a.first().value, by_k.a.last().value] == [4, 1]
    nothing = df[df.a > 100]
    assert [nothing.a.sum().value, nothing.a.sum(min_count=1).value, nothing.a.mean().value] == [0, None, None]
    assert [nothing.b.any().value, nothing.b.all().value, nothing.a.count().value] == [False, True, 0]
    assert df.a.nunique().name == "a_nunique"


@on_every_engine
def test_json_array_of_text_and_other_aggregates(engine):
    df = load(engine, {"g": [1, 1, 2], "s": ["b", "a", None]})
    assert df.groupby("g").s.to_json_array().to_pandas().tolist() == [["a", "b"], [None]]
    assert df.sort_values("s", ascending=False).groupby("g").s.to_json_array().to_pandas().tolist()[0] == ["b", "a"]
