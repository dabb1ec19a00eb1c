"""Edge cases of analyses: clock changes at midnight, ties, units of several columns, ranges without events."""

from __future__ import annotations

import datetime
import logging

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from frame.frames import ENGINES, opened
from hub.analyses.fixture import day, loaded, rows

from objectiv_local import DataFrame, ModelHub, did
from objectiv_local.errors import AttributeNotFound, DataInvalid, InvalidType, InvalidValue

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
HUB = ModelHub()
HOUR = datetime.timedelta(hours=1)


def frame(engine, *events):
    """Return a frame of (user, moment, event type) or (user, moment, event type, country)."""
    return loaded(
        engine,
        [
            {
                "event_id": f"e{number:02}",
                "user_id": user,
                "moment": datetime.datetime.fromisoformat(moment),
                "event_type": kind,
                "country": more[0] if more else None,
                "amount": number,
            }
            for number, (user, moment, kind, *more) in enumerate(events)
        ],
    )


@on_every_engine
def test_a_day_without_midnight_is_complete(engine):
    # On 2018-11-04, clocks in São Paulo change from 23:59 to 01:00, which is 03:00 in UTC.
    hub = ModelHub(time_zone="America/Sao_Paulo", week_start="sunday")
    events = frame(engine, ("a", "2018-11-04 03:00", "view"), ("a", "2018-11-20 12:00", "view"))
    for by in ("day", "week"):
        assert rows(hub.trend(events, by=by, start="2018-11-04", end="2018-11-05"))[0] == (
            datetime.date(2018, 11, 4),
            1,
            by == "day",
        )
        assert rows(hub.trend(events, by=by, start="2018-11-04 01:30"))[0] == (datetime.date(2018, 11, 4), 0, False)
    assert rows(hub.trend(events, by="week", start="2018-11-04"))[0] == (datetime.date(2018, 11, 4), 1, True)
    found = rows(hub.lifecycle(events, start="2018-11-04", end="2018-11-06"))
    assert [(row[0].day, row[4], row[-1]) for row in found] == [(4, 0, True), (5, 1, True)]


@on_every_engine
def test_an_hour_that_begins_before_the_range_is_not_complete(engine):
    # In Amsterdam, 02:00 occurs twice: at 00:00 and at 01:00 in UTC.
    hub = ModelHub(time_zone="Europe/Amsterdam")
    events = frame(
        engine, ("a", "2024-10-27 00:30", "view"), ("a", "2024-10-27 01:30", "view"), ("a", "2024-10-27 04:00", "view")
    )
    late, early = (datetime.datetime(2024, 10, 27, hour, tzinfo=datetime.UTC) for hour in (1, 0))
    assert rows(hub.trend(events, "events", by="hour", start=late))[0] == (datetime.datetime(2024, 10, 27, 2), 1, False)
    assert rows(hub.trend(events, "events", by="hour", start=early))[0] == (datetime.datetime(2024, 10, 27, 2), 2, True)


@on_every_engine
def test_a_midnight_that_occurs_twice_counts_from_the_first(engine):
    # In Havana, the midnight of 2023-11-05 occurs twice: at 04:00 and at 05:00 in UTC.
    hub = ModelHub(time_zone="America/Havana")
    events = frame(engine, ("a", "2023-11-05 04:30", "view"), ("a", "2023-11-06 04:45", "buy"))
    # The return is 24 hours and 15 minutes after the start, and 24 hours and 45 minutes after the start of the day.
    assert rows(hub.retention(events, "view", "buy", clock="elapsed")) == [
        (datetime.date(2023, 11, 5), 0, 1, 0, 0.0, False),
        (datetime.date(2023, 11, 5), 1, 1, 1, 1.0, False),
    ]
    events = frame(engine, ("a", "2023-11-04 04:30", "view"), ("a", "2023-11-05 04:15", "buy"))
    found = rows(hub.funnel(events, ["view"], datetime.timedelta(minutes=10), by="day"))
    assert [(row[0].day, row[-1]) for row in found] == [(4, True), (5, False)]


@on_every_engine
def test_without_events_no_period_is_known(engine):
    events = frame(engine)
    assert rows(HUB.trend(events, start="2024-01-01", end="2024-01-03")) == []
    assert rows(HUB.trend(events, start="2024-01-01", end="2024-01-03", as_of="2024-01-02")) == [
        (day(1), 0, True),
        (day(2), 0, False),
    ]


