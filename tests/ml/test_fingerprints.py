"""Fingerprints: equal for equal rows on every engine, and distinct for everything else."""

from __future__ import annotations

import datetime as dt
import decimal
import hashlib
import json
import uuid

import pandas as pd
import pyarrow as pa
import pytest
from frame.frames import ENGINES, load, on_every_engine, opened

from objectiv_local import DataFrame
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.ml.fingerprints import fingerprint

MOMENT = dt.datetime(2022, 3, 1, 12, 0, 0, 5)
COLUMNS = {
    "flag": pa.array([True, False, None, True]),
    "count": pa.array([1, -(2**62), None, 0]),
    "share": pa.array([0.1, 1e300, None, 5e-324]),
    "large": pa.array([1e16, 123456789.125, -1e22, 3.0]),
    "odd": pa.array([float("nan"), float("inf"), float("-inf"), 0.0]),
    "name": pa.array(["a:b", "", None, "日本 é"]),
    "price": pa.array(
        [decimal.Decimal("1.50"), decimal.Decimal("-0.01"), None, decimal.Decimal("99999999.99")], pa.decimal128(38, 2)
    ),
    "day": pa.array([dt.date(2022, 3, 1), dt.date(1969, 12, 31), None, dt.date(2024, 2, 29)]),
    "moment": pa.array([MOMENT, dt.datetime(1960, 1, 1), None, dt.datetime(2022, 1, 1)], pa.timestamp("us")),
    "hour": pa.array([dt.time(1, 2, 3, 4), dt.time(0), None, dt.time(23, 59)], pa.time64("us")),
    "pause": pa.array(
        [dt.timedelta(days=-1, microseconds=3), dt.timedelta(0), None, dt.timedelta(days=400)], pa.duration("us")
    ),
}


def of_all(engine):
    frame = DataFrame.from_arrow(opened(engine), pa.table(COLUMNS))
    ids = [uuid.UUID(int=number) for number in range(4)]
    return frame.assign(id=load(engine, {"id": [str(each) for each in ids]}).id.astype("uuid").max())


def test_equal_on_every_engine():
    assert len({fingerprint(of_all(engine)) for engine in ENGINES}) == 1


def test_intervals():
    def binned(engine):
        frame = load(engine, {"x": [1.0, 2.5, 4.0, None]})
        return frame.assign(bin=frame.x.cut(3))

    assert len({fingerprint(binned(engine)) for engine in ENGINES}) == 1
    assert fingerprint(binned("duckdb")) != fingerprint(binned("duckdb").assign(bin=binned("duckdb").x.cut(2)))


@on_every_engine
def test_what_it_is_computed_of(engine):
    frame = load(engine, {"a": [1, 2], "b": ["x%7C|", None]}).reset_index(drop=True)
    texts = ["1|x%257C%7C|", "2|%N|"]
    total = sum(int(hashlib.md5(text.encode()).hexdigest()[:15], 16) for text in texts)
    whole = json.dumps(["1", [["a", "int64"], ["b", "string"]], 2, total])
    assert fingerprint(frame) == f"1:2:{hashlib.sha256(whole.encode()).hexdigest()[:32]}"
    assert fingerprint(frame[frame.a > 5]).startswith("1:0:")


@on_every_engine
def test_equal_rows(engine):
    frame = load(engine, {"a": [1, 2, 3], "b": [0.0, 0.5, None]}).reset_index(drop=True)
    minus = DataFrame.from_arrow(opened(engine), pa.table({"a": [3, 1, 2], "b": pa.array([None, -0.0, 0.5])}))
    assert fingerprint(frame.sort_values("a", ascending=False)) == fingerprint(frame) == fingerprint(minus)
    assert fingerprint(frame.set_index("a")) == fingerprint(frame)


@on_every_engine
def test_different_rows(engine):
    def of(**columns):
        return fingerprint(DataFrame.from_arrow(opened(engine), pa.table(columns)))

    same = [
        of(a=["a", "x"], b=["bc", "y"]),
        of(a=["ab", "x"], b=["c", "y"]),
        of(a=["a", "y"], b=["bc", "x"]),
        of(a=["a", ""], b=["bc", "y"]),
        of(a=["a", None], b=["bc", "y"]),
        of(a=["a", "%N"], b=["bc", "y"]),
        of(a=["a|"], b=["b"]),
        of(a=["a"], b=["|b"]),
        of(a=["a%7C"], b=["b"]),
        of(b=["bc", "y"], a=["a", "x"]),
        of(a=["a", "x"], c=["bc", "y"]),
        of(a=["a", "x", "x"], b=["bc", "y", "y"]),
        of(a=[1]),
        of(a=[1.0]),
        of(a=["1"]),
        of(a=[1, 1]),
        of(a=[1, 1, 1]),
        of(a=[0.1 + 0.2]),
        of(a=[0.3]),
        of(a=pa.array([float("nan")])),
        of(a=pa.array([None], pa.float64())),
    ]
    assert len(set(same)) == len(same)


@on_every_engine
def test_many_columns_and_rows(engine):
    wide = {f"c{number}": [number, None] for number in range(200)}
    assert fingerprint(load(engine, wide)) == fingerprint(load("duckdb", wide))
    table = pd.DataFrame({"n": range(3000)})
    frame = DataFrame.from_pandas(opened(engine), table, materialization="temp_table")
    assert fingerprint(frame).startswith("1:3000:")
    assert fingerprint(frame) == fingerprint(frame[frame.n >= 1000].append(frame[frame.n < 1000]))


def test_what_is_refused():
    frame = load("duckdb", {"a": [1]})
    for wrong, error, text in (
        (lambda: fingerprint(frame.a), InvalidType, "frame of fingerprint has to be a DataFrame, not a SeriesInt64"),
        (lambda: fingerprint(frame.assign(j={"a": 1})), NotSupported, "column 'j' is json"),
        (lambda: fingerprint(frame.reset_index(drop=True)[[]]), InvalidValue, "no columns"),
    ):
        with pytest.raises(error, match=text):
            wrong()
