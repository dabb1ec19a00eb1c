"""Funnels on the six users of the fixture and on small tables, with results computed by hand."""

from __future__ import annotations

import datetime

import pytest
from frame.frames import ENGINES
from hub.analyses.fixture import case_id, day, fixture, loaded, rows, with_nobody

from objectiv_local import ModelHub
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, NotSupported

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
HUB = ModelHub()
MINUTE, HOUR = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)
STEPS = ["view", "cart", "buy"]


def users(analysis):
    """Return the number of users who reached each step."""
    return analysis.to_arrow().column("users").to_pylist()


def members(analysis, **cell):
    return sorted(analysis.users(**cell).to_arrow().column("user_id").to_pylist())


def streams(engine, *events):
    """Return the event frame of (user, minute, event type), optionally with a country, ordered by id."""
    start = datetime.datetime(2024, 1, 1)
    return loaded(
        engine,
        [
            {
                "event_id": f"e{number:03}",
                "user_id": user,
                "moment": start + minute * MINUTE,
                "event_type": kind,
                "country": country[0] if country else None,
                "amount": number,
            }
            for number, (user, minute, kind, *country) in enumerate(events)
        ],
    )


@on_every_engine
@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        ({}, [6, 5, 3]),
        ({"entry": "first"}, [6, 4, 2]),
        ({"ties": "strict"}, [6, 4, 3]),
        ({"order": "strict"}, [6, 4, 2]),
        ({"exclude": [("error", 1, 2)]}, [6, 4, 2]),
        ({"exclude": [("error", 1, 2)], "exclude_mode": "remove"}, [5, 4, 2]),
        ({"order": "any"}, [6, 6, 4]),
        # All attempts: a and c twice, and b twice.
        ({"entry": "each"}, [9, 5, 3]),
        ({"rules": "posthog", "exclude": "error"}, [5, 4, 2]),
        ({"rules": "mixpanel"}, [6, 4, 2]),
        ({"rules": "amplitude"}, [6, 5, 3]),
        ({"rules": "mixpanel", "entry": "any"}, [6, 5, 3]),
    ],
    ids=case_id,
)
def test_the_six_users(engine, switches, expected):
    assert users(HUB.funnel(fixture(engine), STEPS, HOUR, **switches)) == expected
    assert users(HUB.funnel(with_nobody(engine), STEPS, HOUR, **switches)) == expected


@on_every_engine
def test_the_table(engine):
    found = HUB.funnel(fixture(engine), STEPS, HOUR)
    assert found.index_columns == ["step"]
    assert found.columns == [
        "name",
        "users",
        "of_first",
        "of_previous",
        "dropped",
        "pending",
        "median_time",
        "mean_time",
        "p90_time",
        "ci_low",
        "ci_high",
    ]
    # To the cart: a 5, b 15, c 10, d 0, e 2 minutes; to the purchase: a 20, c 20, e 3. b has a view at the last moment.
    assert [row[:8] for row in rows(found)] == [
        (1, "view", 6, 1.0, 1.0, 1, 0, 0 * MINUTE),
        (2, "cart", 5, 5 / 6, 5 / 6, 1, 1, 5 * MINUTE),
        (3, "buy", 3, 0.5, 3 / 5, 0, 0, 20 * MINUTE),
    ]
    assert [row[8:10] for row in rows(found)] == [
        (0 * MINUTE, 0 * MINUTE),
        (32 * MINUTE / 5, 13 * MINUTE),
        (43 * MINUTE / 3, 20 * MINUTE),
    ]
    assert [members(found, step=step) for step in (1, 2, 3)] == [list("abcdef"), list("abcde"), list("ace")]
    assert [members(found, step=step, dropped=True) for step in (1, 2, 3)] == [["f"], ["d"], []]
    assert [members(found, step=step, pending=True) for step in (1, 2, 3)] == [[], ["b"], []]
    came = dict(rows(found.users(step=3)))
    assert came["c"] == datetime.datetime(2024, 1, 2, 9, 50)
    assert rows(HUB.funnel(fixture(engine), STEPS[:1], HOUR))[0][:7] == (1, "view", 6, 1.0, 1.0, 0, 0)


