"""Values, names and constants of generated programs: few, so that they coincide, and unusual, so that they reveal errors.

Numbers are small, so that no sum exceeds 64 bits. Floats are multiples of a quarter, so that sums do not depend on the order;
the rest of the test relies on that instead of a tolerance.
"""

from __future__ import annotations

import datetime
import decimal
import json
import math
import uuid

from hypothesis import strategies as st

from objectiv_local.types import (
    BOOL,
    DATE,
    DECIMAL,
    FLOAT64,
    INT64,
    INTERVAL,
    JSON,
    STRING,
    TIME,
    TIMEDELTA,
    TIMESTAMP,
    TYPES,
    UUID,
    Interval,
    Type,
    decimal_type,
)

#: The only type of decimals in generated programs, and the types that include it.
MONEY = decimal_type(2)
ALL_TYPES = tuple(MONEY if type_ == DECIMAL else type_ for type_ in TYPES)

TEXTS = (
    "",
    "a",
    "A",
    "b",
    "ab",
    "aB",
    "é",
    "É",
    "e\u0301",
    "😀",
    "\uff5e",
    "a b",
    " a",
    "_",
    "%",
    "it's",
    "\\",
    '"x"',
    "10",
    "9",
    "null",
    "a\nb",
)

# The keys "id" and "n" never have an object or array, whose text differs between engines.
DOCUMENTS = (
    [],
    {},
    None,
    True,
    3,
    "a",
    [1, 2, 3],
    [None],
    ["a", "b", "a"],
    [True, 1, "1", 1.5],
    {"id": "a"},
    {"id": None, "n": 1},
    {"id": "é", "n": 2, "m": {"id": "b", "n": 1}},
    {"$.id": "x", "id": "y", "": "empty", "*": "star"},
    [{"id": "a", "_type": "X"}, {"id": "b", "_type": "Y"}, {"id": "c", "_type": "X", "n": 1}],
    [{"id": "b"}, {"id": "a", "m": {"x": 1, "y": 2}}, {"m": {"x": 1}}, 7, None, ["a"]],
    [[1, 2], [], {"n": 1}, {"n": True}, {"n": "1"}, {"n": None}],
    [{"schema": "ab", "data": {"id": "a"}}, {"schema": "b"}],
    {"m": [{"id": "a"}, {"id": "b"}], "n": -5, "id": True},
)

POOLS: dict[Type, tuple[object, ...]] = {
    BOOL: (True, False),
    INT64: (0, 1, 2, 3, -1, -2, -3, 7, 10, -7),
    FLOAT64: (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, -0.25, -1.0, -2.5, 3.75, 100.0, math.nan, math.inf, -math.inf),
    STRING: TEXTS,
    DATE: tuple(
        map(
            datetime.date.fromisoformat,
            ("1969-12-31", "1970-01-01", "2019-12-30", "2020-01-01", "2020-02-29", "2020-03-01", "2020-12-31", "2021-01-01"),
        )
    ),
    TIMESTAMP: tuple(
        map(
            datetime.datetime.fromisoformat,
            (
                "1969-12-31 23:59:59.999999",
                "1970-01-01 00:00:00",
                "2020-01-01 00:00:00",
                "2020-01-01 00:00:00.000001",
                "2020-01-05 13:07:09.012345",
                "2020-02-29 12:00:00",
                "2020-03-29 02:30:00",
                "2020-10-25 00:30:00",
                "2020-12-31 23:59:59.5",
                "2021-01-01 00:30:00",
            ),
        )
    ),
    TIMEDELTA: (
        datetime.timedelta(),
        datetime.timedelta(microseconds=1),
        datetime.timedelta(microseconds=-1),
        datetime.timedelta(minutes=30),
        datetime.timedelta(hours=24),
        datetime.timedelta(days=1),
        datetime.timedelta(days=-2, microseconds=7),
        datetime.timedelta(seconds=1.5),
    ),
    UUID: tuple(uuid.UUID(int=number) for number in (0, 1, 2**127 - 1, 2**127, 2**128 - 1)),
    MONEY: tuple(map(decimal.Decimal, ("0.00", "0.25", "1.50", "-1.50", "2.50", "10.00", "-3.25"))),
    TIME: tuple(map(datetime.time.fromisoformat, ("00:00", "00:00:00.000001", "13:07:09.012345", "23:59:59.999999"))),
    INTERVAL: (Interval(0.0, 1.5), Interval(0.0, 1.5, "[)"), Interval(-1.0, 2.0, "[]"), Interval(1.5, math.inf, "()")),
    JSON: tuple(json.dumps(document, ensure_ascii=False) for document in DOCUMENTS),
}

# Case variants, names that Postgres would truncate to the same name, reserved words, names that need quotes.
NAMES = (
    "a",
    "A",
    "b",
    "ab",
    "AB",
    "aB",
    "é",
    "É",
    "select",
    "user",
    "x y",
    'a"b',
    "a_2",
    "value",
    "n" * 70 + "1",
    "n" * 70 + "2",
    "é" * 40 + "1",
    "é" * 40 + "2",
)

