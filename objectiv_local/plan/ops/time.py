"""Moments, durations and their parts."""

from __future__ import annotations

from objectiv_local.plan.ops.operation import scalar

OPERATIONS = (
    scalar(
        "strftime",
        "timestamp string! -> string",
        "date string! -> string",
        meaning="The moment as text by a format of Python's codes, with English names.",
        total=True,
    ),
    scalar(
        "parse_timestamp",
        "string -> timestamp",
        meaning="The moment that ISO 8601 text names, such as 2024-03-01T10:30:00.5+02:00 or 2024-03-01, in UTC. Text "
        "without Z or an offset is in UTC. A second has up to 6 decimal places. Other text is an error.",
        parses=True,
    ),
    scalar(
        "date_trunc",
        "string! timestamp -> timestamp",
        "string! date -> timestamp",
        meaning="The start of the second, minute, hour, day, week (Monday), month, quarter or year.",
        of_period=True,
    ),
    scalar("at_zone", "timestamp string! -> timestamp", meaning="What the clocks of a time zone show at a moment in UTC."),
    scalar(
        "from_zone",
        "timestamp string! -> timestamp",
        meaning="The moment in UTC at which the clocks of a time zone show a time: the second one where they show it twice, "
        "and for a time that they skip the one by the offset from before the change.",
    ),
    scalar(
        "failing",
        "timestamp string! -> timestamp",
        meaning="An error whose message is the moment and the text behind it. NULL for NULL.",
        parses=True,
    ),
    scalar("total_seconds", "timedelta -> float64", meaning="The duration in seconds."),
    scalar("microseconds", "timedelta -> int64", meaning="The duration in microseconds."),
    scalar("from_microseconds", "int64 -> timedelta", meaning="The duration of a number of microseconds."),
    scalar(
        "date_part",
        "string! timestamp -> int64",
        "string! date -> int64",
        "string! time -> int64",
        meaning="A part of a moment as a number: year, quarter, month, week (ISO), isoyear, day, dayofyear, dayofweek "
        "(Monday is 0), hour, minute, second, microsecond (within the second). A time has the last four.",
        of_period=True,
    ),
)
