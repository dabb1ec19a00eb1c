"""The event frame: the raw table of events, filtered by day, with its JSON taken apart."""

from __future__ import annotations

import datetime
import logging
import os
import re
from collections.abc import Sequence

from objectiv_local.engines import Engine, connect
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame
from objectiv_local.frame.io import from_stored
from objectiv_local.frame.savepoints import Savepoints
from objectiv_local.frame.state import State
from objectiv_local.hub.series import GLOBAL_CONTEXT, LOCATION_STACK
from objectiv_local.hub.sessions import with_sessions
from objectiv_local.plan.expr import Expr, call, cast, literal
from objectiv_local.plan.nodes import Extend, Filter, Node, Source
from objectiv_local.plan.relation import StoredTable
from objectiv_local.types import DATE, JSON, STRING, TIMESTAMP, UUID, Type

logger = logging.getLogger("objectiv_local")

#: Columns of the raw table, with the types they may be stored as; the first is the one they get.
RAW_COLUMNS: dict[str, tuple[Type, ...]] = {
    "event_id": (UUID, STRING),
    "day": (DATE, TIMESTAMP, STRING),
    "moment": (TIMESTAMP, STRING),
    "cookie_id": (UUID, STRING),
    "value": (JSON, STRING),
}

EVENT_COLUMNS = ("day", "moment", "user_id", "location_stack", "event_type", "stack_event_types")
DEFAULT_TABLE = "data"


def event_frame(db_url: object, table_name: str | None, start_date: object, end_date: object,
                global_contexts: Sequence[str], with_sessionized_data: bool,
                session_gap_seconds: float) -> DataFrame:
    """Return the event frame of a raw table. See ModelHub.get_objectiv_dataframe."""
    start, end = _date(start_date, "start_date"), _date(end_date, "end_date")
    if start is not None and end is not None and end < start:
        raise InvalidValue(f"end_date {end} is before start_date {start}", hint="swap them")
    engine = connected(db_url)
    stored = engine.table(table_name or engine.default_table or DEFAULT_TABLE)
    plan = _filtered(_raw(engine, stored), start, end)
    plan = _taken_apart(plan, global_contexts)
    names = [*EVENT_COLUMNS]
    state = State(plan, engine, engine.dialect, ("event_id",), savepoints=Savepoints())
    if with_sessionized_data:
        state = with_sessions(state, session_gap_seconds)
        names += ["session_id", "session_hit_number"]
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


def _raw(engine: Engine, stored: StoredTable) -> Node:
    """Return the raw columns in their types, cast where they are stored as text."""
    found = [name for name, _ in stored.columns]
    missing = [name for name in RAW_COLUMNS if name not in found]
    if missing:
        raise InvalidValue(
            f"{stored.relation.title} is not a table of events: it has no column {', '.join(missing)}; "
            f"found {', '.join(found) or 'no columns'}",
            hint="the raw table has event_id, day, moment, cookie_id and value (JSON); name another one with table_name")
    frame = from_stored(DataFrame, engine, stored, ["event_id"], [name for name in RAW_COLUMNS if name != "event_id"])
    plan = frame._state.plan
    assert isinstance(plan, Source)
    for name, types in RAW_COLUMNS.items():
        if plan.types[name] not in types:
            wanted = " or ".join(dict.fromkeys(str(type_) for type_ in types))
            raise InvalidType(f"column {name} of {stored.relation.title} is {plan.types[name]}, not {wanted}",
                              hint="cast it in a view, and read the view")
    # Event ids are unique: the collector sees to that, and a table in Postgres has them as its primary key.
    plan = Source(plan.relation, plan.columns, ("event_id",), plan.connection, "events")
    casts = tuple((name, cast(plan.column(name), types[0])) for name, types in RAW_COLUMNS.items()
                  if plan.types[name] != types[0])
    return Extend(plan, casts, "events") if casts else plan


def _filtered(plan: Node, start: datetime.date | None, end: datetime.date | None) -> Node:
    day = plan.column("day")
    tests = [call("ge", day, literal(start))] if start is not None else []
    tests += [call("le", day, literal(end))] if end is not None else []
    for test in tests:
        plan = Filter(plan, test, "events")
    return plan


def _taken_apart(plan: Node, global_contexts: Sequence[str]) -> Node:
    value = plan.column("value")
    columns: list[tuple[str, Expr]] = [
        ("user_id", plan.column("cookie_id")),
        ("location_stack", cast(call("json_get", value, literal("location_stack")), LOCATION_STACK)),
        ("event_type", call("json_get_text", value, literal("_type"))),
        ("stack_event_types", call("json_get", value, literal("_types"))),
    ]
    contexts = call("json_get", value, literal("global_contexts"))
    for name in global_contexts:
        of_type = call("json_filter", contexts, literal({"_type": context_type(name)}))
        columns.append((name, cast(of_type, GLOBAL_CONTEXT)))
    return Extend(plan, tuple(columns), "events")


def context_type(name: str) -> str:
    """Return the type of the contexts that a short name stands for.

    >>> context_type("cookie_id")
    'CookieIdContext'
    """
    return "".join(part.capitalize() for part in name.split("_")) + "Context"


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
        if name in (*EVENT_COLUMNS, "event_id", "session_id", "session_hit_number", "value"):
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
