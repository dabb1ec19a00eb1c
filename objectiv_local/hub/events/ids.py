"""Ids of events whose source has none."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from objectiv_local.frame.authoring import Expr, Node, Ordering, aggregation, call, cast, literal, over
from objectiv_local.types import STRING

_EPOCH = datetime.datetime(1970, 1, 1)
#: Types without an order.
UNORDERED = ("json", "numeric_interval")


def made_id(raw: Node, columns: Sequence[str], user: Expr, moment: Expr, event_type: Expr) -> Expr:
    """Return ids of the events in ``raw``: the user, the microseconds of the moment since 1970, the event type, and a number.

    The number, from 1, tells events apart that are equal in these, in the order of ``columns``. So ids do not depend on the
    order of rows, and are the same on every engine. Which of two events that differ in JSON alone comes first is open.
    """
    parts = (user, call("microseconds", call("sub", moment, literal(_EPOCH))), event_type)
    texts = [call("coalesce", cast(part, STRING), literal("")) for part in parts]
    event: Expr = texts[0]
    for text in texts[1:]:
        event = call("concat", call("concat", event, literal("|")), text)
    order = [Ordering(raw.column(name)) for name in columns if raw.types[name].plain.name not in UNORDERED]
    number = over(aggregation("row_number"), [event], order)
    return call("concat", call("concat", event, literal("|")), cast(number, STRING))