@on_every_engine
def test_intervals(engine):
    scipy = pytest.importorskip("scipy.stats")
    found = [row[-2:] for row in rows(HUB.funnel(fixture(engine), [*STEPS, "refund"], HOUR))]
    wanted = [scipy.binomtest(count, 6).proportion_ci(0.95, "wilson") for count in (6, 5, 3, 0)]
    assert found == [pytest.approx((each.low, each.high), abs=1e-12) for each in wanted]


@on_every_engine
def test_nobody_enters(engine):
    found = HUB.funnel(fixture(engine), ["refund", "view"], HOUR)
    assert [row[2:] for row in rows(found)] == [(0, None, None, 0, 0, None, None, None, None, None)] * 2
    assert "No event has the type 'refund'." in found.definition
    assert rows(HUB.funnel(fixture(engine), ["refund", "view"], HOUR, breakdown="country")) == []
    near = HUB.funnel(fixture(engine), ["view", "carts"], HOUR)
    assert users(near) == [6, 0]
    assert "No event has the type 'carts'; did you mean 'cart'?" in near.definition
    empty = loaded(engine, [])
    assert users(HUB.funnel(empty, STEPS)) == [0, 0, 0]
    assert rows(HUB.funnel(empty, STEPS, by="day")) == []


@on_every_engine
def test_the_window_includes_its_end(engine):
    events = streams(engine, ("a", 0, "view"), ("a", 10, "cart"))
    assert users(HUB.funnel(events, ["view", "cart"], 10 * MINUTE)) == [1, 1]
    assert users(HUB.funnel(events, ["view", "cart"], 10 * MINUTE - datetime.timedelta(microseconds=1))) == [1, 0]
    assert [row[5:7] for row in rows(HUB.funnel(events, ["view", "buy"], 10 * MINUTE))] == [(1, 0), (0, 0)]
    assert [row[5:7] for row in rows(HUB.funnel(events, ["view", "buy"], 11 * MINUTE))] == [(0, 1), (0, 0)]


@on_every_engine
def test_another_start_rescues_a_user(engine):
    # The first view is too early for the purchase, and the second cart too late for it.
    events = streams(engine, ("a", 0, "view"), ("a", 30, "view"), ("a", 35, "cart"), ("a", 61, "buy"), ("a", 62, "cart"))
    found = HUB.funnel(events, STEPS, HOUR)
    assert users(found) == [1, 1, 1]
    assert [row[7] for row in rows(found)] == [0 * MINUTE, 5 * MINUTE, 31 * MINUTE]
    # Of two attempts that get equally far, the first one counts.
    assert [row[7] for row in rows(HUB.funnel(events, STEPS[:2], HOUR))] == [0 * MINUTE, 35 * MINUTE]


@on_every_engine
def test_one_event_fills_one_step(engine):
    events = streams(
        engine, ("a", 0, "view"), ("b", 0, "view"), ("b", 0, "view"), ("c", 0, "view"), ("c", 1, "view"), ("c", 1, "view")
    )
    assert users(HUB.funnel(events, ["view", "view", "view"])) == [3, 2, 1]
    assert users(HUB.funnel(events, ["view", "view", "view"], ties="strict")) == [3, 1, 0]
    assert users(HUB.funnel(events, ["view", "view", "view"], order="any")) == [3, 2, 1]
    # An event that matches both steps fills either one, and a moment with one of each kind fills both, regardless of ids.
    mixed = streams(engine, ("a", 0, "cart"), ("b", 0, "cart"), ("b", 0, "view"), ("c", 0, "view"), ("c", 0, "cart"))
    steps = [["view", "cart"], "cart"]
    assert users(HUB.funnel(mixed, steps)) == [3, 2]
    assert users(HUB.funnel(mixed, steps[::-1])) == [3, 2]
    assert users(HUB.funnel(mixed, steps, order="any")) == [3, 2]
    assert users(HUB.funnel(mixed, [lambda events: events.event_type.str.startswith("c"), "cart"])) == [3, 0]


