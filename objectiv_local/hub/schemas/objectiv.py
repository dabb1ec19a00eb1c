"""The table of Objectiv's collector: an event is one JSON value."""

from __future__ import annotations

from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import call, expr_of, literal, series_of, state_of
from objectiv_local.hub.schemas.schema import Schema
from objectiv_local.types import DATE, JSON, STRING, TIMESTAMP, UUID

#: The name for a single column with all global contexts.
ALL_CONTEXTS = "global_contexts"


def context_type(name: str) -> str:
    """Return the context type of a short name.

    >>> context_type("cookie_id")
    'CookieIdContext'
    """
    return "".join(part.capitalize() for part in name.split("_")) + "Context"


def _events(raw: DataFrame, contexts: tuple[str, ...]) -> dict[str, Series]:
    value = raw["value"].json
    every = value["global_contexts"]
    columns = {
        "user_id": raw.cookie_id,
        "location_stack": value["location_stack"].astype("objectiv_location_stack"),
        "event_type": value.get_value("_type", as_str=True),
        "stack_event_types": value["_types"],
    }
    for name in contexts:
        if name == ALL_CONTEXTS:
            columns[name] = every.astype("objectiv_global_contexts")
        else:
            of_type = call("json_filter", expr_of(every), literal({"_type": context_type(name)}))
            columns[name] = series_of(state_of(raw), of_type, name).astype("objectiv_global_context")
    return columns


OBJECTIV = Schema(
    name="objectiv",
    described="the raw table has event_id, day, moment, cookie_id and value (JSON)",
    columns={
        "event_id": (UUID, STRING),
        "day": (DATE, TIMESTAMP, STRING),
        "moment": (TIMESTAMP, STRING),
        "cookie_id": (UUID, STRING),
        "value": (JSON, STRING),
    },
    stacks=True,
    # Ids are unique: the collector ensures it, and a table in Postgres has them as its primary key.
    events=_events,
)
