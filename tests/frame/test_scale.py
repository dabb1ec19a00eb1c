"""Numbers scaled by their mean and spread, or into a range."""

from __future__ import annotations

import pytest
from frame.frames import load, on_every_engine


@on_every_engine
def test_scaling(engine):
    df = load(engine, {"v": [1.0, 2.0, 3.0], "c": [5, 5, 5], "s": ["a", "b", "c"]})
    scaled = df.scale().sort_index().to_pandas()
    assert scaled.v.tolist() == pytest.approx([-1.224744871391589, 0.0, 1.224744871391589])
    assert scaled.c.tolist() == [0.0, 0.0, 0.0]
    assert scaled.s.tolist() == ["a", "b", "c"]
    assert df.minmax_scale((0, 10)).sort_index().to_pandas().v.tolist() == [0.0, 5.0, 10.0]
    assert df.v.minmax_scale().sort_index().to_pandas().tolist() == [0.0, 0.5, 1.0]
