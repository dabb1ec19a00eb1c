"""Labels of new users and first sessions."""

from __future__ import annotations

from objectiv_local.frame import DataFrame, Series
from objectiv_local.hub.checks import require
from objectiv_local.hub.models.periods import time_agg
from objectiv_local.hub.settings import Settings


def is_first_session(data: DataFrame) -> Series:
    """Return whether each hit is in the first session of its user within the frame."""
    data = require(data, "is_first_session", session_id="int64", user_id="")
    first = data.groupby("user_id").session_id.transform("min")
    return (first == data.session_id).rename("is_first_session")


def is_new_user(settings: Settings, data: DataFrame, time_aggregation: str | None = None) -> Series:
    """Return whether the first session of each hit's user falls in the same period as the hit.

    Periods are the texts that ``time_aggregation`` (a format of strftime; by default the hub's) makes of ``moment``.
    True for all hits of the user in that period, those of later sessions included. A first session that reaches
    over the end of a period marks both periods.
    """
    data = require(data, "is_new_user", session_id="int64", user_id="", moment="timestamp")
    period = time_agg(settings, data, time_aggregation)
    first_in_period = data.groupby([period, "user_id"]).session_id.transform("min")
    first = data.groupby("user_id").session_id.transform("min")
    return (first_in_period == first).rename("is_new_user")
