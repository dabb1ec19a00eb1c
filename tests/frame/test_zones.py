"""Time zones, held against zoneinfo and pandas on every engine."""

from __future__ import annotations

import datetime
import random
import warnings

import duckdb
import pandas as pd
import pytest
from frame.frames import ENGINES, load, on_every_engine, opened, plain, values

import objectiv_local as ol
from objectiv_local import DataFrame, zones
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported, ObjectivError
from objectiv_local.frame import zones as known
from objectiv_local.frame.series.datetime import DATE_PARTS

at = datetime.datetime.fromisoformat
UTC = datetime.timezone.utc
HOUR = datetime.timedelta(hours=1)

#: One of each kind: both directions, half hours, the south, changed rules, abbreviations, no rule, links, the date line.
ZONES = (
    "Europe/Amsterdam",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Europe/Moscow",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Europe/Dublin",
    "Africa/Casablanca",
    "America/Winnipeg",
    "Asia/Gaza",
    "America/Havana",
    "Asia/Tehran",
    "CET",
    "EST5EDT",
    "WET",
    "Pacific/Chatham",
    "Antarctica/Troll",
    "Etc/GMT+5",
)


def clocks(moment, zone):
    """Return what the clocks of a zone show at a moment, by Python."""
    return moment.replace(tzinfo=UTC).astimezone(zones.zone(zone)).replace(tzinfo=None)


