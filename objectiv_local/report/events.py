"""The events of a report: a copy of the columns that it reads, its range, and the features that users interacted with."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import rows_kept
from objectiv_local.hub.locations import location_names
from objectiv_local.hub.models.product_features import INTERACTIVE, TYPES

FEATURE: Final = "feature"
#: Large columns that only conditions read.
_LARGE: Final = ("location_stack", TYPES, "global_contexts", "properties")


@contextmanager
def copy_of(events: DataFrame, conditions: Sequence[object]) -> Iterator[DataFrame]:
    """Yield the columns of events that a report reads, copied to a temporary table, so that all numbers are of the same state
    of the data and sessions are computed once.

    Yields the events themselves if conditions are series or frames, which belong to the original events, or if the database
    does not allow a temporary table.
    """
    copied = with_features(events)
    given = list(_each(conditions))
    if any(not isinstance(each, str) and not callable(each) for each in given):
        yield copied
        return
    if all(isinstance(each, str) for each in given):
        copied = copied[[name for name in copied.data_columns if name not in _LARGE]]
    with rows_kept(copied, "events_of_report") as kept:
        yield kept


def _each(given: object) -> Iterator[object]:
    """Yield the single conditions in lists and mappings."""
    if isinstance(given, Mapping):
        given = list(given.values())
    if isinstance(given, list | tuple):
        for each in given:
            yield from _each(each)
    elif given is not None:
        yield given


def with_features(events: DataFrame) -> DataFrame:
    """Return events with the name of the feature that each one interacts with, if they have location stacks."""
    found = events.copy()
    if not {"location_stack", TYPES} <= {*events.data_columns} or FEATURE in events.data_columns:
        return found
    interactive = events[TYPES].json.array_contains(INTERACTIVE)
    found[FEATURE] = location_names(events, None, "report").where(interactive, None)
    return found


def in_range(events: DataFrame, start: datetime.datetime | None, end: datetime.datetime | None) -> DataFrame:
    """Return the events from ``start`` (inclusive) to ``end`` (exclusive), in UTC."""
    found = events if start is None else events[events.moment >= start]
    ranged: DataFrame = found if end is None else found[found.moment < end]
    return ranged
