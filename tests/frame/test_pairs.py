"""Merges on conditions over a row of each side."""

from __future__ import annotations

import pytest
from frame.frames import load, on_every_engine, plain

from objectiv_local.errors import InvalidType, InvalidValue


@on_every_engine
def test_frames_are_merged_on_bool_series_over_both(engine):
    left = load(engine, {"a": ["b", "a", "c"], "n": [100, 25, 250]})
    right = load(engine, {"a": ["b", "c"], "m": [50, 150]})
    right["half"] = right.m / 2

    def pairs(on, how="inner", one=left):
        found = one.merge(right, how=how, on=on)[["n", "m"]].sort_values(["n", "m"]).to_pandas()
        return [tuple(plain(row)) for row in found.values.tolist()]

    assert pairs([left.n > right.m]) == pairs(left.n > right.m) == [(100, 50), (250, 50), (250, 150)]
    assert left.merge(right, on=left.n > right.m).columns == ["a_x", "n", "a_y", "m", "half"]
    assert left.merge(right, on=["a", left.n > right.m]).columns == ["a", "n", "m", "half"]
    assert pairs(["a", left.n > right.m], "left") == [(25, None), (100, 50), (250, 150)]
    assert pairs(["a", left.n * 1.5 < right.m], "outer") == [(25, None), (100, None), (250, None), (None, 50), (None, 150)]
    assert pairs([(left.n > right.m) & (left.a == right.a)]) == pairs([left.n > right.m, left.a == right.a])
    assert pairs([(left.n - right.m).astype("float64") + right.half > 100]) == [(250, 50), (250, 150)]
    condition = left.n > right.m
    left["later"] = 1
    assert pairs(condition, one=left[left.n > 100]) == [(250, 50), (250, 150)]
    both = left.copy()
    with pytest.raises(InvalidValue, match="which frame it reads"):
        left.merge(both, on=left.n > both.n)
    with pytest.raises(InvalidValue, match=r"no index in common.*\n.*left.merge\(right"):
        left.merge(right, on=left.index["_index_row"] == right.index["_index_row"])
    with pytest.raises(InvalidValue, match="not over the columns"):
        left.merge(right, on=left.n > load(engine, {"z": [1.5]}).z)
    with pytest.raises(InvalidValue, match="columns of the two sides only"):
        left.merge(right, on=(left.n > right.m) & (left.n > left.n.max()))
    with pytest.raises(InvalidType, match="bool series"):
        left.merge(right, on=left.n + right.m)
    left["n"] = 0
    with pytest.raises(InvalidValue, match="not over the columns"):
        left.merge(right, on=condition)
