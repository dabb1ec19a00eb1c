"""A series that holds one value by construction is a scalar to the rows of other frames."""

from __future__ import annotations

import pytest
from frame.frames import load, on_every_engine, plain, values

from objectiv_local.errors import InvalidValue, RowNotFound

KEPT = {
    "as it is": lambda one: one,
    "materialized": lambda one: one.materialize(),
    "in a temporary table": lambda one: one.materialize(materialization="temp_table"),
    "filtered": lambda one: one[one.x > 0],
    "with a column": lambda one: one.assign(y=one.x + 1),
    "sorted": lambda one: one.sort_values("x"),
    "of fewer columns": lambda one: one[["x"]],
    "limited again": lambda one: one[:5],
}


@on_every_engine
@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT)
def test_a_limit_of_one_row_makes_a_scalar(engine, kept):
    df = load(engine, {"x": [3, 1, 2], "s": ["c", "a", "b"]})
    other = load(engine, {"x": [10, 20]}, index=[7, 8])
    one = kept(df.sort_values("x")[:1])
    assert (other.x + one.x).to_pandas().to_dict() == {7: 11, 8: 21}
    assert (one.x - other.x).to_pandas().to_dict() == {7: -9, 8: -19}
    assert (other.x - (one.x * 2 + one.x)).to_pandas().to_dict() == {7: 7, 8: 17}
    assert values(df[df.x > one.x].x) == [3, 2]
    assert values(df[one.x < df.x].x) == [3, 2]
    assert values(df.x.where(df.x > 2, one.x)) == [3, 1, 1]


@on_every_engine
def test_a_label_makes_a_scalar(engine):
    df = load(engine, {"x": [3, 1, 2], "s": ["c", None, "b"]}, index=[10, 11, 12])
    assert values(df[df.x > df.x[11]].x) == [3, 2]
    assert values(df.x + df.x[11]) == [4, 2, 3]
    assert values(df.x[11] - df.x) == [-2, 0, -1]
    assert values(df.s.fillna(df.s[10])) == ["c", "c", "b"]
    assert values(df.groupby("s").x.sum() / df.groupby("s").x.sum()["b"]) == [1, 1.5, 0.5]
    assert plain((df.x[10] + df.x[12]).to_pandas()) == [5]
    df["least"] = df.x[11]
    assert values(df.least) == [1, 1, 1]
    assert values(df.assign(none=df.x[99]).none) == [None, None, None]


@on_every_engine
def test_rows_of_one_frame_meet_before_a_scalar_is_made(engine):
    df = load(engine, {"x": [3, 1, 2]})
    one = df.sort_values("x")[:1]
    one["y"] = df.x * 10  # the row's own value
    one["z"] = one.x + one.y
    assert one.to_pandas().to_dict("records") == [{"x": 1, "y": 10, "z": 11}]
    both = df[:2]
    assert values(df.x + both.x) == [6, 2, None]  # two rows have no single value


@on_every_engine
def test_one_value_is_fetched_only_if_it_is_there(engine):
    df = load(engine, {"x": [3, 1, 2], "s": ["c", None, "b"]})
    assert df.x[1].value == 1
    assert df.s[1].value is None
    assert df.sort_values("x")[1:2].x.value == 2
    assert df.sort_values("x").materialize(limit=1).x.value is not None
    assert df[df.x > 100].x.max().value is None
    for empty in (df.x[99], df[df.x > 100][:1].x, df[:1][df[:1].x > 100].x + 1):
        with pytest.raises(IndexError, match="no row") as raised:
            _ = empty.value
        assert isinstance(raised.value, RowNotFound)
    with pytest.raises(InvalidValue, match="more than one value"):
        _ = df[:2].x.value
