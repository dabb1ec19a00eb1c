"""Windows of frames on every engine."""

from __future__ import annotations

from frame.frames import load, on_every_engine, values


@on_every_engine
def test_windows(engine):
    df = load(engine, {"g": [1, 1, 1, 2, 2], "t": [1, 2, 2, 1, 5], "v": [10, 20, 30, 40, 50]})
    window = df.sort_values("t").groupby("g").window()
    assert values(df.v.sum(window)) == [10, 60, 60, 40, 90]  # ties share the later sum
    assert values(df.v.window_row_number(window)) == [1, 2, 3, 1, 2]
    assert values(df.v.window_lag(window=window)) == [None, 10, 20, None, 40]
    assert values(df.v.window_lead(2, -1, window)) == [30, -1, -1, -1, -1]
    rows = df.sort_values("t").groupby("g").window(mode="rows", start_value=1, end_boundary="current_row")
    assert values(df.v.sum(rows)) == [10, 30, 50, 40, 90]
    whole = df.sort_values("t").groupby("g").window(end_boundary="following")
    assert values(df.v.window_first_value(whole)) == [10, 10, 10, 40, 40]
    assert values(df.v.window_last_value(whole)) == [30, 30, 30, 50, 50]
    assert values(df.groupby("g").v.transform("max")) == [30, 30, 30, 50, 50]
    assert values(df.v.max(df.groupby("g"))) == [30, 50]  # groups as a partition give a value each
    running = df.sort_values("v", ascending=False).window()
    assert values(df.v.count(running)) == [5, 4, 3, 2, 1]


@on_every_engine
def test_results_of_windows_and_aggregates_are_ordinary_columns(engine):
    df = load(engine, {"g": [1, 1, 2, 2, 3], "v": [1, 2, 3, 4, 5]})
    df["n"] = df.v.window_row_number(df.sort_values("v").groupby("g").window())
    assert values(df[df.n == 2].v) == [2, 4]
    assert values(df[df.groupby("g").v.transform("max") > 3].v) == [3, 4, 5]
    assert df.groupby("n").v.sum().to_pandas().to_dict() == {1: 9, 2: 6}
    per_group = df.groupby("g").v.sum().to_frame()
    assert per_group.groupby("v").size().to_pandas().to_dict() == {3: 1, 5: 1, 7: 1}
    assert per_group.v.max().value == 7
    df["m"] = df.groupby("g").n.transform("sum")  # a window over a window
    assert values(df.m) == [3, 3, 3, 3, 1]
    assert values(df.sort_values("v")[:3][df.v > 1].v) == [2, 3]
