"""Periods: the moments of events as strings to group by."""

from __future__ import annotations

from objectiv_local.errors import InvalidType
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import strftime_pieces
from objectiv_local.hub.checks import require
from objectiv_local.hub.settings import Settings


def time_agg(settings: Settings, data: DataFrame, time_aggregation: str | None = None) -> Series:
    """Return the period of each hit: ``moment`` formatted as a string, by default with the hub's format.

    The string is the local time in the hub's time zone. Week codes mean what they mean in Python, regardless of the hub's
    ``week_start``: weeks of ``%U`` start on Sunday, those of ``%W`` and ``%V`` on Monday. Reads moment.
    """
    data = require(data, "time_agg", moment="timestamp")
    format_ = settings.time_aggregation if time_aggregation is None else checked_format(time_aggregation)
    period: Series = settings.clocks(data.moment).dt.strftime(format_).rename("time_aggregation")
    return period


def checked_format(format_: object) -> str:
    """Return a strftime format. Raises InvalidType or InvalidValue for one that does not produce periods."""
    if not isinstance(format_, str) or not format_:
        raise InvalidType(f"time_aggregation has to be a strftime format, not {format_!r}", hint="such as '%Y-%m-%d'")
    strftime_pieces(format_)
    return format_
