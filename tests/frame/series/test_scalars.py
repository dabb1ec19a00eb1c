"""A series of one value as a number, a bool or a formatted string."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from frame.frames import load, on_every_engine, opened

from objectiv_local import DataFrame
from objectiv_local.errors import InvalidType, InvalidValue


@on_every_engine
def test_a_series_of_one_value_is_a_number(engine):
    df = load(engine, {"n": [1, 2, 4], "x": [0.5, 1.5, 2.5], "s": ["a", "b", "c"], "flag": [True, False, True]})
    assert (int(df.n.sum()), float(df.x.mean()), int(df.x.max())) == (7, 1.5, 2)
    assert [type(each) for each in (int(df.n.sum()), float(df.n.sum()))] == [int, float]
    assert int(df.n.astype("decimal(38, 2)").max()) == 4
    assert (bool(df.flag.any()), bool(df.flag.all()), bool(df.n.sum() > 7)) == (True, False, False)
    assert [f"{df.n.sum()}", f"{df.n.sum():,.2f}", f"{df.x.mean():.1%}", f"{df.s.max()}", f"{df.s.max():>3}"] == [
        "7",
        "7.00",
        "150.0%",
        "c",
        "  c",
    ]
    assert list(range(df.n.count())) == [0, 1, 2]
    assert "%d of %.1f" % (df.n.sum(), df.x.sum()) == "7 of 4.5"  # noqa: UP031 - it asks for a number in its own way
    assert (df.n.sum().item(), df.n[0].item(), len(df.n), len(df[df.n > 1].n)) == (7, 1, 3, 2)
    assert ("many" if df.n.sum() > 5 else "few") == "many"


def test_a_missing_value_is_no_number():
    df = load("duckdb", {"x": [1.0], "n": [1], "s": ["a"]})
    none = df[df.n > 5]
    assert np.isnan(float(none.x.mean()))
    assert [f"{none.x.mean():.2f}", f"{none.n.max():.1f}", f"{none.s.max()}", f"{none.s.max():>4}"] == [
        "nan",
        "nan",
        "<NA>",
        "<NA>",
    ]
    for call in (int, bool):
        with pytest.raises(InvalidValue, match=r"is missing.*\n.*value is None"):
            call(none.n.max())


def test_a_series_of_several_values_is_none():
    df = load("duckdb", {"n": [1, 2], "s": ["a", "b"]})
    for call in (int, float, "{:.2f}".format, range):
        with pytest.raises(InvalidType, match=r"takes one value, and series 'n' may have more\n.*aggregate it first"):
            call(df.n)
    for call in (bool, lambda each: each and True, lambda each: not each):
        with pytest.raises(InvalidType, match="truth of series 'n' is not one value"):
            call(df.n)
    with pytest.raises(InvalidType, match="takes a number, not 's', which is string"):
        int(df.s.max())
    with pytest.raises(InvalidValue, match=r"cannot be formatted by '.2f'"):
        f"{df.s.max():.2f}"
    for grouped in (df.groupby("s").n, df.sort_values("n")[:1].groupby("s").n):
        with pytest.raises(InvalidType, match="takes one value"):
            int(grouped)
    with pytest.raises(InvalidType, match="isin"):
        _ = 1 in df.n
    assert f"{df.n}" == repr(df.n)
    unconnected = DataFrame.from_schema({"a": "int64"})
    assert "not connected" in f"{unconnected.a.sum()}"


NAN = float("nan")


@pytest.mark.parametrize("value", [NAN, float("inf")])
def test_what_is_no_whole_number_is_no_int(value):
    with pytest.raises(InvalidValue, match="no whole number"):
        int(DataFrame.from_arrow(opened("duckdb"), pa.table({"x": [value]})).x.max())


def test_a_missing_value_has_no_format():
    with pytest.raises(InvalidValue, match="is missing"):
        f"{load('duckdb', {'i': pd.array([None], 'Int64')}).i.max():d}"
