"""A hub's time zone and week start, compared with Python on every engine."""

from __future__ import annotations

import datetime
import random
from collections import defaultdict

import pandas as pd
import pyarrow as pa
import pytest
from frame.frames import ENGINES, opened, plain

from objectiv_local import DataFrame, ModelHub, to_datetime, zones
from objectiv_local.errors import InvalidType, InvalidValue

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY = datetime.timedelta(days=1)
at = datetime.datetime.fromisoformat
on_every_engine = pytest.mark.parametrize("engine", ENGINES)
#: Daylight saving in both directions, in the south, half hours, and no daylight saving.
ZONES = ("Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")


def clocks(moment, zone):
    return moment.replace(tzinfo=datetime.timezone.utc).astimezone(zones.zone(zone)).replace(tzinfo=None)


def hits():
    """Return (user, moment) pairs: many around clock changes, and around midnights."""
    draw = random.Random(5)
    around = [
        at("2023-10-29"),
        at("2023-12-31 22:30"),
        at("2024-03-10"),
        at("2024-03-31"),
        at("2024-04-06 15:00"),
        at("2024-07-01"),
    ]
    # Each user has a different first moment.
    users = {user: around[number % len(around) :] for number, user in enumerate("abcdefghijkl")}
    found = set()
    for _ in range(600):
        user = draw.choice(sorted(users))
        found.add((user, draw.choice(users[user]) + datetime.timedelta(minutes=draw.randrange(-2_880, 2_880))))
    return sorted(found)


HITS = hits()
FIRST = {user: min(moment for each, moment in HITS if each == user) for user, _ in HITS}


def events(hub, engine, rows=HITS, **options):
    table = pa.table(
        {
            "uid": [user for user, _ in rows],
            "at": pa.array([moment for _, moment in rows], pa.timestamp("us")),
            "what": ["view"] * len(rows),
        }
    )
    source = DataFrame.from_arrow(opened(engine), table, name="hits")
    return hub.events(source, user_id="uid", moment="at", event_type="what", schema="table", **options)


def by(key, value=lambda user, moment: user, rows=HITS):
    """Return the values of each group of hits, as sets."""
    found = defaultdict(set)
    for user, moment in rows:
        found[key(user, moment)].add(value(user, moment))
    return found


def series(found):
    return dict(zip(found.index, plain(found), strict=True))


def week(time, first):
    start = time - DAY * ((time.weekday() - DAYS.index(first)) % 7)
    return datetime.datetime.combine(start, datetime.time())


# ---- periods


@on_every_engine
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("form", ["%Y-%m-%d %H", "%Y-%m-%d", "%Y %U %W %V", "%Y"])
def test_periods_are_in_the_time_zone(engine, zone, form):
    hub = ModelHub(time_aggregation=form, time_zone=zone)
    df = events(hub, engine)
    assert set(plain(hub.time_agg(df).to_pandas())) == {clocks(moment, zone).strftime(form) for _, moment in HITS}
    users = by(lambda _, moment: clocks(moment, zone).strftime(form))
    assert series(hub.agg.unique_users(df).to_pandas()) == {period: len(each) for period, each in users.items()}
    sessions = hub.agg.unique_sessions(df).to_pandas()
    assert list(sessions.index) == sorted(users)


@on_every_engine
def test_days_of_a_frame_and_its_ranges(engine):
    zone = "America/New_York"
    hub = ModelHub(time_zone=zone)
    found = events(hub, engine, start="2024-03-10", end=datetime.date(2024, 3, 11)).to_pandas()
    # That day has 23 hours: from 05:00 until 04:00 of the next one.
    wanted = [moment for _, moment in HITS if at("2024-03-10 05:00") <= moment < at("2024-03-11 04:00")]
    assert sorted(found.moment) == sorted(wanted)
    assert len(wanted) > 10
    assert set(found.day) == {datetime.date(2024, 3, 10)}
    some = events(hub, engine).to_pandas()
    assert list(some.day) == [clocks(moment, zone).date() for moment in some.moment]
    late = events(hub, engine, start="2024-03-31 20:30").to_pandas()
    assert min(late.moment) == min(moment for _, moment in HITS if moment >= at("2024-04-01 00:30"))


