"""Counts of events at locations, on every engine."""

from __future__ import annotations

import datetime as dt

import pytest
from frame.frames import load, on_every_engine

from objectiv_local import ModelHub, sample
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue
from objectiv_local.ml.features.locations import location_counts

START = dt.datetime(2022, 3, 1)


def framed(engine, rows):
    return load(
        engine, {"user_id": [row[0] for row in rows], "moment": [row[1] for row in rows], "page": [row[2] for row in rows]}
    )


@on_every_engine
def test_location_counts(engine):
    rows = [
        (1, START, "b"),
        (1, START, "b"),
        (1, START, "a"),
        (2, START, "a"),
        (2, START, "c"),
        (3, START, None),
        (None, START, "d"),
    ]
    frame = framed(engine, rows)
    counts = location_counts(frame, location="page", max_features=2)
    assert counts.index_columns == ["user_id"]
    assert counts.sort_index().to_pandas().to_dict("split")["data"] == [[1, 2], [1, 0], [0, 0]]
    assert counts.data_columns == ["a", "b"]
    # Names that only differ in case, and an empty name, which a column cannot have.
    both = location_counts(framed(engine, [(1, START, "A"), (1, START, "a"), (1, START, "a"), (2, START, "")]), location="page")
    assert both.data_columns == ["a", "A"]
    assert both.sort_index().to_pandas().to_dict("split")["data"] == [[2, 1], [0, 0]]
    assert location_counts(frame, location=frame.page.str.upper(), max_features=None).data_columns == ["A", "B", "C"]
    again = location_counts(frame, location="page", locations=["c", "nowhere"])
    assert again.sort_index().to_pandas().to_dict("split")["data"] == [[0, 0], [1, 0], [0, 0]]
    for wrong, error, text in (
        (lambda: location_counts(frame, location="page", max_features=0), InvalidValue, "max_features"),
        (lambda: location_counts(frame[frame.page == "z"], location="page"), InvalidValue, "no locations"),
        (lambda: location_counts(frame, location="page", locations=["a", "a"]), InvalidValue, "twice"),
        (lambda: location_counts(frame, location="page", locations=["user_id"]), InvalidValue, "named 'user_id'"),
        (lambda: location_counts(frame, "nobody", "page"), ColumnNotFound, "entity"),
        (lambda: location_counts(frame), ColumnNotFound, "location_stack"),
        (lambda: location_counts([1]), InvalidType, "events of location_counts has to be a DataFrame, not"),
    ):
        with pytest.raises(error, match=text):
            wrong()


def test_locations_of_the_sample():
    df = ModelHub().get_objectiv_dataframe(db_url=sample.path())
    df["place"] = df.location_stack.ls.nice_name
    top = df.place.to_pandas().value_counts()
    counts = location_counts(df, max_features=5)
    assert counts.to_pandas().sum().to_dict() == top[counts.data_columns].to_dict()
    assert top[counts.data_columns].tolist() == top.tolist()[:5]
