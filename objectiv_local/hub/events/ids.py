"""Ids of events whose source has none."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from objectiv_local.frame.authoring import Expr, Filter, Node, Ordering, aggregation, call, cast, literal, over
from objectiv_local.types import JSON, STRING

_EPOCH = datetime.datetime(1970, 1, 1)
#: Types without an order.
UNORDERED = ("json", "numeric_interval")


def without_copies(raw: Node, columns: Sequence[str], moment: Expr) -> Node:
    """Return rows that are equal in all columns once. JSON is equal if its type and its text are."""
    number = over(aggregation("row_number"), comparable(raw, columns), [Ordering(moment)])
    return Filter(raw, call("eq", number, literal(1)), "events")


def comparable(raw: Node, columns: Sequence[str]) -> list[Expr]:
    """Return expressions that tell rows apart by their columns, and have an order."""
    found: list[Expr] = []
    for name in columns:
        column: Expr = raw.column(name)
        if column.type.plain == JSON:
            column = cast(column, JSON)
            found += [call("json_type", column), call("json_text", column)]
        elif column.type.plain.name not in UNORDERED:
            found.append(column)
    return found


def made_id(raw: Node, columns: Sequence[str], user: Expr, moment: Expr, event_type: Expr) -> Expr:
    """Return ids of the events in ``raw``: the user, the microseconds of the moment since 1970, the event type, and a number.

    The number, from 1, tells events apart that are equal in these, in the order of ``columns``. So ids do not depend on the
    order of rows, and are the same on every engine; only events that differ in JSON alone are ordered by its text, which
    engines write in their own ways.
    """
    parts = (user, call("microseconds", call("sub", moment, literal(_EPOCH))), event_type)
    texts = [call("coalesce", cast(part, STRING), literal("")) for part in parts]
    event: Expr = texts[0]
    for text in texts[1:]:
        event = call("concat", call("concat", event, literal("|")), text)
    number = over(aggregation("row_number"), [event], [Ordering(part) for part in comparable(raw, columns)])
    return call("concat", call("concat", event, literal("|")), cast(number, STRING))
