"""Snapshots of event frames, opened as they were written."""

from __future__ import annotations

import os

from objectiv_local import snapshot
from objectiv_local.engines import connect
from objectiv_local.errors import InvalidValue
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Call, Cast, Column, Expr, Extend, Literal, Node, origin_of, state_of
from objectiv_local.hub.settings import Settings
from objectiv_local.types import DATE

#: The columns of an event frame.
_COLUMNS = {"event_id", "day", "moment", "user_id", "event_type", "session_id", "session_hit_number"}


def of_snapshot(
    settings: Settings, source: object, table_name: str | None, **given: object
) -> tuple[object, str | None, DataFrame | None]:
    """Return the source and table to read events from; and, if they are the snapshot of an event frame, that frame.

    On a connection that reads files, such as Spark, ``table_name`` can be the directory of a snapshot. A snapshot of any other
    frame is the source, and is read like other tables. Raises InvalidValue for arguments that would change the event frame.
    """
    if isinstance(source, str | os.PathLike) and snapshot.is_snapshot(source):
        opened = snapshot.open(source)
        given |= {"table_name": table_name}
    elif table_name is not None and "/" in table_name and not isinstance(source, DataFrame):
        source = connect(source)
        if not snapshot.is_snapshot(table_name, on=source):
            return source, table_name, None
        opened = snapshot.open(table_name, on=source)
    else:
        return source, table_name, None
    if opened.index_columns != ["event_id"] or not {*opened.index_columns, *opened.data_columns} >= _COLUMNS:
        return opened, given.get("table_name"), None  # type: ignore[return-value]
    passed = [name for name, value in given.items() if value is not None]
    if passed:
        raise InvalidValue(
            f"{passed[0]} cannot be set for a snapshot of an event frame, which is opened as it was written",
            hint="filter it, as in events[events.moment >= '2024-03-01'], or create another frame from the original source",
        )
    zone = _zone(opened)
    if zone is not None and zone != settings.time_zone:
        opened["day"] = settings.clocks(opened.moment).dt.date
    return source, None, opened


def _zone(frame: DataFrame) -> str | None:
    """Return the time zone of an event frame's days; None if days were stored."""
    state = state_of(frame)
    plan: Node = state.plan
    while plan.inputs():
        plan = plan.inputs()[0]
    origin = origin_of(plan, state.engine)  # type: ignore[arg-type]
    while origin is not None and origin.inputs():
        if isinstance(origin, Extend) and "day" in dict(origin.columns):
            return _zone_of(dict(origin.columns)["day"])
        origin = origin.inputs()[0]
    return None


def _zone_of(day: Expr) -> str | None:
    match day:
        case Cast(Column("moment"), type_) if type_ == DATE:
            return "UTC"
        case Cast(Call("at_zone", (Column("moment"), Literal(zone))), type_) if type_ == DATE:
            return str(zone)
    return None
