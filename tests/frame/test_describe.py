"""Descriptions of columns of every type: the statistics that a type has, and no others."""

from __future__ import annotations

import datetime
import uuid

import numpy as np
import pandas as pd
import pytest
from frame.frames import GROUPED, load, on_every_engine, plain, values

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.series import SeriesTime, SeriesUuid

DAY, MOMENT = datetime.date(2022, 1, 1), datetime.datetime(2022, 1, 1, 10)


IDS = ["00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"]


OTHERS = ["count", "min", "max", "nunique", "mode"]


DATA = {
    "n": [1, 2, 3, 4],
    "s": ["a", "b", "a", None],
    "b": [True, False, True, True],
    "d": [DAY, datetime.date(2022, 1, 3), datetime.date(2022, 1, 3), None],
    "t": [MOMENT, MOMENT + datetime.timedelta(days=2), MOMENT + datetime.timedelta(days=2), None],
    "u": [uuid.UUID(IDS[0]), uuid.UUID(IDS[1]), uuid.UUID(IDS[1]), None],
}


def frame(engine):
    df = load(engine, DATA)
    df["c"] = SeriesTime.from_value(df, "10:00:00.5")
    df["l"] = df.t - MOMENT
    return df


def described(series):
    """Return the statistics of a series by name."""
    found = series.describe().to_pandas()
    assert found.name == series.name
    return dict(zip(found.index, plain(found), strict=True))


@on_every_engine
def test_statistics_of_columns_that_are_no_numbers(engine):
    df = frame(engine)
    wanted = {
        "s": ["3", "a", "b", "2", "a"],
        "b": ["4", "false", "true", "2", "true"],
        "d": ["3", "2022-01-01", "2022-01-03", "2", "2022-01-03"],
        "t": ["3", "2022-01-01 10:00:00.000000", "2022-01-03 10:00:00.000000", "2", "2022-01-03 10:00:00.000000"],
        "c": ["4", "10:00:00.500000", "10:00:00.500000", "1", "10:00:00.500000"],
    }
    for name, each in wanted.items():
        assert described(df[name]) == dict(zip(OTHERS, each, strict=True))
        assert list(df[[name]].describe().to_pandas().index) == OTHERS
    assert described(df.u) == {"count": "3", "nunique": "2", "mode": IDS[1]}
    assert described(SeriesUuid.from_value(df, None)) == {"count": "0", "nunique": "0", "mode": None}


NUMBERS = ["count", "mean", "std", "min", "max", "nunique", "mode", "0.25", "0.5", "0.75"]


@on_every_engine
def test_numbers_and_durations_have_every_statistic(engine):
    df = frame(engine)
    assert list(described(df.n)) == NUMBERS
    two_days = 2 * 86_400.0
    found = described(df.l)
    assert list(found) == NUMBERS
    assert found | {"std": 0} == {
        "count": 3,
        "mean": pytest.approx(two_days * 2 / 3),
        "std": 0,
        "min": 0,
        "max": two_days,
        "nunique": 2,
        "mode": two_days,
        "0.25": two_days / 2,
        "0.5": two_days,
        "0.75": two_days,
    }
    assert found["std"] == pytest.approx(pd.Series([0, two_days, two_days]).std())


@on_every_engine
def test_a_frame_has_the_rows_that_any_of_its_columns_has(engine):
    df = frame(engine)
    assert list(df.describe().to_pandas().columns) == ["n"]
    found = df[["s", "u"]].describe().to_pandas()
    assert list(found.index) == OTHERS
    assert plain(found.u) == ["3", None, None, "2", IDS[1]]
    whole = df.describe(include="all").to_pandas()
    assert list(whole.index) == NUMBERS
    assert plain(whole.loc["mean"]) == [2.5, None, None, None, None, None, None, pytest.approx(115_200)]
    assert plain(whole.loc["mode"]) == [
        1.0,
        "a",
        "true",
        "2022-01-03",
        "2022-01-03 10:00:00.000000",
        IDS[1],
        "10:00:00.500000",
        172_800.0,
    ]
    by_group = df.groupby("b")[["s", "n"]].describe().to_pandas()
    assert list(by_group.loc[True].index) == NUMBERS
    assert plain(by_group.loc[True].loc["mode"]) == ["a", 1.0]


@on_every_engine
def test_percentiles_are_sorted_and_each_is_there_once(engine):
    df = frame(engine)
    for given, rows in (
        ([0.9, 0.1, 0.5], ["0.1", "0.5", "0.9"]),
        ([0.9, 0.9], ["0.9"]),
        (0.3, ["0.3"]),
        ([], ["0.25", "0.5", "0.75"]),
        ([1, 0], ["0", "1"]),
    ):
        found = df.describe(percentiles=given).to_pandas()
        assert list(found.index) == [*NUMBERS[:7], *rows]
        assert found.n[rows].tolist() == pytest.approx([pd.Series([1, 2, 3, 4]).quantile(float(row)) for row in rows])
    with pytest.raises(InvalidValue, match="0 to 1"):
        df.describe(percentiles=[50])


