"""Order of the hits of an event frame, and hits without a user or session.

Session numbers computed by :mod:`objectiv_local.hub.sessions` increase with the moment of the first hit of a session. Session
ids of a source, strings or numbers, say nothing about time. So models that need the order of hits use session numbers only if
the plan shows that they were computed, and moments otherwise.

In Objectiv's frames, hits are ordered by session and hit number, as in the original, and hits without a user count as those of
one user; in other frames they count for no user.
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
#: The columns of what hits belong to.
_OWNERS = (USER, SESSION)


def in_order(state: State, model: str) -> tuple[Ordering, ...]:
    """Return the order of hits: by moment, or in Objectiv's frames by session and hit number.

    Hits at one moment are ordered by their hit number, where they have one, and by event id. Raises ColumnNotFound for a frame
    without moments.
    """
    types = state.plan.types
    if are_by_session(state):
        return (Ordering(state.column(SESSION)), Ordering(state.column(HIT_NUMBER)))
    if "moment" not in types:
        raise ColumnNotFound(f"moment is not present in the frame, and {model} orders hits by it", hint=near("moment", types))
    return by_moment(state)


def are_by_session(state: State) -> bool:
    """Return whether hits are ordered by session and hit number."""
    return HIT_NUMBER in state.plan.types and has_stacks(state) and sessions_are_numbered(state)


def by_moment(state: State, groups: Collection[str] = ()) -> tuple[Ordering, ...]:
    """Return the order of hits by moment, with ties as in :func:`in_order`; within ``groups``, columns, if there are any."""
    names = ["moment"] if HIT_NUMBER not in state.plan.types or are_by_session(state) else ["moment", HIT_NUMBER]
    if len(names) > 1 and EVENT in state.plan.types and _are_numbered(state, HIT_NUMBER):
        # The hub numbers hits of a user by moment and event id, so its numbers break no tie there, and need not be computed.
        names = names[:1] if any(name in _OWNERS and _are_numbered(state, name) for name in groups) else names
    return (*(Ordering(state.column(name)) for name in names), *by_event(state))


def by_event(state: State) -> tuple[Ordering, ...]:
    """Return the tie-breaking order of hits: the event id if the frame has one, otherwise the index."""
    names = [EVENT] if EVENT in state.plan.types else [name for name in state.index if state.plan.types[name].name != "json"]
    return tuple(Ordering(state.column(name)) for name in names)


def sessions_are_numbered(state: State) -> bool:
    """Return whether session ids are computed numbers, which increase with the moment of the first hit."""
    return _are_numbered(state, SESSION)


def _are_numbered(state: State, column: str) -> bool:
    """Return whether a column has the numbers of sessions or hits that :mod:`objectiv_local.hub.sessions` computes, or the
    users whose sessions are numbered.
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
    """Return the inputs that a column is passed through from, with its name there; empty if it is computed or stored."""
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
    """Return whether a missing value of a column is not a group of its own: hits without a user, or without a session."""
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
    """Return a label, set to missing for rows that belong to no group of a column."""
    return case([(call("not_null", state.column(name)), label)]) if null_is_no_group(state, name) else label