def moments_of(zone, count, *, first=1900, last=2100):
    """Return random moments, half of them near a change of the zone."""
    draw = random.Random(zone)
    start = (datetime.datetime(first, 1, 1) - zones.EPOCH) // datetime.timedelta(seconds=1)
    end = (datetime.datetime(last, 12, 31) - zones.EPOCH) // datetime.timedelta(seconds=1)
    changes = [each for each in zones.of_moments(zone).starts if start < each < end] or [0]
    seconds = [draw.randrange(start, end) for _ in range(count // 2)]
    seconds += [draw.choice(changes) + draw.randrange(-7_200, 7_200) for _ in range(count // 2)]
    return [zones.EPOCH + datetime.timedelta(seconds=second, microseconds=draw.choice((0, 1, 999_999))) for second in seconds]


def told(engine, op, zone, times):
    """Return the times before the first one that the release of tzdata and that of the engine leave unknown; mostly all."""
    load(engine, {"x": pd.to_datetime(["2024-01-01"])}).x._call(op, zone).to_pandas()
    spans = opened(engine).zones[op, zone]
    return times if spans[-1].is_known else [time for time in times if time < zones.moment(spans[-1].start - 86_400)]


# ---- what clocks show


@on_every_engine
@pytest.mark.parametrize("zone", ZONES)
def test_random_moments_by_brute_force(engine, zone):
    changes = [zones.moment(start + step) for start in zones.of_moments(zone).starts for step in (-1, 0)]
    moments = told(engine, "at_zone", zone, moments_of(zone, 600) + changes)
    df = load(engine, {"x": pd.Series(moments).astype("datetime64[us]")})
    assert values(df.x.dt.tz_convert(zone)) == [clocks(moment, zone) for moment in moments]


@on_every_engine
@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "Asia/Kolkata", "America/Winnipeg", "CET", "Africa/Casablanca"])
def test_moments_before_1900_and_after_2100(engine, zone):
    moments = moments_of(zone, 200, first=1, last=1899) + moments_of(zone, 200, first=2101, last=9998)
    moments = told(engine, "at_zone", zone, moments)
    df = load(engine, {"x": pd.Series(moments).astype("datetime64[us]")})
    assert values(df.x.dt.tz_convert(zone)) == [clocks(moment, zone) for moment in moments]


@pytest.mark.parametrize("zone", ZONES)
def test_no_change_of_a_zone_is_missed(zone):
    """Every third day is looked at from the first to the last year, and no zone changes twice within six."""
    found = zones.of_moments(zone)
    for second in range(zones.FIRST, zones.LAST, 3 * 86_400):
        assert found.at(second) == (clocks(zones.moment(second), zone) - zones.moment(second)) // datetime.timedelta(seconds=1)
    assert all(after - before > zones.SHORTEST for before, after in zip(found.starts[1:], found.starts[2:], strict=False))


@on_every_engine
def test_as_pandas(engine):
    moments = ["2024-03-31 00:59:59.999999", "2024-03-31 01:00:00", "2024-10-27 00:30:00", "2024-10-27 01:30:00", None]
    data = pd.Series(pd.to_datetime(moments, format="ISO8601")).astype("datetime64[us]")
    df = load(engine, {"x": data})
    for zone in ("Europe/Amsterdam", "Asia/Kolkata", "Australia/Lord_Howe"):
        wanted = data.dt.tz_localize("UTC").dt.tz_convert(zones.zone(zone)).dt.tz_localize(None)
        assert values(df.x.dt.tz_convert(zone)) == plain(wanted)


@on_every_engine
def test_local_days_and_hours(engine):
    """A day of the clocks has 23 or 25 hours where they are set, and its own date."""
    moments = [at("2024-03-30 23:00") + HOUR * n for n in range(24)] + [at("2024-10-26 22:00") + HOUR * n for n in range(26)]
    df = load(engine, {"x": pd.Series(moments).astype("datetime64[us]")})
    local = df.x.dt.tz_convert("Europe/Amsterdam")
    assert local.dtype == "timestamp"
    df["day"] = local.dt.date
    counted = df.groupby("day").x.count().to_pandas()
    assert {str(day): int(count) for day, count in counted.items()} == {
        "2024-03-31": 23,
        "2024-04-01": 1,
        "2024-10-27": 25,
        "2024-10-28": 1,
    }
    assert values(local.dt.hour)[:4] == [0, 1, 3, 4]
    assert values(local.dt.strftime("%Y-%m-%d %H:%M"))[25:29] == [
        "2024-10-27 01:00",
        "2024-10-27 02:00",
        "2024-10-27 02:00",
        "2024-10-27 03:00",
    ]


@on_every_engine
def test_utc_is_the_moment_itself(engine):
    df = load(engine, {"x": pd.to_datetime(["2024-07-01"])})
    for zone in ("UTC", "Etc/UTC", "Zulu", "GMT"):
        assert df.x.dt.tz_convert(zone).view_sql() == df.x.view_sql() == df.x.dt.tz_localize(zone).view_sql()


# ---- when they show it

LOCAL = (
    "2024-03-31 01:59:59.999999",
    "2024-03-31 02:00",
    "2024-03-31 02:30",
    "2024-03-31 03:00",
    "2024-10-27 01:59:59",
    "2024-10-27 02:00",
    "2024-10-27 02:30",
    "2024-10-27 03:00",
    "2024-07-01 12:00",
    None,
)


@on_every_engine
@pytest.mark.parametrize("ambiguous", ["NaT", True, False])
@pytest.mark.parametrize("nonexistent", ["NaT", HOUR, -HOUR, datetime.timedelta(minutes=90)])
def test_localize_as_pandas(engine, ambiguous, nonexistent):
    data = pd.Series(pd.to_datetime(LOCAL, format="ISO8601")).astype("datetime64[us]")
    df = load(engine, {"x": data})
    for zone in ("Europe/Amsterdam", "America/New_York", "Europe/Dublin", "Asia/Kolkata"):
        wanted = data.dt.tz_localize(zones.zone(zone), ambiguous, nonexistent).dt.tz_convert("UTC").dt.tz_localize(None)
        assert values(df.x.dt.tz_localize(zone, ambiguous, nonexistent)) == plain(wanted), zone


@on_every_engine
@pytest.mark.parametrize("zone", [zone for zone in ZONES if "/" in zone])
def test_localize_random_times_by_brute_force(engine, zone):
    times = [clocks(moment, zone) for moment in moments_of(zone, 300)]
    draw = random.Random(zone)
    # Near changes, some of what is moved a little is skipped, or shown twice.
    times += [time + datetime.timedelta(minutes=draw.randrange(-90, 90)) for time in times]
    times = told(engine, "from_zone", zone, told(engine, "at_zone", zone, times))
    df = load(engine, {"x": pd.Series(times).astype("datetime64[us]")})
    first, second, twice = [], [], []
    for time in times:
        found = [time.replace(tzinfo=zones.zone(zone), fold=fold).astimezone(UTC).replace(tzinfo=None) for fold in (0, 1)]
        shown = sorted({moment for moment in found if clocks(moment, zone) == time})
        first.append(shown[0] if shown else None)
        second.append(shown[-1] if shown else None)
        twice.append(shown[0] if len(shown) == 1 else None)
    assert values(df.x.dt.tz_localize(zone, True, "NaT")) == first
    assert values(df.x.dt.tz_localize(zone, False, "NaT")) == second
    assert values(df.x.dt.tz_localize(zone, "NaT", "NaT")) == twice


@on_every_engine
def test_times_that_are_skipped_or_shown_twice_are_errors(engine):
    df = load(engine, {"n": [0, 1, 2], "x": pd.to_datetime(["2024-03-31 02:30", "2024-10-27 02:30", "2024-07-01 12:00"])})
    for row, options, message in (
        (0, {}, "2024-03-31 02:30:00 is skipped by the clocks of Europe/Amsterdam"),
        (1, {}, "2024-10-27 02:30:00 is shown twice by the clocks of Europe/Amsterdam"),
        (0, {"nonexistent": datetime.timedelta(minutes=10)}, "2024-03-31 02:40:00 is skipped"),
        (1, {"nonexistent": "NaT"}, "2024-10-27 02:30:00 is shown twice"),
    ):
        with pytest.raises(ObjectivError, match=message):
            df[df.n == row].x.dt.tz_localize("Europe/Amsterdam", **options).to_pandas()
    assert plain(df[df.n == 2].x.dt.tz_localize("Europe/Amsterdam").to_pandas()) == [at("2024-07-01 10:00")]


@on_every_engine
def test_dates_are_midnights(engine):
    df = load(engine, {"x": [datetime.date(2024, 7, 1), datetime.date(2024, 1, 1), None]})
    assert values(df.x.dt.tz_localize("Europe/Amsterdam")) == [at("2024-06-30 22:00"), at("2023-12-31 23:00"), None]


@on_every_engine
def test_text_and_moments_of_a_zone(engine):
    texts = [
        "2024-07-01T10:00:00Z",
        "2024-07-01 10:00",
        "2024-07-01",
        "2024-03-01T01:30-0930",
        "2024-10-27 02:30:00+01",
        " 2024-01-01T10:00:00.5 ",
        "2024-10-27T02:30:00+02:00",
        None,
    ]
    wanted = [
        at("2024-07-01 10:00"),
        at("2024-07-01 08:00"),
        at("2024-06-30 22:00"),
        at("2024-03-01 11:00"),
        at("2024-10-27 01:30"),
        at("2024-01-01 09:00:00.5"),
        at("2024-10-27 00:30"),
        None,
    ]
    df = load(engine, {"x": texts})
    assert values(ol.to_datetime(df.x, tz="Europe/Amsterdam")) == wanted
    assert values(ol.to_datetime(df.x, tz="Europe/Amsterdam", errors="coerce")) == wanted
    assert ol.to_datetime(df.x, tz="UTC").view_sql() == ol.to_datetime(df.x).view_sql()
    df = load(engine, {"x": ["2024-03-31 02:30", "2024-10-27 02:30", "yesterday", "2024-07-01 10:00"]})
    assert values(ol.to_datetime(df.x, tz="Europe/Amsterdam", errors="coerce")) == [None, None, None, at("2024-07-01 08:00")]
    with pytest.raises(ObjectivError, match=r"is skipped by the clocks|is shown twice by the clocks|yesterday"):
        ol.to_datetime(df.x, tz="Europe/Amsterdam").to_pandas()
    df = load(engine, {"x": pd.to_datetime(["2024-07-01 10:00", None]), "day": [datetime.date(2024, 7, 1), None]})
    assert values(ol.to_datetime(df.x, tz="Asia/Kolkata")) == [at("2024-07-01 04:30"), None]
    assert values(ol.to_datetime(df.day, tz="Asia/Kolkata")) == [at("2024-06-30 18:30"), None]


@on_every_engine
def test_there_and_back_as_a_column(engine):
    df = load(engine, {"x": pd.to_datetime(["2024-03-31 00:59", "2024-10-27 01:30", "2024-07-01 00:00"]), "u": ["a", "a", "b"]})
    df["local"] = df.x.dt.tz_convert("Europe/Amsterdam")
    df["back"] = df["local"].dt.tz_localize("Europe/Amsterdam", ambiguous=False)
    assert values(df.back) == values(df.x)
    assert list(df.columns) == ["x", "u", "local", "back"]
    assert values(df.groupby("u").back.max()) == [at("2024-10-27 01:30"), at("2024-07-01")]
    kept = df[df.back.dt.tz_convert("Asia/Tokyo") > at("2024-07-01 10:00")]
    assert plain(kept.x.to_pandas()) == [at("2024-10-27 01:30")]


# ---- weeks


@on_every_engine
def test_weeks_start_on_every_day(engine):
    days = [datetime.datetime(2024, 2, 20) + datetime.timedelta(days=n, hours=n % 24) for n in range(21)]
    df = load(engine, {"x": pd.Series(days).astype("datetime64[us]"), "d": [day.date() for day in days]})
    for number, name in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")):
        wanted = [
            datetime.datetime.combine(day - datetime.timedelta(days=(day.weekday() - number) % 7), datetime.time())
            for day in days
        ]
        assert values(df.x.dt.date_trunc("week", week_start=name)) == wanted
        assert values(df.d.dt.date_trunc("week", week_start=name)) == wanted
    assert df.x.dt.date_trunc("week", week_start="monday").view_sql() == df.x.dt.date_trunc("week").view_sql()
    assert all(
        df.x.dt.date_trunc(part, week_start="friday").view_sql() == df.x.dt.date_trunc(part).view_sql()
        for part in DATE_PARTS
        if part != "week"
    )


# ---- wrong arguments


def test_wrong_arguments():
    df = load("duckdb", {"x": pd.to_datetime(["2024-07-01"]), "d": [datetime.date(2024, 7, 1)], "n": [1]})
    df["t"] = df.x.dt.time
    for call, error, message in (
        (lambda: df.x.dt.tz_convert("Europe/Amsterdm"), InvalidValue, "did you mean 'Europe/Amsterdam'"),
        (lambda: df.x.dt.tz_convert("Amsterdam"), InvalidValue, "Europe/Amsterdam"),
        (lambda: df.x.dt.tz_convert("../zones"), InvalidValue, "there is no time zone '../zones'"),
        (lambda: df.x.dt.tz_convert("Factory"), InvalidValue, "there is no time zone 'Factory'"),
        (lambda: df.x.dt.tz_convert(2), InvalidType, "tz of DateTimeOperation.tz_convert"),
        (lambda: df.x.dt.tz_convert(None), InvalidType, "tz of DateTimeOperation.tz_convert"),
        (lambda: df.d.dt.tz_convert("Europe/Amsterdam"), InvalidType, "a date cannot be converted to a time zone"),
        (lambda: df.t.dt.tz_convert("Europe/Amsterdam"), InvalidType, "a time cannot be converted to a time zone"),
        (lambda: df.t.dt.tz_localize("Europe/Amsterdam"), InvalidType, "a time of day cannot be localized"),
        (lambda: df.x.dt.tz_localize("Europe"), InvalidValue, "there is no time zone 'Europe'"),
        (
            lambda: df.x.dt.tz_localize("Asia/Tokyo", ambiguous="infer"),
            InvalidValue,
            "ambiguous has to be 'raise', 'NaT', True or False",
        ),
        (lambda: df.x.dt.tz_localize("Asia/Tokyo", nonexistent="shift_forward"), NotSupported, "shift times that clocks skip"),
        (lambda: df.x.dt.tz_localize("Asia/Tokyo", nonexistent="nat"), InvalidValue, "did you mean 'NaT'"),
        (lambda: df.x.dt.date_trunc("week", week_start="Sunday"), InvalidValue, "did you mean 'sunday'"),
        (lambda: df.x.dt.date_trunc("day", week_start="day"), InvalidValue, "'day' is not a day of the week"),
        (lambda: ol.to_datetime(df.x, tz="Mars"), InvalidValue, "there is no time zone 'Mars'"),
        (lambda: ol.to_datetime(df.n, unit="s", tz="Asia/Tokyo"), InvalidValue, "count from the start of 1970 in UTC"),
    ):
        with pytest.raises(error) as caught:
            call()
        assert message in str(caught.value)
    assert plain(ol.to_datetime(df.n, unit="s", tz="UTC").to_pandas()) == [at("1970-01-01 00:00:01")]


# ---- engines with zones of another release


def another_release(name):
    """Return the offsets of a zone as another release may have them: changes that are missing, moved, added and for good."""
    real = zones.of_moments.__wrapped__(name)
    pairs = list(zip(real.starts, real.values, strict=True))
    middle = len(pairs) // 2
    del pairs[middle]
    moved, value = pairs[middle]
    pairs[middle] = (moved + 7 * 86_400 + 1_800, value)
    pairs = [(start, offset) for start, offset in pairs if start < zones.LAST - 60 * 365 * 86_400]
    added = datetime.datetime(1801, 5, 5, 5, 5, 5) - zones.EPOCH
    pairs.insert(1, (added // datetime.timedelta(seconds=1), 7_200))
    pairs.insert(2, (added // datetime.timedelta(seconds=1) + 20 * 86_400, pairs[0][1]))
    return zones.Offsets(*map(tuple, zip(*pairs, strict=True)))


@pytest.fixture
def released(monkeypatch):
    """Make tzdata have another release of Europe/Amsterdam, and every connection unaware of zones before and after."""
    wanted = another_release("Europe/Amsterdam")
    local = zones.Offsets(
        (wanted.starts[0], *(start + value for start, value in zip(wanted.starts[1:], wanted.values[1:], strict=True))),
        wanted.values,
    )
    monkeypatch.setattr(known, "_OPERATIONS", {"at_zone": lambda name: wanted, "from_zone": lambda name: local})
    for engine in ENGINES:
        opened(engine).zones.clear()
    yield wanted, local
    for engine in ENGINES:
        opened(engine).zones.clear()


@on_every_engine
def test_an_engine_is_corrected_where_it_has_another_release(engine, released):
    wanted, local = released
    moments = moments_of("Europe/Amsterdam", 400, first=1790) + [
        zones.moment(start + step) for start in wanted.starts for step in (-1, 0)
    ]
    df = load(engine, {"x": pd.Series(moments).astype("datetime64[us]")})
    seconds = [(moment - zones.EPOCH) // datetime.timedelta(seconds=1) for moment in moments]
    shown = df.x.dt.tz_convert("Europe/Amsterdam")
    assert values(shown) == [
        moment + datetime.timedelta(seconds=wanted.at(second)) for moment, second in zip(moments, seconds, strict=True)
    ]
    back = df.x._call("from_zone", "Europe/Amsterdam")
    assert values(back) == [
        moment - datetime.timedelta(seconds=local.at(second)) for moment, second in zip(moments, seconds, strict=True)
    ]
    assert "CASE" in shown.view_sql()
    assert shown.view_sql().count("WHEN") <= 9
    # Where nothing is connected, or another dialect is written, the engine's own zone is.
    other = "postgres" if engine == "duckdb" else "duckdb"
    assert "CASE" not in shown.view_sql(dialect=other)
    # What is stored, filtered, joined or asked for in steps is corrected too.
    df["shown"] = shown
    assert values(df.materialize().shown) == values(shown)
    assert values(df[df.shown.dt.year < 1950].shown) == [each for each in values(shown) if each.year < 1950]
    assert len(df.merge(df[["shown"]].drop_duplicates(), on="shown").to_pandas()) == len(moments)


@on_every_engine
def test_a_rule_that_differs_without_end_is_an_error(engine, monkeypatch):
    """As if tzdata had summer time in Tokyo from 2020 on, by the rules of New York, as an older release has it elsewhere."""
    york, tokyo, begins = zones.of_moments("America/New_York"), zones.of_moments("Asia/Tokyo"), 1_583_650_800
    later = [(start, value + 14 * 3_600) for start, value in zip(york.starts, york.values, strict=True) if start >= begins]
    wanted = zones.Offsets(tokyo.starts + tuple(start for start, _ in later), tokyo.values + tuple(value for _, value in later))
    monkeypatch.setattr(known, "_OPERATIONS", {"at_zone": lambda name: wanted})
    connection = opened(engine)
    connection.zones.clear()
    moments = [at("1970-01-01"), at("2019-07-01"), at("2020-01-01"), at("2020-07-01"), at("2026-01-01"), at("2030-07-01")]
    df = load(engine, {"x": pd.to_datetime(moments)})
    shown = df.x.dt.tz_convert("Asia/Tokyo")
    assert values(shown) == [moment + HOUR * (10 if moment.year >= 2020 and moment.month == 7 else 9) for moment in moments]
    assert shown.view_sql().count("WHEN") <= 24
    late = load(engine, {"x": pd.to_datetime(["2080-01-01", "2024-01-01"])})
    with pytest.raises(ObjectivError, match="2080-01-01 00:00:00 is too late for the time zone: release"):
        late.x.dt.tz_convert("Asia/Tokyo").to_pandas()
    assert plain(late[late.x < at("2050-01-01")].x.dt.tz_convert("Asia/Tokyo").to_pandas()) == [at("2024-01-01 09:00")]
    connection.zones.clear()


@on_every_engine
def test_a_zone_that_the_engine_does_not_have_is_an_error(engine, monkeypatch):
    tokyo = zones.of_moments("Asia/Tokyo")
    monkeypatch.setattr(known, "_OPERATIONS", {"at_zone": lambda name: tokyo})
    df = load(engine, {"x": pd.to_datetime(["2024-07-01"])})
    with pytest.raises(NotSupported, match="'Europe/Nowhere' cannot be used on"):
        df.x._call("at_zone", "Europe/Nowhere").to_pandas()
    assert values(df.x) == [at("2024-07-01")]


@on_every_engine
def test_a_zone_is_compared_once_for_each_connection(engine, monkeypatch):
    compared = []
    original = known._compared
    monkeypatch.setattr(known, "_compared", lambda *args: compared.append(args[1:]) or original(*args))
    connection = opened(engine)
    connection.zones.clear()
    df = load(engine, {"x": pd.to_datetime(["2024-07-01"])})
    local = df.x.dt.tz_convert("Asia/Tokyo")
    assert compared == []
    for _ in range(2):
        local.to_pandas()
        local.view_sql()
    assert compared == [("at_zone", "Asia/Tokyo")]
    values(local.dt.tz_localize("Asia/Tokyo"))
    assert sorted(compared) == [("at_zone", "Asia/Tokyo"), ("from_zone", "Asia/Tokyo")]


def test_a_frame_without_a_connection_writes_the_zone_of_the_engine():
    df = DataFrame.from_schema({"x": "timestamp"}, dialect="postgres", table_name="t")
    assert df.x.dt.tz_convert("America/Winnipeg").view_sql() == (
        "SELECT (x AT TIME ZONE 'UTC') AT TIME ZONE 'America/Winnipeg' AS x\nFROM t"
    )
    # CET is an abbreviation in Postgres, of one offset for all of time.
    assert df.x.dt.tz_convert("CET").view_sql() == "SELECT (x AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Brussels' AS x\nFROM t"
    assert "'CET'" in df.x.dt.tz_convert("CET").view_sql(dialect="duckdb")


def test_a_view_is_corrected_for_the_engine_that_it_is_written_to(released):
    engine = ol.connect(duckdb.connect(), read_only=False)
    df = DataFrame.from_pandas(engine, pd.DataFrame({"x": pd.to_datetime(["1801-05-10"]).astype("datetime64[us]")}))
    df["shown"] = df.x.dt.tz_convert("Europe/Amsterdam")
    df.set_savepoint("shown", "table")
    df.savepoints.write_to_db()
    found = DataFrame.from_table(engine, "shown")
    assert plain(found.shown.to_pandas()) == [at("1801-05-10 02:00")]


def test_what_is_written_to_another_engine_is_corrected_for_that_one():
    here, there = ol.connect(duckdb.connect()), ol.connect(duckdb.connect(), read_only=False)
    for engine in (here, there):
        engine.execute("CREATE TEMP TABLE hits AS SELECT TIMESTAMP '2024-07-01' AS x")
    # As if it had other zones.
    here.zones["at_zone", "Europe/Amsterdam"] = (known.Span(zones.FIRST, 0),)
    df = DataFrame.from_table(here, "hits", [])
    df["shown"] = df.x.dt.tz_convert("Europe/Amsterdam")
    assert plain(df.shown.to_pandas()) == [at("2024-07-01")]
    df.set_savepoint("shown", "table")
    df.savepoints.write_to_db(there)
    assert plain(DataFrame.from_table(there, "shown", []).shown.to_pandas()) == [at("2024-07-01 02:00")]


def test_names():
    assert "Europe/Amsterdam" in zones.names()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert zones.zone("Europe/Amsterdam").key == "Europe/Amsterdam"
    assert zones.target("CET") == "Europe/Brussels"
    assert zones.target("Europe/Brussels") == "Europe/Brussels"
