"""Levels of an index as series: columns of the same rows, without an index of their own."""

from __future__ import annotations

import pytest
from frame.frames import load, on_every_engine, values

from objectiv_local.errors import InvalidValue


@on_every_engine
def test_a_level_becomes_a_frame_of_one_column(engine):
    df = load(engine, {"x": [3, 1, 2], "y": [4, 5, 6]}, index=[10, 11, 12]).rename(index={"_index_row": "i"}).sort_index()
    both = df.set_index("x", append=True)
    for series, name, wanted in (
        (df.index["i"], "i", [10, 11, 12]),
        (df.y.index["i"], "i", [10, 11, 12]),
        (df.index["i"] + 1, "i", [11, 12, 13]),
        (df.index["i"].astype("string"), "i", ["10", "11", "12"]),
        (both.index["x"], "x", [3, 1, 2]),
        (df.groupby("y").x.sum().index["y"], "y", [4, 5, 6]),
        (df.index["i"].rename("j"), "j", [10, 11, 12]),
    ):
        frame = series.to_frame()
        assert (series.index, frame.index_columns, frame.columns) == ({}, [], [name])
        found = frame.to_pandas()
        assert (found.columns.tolist(), found[name].tolist(), found.index.tolist()) == ([name], wanted, [0, 1, 2])
        assert series.to_pandas().tolist() == series.head(3).tolist() == wanted
        assert series.to_pandas().index.tolist() == [0, 1, 2]
    assert [list(df.all_series[name].index) for name in ("i", "x")] == [[], ["i"]]
    assert df.index["i"].append(df.index["i"]).sort_values().to_pandas().tolist() == [10, 10, 11, 11, 12, 12]
    assert df.index["i"].drop_duplicates().to_pandas().tolist() == [10, 11, 12]
    assert df.index["i"].reset_index().columns == ["i"]
    assert df.index["i"].describe().to_pandas()["max"] == 12


@on_every_engine
def test_a_level_is_a_series_of_the_rows_of_its_frame(engine):
    df = load(engine, {"x": [3, 1, 2]}, index=[10, 11, 12]).rename(index={"_index_row": "i"})
    assert values(df.x + df.index["i"]) == [13, 12, 14]
    assert sorted(values(df.index["i"] + df.x)) == [12, 13, 14]
    assert values(df[df.index["i"].isin([10, 12])].x) == [3, 2]
    assert values(df[df.x < 3].assign(z=df.index["i"] * 2).z) == [22, 24]
    assert values(df.x.sum(df.groupby(df.index["i"] > 10))) == [3, 3]
    assert df.index["i"].max().value == 12
    # A series that is named like a level, but is none, keeps its index.
    named = df.x.rename("i")
    assert (named.to_frame().index_columns, named.to_frame().columns) == (["i"], ["i_value"])
    assert values(named) == [3, 1, 2]
    assert values(df.materialize().x + df.index["i"]) == [13, 12, 14]
    with pytest.raises(InvalidValue, match="no index in common"):
        load(engine, {"x": [3, 1, 2]}).x + df.index["i"]
