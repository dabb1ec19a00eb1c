"""What is fetched: every type, in pandas, Polars, Arrow, NumPy and batches."""

from __future__ import annotations

import datetime

import pandas as pd
import polars as pl
import pyarrow as pa
from frame.frames import load, on_every_engine


@on_every_engine
def test_what_is_fetched(engine):
    frame = {
        "i": [1, 2],
        "x": [0.5, 1.5],
        "b": [True, False],
        "s": ["a", "b"],
        "d": [datetime.date(2022, 1, 1)] * 2,
        "t": pd.to_datetime(["2022-01-01 10:00"] * 2),
        "j": [{"a": 1}, [1]],
    }
    df = load(engine, frame)
    df["duration"] = df.t - df.d
    assert df.to_pandas().dtypes.astype(str).to_dict() == {
        "i": "Int64",
        "x": "float64",
        "b": "boolean",
        "s": "str",
        "d": "object",
        "t": "datetime64[us]",
        "j": "object",
        "duration": "timedelta64[us]",
    }
    assert df.to_arrow().schema.types == [
        pa.int64(),
        pa.int64(),
        pa.float64(),
        pa.bool_(),
        pa.string(),
        pa.date32(),
        pa.timestamp("us"),
        pa.string(),
        pa.duration("us"),
    ]
    assert df[["i", "x"]].sort_index().to_numpy().tolist() == [[1.0, 0.5], [2.0, 1.5]]
    assert df.sort_values("i").i.to_numpy().dtype == "int64"
    assert df.sort_index().j.to_pandas().tolist() == [{"a": 1}, [1]]
    assert df.to_polars().dtypes[5] == pl.Date


@on_every_engine
def test_batches_and_explain(engine):
    df = load(engine, {"v": list(range(100)), "w": [0.5] * 100})
    batches = list(df.sort_values("v").to_batches(batch_rows=30))
    assert sum(batch.num_rows for batch in batches) == 100
    assert max(batch.num_rows for batch in batches) <= 30
    assert "columns _index_row, v, w" in df.explain()
    assert len(df.explain(engine=True)) > 20