@on_every_engine
def test_new_users_and_durations(engine):
    zone = "Australia/Lord_Howe"
    hub = ModelHub(time_aggregation="%Y-%m-%d", time_zone=zone)
    df = events(hub, engine, session_gap=datetime.timedelta(hours=6))
    found = df[["user_id", "moment", "session_id"]]
    found["new"] = hub.map.is_new_user(df)
    rows = found.to_pandas()
    first_session = {user: part.sort_values("moment").session_id.iloc[0] for user, part in rows.groupby("user_id")}
    days = {
        user: {
            clocks(moment, zone).date()
            for moment, session in zip(part.moment, part.session_id, strict=True)
            if session == first_session[user]
        }
        for user, part in rows.groupby("user_id")
    }
    assert list(rows.new) == [
        clocks(moment, zone).date() in days[user] for user, moment in zip(rows.user_id, rows.moment, strict=True)
    ]
    # A session has a part in each local day; its duration is elapsed time.
    parts = defaultdict(list)
    for session, moment in zip(rows.session_id, rows.moment, strict=True):
        parts[clocks(moment, zone).strftime("%Y-%m-%d"), session].append(moment)
    lengths = defaultdict(list)
    for (day, _), moments in parts.items():
        if max(moments) > min(moments):
            lengths[day].append(max(moments) - min(moments))
    wanted = {day: sum(each, datetime.timedelta()) for day, each in lengths.items()}
    assert series(hub.agg.session_duration(df, method="sum").to_pandas()) == wanted


# ---- retention


def distance(period, first, moment, week_start):
    if period == "yearly":
        return moment.year - first.year
    if period == "monthly":
        return (moment.year - first.year) * 12 + moment.month - first.month
    if period == "weekly":
        return (week(moment, week_start) - week(first, week_start)) // (7 * DAY)
    return (moment.date() - first.date()).days


LABELS = {"daily": "%Y-%m-%d", "weekly": "%Y-%m-%d", "monthly": "%Y-%m", "yearly": "%Y"}


def retained(period, zone, week_start, *, elapsed=False, rows=HITS):
    cells = defaultdict(set)
    for user, moment in rows:
        first, shown = clocks(FIRST[user], zone), clocks(moment, zone)
        far = (moment - FIRST[user]) // DAY if elapsed else distance(period, first, shown, week_start)
        start = week(first, week_start) if period == "weekly" else first
        cells[start.strftime(LABELS[period]), far].add(user)
    return {cell: len(users) for cell, users in cells.items()}


def cells(matrix):
    found = matrix.to_pandas()
    return {
        (cohort, int(name.removeprefix("_"))): int(value)
        for cohort, row in found.iterrows()
        for name, value in row.items()
        if not pd.isna(value)
    }


@on_every_engine
@pytest.mark.parametrize("zone", ZONES)
def test_retention(engine, zone):
    for week_start in ("monday", "sunday", "thursday"):
        hub = ModelHub(time_zone=zone, week_start=week_start)
        df = events(hub, engine)
        for period in LABELS if week_start == "monday" else ("weekly",):
            found = hub.agg.retention_matrix(df, period, calendar_days=True)
            assert cells(found) == retained(period, zone, week_start), (period, week_start)
    elapsed = hub.agg.retention_matrix(df, "daily")
    assert cells(elapsed) == retained("daily", zone, week_start, elapsed=True)


@on_every_engine
def test_retention_between_days_of_the_zone(engine):
    zone = "America/New_York"
    hub = ModelHub(time_zone=zone)
    df = events(hub, engine)
    found = hub.agg.retention_matrix(df, "daily", start_date="2023-10-28", end_date="2024-03-10", calendar_days=True)
    start, end = at("2023-10-28 04:00"), at("2024-03-10 05:00")
    kept = [(user, moment) for user, moment in HITS if FIRST[user] >= start and moment < end]
    assert 0 < len(kept) < len(HITS)
    assert cells(found) == retained("daily", zone, "monday", rows=kept)
    in_utc = [(user, moment) for user, moment in kept if moment < at("2024-03-10")]
    assert cells(found) != retained("daily", zone, "monday", rows=in_utc)


