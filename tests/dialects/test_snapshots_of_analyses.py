"""The SQL of analyses, for reading: `make sql` writes the files again, for review."""

from __future__ import annotations

import datetime

import pytest
from dialects.test_snapshots import check

import objectiv_local as ol
from objectiv_local import DataFrame, ModelHub
from objectiv_local.dialects import names


def programs():
    hub = ModelHub()
    events = DataFrame.from_schema(
        {
            "event_id": "string",
            "user_id": "string",
            "moment": "timestamp",
            "event_type": "string",
            "country": "string",
            "amount": "float64",
        },
        index=["event_id"],
        table_name="events",
    )
    steps, day = ["view", "cart", "buy"], datetime.timedelta(days=1)
    local = ModelHub(time_zone="Europe/Amsterdam", week_start="sunday")
    return {
        "trend": hub.trend(events),
        "trend of local weeks": local.trend(events, "first_time_users", "week", start="2024-01-01", end="2024-03-01"),
        "trend by country": hub.trend(events, ("sum", "amount"), "month", "buy", breakdown="country"),
        "active users": hub.active_users(events),
        "stickiness": hub.stickiness(events),
        "lifecycle": hub.lifecycle(events, by="week"),
        "funnel": hub.funnel(events, steps, day, exclude=["error"]),
        "strict funnel": hub.funnel(events, steps, day, order="strict"),
        "funnel in any order": hub.funnel(events, steps, day, order="any", breakdown="country"),
        "paths of events": hub.paths(events, by="user_id"),
        "last touches": hub.attribution(events, "buy", "country"),
        "touches that share": hub.attribution(events, "buy", "country", "linear"),
        "touches that decay": hub.attribution(events, "buy", "country", "time_decay", value="amount"),
        "event types": hub.event_types(events),
        "properties": hub.properties(events, ["country", "amount"]),
        "quality": hub.quality(events),
        "rfm": hub.rfm(events, "amount", where="buy"),
        "retention": hub.retention(events, by="week"),
        "retention of buyers": hub.retention(events, "view", "buy", clock="elapsed", criterion="on_or_after"),
        "streaks": hub.retention(events, mode="recurring", criterion="streak", brackets=[(0, 1), (1, 4), (4, 8)]),
        "users behind a cell": hub.retention(events).users(cohort="2024-01-01", periods_since=1),
        "cohort": hub.cohort(events, ol.did("buy", 2, within=datetime.timedelta(days=30)), ol.did_not("refund")),
        "cohort in order": hub.cohort(events, ol.did_in_order("view", "buy", within=datetime.timedelta(hours=1))),
        "sessions": hub.sessions(events),
        "sessions by day": hub.sessions(events).summary("day"),
    }


PROGRAMS = programs()


@pytest.mark.parametrize("dialect", names())
@pytest.mark.parametrize("name", PROGRAMS)
def test_sql(name, dialect):
    check(name, dialect, PROGRAMS[name].view_sql(dialect=dialect))