@on_every_engine
def test_excluded_events_at_the_moment_of_a_step_exclude_nothing(engine):
    events = streams(
        engine,
        ("a", 0, "view"),
        ("a", 0, "error"),
        ("a", 5, "error"),
        ("a", 5, "cart"),
        ("b", 0, "view"),
        ("b", 2, "error"),
        ("b", 5, "cart"),
        ("b", 6, "view"),
        ("b", 7, "cart"),
        ("c", 0, "view"),
        ("c", 1, "cart"),
        ("c", 2, "error"),
        ("c", 3, "buy"),
    )
    assert users(HUB.funnel(events, STEPS, exclude="error")) == [3, 3, 0]
    assert users(HUB.funnel(events, STEPS, exclude=[("error", 1, 2)])) == [3, 3, 1]
    assert users(HUB.funnel(events, STEPS, exclude="error", entry="first")) == [3, 2, 0]
    # b has another attempt, but c does not.
    removed = HUB.funnel(events, STEPS, exclude="error", exclude_mode="remove")
    assert users(removed) == [2, 2, 0]
    assert members(removed, step=2) == ["a", "b"]
    # An attempt that has ended is not pending.
    assert [row[5:7] for row in rows(HUB.funnel(events, STEPS, exclude="error"))] == [(0, 0), (1, 2), (0, 0)]


@on_every_engine
def test_the_range_applies_to_the_first_step(engine):
    found = HUB.funnel(fixture(engine), STEPS, HOUR, start="2024-01-01", end="2024-01-02")
    # The cart of b is on the next day, and the view of a on the next day does not count.
    assert users(found) == [2, 2, 1]
    assert users(HUB.funnel(fixture(engine), STEPS, HOUR, start="2024-01-01 10:01", end="2024-01-03")) == [3, 2, 1]
    # As of that moment, b has not reached the cart yet, and may still do so.
    early = HUB.funnel(fixture(engine), STEPS, HOUR, as_of="2024-01-02 00:04")
    assert [row[2:3] + row[5:7] for row in rows(early)] == [(2, 0, 1), (1, 0, 0), (1, 0, 0)]


@on_every_engine
def test_held_columns(engine):
    events = streams(
        engine,
        ("a", 0, "view", "NL"),
        ("a", 1, "cart", "BE"),
        ("a", 2, "view", "BE"),
        ("a", 3, "cart", "NL"),
        ("b", 0, "view", None),
        ("b", 1, "cart", None),
        ("c", 0, "view", "BE"),
        ("c", 1, "cart", "NL"),
    )
    found = HUB.funnel(events, ["view", "cart"], hold="country")
    assert users(found) == [3, 1]
    assert members(found, step=1) == ["a", "c"]


@on_every_engine
def test_units_of_two_columns(engine):
    events = streams(
        engine,
        ("a", 0, "view", "NL"),
        ("a", 1, "cart", "BE"),
        ("b", 0, "view", "BE"),
        ("b", 1, "cart", "BE"),
        ("c", 0, "view", None),
        ("c", 1, "cart", None),
    )
    found = HUB.funnel(events, ["view", "cart"], unit=["user_id", "country"])
    assert users(found) == [2, 1]
    assert rows(found.users(step=2))[0][:2] == ("b", "BE")


@on_every_engine
def test_periods(engine):
    found = HUB.funnel(fixture(engine), STEPS, HOUR, by="day")
    assert found.index_columns == ["period", "step"]
    assert found.columns[-1] == "complete"
    table = {}
    for row in rows(found):
        table.setdefault(row[0], []).append(row[3])
    # The view of a on the 2nd and that of b on the 8th are separate attempts.
    assert table == {
        day(1): [2, 2, 1],
        day(2): [2, 1, 1],
        day(3): [2, 2, 1],
        day(4): [1, 0, 0],
        day(5): [0] * 3,
        day(6): [0] * 3,
        day(7): [0] * 3,
        day(8): [1, 0, 0],
    }
    assert [row[-1] for row in rows(found)] == [True] * 21 + [False] * 3
    assert members(found, period="2024-01-02", step=2) == ["c"]
    assert members(found, step=1, period="2024-01-02", dropped=True) == ["a"]
    # The windows of the 7th may end on the 8th after the last moment.
    day_long = HUB.funnel(fixture(engine), STEPS, datetime.timedelta(days=1), by="day")
    assert [row[-1] for row in rows(day_long)] == [True] * 18 + [False] * 6


@on_every_engine
def test_periods_are_local(engine):
    hub = ModelHub(time_zone="America/New_York")
    found = hub.funnel(
        streams(engine, ("a", 0, "view"), ("a", 6 * 60, "view"), ("a", 6 * 60 + 1, "cart")), ["view", "cart"], HOUR, by="day"
    )
    assert [row[:2] + row[3:4] for row in rows(found)] == [
        (datetime.date(2023, 12, 31), 1, 1),
        (datetime.date(2023, 12, 31), 2, 0),
        (day(1), 1, 1),
        (day(1), 2, 1),
    ]


