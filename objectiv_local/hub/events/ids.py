"""Event ids for sources without them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from objectiv_local.frame.authoring import Expr, Filter, Node, Ordering, aggregation, call, cast, literal, over
from objectiv_local.types import JSON, STRING

_EPOCH = datetime.datetime(1970, 1, 1)
#: Types that cannot be sorted.
UNORDERED = ("json", "numeric_interval")


def without_copies(raw: Node, columns: Sequence[str], moment: Expr) -> Node:
    """Return the rows without duplicates. JSON values are duplicates if their type and text are equal."""
    number = over(aggregation("row_number"), comparable(raw, columns), [Ordering(moment)])
    return Filter(raw, call("eq", number, literal(1)), "events")


def comparable(raw: Node, columns: Sequence[str]) -> list[Expr]:
    """Return expressions that identify a row by its columns, and that can be sorted and grouped."""
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
    """Return an id for each event in ``raw``: user, microseconds since 1970, event type and a counter, separated by ``|``.

    The counter, from 1, distinguishes events that are equal otherwise; it follows the order of ``columns``. Ids therefore do
    not depend on the order of rows, and are the same on every engine. Events that differ only in JSON are ordered by its text,
    which engines format differently.
    """
    parts = (user, call("microseconds", call("sub", moment, literal(_EPOCH))), event_type)
    texts = [call("coalesce", cast(part, STRING), literal("")) for part in parts]
    event: Expr = texts[0]
    for text in texts[1:]:
        event = call("concat", call("concat", event, literal("|")), text)
    number = over(aggregation("row_number"), [event], [Ordering(part) for part in comparable(raw, columns)])
    return call("concat", call("concat", event, literal("|")), cast(number, STRING))
