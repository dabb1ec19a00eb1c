"""The report, as a method of the hub."""

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
    """Return a report on an event frame: one HTML document with the most common analyses.

    Its sections are overview, users, sessions, retention, lifecycle, features or pages, funnel, conversions and data
    quality. Each section has charts, the numbers as tables, the definition in words, and the SQL for every engine.
    ``report.save(path)`` writes the document to a file, which opens offline, without scripts or network requests.

    ``title`` is the heading. ``start`` (inclusive) and ``end`` (exclusive) are the range, as in every analysis; earlier events
    are only used to determine who is new. ``by`` is the period: hour, day, week, month, quarter or year; by default the one
    that divides the range into a readable number of periods. ``funnel`` is the steps of the funnel, as in ``hub.funnel``; by
    default the four event types with the most users. ``conversion`` is a condition, by default the last step.

    The required columns are copied to a temporary table first, so that all numbers are of the same state of the data; if the
    database does not allow that, the events are read directly. Incomplete periods and missing values are as in the analyses. A
    section that cannot be computed or has no events contains a note, and the other sections are not affected.

    Reads moment and user_id, and if present event_type, session_id and location or location_stack. Raises ColumnNotFound,
    InvalidType and InvalidValue for events and arguments that the analyses do not accept, ConnectionFailed, and NotSupported
    without the extra ``report``.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> found = hub.report(hub.events(), start="2022-03-01", title="March")
    >>> found.title, found.html[:15], len(found.sections)
    ('March', '<!DOCTYPE html>', 9)
    """
    # Reports are a layer above the hub, so the module is imported when a report is created.
    made: Report = import_module("objectiv_local.report").report(
        self, events, title=title, start=start, end=end, by=by, funnel=funnel, conversion=conversion
    )
    return made
