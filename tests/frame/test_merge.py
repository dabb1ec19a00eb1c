"""Merges on every engine, against pandas where pandas has the same."""

from __future__ import annotations

import pandas as pd
import pytest
from frame.frames import load, on_every_engine, plain, rows

from objectiv_local.errors import InvalidType, InvalidValue


@on_every_engine
def test_merge(engine):
    left = load(engine, {"k": pd.array([1, 2, None], "Int64"), "v": ["a", "b", "c"]})
    right = load(engine, {"k": pd.array([2, 2, None], "Int64"), "v": ["x", "y", "z"], "w": [1.0, 2.0, 3.0]})
    inner = left.merge(right, on="k", suffixes=("", "_right"))
    assert inner.columns == ["k", "v", "v_right", "w"]
    assert inner.index_columns == ["_index_row", "_index_row_right"]
    assert inner.sort_values("w").to_pandas().v_right.tolist() == ["x", "y"]
    outer = left.merge(right, how="left", on="k").sort_values(["v_x", "v_y"]).to_pandas()
    assert outer.v_x.tolist() == ["a", "b", "b", "c"]  # missing keys match nothing
    assert outer.v_y.isna().tolist() == [True, False, False, True]
    by_index = left.merge(right[["w"]], left_index=True, right_index=True).sort_index().to_pandas()
    assert by_index.w.tolist() == [1.0, 2.0, 3.0]
    floats = left.merge(right, left_on="k", right_on="w").to_pandas()
    assert sorted(floats.v_x) == ["a", "b"]
    left_itself = left.merge(left, on="v").sort_values("v").to_pandas()
    assert left_itself.v.tolist() == ["a", "b", "c"]


NUMBERS = {"k": [1, 2, 3], "v": [10, 20, 30]}


OTHERS = {"k": [2, 3, 4], "w": ["b", "c", "d"], "v": [0, 0, 0]}


HOWS = ("inner", "left", "right", "outer")


def sides(engine):
    left, right = load(engine, NUMBERS), load(engine, OTHERS)
    return left.rename(index=lambda name: "i"), right.rename(index=lambda name: "j")


def sorted_rows(frame, *names):
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
    wanted = pd.DataFrame(NUMBERS).merge(pd.DataFrame(OTHERS), how=how, on="k").sort_values("k")
    assert sorted_rows(by_name[["k", "v_x", "w"]].reset_index(drop=True), "k") == [
        plain(row) for row in wanted[["k", "v_x", "w"]].astype(object).to_numpy().tolist()
    ]
    for keys in ({"left_on": "k", "right_on": "k"}, {"left_on": ["k"], "right_on": ["k"]}):
        found = left.merge(right, how=how, **keys)
        assert (found.index_columns, found.columns, found.dtypes) == (["i", "j"], by_name.columns, by_name.dtypes)
        assert sorted_rows(found, "k") == sorted_rows(by_name, "k")


@on_every_engine
@pytest.mark.parametrize("how", HOWS)
def test_a_key_is_where_the_left_side_has_it(engine, how):
    left, right = sides(engine)
    wanted = sorted_rows(left.merge(right, how=how, on="k")[["k", "v_x", "w"]].reset_index(drop=True), "k")
    index, data = left.merge(right.set_index("k"), how=how, left_on="k", right_index=True), None
    assert (index.index_columns, index.columns) == (["i"], ["k", "v_x", "w", "v_y"])
    assert sorted_rows(index[["k", "v_x", "w"]].reset_index(drop=True), "k") == wanted
    data = left.set_index("k").merge(right, how=how, left_index=True, right_on="k")
    assert (data.index_columns, data.columns) == (["k", "j"], ["v_x", "w", "v_y"])
    assert sorted_rows(data.reset_index("j", drop=True)[["v_x", "w"]], "k") == wanted
    both = left.set_index("k").merge(right.set_index("k"), how=how, left_index=True, right_index=True)
    assert (both.index_columns, both.columns) == (["k"], ["v_x", "w", "v_y"])
    assert sorted_rows(both[["v_x", "w"]], "k") == wanted


@on_every_engine
def test_keys_of_two_names_are_two_columns(engine):
    left, right = sides(engine)
    crossed = left.merge(right, left_on=["k", "v"], right_on=["v", "k"])
    assert crossed.columns == ["k_x", "v_x", "k_y", "w", "v_y"]
    found = left.merge(right, how="outer", left_index=True, right_index=True)
    assert (found.index_columns, found.columns) == (["i", "j"], ["k_x", "v_x", "k_y", "w", "v_y"])
    assert sorted_rows(found[["k_x", "k_y"]], "i") == [[0, 0, 1, 2], [1, 1, 2, 3], [2, 2, 3, 4]]
    apart = left[left.k < 3].merge(right[right.k > 2], how="outer", left_index=True, right_index=True)
    assert sorted_rows(apart[["k_x", "k_y"]], "i", "j") == [[0, None, 1, None], [1, 1, 2, 3], [None, 2, None, 4]]


