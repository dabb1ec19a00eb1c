"""Time zones: local times of moments, and the moments of local times."""

from __future__ import annotations

import pytest
from spec.specs import Spec, at, fails, rowwise

from objectiv_local.plan.expr import call, literal
from objectiv_local.types import TIMESTAMP

# Moments in UTC and their local time in a zone.
CLOCKS = {
    "Europe/Amsterdam": [
        ("2024-03-31 00:59:59.999999", "2024-03-31 01:59:59.999999"),
        ("2024-03-31 01:00:00", "2024-03-31 03:00:00"),
        ("2024-10-27 00:30:00", "2024-10-27 02:30:00"),
        ("2024-10-27 00:59:59", "2024-10-27 02:59:59"),
        ("2024-10-27 01:00:00", "2024-10-27 02:00:00"),
        ("2024-10-27 01:30:00", "2024-10-27 02:30:00"),
        ("2024-12-31 23:00:00", "2025-01-01 00:00:00"),
        ("2050-07-01 12:00:00", "2050-07-01 14:00:00"),
    ],
    # The other way around: noon comes before that of Greenwich, and winter is in June.
    "America/New_York": [
        ("2024-03-10 06:59:59", "2024-03-10 01:59:59"),
        ("2024-03-10 07:00:00", "2024-03-10 03:00:00"),
        ("2024-11-03 05:59:59", "2024-11-03 01:59:59"),
        ("2024-11-03 06:00:00", "2024-11-03 01:00:00"),
        # Local mean time, 4:56:02 behind UTC.
        ("1850-01-01 12:00:00", "1850-01-01 07:03:58"),
        ("1799-01-01 12:00:00", "1799-01-01 07:03:58"),
    ],
    "Australia/Adelaide": [
        ("2024-01-15 00:00:00", "2024-01-15 10:30:00"),
        ("2024-07-15 00:00:00", "2024-07-15 09:30:00"),
        ("2024-04-06 16:29:59", "2024-04-07 02:59:59"),
        ("2024-04-06 16:30:00", "2024-04-07 02:00:00"),
        ("2024-10-05 16:29:59", "2024-10-06 01:59:59"),
        ("2024-10-05 16:30:00", "2024-10-06 03:00:00"),
    ],
    # Its daylight saving is half an hour.
    "Australia/Lord_Howe": [
        ("2024-04-06 14:59:59", "2024-04-07 01:59:59"),
        ("2024-04-06 15:00:00", "2024-04-07 01:30:00"),
        ("2024-10-05 15:29:59", "2024-10-06 01:59:59"),
        ("2024-10-05 15:30:00", "2024-10-06 02:30:00"),
    ],
    "Asia/Kolkata": [("2024-06-30 18:30:00", "2024-07-01 00:00:00"), ("1969-12-31 23:59:59", "1970-01-01 05:29:59")],
    "Asia/Kathmandu": [("2024-06-30 18:15:00", "2024-07-01 00:00:00"), ("1980-01-01 00:00:00", "1980-01-01 05:30:00")],
    # Daylight saving, then permanent summer time, then permanent winter time.
    "Europe/Moscow": [
        ("2010-07-01 00:00:00", "2010-07-01 04:00:00"),
        ("2010-12-01 00:00:00", "2010-12-01 03:00:00"),
        ("2013-01-01 00:00:00", "2013-01-01 04:00:00"),
        ("2014-10-25 21:59:59", "2014-10-26 01:59:59"),
        ("2014-10-25 22:00:00", "2014-10-26 01:00:00"),
        ("2024-07-01 00:00:00", "2024-07-01 03:00:00"),
    ],
    # No daylight saving since 2019.
    "America/Sao_Paulo": [("2018-12-15 00:00:00", "2018-12-14 22:00:00"), ("2019-12-15 00:00:00", "2019-12-14 21:00:00")],
    # It moved across the date line.
    "Pacific/Apia": [("2011-12-30 09:59:59", "2011-12-29 23:59:59"), ("2011-12-30 10:00:00", "2011-12-31 00:00:00")],
    # An abbreviation in Postgres; in tzdata, the same as Brussels.
    "CET": [("2024-07-01 00:00:00", "2024-07-01 02:00:00"), ("2024-01-01 00:00:00", "2024-01-01 01:00:00")],
    "Etc/GMT+5": [("2024-07-01 00:00:00", "2024-06-30 19:00:00")],
    "UTC": [("2024-07-01 00:00:00", "2024-07-01 00:00:00")],
}

