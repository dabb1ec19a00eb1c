"""Rows and cells by label: what ``df.loc`` answers and what it sets."""

from __future__ import annotations

import datetime

import pandas as pd
import pytest
from frame.frames import load, on_every_engine, plain, values

from objectiv_local.errors import ColumnNotFound, DataInvalid, InvalidType, InvalidValue


@on_every_engine
def test_a_slice_needs_rows_with_its_labels_where_the_order_is_another(engine):
    df = load(engine, {"s": ["b", "a", None, "c", "a"], "x": [1, 2, 3, 4, 5]}).set_index("s").sort_values("x")
    assert df.loc["a":"c"].x.to_pandas().tolist() == [2, 3, 4]
    assert df.loc[:"a"].x.to_pandas().tolist() == [1, 2, 3, 4, 5]
    assert df.loc["c":].x.to_pandas().tolist() == [4, 5]
    assert df.loc["c":"b"].x.to_pandas().tolist() == []
    for rows, label in ((df.loc["q":], "q"), (df.loc[:"zz"], "zz"), (df.loc["a":"zz"], "zz"), (df.loc["q":"c"], "q")):
        with pytest.raises(DataInvalid, match=f"no row has the label '{label}'"):
            rows.to_arrow()
        with pytest.raises(DataInvalid, match=f"no row has the label '{label}'"):
            len(rows)


@on_every_engine
def test_labels(engine):
    df = load(engine, {"a": [1, 2, 3], "b": ["x", "y", "z"]}, index=["p", "q", "r"])
    assert df.loc[["q"]].to_pandas().b.tolist() == ["y"]
    assert df.loc["q"].to_pandas().to_dict() == {"a": "2", "b": "y"}
    assert df.loc[["p", "r"], ["a"]].sort_index().to_pandas().a.tolist() == [1, 3]
    assert values(df.loc[df.a > 1, "b"]) == ["y", "z"]
    assert df.loc["nowhere"].to_pandas().empty
    df.loc[df.a > 1, "b"] = "big"
    df.loc["p", "a"] = 10
    assert df.sort_index().to_pandas().values.tolist() == [[10, "x"], [2, "big"], [3, "big"]]
    assert df.a["q"].value == 2
    with pytest.raises(InvalidValue, match="needs an order"):
        df.loc["p":"q"]
    assert df.sort_index().loc["p":"q"].to_pandas().a.tolist() == [10, 2]
    assert df.sort_index().loc["q":, "a"].to_pandas().tolist() == [2, 3]
    assert df.sort_index(ascending=False).loc["r":"q", ["a"]].to_pandas().a.tolist() == [3, 2]
    assert df.sort_index().loc["q":"nowhere"].to_pandas().empty


DATA = {"A": [1, 2, 3], "B": [1.5, 2.5, None], "C": ["x", "y", "z"], "D": [True, False, True]}


def small(engine):
    return load(engine, DATA, ["a", "b", "c"])


def cells(frame):
    return [tuple(plain(row)) for row in frame.sort_index().to_pandas().values.tolist()]


@on_every_engine
def test_columns_are_sliced_by_name(engine):
    df = small(engine)
    assert df.loc[:, "B":"D"].columns == ["B", "C", "D"]
    assert df.loc[:, :"B"].columns == ["A", "B"]
    assert df.loc[:, "C":].columns == ["C", "D"]
    assert df.loc[:, "D":"B"].columns == []
    assert cells(df.loc[["a", "c"], "A":"B"]) == [(1, 1.5), (3, None)]
    assert cells(df.loc[df.A > 1, "A":"B"]) == [(2, 2.5), (3, None)]
    with pytest.raises(ColumnNotFound):
        df.loc[:, "B":"Q"]
    with pytest.raises(InvalidValue, match="cannot have a step"):
        df.loc[:, "A":"D":2]


@on_every_engine
def test_a_single_label_gives_the_values_of_the_row(engine):
    df = small(engine)
    row = df[["A", "B"]].loc["b"]
    assert (row.name, row.dtype, list(row.index)) == ("__stacked", "float64", ["__stacked_index"])
    assert list(row.to_pandas().items()) == [("A", 2.0), ("B", 2.5)]
    assert len(row.order_by) == 1, "in the order of the columns"
    assert list(df.loc["b"].to_pandas().items()) == [("A", "2"), ("B", "2.5"), ("C", "y"), ("D", "false")]
    assert plain(df.loc["c", ["C", "B"]].to_pandas()) == ["z", None], "missing values stay, in the order of the columns"
    assert df.loc["b", "A"].to_pandas().to_dict() == {"A": 2}
    assert df.loc["b", "A"].dtype == "int64"
    assert df.loc["a", "A":"C"].to_pandas().tolist() == ["1", "1.5", "x"]
    assert df.loc["q"].to_pandas().tolist() == []
    assert cells(df.loc[["b"]]) == [(2, 2.5, "y", False)]
    df["J"] = df.C.str.split("-")
    with pytest.raises(InvalidType, match=r"hint: df.loc\[\['b'\]\] is a frame of the row"):
        df.loc["b"]