#: Two users, with a different country at each step.
TRAVELERS = (
    ("a", 0, "visit", "DE"),
    ("a", 1, "view", "NL"),
    ("a", 2, "cart", "BE"),
    ("a", 3, "buy", None),
    ("a", 9, "visit", "FR"),
    ("b", 1, "view", None),
    ("b", 2, "cart", "BE"),
    ("b", 2, "cart", "AT"),
    ("b", 9, "visit", None),
)


@on_every_engine
@pytest.mark.parametrize(
    ("attribution", "expected"),
    [
        ("first_step", {"(none)": [1, 1, 0], "NL": [1, 1, 1]}),
        ("last_step", {"(none)": [1, 1, 1], "BE": [1, 1, 0]}),
        (2, {"BE": [2, 2, 1]}),
        (3, {"(none)": [2, 2, 1]}),
        ("first_defined", {"BE": [1, 1, 0], "NL": [1, 1, 1]}),
        ("last_defined", {"BE": [2, 2, 1]}),
        ("all_steps", {"(none)": [1, 0, 0], "NL": [1, 0, 0]}),
        ("user_first", {"BE": [1, 1, 0], "DE": [1, 1, 1]}),
        ("user_last", {"AT": [1, 1, 0], "FR": [1, 1, 1]}),
    ],
    ids=case_id,
)
def test_breakdowns(engine, attribution, expected):
    found = HUB.funnel(streams(engine, *TRAVELERS), STEPS, HOUR, breakdown="country", attribution=attribution)
    assert found.index_columns == ["country", "step"]
    table = {}
    for row in rows(found):
        table.setdefault(row[0], []).append(row[3])
    assert table == expected
    for country, counts in expected.items():
        assert [len(members(found, country=country, step=step)) for step in (1, 2, 3)] == counts


@on_every_engine
def test_steps_in_any_order_have_the_values_of_their_events(engine):
    events = streams(engine, ("a", 0, "buy", "NL"), ("a", 1, "view", "BE"))
    found = HUB.funnel(events, ["view", "buy"], HOUR, breakdown="country", order="any")
    assert [row[:2] + row[3:4] for row in rows(found)] == [("NL", 1, 1), ("NL", 2, 1)]


@on_every_engine
def test_small_groups_are_combined(engine):
    events = streams(
        engine,
        ("a", 0, "view", "NL"),
        ("b", 0, "view", "NL"),
        ("c", 0, "view", "BE"),
        ("d", 0, "view", "DE"),
        ("d", 1, "cart", "DE"),
        ("d", 2, "view", "BE"),
    )
    table = {(row[0], row[1]): row[3] for row in rows(HUB.funnel(events, ["view", "cart"], breakdown="country", top=1))}
    assert table == {("(other)", 1): 2, ("(other)", 2): 1, ("NL", 1): 2, ("NL", 2): 0}
    # d has attempts in Belgium and Germany, and counts once in the combined group.
    events = streams(
        engine,
        ("a", 0, "view", "NL"),
        ("b", 0, "view", "NL"),
        ("c", 0, "view", "NL"),
        ("d", 0, "view", "DE"),
        ("d", 1, "cart", "DE"),
        ("d", 2, "view", "BE"),
    )
    found = HUB.funnel(events, ["view", "cart"], breakdown="country", top=1, attribution="all_steps")
    assert {(row[0], row[1]): row[3] for row in rows(found)} == {
        ("(other)", 1): 1,
        ("(other)", 2): 1,
        ("NL", 1): 3,
        ("NL", 2): 0,
    }


