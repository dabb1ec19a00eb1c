"""Series of other frames: those of the same rows need no join, one value is a scalar, and other rows are aligned on the index."""

from __future__ import annotations

import pandas as pd
import pytest
from frame.frames import CITIES, load, on_every_engine, plain, repeated, rows_of, values

from objectiv_local.errors import InvalidValue, RowNotFound


@on_every_engine
def test_series_of_other_frames_are_aligned_on_the_index(engine):
    left = load(engine, {"a": [1, 2, 3]}, index=[1, 2, 3])
    right = load(engine, {"b": [20, 30, 40]}, index=[2, 3, 4])
    total = (left.a + right.b).to_pandas().sort_index()
    assert total.index.tolist() == [1, 2, 3, 4]
    assert [None if value is pd.NA else value for value in total] == [None, 22, 33, None]
    left["b"] = right.b
    assert values(left.b) == [None, 20, 30]
    assert values(left[right.b > 20].a) == [3]
    by_city = load(engine, CITIES)
    share = by_city[by_city.people > 1].groupby("city").people.sum() / by_city.groupby("city").people.sum()
    assert {key: value for key, value in share.to_pandas().items() if isinstance(key, str)} == {
        "Drylts": pytest.approx(float("nan"), nan_ok=True),
        "Ljouwert": 1.0,
        "Snits": 1.0,
        "Starum": pytest.approx(float("nan"), nan_ok=True),
    }
    assert share.to_pandas().iloc[-1] == 1.0  # the group of the missing key meets itself
    assert len(share.to_pandas()) == 5


def test_frames_of_two_connections():
    from frame.frames import ENGINES

    one, other = (load(engine, {"a": [1]}) for engine in ENGINES[:2])
    for combine in (lambda: one.a + other.a, lambda: one.merge(other, on="a"), lambda: one[other.a > 0]):
        with pytest.raises(ValueError, match="connection") as caught:
            combine()
        assert "from_pandas" in str(caught.value)


@on_every_engine
def test_a_step_of_its_own_has_the_same_rows(engine):
    f = repeated(engine)
    f["z"] = f.materialize().x
    assert rows_of(f, "x", "z") == [(1, 1), (2, 2), (3, 3)]
    assert "JOIN" not in f.view_sql()
    later = f.materialize()
    later["twice"] = later.x * 2
    f["twice"] = later.twice
    later["back"] = f.x + f.z
    assert rows_of(f, "x", "twice") == [(1, 2), (2, 4), (3, 6)]
    assert rows_of(later, "x", "back") == [(1, 2), (2, 4), (3, 6)]
    assert "JOIN" not in f.view_sql() + later.view_sql()


@on_every_engine
def test_columns_that_were_replaced_or_renamed_in_between(engine):
    f = repeated(engine)
    g = f.rename(columns={"x": "w", "g": "x"}).materialize()
    g["g"] = g.w + 100
    f["w"] = g.w
    f["h"] = g.g
    assert rows_of(f, "x", "g", "w", "h") == [(1, "a", 1, 101), (2, "b", 2, 102), (3, "b", 3, 103)]
    g["before"] = f.x
    g["name"] = f.g
    assert rows_of(g, "w", "x", "g", "before", "name") == [(1, "a", 101, 1, "a"), (2, "b", 102, 2, "b"), (3, "b", 103, 3, "b")]
    assert "JOIN" not in f.view_sql() + g.view_sql()
    total = g.w + f.x
    assert sorted(plain(total.to_pandas())) == [2, 4, 6]
    assert "JOIN" not in total.view_sql()


@on_every_engine
def test_windows_of_all_rows_over_rows_that_were_filtered_since(engine):
    f = repeated(engine)
    g = f.materialize()
    most = g.groupby("g").x.transform("max")
    kept = f.materialize("kept")
    kept = kept[kept.x < 3]
    kept["most"] = most
    assert rows_of(kept, "x", "most") == [(1, 1), (2, 3)]
    assert "JOIN" not in kept.view_sql()
    # Of the rows that are left, as a step of their own.
    kept["own"] = kept.materialize().groupby("g").x.transform("max")
    assert rows_of(kept, "x", "own") == [(1, 1), (2, 2)]


@on_every_engine
def test_filters_conditions_and_groups_of_a_step_of_its_own(engine):
    f = repeated(engine)
    g = f.materialize()
    assert rows_of(f[g.x > 1], "x") == [(2,), (3,)]
    assert sorted(plain(f.x.where(g.x > 1, g.x * -1).to_pandas())) == [-1, 2, 3]
    assert sorted(plain(f.x.mask(g.x > 1).fillna(g.x * 10).to_pandas())) == [1, 20, 30]
    assert f.groupby(g.g).x.sum().to_pandas().to_dict() == {"a": 1, "b": 5}
    assert sorted(plain((f.x - g.x).to_pandas())) == [0, 0, 0]


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