# ---- values without a time of day, and with a time zone of their own


@on_every_engine
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "Africa/Cairo", "UTC"])
def test_dates_are_days_in_the_time_zone(engine, zone):
    # On the last of these days, clocks in Cairo skip midnight.
    days = [datetime.date(2024, 1, 1), datetime.date(2024, 7, 1), datetime.date(2024, 4, 26)]
    hub = ModelHub(time_zone=zone)
    for column in (pa.array(days), pa.array([f"{day}" for day in days])):
        source = DataFrame.from_arrow(
            opened(engine), pa.table({"uid": ["a", "b", "c"], "on": column, "what": ["x"] * 3}), name="days"
        )
        found = (
            hub.events(source, user_id="uid", moment="on", event_type="what", schema="table").to_pandas().set_index("user_id")
        )
        assert [found.day[user] for user in "abc"] == days
        assert [clocks(found.moment[user], zone).time() for user in "ab"] == [datetime.time()] * 2


@on_every_engine
def test_moments_of_another_zone(engine):
    source = DataFrame.from_arrow(
        opened(engine),
        pa.table({"uid": ["a", "b"], "local": ["2024-07-01 00:30", "2024-07-01T00:30:00Z"], "what": ["x", "x"]}),
        name="local",
    )
    hub = ModelHub(time_zone="Europe/Amsterdam")
    found = (
        hub.events(
            source,
            schema="table",
            user_id="uid",
            event_type="what",
            location=lambda rows: rows["what"].str.upper(),
            moment=lambda rows: to_datetime(rows["local"], tz="Asia/Tokyo"),
        )
        .to_pandas()
        .set_index("user_id")
    )
    assert list(found.moment[["a", "b"]]) == [at("2024-06-30 15:30"), at("2024-07-01 00:30")]
    assert list(found.day[["a", "b"]]) == [datetime.date(2024, 6, 30), datetime.date(2024, 7, 1)]
    assert list(found.location) == ["X", "X"]


# ---- the hub


def test_the_repr_of_a_hub_has_its_time_zone():
    hub = ModelHub()
    assert (hub.time_zone, hub.week_start) == ("UTC", "monday")
    hub = ModelHub(time_zone="Europe/Amsterdam", week_start="sunday")
    assert (hub.time_zone, hub.week_start) == ("Europe/Amsterdam", "sunday")
    assert "time_zone='Europe/Amsterdam', week_start='sunday'" in repr(hub)
    assert [ModelHub(week_start=day).week_start for day in DAYS] == list(DAYS)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"time_zone": "Europe/Amsterdm"}, InvalidValue, "did you mean 'Europe/Amsterdam'"),
        ({"time_zone": ""}, InvalidValue, "there is no time zone ''"),
        ({"time_zone": None}, InvalidType, "time_zone"),
        ({"week_start": "Monday"}, InvalidValue, "did you mean 'monday'"),
        ({"week_start": "day"}, InvalidValue, "'day' is not a day of the week"),
        ({"week_start": 0}, InvalidType, "week_start"),
    ],
)
def test_invalid_arguments(arguments, error, message):
    with pytest.raises(error) as caught:
        ModelHub(**arguments)
    assert message in str(caught.value)


@on_every_engine
def test_in_utc_nothing_is_converted(engine):
    plain_hub, hub = (
        ModelHub(time_aggregation="%Y-%m-%d"),
        ModelHub(time_aggregation="%Y-%m-%d", time_zone="Etc/UTC", week_start="monday"),
    )
    df = events(plain_hub, engine)
    for made in (
        lambda each: each.agg.unique_users(df),
        lambda each: each.agg.retention_matrix(df, "weekly"),
        lambda each: each.time_agg(df),
        lambda each: events(each, engine),
    ):
        assert "AT TIME ZONE" not in made(plain_hub).view_sql()
        assert "AT TIME ZONE" not in made(hub).view_sql()
