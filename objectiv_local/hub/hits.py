"""Order of the hits in an event frame, and hits without a user or session.

Session numbers computed by :mod:`objectiv_local.hub.sessions` increase with the moment of the first hit of a session. Session
ids of a source, whether strings or numbers, say nothing about time. Models that need the order of hits therefore use session
numbers only if the plan shows that they were computed, and moments otherwise.

In Objectiv's frames, hits are ordered by session and hit number as in the original Objectiv, and hits without a user count as
those of a single user. In other frames they belong to no user.
"""

from __future__ import annotations

from collections.abc import Collection

from objectiv_local.errors import ColumnNotFound, near
from objectiv_local.frame.authoring import (
    Aggregate,
    Column,
    Expr,
    Extend,
    Filter,
    Join,
    Limit,
    Node,
    Ordering,
    Pin,
    Select,
    Source,
    State,
    Union,
    call,
    case,
    origin_of,
)
from objectiv_local.hub.locations import has_stacks

SESSION, HIT_NUMBER, EVENT, USER = "session_id", "session_hit_number", "event_id", "user_id"
#: The columns with the user and the session that a hit belongs to.
_OWNERS = (USER, SESSION)


def in_order(state: State, model: str) -> tuple[Ordering, ...]:
    """Return the order of hits: by moment or, in Objectiv's frames, by session and hit number.

    Hits at the same moment are ordered by their hit number, if they have one, and by event id. Raises ColumnNotFound for a
    frame without moments.
    """
    types = state.plan.types
    if are_by_session(state):
        return (Ordering(state.column(SESSION)), Ordering(state.column(HIT_NUMBER)))
    if "moment" not in types:
        raise ColumnNotFound(f"{model} orders hits by moment, and the frame has no column moment", hint=near("moment", types))
    return by_moment(state)


def are_by_session(state: State) -> bool:
    """Return whether hits are ordered by session and hit number."""
    return HIT_NUMBER in state.plan.types and has_stacks(state) and sessions_are_numbered(state)


def by_moment(state: State, groups: Collection[str] = ()) -> tuple[Ordering, ...]:
    """Return the order of hits by moment, with ties as in :func:`in_order`; ``groups`` are the partition columns."""
    names = ["moment"] if HIT_NUMBER not in state.plan.types or are_by_session(state) else ["moment", HIT_NUMBER]
    if len(names) > 1 and EVENT in state.plan.types and are_numbered(state, HIT_NUMBER):
        # The hub numbers the hits of a user by moment and event id, so its hit numbers add nothing to this order.
        names = names[:1] if any(name in _OWNERS and are_numbered(state, name) for name in groups) else names
    return (*(Ordering(state.column(name)) for name in names), *by_event(state))


def by_event(state: State) -> tuple[Ordering, ...]:
    """Return the tie-breaking order of hits: the event id if the frame has one, otherwise the index."""
    names = [EVENT] if EVENT in state.plan.types else [name for name in state.index if state.plan.types[name].name != "json"]
    return tuple(Ordering(state.column(name)) for name in names)


def sessions_are_numbered(state: State) -> bool:
    """Return whether session ids are computed numbers, which increase with the moment of the first hit."""
    return are_numbered(state, SESSION)


def are_numbered(state: State, column: str) -> bool:
    """Return whether a column has session or hit numbers computed by :mod:`objectiv_local.hub.sessions`, or the users that
    these sessions were numbered for.
    """
    found = [(state.plan, column)]
    while found:
        node, name = found.pop()
        users = [user for numbered, user, _ in node.local if numbered == SESSION] if isinstance(node, Extend) else []
        if users and name in (SESSION, HIT_NUMBER, *users):
            continue
        below = _comes_from(node, name, state)
        if not below:
            return False
        found += below
    return True


def _comes_from(node: Node, name: str, state: State) -> list[tuple[Node, str]]:
    """Return the inputs that a column is passed through from, with its name in each; empty if it is computed or stored."""
    if isinstance(node, Extend | Select | Aggregate):
        computed = dict(node.keys if isinstance(node, Aggregate) else node.columns).get(name)
        if isinstance(computed, Column):
            return [(node.child, computed.name)]
        return [(node.child, name)] if computed is None and isinstance(node, Extend) else []
    if isinstance(node, Filter | Limit | Pin | Union):
        return [(each, name) for each in node.inputs()]
    if isinstance(node, Join):
        side, names = next((side, names) for own, side, names in node.columns if own == name)
        sides = ((node.left, names[0], "left"), (node.right, names[1], "right"))
        return [(each, there) for each, there, which in sides if side in (which, "both")]
    origin = origin_of(node, state.engine) if isinstance(node, Source) else None
    return [] if origin is None else [(origin, name)]


def null_is_no_group(state: State, name: str) -> bool:
    """Return whether rows with a missing value in a column are in no group: hits without a user, or without a session."""
    if name not in _OWNERS:
        return False
    return not has_stacks(state) or (name == SESSION and not sessions_are_numbered(state))


def drop_ungrouped(state: State, names: list[str]) -> State:
    """Return the state without rows that belong to no group of the named columns."""
    plan = state.plan
    for name in names:
        if null_is_no_group(state, name):
            plan = Filter(plan, call("not_null", plan.column(name)), "events")
    return state if plan is state.plan else state.with_plan(plan)


def null_if_ungrouped(state: State, name: str, label: Expr) -> Expr:
    """Return a label, set to NULL for rows that belong to no group of a column."""
    return case([(call("not_null", state.column(name)), label)]) if null_is_no_group(state, name) else label
