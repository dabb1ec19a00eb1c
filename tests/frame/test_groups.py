"""Grouped frames: rows that can be changed, filtered and sorted until an aggregate makes one row of each group."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
from frame.frames import load, on_every_engine, plain, values

from objectiv_local import DataFrame
from objectiv_local.errors import InvalidType, InvalidValue, ObjectivError
from objectiv_local.frame.series.base import Series

DATA = {
    "town": ["Lj", "SW", "SW", "DF", "SW", None],
    "city": ["Ljouwert", "Snits", "Drylts", "Sleat", "Starum", "Hylpen"],
    "people": [93485, 33520, 3055, 700, 960, 870],
    "founded": [1285, 1456, 1268, 1426, 1061, 1225],
}


@on_every_engine
def test_a_grouped_frame_is_a_frame(engine):
    df = load(engine, DATA)
    groups = df.groupby("town")
    assert isinstance(groups, DataFrame)
    assert groups.index_columns == ["town"]
    assert groups.data_columns == groups.columns == ["city", "people", "founded"]
    assert groups.dtypes == {"city": "string", "people": "int64", "founded": "int64"}
    assert groups.index_dtypes == {"town": "string"}
    assert groups.group_by.names == groups.people.group_by.names == ("town",)
    assert df.group_by is None
    assert groups[["people"]].sum().group_by is None
    assert groups == df.groupby(df.town)
    assert groups != df.groupby("city")
    assert groups != df
    assert "grouped by 'town'" in repr(groups)


def rows(frame):
    return [tuple(plain(row)) for row in frame.reset_index().to_pandas().values.tolist()]


@on_every_engine
def test_rows_of_a_grouped_frame_are_changed_before_they_are_aggregated(engine):
    df = load(engine, DATA)
    groups = df.groupby("town")
    groups["label"] = groups["city"] + " in " + df.town
    groups["one"] = 1
    assert rows(groups[["label", "one"]].agg({"label": "max", "one": "sum"})) == [
        ("DF", "Sleat in DF", 1),
        ("Lj", "Ljouwert in Lj", 1),
        ("SW", "Starum in SW", 3),
        (None, None, 1),
    ]
    assert rows(groups.drop(columns=["city", "label", "one", "founded"]).sum()) == [
        ("DF", 700),
        ("Lj", 93485),
        ("SW", 37535),
        (None, 870),
    ]
    assert rows(groups.rename(columns={"people": "n"}, index={"town": "t"})[["n"]].max()) == [
        ("DF", 700),
        ("Lj", 93485),
        ("SW", 33520),
        (None, 870),
    ]
    assert groups.rename(index={"town": "t"}).index_columns == ["t"]
    assert rows(groups[groups.people > 900][["people"]].count()) == [("Lj", 1), ("SW", 3)]
    assert rows(groups[df.people < 1000][["people"]].count()) == [("DF", 1), ("SW", 1), (None, 1)]
    assert values((groups.people * groups.founded).sum())[0] == 700 * 1426
    assert values((groups.people + df.founded).max()) == [2126, 94770, 34976, 2095]
    assert values((groups.people / df.people.max()).max()) == pytest.approx([700 / 93485, 1.0, 33520 / 93485, 870 / 93485])
    del groups["city"]
    assert groups.columns == ["people", "founded", "label", "one"]
    assert df.columns == ["town", "city", "people", "founded"], "the rows are not those of the frame that was grouped"


@on_every_engine
def test_a_key_keeps_its_meaning(engine):
    df = load(engine, {"n": [1, 2, 3, 4, 5, 6], "v": [6, 5, 4, 3, 2, 1]})
    groups = df.groupby([(df.n % 2).rename("odd"), "v"])
    groups["n"] = 0
    assert rows(groups.n.count().to_frame())[:2] == [(0, 1, 1), (0, 3, 1)]
    by_number = df.groupby(df.v.window_row_number(df.sort_values("v").window()).rename("number"))
    assert rows(by_number[by_number.n < 3][["n"]].sum()) == [(5, 2), (6, 1)], "the window saw all rows"
    with pytest.raises(InvalidValue, match="level of the index"):
        df.groupby("v")["v"] = 1
    assert rows(df.groupby("v")["v"].count().rename("rows").to_frame()) == [(each, 1) for each in range(1, 7)]
    assert df.groupby("v").agg(many=("v", "count")).to_pandas().many.tolist() == [1] * 6


@on_every_engine
def test_variables_of_a_grouped_frame_can_be_set(engine):
    df, step = load(engine, {"n": [1, 2, 3, 4]}).create_variable("step", 2)
    groups = df.groupby((df.n % step).rename("rest"))
    groups["total"] = (groups.n + step).sum()
    assert rows(groups.set_variable("step", 3)[["n"]].sum()) == [(0, 3), (1, 5), (2, 2)]
    assert rows(groups.set_variable("step", 3)[["total"]]) == [(0, 6), (1, 11), (2, 5)]
    assert rows(groups[["total"]]) == [(0, 10), (1, 8)]


@on_every_engine
def test_columns_may_be_set_to_aggregates(engine):
    df = load(engine, DATA)
    groups = df.groupby("town")
    groups["all"] = groups.people.sum()
    groups["first"] = groups.founded.min() + 1000
    wanted = [("DF", 700, 2426), ("Lj", 93485, 2285), ("SW", 37535, 2061), (None, 870, 2225)]
    assert rows(groups[["all", "first"]]) == wanted
    assert rows(groups.drop(columns=["city", "people", "founded"])) == wanted
    assert groups.dtypes["all"] == "int64"
    assert values(groups["all"] / groups["first"])[0] == pytest.approx(700 / 2426)
    alone = df.groupby("town")[["people"]]
    alone["people"] = alone.people.sum()
    assert rows(alone) == [("DF", 700), ("Lj", 93485), ("SW", 37535), (None, 870)], "it is aggregated"
    assert rows(alone[alone.people > 1000]) == [("Lj", 93485), ("SW", 37535)]
    renamed = groups.rename(columns={"all": "sum"})[["sum"]]
    assert rows(renamed) == [row[:2] for row in wanted]
    with pytest.raises(InvalidValue, match="'all' is an aggregate already"):
        groups.sum(numeric_only=True)
    with pytest.raises(InvalidValue, match="grouped by 'town' and not aggregated"):
        groups.to_pandas()
    groups["all"] = groups.people * 2
    assert rows(groups[["all"]].max()) == [("DF", 1400), ("Lj", 186970), ("SW", 67040), (None, 1740)]


@on_every_engine
def test_aggregates_of_other_groups_are_refused(engine):
    df = load(engine, DATA)
    other = df.copy()
    other["town"] = other.city
    for wrong in (
        df.groupby("city").people.sum(),
        df[df.people > 900].groupby("town").people.sum(),
        other.groupby("town").people.sum(),
        df.groupby("city").people,
        load(engine, DATA | {"people": [1] * 6}).people,
        df.rollup("town").people.sum(),
    ):
        groups = df.groupby("town")
        with pytest.raises(InvalidValue, match="grouped by 'town'"):
            groups["wrong"] = wrong
    with pytest.raises(InvalidValue, match="ungrouped series"):
        df["wrong"] = df.groupby("town").people
    with pytest.raises(InvalidValue, match="ungrouped series"):
        df.people + df.groupby("town").people
    with pytest.raises(InvalidValue, match="ungrouped series"):
        df[df.groupby("town").people > 1]


@on_every_engine
def test_sorted_groups_have_windows(engine):
    df, pandas = load(engine, DATA), pd.DataFrame(DATA)
    groups = df.groupby("town").sort_values("people")
    assert [key.ascending for key in groups.order_by] == [True]
    sorted_rows = pandas.sort_values("people").groupby("town", dropna=False)
    wanted = sorted_rows.founded.rolling(2).sum().reset_index(level=0, drop=True).sort_index()
    np.testing.assert_allclose(groups.rolling(2)["founded"].sum().sort_index().to_pandas().to_numpy(float), wanted)
    assert groups[["founded"]].rolling(2).sum().columns == ["founded_sum"]
    np.testing.assert_allclose(df.founded.sum(groups.rolling(2)).sort_index().to_pandas().to_numpy(float), wanted)
    np.testing.assert_allclose(groups.founded.sum(groups.rolling(2)).sort_index().to_pandas().to_numpy(float), wanted)
    assert values(groups.city.first()) == ["Sleat", "Ljouwert", "Starum", "Hylpen"]
    assert values(groups.sort_values("people", ascending=False).city.first()) == ["Sleat", "Ljouwert", "Snits", "Hylpen"]
    assert rows(groups.sort_index(ascending=False)[["people"]].count())[0] == ("DF", 1)


@on_every_engine
def test_functions_of_rows_before_and_after_stay_within_the_group(engine):
    data = {"g": ["a", "b", "a", "b", "a", None], "v": [3.0, 1.0, np.nan, 5.0, 3.0, 7.0]}
    df, pandas = load(engine, data).sort_index(), pd.DataFrame(data)
    ours, wanted = df.groupby("g").v, pandas.groupby("g", dropna=False).v
    for name, options in [
        ("cumsum", {}),
        ("cummax", {}),
        ("cummin", {}),
        ("cumcount", {}),
        ("shift", {}),
        ("shift", {"periods": -1}),
        ("diff", {}),
        ("ffill", {}),
        ("bfill", {}),
        ("rank", {}),
        ("rank", {"method": "dense", "pct": True}),
        ("rank", {"method": "first", "ascending": False}),
        ("rank", {"method": "max", "pct": True}),
    ]:
        found = getattr(ours, name)(**options)
        assert found.group_by is None
        np.testing.assert_allclose(found.to_pandas().to_numpy(float), getattr(wanted, name)(**options).to_numpy(float))
    df["before"] = ours.shift()
    assert plain(df.before.to_pandas()) == [None, None, 3.0, 1.0, None, None]
    filled = df.groupby("g")[["v"]].ffill()
    np.testing.assert_allclose(filled.to_pandas().v.to_numpy(float), wanted.ffill().to_numpy(float))
    np.testing.assert_allclose(ours.pct_change().to_pandas().to_numpy(float), (pandas.v / wanted.shift() - 1).to_numpy(float))


@on_every_engine
def test_aggregates_of_a_grouped_series(engine):
    df, pandas = load(engine, DATA), pd.DataFrame(DATA)
    groups, wanted = df.groupby("town").people, pandas.groupby("town", dropna=False).people
    found = groups.quantile([0.2, 0.5])
    assert found.name == "people"
    assert list(found.index) == ["town", "quantile"]
    assert found.to_pandas().tolist() == pytest.approx(wanted.quantile([0.2, 0.5]).tolist())
    assert groups.quantile(q=[0.5]).to_pandas().tolist() == wanted.median().tolist()
    assert values(groups.size()) == wanted.size().tolist()
    assert groups.agg(["min", "max"]).columns == ["people_min", "people_max"]
    assert groups.describe().to_pandas()[("SW", "mean")] == pytest.approx(37535 / 3)
    assert values(df.people.sum(df.groupby("town"))) == values(groups.sum())
    assert values(df.groupby("city").people.sum(df.groupby("town"))) == values(groups.sum()), "the given groups count"
    assert df.groupby("town").city.unique().to_pandas().tolist() == ["Sleat", "Ljouwert", "Drylts", "Snits", "Starum", "Hylpen"]
    assert df.groupby("town").city.value_counts().to_pandas().tolist() == [1] * 6
    with pytest.raises(InvalidType, match="window or groups"):
        df.people.sum(df)


@on_every_engine
def test_a_condition_over_the_rows_of_an_aggregate_filters_before_it(engine):
    df = load(engine, DATA)
    total = df.groupby("town")[["people"]].sum()
    wanted = [("Lj", 93485), ("SW", 4015), (None, 870)]
    assert rows(total[df.founded < 1300]) == wanted
    assert rows(total[df.groupby("town").founded < 1300]) == wanted
    assert rows(df.groupby("town").people.sum()[df.founded < 1300].to_frame()) == wanted
    total["twice"] = total.people_sum * 2
    assert rows(total[df.founded < 1300]) == [(*row, row[1] * 2) for row in wanted]
    assert rows(total[total.twice > 2000]) == [("Lj", 93485, 186970), ("SW", 37535, 75070)]
    assert df[["people"]].sum()[df.founded < 1300].to_pandas().values.tolist() == [[98370]]
    assert rows(df.rollup("town").people.sum()[df.founded < 1300].to_frame()) == [*wanted, (None, 98370)]
    # Of a condition over other rows, labels meet labels.
    assert rows(total[["twice"]][df.groupby("town").founded.max() > 1300]) == [("DF", 1400), ("SW", 75070)]
    total["share"] = total.people_sum / total.people_sum.sum()
    with pytest.raises(InvalidValue, match="computed from all of them"):
        total[df.founded < 1300]
    with pytest.raises(InvalidValue):
        df.groupby("town")[["people"]].sum().materialize()[df.founded < 1300]


# Members that answer the same for a grouped frame as for its rows, or are about the program and not its rows.
NEUTRAL = {
    "all_series",
    "columns",
    "copy",
    "data",
    "data_columns",
    "dtypes",
    "engine",
    "group_by",
    "index",
    "index_columns",
    "index_dtypes",
    "is_materialized",
    "order_by",
    "savepoints",
    "variables",
    "get_all_variable_usage",
    "loc",
    "plot",
    "base_node",
    "name",
    "dtype",
    "instance_dtype",
    "dtype_aliases",
    "supported_db_dtype",
    "supported_source_dtypes",
    "supported_value_types",
    "index_sorting",
    "sorted_ascending",
    "from_value",
    "from_const",
    "get_db_dtype",
    "random",
    "create_variable",
    "set_variable",
}


ARGUMENTS = {
    "agg": ("sum",),
    "aggregate": ("sum",),
    "apply_func": ("sum",),
    "append": (lambda each: (each,)),
    "assign": (),
    "astype": ("string",),
    "drop": (["n"],),
    "fillna": (0,),
    "get_sample": (None, None, 50),
    "groupby": ("n",),
    "cube": ("n",),
    "rollup": ("n",),
    "isin": ([1],),
    "between": (1, 2),
    "map": ({1: 2},),
    "merge": lambda each: (each,),
    "nlargest": (1, "n"),
    "nsmallest": (1, "n"),
    "query": ("n > 1",),
    "replace": (1, 2),
    "rolling": (2,),
    "set_index": ("n",),
    "set_savepoint": ("saved",),
    "sort_values": ("n",),
    "transform": ("sum",),
    "where": lambda each: (each > 1,),
    "mask": lambda each: (each > 1,),
    "sort_by_series": lambda each: (each,),
    "rename": ("m",),
    "cut": (2,),
    "qcut": (2,),
    "window_nth_value": (1,),
    **dict.fromkeys(("to_csv", "to_json", "to_parquet", "snapshot"), ("written",)),
    "database_create_table": ("written",),
    "create_view": ("written",),
    "to_dbt": (".", "written"),
    "any": (),
    "all": (),
    "explode": ("n",),
    "pivot_table": ("m", "n"),
    "corr": lambda each: () if isinstance(each, DataFrame) else (each,),
}


ON_SERIES = {"sort_values": (), "nlargest": (1,), "nsmallest": (1,), "append": lambda each: (each,)}


def members(cls):
    return [name for name in dir(cls) if not name.startswith(("_", "from_", "window_")) and name not in NEUTRAL]


def answer(thing, name):
    """Return what a member of a frame or series answers: rows as plain values, or the error's class."""
    given = (ON_SERIES if isinstance(thing, Series) else {}).get(name, ARGUMENTS.get(name, ()))
    given = given(thing) if callable(given) else given
    options = {"columns": {"n": "k"}} if name == "rename" and isinstance(thing, DataFrame) else {}
    if name == "fillna" and isinstance(thing, DataFrame):
        given, options = (), {"value": 0}
    try:
        member = inspect.getattr_static(type(thing), name)
        found = getattr(thing, name)
        found = found if isinstance(member, property) else found(*(() if options and name == "rename" else given), **options)
        if isinstance(found, tuple):
            return found
        if isinstance(found, DataFrame | Series) and found.group_by is not None:
            found = found.max() if isinstance(found, Series) else found[found.columns].max()
        if not isinstance(found, DataFrame | Series):
            return found
        frame = found.to_frame() if isinstance(found, Series) else found
        return sorted(repr(row) for row in (rows(frame) if frame.index_columns else frame.to_pandas().values.tolist()))
    except ObjectivError as error:
        return type(error), str(error)


