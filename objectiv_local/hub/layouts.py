"""The raw tables that events come in: the collector's own layout, and the flat one of Snowplow's pipelines.

Each layout becomes the same plan: event_id, day, moment, user_id, location_stack, event_type, stack_event_types, and the
contexts that were asked for.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence

from objectiv_local.engines import Engine
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import (
    Column,
    Expr,
    Extend,
    Filter,
    Node,
    Ordering,
    Source,
    StoredTable,
    aggregation,
    call,
    case,
    cast,
    literal,
    over,
)
from objectiv_local.frame.io import from_stored
from objectiv_local.hub.series import GLOBAL_CONTEXT, GLOBAL_CONTEXTS, LOCATION_STACK
from objectiv_local.types import DATE, INT64, JSON, STRING, TIMESTAMP, UUID, Type

#: Columns of the collector's table, with the types they may be stored as; the first is the one they get.
RAW_COLUMNS: dict[str, tuple[Type, ...]] = {
    "event_id": (UUID, STRING),
    "day": (DATE, TIMESTAMP, STRING),
    "moment": (TIMESTAMP, STRING),
    "cookie_id": (UUID, STRING),
    "value": (JSON, STRING),
}

#: Columns of a table of Snowplow's, likewise.
FLAT_COLUMNS: dict[str, tuple[Type, ...]] = {
    "event_id": (STRING, UUID),
    "collector_tstamp": (TIMESTAMP, STRING),
    "network_userid": (STRING, UUID),
    "domain_sessionid": (STRING, UUID),
    "se_action": (STRING,),
    "se_category": (JSON, STRING),
    "true_tstamp": (TIMESTAMP, INT64, STRING),
}

#: The column with all contexts of an event, where there is not one for each of them.
CONTEXTS = "contexts"
#: The name that stands for all global contexts in one column.
ALL_CONTEXTS = "global_contexts"

_STACK_COLUMN = re.compile(r"contexts_io_objectiv_location_stack_\d+_\d+_\d+")
_CONTEXT_COLUMN = re.compile(r"contexts_io_objectiv_context_(\w+)_context_\d+_\d+_\d+")

Days = tuple[datetime.date | None, datetime.date | None]


def events(engine: Engine, stored: StoredTable, days: Days, global_contexts: Sequence[str]) -> Node:
    """Return the events of a raw table between two days. Raises InvalidValue for a table without the columns of events."""
    found = [name for name, _ in stored.columns]
    is_flat = set(FLAT_COLUMNS) <= set(found) and not set(RAW_COLUMNS) <= set(found)
    return _flat(engine, stored, days, global_contexts) if is_flat else _collected(engine, stored, days, global_contexts)


def context_type(name: str) -> str:
    """Return the type of the contexts that a short name stands for.

    >>> context_type("cookie_id")
    'CookieIdContext'
    """
    return "".join(part.capitalize() for part in name.split("_")) + "Context"


# ---- the collector's layout


def _collected(engine: Engine, stored: StoredTable, days: Days, global_contexts: Sequence[str]) -> Node:
    missing = [name for name in RAW_COLUMNS if name not in [column for column, _ in stored.columns]]
    if missing:
        raise InvalidValue(
            f"{stored.relation.title} is not a table of events: it has no column {', '.join(missing)}; "
            f"found {', '.join(name for name, _ in stored.columns) or 'no columns'}",
            hint="the raw table has event_id, day, moment, cookie_id and value (JSON), or in Snowplow's layout "
                 f"{', '.join(FLAT_COLUMNS)} and contexts; name another one with table_name")
    # Event ids are unique: the collector sees to that, and a table in Postgres has them as its primary key.
    plan = _between(_typed(engine, stored, RAW_COLUMNS, key=("event_id",)), days)
    value = plan.column("value")
    contexts = call("json_get", value, literal("global_contexts"))
    columns: list[tuple[str, Expr]] = [
        ("user_id", plan.column("cookie_id")),
        ("location_stack", cast(call("json_get", value, literal("location_stack")), LOCATION_STACK)),
        ("event_type", call("json_get_text", value, literal("_type"))),
        ("stack_event_types", call("json_get", value, literal("_types"))),
    ]
    for name in global_contexts:
        if name == ALL_CONTEXTS:
            columns.append((name, cast(contexts, GLOBAL_CONTEXTS)))
        else:
            of_type = call("json_filter", contexts, literal({"_type": context_type(name)}))
            columns.append((name, cast(of_type, GLOBAL_CONTEXT)))
    return Extend(plan, tuple(columns), "events")


# ---- Snowplow's layout


def _flat(engine: Engine, stored: StoredTable, days: Days, global_contexts: Sequence[str]) -> Node:
    if ALL_CONTEXTS in global_contexts:
        raise NotSupported(f"{stored.relation.title} has its contexts apart, and no column with all of them",
                           hint="name the contexts you need, such as global_contexts=['application']")
    stack, contexts = _context_columns(stored, global_contexts)
    types: dict[str, tuple[Type, ...]] = dict.fromkeys({stack, *contexts.values()}, (JSON, STRING))
    plan = _typed(engine, stored, FLAT_COLUMNS | types, key=None)

    moment: Expr = plan.column("true_tstamp")
    if moment.type == INT64:
        since = call("from_microseconds", call("mul", moment, literal(1000)))
        moment = call("add", literal(datetime.datetime(1970, 1, 1)), since)
    user, visit = (_not_empty(plan.column(name)) for name in ("network_userid", "domain_sessionid"))
    # An event may be sent several times; the one that was collected first counts.
    sent = [Ordering(plan.column(name)) for name in
            ("collector_tstamp", "true_tstamp", "network_userid", "domain_sessionid", "se_action")]
    first = call("eq", over(aggregation("row_number"), [plan.column("event_id")], sent), literal(1))
    columns: list[tuple[str, Expr]] = [
        ("moment", moment), ("day", cast(moment, DATE)), ("user_id", call("coalesce", user, visit)),
        ("event_type", plan.column("se_action")), ("stack_event_types", plan.column("se_category"))]
    if stack == CONTEXTS:
        described = call("json_get", plan.column(CONTEXTS), literal("data"))
        stacks = call("json_data", described, literal("location_stack"))
        columns.append(("location_stack", cast(call("json_get", call("json_index", stacks, literal(0)),
                                                    literal("location_stack")), LOCATION_STACK)))
        columns += [(name, cast(call("json_data", described, literal(context_type(name))), GLOBAL_CONTEXT))
                    for name in global_contexts]
    else:
        text = call("json_get_text", call("json_index", plan.column(stack), literal(0)), literal("location_stack"))
        columns.append(("location_stack", cast(cast(text, JSON), LOCATION_STACK)))
        columns += [(name, cast(plan.column(contexts[name]), GLOBAL_CONTEXT)) for name in global_contexts]
    plan = Filter(plan, first, "events", left_key=("event_id",))
    return _between(Extend(plan, tuple(columns), "events"), days)


def _not_empty(column: Column) -> Expr:
    return case([(call("ne", column, literal("")), column)])


def _context_columns(stored: StoredTable, global_contexts: Sequence[str]) -> tuple[str, Mapping[str, str]]:
    """Return the column with the location stack, and those of the contexts that were asked for."""
    names = [name for name, _ in stored.columns]
    if CONTEXTS in names:
        return CONTEXTS, {}
    stacks = [name for name in names if _STACK_COLUMN.fullmatch(name)]
    if len(stacks) != 1:
        raise InvalidValue(f"{stored.relation.title} has {'several columns' if stacks else 'no column'} of location stacks",
                           hint="a flat table has either contexts, or contexts_io_objectiv_location_stack_1_0_0 and "
                                "contexts_io_objectiv_context_<name>_context_1_0_0; make a view that has one of each")
    found: dict[str, list[str]] = {}
    for name in names:
        match = _CONTEXT_COLUMN.fullmatch(name)
        if match:
            found.setdefault(match[1], []).append(name)
    for wanted in global_contexts:
        if len(found.get(wanted, ())) != 1:
            raise InvalidValue(f"{stored.relation.title} has {'several columns' if wanted in found else 'no column'} "
                               f"of the context {wanted!r}; it has {', '.join(sorted(found)) or 'no contexts'}",
                               hint=f"a column is named contexts_io_objectiv_context_{wanted}_context_1_0_0")
    return stacks[0], {name: found[name][0] for name in global_contexts}


# ---- both


def _typed(engine: Engine, stored: StoredTable, wanted: Mapping[str, tuple[Type, ...]], key: tuple[str, ...] | None) -> Node:
    """Return the columns of a table in the types they get, cast where they are stored as others."""
    frame = from_stored(DataFrame, engine, stored, ["event_id"], [name for name in wanted if name != "event_id"])
    plan = frame._state.plan
    assert isinstance(plan, Source)
    casts: list[tuple[str, Expr]] = []
    for name, types in wanted.items():
        found = plan.types[name].plain
        if found not in types:
            given = " or ".join(dict.fromkeys(str(type_) for type_ in types))
            raise InvalidType(f"column {name} of {stored.relation.title} is {plan.types[name]}, not {given}",
                              hint="cast it in a view, and read the view")
        if found != types[0] and found != INT64:
            casts.append((name, cast(plan.column(name), types[0])))
    plan = Source(plan.relation, plan.columns, key or plan.key, plan.connection, "events", plan.row_id)
    return Extend(plan, tuple(casts), "events") if casts else plan


def _between(plan: Node, days: Days) -> Node:
    day = plan.column("day")
    for op, limit in zip(("ge", "le"), days, strict=True):
        if limit is not None:
            plan = Filter(plan, call(op, day, literal(limit)), "events")
    return plan