@on_every_engine
def test_values_are_set_in_a_type_that_holds_them(engine):
    def after(key, value):
        df = small(engine)
        df.loc[key] = value
        return [df.dtypes[name] for name in "ABCD"], cells(df)

    assert after("b", 1) == (
        ["int64", "float64", "string", "string"],
        [(1, 1.5, "x", "true"), (1, 1.0, "1", "1"), (3, None, "z", "true")],
    )
    assert after(["a", "b"], "w")[1] == [("w",) * 4, ("w",) * 4, ("3", None, "z", "true")]
    assert after(("b", "C"), 1)[1][1] == (2, 2.5, "1", False)
    assert after(("b", "A"), 1.5) == (
        ["float64", "float64", "string", "bool"],
        [(1.0, 1.5, "x", True), (1.5, 2.5, "y", False), (3.0, None, "z", True)],
    )
    assert after(("b", "D"), 1)[1] == [(1, 1.5, "x", "true"), (2, 2.5, "y", "1"), (3, None, "z", "true")]
    assert after(("b", slice("A", "B")), 7) == (
        ["int64", "float64", "string", "bool"],
        [(1, 1.5, "x", True), (7, 7.0, "y", False), (3, None, "z", True)],
    )
    assert after((slice(None), "A"), "u")[1][0] == ("u", 1.5, "x", True)
    assert after(("b", ["A", "C"]), [5, "v"])[1][1] == (5, 2.5, "v", False)
    assert after(("b", "A"), None) == (
        ["int64", "float64", "string", "bool"],
        [(1, 1.5, "x", True), (None, 2.5, "y", False), (3, None, "z", True)],
    )
    assert after(("q", "A"), 9)[1] == cells(small(engine))
    df = small(engine)
    df.loc[df.A > 1] = 0
    assert cells(df) == [(1, 1.5, "x", "true"), (0, 0.0, "0", "0"), (0, 0.0, "0", "0")], "the condition is that of before"
    df = small(engine)
    df.loc[["a", "b"], "A"] = df.C
    assert [row[0] for row in cells(df)] == ["x", "y", "3"]
    df["day"] = datetime.date(2022, 1, 1)
    df.loc["b", "day"] = "2022-02-03"
    assert df.dtypes["day"] == "date"
    assert [row[-1] for row in cells(df)] == [datetime.date(2022, 1, 1), datetime.date(2022, 2, 3), datetime.date(2022, 1, 1)]


@on_every_engine
def test_a_value_that_cannot_be_set_changes_nothing(engine):
    df = small(engine)
    with pytest.raises(ColumnNotFound):
        df.loc["b", ["A", "new"]] = 5
    with pytest.raises(InvalidValue, match="2 columns cannot be set to 3 values"):
        df.loc["b", ["A", "B"]] = [1, 2, 3]
    df["J"] = df.C.str.split("-")
    before = df.copy()
    with pytest.raises(InvalidType):
        df.loc["b"] = 1
    assert df == before
    with pytest.raises(InvalidValue, match="loc needs rows"):
        df.groupby("C").loc["b"]


@on_every_engine
def test_a_slice_of_a_sorted_index_needs_no_row_with_its_labels(engine):
    df = load(engine, {"x": [1, 2, 3, 4, 5]}, pd.array([1, 3, 5, 7, None], "Int64"))
    table = pd.Series([1, 2, 3, 4], index=[1, 3, 5, 7])

    def found(frame):
        return plain(frame.to_pandas().x.tolist())

    up, down = df.sort_index(), df.sort_index(ascending=False)
    assert found(up.loc[2:6]) == table.loc[2:6].tolist() == [2, 3]
    assert found(up.loc[3:5]) == found(up.loc[2.5:5.5]) == [2, 3]
    assert found(up.loc[:4]) == table.loc[:4].tolist() == [1, 2]
    assert found(up.loc[6:]) == [4, 5], "missing labels come last"
    assert found(down.loc[6:2]) == table[::-1].loc[6:2].tolist() == [3, 2]
    assert found(down.loc[4:]) == [2, 1, 5]
    assert found(up.loc[6:2]) == found(up.loc[8:9]) == []
    up.loc[2:6, "x"] = 0
    assert found(up) == [1, 0, 0, 4, 5]