def _forgets_nothing(name, chosen):
    """Compare the answer with that of each group by itself: equal, or an error that says what to do."""
    df = load("duckdb", {"g": ["a", "b", "a", "b"], "n": [1, 2, 3, 5], "m": [7, 7, 8, 9]}).sort_index()
    df["big"] = df.n > 2
    groups = df.groupby("g")
    whole = answer(chosen(groups), name)
    if isinstance(whole, tuple) and isinstance(whole[0], type) and issubclass(whole[0], ObjectivError):
        assert "grouped by 'g'" in whole[1] or issubclass(whole[0], (InvalidType, AttributeError)), whole
        assert "hint" in whole[1], whole
        return
    if not isinstance(whole, list):
        assert name in ("window", "rolling", "expanding", "flatten_array", "apply_func"), whole
        return
    parts = []
    for key in ("a", "b"):
        alone = answer(chosen(df[df.g == key].groupby("g")), name)
        assert isinstance(alone, list), alone
        parts += alone
    assert whole == sorted(parts)


@pytest.mark.parametrize("name", sorted({*members(DataFrame)}))
def test_no_member_of_a_grouped_frame_forgets_the_groups(name):
    _forgets_nothing(name, lambda df: df[["n", "big"]] if name in ("any", "all") else df[["n", "m"]])


@pytest.mark.parametrize("name", sorted({*members(type(load("duckdb", {"n": [1]}).n))}))
def test_no_member_of_a_grouped_series_forgets_the_groups(name):
    _forgets_nothing(name, lambda df: (df.n > 2).rename("n") if name in ("any", "all") else df.n)
