"""Objectiv events in the flat table of Snowplow pipelines, with contexts in one column or in one column per kind."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping

from objectiv_local.errors import InvalidValue, NotSupported
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import call, expr_of, literal, series_of, state_of
from objectiv_local.hub.schemas.objectiv import ALL_CONTEXTS, context_type
from objectiv_local.hub.schemas.schema import Columns, Schema, Table
from objectiv_local.types import INT64, JSON, STRING, TIMESTAMP, UUID, Type

_COLUMNS: dict[str, tuple[Type, ...]] = {
    "event_id": (STRING, UUID),
    "collector_tstamp": (TIMESTAMP, STRING),
    "network_userid": (STRING, UUID),
    "domain_sessionid": (STRING, UUID),
    "se_action": (STRING,),
    "se_category": (JSON, STRING),
    "true_tstamp": (TIMESTAMP, INT64, STRING),
}

#: The column with all contexts of an event, in tables that do not have one column per context.
CONTEXTS = "contexts"

_STACK_COLUMN = re.compile(r"contexts_io_objectiv_location_stack_\d+_\d+_\d+")
_CONTEXT_COLUMN = re.compile(r"contexts_io_objectiv_context_(\w+)_context_\d+_\d+_\d+")


def _has_contexts(table: Table) -> bool:
    """Return whether a table has location stacks. Tables of Snowplow's canonical events have all other columns."""
    return CONTEXTS in table.columns or any(_STACK_COLUMN.fullmatch(name) for name in table.columns)


def _more(table: Table, contexts: tuple[str, ...]) -> Columns:
    if ALL_CONTEXTS in contexts:
        raise NotSupported(
            f"{table.title} has a column for each context, and no column with all of them",
            hint="name the contexts you need, such as global_contexts=['application']",
        )
    stack, columns = _context_columns(table, contexts)
    return dict.fromkeys((stack, *columns.values()), (JSON, STRING))


def _context_columns(table: Table, contexts: tuple[str, ...]) -> tuple[str, Mapping[str, str]]:
    """Return the column with the location stack, and the columns of the requested contexts."""
    if CONTEXTS in table.columns:
        return CONTEXTS, {}
    stacks = [name for name in table.columns if _STACK_COLUMN.fullmatch(name)]
    if len(stacks) != 1:
        raise InvalidValue(
            f"{table.title} has {'several columns' if stacks else 'no column'} of location stacks",
            hint="a flat table has either contexts, or contexts_io_objectiv_location_stack_1_0_0 and "
            "contexts_io_objectiv_context_<name>_context_1_0_0; make a view that has one of each",
        )
    found: dict[str, list[str]] = {}
    for name in table.columns:
        match = _CONTEXT_COLUMN.fullmatch(name)
        if match:
            found.setdefault(match[1], []).append(name)
    for wanted in contexts:
        if len(found.get(wanted, ())) != 1:
            raise InvalidValue(
                f"{table.title} has {'several columns' if wanted in found else 'no column'} "
                f"of the context {wanted!r}; it has {', '.join(sorted(found)) or 'no contexts'}",
                hint=f"a column is named contexts_io_objectiv_context_{wanted}_context_1_0_0",
            )
    return stacks[0], {name: found[name][0] for name in contexts}


def _events(raw: DataFrame, contexts: tuple[str, ...]) -> dict[str, Series]:
    moment = raw.true_tstamp
    if moment.dtype == "int64":
        since = call("from_microseconds", call("mul", expr_of(moment), literal(1000)))
        moment = series_of(state_of(raw), call("add", literal(datetime.datetime(1970, 1, 1)), since), "moment")
    columns = {
        "moment": moment,
        "day": moment.astype("date"),
        "user_id": _not_empty(raw.network_userid).fillna(_not_empty(raw.domain_sessionid)),
        "event_type": raw.se_action,
        "stack_event_types": raw.se_category,
    }
    stack, apart = _context_columns(Table("", tuple(raw.data_columns)), contexts)
    if stack == CONTEXTS:
        described = raw[CONTEXTS].json["data"]
        stacks = _data(described, "location_stack").json[0].json["location_stack"]
        columns["location_stack"] = stacks.astype("objectiv_location_stack")
        columns |= {name: _data(described, context_type(name)).astype("objectiv_global_context") for name in contexts}
    else:
        text = raw[stack].json[0].json.get_value("location_stack", as_str=True)
        columns["location_stack"] = text.astype("json").astype("objectiv_location_stack")
        columns |= {name: raw[column].astype("objectiv_global_context") for name, column in apart.items()}
    return columns


def _data(described: Series, type_: str) -> Series:
    """Return the data of the contexts whose schema names a type."""
    data = call("json_data", expr_of(described), literal("data"), literal("schema"), literal(type_))
    return series_of(state_of(described), data, type_)


def _not_empty(series: Series) -> Series:
    return series.where(series != "")


SNOWPLOW = Schema(
    name="snowplow",
    described=f"in Snowplow's layout {', '.join(_COLUMNS)} and {CONTEXTS}",
    columns=_COLUMNS,
    events=_events,
    stacks=True,
    sure=_has_contexts,
    more=_more,
    # An event may be sent several times; the one that was collected first counts.
    first_by=("collector_tstamp", "true_tstamp", "network_userid", "domain_sessionid", "se_action"),
)
