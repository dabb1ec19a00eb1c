"""What a frame prints of its columns."""

from __future__ import annotations

import io

import pandas as pd
from frame.frames import load, on_every_engine

from objectiv_local import DataFrame


@on_every_engine
def test_info_prints_the_columns(engine, capsys):
    df = load(engine, {"n": pd.array([1, None], "Int64"), "long name": ["a", "b"]})
    assert df.info() is None
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("<DataFrame, 2 columns, not sorted; ")
    assert lines[1:] == [
        "Index: _index_row (int64)",
        " #  Column     Dtype",
        "--  ------     -----",
        " 0  n          int64",
        " 1  long name  string",
    ]
    target = io.StringIO()
    df.info(target, show_counts=True)
    assert target.getvalue().splitlines()[1:] == [
        "Index: _index_row (int64)",
        "Rows: 2",
        " #  Column     Non-Null Count  Dtype",
        "--  ------     --------------  -----",
        " 0  n          1               int64",
        " 1  long name  2               string",
    ]
    DataFrame.from_schema({"a": "int64"}).info()
    assert "not connected" in capsys.readouterr().out