@on_every_engine
def test_names_of_keys_and_columns_do_not_meet_those_of_statistics(engine):
    df = load(engine, {"v_mean": ["x", "x", "y"], "v": [1, 2, 6], "v_0.5": [1, 1, 1]})
    found = df.groupby("v_mean").describe().to_pandas()
    assert list(found.columns) == ["v", "v_0.5"]
    assert (found.v["x", "mean"], found.v["y", "max"], found["v_0.5"]["x", "count"]) == (1.5, 6.0, 2.0)


def test_what_cannot_be_described_says_so():
    from objectiv_local import DataFrame

    df = DataFrame.from_schema({"s": "string", "j": "json", "n": "int64"})
    for describe in (
        df.j.describe,
        df[["s", "j"]].describe,
        lambda: df.describe(include="all"),
        lambda: df.groupby("s")[["j"]].describe(),
    ):
        with pytest.raises(InvalidType, match="'j', which is json, cannot be described"):
            describe()
    assert df.describe().columns == ["n"]
    with pytest.raises(InvalidValue, match="no column to describe"):
        df.n.cut(2).describe()


@on_every_engine
def test_a_column_that_is_compared_with_a_total(engine):
    df = load(engine, {"k": [3, 1, 2, 2], "s": ["a", "b", "a", "b"]})
    df["i"] = df.k - df.k.count()
    found = df[["i"]].describe().to_pandas()["i"].to_dict()
    assert found == pytest.approx(
        {
            "count": 4,
            "mean": -2,
            "std": (2 / 3) ** 0.5,
            "min": -3,
            "max": -1,
            "nunique": 3,
            "mode": -2,
            "0.25": -2.25,
            "0.5": -2,
            "0.75": -1.75,
        }
    )
    assert (df.k - df.k.count()).mode().value == -2
    assert values(df.groupby("s").i.mode()) == [-2, -3]
    assert df.s.where(df.k > df.k.mean() - 1).mode().value == "a"


@on_every_engine
def test_quantiles_and_description(engine, pandas):
    df = load(engine, GROUPED)
    shares = [0.0, 0.25, 1.0]
    found = df[["v", "n"]].quantile(shares).to_pandas()
    assert found.index.name == "quantile"
    assert found.values.tolist() == pandas[["v", "n"]].quantile(shares).values.tolist()
    by_group = df.groupby("g")[["n"]].quantile(shares).to_pandas()
    assert by_group.n_quantile.tolist() == pandas.groupby("g", dropna=False).n.quantile(shares).tolist()
    assert df.n.quantile(q=[0.5]).to_pandas().to_dict() == {0.5: 3.5}
    described = df.describe().to_pandas()
    assert described.index.name == "__stat"
    assert described.columns.tolist() == ["h", "v", "n"]
    rows = ["count", "mean", "std", "min", "25%", "50%", "75%", "max"]
    wanted = pandas.describe().loc[rows]
    ours = described.rename({"0.25": "25%", "0.5": "50%", "0.75": "75%"}).loc[rows]
    np.testing.assert_allclose(ours.to_numpy(float), wanted[ours.columns].to_numpy(float))
    assert described.loc["nunique"].tolist() == [2, 5, 5]
    assert described.loc["mode"].tolist() == [1, 1, 1]
    text = df[["g"]].describe().to_pandas().g
    assert text.to_dict() == {"count": "5", "min": "a", "max": "b", "nunique": "2", "mode": "b"}
    groups = df.groupby("g")[["n"]].describe(percentiles=[0.5]).to_pandas().n
    assert groups[("b", "mean")] == pytest.approx(10 / 3)
    assert groups[("a", "0.5")] == 2.0
    assert df.n.describe().to_pandas()["max"] == 9


@on_every_engine
def test_columns_of_a_dtype_are_described(engine):
    df = load(engine, {"n": [1, 2], "x": [1.5, 2.5], "s": ["a", "b"]})
    df["p"] = df.x.astype("decimal(38, 2)")
    df["q"] = df.x.astype("decimal(38, 3)")

    def described(**chosen):
        return df.describe(**chosen).data_columns

    assert described(include="decimal") == ["p", "q"]
    assert described(include=["decimal(38, 2)", "int"]) == ["n", "p"]
    assert described(exclude=["decimal(38,3)", "float"]) == ["n", "p"]
    assert described(include="all", exclude="string") == ["n", "x", "p", "q"]
