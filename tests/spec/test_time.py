"""Time: Python's strftime codes with English names, and the start of a period."""

from __future__ import annotations

import pytest
from spec.specs import Spec, at, day, fails, rowwise, span

from objectiv_local.plan.expr import call, literal
from objectiv_local.types import DATE, FLOAT64, STRING, TIMEDELTA, TIMESTAMP

MOMENTS = tuple(
    map(
        at,
        (
            "2020-01-05 13:07:09.012345",  # a Sunday
            "2021-01-01 00:00:00",  # a Friday, in week 53 of 2020
            "2020-12-31 12:59:59.999999",  # a Thursday, day 366
            "1969-07-20 20:17:40",  # a Sunday
        ),
    )
)

# The result of Python's strftime for each of the moments in the C locale.
FORMATS = {
    "%a": ("Sun", "Fri", "Thu", "Sun"),
    "%A": ("Sunday", "Friday", "Thursday", "Sunday"),
    "%b": ("Jan", "Jan", "Dec", "Jul"),
    "%B": ("January", "January", "December", "July"),
    "%c": ("Sun Jan  5 13:07:09 2020", "Fri Jan  1 00:00:00 2021", "Thu Dec 31 12:59:59 2020", "Sun Jul 20 20:17:40 1969"),
    "%d": ("05", "01", "31", "20"),
    "%f": ("012345", "000000", "999999", "000000"),
    "%G": ("2020", "2020", "2020", "1969"),
    "%H": ("13", "00", "12", "20"),
    "%I": ("01", "12", "12", "08"),
    "%j": ("005", "001", "366", "201"),
    "%m": ("01", "01", "12", "07"),
    "%M": ("07", "00", "59", "17"),
    "%p": ("PM", "AM", "PM", "PM"),
    "%S": ("09", "00", "59", "40"),
    "%u": ("7", "5", "4", "7"),
    "%U": ("01", "00", "52", "29"),
    "%V": ("01", "53", "53", "29"),
    "%w": ("0", "5", "4", "0"),
    "%W": ("00", "00", "52", "28"),
    "%x": ("01/05/20", "01/01/21", "12/31/20", "07/20/69"),
    "%X": ("13:07:09", "00:00:00", "12:59:59", "20:17:40"),
    "%y": ("20", "21", "20", "69"),
    "%Y": ("2020", "2021", "2020", "1969"),
    "%%": ("%", "%", "%", "%"),
    "%Y-%m-%d %H:%M:%S.%f": (
        "2020-01-05 13:07:09.012345",
        "2021-01-01 00:00:00.000000",
        "2020-12-31 12:59:59.999999",
        "1969-07-20 20:17:40.000000",
    ),
    "%Y%m%d": ("20200105", "20210101", "20201231", "19690720"),
    "%d%%d": ("05%d", "01%d", "31%d", "20%d"),
    "day-of-month %d": ("day-of-month 05", "day-of-month 01", "day-of-month 31", "day-of-month 20"),
    '%Hh "it\'s" \\ é': ('13h "it\'s" \\ é', '00h "it\'s" \\ é', '12h "it\'s" \\ é', '20h "it\'s" \\ é'),
    "YYYY": ("YYYY", "YYYY", "YYYY", "YYYY"),
    "": ("", "", "", ""),
}

STRFTIME = [
    rowwise(
        f"strftime: {form}",
        {"a": TIMESTAMP},
        lambda a, form=form: call("strftime", a, literal(form)),
        STRING,
        [*zip(MOMENTS, expected, strict=True), (None, None)],
    )
    for form, expected in FORMATS.items()
] + [
    rowwise(
        "strftime: of a date",
        {"a": DATE},
        lambda a: call("strftime", a, literal("%a %Y/%m/%d %H:%M %j %V")),
        STRING,
        [(day("2020-02-29"), "Sat 2020/02/29 00:00 060 09"), (day("1969-12-31"), "Wed 1969/12/31 00:00 365 01"), (None, None)],
    )
]

