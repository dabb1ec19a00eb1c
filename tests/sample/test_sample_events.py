"""The generated streams: shape, shares, edge cases, and reproducibility by seed."""

from __future__ import annotations

import datetime
import itertools
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa
import pytest

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.sample import batches
from objectiv_local.sample.site import ODD_IDS
from objectiv_local.sample.taxonomy import lineage

GAP = datetime.timedelta(seconds=1800)
MICROSECOND = datetime.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Event:
    event_id: str
    day: datetime.date
    moment: datetime.datetime
    cookie_id: str
    value: dict[str, Any]

    @property
    def stack(self) -> list[dict[str, Any]]:
        return self.value["location_stack"]

    @property
    def contexts(self) -> list[dict[str, Any]]:
        return self.value["global_contexts"]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [context for context in self.contexts if context["_type"] == kind]


@cache
def table(events: int = 30_000, seed: int = 2022, days: int = 92, batch_size: int = 4_096) -> pa.Table:
    return pa.Table.from_batches(batches(events=events, seed=seed, days=days, batch_size=batch_size))


@cache
def stream(events: int = 30_000, seed: int = 2022, days: int = 92) -> list[Event]:
    columns = table(events, seed, days).to_pydict()
    columns["value"] = [json.loads(value) for value in columns["value"]]
    return [Event(*row) for row in zip(*columns.values(), strict=True)]


def by_user(events: list[Event]) -> dict[str, list[Event]]:
    users: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda event: (event.moment, event.event_id)):
        users[event.cookie_id].append(event)
    return users


def sessions(events: list[Event]) -> list[list[Event]]:
    found: list[list[Event]] = []
    for user in by_user(events).values():
        found.append([user[0]])
        for before, event in itertools.pairwise(user):
            if event.moment - before.moment > GAP:
                found.append([])
            found[-1].append(event)
    return found


# Shape


def test_columns_are_those_of_the_raw_event_table() -> None:
    assert [(field.name, str(field.type)) for field in table(10).schema] == [
        ("event_id", "string"),
        ("day", "date32[day]"),
        ("moment", "timestamp[us]"),
        ("cookie_id", "string"),
        ("value", "string"),
    ]


def test_no_column_has_nulls_and_event_ids_are_unique() -> None:
    assert [column.null_count for column in table().columns] == [0] * 5
    assert len(set(table()["event_id"].to_pylist())) == 30_000


@pytest.mark.parametrize(("events", "days"), [(1, 1), (7, 92), (2_000, 1), (2_001, 366), (12_345, 31)])
def test_number_of_events_is_exact(events: int, days: int) -> None:
    assert table(events, 5, days).num_rows == events


@pytest.mark.parametrize(("events", "days"), [(2_000, 1), (2_000, 366), (30_000, 92)])
def test_nothing_happens_outside_the_days_asked_for(events: int, days: int) -> None:
    happened = table(events, 2022, days)["day"].to_pylist()
    first = datetime.date(2022, 1, 10)
    assert first <= min(happened)
    assert max(happened) < first + datetime.timedelta(days=days)


def test_every_day_of_the_sample_has_events() -> None:
    assert len({event.day for event in stream()}) == 92


def test_events_are_in_the_order_of_their_moments() -> None:
    assert table()["moment"].to_pylist() == sorted(table()["moment"].to_pylist())


def test_order_holds_where_a_day_is_cut_in_slices() -> None:
    # 250,000 events in one day are planned in slices of less than a day.
    last = datetime.datetime.min
    for batch in batches(events=250_000, days=1):
        moments = batch.column("moment").to_pylist()
        assert [last, *moments] == sorted([last, *moments])
        last = moments[-1]


def test_value_contains_id_and_time_of_the_event() -> None:
    for event in stream():
        assert event.value["id"] == event.event_id
        elapsed = event.moment - datetime.datetime(1970, 1, 1)
        assert event.value["time"] == elapsed // datetime.timedelta(milliseconds=1)
        assert event.day == event.moment.date()


