"""Identity resolution: the user id of an event becomes the identity that the user last had, instead of the cookie."""

from __future__ import annotations

from objectiv_local.errors import InvalidType
from objectiv_local.frame.authoring import (
    Aggregate,
    Column,
    Extend,
    Filter,
    Join,
    JoinSide,
    Node,
    Ordering,
    Select,
    State,
    aggregation,
    call,
    cast,
    literal,
)
from objectiv_local.types import STRING

#: The column with the identity of the user of each event, while the event frame is built.
IDENTITY = "identity_user_id"


def resolved(state: State, contexts: str, identity_id: str) -> State:
    """Return the state with each user's identity as user_id, a string, and again in a separate column.

    ``contexts`` is the column with the identity contexts of each event.
    """
    if not isinstance(identity_id, str) or not identity_id:
        raise InvalidType(
            f"identity_resolution has to be the id of an identity context, not {identity_id!r}",
            hint="for instance identity_resolution='email'",
        )
    events = Extend(state.plan, (("user_id", cast(state.column("user_id"), STRING)),), "events")
    context = call("json_index", call("json_filter", events.column(contexts), literal({"id": identity_id})), literal(0))
    value = call("json_get_text", context, literal("value"))
    identity = call("concat", call("concat", value, literal("|")), literal(identity_id))
    plan: Node = Select(
        events,
        (
            ("known_user_id", events.column("user_id")),
            ("moment", events.column("moment")),
            ("event_id", events.column("event_id")),
            (IDENTITY, identity),
        ),
        "identities",
    )
    plan = Filter(plan, call("not_null", plan.column(IDENTITY)), "identities")
    order = (Ordering(plan.column("moment")), Ordering(plan.column("event_id")))
    identities = Aggregate(
        plan,
        (("known_user_id", plan.column("known_user_id")),),
        ((IDENTITY, aggregation("last", plan.column(IDENTITY), order=order)),),
        "identities",
    )
    columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, name)) for name in events.types]
    columns.append((IDENTITY, "right", (IDENTITY, IDENTITY)))
    joined = Join(
        events, identities, "left", (("user_id", "known_user_id"),), tuple(columns), step="identified_events", key=events.key
    )
    return state.with_plan(
        Extend(joined, (("user_id", call("coalesce", joined.column(IDENTITY), joined.column("user_id"))),), "identified_events")
    )


def anonymised(state: State) -> State:
    """Return the state without the user ids of users who never identified themselves."""
    return state.with_plan(Extend(state.plan, (("user_id", Column(IDENTITY, STRING)),), "identified_events"))
