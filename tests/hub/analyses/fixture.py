"""Six users whose results can be computed by hand, as an event frame on each engine."""

from __future__ import annotations

import datetime
import re
from functools import cache

import pyarrow as pa
from frame.frames import opened

from objectiv_local import DataFrame

#: (user, moment, event type)
EVENTS = [
    ("a", "2024-01-01 10:00", "view"),
    ("a", "2024-01-01 10:05", "cart"),
    ("a", "2024-01-01 10:20", "buy"),
    ("a", "2024-01-02 09:00", "view"),
    ("b", "2024-01-01 23:50", "view"),
    ("b", "2024-01-02 00:05", "cart"),
    ("b", "2024-01-02 01:30", "buy"),
    ("b", "2024-01-08 12:00", "view"),
    ("c", "2024-01-02 08:00", "view"),
    ("c", "2024-01-02 09:30", "view"),
    ("c", "2024-01-02 09:40", "cart"),
    ("c", "2024-01-02 09:50", "buy"),
    ("d", "2024-01-03 12:00", "cart"),
    ("d", "2024-01-03 12:00", "view"),
    ("e", "2024-01-03 10:00", "view"),
    ("e", "2024-01-03 10:01", "error"),
    ("e", "2024-01-03 10:02", "cart"),
    ("e", "2024-01-03 10:03", "buy"),
    ("f", "2024-01-04 08:00", "buy"),
    ("f", "2024-01-04 08:01", "cart"),
    ("f", "2024-01-04 08:02", "view"),
]
#: An event without a user, which does not change any number of users.
NOBODY = (None, "2024-01-02 10:00", "view")


def rows_of(events):
    return [
        {
            "event_id": f"e{number:02}",
            "user_id": user,
            "moment": datetime.datetime.fromisoformat(moment),
            "event_type": kind,
            "country": {"a": "NL", "b": "NL", "c": "BE", "d": "BE", "e": "DE"}.get(user),
            "amount": number * 10,
        }
        for number, (user, moment, kind) in enumerate(events)
    ]


def table(rows):
    return pa.Table.from_pylist(
        rows,
        schema=pa.schema(
            [
                ("event_id", pa.string()),
                ("user_id", pa.string()),
                ("moment", pa.timestamp("us")),
                ("event_type", pa.string()),
                ("country", pa.string()),
                ("amount", pa.int64()),
            ]
        ),
    )


def loaded(engine, rows):
    return DataFrame.from_arrow(opened(engine), table(rows), "event_id")


@cache
def fixture(engine):
    """Return the event frame of the six users."""
    return loaded(engine, rows_of(EVENTS))


@cache
def with_nobody(engine):
    """Return the event frame of the six users, with an additional event without a user."""
    return loaded(engine, rows_of([*EVENTS, NOBODY]))


def day(number):
    return datetime.date(2024, 1, number)


def rows(analysis):
    """Return the rows of an analysis or a frame as tuples, index first."""
    frame = getattr(analysis, "frame", analysis)
    table = frame.to_arrow()
    return [tuple(row.values()) for row in table.to_pylist()]


def case_id(value):
    """Return the name of a test case: its arguments, without memory addresses, which differ between processes."""
    return re.sub(r" at 0x\w+", "", str(value))