def test_types_are_own_type_after_its_parents() -> None:
    for event in stream(2_000):
        for thing in (event.value, *event.stack, *event.contexts):
            assert tuple(thing["_types"]) == lineage(thing["_type"])
            assert isinstance(thing["id"], str)


def test_stack_begins_with_the_root_and_is_up_to_six_deep() -> None:
    assert {event.stack[0]["_type"] for event in stream() if event.stack} == {"RootLocationContext"}
    assert {len(event.stack) for event in stream()} == set(range(7))


def test_cookie_context_repeats_the_cookie() -> None:
    for event in stream(2_000):
        for context in event.of_type("CookieIdContext"):
            assert context["id"] == context["cookie_id"] == event.cookie_id


@pytest.mark.parametrize(
    ("event_type", "location"),
    [("PressEvent", "PressableContext"), ("InputChangeEvent", "InputContext"), ("MediaStartEvent", "MediaPlayerContext")],
)
def test_events_happen_at_the_location_that_they_need(event_type: str, location: str) -> None:
    leaves = [event.stack[-1] for event in stream() if event.value["_type"] == event_type]
    assert leaves
    assert all(location in leaf["_types"] for leaf in leaves)


def test_input_changes_carry_the_value_of_their_input() -> None:
    for event in stream(2_000):
        expected = [event.stack[-1]["id"]] if event.value["_type"] == "InputChangeEvent" and event.contexts else []
        assert [context["id"] for context in event.of_type("InputValueContext")] == expected


def test_text_has_neither_nul_nor_lone_surrogates() -> None:
    for value in table(2_000)["value"].to_pylist():
        value.encode()
        assert "\x00" not in value
        assert "\\u" not in value


# Shares


def test_users_and_sessions() -> None:
    found = sessions(stream())
    assert 1_500 <= len(by_user(stream())) <= 2_500
    assert 6 <= len(stream()) / len(found) <= 8
    assert 0.08 <= sum(len(session) == 1 for session in found) / len(found) <= 0.25