AT_ZONE = [
    rowwise(
        f"at_zone: {zone}",
        {"a": TIMESTAMP},
        lambda a, zone=zone: call("at_zone", a, literal(zone)),
        TIMESTAMP,
        [*((at(moment), at(shown)) for moment, shown in table), (None, None)],
    )
    for zone, table in CLOCKS.items()
]

# Local times of a zone, and their moments.
MOMENTS = {
    "Europe/Amsterdam": [
        ("2024-03-31 01:59:59.999999", "2024-03-31 00:59:59.999999"),
        ("2024-03-31 03:00:00", "2024-03-31 01:00:00"),
        ("2024-03-31 02:00:00", "2024-03-31 01:00:00"),
        ("2024-03-31 02:30:00", "2024-03-31 01:30:00"),  # skipped
        ("2024-10-27 01:59:59", "2024-10-26 23:59:59"),
        ("2024-10-27 03:00:00", "2024-10-27 02:00:00"),
        ("2024-10-27 02:00:00", "2024-10-27 01:00:00"),
        ("2024-10-27 02:59:59", "2024-10-27 01:59:59"),  # twice
    ],
    "America/New_York": [
        ("2024-03-10 02:30:00", "2024-03-10 07:30:00"),
        ("2024-11-03 01:30:00", "2024-11-03 06:30:00"),
        ("1850-01-01 07:03:58", "1850-01-01 12:00:00"),
    ],
    "Australia/Adelaide": [("2024-01-15 10:30:00", "2024-01-15 00:00:00"), ("2024-04-07 02:30:00", "2024-04-06 17:00:00")],
    "Australia/Lord_Howe": [
        ("2024-04-07 01:29:59", "2024-04-06 14:29:59"),
        ("2024-04-07 01:45:00", "2024-04-06 15:15:00"),
        ("2024-10-06 02:15:00", "2024-10-05 15:45:00"),
        ("2024-10-06 02:30:00", "2024-10-05 15:30:00"),
    ],
    "Asia/Kolkata": [("2024-07-01 00:00:00", "2024-06-30 18:30:00")],
    "Europe/Moscow": [("2013-01-01 04:00:00", "2013-01-01 00:00:00"), ("2014-10-26 01:30:00", "2014-10-25 22:30:00")],
    # A day that did not exist.
    "Pacific/Apia": [("2011-12-30 12:00:00", "2011-12-30 22:00:00"), ("2011-12-31 12:00:00", "2011-12-30 22:00:00")],
    # Summer time is the standard time there, and winter time the exception.
    "Europe/Dublin": [
        ("2024-03-31 01:30:00", "2024-03-31 01:30:00"),
        ("2024-10-27 01:30:00", "2024-10-27 01:30:00"),
        ("2024-07-01 01:00:00", "2024-07-01 00:00:00"),
    ],
    "EET": [("2024-07-01 03:00:00", "2024-07-01 00:00:00")],
}

FROM_ZONE = [
    rowwise(
        f"from_zone: {zone}",
        {"a": TIMESTAMP},
        lambda a, zone=zone: call("from_zone", a, literal(zone)),
        TIMESTAMP,
        [*((at(shown), at(moment)) for shown, moment in table), (None, None)],
    )
    for zone, table in MOMENTS.items()
] + [
    rowwise(
        "from_zone: and back",
        {"a": TIMESTAMP},
        lambda a: call("at_zone", call("from_zone", a, literal("Europe/Amsterdam")), literal("Europe/Amsterdam")),
        TIMESTAMP,
        [
            (at("2024-03-31 01:59:59"), at("2024-03-31 01:59:59")),
            (at("2024-03-31 02:30:00"), at("2024-03-31 03:30:00")),
            (at("2024-10-27 02:30:00"), at("2024-10-27 02:30:00")),
            (None, None),
        ],
    )
]

FAILING = [
    rowwise("failing: NULL", {"a": TIMESTAMP}, lambda a: call("failing", a, literal(" is none")), TIMESTAMP, [(None, None)]),
    fails("failing: a moment", {"a": TIMESTAMP}, lambda a: call("failing", a, literal(" is none")), (at("2024-01-01"),)),
]

SPECS: list[Spec] = AT_ZONE + FROM_ZONE + FAILING


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_zones(spec, engine):
    engine.check(spec)
