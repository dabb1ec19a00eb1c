"""Frequency: how often users come back."""

from __future__ import annotations

from objectiv_local.frame import DataFrame, Series
from objectiv_local.hub.checks import require


def frequency(data: DataFrame) -> Series:
    """Return the number of users for each number of sessions per user, indexed by ``session_id_nunique``.

    The series is named ``user_id_nunique``. Hits without a user do not count. Reads user_id and session_id.
    """
    data = require(data, "frequency", user_id="", session_id="")
    sessions = data[data.user_id.notnull()].groupby("user_id").session_id.nunique().to_frame().reset_index()
    counted: Series = sessions.groupby("session_id_nunique").user_id.nunique()
    return counted
