"""Values of tables as JSON and as text."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest

from objectiv_local.charts.values import count, duration, kind_of, label, labels, number, percent, plain

DAY = datetime.date(2024, 2, 29)
NOON = datetime.datetime(2024, 2, 29, 12, 30)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
        (pd.NA, None),
        (pd.NaT, None),
        (np.float64("nan"), None),
        (decimal.Decimal("NaN"), None),
        (True, True),
        (np.bool_(False), False),
        (3, 3),
        (np.int64(3), 3),
        (2.5, 2.5),
        (decimal.Decimal("2.50"), 2.5),
        ("a", "a"),
        (DAY, "2024-02-29T00:00:00Z"),
        (NOON, "2024-02-29T12:30:00.000Z"),
        (pd.Timestamp(NOON), "2024-02-29T12:30:00.000Z"),
        (datetime.timedelta(minutes=2), 120.0),
        (pd.Timedelta(minutes=2), 120.0),
        ([1], "[1]"),
    ],
)
def test_plain(value, wanted):
    assert plain(value) == wanted
    assert type(plain(value)) is type(wanted)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, "(none)"),
        ("", "(empty)"),
        ("a", "a"),
        (True, "true"),
        (3, "3"),
        (2.5, "2.5"),
        (DAY, "2024-02-29"),
        (NOON, "2024-02-29 12:30"),
        (datetime.datetime(2024, 2, 29), "2024-02-29"),
        (("x", 1), "x, 1"),
        ("a\x00\n", r"a\x00\n"),
        ("\ufffe", r"\ufffe"),
        ("é\u2028", "é\u2028"),
    ],
)
def test_label(value, wanted):
    assert label(value) == wanted


def test_labels_of_moments_have_clocks_if_one_needs_it():
    assert labels([NOON, datetime.datetime(2024, 3, 1), None]) == ["2024-02-29 12:30", "2024-03-01 00:00", "(none)"]


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, ""),
        (0, "0"),
        (1234567, "1,234,567"),
        (1234.0, "1,234"),
        (12345.678, "12,346"),
        (1234.5678, "1,235"),
        (12.345678, "12.35"),
        (0.000123456, "0.0001235"),
        (-1234.5, "-1,234"),
        (0.5, "0.5"),
        (decimal.Decimal("9.50"), "9.5"),
        (100.04, "100"),
        (100.0, "100"),
        (99.96, "99.96"),
        (1999.96, "2,000"),
    ],
)
def test_count(value, wanted):
    assert count(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, ""),
        (0, "0 s"),
        (0.25, "0.25 s"),
        (59, "59 s"),
        (60, "1 min"),
        (5_400, "1.5 h"),
        (86_400 * 30, "30 d"),
        (datetime.timedelta(seconds=90), "1.5 min"),
        (86_400 * 3_650, "3.65e+03 d"),
    ],
)
def test_duration(value, wanted):
    assert duration(value) == wanted


def test_percent_and_number():
    assert [percent(value) for value in (None, 0.1234, 1, float("nan"))] == ["", "12.3%", "100.0%", ""]
    shares = [0, 0.0004, -0.0004, 0.0005, 0.9996, 0.9994]
    assert [percent(value) for value in shares] == ["0.0%", "<0.1%", ">-0.1%", "0.1%", ">99.9%", "99.9%"]
    assert [percent(value, 0) for value in (0.0, 0.004, 0.006, 0.997, 1.0)] == ["0%", "<1%", "1%", ">99%", "100%"]
    assert [number(value) for value in (None, True, "5", 2.5)] == [None, 1, None, 2.5]


def test_kind_of():
    assert kind_of([DAY, None]) == "temporal"
    assert kind_of([1, 2.5, None]) == "quantitative"
    assert [kind_of(values) for values in ([True], ["a", 1], [], [None])] == ["ordinal"] * 4