@on_every_engine
def test_steps_by_conditions_of_every_kind(engine):
    events = fixture(engine)
    buyers = HUB.trend(events, where="buy").users()
    assert users(HUB.funnel(events, {"Seen": "view", "In the cart": lambda df: df.event_type == "cart"}, HOUR)) == [6, 5]
    found = HUB.funnel(events, {"Seen": "view", "In the cart": lambda df: df.event_type == "cart"}, HOUR)
    assert [row[1] for row in rows(found)] == ["Seen", "In the cart"]
    assert users(HUB.funnel(events, [events.event_type == "view", ["cart", "buy"]], HOUR)) == [6, 5]
    assert users(HUB.funnel(events, [buyers, "cart"], HOUR)) == [5, 5]
    unnamed = HUB.funnel(events, [lambda df: df.amount >= 0, "cart"], HOUR)
    assert [row[1] for row in rows(unnamed)] == ["step 1", "cart"]
    compared = HUB.funnel(events, [events.event_type == "view", (events.amount > 5).rename("much")], HOUR)
    assert [row[1] for row in rows(compared)] == ["step 1", "much"]
    # Names of columns that the computation itself uses are no problem.
    own = events.copy()
    own["step_1"], own["moment_2"], own["step_2"] = own.event_type, own.event_type, own.event_type
    assert users(HUB.funnel(own, [own.step_1 == "view", lambda df: df.step_2 == "cart", own.step_1 == "buy"], HOUR)) == [
        6,
        5,
        3,
    ]
    assert users(HUB.funnel(own, [own.moment_2 == "view", "cart", "buy"], HOUR, breakdown=own.step_2.rename("kind"))) == [
        6,
        5,
        3,
    ]


@on_every_engine
def test_a_long_user(engine):
    kinds = ("view", "cart", "buy", "view")
    events = HUB.funnel(
        loaded(
            engine,
            [
                {
                    "event_id": f"e{number:05}",
                    "user_id": "a",
                    "moment": datetime.datetime(2024, 1, 1) + number * MINUTE / 60,
                    "event_type": kinds[number % 4],
                    "country": None,
                    "amount": number,
                }
                for number in range(4_000)
            ],
        ),
        STEPS,
        MINUTE,
    )
    assert users(events) == [1, 1, 1]


@on_every_engine
def test_fifty_steps(engine):
    events = streams(engine, *(("a", number, f"t{number}") for number in range(50)))
    assert users(HUB.funnel(events, [f"t{number}" for number in range(50)], HOUR)) == [1] * 50
    assert users(HUB.funnel(events, [f"t{number}" for number in range(50)], 9 * MINUTE)) == [1] * 10 + [0] * 40
    pairs = streams(engine, *(("a", number, "ab"[number % 2]) for number in range(24)))
    assert users(HUB.funnel(pairs, ["a", "b"] * 12, HOUR)) == [1] * 24
    assert users(HUB.funnel(pairs, ["a", "b"] * 13, HOUR)) == [1] * 24 + [0] * 2


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"steps": []}, InvalidValue, "a funnel needs at least one step"),
        ({"steps": ["view"] * 51}, InvalidValue, "a funnel of 51 steps is too long"),
        ({"steps": "view"}, InvalidType, "steps of"),
        ({"steps": {1: "view"}}, InvalidType, "a mapping of strings"),
        ({"steps": {"": "view"}}, InvalidValue, "step 1 of funnel has no name"),
        ({"steps": ["view", 3]}, InvalidType, "step 2 of funnel cannot be 3"),
        ({"steps": ["view", lambda df: df.amount]}, InvalidType, "step 2 of funnel has to return a bool series"),
        ({"steps": ["view", lambda df: df["county"] == "NL"]}, ColumnNotFound, "step 2 of funnel fails for this frame"),
        ({"window": datetime.timedelta(0)}, InvalidValue, "window of funnel is 0:00:00"),
        ({"window": -HOUR}, InvalidValue, "has to be positive"),
        ({"window": datetime.timedelta(days=99_999)}, InvalidValue, "at most 100 years"),
        ({"window": 14}, InvalidType, "window"),
        (
            {"order": "ordred"},
            InvalidValue,
            "(?s)order of funnel has to be one of ordered, strict, any, not 'ordred'.*did you mean 'ordered'",
        ),
        ({"entry": "last"}, InvalidValue, "entry of funnel"),
        ({"ties": "none"}, InvalidValue, "ties of funnel"),
        ({"exclude_mode": "drop"}, InvalidValue, "exclude_mode of funnel"),
        ({"rules": "postdog"}, InvalidValue, "(?s)rules of funnel cannot be 'postdog'.*posthog"),
        ({"exclude": [("error", 0, 2)]}, InvalidValue, "exclude of funnel is between steps 0 and 2"),
        ({"exclude": [("error", 1, 4)]}, InvalidValue, "the funnel has steps 1 to 3"),
        ({"exclude": [("error", 2, 2)]}, InvalidValue, "an earlier and a later step"),
        ({"exclude": [("error", 1)]}, InvalidType, "exclude of funnel has to be a condition"),
        ({"exclude": "error", "order": "any"}, InvalidValue, "exclude of funnel needs order='ordered'"),
        ({"exclude": "error", "order": "strict"}, InvalidValue, "no other event may lie between steps anyway"),
        ({"steps": ["view"] * 21, "order": "strict"}, NotSupported, "at most 20 steps, not 21"),
        ({"hold": "county"}, ColumnNotFound, "(?s)county.*country"),
        ({"breakdown": "county"}, ColumnNotFound, "breakdown of funnel is column 'county', which the frame does not have"),
        ({"breakdown": "country", "attribution": 4}, InvalidValue, "attribution of funnel is step 4"),
        ({"breakdown": "country", "attribution": "last"}, InvalidValue, "attribution of funnel cannot be 'last'"),
        ({"breakdown": "country", "top": 0}, InvalidValue, "top is 0"),
        ({"by": "days"}, InvalidValue, "days"),
        ({"unit": "account"}, ColumnNotFound, "account is not present"),
        ({"start": "2024-01-02", "end": "2024-01-01"}, InvalidValue, "is not after start"),
        ({"steps": [lambda df, k=k: df.amount > k for k in range(8)]}, NotSupported, "too many steps of the funnel"),
    ],
    ids=case_id,
)
def test_bad_input(arguments, error, words):
    with pytest.raises(error, match=words):
        HUB.funnel(fixture("duckdb"), **{"steps": STEPS, **arguments}).to_arrow()


