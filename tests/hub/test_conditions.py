"""Conversions by a condition, a function of the frame that a model is applied to, in every model that counts conversions."""

from __future__ import annotations

import pytest
from frame.frames import on_every_engine
from hub import any_events as by_hand
from hub.test_any_events import cell, converted, frame, labels, rows

from objectiv_local import DataFrame, ModelHub, sample
from objectiv_local.errors import AttributeNotFound, ColumnNotFound, InvalidType, InvalidValue, ObjectivError


def large(events):
    return (events.event_type == "buy") & (events.amount > 1)


def is_large(each):
    return each["event_type"] == "buy" and (each["amount"] or 0) > 1


def last_of_country(events):
    """Return whether an event is among the last of its country, by a window."""
    return events.groupby("country").moment.transform("max") == events.moment


def lasts_of_countries(events):
    last = {key: max(each["moment"] for each in own) for key, own in by_hand.groups(events, "country").items()}
    return lambda each: each["moment"] == last[each["country"]]


def with_a_column(events):
    events["twice"] = events.amount * 2
    return events.twice > events.twice.mean()


def above_the_mean(events):
    amounts = [each["amount"] for each in events if each["amount"] is not None]
    return lambda each: each["amount"] is not None and each["amount"] > sum(amounts) / len(amounts)


CONDITIONS = {
    "columns": (large, lambda events: is_large),
    "window": (last_of_country, lasts_of_countries),
    "assigned column and aggregate": (with_a_column, above_the_mean),
}
on_conditions = pytest.mark.parametrize("condition", CONDITIONS)


@on_every_engine
@on_conditions
def test_every_model_of_conversions(engine, condition):
    where, truth = CONDITIONS[condition]
    events, df = by_hand.drawn(), frame(engine, "text")
    converts = truth(events)
    hub = ModelHub()
    hub.add_conversion_event(name="bought", where=where)
    columns = df.columns
    assert labels(hub.map.is_conversion_event(df, "bought")) == {each["event_id"]: converts(each) for each in events}
    for key in ("session_id", "user_id", "country"):
        assert labels(hub.map.conversions_in_time(df, "bought", partition=key)) == by_hand.conversions(
            events, converts, key, in_time=True
        )
        assert labels(hub.map.conversions_counter(df, "bought", partition=key)) == by_hand.conversions(
            events, converts, key, in_time=False
        )
        assert labels(hub.map.pre_conversion_hit_number(df, "bought", partition=key)) == by_hand.pre_conversion_hit_number(
            events, converts, key
        )
    before = rows(hub.agg.top_product_features_before_conversion(df, "bought"))
    assert before == [tuple(map(cell, row)) for row in by_hand.features_before(events, converts)] != []
    assert rows(converted(hub, df, 3, "user_id")) == by_hand.paths(events, 3, "user_id", converts=converts) != []
    assert df.columns == columns


@on_every_engine
def test_a_condition_is_applied_to_the_frame_of_the_model(engine):
    hub, df = ModelHub(), frame(engine, "text")
    hub.add_conversion_event(name="bought", where=last_of_country)
    events = [each for each in by_hand.drawn() if each["event_type"] == "buy"]
    converts = lasts_of_countries(events)
    wanted = {each["event_id"]: converts(each) for each in events}
    bought = df[df.event_type == "buy"]
    assert labels(hub.map.is_conversion_event(bought, "bought")) == wanted
    assert labels(hub.map.is_conversion_event(bought.materialize("temp_table"), "bought")) == wanted


def test_conditions_are_listed_by_name():
    hub = ModelHub()
    hub.add_conversion_event(where=large)
    hub.add_conversion_event(event_type="buy")
    assert hub.conversion_events == {"conversion_1": large, "conversion_2": (None, "buy")}
    assert "with conversion events conversion_1, conversion_2" in repr(hub)
    hub.add_conversion_event(name="conversion_2", where=last_of_country)
    assert hub.conversion_events["conversion_2"] is last_of_country


def test_conditions_of_objectiv_frames():
    hub = ModelHub()
    df = hub.get_objectiv_dataframe(db_url=sample.path(), end_date="2022-01-20")
    hub.add_conversion_event(
        name="stack", location_stack=df.location_stack.json[{"id": "Quickstart Guide"} :], event_type="PressEvent"
    )
    hub.add_conversion_event(
        name="condition",
        where=lambda events: (
            (events.location_stack.json[{"id": "Quickstart Guide"} :].json.get_array_length() > 0)
            & (events.event_type == "PressEvent")
        ),
    )
    found = [hub.map.pre_conversion_hit_number(df, name).sort_index().to_pandas() for name in ("stack", "condition")]
    assert found[0].notna().any()
    assert found[0].equals(found[1])


@pytest.mark.parametrize(
    ("where", "error", "words"),
    [
        (lambda events: True, InvalidType, "has to return a bool series, not bool"),
        (lambda events: None, InvalidType, "has to return a bool series, not NoneType"),
        (lambda events: events, InvalidType, "has to return a bool series, not DataFrame"),
        (lambda events: events.amount, InvalidType, "has to return a bool series, not a series of float64"),
        (
            lambda events: events.evnt_type == "buy",
            AttributeNotFound,
            r"fails for this frame: .*evnt_type(.|\n)*did you mean 'event_type'",
        ),
        (lambda events: events["kind"] == "buy", ColumnNotFound, "fails for this frame: .*kind"),
        (lambda events: 1 / 0, InvalidValue, "fails for this frame: ZeroDivisionError: division by zero"),
        (lambda: True, InvalidValue, "fails for this frame: TypeError: .*positional argument"),
        (lambda events: events[events.amount > 10].event_type == "buy", InvalidValue, "returns a series of other rows"),
        (lambda events: events.groupby("user_id").amount.sum() > 10, InvalidValue, "returns a series of other rows"),
        (lambda events: events.groupby("user_id").amount > 10, InvalidValue, "returns a series of other rows"),
        (lambda events: events.amount.sum() > 10, InvalidValue, "returns a series of other rows"),
        (lambda events: frame("duckdb", "int64").event_type == "buy", InvalidValue, "returns a series of other rows"),
    ],
)
def test_invalid_conditions(where, error, words):
    hub, df = ModelHub(), frame("duckdb", "text")
    hub.add_conversion_event(name="bought", where=where)
    for model in (hub.map.is_conversion_event, hub.map.conversions_counter, hub.map.pre_conversion_hit_number):
        with pytest.raises(error, match=f"the condition of conversion 'bought' {words}") as caught:
            model(df, "bought")
        assert isinstance(caught.value, ObjectivError)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"where": large, "event_type": "buy"}, InvalidValue, "takes either where, or location_stack and event_type, not both"),
        (
            {"where": "amount > 10"},
            InvalidType,
            "where of ModelHub.add_conversion_event has to be a function or None, not 'amount > 10'",
        ),
        ({}, InvalidValue, "needs a condition, a location_stack, or an event_type"),
        ({"where": large, "name": ""}, InvalidValue, "cannot be empty"),
    ],
)
def test_invalid_registrations(given, error, words):
    hub = ModelHub()
    with pytest.raises(error, match=words):
        hub.add_conversion_event(**given)
    assert hub.conversion_events == {}


def test_a_condition_needs_no_connection():
    events = DataFrame.from_schema({"event_type": "string", "amount": "float64"}, dialect="postgres", table_name="events")
    hub = ModelHub()
    hub.add_conversion_event(name="bought", where=large)
    assert "amount > 1" in hub.map.is_conversion_event(events, "bought").view_sql()
