"""Sessions for any frame with users and moments."""

from __future__ import annotations

import datetime

from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, near
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import frame_of, literal, state_of
from objectiv_local.hub.checks import require
from objectiv_local.hub.events.ids import UNORDERED
from objectiv_local.hub.sessions import with_sessions
from objectiv_local.types import INT64


def sessionize(
    data: DataFrame,
    session_gap: datetime.timedelta = datetime.timedelta(minutes=30),
    *,
    user_id: str = "user_id",
    moment: str = "moment",
    event_id: str | None = None,
) -> DataFrame:
    """Return the frame with the integer columns ``session_id`` and ``session_hit_number``.

    A session ends when a user is inactive for longer than ``session_gap``. Sessions are numbered from 1 over the whole frame,
    in the order of their first hit; hits are numbered from 1 within their session, ordered by moment. ``user_id`` and
    ``moment`` are column names. ``event_id`` is a column or index level that breaks ties; by default it is ``event_id`` if the
    frame has one, and otherwise all columns. Hits without a user or without a moment have no session.

    Raises ColumnNotFound, InvalidType if the moment is not a timestamp, and InvalidValue if the frame already has sessions.

    >>> from objectiv_local import DataFrame, ModelHub
    >>> hits = DataFrame.from_schema({"uid": "string", "at": "timestamp"}, dialect="duckdb", table_name="hits")
    >>> ModelHub().sessionize(hits, user_id="uid", moment="at").columns
    ['uid', 'at', 'session_id', 'session_hit_number']
    """
    require(data, "sessionize", [user_id], **{moment: "timestamp"})
    seconds = gap_seconds(session_gap)
    state = state_of(data)
    columns = (*data.index_columns, *data.data_columns)
    for name in ("session_id", "session_hit_number"):
        if name in columns:
            raise InvalidValue(
                f"the frame already has a column {name}", hint=f"drop or rename it: frame.drop(columns=[{name!r}])"
            )
    if event_id is not None and event_id not in columns:
        raise ColumnNotFound(f"the frame has no column {event_id!r}", hint=near(event_id, columns))
    ties = (event_id,) if event_id is not None else ("event_id",) if "event_id" in columns else ()
    for name in ties:
        if state.column(name).type.plain.name in UNORDERED:
            raise InvalidType(
                f"hits cannot be ordered by {name}, which is {state.column(name).type}", hint="name another column"
            )
    # A dropped column can still be part of the sort order of the frame.
    dropped = [name for name in ("session_id", "session_hit_number") if name in state.plan.types]
    state = state.extended([(name, literal(None, INT64)) for name in dropped]) if dropped else state
    found = frame_of(
        with_sessions(state, seconds, user_id=user_id, moment=moment, ties=ties, null_is_one_user=False),
        [*data.data_columns, "session_id", "session_hit_number"],
    )
    there = found[moment].notnull()
    return found.assign(**{name: found[name].where(there) for name in ("session_id", "session_hit_number")})


def gap_seconds(gap: object) -> float:
    """Return a gap in seconds. Raises InvalidType and InvalidValue for invalid gaps."""
    if not isinstance(gap, datetime.timedelta):
        raise InvalidType(f"session_gap has to be a timedelta, not {gap!r}", hint="for instance datetime.timedelta(minutes=30)")
    if gap < datetime.timedelta(0):
        raise InvalidValue(f"session_gap is negative: {gap}", hint="for instance datetime.timedelta(minutes=30)")
    if gap.total_seconds() >= 1e9:
        raise InvalidValue(f"session_gap is longer than 30 years: {gap}", hint="for instance datetime.timedelta(minutes=30)")
    return gap.total_seconds()
