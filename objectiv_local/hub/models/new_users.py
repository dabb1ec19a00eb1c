"""Labels of new users and first sessions."""

from __future__ import annotations

from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
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
from objectiv_local.hub.hits import SESSION, USER, in_order, null_if_ungrouped, sessions_are_numbered
from objectiv_local.hub.models.periods import time_agg
from objectiv_local.hub.settings import Settings


def is_first_session(data: DataFrame) -> Series:
    """Return whether each hit is in the first session of its user within the frame, that is, the one that began first.

    Missing for hits without a user or a session. Reads user_id and session_id, and moment and event_id unless session ids are
    numbers that the hub computed.
    """
    data = require(data, "is_first_session", session_id="", user_id="")
    if not sessions_are_numbered(state_of(data)):
        return _in_first_session(data, "is_first_session")
    first = data.groupby("user_id").session_id.transform("min")
    return (first == data.session_id).rename("is_first_session")


def is_new_user(settings: Settings, data: DataFrame, time_aggregation: str | None = None) -> Series:
    """Return whether the first session of each hit's user falls in the same period as the hit.

    Periods are the strings that ``time_aggregation`` (a strftime format, by default the hub's) makes of ``moment``. True for
    all hits of the user in that period, including hits of later sessions. A first session that spans the end of a period
    marks both periods. Missing for hits without a user. Reads user_id, session_id and moment, and event_id unless session ids
    are numbers that the hub computed.
    """
    data = require(data, "is_new_user", session_id="", user_id="", moment="timestamp")
    period = time_agg(settings, data, time_aggregation)
    if not sessions_are_numbered(state_of(data)):
        first_sessions = _in_first_session(data, "is_new_user")
        state = state_of(first_sessions)
        touched = over(aggregation("any", expr_of(first_sessions)), [expr_of(period), state.column(USER)])
        return series_of(state, null_if_ungrouped(state, USER, touched), "is_new_user")
    first_in_period = data.groupby([period, "user_id"]).session_id.transform("min")
    first = data.groupby("user_id").session_id.transform("min")
    return (first_in_period == first).rename("is_new_user")


def _in_first_session(data: DataFrame, model: str) -> Series:
    """Return whether each hit is in the session of its user's first hit. Works with any session ids."""
    state = state_of(data)
    user, session = state.column(USER), state.column(SESSION)
    # Hits without a session come last.
    lacks_session = Ordering(case([(call("is_null", session), literal(1))], literal(0)))
    order = (lacks_session, *in_order(state, model))
    first = over(aggregation("first_value", session), [user], order, WindowFrame("ROWS", None, 0))
    return series_of(state, null_if_ungrouped(state, USER, call("eq", first, session)), model)
