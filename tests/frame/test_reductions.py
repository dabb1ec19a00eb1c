"""Every aggregate that users can name has its methods: on frames, on groups, on windows, and on series."""

from __future__ import annotations

import contextlib
import inspect

import duckdb
import pandas as pd
import pytest

from objectiv_local import DataFrame, Series, connect
from objectiv_local.errors import InvalidType
from objectiv_local.frame.functions import FUNCTIONS, MADE, reduction
from objectiv_local.frame.reductions import Reductions
from objectiv_local.frame.series import SeriesString
from objectiv_local.frame.window import SeriesWindow, Window
from objectiv_local.plan.ops import OPS


def test_an_aggregate_of_the_catalogue_has_a_name_or_is_part_of_others():
    of_groups = {op.name for op in OPS.values() if op.kind not in ("scalar", "window")}
    assert of_groups - set(FUNCTIONS) == {"sum_or_null", "quantile_disc"}
    assert set(MADE) <= set(FUNCTIONS)


#: Aggregates that are methods of strings alone.
OF_STRINGS = ("to_json_array",)


#: Those that are more than an aggregate of each column: a frame has one size, and quantiles may be several.
OF_ITS_OWN = ("size", "quantile")


#: Aggregates of bools, and of whatever the order puts first: there ``skipna`` would say nothing.
WITHOUT_SKIPNA = ("any", "all", "first", "last")


USUAL = [name for name in FUNCTIONS if name not in (*OF_STRINGS, *OF_ITS_OWN)]


def parameters(class_, name):
    """Return the options of a method with their defaults, without what every method has."""
    return {each.name: each.default for each in list(inspect.signature(getattr(class_, name)).parameters.values())[1:]}


@pytest.mark.parametrize("name", USUAL)
def test_methods_take_the_options_of_the_aggregate(name):
    option = MADE[name].option if name in MADE else None
    of_frames = {} if option is None else {option: MADE[name].default}
    usual = {} if name in ("any", "all") else {"numeric_only": False}
    usual |= {} if name in WITHOUT_SKIPNA else {"skipna": True}
    assert parameters(Reductions, name) == of_frames | usual
    skipna = {} if name in WITHOUT_SKIPNA else {"skipna": True}
    assert parameters(Series, name) == {"partition": None} | skipna | ({} if option is None else {option: None})
    for class_ in (DataFrame, Window, SeriesWindow):
        assert getattr(class_, name) is getattr(Reductions, name)


def test_aggregates_with_methods_of_their_own():
    for name in OF_ITS_OWN:
        assert callable(getattr(DataFrame, name))
        assert callable(getattr(Series, name))
    for name in OF_STRINGS:
        assert callable(getattr(SeriesString, name))
        assert not hasattr(Series, name)
        assert not hasattr(DataFrame, name)


@pytest.fixture(scope="module")
def df():
    rows = pd.DataFrame({"g": ["a", "a", "b", "b", "b"], "v": [1.0, 2.5, 4.0, None, -3.0]}, index=pd.Index(range(5), name="k"))
    df = DataFrame.from_pandas(connect(duckdb.connect()), rows)
    df["flag"] = df.v > 2
    df["n"] = df.v.astype("int64")
    df["s"] = df.v.astype("string")
    return df.sort_index()


def column_for(name, df):
    """Return the first column that an aggregate can be computed of."""
    for column in ("v", "n", "flag", "s"):
        with contextlib.suppress(InvalidType):
            reduction(name, df[column]._expr)
            return column
    raise AssertionError(f"{name} takes none of the columns")


def cells(found):
    return [None if pd.isna(value) else value for value in found]


@pytest.mark.parametrize("name", USUAL)
def test_methods_give_what_agg_gives(df, name):
    column = column_for(name, df)
    frame, series = df[[column]], df[column]
    assert cells(getattr(frame, name)().to_pandas()[f"{column}_{name}"]) == cells(frame.agg(name).to_pandas().iloc[:, 0])
    assert cells(getattr(series, name)().to_pandas()) == cells(series.agg(name).to_pandas())
    assert cells(getattr(series, name)().to_pandas()) == cells(frame.agg(name).to_pandas().iloc[:, 0])
    groups = df.groupby("g")[[column]]
    assert cells(getattr(groups, name)().to_pandas().iloc[:, 0]) == cells(getattr(series, name)(df.groupby("g")).to_pandas())


@pytest.mark.parametrize("name", USUAL)
def test_methods_of_windows(df, name):
    column = column_for(name, df)
    window = df[["g", column]].groupby("g").window()
    if all(OPS[part.op].windowed for part in reduction(name, df[column]._expr).parts):
        found = getattr(window[column], name)()
        assert cells(found.to_pandas()) == cells(getattr(df[column], name)(window).to_pandas())
        assert cells(found.to_pandas()) == cells(getattr(window, name)().to_pandas()[f"{column}_{name}"])
    else:
        for call in (window[column], window):
            with pytest.raises(InvalidType, match="over a window"):
                getattr(call, name)()


def test_an_option_of_another_aggregate_is_refused(df):
    with pytest.raises(InvalidType, match="std_pop has no option 'ddof'"):
        df.v.agg("std_pop", ddof=1)
    with pytest.raises(InvalidType, match="mean has no option 'q'"):
        df.v.agg("mean", q=0.5)
