"""Functions of NumPy on series."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frame.frames import load, on_every_engine, values

from objectiv_local.errors import InvalidType


@on_every_engine
def test_functions_of_numpy(engine):
    df = load(engine, {"x": [1.0, 4.0, 9.0], "n": [1, -2, 3], "t": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"])})
    for ours, wanted in (
        (np.float64(2) * df.x, [2, 8, 18]),
        (np.int64(10) - df.n, [9, 12, 7]),
        (np.float64(4) > df.x, [True, False, False]),
        (np.sqrt(df.x), [1, 2, 3]),
        (np.abs(df.n), [1, 2, 3]),
        (-df.n, [-1, 2, -3]),
        (np.add(df.x, df.n), [2, 2, 12]),
        (np.power(df.x, 2), [1, 16, 81]),
        (np.float64(18) / df.x, [18, 4.5, 2]),
        (np.int64(7) // df.n, [7, -4, 2]),
        (np.int64(1) == df.n, [True, False, False]),
        (np.float64(2) * df.x.max(), [18]),
        (np.datetime64("2024-01-02") <= df.t, [False, True, True]),
    ):
        assert values(ours) == wanted
    for call in (
        lambda: np.sin(df.x),
        lambda: np.array([1, 2]) * df.x,
        lambda: np.maximum(df.x, 1),
        lambda: np.add.reduce(df.x),
        lambda: np.sqrt(df.t),
        lambda: np.add(df.x, 1, out=np.zeros(3)),
    ):
        with pytest.raises(InvalidType, match=r"numpy's \w+ cannot be computed from series.*\n.*to_numpy"):
            call()