def test_activity_is_spread_unevenly() -> None:
    counts = sorted((len(events) for events in by_user(stream()).values()), reverse=True)
    assert sum(counts[: len(counts) // 10]) > 0.3 * sum(counts)


def test_users_return_in_later_months() -> None:
    months = [{event.day.month for event in events} for events in by_user(stream()).values()]
    assert sum({1, 2} <= found for found in months) > 50
    assert sum({1, 3} <= found for found in months) > 50


def test_conversions_are_one_to_two_percent() -> None:
    conversions = [
        event for event in stream() if event.value["_type"] == "PressEvent" and event.stack[-1]["id"] == "Quickstart Guide"
    ]
    assert 0.01 <= len(conversions) / 30_000 <= 0.02
    assert {event.stack[-1]["_type"] for event in conversions} == {"LinkContext"}
    assert any(location["_type"] == "NavigationContext" for event in conversions for location in event.stack)


def test_marketing_brings_about_thirty_percent_of_the_sessions() -> None:
    found = sessions(stream())
    brought = sum(any(event.of_type("MarketingContext") for event in session) for session in found)
    assert 0.25 <= brought / len(found) <= 0.35


def test_about_twenty_percent_of_the_users_have_an_identity() -> None:
    users = by_user(stream()).values()
    known = sum(any(event.of_type("IdentityContext") for event in events) for events in users)
    assert 0.15 <= known / len(users) <= 0.25


def test_users_have_no_identity_before_signing_in() -> None:
    for events in by_user(stream()).values():
        at_first = [event for event in events if event.moment == events[0].moment]
        assert not all(event.of_type("IdentityContext") for event in at_first)


def test_applications_and_features() -> None:
    applications = Counter(context["id"] for event in stream() for context in event.of_type("ApplicationContext"))
    assert set(applications) == {"objectiv-website", "objectiv-docs", "objectiv-mobile"}
    assert min(applications.values()) > 3_000
    usable = [event for event in stream() if event.value["_type"] in ("PressEvent", "InputChangeEvent", "MediaStartEvent")]
    features = {tuple((location["_type"], location["id"]) for location in event.stack) for event in usable}
    assert 36 <= len(features) <= 60
    assert {"PressableContext", "LinkContext", "InputContext", "MediaPlayerContext", "ExpandableContext"} <= {
        kind for feature in features for kind, _ in feature
    }


def test_all_event_types_occur() -> None:
    assert {event.value["_type"] for event in stream()} == {
        "PressEvent",
        "InputChangeEvent",
        "VisibleEvent",
        "HiddenEvent",
        "ApplicationLoadedEvent",
        "MediaLoadEvent",
        "MediaStartEvent",
        "MediaPauseEvent",
        "MediaStopEvent",
        "SuccessEvent",
        "FailureEvent",
    }


def test_traffic_grows_and_is_lower_at_weekends() -> None:
    by_day = Counter(event.day for event in stream())
    weeks = [
        sum(by_day[datetime.date(2022, 1, 10) + datetime.timedelta(days=7 * week + day)] for day in range(7))
        for week in range(13)
    ]
    assert weeks[12] > 1.5 * weeks[0]
    by_weekday = Counter(event.day.weekday() for event in stream())
    assert max(by_weekday[5], by_weekday[6]) < 0.7 * min(by_weekday[day] for day in range(5))


# Edge cases: all of them, in every stream of 2,000 events or more


def _gaps(events: list[Event]) -> list[tuple[Event, Event]]:
    return [pair for user in by_user(events).values() for pair in itertools.pairwise(user)]


def _emails(event: Event) -> set[str]:
    return {context["value"] for context in event.of_type("IdentityContext") if context["id"] == "email"}


def _users_by_email(events: list[Event]) -> dict[str, set[str]]:
    users: dict[str, set[str]] = defaultdict(set)
    for event in events:
        for email in _emails(event):
            users[email].add(event.cookie_id)
    return users


def _emails_by_user(events: list[Event]) -> dict[str, set[str]]:
    return {user: set().union(*map(_emails, own)) for user, own in by_user(events).items()}


def _leaf_ids(events: list[Event]) -> list[str]:
    return [event.stack[-1]["id"] for event in events if event.stack]


AWKWARD = {
    "two events of a user at one moment": lambda events: sum(a.moment == b.moment for a, b in _gaps(events)),
    "events of two users at one moment": lambda events: sum(
        a.moment == b.moment and a.cookie_id != b.cookie_id for a, b in itertools.pairwise(events)
    ),
    "a gap of exactly 1800 s": lambda events: sum(b.moment - a.moment == GAP for a, b in _gaps(events)),
    "a gap one microsecond longer": lambda events: sum(b.moment - a.moment == GAP + MICROSECOND for a, b in _gaps(events)),
    "a session over midnight": lambda events: sum(session[0].day < session[-1].day for session in sessions(events)),
    "a session over the end of a month": lambda events: sum(
        session[0].day.month != session[-1].day.month for session in sessions(events)
    ),
    "a session of several events and no length": lambda events: sum(
        len(session) > 2 and session[0].moment == session[-1].moment for session in sessions(events)
    ),
    "a user with one event": lambda events: sum(len(own) == 1 for own in by_user(events).values()),
    "a moment with microseconds": lambda events: sum(event.moment.microsecond % 1000 > 0 for event in events),
    "no application": lambda events: sum(bool(event.contexts) and not event.of_type("ApplicationContext") for event in events),
    "no contexts": lambda events: sum(not event.contexts for event in events),
    "no locations when loading": lambda events: sum(
        not event.stack and event.value["_type"] == "ApplicationLoadedEvent" for event in events
    ),
    "no locations otherwise": lambda events: sum(
        not event.stack and event.value["_type"] != "ApplicationLoadedEvent" for event in events
    ),
    "a context type twice": lambda events: sum(len(event.of_type("PathContext")) == 2 for event in events),
    "an element twice in a stack": lambda events: sum(
        len({json.dumps(location) for location in event.stack}) < len(event.stack) for event in events
    ),
    "two identity scopes": lambda events: sum(
        {context["id"] for context in event.of_type("IdentityContext")} == {"email", "customer"} for event in events
    ),
    "a changing identity": lambda events: sum(len(emails) > 1 for emails in _emails_by_user(events).values()),
    "one identity, two users": lambda events: sum(len(users) > 1 for users in _users_by_email(events).values()),
    "an id like a number": lambda events: sum(id_.isdecimal() for id_ in _leaf_ids(events)),
    **{
        f"an id with {part}": lambda events, part=part: sum(part in id_ for id_ in _leaf_ids(events))
        for part in ('"', "'", "\\", "é", "日本", "🚀", "%", "$", "{", ";")
    },
}


@pytest.mark.parametrize("seed", [0, 1, 7, 2022])
@pytest.mark.parametrize("case", AWKWARD)
def test_edge_case_is_present_in_2000_events(case: str, seed: int) -> None:
    assert AWKWARD[case](stream(2_000, seed)) > 0


@pytest.mark.parametrize("days", [31, 366])
def test_edge_cases_are_present_over_other_periods(days: int) -> None:
    assert [case for case, count in AWKWARD.items() if count(stream(2_000, 7, days)) == 0] == []


def test_edge_cases_are_rare() -> None:
    assert sum(not event.contexts for event in stream()) < 300
    assert sum(event.stack[-1]["id"] in ODD_IDS for event in stream() if event.stack) < 1_500


# The same events for the same arguments


def test_same_arguments_give_the_same_events() -> None:
    again = pa.Table.from_batches(batches(events=2_000, seed=1))
    assert again.equals(table(2_000, 1))


def test_another_seed_gives_other_events() -> None:
    ids = [set(table(2_000, seed)["event_id"].to_pylist()) for seed in (1, 2)]
    assert not ids[0] & ids[1]


@pytest.mark.parametrize("batch_size", [13, 1_000, 1_000_000])
def test_events_do_not_depend_on_the_batch_size(batch_size: int) -> None:
    assert table(2_000, 1, 92, batch_size).combine_chunks().equals(table(2_000, 1).combine_chunks())


# Bounded memory


def test_batches_are_full_but_the_last() -> None:
    assert [batch.num_rows for batch in batches(events=2_500, batch_size=1_000)] == [1_000, 1_000, 500]


def test_a_slice_of_a_huge_stream_stays_small() -> None:
    from objectiv_local.sample.traffic import Traffic

    slices = Traffic(10**9, 1, datetime.date(2022, 1, 10), 92).rows()
    assert max(len(rows) for rows in itertools.islice(slices, 3)) < 200_000


# Bad arguments


@pytest.mark.parametrize(
    "argument",
    [
        {"events": 0},
        {"events": -1},
        {"seed": -1},
        {"seed": 2**64},
        {"days": 0},
        {"days": 10**6},
        {"batch_size": 0},
        {"start": "2022-13-01"},
        {"start": "20220110"},
        {"start": "soon"},
        {"start": "1492-01-01"},
    ],
)
def test_value_out_of_range_is_refused_at_once(argument: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match=f"^{next(iter(argument))} .*\nhint: "):
        batches(**argument)


@pytest.mark.parametrize(
    "argument",
    [
        {"events": 1.5},
        {"events": True},
        {"seed": "7"},
        {"days": None},
        {"start": 20220110},
        {"start": datetime.datetime(2022, 1, 10)},
    ],
)
def test_value_of_another_type_is_refused_at_once(argument: dict[str, Any]) -> None:
    with pytest.raises(InvalidType, match=f"^{next(iter(argument))} is of type .*\nhint: "):
        batches(**argument)


def test_start_may_be_a_date() -> None:
    assert next(batches(events=1, days=1, start=datetime.date(2024, 2, 29))).column("day").to_pylist() == [
        datetime.date(2024, 2, 29)
    ]