@on_every_engine
def test_the_breakdown_of_starts_at_the_same_moment_is_that_of_the_first(engine):
    events = frame(
        engine,
        ("a", "2024-01-03 12:00", "view", "NL"),
        ("a", "2024-01-03 12:00", "view", "BE"),
        ("a", "2024-01-03 13:00", "buy", "DE"),
    )
    for options in ({}, {"mode": "recurring"}, {"clock": "elapsed"}):
        found = rows(HUB.retention(events, "view", "buy", breakdown="country", **options))
        assert [row[:5] for row in found] == [("NL", day(3), 0, 1, 1)]


@on_every_engine
def test_groups_of_units_of_several_columns_are_ranked_by_units(engine):
    # In BE one unit has three events, in NL two units have one.
    events = frame(
        engine,
        ("a", "2024-01-01 10:00", "view", "BE"),
        ("a", "2024-01-01 11:00", "view", "BE"),
        ("a", "2024-01-01 12:00", "view", "BE"),
        ("a", "2024-01-01 10:00", "view", "NL"),
        ("b", "2024-01-01 10:00", "view", "NL"),
    )
    unit = ["user_id", "event_type"]
    for measure, values in (("users", (1, 2)), ("events_per_user", (3.0, 1.0)), ("events", (3, 2))):
        found = rows(HUB.trend(events, measure, unit=unit, breakdown="country", top=1))
        other, kept = values if measure != "events" else values[::-1]
        name = "BE" if measure == "events" else "NL"
        assert [row[1:3] for row in found] == [("(other)", other), (name, kept)]


@on_every_engine
def test_users_of_all_days_are_within_the_range(engine):
    events = frame(
        engine, ("a", "2024-01-03 12:00", "view"), ("b", "2024-01-08 12:00", "view"), ("c", "2023-12-20 12:00", "view")
    )
    found = HUB.active_users(events, start="2024-01-08")
    assert [row[:4] for row in rows(found)] == [(day(8), 1, 2, 3)]

    def users(**cell):
        return [row[0] for row in rows(found.users(**cell))]

    assert (users(), users(window="weekly"), users(window="monthly")) == (["b"], ["a", "b"], ["a", "b", "c"])
    assert users(day="2024-01-08", window="weekly") == ["a", "b"]
    assert users(day=None) == []
    with pytest.raises(InvalidValue, match="before the range"):
        users(day="2024-01-03")


@on_every_engine
def test_dormant_users_of_all_periods_come_from_complete_periods(engine):
    events = frame(
        engine, ("a", "2024-01-01 12:00", "view"), ("b", "2024-01-02 12:00", "view"), ("c", "2024-01-03 12:00", "view")
    )
    found = HUB.lifecycle(events)
    assert [row[4] for row in rows(found)] == [0, 1, None]
    assert [row[0] for row in rows(found.users(state="dormant"))] == ["a"]
    assert rows(found.users(period=None)) == rows(found.users(period="2024-01-03", state="dormant")) == []


@on_every_engine
@pytest.mark.parametrize("name", ["trend", "lifecycle", "active_users", "quality"])
def test_an_event_with_a_wrong_clock_does_not_square_the_number_of_periods(engine, name):
    # With an array beside each of its elements, these days and hours would fill the memory.
    events = frame(engine, ("a", "1900-01-01 00:00", "view"), ("a", "2024-01-04 12:00", "view"))
    found = getattr(HUB, name)(events)
    days = (datetime.date(2024, 1, 4) - datetime.date(1900, 1, 1)).days + 1
    if name == "quality":
        assert found.frame.to_pandas().loc["day_without_events", "of"] == days
    else:
        assert found.frame.to_arrow(10 * days).num_rows == days


@on_every_engine
def test_a_breakdown_named_total(engine):
    events = frame(
        engine,
        ("a", "2024-01-04 12:00", "view", "NL"),
        ("b", "2024-01-04 12:00", "view", "NL"),
        ("b", "2024-01-04 12:00", "view", "BE"),
    ).rename(columns={"country": "total"})
    assert rows(HUB.trend(events, breakdown="total", top=1)) == [(day(4), "(other)", 1, False), (day(4), "NL", 2, False)]
    assert [row[:4] for row in rows(HUB.retention(events, breakdown="total"))] == [("NL", day(4), 0, 2)]


