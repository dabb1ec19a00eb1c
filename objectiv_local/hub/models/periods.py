"""Periods: the moments of events as texts to group by."""

from __future__ import annotations

from objectiv_local.errors import InvalidType
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import strftime_pieces
from objectiv_local.hub.checks import require
from objectiv_local.hub.settings import Settings


def time_agg(settings: Settings, data: DataFrame, time_aggregation: str | None = None) -> Series:
    """Return the period of each hit: ``moment`` as text by a format, by default the hub's. Reads moment."""
    data = require(data, "time_agg", moment="timestamp")
    format_ = settings.time_aggregation if time_aggregation is None else checked_format(time_aggregation)
    period: Series = data.moment.dt.strftime(format_).rename("time_aggregation")
    return period


def checked_format(format_: object) -> str:
    """Return a format of strftime. Raises InvalidType or InvalidValue for one that makes no periods."""
    if not isinstance(format_, str) or not format_:
        raise InvalidType(f"time_aggregation has to be a format of strftime, not {format_!r}", hint="such as '%Y-%m-%d'")
    strftime_pieces(format_)
    return format_
