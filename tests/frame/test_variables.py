"""Variables: one value for each name and dtype in a program, whichever frames it is made of."""

from __future__ import annotations

import pytest
from frame.frames import load, on_every_engine, values

from objectiv_local import concat
from objectiv_local.errors import ColumnNotFound, InvalidType

X = ("int64", "x")


def sides(engine):
    """Return two frames with a variable x, 5 in one and 7 in the other, and the variable of each as a series."""
    left, five = load(engine, {"k": [1, 2, 3], "v": [10, 20, 30]}).create_variable("x", 5)
    right, seven = load(engine, {"k": [2, 3, 4], "w": [1, 2, 3]}).create_variable("x", 7)
    left["p"] = left.v + five
    right["q"] = right.w + seven
    return left, right, five, seven


@on_every_engine
def test_of_two_values_in_a_merge_the_left_one_counts(engine):
    left, right, _, _ = sides(engine)
    for keys in ({"on": "k"}, {"on": lambda a, b: a.k == b.k}):
        both = left.merge(right, **keys)
        assert both.variables == {X: 5}
        assert both.sort_values("v")[["p", "q"]].to_pandas().to_numpy().tolist() == [[25, 6], [35, 7]]
        again = both.set_variable("x", 100)
        assert again.variables == {X: 100}
        assert again.sort_values("v")[["p", "q"]].to_pandas().to_numpy().tolist() == [[120, 101], [130, 102]]
    turned = right.merge(left, on="k")
    assert turned.variables == {X: 7}
    assert turned.sort_values("v")[["p", "q"]].to_pandas().to_numpy().tolist() == [[27, 8], [37, 9]]
    only_right = left[["v"]].merge(right, left_index=True, right_index=True)
    assert only_right.variables == {X: 5}


@on_every_engine
def test_variables_of_a_condition(engine):
    left, right, five, seven = sides(engine)
    _, most = left.create_variable("most", 25)
    met = left.merge(right, on=[lambda a, b: a.v + five <= most, lambda a, b: b.w + seven == 6])
    assert met.variables == {X: 5, ("int64", "most"): 25}
    assert met.sort_values("v")[["v", "w"]].to_pandas().to_numpy().tolist() == [[10, 1], [20, 1]]
    assert met.set_variable("most", 15).to_pandas().v.tolist() == [10]
    third, ten = load(engine, {"v": [10, 20], "z": [1, 2]}).create_variable("most", 10)
    again = met[["v"]].merge(third.assign(z=third.z + ten), on="v")
    assert again.variables == met.variables
    assert again.sort_values("v").z.to_pandas().tolist() == [26, 27]
    assert met.set_variable("x", 4).sort_values("v")[["v", "w"]].to_pandas().to_numpy().tolist() == [[10, 2], [20, 2]]


@on_every_engine
def test_variables_of_the_right_side_stay(engine):
    left, right, _, _ = sides(engine)
    right, _ = right.create_variable("y", 1)  # used by nothing
    right, half = right.create_variable("x", 0.5)  # of another dtype, so another variable
    right["r"] = right.w * half
    plain = load(engine, {"k": [1, 2, 3], "v": [10, 20, 30]})
    for both in (plain.merge(right, on="k"), concat([plain, right]), plain.assign(q=right.q)):
        assert both.variables == {X: 7, ("int64", "y"): 1, ("float64", "x"): 0.5}
    both = left.merge(right, on="k").set_variable("x", 1.5)
    assert both.variables == {X: 5, ("int64", "y"): 1, ("float64", "x"): 1.5}
    assert both.sort_values("v").r.to_pandas().tolist() == [1.5, 3.0]


