"""The event frame: the raw table of events, filtered by day, with users resolved and sessions told apart."""

from __future__ import annotations

import datetime
import logging
import os
import re
from collections.abc import Sequence

from objectiv_local.engines import Engine, connect
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import State
from objectiv_local.frame.savepoints import Savepoints
from objectiv_local.hub import identity, layouts
from objectiv_local.hub.sessions import with_sessions

logger = logging.getLogger("objectiv_local")

EVENT_COLUMNS = ("day", "moment", "user_id", "location_stack", "event_type", "stack_event_types")
DEFAULT_TABLE = "data"

#: The column of identity contexts, while users are resolved.
_IDENTITIES = "identity"
#: Columns that a frame has while it is made, which no context may replace.
_INNER = ("value", identity.IDENTITY, "is_session_start", "user_hit_number", "session_start_number")


def event_frame(db_url: object, table_name: str | None, start_date: object, end_date: object,
                global_contexts: Sequence[str], with_sessionized_data: bool, session_gap_seconds: float,
                identity_resolution: str | None, anonymize_unidentified_users: bool) -> DataFrame:
    """Return the event frame of a raw table. See ModelHub.get_objectiv_dataframe."""
    start, end = _date(start_date, "start_date"), _date(end_date, "end_date")
    if start is not None and end is not None and end < start:
        raise InvalidValue(f"end_date {end} is before start_date {start}", hint="swap them")
    engine = connected(db_url)
    stored = engine.table((engine.default_table or DEFAULT_TABLE) if table_name is None else table_name)
    contexts = [*global_contexts]
    if identity_resolution is not None and _IDENTITIES not in contexts:
        contexts.append(_IDENTITIES)
    plan = layouts.events(engine, stored, (start, end), contexts)
    names = [*EVENT_COLUMNS]
    state = State(plan, engine, engine.dialect, ("event_id",), savepoints=Savepoints())
    if identity_resolution is not None:
        state = identity.resolved(state, _IDENTITIES, identity_resolution)
    if with_sessionized_data:
        state = with_sessions(state, session_gap_seconds)
        names += ["session_id", "session_hit_number"]
    if identity_resolution is not None and anonymize_unidentified_users:
        # Sessions of those who are anonymous now were told apart by their cookies.
        state = identity.anonymised(state)
    return DataFrame(state, [*names, *global_contexts])


def connected(db_url: object) -> Engine:
    """Return the connection to what is given, else to ``DSN``, else to the bundled sample, with a notice."""
    if db_url is not None:
        return connect(db_url)
    if os.environ.get("DSN"):
        return connect(os.environ["DSN"])
    from objectiv_local import sample

    logger.warning("no db_url given and DSN is not set: reading the bundled sample data")
    return connect(sample.path())


def checked_contexts(global_contexts: object) -> tuple[str, ...]:
    """Return the names of contexts to extract. Raises InvalidType or InvalidValue for what is no list of names."""
    if global_contexts is None:
        return ()
    if isinstance(global_contexts, str) or not isinstance(global_contexts, Sequence):
        raise InvalidType(f"global_contexts is a list of names, not {global_contexts!r}",
                          hint="for instance ['application', 'marketing']")
    for name in global_contexts:
        if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
            raise InvalidValue(f"{name!r} is not the name of a context",
                               hint="names are lower case with underscores: 'cookie_id' is the CookieIdContext")
        if name in (*EVENT_COLUMNS, "event_id", "session_id", "session_hit_number", *_INNER):
            raise InvalidValue(f"a context cannot be named {name!r}, which is a column of the event frame")
    if len(set(global_contexts)) != len(global_contexts):
        raise InvalidValue(f"a context is named twice: {list(global_contexts)!r}")
    return tuple(global_contexts)


def _date(value: object, name: str) -> datetime.date | None:
    if value is None:
        return None
    if isinstance(value, datetime.datetime):
        raise InvalidValue(f"{name} is a day, not the moment {value}", hint="pass a text YYYY-MM-DD or value.date()")
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            pass
    raise InvalidValue(f"{name} is not a day in the form YYYY-MM-DD: {value!r}", hint=f"for instance {name}='2022-02-01'")
