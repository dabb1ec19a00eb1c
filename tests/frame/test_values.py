"""Python values beside series."""

from __future__ import annotations

import datetime
import uuid

import numpy as np
import pandas as pd
from frame.frames import load, on_every_engine, values


@on_every_engine
def test_literals(engine):
    key = uuid.UUID(int=5)
    moment = datetime.datetime(2022, 2, 1, 10, 30)
    df = load(engine, {"day": [datetime.date(2022, 2, 1)], "t": [moment], "u": [key], "n": [3]})
    assert values(df.day >= "2022-02-01") == [True]
    assert values(df.t > "2022-02-01 10:00:00") == [True]
    assert values(df.t == np.datetime64(moment)) == [True]
    assert values(df.t == pd.Timestamp(moment, tz="UTC")) == [True]
    assert values(df.u == str(key)) == [True]
    assert values(df.u == key) == [True]
    assert values(df.n == np.int64(3)) == [True]
    assert values(df.t - datetime.datetime(2022, 2, 1)) == [pd.Timedelta("10:30:00")]
    assert values(df.t + datetime.timedelta(minutes=30)) == [pd.Timestamp("2022-02-01 11:00")]
    assert values(df.day < datetime.datetime(2022, 2, 1, 1)) == [True]