def test_reserved_names_in_a_funnel():
    events = fixture("duckdb").copy()
    events["reached"], events["users"] = events.user_id, events.user_id
    with pytest.raises(InvalidValue, match="'reached' has a name that funnel uses for a column of its own"):
        HUB.funnel(events, STEPS, unit="reached")
    with pytest.raises(InvalidValue, match="'users'"):
        HUB.funnel(events, STEPS, breakdown="users")


def test_many_overlapping_steps_with_strict_ties():
    steps = [lambda df, k=k: df.amount >= k for k in range(9)]
    assert users(HUB.funnel(fixture("duckdb"), steps, ties="strict"))[:2] == [6, 5]


def test_definition():
    found = HUB.funnel(
        fixture("duckdb"), STEPS, HOUR, exclude=[("error", 1, 2)], entry="first", hold="country", by="day", start="2024-01-01"
    )
    assert found.definition.splitlines()[:6] == [
        "view then cart then buy, at most 1 hour after the start.",
        "Each user_id and country counts once, by the first attempt.",
        "Events at the same moment come in any order; each event fills one step.",
        "An attempt ends if error is between steps 1 and 2.",
        "The range applies to the first step; later steps may follow after its end.",
        "Each day is a separate funnel of the attempts that start in it.",
    ]
    assert repr(HUB.funnel(fixture("duckdb"), STEPS)).startswith("<funnel(steps=['view', 'cart', 'buy'])")


@on_every_engine
def test_specs(engine):
    events = fixture(engine)
    found = HUB.funnel(
        events,
        ["view", lambda df: df.event_type == "cart", events.event_type == "buy"],
        HOUR,
        entry="first",
        exclude=[("error", 1, 2)],
        hold="country",
        breakdown="amount",
        by="day",
    )
    assert rows(HUB.from_spec(found.spec(), events)) == rows(found)


@on_every_engine
def test_events_excluded_by_where_are_ignored(engine):
    events = fixture(engine)
    # Among the six, only the error of e lies between steps: without it, e completes the funnel.
    found = HUB.funnel(events, STEPS, HOUR, order="strict", where=lambda events: events.event_type != "error")
    assert users(found) == [6, 5, 3]
    assert "e" in members(found, step=3)
    assert "Only events that match the condition passed as where are counted." in found.definition
    # c and d view, c and d have a cart, and only c buys.
    assert users(HUB.funnel(events, STEPS, HOUR, where=lambda events: events.country == "BE")) == [2, 2, 1]
    assert users(HUB.funnel(events, STEPS, HOUR, where="view")) == [6, 0, 0]
    # The value of the first event that counts: a buys first on January 1, and before that views.
    kinds = HUB.funnel(events, ["buy"], where=["cart", "buy"], breakdown="event_type", attribution="user_first")
    assert rows(kinds[["users"]]) == [("buy", 1, 1), ("cart", 1, 4)]
