"""Reports, as a method of the hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from objectiv_local.frame import DataFrame

if TYPE_CHECKING:
    from objectiv_local.hub.modelhub import ModelHub
    from objectiv_local.report import Report


def report(
    self: ModelHub,
    events: DataFrame,
    *,
    title: str = "Product analytics",
    start: object = None,
    end: object = None,
    by: str | None = None,
    funnel: Sequence[object] | Mapping[str, object] | None = None,
    conversion: object = None,
) -> Report:
    """Return the report of an event frame: one HTML document with the analyses that most products ask for.

    Its sections are overview, users, sessions, retention, lifecycle, features or pages, funnel, conversions and data
    quality. Each has charts, their numbers as tables, the definition in words, and the SQL for every engine.
    ``report.save(path)`` writes the document to a file, which opens offline, needs no script and requests nothing.

    ``title`` is its heading. ``start`` (inclusive) and ``end`` (exclusive) are the range, as in every analysis: earlier events
    decide who is new. ``by`` is the period, hour, day, week, month, quarter or year; by default the one of which there are a
    readable number in the range. ``funnel`` are the steps of the funnel, as ``hub.funnel`` takes them; by default the four
    event types that most users have. ``conversion`` is a condition, by default the last step.

    The numbers are computed from a copy of the columns that are read, in a temporary table, so all are of one state of the
    data; where the database allows none, from the events themselves. Incomplete periods and missing values are as in the
    analyses. A section that cannot be computed, and one without events, says so, and the rest stands.

    Reads moment and user_id; event_type, session_id and location or location_stack where the events have them. Raises
    ColumnNotFound, InvalidType and InvalidValue for events and arguments that the analyses do not take, ConnectionFailed, and
    NotSupported without the extra ``report``.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> found = hub.report(hub.events(), start="2022-03-01", title="March")
    >>> found.title, found.html[:15], len(found.sections)
    ('March', '<!DOCTYPE html>', 9)
    """
    # Reports are a layer above the hub, which is loaded when one is made.
    made: Report = import_module("objectiv_local.report").report(
        self, events, title=title, start=start, end=end, by=by, funnel=funnel, conversion=conversion
    )
    return made