def test_a_frame_of_events_is_not_a_frame_of_users():
    events = frame("duckdb", ("a", "2024-01-04 12:00", "view"))
    for options in ({"where": events}, {"breakdown": events}):
        with pytest.raises(InvalidValue, match="indexed by event_id, like the events, and not by user_id"):
            HUB.trend(events, **options)


def test_reserved_names_of_units_and_of_the_index():
    events = frame("duckdb", ("a", "2024-01-04 12:00", "view"))
    for name in ("period_before", "period_after", "first_moment", "converted", "following"):
        with pytest.raises(InvalidValue, match=f"a column '{name}', a name that analyses use themselves"):
            HUB.lifecycle(events.rename(columns={"user_id": name}), unit=name)
    named = events.reset_index().rename(columns={"event_id": "breakdown"}).set_index("breakdown")
    with pytest.raises(InvalidValue, match="'breakdown' has a name that funnel uses for a column of its own"):
        HUB.funnel(named, ["view"], breakdown="country")


def test_durations_cannot_be_grouped_by():
    events = frame("duckdb", ("a", "2024-01-04 12:00", "view"))
    events["time"] = events.moment - events.moment
    for make in (lambda: HUB.trend(events, breakdown="time"), lambda: HUB.attribution(events, "view", "time")):
        with pytest.raises(InvalidType, match="is timedelta, which cannot be grouped by"):
            make()


def test_the_index_of_a_frame_is_not_confused_with_a_column_of_an_analysis():
    events = frame("duckdb", ("a", "2024-01-04 12:00", "view", "NL"), ("a", "2024-01-04 13:00", "buy", "NL"))
    for name, make in {
        "label": lambda found: HUB.drivers(found, "view", "buy", by="country"),
        "is_start": lambda found: HUB.retention(found, "view", "buy"),
        "step_1": lambda found: HUB.funnel(found, ["view", "buy"]),
    }.items():
        with pytest.raises(InvalidValue, match=f"'{name}'"):
            make(events.reset_index().rename(columns={"event_id": name}).set_index(name))
        # A column that occurs twice, as one of two levels.
        levels = events.reset_index()
        levels[name] = levels.amount
        with pytest.raises(InvalidValue, match=f"'{name}'"):
            make(levels.set_index([name, "event_id"]))
    with pytest.raises(InvalidValue, match="unit of drivers has a column 'left'"):
        HUB.drivers(events.rename(columns={"user_id": "left"}), "view", "buy", unit="left")


@on_every_engine
def test_a_dropped_column_does_not_order_events(engine):
    # By event_id, which the frame has dropped, the view of BE would be the first one.
    events = frame(engine, ("a", "2024-01-04 12:00", "view", "BE"), ("a", "2024-01-04 12:00", "view", "NL"))
    events = events.reset_index().assign(key=lambda found: -found.amount).set_index("key").drop(columns=["event_id"])
    found = HUB.trend(events, "first_time_users", breakdown="country")
    assert rows(found) == [(day(4), "NL", 1, False)]
    assert "ordered by key" in found.definition


@on_every_engine
def test_measures_of_columns_named_like_result_columns(engine):
    events = frame(
        engine,
        ("a", "2024-01-04 12:00", "view", "NL"),
        ("a", "2024-01-04 12:00", "view", "NL"),
        ("b", "2024-01-04 12:00", "view", "BE"),
    )
    events = events.rename(columns={"amount": "value"})
    events["period"] = events.value * 10
    for column, (be, nl) in {"value": (2, 1), "period": (20, 10)}.items():
        assert rows(HUB.trend(events, ("sum", column), breakdown="country")) == [
            (day(4), "BE", be, False),
            (day(4), "NL", nl, False),
        ]
    assert rows(HUB.trend(events.reset_index(), ("nunique", "event_id"))) == [(day(4), 3, False)]


def test_specs_without_an_argument_or_with_numpy_numbers(tmp_path):
    events = frame("duckdb", ("a", "2024-01-04 12:00", "view", "NL"))
    with pytest.raises(InvalidValue, match="the spec lacks the argument 'steps', which funnel needs"):
        HUB.from_spec({"analysis": "funnel"}, events)
    with pytest.raises(InvalidValue, match="the spec lacks the argument 'touch', which attribution needs"):
        HUB.from_spec({"analysis": "attribution", "arguments": {"conversion": "view"}}, events)
    found = HUB.trend(events, breakdown="country", top=np.int64(3))
    assert found.spec()["arguments"] == {"breakdown": "country", "top": 3}
    path = tmp_path / "metrics.json"
    path.write_text('{"weekly": {"analysis": "trend"}}')
    with pytest.raises(AttributeNotFound, match="did you mean 'weekly'"):
        _ = HUB.metrics(path).weakly


