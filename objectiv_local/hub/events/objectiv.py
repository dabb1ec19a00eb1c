"""Objectiv's event frame: a raw table of events, filtered by day, with resolved users and computed sessions."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import (
    Filter,
    Ordering,
    Source,
    State,
    aggregation,
    call,
    cast,
    expr_of,
    frame_of,
    literal,
    over,
    state_of,
    stored_frame,
)
from objectiv_local.hub import identity, series  # noqa: F401 - registers the types of location stacks and contexts
from objectiv_local.hub.events.source import DEFAULT_TABLE, connected
from objectiv_local.hub.schemas import recognized
from objectiv_local.hub.schemas.schema import Columns, Schema, Table
from objectiv_local.hub.sessions import with_sessions
from objectiv_local.hub.settings import Settings
from objectiv_local.types import INT64

#: The first and the last day of a frame; None for no limit.
Days = tuple[datetime.date | None, datetime.date | None]

EVENT_COLUMNS = ("day", "moment", "user_id", "location_stack", "event_type", "stack_event_types")

#: The column of identity contexts while users are resolved.
_IDENTITIES = "identity"
#: Columns that a frame has while it is built, whose names contexts cannot have.
_INNER = ("value", identity.IDENTITY, "is_session_start", "user_hit_number", "session_start_number")


def get_objectiv_dataframe(
    settings: Settings,
    *,
    db_url: object = None,
    table_name: str | None = None,
    start_date: object = None,
    end_date: object = None,
    with_sessionized_data: bool = True,
    session_gap_seconds: float = 1800,
    identity_resolution: str | None = None,
    anonymize_unidentified_users: bool = True,
) -> DataFrame:
    """Return an event frame from a raw table, one row per event. Looks the table up once and reads no rows.

    ``db_url`` is anything that ``objectiv_local.connect`` accepts: a ``postgresql://`` URL, a Parquet file, a directory, a
    ``.duckdb`` file, a connection, or a table in memory. By default, the environment variable ``DSN`` is used and, if it is not
    set, the bundled sample, with a notice. ``table_name`` is ``data`` by default, or the only table of the target.

    The raw table has event_id, day, moment, cookie_id and value, the event as JSON; ids, days, moments and JSON stored as
    strings are cast. Event ids have to be unique, as the collector stores them; for a table with repeated ids, use a view
    without the duplicates. ``start_date`` and ``end_date``, dates or strings as ``YYYY-MM-DD``, are inclusive. They filter by
    ``day`` before sessions are computed, so a session that began earlier starts on the first day instead.

    The index is ``event_id``. Columns: day, moment, user_id, location_stack, event_type, stack_event_types; then session_id and
    session_hit_number, unless ``with_sessionized_data=False``; then one for each global context. A session ends when the user
    is inactive for longer than ``session_gap_seconds``. Sessions are numbered by their first hit over the whole frame, so the
    number of a session depends on the dates.

    ``identity_resolution`` is the ``id`` of an IdentityContext, such as ``'email'``: ``user_id`` becomes the string
    ``<value>|<id>`` of the last such context that the cookie sent within the frame, and sessions are computed for that user.
    Users who sent none keep their cookie for the sessions, and have no ``user_id`` afterwards; with
    ``anonymize_unidentified_users=False``, their ``user_id`` is the cookie.

    Tables of Snowplow pipelines can also be read: event_id, collector_tstamp, network_userid, domain_sessionid, se_action,
    se_category, true_tstamp, and either a column ``contexts`` or one for each kind of context. Of several events with the same
    id, the first one collected is kept. Ids of events and users are strings.

    Raises TableNotFound, ConnectionFailed, InvalidValue for a table without the columns of events and for invalid dates, and
    InvalidType for columns of other types. A value that cannot be cast raises DataInvalid when rows are fetched.
    """
    start, end = _date(start_date, "start_date"), _date(end_date, "end_date")
    if start is not None and end is not None and end < start:
        raise InvalidValue(f"end_date {end} is before start_date {start}", hint="swap them")
    engine = connected(db_url)
    stored = engine.table((engine.default_table or DEFAULT_TABLE) if table_name is None else table_name)
    table = Table(stored.relation.title, tuple(name for name, _ in stored.columns))
    schema = recognized(table)
    contexts = settings.global_contexts
    if identity_resolution is not None and _IDENTITIES not in contexts:
        contexts = (*contexts, _IDENTITIES)
    wanted = {**schema.columns, **schema.more(table, contexts)}
    raw = stored_frame(engine, stored, ["event_id"], [name for name in wanted if name != "event_id"])
    state = typed_events(raw, table, schema, contexts, (start, end))
    names = [*EVENT_COLUMNS]
    if identity_resolution is not None:
        state = identity.resolved(state, _IDENTITIES, identity_resolution)
    if with_sessionized_data:
        state = with_sessions(state, session_gap_seconds)
        names += ["session_id", "session_hit_number"]
    if identity_resolution is not None and anonymize_unidentified_users:
        # Computed after sessions, which use the cookies of unidentified users.
        state = identity.anonymised(state)
    return frame_of(state, [*names, *settings.global_contexts])


def typed_events(
    raw: DataFrame,
    table: Table,
    schema: Schema,
    properties: tuple[str, ...],
    days: Days = (None, None),
    *,
    ids_differ: bool = True,
) -> State:
    """Return the events of a raw table between two days, with the columns that its schema computes.

    With ``ids_differ``, event ids are assumed to be a key of the table, as the collector stores them.
    """
    state = _typed(raw, table, {**schema.columns, **schema.more(table, properties)}, ids_differ and not schema.first_by)
    rows = state
    if schema.first_by:
        order = [Ordering(state.column(name)) for name in schema.first_by]
        number = over(aggregation("row_number"), [state.column("event_id")], order)
        rows = state.with_plan(Filter(state.plan, call("eq", number, literal(1)), "events", left_key=("event_id",)))
    # If days are stored, nothing is computed for the rows of other days.
    rows = _between(rows, days) if "day" in schema.columns else rows
    columns = schema.events(frame_of(rows, [name for name in rows.plan.types if name != "event_id"]), properties)
    state = rows.extended([(name, expr_of(column)) for name, column in columns.items()], "events")
    return state if "day" in schema.columns else _between(state, days)


def _typed(raw: DataFrame, table: Table, wanted: Columns, ids_differ: bool) -> State:
    """Return the columns of a table in the types of its schema, cast if they are stored in others."""
    state = state_of(raw)
    plan = state.plan
    casts = []
    for name, types in wanted.items():
        found = plan.types[name].plain
        if found not in types:
            given = " or ".join(dict.fromkeys(str(type_) for type_ in types))
            raise InvalidType(
                f"column {name} of {table.title} is {plan.types[name]}, not {given}",
                hint="cast it in a view, and read the view",
            )
        if found != types[0] and found != INT64:
            casts.append((name, cast(plan.column(name), types[0])))
    if isinstance(plan, Source):
        key = ("event_id",) if ids_differ else plan.key
        plan = Source(plan.relation, plan.columns, key, plan.connection, "events", plan.row_id, plan.stored)
    return state.with_plan(plan).extended(casts, "events") if casts else state.with_plan(plan)


def _between(state: State, days: Days) -> State:
    """Return the events from the first to the last of two days, if given."""
    plan, day = state.plan, state.column("day")
    for op, limit in zip(("ge", "le"), days, strict=True):
        if limit is not None:
            plan = Filter(plan, call(op, day, literal(limit)), "events")
    return state.with_plan(plan)


def checked_contexts(global_contexts: object) -> tuple[str, ...]:
    """Return the names of contexts to extract. Raises InvalidType or InvalidValue for anything but a list of names."""
    if global_contexts is None:
        return ()
    if isinstance(global_contexts, str) or not isinstance(global_contexts, Sequence):
        raise InvalidType(
            f"global_contexts has to be a list of names, not {global_contexts!r}",
            hint="for instance ['application', 'marketing']",
        )
    for name in global_contexts:
        if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
            raise InvalidValue(
                f"{name!r} is not the name of a context",
                hint="names are lower case with underscores: 'cookie_id' is the CookieIdContext",
            )
        if name in (*EVENT_COLUMNS, "event_id", "session_id", "session_hit_number", *_INNER):
            raise InvalidValue(f"a context cannot be named {name!r}, which is a column of the event frame")
    if len(set(global_contexts)) != len(global_contexts):
        raise InvalidValue(f"a context is named twice: {list(global_contexts)!r}")
    return tuple(global_contexts)


def _date(value: object, name: str) -> datetime.date | None:
    if value is None:
        return None
    if isinstance(value, datetime.datetime):
        raise InvalidValue(f"{name} has to be a day, not the moment {value}", hint="pass a string YYYY-MM-DD or value.date()")
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            pass
    raise InvalidValue(f"{name} is not a day in the form YYYY-MM-DD: {value!r}", hint=f"for instance {name}='2022-02-01'")
