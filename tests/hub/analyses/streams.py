"""Difficult event streams: ties, missing users, clock changes, a leap day, and one user with many events."""

from __future__ import annotations

import datetime
import random
from collections import defaultdict

TYPES = ("view", "view", "cart", "buy", "error")
#: Days around which events cluster: daylight saving in Amsterdam, a leap day, the end of a year.
ANCHORS = (
    datetime.datetime(2024, 3, 30, 22),
    datetime.datetime(2024, 10, 26, 21),
    datetime.datetime(2024, 2, 28, 22),
    datetime.datetime(2023, 12, 31, 20),
)


def stream(seed, count=60, users=6, anchor=None, hours=240):
    """Return events as dicts, in no order; every tenth or so has no user."""
    draw = random.Random(seed)
    start = ANCHORS[seed % len(ANCHORS)] if anchor is None else anchor
    moments = [
        start + datetime.timedelta(minutes=draw.choice((1, 10, 30)) * draw.randrange(hours * 2)) for _ in range(count // 3)
    ]
    events = []
    for number in range(count):
        user = draw.choice([*"abcdefghijkl"[:users], *([None] if number % 5 == 0 else [])])
        events.append(
            {
                "event_id": f"e{number * 377 % 997:03}",
                "user_id": user,
                "moment": draw.choice(moments),
                "event_type": draw.choice(TYPES),
                "country": draw.choice(("NL", "BE", None)),
                "amount": draw.randrange(50),
            }
        )
    return events


def by(rows, key):
    out = defaultdict(list)
    for row in rows:
        out[key(row)].append(row)
    return out


def local(moment, zone):
    """Return a moment in UTC as local time."""
    return moment.replace(tzinfo=datetime.UTC).astimezone(zone).replace(tzinfo=None)


def floor(time, unit, week_start=0):
    """Return the first day of the period of a local time, or its hour."""
    day = time.date()
    if unit == "hour":
        return time.replace(minute=0, second=0, microsecond=0)
    if unit == "day":
        return day
    if unit == "week":
        while day.weekday() != week_start:
            day -= datetime.timedelta(days=1)
        return day
    if unit == "year":
        return day.replace(month=1, day=1)
    while day.day != 1 or (unit == "quarter" and day.month not in (1, 4, 7, 10)):
        day -= datetime.timedelta(days=1)
    return day


def following(period, unit, week_start=0):
    """Return the start of the next period."""
    if unit == "hour":
        return period + datetime.timedelta(hours=1)
    day = period
    while floor(datetime.datetime.combine(day, datetime.time()), unit, week_start) == period:
        day += datetime.timedelta(days=1)
    return day


def calendar(first, last, unit, week_start=0):
    """Return the periods from that of one local time to that of another."""
    found = [floor(first, unit, week_start)]
    while following(found[-1], unit, week_start) <= (last if unit == "hour" else last.date()):
        found.append(following(found[-1], unit, week_start))
    return found


def midnight(period):
    return period if isinstance(period, datetime.datetime) else datetime.datetime.combine(period, datetime.time())


def is_whole(period, unit, first, last, week_start=0):
    """Return whether a range of local times, from the start of its first day or hour, covers a period."""
    known_from = floor(first, "hour" if unit == "hour" else "day")
    return period >= known_from and midnight(following(period, unit, week_start)) <= last
