"""Event streams drawn by hypothesis: ties, events without a user, a repeated id, and days on which clocks change."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from hub.analyses.fixture import table  # noqa: F401 - for tests that load streams
from hypothesis import strategies as st

USERS = ("a", "b", "c", None)
TYPES = ("view", "cart", "buy")
#: Clocks go back in Amsterdam on 2024-10-27, and forward on 2024-03-31; 2024 has a leap day.
STARTS = tuple(datetime.datetime.fromisoformat(each) for each in ("2024-10-25 20:00", "2024-03-29 20:00", "2024-02-27 22:00"))
#: Minutes between an event and the start: few values, so that moments are equal or periods apart.
_MINUTES = (0, 1, 59, 60, 61, 240, 241, 1439, 1440, 1441, 1500, 2880, 2881, 4000, 4320, 10_000, 10_080, 44_640)


def streams(most=14):
    """Return a strategy for rows of events."""
    event = st.tuples(st.sampled_from(USERS), st.sampled_from(_MINUTES), st.sampled_from(TYPES), st.integers(0, 9))
    return st.tuples(st.sampled_from(STARTS), st.lists(event, max_size=most)).map(_rows)


def _rows(drawn):
    start, events = drawn
    return [
        {
            "event_id": f"e{number:02}",
            "user_id": user,
            "moment": start + datetime.timedelta(minutes=minutes),
            "event_type": kind,
            "country": (None, "NL", "BE")[amount % 3],
            "amount": amount,
        }
        for number, (user, minutes, kind, amount) in enumerate(events)
    ]


def known(rows):
    """Return the events that have a user, by user, in order."""
    found = {}
    for row in sorted(rows, key=lambda each: (each["moment"], each["event_id"])):
        if row["user_id"] is not None:
            found.setdefault(row["user_id"], []).append(row)
    return found


def local(moment, zone):
    """Return a moment as local time of a zone."""
    return moment.replace(tzinfo=datetime.UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def utc(time, zone):
    """Return the moment of a local time."""
    return time.replace(tzinfo=ZoneInfo(zone)).astimezone(datetime.UTC).replace(tzinfo=None)


def start_of(time, by, week_start=0):
    """Return the start of the period of a local time, as a time."""
    hour = time.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    if by == "week":
        return day - datetime.timedelta(days=(day.weekday() - week_start) % 7)
    return {
        "hour": hour,
        "day": day,
        "month": day.replace(day=1),
        "year": day.replace(month=1, day=1),
        "quarter": day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
    }[by]


def next_start(time, by):
    """Return the start of the next period."""
    if by in ("hour", "day", "week"):
        return (
            time
            + {"hour": datetime.timedelta(hours=1), "day": datetime.timedelta(days=1), "week": datetime.timedelta(days=7)}[by]
        )
    return start_of(time + datetime.timedelta(days={"month": 31, "quarter": 92, "year": 366}[by]), by)
