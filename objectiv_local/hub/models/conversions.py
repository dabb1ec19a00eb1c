"""Labels of conversions: which hits convert, how many have converted so far, and the hits before the first conversion."""

from __future__ import annotations

from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Expr,
    Ordering,
    WindowFrame,
    aggregation,
    call,
    case,
    expr_of,
    literal,
    over,
    series_of,
    state_of,
)
from objectiv_local.hub.checks import require
from objectiv_local.hub.conditions import held
from objectiv_local.hub.conversions import applied
from objectiv_local.hub.hits import are_by_session, in_order, null_if_ungrouped
from objectiv_local.hub.settings import Settings


def is_conversion_event(settings: Settings, data: DataFrame, name: str) -> Series:
    """Return whether each hit is the conversion ``name``, as registered with ``add_conversion_event``.

    A hit converts if the condition of the conversion holds; or if the location stack has elements; or if the hit has exactly
    the event type; or, with a stack and a type, if both apply. Reads the columns of the condition or the location stack, and
    event_type for an event type.

    Raises ColumnNotFound (a KeyError) for a name that was not registered, and for a column that the frame does not have;
    InvalidType for a condition that does not return a bool series, and InvalidValue for one that fails or returns a series of
    other rows.
    """
    conversion = settings.conversion(name)
    if callable(conversion):
        what = f"the condition of conversion {name!r}"
        return held(conversion, require(data, "is_conversion_event"), what).rename("is_conversion_event")
    stack, event_type = conversion
    data = require(data, "is_conversion_event", **({} if event_type is None else {"event_type": "string"}))
    if stack is None:
        return (data.event_type == event_type).rename("is_conversion_event")
    there = applied(stack, data, name)
    # In the state of the stack, which may come from a step of its own.
    state = state_of(there)
    converts = call("gt", call("json_length", expr_of(there)), literal(0))
    if event_type is not None:
        converts = call("and", call("eq", state.column("event_type"), literal(event_type)), converts)
    return series_of(state, converts, "is_conversion_event")


def conversions_in_time(settings: Settings, data: DataFrame, name: str, partition: str = "session_id") -> Series:
    """Return the number of conversions ``name`` up to each hit in its session (or other ``partition``).

    The hit itself and hits at the same moment count. The value is missing for hits without a session (or without a value of
    ``partition``). Reads moment, the column of the partition, and the columns of the conversion.
    """
    data = require(data, "conversions_in_time", [partition], moment="timestamp")
    return _conversions(settings, data, name, partition, in_time=True).rename("conversions_in_time")


def conversions_counter(settings: Settings, data: DataFrame, name: str, partition: str = "session_id") -> Series:
    """Return the number of conversions ``name`` in the session (or other ``partition``) of each hit.

    The series is named ``converted``. The value is missing for hits without a session (or without a value of ``partition``).
    Reads moment, the column of the partition, and the columns of the conversion.
    """
    data = require(data, "conversions_counter", [partition], moment="timestamp")
    return _conversions(settings, data, name, partition, in_time=False).rename("converted")


def pre_conversion_hit_number(settings: Settings, data: DataFrame, name: str, partition: str = "session_id") -> Series:
    """Return how many hits before the first conversion ``name`` of its session (or other ``partition``) each hit is.

    The hit just before the conversion is 1. The value is missing for the conversion itself, for hits after it, for partitions
    without a conversion, and for hits without a session (or without a value of ``partition``). Hits are ordered by moment, hit
    number and event_id; in Objectiv's frames, by session and hit number. Reads these columns, the column of the partition, and
    the columns of the conversion.
    """
    data = require(data, "pre_conversion_hit_number", [partition])
    converted = is_conversion_event(settings, data, name)
    state = state_of(converted)
    key = state.column(partition)
    hits = in_order(state, "pre_conversion_hit_number")
    so_far = over(aggregation("sum", expr_of(converted)), [key], hits, WindowFrame("ROWS", None, 0))
    in_all = over(aggregation("sum", expr_of(converted)), [key])
    before = call("and", call("eq", so_far, literal(0)), call("gt", in_all, literal(0)))
    number: Expr
    if are_by_session(state):
        number = over(aggregation("row_number"), [key, before], [Ordering(each.expr, ascending=False) for each in hits])
    else:
        # Not numbered in descending order: ties that these columns do not break would not be reversed.
        after = call("sub", over(aggregation("size"), [key, before]), over(aggregation("row_number"), [key, before], hits))
        number = call("add", after, literal(1))
    return series_of(state, null_if_ungrouped(state, partition, case([(before, number)])), "pre_conversion_hit_number")


def _conversions(settings: Settings, data: DataFrame, name: str, partition: str, *, in_time: bool) -> Series:
    converted = is_conversion_event(settings, data, name)
    state = state_of(converted)
    key = state.column(partition)
    order = (Ordering(state.column("moment")),) if in_time else ()
    total = over(aggregation("sum", expr_of(converted)), [key], order, WindowFrame("RANGE", None, 0) if in_time else None)
    return series_of(state, null_if_ungrouped(state, partition, total), converted.name)
