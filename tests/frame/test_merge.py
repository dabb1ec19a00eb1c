"""Keys of a merge: two of the same name are one column, however they are given."""

from __future__ import annotations

import pandas as pd
import pytest
from frame.frames import load, on_every_engine, plain

LEFT = {"k": [1, 2, 3], "v": [10, 20, 30]}
RIGHT = {"k": [2, 3, 4], "w": ["b", "c", "d"], "v": [0, 0, 0]}
HOWS = ("inner", "left", "right", "outer")


def sides(engine):
    left, right = load(engine, LEFT), load(engine, RIGHT)
    return left.rename(index=lambda name: "i"), right.rename(index=lambda name: "j")


def rows(frame, *names):
    """Return the rows of a frame, index and all, in the order of columns."""
    found = frame.reset_index().sort_values(list(names)).to_pandas()
    return [plain(row) for row in found.astype(object).to_numpy().tolist()]


@on_every_engine
@pytest.mark.parametrize("how", HOWS)
def test_keys_of_one_name_are_one_column(engine, how):
    left, right = sides(engine)
    by_name = left.merge(right, how=how, on="k")
    assert by_name.index_columns == ["i", "j"]
    assert by_name.columns == ["k", "v_x", "w", "v_y"]
    wanted = pd.DataFrame(LEFT).merge(pd.DataFrame(RIGHT), how=how, on="k").sort_values("k")
    assert rows(by_name[["k", "v_x", "w"]].reset_index(drop=True), "k") == [
        plain(row) for row in wanted[["k", "v_x", "w"]].astype(object).to_numpy().tolist()
    ]
    for keys in ({"left_on": "k", "right_on": "k"}, {"left_on": ["k"], "right_on": ["k"]}):
        found = left.merge(right, how=how, **keys)
        assert (found.index_columns, found.columns, found.dtypes) == (["i", "j"], by_name.columns, by_name.dtypes)
        assert rows(found, "k") == rows(by_name, "k")


@on_every_engine
@pytest.mark.parametrize("how", HOWS)
def test_a_key_is_where_the_left_side_has_it(engine, how):
    left, right = sides(engine)
    wanted = rows(left.merge(right, how=how, on="k")[["k", "v_x", "w"]].reset_index(drop=True), "k")
    index, data = left.merge(right.set_index("k"), how=how, left_on="k", right_index=True), None
    assert (index.index_columns, index.columns) == (["i"], ["k", "v_x", "w", "v_y"])
    assert rows(index[["k", "v_x", "w"]].reset_index(drop=True), "k") == wanted
    data = left.set_index("k").merge(right, how=how, left_index=True, right_on="k")
    assert (data.index_columns, data.columns) == (["k", "j"], ["v_x", "w", "v_y"])
    assert rows(data.reset_index("j", drop=True)[["v_x", "w"]], "k") == wanted
    both = left.set_index("k").merge(right.set_index("k"), how=how, left_index=True, right_index=True)
    assert (both.index_columns, both.columns) == (["k"], ["v_x", "w", "v_y"])
    assert rows(both[["v_x", "w"]], "k") == wanted


@on_every_engine
def test_keys_of_two_names_are_two_columns(engine):
    left, right = sides(engine)
    crossed = left.merge(right, left_on=["k", "v"], right_on=["v", "k"])
    assert crossed.columns == ["k_x", "v_x", "k_y", "w", "v_y"]
    found = left.merge(right, how="outer", left_index=True, right_index=True)
    assert (found.index_columns, found.columns) == (["i", "j"], ["k_x", "v_x", "k_y", "w", "v_y"])
    assert rows(found[["k_x", "k_y"]], "i") == [[0, 0, 1, 2], [1, 1, 2, 3], [2, 2, 3, 4]]
    apart = left[left.k < 3].merge(right[right.k > 2], how="outer", left_index=True, right_index=True)
    assert rows(apart[["k_x", "k_y"]], "i", "j") == [[0, None, 1, None], [1, 1, 2, 3], [None, 2, None, 4]]


@on_every_engine
@pytest.mark.parametrize("how", HOWS)
def test_a_key_has_the_type_that_both_sides_fit_in(engine, how):
    left = load(engine, LEFT)
    right = load(engine, {"k": [2.0, 3.5], "w": ["b", "c"]})
    wanted = {"inner": [2.0], "left": [1.0, 2.0, 3.0], "right": [2.0, 3.5], "outer": [1.0, 2.0, 3.0, 3.5]}[how]
    for keys in ({"on": "k"}, {"left_on": "k", "right_on": "k"}):
        found = left.merge(right, how=how, **keys)
        assert found.dtypes["k"] == "float64"
        assert found.sort_values("k").k.to_pandas().tolist() == wanted
    turned = right.merge(left, how=how, on="k")
    assert turned.dtypes["k"] == "float64"
    assert len(turned) == len(left.merge(right, how={"left": "right", "right": "left"}.get(how, how), on="k"))


@on_every_engine
def test_a_column_named_like_a_cast_key_is_not_the_key(engine):
    left = load(engine, {"k": [1, 2], "k_as_key": [2, 1]})
    right = load(engine, {"k": [1.0, 2.0], "w": ["a", "b"]})
    found = left.merge(right, on="k").sort_values("k")
    assert found.columns == ["k", "k_as_key", "w"]
    assert found[["k", "k_as_key", "w"]].to_pandas().to_numpy().tolist() == [[1, 2, "a"], [2, 1, "b"]]
    same = left.merge(load(engine, {"k": [1], "w": ["a"]}), on="k")
    assert same.to_pandas().k_as_key.tolist() == [2]