TRUNCATED = {
    "second": ("2020-01-05 13:07:09", "2021-01-01 00:00:00", "2020-12-31 12:59:59", "1969-07-20 20:17:40"),
    "minute": ("2020-01-05 13:07:00", "2021-01-01 00:00:00", "2020-12-31 12:59:00", "1969-07-20 20:17:00"),
    "hour": ("2020-01-05 13:00:00", "2021-01-01 00:00:00", "2020-12-31 12:00:00", "1969-07-20 20:00:00"),
    "day": ("2020-01-05", "2021-01-01", "2020-12-31", "1969-07-20"),
    "week": ("2019-12-30", "2020-12-28", "2020-12-28", "1969-07-14"),
    "month": ("2020-01-01", "2021-01-01", "2020-12-01", "1969-07-01"),
    "quarter": ("2020-01-01", "2021-01-01", "2020-10-01", "1969-07-01"),
    "year": ("2020-01-01", "2021-01-01", "2020-01-01", "1969-01-01"),
}

DATE_TRUNC = [
    rowwise(
        f"date_trunc: {unit}",
        {"a": TIMESTAMP},
        lambda a, unit=unit: call("date_trunc", literal(unit), a),
        TIMESTAMP,
        [*zip(MOMENTS, map(at, expected), strict=True), (None, None)],
    )
    for unit, expected in TRUNCATED.items()
] + [
    rowwise(
        f"date_trunc: a date to its {unit}",
        {"a": DATE},
        lambda a, unit=unit: call("date_trunc", literal(unit), a),
        TIMESTAMP,
        [(day("2020-05-31"), at(expected)), (None, None)],
    )
    for unit, expected in {
        "second": "2020-05-31",
        "minute": "2020-05-31",
        "hour": "2020-05-31",
        "day": "2020-05-31",
        "week": "2020-05-25",
        "month": "2020-05-01",
        "quarter": "2020-04-01",
        "year": "2020-01-01",
    }.items()
]

TOTAL_SECONDS = [
    rowwise(
        "total_seconds: of durations",
        {"a": TIMEDELTA},
        lambda a: call("total_seconds", a),
        FLOAT64,
        [
            (span(seconds=1, milliseconds=500), 1.5),
            (span(days=-1), -86400.0),
            (span(microseconds=1), 1e-06),
            (span(days=2, hours=2, milliseconds=500), 180000.5),
            (span(), 0.0),
            (None, None),
        ],
    ),
    rowwise(
        "total_seconds: of a difference",
        {"a": TIMESTAMP, "b": TIMESTAMP},
        lambda a, b: call("total_seconds", call("sub", a, b)),
        FLOAT64,
        [(at("2020-01-01 00:01:00"), at("2020-01-01 00:00:00"), 60.0)],
    ),
]

PARSED = [
    rowwise(
        "parse_timestamp: ISO 8601 text",
        {"a": STRING},
        lambda a: call("parse_timestamp", a),
        TIMESTAMP,
        [
            ("2024-03-31T00:30:00Z", at("2024-03-31 00:30:00")),
            ("2024-03-31 02:30:00.123456+02:00", at("2024-03-31 00:30:00.123456")),
            ("2024-03-01T01:30-0930", at("2024-03-01 11:00:00")),
            ("2024-12-31T23:59:59.5-14", at("2025-01-01 13:59:59.5")),
            ("2024-03-01T10:30:00", at("2024-03-01 10:30:00")),
            (" 2024-03-01 10:30 ", at("2024-03-01 10:30:00")),
            ("2024-02-29", at("2024-02-29 00:00:00")),
            (None, None),
        ],
    ),
    *(
        fails(f"parse_timestamp: {text!r} is an error", {"a": STRING}, lambda a: call("parse_timestamp", a), (text,))
        for text in (
            "",
            "today",
            "2024-03-01Z",
            "2024-03-01T10Z",
            "2024-03-01T10:30:00 +02:00",
            "2024-03-01T10:30:00+15:00",
            "2024-03-01T24:00:00Z",
            "2024-03-01T10:60:00Z",
            "2024-03-01T10:30:00.1234567Z",
            "2024-02-30T10:30:00Z",
            "2024-03-01T10:30:00z",
            "2024-03-01T10:30:00 Europe/Berlin",
            "1709289000",
        )
    ),
]

SPECS: list[Spec] = STRFTIME + DATE_TRUNC + TOTAL_SECONDS + PARSED


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_time(spec, engine):
    engine.check(spec)
