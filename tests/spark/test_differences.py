"""Differences of Spark's own functions: signs of zeros and short years."""

from __future__ import annotations

import datetime

import pyarrow as pa
import pytest
from frame.frames import opened

from objectiv_local import DataFrame


def frame(columns):
    return DataFrame.from_arrow(opened("spark"), pa.table(columns))


@pytest.mark.parametrize(
    ("value", "floor", "ceil"),
    [
        (-0.0, "-0.0", "-0.0"),
        (0.0, "0.0", "0.0"),
        (0.3, "0.0", "1.0"),
        (-0.3, "-1.0", "-0.0"),
        (0.7, "0.0", "1.0"),
        (-0.7, "-1.0", "-0.0"),
        (2.5, "2.0", "3.0"),
        (-2.5, "-3.0", "-2.0"),
        (3.0, "3.0", "3.0"),
        (-3.0, "-3.0", "-3.0"),
        (1e300, "1e+300", "1e+300"),
        (4503599627370495.5, "4503599627370495.0", "4503599627370496.0"),
        (float("inf"), "inf", "inf"),
        (float("-inf"), "-inf", "-inf"),
        (float("nan"), "nan", "nan"),
        (None, "None", "None"),
    ],
)
def test_floor_and_ceil_are_those_of_ieee_754(value, floor, ceil):
    rows = frame({"x": pa.array([value], pa.float64())})
    found = rows.assign(floor=rows.x.floor(), ceil=rows.x.ceil(), whole=rows.x // 1).to_arrow().to_pylist()[0]
    assert [repr(found[name]) for name in ("floor", "ceil", "whole")] == [floor, ceil, floor]


def test_years_of_weeks_have_two_digits():
    rows = frame({"moment": [datetime.datetime(1, 1, 1), datetime.datetime(2005, 1, 1)]})
    assert sorted(rows.moment.dt.strftime("%g %G").to_arrow().to_pylist()) == ["01 0001", "04 2004"]