@on_every_engine
@pytest.mark.parametrize("how", HOWS)
def test_a_key_has_the_type_that_both_sides_fit_in(engine, how):
    left = load(engine, NUMBERS)
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


LEFT = {"k": ["a", "b", "b", None, "d"], "x": [1, 2, 3, 4, 5]}


RIGHT = {"k": ["b", "c", "a", None], "y": [10, 20, 30, 40]}


@on_every_engine
@pytest.mark.parametrize("how", ["inner", "left", "right", "outer"])
def test_merges_are_those_of_pandas(engine, how):
    left, right = load(engine, LEFT), load(engine, RIGHT)
    # pandas matches missing keys; those rows are told apart here
    ours = pd.DataFrame(LEFT).assign(k=lambda df: df.k.fillna("left"))
    theirs = pd.DataFrame(RIGHT).assign(k=lambda df: df.k.fillna("right"))
    wanted = ours.merge(theirs, how=how, on="k").assign(k=lambda df: df.k.where(~df.k.isin(["left", "right"]), None))
    found = left.merge(right, how=how, on="k")
    assert found.columns == ["k", "x", "y"]
    assert rows(found) == sorted(
        [tuple(plain(row)) for row in wanted.astype(object).itertuples(index=False)],
        key=lambda row: tuple((value is None, str(value)) for value in row),
    )
    with_nulls = rows(left.merge(right, how=how, on="k", match_nulls=True))
    assert (None, 4, 40) in with_nulls


@on_every_engine
def test_merges_on_conditions_and_of_everything(engine):
    left, right = load(engine, LEFT), load(engine, RIGHT)
    assert len(left.merge(right, how="cross")) == 20
    larger = {
        how: rows(left.merge(right, how=how, on=lambda a, b: a.x * 10 > b.y)[["x", "y"]])
        for how in ("inner", "left", "right", "outer")
    }
    met = [(x, y) for x in LEFT["x"] for y in RIGHT["y"] if x * 10 > y]

    def ordered(pairs):
        return sorted(pairs, key=lambda row: tuple((value is None, str(value)) for value in row))

    assert larger["inner"] == ordered(met)
    assert larger["left"] == ordered([*met, (1, None)])
    assert larger["right"] == ordered(met)
    assert larger["outer"] == ordered([*met, (1, None)])
    keyed = left.merge(right, how="outer", on=["k", lambda a, b: a.x > 2])
    assert rows(keyed[["x", "y"]]) == ordered(
        [(3, 10), (1, None), (2, None), (4, None), (5, None), (None, 20), (None, 30), (None, 40)]
    )
    with pytest.raises(InvalidType, match=r"lambda left, right"):
        left.merge(right, on=left.x > 1)
    with pytest.raises(InvalidValue, match="cross merge has no keys"):
        left.merge(right, how="cross", on="k")


@on_every_engine
def test_merge_keeps_types_and_suffixes(engine):
    left = load(engine, {"k": [1, 2], "v": ["a", "b"]})
    right = load(engine, {"k": [1.0, 2.5], "v": ["c", "d"]})
    both = left.merge(right, on="k", how="outer", suffixes=("_l", "_r"))
    assert both.dtypes == {"k": "float64", "v_l": "string", "v_r": "string"}
    assert rows(both) == [(1.0, "a", "c"), (2.0, "b", None), (2.5, None, "d")]
    by_index = left.set_index("k").merge(
        right.astype({"k": "int64"}).set_index("k"), left_index=True, right_index=True, how="outer"
    )
    assert by_index.index_columns == ["k"]
    assert by_index.sort_index().to_pandas().values.tolist() == [["a", "c"], ["b", "d"]]


@on_every_engine
def test_a_series_is_merged_as_a_frame_of_one_column(engine):
    left, right = load(engine, {"k": ["b", "a", "c"], "n": [1, 2, 3]}), load(engine, {"k": ["c", "b"], "m": [30, 10]})
    found = left.merge(right.m, left_index=True, right_index=True)
    assert found.sort_values("n").to_pandas().values.tolist() == [["b", 1, 30], ["a", 2, 10]]
    assert left.merge(right.k, on="k").sort_values("n").to_pandas()[["k", "n"]].values.tolist() == [["b", 1], ["c", 3]]
    assert left.merge(right.k).sort_values("n").n.to_pandas().tolist() == [1, 3]
    outer = left.merge(right.m, left_on="n", right_on="m", how="outer")
    assert plain(outer.sort_values(["n", "m"]).m.to_pandas()) == [None, None, None, 10, 30]
    with pytest.raises(InvalidType, match="has to be a DataFrame or a Series, not"):
        left.merge([1])
