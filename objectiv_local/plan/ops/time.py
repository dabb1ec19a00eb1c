"""Timestamps, durations and their parts."""

from __future__ import annotations

from objectiv_local.plan.ops.operation import scalar

OPERATIONS = (
    scalar(
        "strftime",
        "timestamp string! -> string",
        "date string! -> string",
        meaning="The timestamp as a string in a format of Python's codes, with English names.",
        total=True,
    ),
    scalar(
        "parse_timestamp",
        "string -> timestamp",
        meaning="The timestamp in UTC of an ISO 8601 string such as 2024-03-01T10:30:00.5+02:00 or 2024-03-01. A string "
        "without Z or an offset is in UTC. Seconds have up to 6 decimal places. Other strings are an error.",
        parses=True,
    ),
    scalar(
        "date_trunc",
        "string! timestamp -> timestamp",
        "string! date -> timestamp",
        meaning="The start of the second, minute, hour, day, week (Monday), month, quarter or year.",
        of_period=True,
    ),
    scalar("at_zone", "timestamp string! -> timestamp", meaning="The local time in a time zone of a timestamp in UTC."),
    scalar(
        "from_zone",
        "timestamp string! -> timestamp",
        meaning="The timestamp in UTC of a local time in a time zone: the second one if clocks show it twice, "
        "and for a time that they skip, the one with the offset from before the change.",
    ),
    scalar(
        "failing",
        "timestamp string! -> timestamp",
        meaning="An error whose message is the timestamp followed by the string. NULL for NULL.",
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
        meaning="A part of a date, time or timestamp as a number: year, quarter, month, week (ISO), isoyear, day, dayofyear, "
        "dayofweek (Monday is 0), hour, minute, second, microsecond (within the second). A time has the last four.",
        of_period=True,
    ),
)