STARTS = (None, 0, 1, 2, 5, -1, -2, -9)
OBJECTS = (
    {"id": "a"},
    {"_type": "X"},
    {"_type": "X", "id": "c"},
    {"n": 1},
    {"n": True},
    {"n": None},
    {"m": {"x": 1}},
    {},
    {"id": "zz"},
)

#: Patterns that match the same on every engine, and others.
PATTERNS = ("a", "[a-z]+", r"\d", r"^a", r"\W", "é", "(a)b?")
LOOSE = (*PATTERNS, "a|ab", r"\ba", "b*", ".", "", r"^\s")
TIME_PARTS = ("hour", "minute", "second", "microsecond")
DATE_PARTS = ("year", "quarter", "month", "week", "isoyear", "day", "dayofyear", "dayofweek", *TIME_PARTS)

#: Zones with daylight saving, without it, in the south, and one that engines may have in another release.
ZONES = ("Europe/Amsterdam", "Asia/Kolkata", "Australia/Lord_Howe", "America/Winnipeg", "CET", "UTC")

#: The constants of an operation: one strategy for each constant argument.
CONSTANTS: dict[str, tuple[st.SearchStrategy[object], ...]] = {
    "round": (st.sampled_from((0, 1, 2, -1)),),
    "strip": (st.sampled_from((" ", "ab", " \t\n", "\\]^-")),),
    "lstrip": (st.sampled_from((" ", "aé")),),
    "rstrip": (st.sampled_from((" ", "b%")),),
    "split": (st.sampled_from((" ", "a", "b", "ab")),),
    "re_contains": (st.sampled_from(LOOSE),),
    "re_extract": (st.sampled_from(PATTERNS), st.just(0)),
    "re_replace": (st.sampled_from(PATTERNS), st.sampled_from(("", "-", "&$\\\\"))),
    "re_count": (st.sampled_from(PATTERNS),),
    "date_part": (st.sampled_from(DATE_PARTS),),
    "json_index_text": (st.sampled_from((0, 1, -1)),),
    "interval": (st.sampled_from(("(]", "[)", "[]", "()")),),
    "var": (st.sampled_from((0, 1)),),
    "std": (st.sampled_from((0, 1)),),
    "quantile": (st.sampled_from((0.0, 0.25, 0.5, 1.0)),),
    "quantile_disc": (st.sampled_from((0.0, 0.25, 0.5, 1.0)),),
    "ntile": (st.sampled_from((1, 2, 3)),),
    "nth_value": (st.sampled_from((1, 2, 3)),),
    "slice": (st.sampled_from(STARTS), st.sampled_from(STARTS)),
    "replace": (st.sampled_from([text for text in TEXTS if text]), st.sampled_from(TEXTS)),
    "strftime": (
        st.sampled_from(
            (
                "%Y-%m-%d",
                "%Y-%m-%d %H:%M:%S.%f",
                "%a %A %b %B %p",
                "%G-W%V-%u",
                "%U %W %w %j",
                "%I %y",
                "%c|%x|%X",
                'it\'s "%d" of \\ month',
                "100%%",
            )
        ),
    ),
    "date_trunc": (st.sampled_from(("second", "minute", "hour", "day", "week", "month", "quarter", "year")),),
    "at_zone": (st.sampled_from(ZONES),),
    "from_zone": (st.sampled_from(ZONES),),
    "failing": (st.just(" is none"),),
    "json_get": (st.sampled_from(("id", "m", "n", "", "*", "$.id", "0", "x")),),
    "json_get_text": (st.sampled_from(("id", "n", "", "*", "$.id", "0")),),
    "json_index": (st.sampled_from((0, 1, -1, -2, 9)),),
    "json_slice": (st.sampled_from(STARTS + OBJECTS), st.sampled_from(STARTS + OBJECTS)),
    "json_filter": (st.sampled_from(OBJECTS),),
    "json_path_name": (*[st.sampled_from(("id", "n", "", "*", "$.id", "0"))] * 2, *[st.sampled_from((" ", "a", "'", ""))] * 4),
    "json_pick": (st.sampled_from(([], ["id"], ["n", "id"], ["", "*", "m"])),),
    "json_data": (
        st.sampled_from(("id", "m", "n", "*")),
        st.sampled_from(("id", "n", "", "*", "$.id", "0")),
        st.sampled_from(("a", "b", "", "é")),
    ),
    "json_has": (st.sampled_from(OBJECTS),),
    "json_contains": (st.sampled_from((1, 1.5, "a", "1", True, False, 7, "")),),
    "json_equal": (st.sampled_from((*OBJECTS, [], [1], ["a", {"n": 1}], {"id": "a", "n": [1, None]})),),
    "lag": (st.sampled_from((0, 1, 2, 9)),),
    "lead": (st.sampled_from((0, 1, 2, 9)),),
}
