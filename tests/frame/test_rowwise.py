"""What is computed for each row of a frame: values of other rows and missing values, against pandas."""

from __future__ import annotations

import pandas as pd
import pytest
from frame.frames import events, load, on_every_engine, same, values

from objectiv_local.errors import InvalidType, InvalidValue

NAN = float("nan")


WINDOWED = {
    "shift": lambda of: of.shift(),
    "shift back": lambda of: of.shift(-2),
    "diff": lambda of: of.diff(),
    "diff over 3": lambda of: of.diff(3),
    "cumsum": lambda of: of.cumsum(),
    "cummax": lambda of: of.cummax(),
    "cummin": lambda of: of.cummin(),
    "rank": lambda of: of.rank(),
    "rank first": lambda of: of.rank(method="first"),
    "rank dense down": lambda of: of.rank(method="dense", ascending=False),
    "rank share": lambda of: of.rank(pct=True),
}


@on_every_engine
@pytest.mark.parametrize("which", WINDOWED)
def test_values_of_other_rows_are_those_of_pandas(engine, which):
    theirs = events()
    theirs.index.name = "row"
    df = load(engine, theirs).sort_values("moment")
    theirs = theirs.sort_values("moment")
    function = WINDOWED[which]
    for columns in (["n", "x"], ["x"]):
        same(function(df[columns]).to_pandas(), function(theirs[columns]))
        same(function(df[["user", *columns]].groupby("user")).to_pandas(), function(theirs.groupby("user")[columns]))
    for column in ("n", "x"):
        same(function(df[column]).to_pandas(), function(theirs[column]))
        same(function(df.groupby("user")[column]).to_pandas(), function(theirs.groupby("user")[column]))


@on_every_engine
def test_grouped_windows_are_aligned_with_the_rows(engine):
    theirs = events()
    theirs.index.name = "row"
    df = load(engine, theirs).sort_values("moment")
    theirs = theirs.sort_values("moment")
    for each in (df, theirs):
        each["prev"] = each.groupby("user").moment.shift()
        each["gap"] = each.groupby("user").moment.diff()
        each["so_far"] = each.groupby("user").n.cumsum()
        each["number"] = each.groupby("user").cumcount()
        each["place"] = each.groupby("user").x.rank()
        each["share"] = each.groupby("user").n.transform("sum")
    same(df.to_pandas(), theirs)
    assert df.dtypes["gap"] == "timedelta"
    # Read in another order, each row keeps its values.
    same(df.sort_index().to_pandas(), theirs.sort_index())


@on_every_engine
def test_ties_of_the_order_are_broken_by_the_key(engine):
    df = load(engine, {"g": ["a"] * 4, "t": [2, 1, 1, 1], "v": [1, 2, 4, 8]}).sort_values("t")
    assert values(df.groupby("g").v.cumsum()) == [15, 2, 6, 14]
    assert values(df.groupby("g").cumcount()) == [3, 0, 1, 2]
    assert df.groupby("g")[["v"]].shift().to_pandas().v.tolist()[1:] == [2, 4, 8]


@on_every_engine
def test_windows_of_a_frame_are_computed_in_one_step(engine):
    df = load(engine, {"a": [3, 1, 2], "b": [1, 2, 4]}).sort_values("a")
    # The order is that of the frame, although the column that orders it is replaced.
    shifted = df.shift()
    assert shifted.to_pandas().values.tolist()[1:] == [[1, 2], [2, 4]]
    assert df.shift(fill_value=0).sort_index().to_pandas().b.tolist() == [4, 0, 2]
    assert "lag(a)" in shifted.view_sql()


@pytest.mark.parametrize(
    "which", [name for name in WINDOWED if name.split()[0] in ("shift", "diff", "cumsum", "cummax", "cummin")]
)
def test_rows_without_an_order_have_no_neighbors(which):
    df = load("duckdb", {"g": ["a", "b"], "v": [1, 2]})
    for thing in (df[["v"]], df.v, df.groupby("g")[["v"]], df.groupby("g").v):
        with pytest.raises(InvalidValue, match=rf"{which.split()[0]} needs an order.*\nhint: sort the frame first"):
            WINDOWED[which](thing)
    with pytest.raises(InvalidValue, match=r"df.sort_values\('moment'\).groupby\(...\).v.diff\(\)"):
        df.groupby("g").v.diff()
    assert values(df.groupby("g").v.rank()) == [1.0, 1.0], "a rank is by the values"


def test_a_window_names_the_column_that_it_cannot_be_computed_of():
    df = load("duckdb", {"s": ["a", "b"], "v": [1, 2]}).sort_values("v")
    with pytest.raises(InvalidType, match="column 's': sum cannot be computed"):
        df.cumsum()
    assert df.cumsum(numeric_only=True).to_pandas().v.tolist() == [1, 3]
    with pytest.raises(InvalidValue, match="no numeric column"):
        df[["s"]].cumsum(numeric_only=True)


@on_every_engine
def test_missing_values_of_a_frame(engine):
    theirs = pd.DataFrame({"n": pd.array([1, None, 3], "Int64"), "s": ["a", None, None], "x": [NAN, 1.0, 2.0]})
    theirs.index.name = "row"
    df = load(engine, theirs)
    for name in ("isna", "isnull", "notna", "notnull"):
        same(getattr(df, name)().sort_index().to_pandas(), getattr(theirs, name)())
        assert set(getattr(df, name)().dtypes.values()) == {"bool"}
    assert df.isna().sum().to_arrow().to_pylist() == [{"n_sum": 1, "s_sum": 2, "x_sum": 1}]
    with pytest.raises(InvalidValue, match="isnull needs rows"):
        df.groupby("s").isna()
