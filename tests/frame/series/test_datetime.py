"""Dates, times, moments and durations, on every engine."""

from __future__ import annotations

import datetime

import pandas as pd
import pytest
from frame.frames import load, on_every_engine, values

from objectiv_local.errors import InvalidType


@on_every_engine
def test_time(engine):
    moments = [datetime.datetime(2022, 1, 2, 3, 4, 5, 67), datetime.datetime(2020, 12, 31, 23, 59, 59, 999_999)]
    df = load(engine, {"t": moments, "d": [moment.date() for moment in moments]})
    for format_ in (
        "%Y-%m-%d",
        "%a %A %b %B %d %H %I %j %m %M %p %S %y %f",
        "%G-W%V-%u",
        "%U %W %w %%",
        "%c|%x|%X|%D|%F|%T|%R",
        "day-of-month \"%d\" 'x'",
        "%e|%C|%h|%g",
    ):
        assert values(df.t.dt.strftime(format_)) == [moment.strftime(format_) for moment in moments], format_
    assert values(df.d.dt.strftime("%d.%m.%Y")) == ["02.01.2022", "31.12.2020"]
    assert values(df.t.dt.date_trunc("week")) == [pd.Timestamp("2021-12-27"), pd.Timestamp("2020-12-28")]
    assert values(df.d.dt.date_trunc("quarter")) == [pd.Timestamp("2022-01-01"), pd.Timestamp("2020-10-01")]
    difference = df.t - df.d
    assert difference.dtype == "timedelta"
    assert values(difference.dt.total_seconds) == [11045.000067, 86399.999999]


@on_every_engine
def test_moments(engine):
    moments = pd.to_datetime(["2021-01-03 04:05:06.789012", "1969-12-31 23:59:59.999999", None, "2024-02-29"], format="ISO8601")
    df, pandas = load(engine, {"t": moments}), pd.Series(moments)
    for part in ("year", "quarter", "month", "day", "day_of_year", "day_of_week", "hour", "minute", "second", "microsecond"):
        assert values(getattr(df.t.dt, part)) == [None if pd.isna(value) else int(value) for value in getattr(pandas.dt, part)]
    assert values(df.t.dt.week) == [None if pd.isna(value) else int(value) for value in pandas.dt.isocalendar().week]
    assert values(df.t.dt.day_name()) == [None if pd.isna(value) else value for value in pandas.dt.day_name()]
    assert values(df.t.dt.date) == [None if pd.isna(value) else value for value in pandas.dt.date]
    assert values(df.t.dt.time) == [None if pd.isna(value) else value for value in pandas.dt.time]
    assert df.t.dt.time.dtype == "time"
    assert values(df.t.dt.time.dt.hour) == [4, 23, None, 0]
    assert values(df.t.astype("time").astype("string")) == ["04:05:06.789012", "23:59:59.999999", None, "00:00:00.000000"]
    assert values(df.t.dt.time > "12:00") == [False, True, None, False]
    assert values(df.t.dt.normalize()) == [None if pd.isna(value) else value for value in pandas.dt.normalize()]
    assert df.t.median().value == pandas.median().round("us").to_pydatetime()
    with pytest.raises(InvalidType, match="a time has no year"):
        _ = df.t.dt.time.dt.year


@on_every_engine
def test_durations(engine):
    spans = pd.to_timedelta(["1 days 02:03:04.005006", "-1 days +23:59:59", None, "0"])
    df, pandas = load(engine, {"d": spans}), pd.Series(spans)
    assert values(df.d.dt.days) == [1, -1, None, 0]
    assert values(df.d.dt.seconds) == [7384, 86399, None, 0]
    assert values(df.d.dt.microseconds) == [5006, 0, None, 0]
    components = df.d.dt.components.sort_index().to_pandas().astype("float").fillna(-1)
    wanted = pandas.dt.components[components.columns].astype("float").fillna(-1)
    assert components.values.tolist() == wanted.values.tolist()
    second = datetime.timedelta(seconds=1)
    assert values(df.d * 2.5)[1] == pd.Timedelta(seconds=-2.5)
    assert values(df.d / 2)[1] == pd.Timedelta(seconds=-0.5)
    assert values(df.d / second) == [93784.005006, -1.0, None, 0.0]
    assert values(df.d // second) == [93784, -1, None, 0]
    assert values(2 * df.d)[1] == pd.Timedelta(seconds=-2)
    assert df.d.median().value == datetime.timedelta(0)
    assert type(df.d).from_total_seconds(df.d.dt.total_seconds).sort_index().to_pandas().tolist()[0] == spans[0]
    from objectiv_local.frame.series import SeriesTimestamp

    epoch = SeriesTimestamp.from_total_seconds(load(engine, {"s": [1.5]}).s)
    assert values(epoch) == [datetime.datetime(1970, 1, 1, 0, 0, 1, 500000)]