def test_a_comparison_is_not_named_after_its_column():
    events = frame("duckdb", ("a", "2024-01-04 12:00", "view", "NL"))
    events["large"] = events.amount > 3
    words = "Only events that match {} are counted."
    for where in (events.amount > 3, lambda found: found.amount > 3):
        found = HUB.trend(events, where=where)
        assert found.definition.splitlines()[1] == words.format("the condition passed as where")
        assert HUB.from_spec(found.spec(), events).definition == found.definition
    assert HUB.trend(events, where=events.large).definition.splitlines()[1] == words.format("large")


@on_every_engine
def test_a_unit_column_named_events(engine):
    events = frame(
        engine,
        ("a", "2024-01-04 12:00", "view", "NL"),
        ("a", "2024-01-04 12:00", "view", "NL"),
        ("b", "2024-01-04 12:00", "view", "NL"),
    )
    events = events.rename(columns={"country": "events"})
    assert rows(HUB.trend(events, "events_per_user", unit=["user_id", "events"])) == [(day(4), 1.5, False)]


@on_every_engine
def test_events_per_user_of_users_in_and_not_in(engine):
    events = frame(
        engine, ("a", "2024-01-04 12:00", "view"), ("a", "2024-01-04 13:00", "view"), ("b", "2024-01-04 12:00", "buy")
    )
    members = HUB.trend(events, where="buy").users()
    for unit in ("user_id", ["user_id"]):
        found = HUB.trend(events, "events_per_user", breakdown=members, unit=unit)
        assert rows(found) == [(day(4), "in", 1.0, False), (day(4), "not in", 2.0, False)]
    named = events.assign(users=events.event_type, events=events.event_type)
    for name in ("users", "events"):
        found = HUB.trend(named, "events_per_user", breakdown=name, unit=["user_id", "event_type"])
        assert rows(found) == [(day(4), "buy", 1.0, False), (day(4), "view", 2.0, False)]


def test_a_frame_with_other_ids_is_not_a_frame_of_users():
    events = frame("duckdb", ("a", "2024-01-04 12:00", "view"))
    others = events.groupby("amount").agg(first=("moment", "min"))
    with pytest.raises(InvalidType, match="a frame of users whose amount is int64, and user_id of the events is string"):
        HUB.trend(events, where=others)


def test_cells_with_pandas_values():
    events = frame("duckdb", ("a", "2024-01-04 12:00", "view"), ("b", "2024-01-04 13:00", None))
    found = HUB.event_types(events)
    for missing in (None, pd.NA, float("nan"), np.nan):
        assert [row[0] for row in rows(found.users(event_type=missing))] == ["b"]
    found = HUB.trend(events, by="hour")
    assert [row[0] for row in rows(found.users(period=pd.Timestamp("2024-01-04 13:00")))] == ["b"]
    assert rows(found.users(period=pd.NaT)) == []
    for moment in ("2024-01-04T13:00+02:00", datetime.datetime(2024, 1, 4, 13, tzinfo=datetime.UTC)):
        with pytest.raises(InvalidValue, match="period of users has a time zone"):
            found.users(period=moment)


def test_dates_are_not_conditions():
    events = frame("duckdb", ("a", "2024-01-04 12:00", "view"))
    for call, words in (
        (
            lambda: HUB.retention(events, "2024-01-04"),
            "start of retention has to be a condition on events, not the date.*\n.*start_date",
        ),
        (
            lambda: HUB.paths(events, by="user_id", end=datetime.date(2024, 1, 4)),
            "end of paths has to be a condition on events, not the date.*\n.*end_date",
        ),
    ):
        with pytest.raises(InvalidValue, match=words):
            call()


def test_rules_have_no_truth_value():
    with pytest.raises(InvalidType, match="no truth value"):
        did("view") and did("buy")


def test_missing_labels_of_users():
    events = frame("duckdb", ("a", "2024-01-04 12:00", "view", None), ("b", "2024-01-04 12:00", "view", "NL"))
    assert [row[0] for row in rows(HUB.trend(events, breakdown="country").users(country=None))] == ["a"]


