"""Constants as series: the class of a series says which dtype they have."""

from __future__ import annotations

import datetime
import decimal
import uuid

import numpy as np
import pandas as pd
import pytest
from frame.frames import load, on_every_engine, values

from objectiv_local.errors import DataInvalid, InvalidType, InvalidValue, QueryFailed
from objectiv_local.frame.series import (
    Series,
    SeriesBoolean,
    SeriesDate,
    SeriesDecimal,
    SeriesDict,
    SeriesFloat64,
    SeriesInt64,
    SeriesJson,
    SeriesList,
    SeriesNumericInterval,
    SeriesString,
    SeriesTime,
    SeriesTimedelta,
    SeriesTimestamp,
    SeriesUuid,
)

ID = "0022c7dd-074b-4a44-a7cb-b7716b668264"


DAY, MOMENT = datetime.date(2022, 1, 2), datetime.datetime(2022, 1, 2, 3, 4, 5)


MIDNIGHT, HOUR = datetime.datetime(2022, 1, 2), datetime.timedelta(hours=1)


CLASSES = {
    SeriesUuid: "uuid",
    SeriesDate: "date",
    SeriesTimestamp: "timestamp",
    SeriesTime: "time",
    SeriesTimedelta: "timedelta",
    SeriesBoolean: "bool",
    SeriesInt64: "int64",
    SeriesFloat64: "float64",
    SeriesString: "string",
    SeriesJson: "json",
    SeriesNumericInterval: "numeric_interval",
}


CONSTANTS = [
    (SeriesUuid, ID, ID),
    (SeriesUuid, uuid.UUID(ID), ID),
    (SeriesDate, "2022-01-02", DAY),
    (SeriesDate, DAY, DAY),
    (SeriesDate, MOMENT, DAY),
    (SeriesDate, "2022-01-02 03:04", DAY),
    (SeriesTimestamp, "2022-01-02 03:04:05", MOMENT),
    (SeriesTimestamp, MOMENT, MOMENT),
    (SeriesTimestamp, DAY, MIDNIGHT),
    (SeriesTimestamp, np.datetime64("2022-01-02T03:04:05"), MOMENT),
    (SeriesTimestamp, "2022-01-02", MIDNIGHT),
    (SeriesTime, "03:04:05", datetime.time(3, 4, 5)),
    (SeriesTime, datetime.time(3, 4), datetime.time(3, 4)),
    (SeriesTimedelta, HOUR, HOUR),
    (SeriesTimedelta, "1 hour", HOUR),
    (SeriesTimedelta, "PT1H", HOUR),
    (SeriesTimedelta, np.timedelta64(60, "m"), HOUR),
    (SeriesTimedelta, "-1 days +23:00:00", -HOUR),
    (SeriesBoolean, False, False),
    (SeriesBoolean, np.True_, True),
    (SeriesInt64, np.int32(5), 5),
    (SeriesFloat64, 5, 5.0),
    (SeriesString, "it's", "it's"),
    (SeriesDecimal, decimal.Decimal("1.50"), decimal.Decimal("1.50")),
    (SeriesJson, {"a": [1, None]}, {"a": [1, None]}),
    (SeriesJson, [1, "x"], [1, "x"]),
    (SeriesJson, '{"a": 1}', '{"a": 1}'),
    (SeriesJson, 5, 5),
    (SeriesJson, True, True),
    (SeriesList, [1, 2], [1, 2]),
    (SeriesDict, {"a": "x"}, {"a": "x"}),
    (SeriesNumericInterval, pd.Interval(0, 5), pd.Interval(0, 5)),
    (SeriesNumericInterval, {"lower": 1, "upper": 2.5, "bounds": "[)"}, pd.Interval(1, 2.5, "left")),
]


@on_every_engine
def test_a_constant_has_the_dtype_of_the_class(engine):
    df = load(engine, {"x": [1, 2]})
    for class_, value, wanted in CONSTANTS:
        made = class_.from_value(base=df, value=value, name="constant")
        assert type(made) is class_
        assert (made.name, made.dtype.partition("[")[0].partition("(")[0]) == (
            "constant",
            {SeriesDecimal: "decimal", SeriesList: "list", SeriesDict: "dict"}.get(class_, CLASSES.get(class_)),
        )
        assert values(made) == [wanted, wanted], value
        assert values(df.assign(c=made).c) == [wanted, wanted]


@on_every_engine
def test_missing_constants_keep_the_dtype(engine):
    df = load(engine, {"x": [1, 2]})
    for class_, dtype in CLASSES.items():
        made = class_.from_value(df, None)
        assert (type(made), made.dtype, made.name) == (class_, dtype, "new_series")
        assert values(made) == [None, None]
    assert values(SeriesList.from_value(df, None, dtype="list[int64]")) == [None, None]
    assert values(SeriesDecimal.from_value(df, None, dtype="decimal(38, 2)")) == [None, None]
    assert Series.from_value(df, None, dtype="date").dtype == "date"


