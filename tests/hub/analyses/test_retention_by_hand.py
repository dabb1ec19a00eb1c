"""Retention in plain Python over lists of events, on streams drawn by hypothesis."""

from __future__ import annotations

import datetime
import itertools

import pytest
from frame.frames import ENGINES
from hub.analyses.drawn import known, local, next_start, start_of, streams, utc
from hub.analyses.fixture import loaded, rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from objectiv_local import ModelHub

LENGTH = {"hour": 1, "day": 24, "week": 24 * 7, "month": 24 * 30}
CONDITIONS = {
    None: lambda row: True,
    "view": lambda row: row["event_type"] == "view",
    "buy": lambda row: row["event_type"] == "buy",
}


def by_hand(events, start, returning, by, mode, clock, criterion, brackets, start_date, zone, measured=None):
    """Return a dict from (cohort, periods since) to (cohort users, users, complete), with values if ``measured``."""
    if not events:
        return {}
    as_of = max(row["moment"] for row in events)
    starts, returns = CONDITIONS[start], CONDITIONS[returning]
    from_here = datetime.datetime.min if start_date is None else start_date

    def period(moment):
        return start_of(local(moment, zone), by)

    def cells_of(cohort):
        for low, high in brackets or ((k, k + 1) for k in itertools.count()):
            if clock == "calendar":
                begin, end = (later(cohort, number) for number in (low, high))
                if begin > period(as_of):
                    return
                complete = end <= period(as_of)
            else:
                length = datetime.timedelta(hours=LENGTH[by])
                if utc(cohort, zone) + low * length > as_of:
                    return
                complete = utc(next_start(cohort, by), zone) + high * length <= as_of
            yield low, high, complete

    def later(cohort, number):
        for _ in range(number):
            cohort = next_start(cohort, by)
        return cohort

    def distance(anchor, row):
        if clock == "elapsed":
            return (row["moment"] - anchor["moment"]) // datetime.timedelta(hours=LENGTH[by])
        at, to, number = period(anchor["moment"]), period(row["moment"]), 0
        while at < to:
            at, number = next_start(at, by), number + 1
        return number

    anchors = []
    for user, own in known(events).items():
        matching = [row for row in own if starts(row)]
        ranged = [row for row in matching if row["moment"] >= from_here]
        if mode == "first_time":
            chosen = [row for row in matching[:1] if row["moment"] >= from_here]
        elif mode == "first_time_filtered":
            chosen = ranged[:1]
        else:
            chosen = [next(group) for _, group in itertools.groupby(ranged, key=lambda row: period(row["moment"]))]
        anchors += [(user, row) for row in chosen]

    in_range = [row["moment"] for row in events if row["moment"] >= from_here]
    first = period(min(in_range)) if start_date is None and in_range else period(from_here) if start_date else None
    found, cohort = {}, first
    while cohort is not None and cohort <= period(as_of):
        members = [(user, row) for user, row in anchors if period(row["moment"]) == cohort]
        for low, high, complete in cells_of(cohort):
            users, values = 0, []
            for user, anchor in members:
                came = [
                    (distance(anchor, row), row)
                    for row in known(events)[user]
                    if returns(row) and row["moment"] >= anchor["moment"] and (row is not anchor or start == returning)
                ]
                there = {
                    "on": lambda k, low=low, high=high: low <= k < high,
                    "on_or_after": lambda k, low=low: k >= low,
                    "on_or_before": lambda k, high=high: k < high,
                }
                if criterion == "streak":
                    listed = brackets or [(k, k + 1) for k in range(low + 1)]
                    place = [each[0] for each in listed].index(low)
                    needed = listed[:1] if place == 0 else listed[1 : place + 1]
                    users += all(any(a <= k < b for k, _ in came) for a, b in needed)
                else:
                    counted = [row["amount"] for k, row in came if there[criterion](k)]
                    users += bool(counted)
                    values += counted
            found[cohort, low] = (len(members), users, complete)
            if measured is not None:
                mean = sum(values) / len(values) if values else None
                found[cohort, low] += (sum(values) if measured == "sum" else mean,)
        cohort = next_start(cohort, by)
    return found


@pytest.mark.parametrize("engine", ENGINES)
def test_cells_are_those_by_hand(engine):
    @settings(
        max_examples=50 if engine == "duckdb" else 12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
    )
    @given(
        events=streams(),
        start=st.sampled_from([None, "view", "buy"]),
        returning=st.sampled_from([None, "view", "buy"]),
        by=st.sampled_from(["day", "day", "hour", "week", "month"]),
        mode=st.sampled_from(["first_time", "first_time_filtered", "recurring"]),
        clock=st.sampled_from(["calendar", "elapsed"]),
        criterion=st.sampled_from(["on", "on_or_after", "on_or_before", "streak"]),
        brackets=st.sampled_from([None, None, [(0, 1), (1, 3), (3, 8)], [(1, 2), (4, 30)]]),
        late=st.booleans(),
        zone=st.sampled_from(["UTC", "Europe/Amsterdam"]),
        measured=st.sampled_from([None, None, "sum", "mean"]),
    )
    def check(events, start, returning, by, mode, clock, criterion, brackets, late, zone, measured):
        if by == "hour":
            events = [
                row for row in events if row["moment"] - min(each["moment"] for each in events) < datetime.timedelta(days=4)
            ]
        if criterion == "streak":
            measured = None
        start_date = min(row["moment"] for row in events) + datetime.timedelta(minutes=241) if late and events else None
        if start_date is not None and start_date > max(row["moment"] for row in events):
            start_date = None
        expected = by_hand(events, start, returning, by, mode, clock, criterion, brackets, start_date, zone, measured)
        hub = ModelHub(time_zone=zone)
        found = hub.retention(
            loaded(engine, events),
            start,
            returning,
            by,
            mode,
            clock,
            criterion,
            brackets,
            (measured, "amount") if measured else "users",
            start_date=None if start_date is None else start_date.replace(tzinfo=datetime.UTC),
        )
        table = found.frame.reset_index().to_arrow().to_pylist()
        seen = {}
        for row in table:
            cohort = row["cohort"] if by == "hour" else datetime.datetime.combine(row["cohort"], datetime.time())
            value = () if measured is None else (row["value"],)
            seen[cohort, row["periods_since"]] = (row["cohort_users"], row["users"], row["complete"], *value)
            assert row["rate"] == (row["users"] / row["cohort_users"] if row["cohort_users"] else None)
            assert row["users"] <= row["cohort_users"]
        assert seen == expected
        for row in [each for each in table if each["users"]][:2]:
            members = rows(found.users(cohort=row["cohort"], periods_since=row["periods_since"]))
            assert len(members) == row["users"]

    check()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(events=streams(), by=st.sampled_from(["day", "week"]), clock=st.sampled_from(["calendar", "elapsed"]))
def test_rates_that_never_rise_or_are_one(events, by, clock):
    frame, hub = loaded("duckdb", events), ModelHub(time_zone="Europe/Amsterdam")

    def rates(**options):
        return [row[:2] + (row[4],) for row in rows(hub.retention(frame, by=by, clock=clock, **options)) if row[2]]

    for found, rises in ((rates(criterion="on_or_after"), False), (rates(criterion="on_or_before", mode="recurring"), True)):
        for one, other in itertools.pairwise(found):
            assert one[0] != other[0] or (other[2] >= one[2] if rises else other[2] <= one[2])
    assert {rate for _, since, rate in rates(mode="recurring") if since == 0} <= {1.0}
