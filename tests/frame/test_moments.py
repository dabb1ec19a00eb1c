"""Moments of text and of numbers, on every engine."""

from __future__ import annotations

import datetime

import pandas as pd
import pytest
from frame.frames import load, on_every_engine, plain, values

import objectiv_local as ol
from objectiv_local.errors import InvalidType, InvalidValue, ObjectivError

at = datetime.datetime.fromisoformat


@on_every_engine
def test_text(engine):
    texts = ["2024-03-31T00:30:00.250Z", "2024-03-31 02:30:00+02:00", "2024-03-31T02:30", "2024-03-31", None]
    wanted = [at("2024-03-31 00:30:00.25"), at("2024-03-31 00:30:00"), at("2024-03-31 02:30:00"), at("2024-03-31"), None]
    df = load(engine, {"x": texts})
    assert ol.to_datetime(df.x).dtype == "timestamp"
    assert values(ol.to_datetime(df.x)) == values(df.x.astype("timestamp")) == wanted
    assert wanted[:-1] == [
        pd.Timestamp(text).tz_localize("UTC" if pd.Timestamp(text).tzinfo is None else None).tz_convert("UTC").tz_localize(None)
        if pd.Timestamp(text).tzinfo is None
        else pd.Timestamp(text).tz_convert("UTC").tz_localize(None)
        for text in texts[:-1]
    ]


@on_every_engine
def test_text_that_is_no_moment(engine):
    texts = ["2024-03-31T00:30:00Z", "yesterday", "", "2023-02-29T10:00:00Z", "2024-02-29T10:00:00+01:00", "31/03/2024"]
    df = load(engine, {"x": texts})
    with pytest.raises(ObjectivError):
        ol.to_datetime(df.x).to_pandas()
    wanted = [at("2024-03-31 00:30:00"), None, None, None, at("2024-02-29 09:00:00"), None]
    assert values(ol.to_datetime(df.x, errors="coerce")) == wanted
    df = load(
        engine, {"x": ["2024-03-01 10:30\n", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", "9999-12-31T10:00:00Z"]}
    )
    assert values(ol.to_datetime(df.x, errors="coerce")) == [at("2024-03-01 10:30"), None, None, at("9999-12-31 10:00:00")]


@on_every_engine
@pytest.mark.parametrize(
    ("unit", "numbers"),
    [
        ("D", [19_783, -1, None]),
        ("h", [474_792, -24, None]),
        ("m", [28_487_520, -1_440, None]),
        ("s", [1_709_251_200, -86_400, None]),
        ("ms", [1_709_251_200_000, -86_400_000, None]),
        ("us", [1_709_251_200_000_000, -86_400_000_000, None]),
        ("ns", [1_709_251_200_000_000_000, -86_400_000_000_000, None]),
    ],
)
def test_numbers(engine, unit, numbers):
    df = load(engine, {"x": pd.array(numbers, dtype="Int64")})
    wanted = [at("2024-03-01"), at("1969-12-31"), None]
    assert wanted[:2] == list(pd.to_datetime(numbers[:2], unit=unit))
    assert values(ol.to_datetime(df.x, unit=unit)) == values(ol.to_datetime(df.x, unit=unit, errors="coerce")) == wanted
    assert values(ol.to_datetime(df.x.astype("float64"), unit=unit)) == wanted
    assert values(ol.to_datetime(df.x.astype("decimal(38, 3)"), unit=unit)) == wanted


@on_every_engine
def test_fractions_and_nanoseconds(engine):
    df = load(engine, {"x": [1_709_289_045.25, 0.000_000_5, 0.000_001_5, -0.25, float("nan")]})
    assert values(ol.to_datetime(df.x, unit="s")) == [
        at("2024-03-01 10:30:45.25"),
        at("1970-01-01"),
        at("1970-01-01 00:00:00.000002"),
        at("1969-12-31 23:59:59.75"),
        None,
    ]
    df = load(engine, {"x": [1_999, -1, -1_000]})
    micro = datetime.timedelta(microseconds=1)
    assert values(ol.to_datetime(df.x, unit="ns")) == [
        at("1970-01-01") + micro,
        at("1970-01-01") - micro,
        at("1970-01-01") - micro,
    ]


@on_every_engine
def test_numbers_that_are_no_moment(engine):
    numbers = [2**62, -(2**62), 253_402_300_799, 0]
    df = load(engine, {"x": numbers})
    with pytest.raises(ObjectivError):
        ol.to_datetime(df.x, unit="s").to_pandas()
    assert values(ol.to_datetime(df.x, unit="s", errors="coerce")) == [None, None, at("9999-12-31 23:59:59"), at("1970-01-01")]
    infinite = load(engine, {"x": [float("inf"), 1.0]})
    with pytest.raises(ObjectivError):
        ol.to_datetime(infinite.x, unit="s").to_pandas()
    assert values(ol.to_datetime(infinite.x, unit="s", errors="coerce")) == [None, at("1970-01-01 00:00:01")]


@on_every_engine
def test_dates_and_timestamps_stay_what_they_are(engine):
    df = load(engine, {"x": pd.to_datetime(["2024-03-01 10:30:00", None])})
    assert values(ol.to_datetime(df.x)) == [at("2024-03-01 10:30:00"), None]
    assert values(ol.to_datetime(df.x.astype("date"))) == [at("2024-03-01"), None]


def test_wrong_arguments():
    df = load("duckdb", {"x": [1], "b": [True], "s": ["a"]})
    for arguments, error, message in (
        ((df.x,), InvalidValue, "series 'x' contains numbers, which need a unit"),
        ((df.x, "sec"), InvalidValue, "unit is 'sec'"),
        ((df.s, "s"), InvalidValue, "series 's' is string and needs no unit"),
        ((df.b, "s"), InvalidType, "series 'b' is bool, which cannot be converted to a timestamp"),
        ((df.x, "s", "ignore"), InvalidValue, "errors has to be 'raise' or 'coerce', not 'ignore'"),
        ((["2024-03-01"],), InvalidType, "arg of to_datetime"),
    ):
        with pytest.raises(error) as caught:
            ol.to_datetime(*arguments)
        assert message in str(caught.value)


def test_moments_can_be_compared_inside_windows_and_conditions():
    df = load("duckdb", {"x": ["2024-03-01T10:00:00Z", "2024-03-01T10:00:00-01:00"], "u": ["a", "a"]})
    df["at"] = ol.to_datetime(df.x)
    df["before"] = df.sort_values("at").window()["at"].window_lag()
    assert plain(df[df["at"] > at("2024-03-01 10:30:00")].before.to_pandas()) == [at("2024-03-01 10:00:00")]