@on_every_engine
def test_constants_are_used_like_other_series(engine):
    df = load(engine, {"d": [DAY, datetime.date(2022, 1, 5)], "t": [HOUR, 3 * HOUR]})
    assert values(df.d > SeriesDate.from_value(df, "2022-01-03")) == [False, True]
    assert values(df.d - SeriesDate.from_value(df, "2022-01-01")) == [24 * HOUR, 96 * HOUR]
    assert values(df.t - SeriesTimedelta.from_value(df, "30 min")) == [HOUR / 2, HOUR * 2.5]
    assert values(df.t > "2 hours") == [False, True]
    assert values(SeriesList.from_value(df, [3, 4]).elements[1] + 1) == [5, 5]
    assert values(SeriesDict.from_value(df, {"a": 1.5}).elements["a"] * 2) == [3.0, 3.0]
    assert values(Series.from_value(df, DAY)) == [DAY, DAY]
    moved, start = df.create_variable("start", "2022-01-03", dtype="date")
    assert values(moved[moved.d > start].d) == [datetime.date(2022, 1, 5)]


@on_every_engine
def test_intervals_of_series(engine):
    df = load(engine, {"k": [1, 2, 3], "x": [1.5, None, 3.0], "b": ["[)", "(]", "[]"]})
    other = load(engine, {"y": [10, 20, 30]})
    make = SeriesNumericInterval.from_value

    def shown(value):
        return [each if each is None else str(each) for each in values(make(df, value, "i"))]

    assert shown({"lower": df.k, "upper": df.k + 1, "bounds": "[)"}) == ["[1.0, 2.0)", "[2.0, 3.0)", "[3.0, 4.0)"]
    assert shown({"lower": df.x, "upper": df.k + 1, "bounds": df.b}) == ["[1.5, 2.0)", None, "[3.0, 4.0]"]
    assert shown({"lower": 0, "upper": other.y, "bounds": "()"}) == ["(0.0, 10.0)", "(0.0, 20.0)", "(0.0, 30.0)"]
    assert shown({"lower": df.k, "upper": df.k.max(), "bounds": "[]"}) == ["[1.0, 3.0]", "[2.0, 3.0]", "[3.0, 3.0]"]
    assert shown({"lower": float("-inf"), "upper": df.k, "bounds": "(]"})[0] == "(-inf, 1.0]"
    made = make(df, {"lower": df.k, "upper": df.k + 1, "bounds": df.b}, "i")
    assert (values(made.lower), values(made.upper), values(made.bounds)) == ([1, 2, 3], [2, 3, 4], ["[)", "(]", "[]"])
    for wrong in ({"lower": df.k, "upper": 2, "bounds": "[]"}, {"lower": df.k, "upper": df.k, "bounds": df.b + "!"}):
        with pytest.raises((DataInvalid, QueryFailed), match=r"not an interval: (\[3.0, 2.0\]|\[1.0, 1.0\)!)"):
            make(df, wrong).to_pandas()


def test_a_constant_of_another_dtype_is_an_error():
    from objectiv_local import DataFrame

    df = DataFrame.from_schema({"x": "int64", "s": "string"})
    for class_, value in (
        (SeriesUuid, 5),
        (SeriesBoolean, 1),
        (SeriesInt64, 5.5),
        (SeriesInt64, "5"),
        (SeriesInt64, True),
        (SeriesFloat64, "5.5"),
        (SeriesString, 5),
        (SeriesTimedelta, 5),
        (SeriesDate, 20220102),
        (SeriesJson, DAY),
        (SeriesTime, MOMENT),
        (SeriesNumericInterval, 5),
        (SeriesList, {"a": 1}),
    ):
        with pytest.raises(InvalidType, match="constant"):
            class_.from_value(df, value)
    for class_, value in (
        (SeriesUuid, "no uuid"),
        (SeriesDate, "x"),
        (SeriesTimestamp, "x"),
        (SeriesTimedelta, "x"),
        (SeriesTimedelta, "5"),
        (SeriesTimedelta, "1 ns"),
        (SeriesTimedelta, "NaT"),
        (SeriesTime, "25:00"),
        (SeriesNumericInterval, {"lower": 0, "upper": 5}),
        (SeriesJson, [float("nan")]),
        (SeriesNumericInterval, {"lower": 0, "upper": 5, "bounds": "??"}),
        (SeriesNumericInterval, {"lower": 10, "upper": 5, "bounds": "[]"}),
    ):
        with pytest.raises(InvalidValue):
            class_.from_value(df, value)
    with pytest.raises(InvalidValue, match="SeriesInt64 has constants of dtype int64, not string"):
        SeriesInt64.from_value(df, 5, dtype="string")
    for end in (df.s, "a", None):
        with pytest.raises(InvalidType, match="lower end"):
            SeriesNumericInterval.from_value(df, {"lower": end, "upper": 5, "bounds": "[]"})
    for class_, value in (
        (SeriesDecimal, None),
        (SeriesList, None),
        (SeriesDict, None),
        (SeriesList, [1, "x"]),
        (SeriesList, []),
        (Series, None),
    ):
        with pytest.raises(InvalidType, match="dtype="):
            class_.from_value(df, value)
