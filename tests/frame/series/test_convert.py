"""Text that does not read as the type asked for: an error, or a missing value if asked for."""

from __future__ import annotations

import datetime
import decimal
import uuid

import numpy as np
import pytest
from frame.frames import load, on_every_engine, values

from objectiv_local.errors import DataInvalid, ObjectivError

TEXTS = [
    ("int64", "x"),
    ("int64", ""),
    ("int64", "1.5"),
    ("int64", "99999999999999999999"),
    ("float64", "x"),
    ("float64", ""),
    ("decimal(38,2)", "x"),
    ("bool", "x"),
    ("bool", ""),
    ("date", "x"),
    ("date", "2022-02-30"),
    ("time", "x"),
    ("time", "25:00"),
    ("timestamp", "x"),
    ("timestamp", "2022-13-01 10:00"),
    ("uuid", "x"),
    ("json", "{x"),
]


@on_every_engine
def test_strings_that_do_not_cast_are_invalid_data(engine):
    df = load(engine, {"s": [text for _, text in TEXTS]})
    for row, (dtype, _) in enumerate(TEXTS):
        with pytest.raises(DataInvalid, match="a value cannot be converted"):
            df[df.index["_index_row"] == row].s.astype(dtype).to_arrow()


@on_every_engine
def test_text_that_does_not_read_as_the_type_is_an_error(engine):
    from objectiv_local.errors import ObjectivError

    df = load(engine, {"s": ["1.5", "0x10"]})
    for dtype in ("int64", "date", "timestamp", "bool", "uuid"):
        with pytest.raises(ObjectivError):
            df.s.astype(dtype).to_pandas()


DIRTY = {
    "int64": (
        ["1", " -7 ", "x", "1.5", "", "9223372036854775807", "9223372036854775808", "1" * 60, None],
        [1, -7, None, None, None, 9223372036854775807, None, None, None],
    ),
    "float64": (["1.5", "1e3", "x", "-inf", "", "1.5.5", None], [1.5, 1000.0, None, -np.inf, None, None, None]),
    "bool": (["true", "F", "yes", "2", "", None], [True, False, True, None, None, None]),
    "date": (
        ["2022-01-02", "2022-02-30", "2024-02-29", "2023-02-29", "1900-02-29", "02/01/2022", None],
        [datetime.date(2022, 1, 2), None, datetime.date(2024, 2, 29), None, None, None, None],
    ),
    "timestamp": (
        ["2022-01-02 03:04", "2022-01-02T25:00:00", "2022-01-02", "now", None],
        [datetime.datetime(2022, 1, 2, 3, 4), None, datetime.datetime(2022, 1, 2), None, None],
    ),
    "time": (["10:30", "24:00", "10:60", None], [datetime.time(10, 30), None, None, None]),
    "uuid": (["00000000-0000-0000-0000-000000000001", "1", None], [str(uuid.UUID(int=1)), None, None]),
    "decimal(38, 2)": (["1.5", "x", "9" * 40, None], [decimal.Decimal("1.50"), None, None, None]),
}


@on_every_engine
@pytest.mark.parametrize("dtype", DIRTY)
def test_dirty_text_is_missing_if_asked(engine, dtype):
    texts, wanted = DIRTY[dtype]
    df = load(engine, {"s": texts})
    assert values(df.s.astype(dtype, errors="coerce")) == wanted
    with pytest.raises(ObjectivError):
        df.s.astype(dtype).to_pandas()