def test_invalid_metrics():
    events = frame(
        "duckdb",
        *((user, "2024-01-04 12:00", kind, country) for user, country in (("a", "x"), ("b", "y")) for kind in ("view", "buy")),
    )
    events["large"] = events.event_type == "buy"

    def asked(metric):
        return HUB.experiment(events, "view", "country", metric, control="x")

    with pytest.raises(InvalidType, match="not a metric of column 'large'"):
        asked(("mean", "large"))
    # As in JSON.
    assert rows(asked(["count", "buy"])) == rows(asked(("count", "buy")))


def test_errors_name_the_metric_and_its_file(tmp_path):
    path = tmp_path / "metrics.yml"
    path.write_text("weekly: {analysis: trend, arguments: {by: weekly}}")
    with pytest.raises(InvalidValue, match=r"metric .weekly. of metrics\.yml: by is not a period"):
        HUB.metrics(path).weekly(frame("duckdb", ("a", "2024-01-04 12:00", "view")))
    for text, words in (
        ("a: {analysis: trend}\na: {analysis: lifecycle}", "key 'a' occurs twice"),
        ("a: {analysis: trend, arguments: {start: 2024-13-10}}", "month must be in 1..12"),
    ):
        path.write_text(text)
        with pytest.raises(DataInvalid, match=words):
            HUB.metrics(path)


def test_returns_on_the_same_day_count_once():
    events = frame(
        "duckdb",
        ("a", "2024-01-04 12:00", "view"),
        ("a", "2024-01-04 12:01", "view"),
        ("a", "2024-01-07 09:00", "view"),
        ("b", "2024-01-04 12:00", "view"),
        ("b", "2024-01-04 23:00", "view"),
    )
    three = datetime.timedelta(days=3)
    assert rows(HUB.retention(events).usage_interval()) == [(1, three, three, three)]


@on_every_engine
def test_event_types_that_never_occur_are_logged_once_when_rows_are_fetched(engine, caplog):
    events = frame(engine, ("a", "2024-01-04 12:00", "view"), ("a", "2024-01-04 12:01", "buy"))
    found = HUB.funnel(events, ["view", "buuy", "sell"], where=["view", "buy"])
    with caplog.at_level(logging.WARNING, "objectiv_local"):
        assert found.columns
        assert "buuy" not in caplog.text
        assert found.to_arrow().column("users").to_pylist() == [1, 0, 0]
        assert caplog.messages == [
            "funnel: No event has the type 'buuy'; did you mean 'buy'?",
            "funnel: No event has the type 'sell'.",
        ]
        found.to_pandas()
        assert len(caplog.messages) == 2
        HUB.funnel(events, ["view", "buy"]).to_pandas()
        HUB.trend(events, where=lambda events: events.event_type == "none").to_pandas()
        assert len(caplog.messages) == 2
        HUB.trend(events, where="views").head()
        assert caplog.messages[2:] == ["trend: No event has the type 'views'; did you mean 'view'?"]


@on_every_engine
def test_a_breakdown_of_many_values(engine):
    many = 100_000
    table = pa.table(
        {
            "event_id": pa.array(range(many)).cast("string"),
            "user_id": pa.array(range(many)).cast("string"),
            "moment": pa.array([datetime.datetime(2024, 1, 4)] * many, pa.timestamp("us")),
            "event_type": pa.array(["view"] * many),
            "page": pa.array(["/first"] * 3 + ["/second"] * 2 + [f"/{number:06}" for number in range(many - 5)]),
        }
    )
    events = DataFrame.from_arrow(opened(engine), table, "event_id", name="many_pages", materialization="temp_table")
    largest = [("/000000", 1), ("/first", 3), ("/second", 2)]
    found = HUB.trend(events, breakdown="page", top=3)
    assert [row[1:3] for row in rows(found)] == [("(other)", many - 6), *largest]
    assert found.matrix().columns == ["(other)", "/000000", "/first", "/second"]
    assert [row[:3] for row in rows(HUB.funnel(events, ["view"], breakdown="page", top=3)[["users"]])] == [
        ("(other)", 1, many - 6),
        *((name, 1, count) for name, count in largest),
    ]
    assert [row[0] for row in rows(HUB.retention(events, breakdown="page", top=1))] == ["(other)", "/first"]