@on_every_engine
def test_of_two_values_the_left_one_counts_wherever_rows_meet(engine):
    left, right, five, seven = sides(engine)
    assert values(left.p + right.q) == [21, 32, 43]
    assert values(right.q + left.p) == [25, 36, 47]
    assert values(right.w + five) == [8, 9, 10]
    assert values(left.v.where(right.w + seven > 6, 0)) == [0, 20, 30]
    assert values(left.assign(z=right.q).z) == [6, 7, 8]
    assert values(left.assign(z=seven).z) == [5, 5, 5]
    assert values(right[right.w + five > 8].w) == [2, 3]
    assert values(right[right.q > five].q) == [8, 9, 10]
    assert values(left.v.isin((right.q + 9) * 10 / 5)) == [False, False, True]
    assert values(left.p <= right.q.max() * 5) == [True, True, True]
    assert values(left.p <= (right.q * 3).all_values()) == [True, False, False]
    assert values(left.p.sum(left.groupby(seven))) == [75]
    stacked = left[["p"]].append(right[["q"]].rename(columns={"q": "p"}))
    assert sorted(values(stacked.p)) == [6, 7, 8, 15, 25, 35]
    assert sorted(values(stacked.set_variable("x", 0).p)) == [1, 2, 3, 10, 20, 30]
    assert sorted(values(concat([right[["q"]], left[["p"]].rename(columns={"p": "q"})]).q)) == [8, 9, 10, 17, 27, 37]


@on_every_engine
def test_a_variable_that_is_made_again_has_the_new_value_everywhere(engine):
    left, _, five, _ = sides(engine)
    again, more = left.create_variable("x", 55)
    again["z"] = again.v + more
    again["y"] = again.v + five  # the series of before is the same variable
    assert again.variables == {X: 55}
    assert again.sort_index()[["p", "z", "y"]].to_pandas().to_numpy().tolist() == [[65] * 3, [75] * 3, [85] * 3]
    assert values(left.p) == [15, 25, 35]
    later = left.set_variable("x", 1)
    later["q"] = left.p
    assert later.sort_index()[["p", "q"]].to_pandas().to_numpy().tolist() == [[11] * 2, [21] * 2, [31] * 2]
    assert values(later.p - left.p) == [0, 0, 0]
    assert {use.value for use in later.get_all_variable_usage()} == {1}


@on_every_engine
def test_rows_in_a_table_keep_their_values(engine):
    left, _, five, _ = sides(engine)
    left, _ = left.create_variable("y", 1)
    for kept in (left.materialize(materialization="temp_table"), left.get_sample(filter=left.v > five)):
        assert kept.variables == {("int64", "y"): 1}
        with pytest.raises(ColumnNotFound, match="no variable 'x'"):
            kept.set_variable("x", 100)
    step = left.materialize().set_variable("x", 100)
    assert values(step.p) == [110, 120, 130]
    sample, two = left.get_sample(filter=left.v > 10).create_variable("x", 2)
    sample["t"] = sample.v * two
    everything = sample.get_unsampled()
    assert everything.variables == {("int64", "y"): 1, X: 2}
    assert everything.sort_index()[["p", "t"]].to_pandas().to_numpy().tolist() == [[12, 20], [22, 40], [32, 60]]


@on_every_engine
def test_variables(engine):
    df = load(engine, {"v": [1, 2, 3]})
    df, least = df.create_variable("least", 2)
    kept = df[df.v >= least]
    kept["plus"] = kept.v + least
    assert kept.variables == {("int64", "least"): 2}
    assert sorted(values(kept.plus)) == [4, 5]
    other = kept.set_variable("least", 3)
    assert values(other.plus) == [6]
    assert sorted(values(kept.plus)) == [4, 5]
    assert [use.step is not None for use in other.get_all_variable_usage()] == [True, True]
    assert df.get_all_variable_usage() == [("least", "int64", 2, None)]
    assert least.head(2).tolist() == [2, 2]
    frame_, text = df.create_variable("least", "x")  # the same name with another dtype is another variable
    assert frame_.variables == {("int64", "least"): 2, ("string", "least"): "x"}
    assert values((text + "!").to_frame()["least"]) == ["x!"] * 3
    with pytest.raises(KeyError, match="no variable 'most'"):
        df.set_variable("most", 1)
    with pytest.raises(InvalidType):
        df.create_variable("x", "y", dtype="int64")
    agg = df.groupby(None).v.sum() + 0
    assert agg.value == 6
