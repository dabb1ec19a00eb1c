"""Sessions: hits of one user without a pause longer than the gap between them.

A hit belongs to the session of the user's hit before it unless more than the gap lies between the two; a pause of
exactly the gap does not end a session. Hits are ordered by moment, then event id. Sessions are numbered over all users
by the moment and id of their first hit, from 1; hits are numbered within their session, from 1. In Objectiv's frames, all
hits without a user count as those of one user; in others, they have no session.
"""

from __future__ import annotations

import datetime

from objectiv_local.errors import InvalidValue
from objectiv_local.frame.authoring import (
    Expr,
    Extend,
    Ordering,
    State,
    WindowFrame,
    aggregation,
    call,
    case,
    literal,
    over,
    unused_name,
)
from objectiv_local.types import TIMESTAMP


def with_sessions(state: State, gap_seconds: float, *, user_id: str = "user_id", moment: str = "moment",
                  ties: tuple[str, ...] = ("event_id",), nobody: bool = True) -> State:
    """Return the state with columns ``session_id`` and ``session_hit_number`` on every row.

    Hits at one moment are ordered by the columns ``ties``. With ``nobody``, hits without a user are those of one user;
    otherwise both columns are missing in them.
    """
    if isinstance(gap_seconds, bool) or not isinstance(gap_seconds, int | float) or not 0 <= gap_seconds < 1e9:
        raise InvalidValue(f"session_gap_seconds has to be a number of seconds from 0, not {gap_seconds!r}")
    gap = datetime.timedelta(seconds=gap_seconds)
    at, user = state.column(moment), state.column(user_id)
    order = (Ordering(at), *(Ordering(state.column(name)) for name in ties))
    so_far = WindowFrame("ROWS", None, 0)
    is_session_start, user_hit_number, session_start_number = (
        unused_name(name, state.plan.types) for name in ("is_session_start", "user_hit_number", "session_start_number"))
    previous = over(aggregation("lag", at, literal(1), literal(None, TIMESTAMP)), [user], order)
    paused: Expr = call("coalesce", call("gt", call("sub", at, previous), literal(gap)), literal(True))
    starts = paused if nobody else call("and", call("not_null", user), paused)
    # Of rows that nothing else tells apart, the number does: later windows take them in the same order.
    plan = Extend(state.plan, ((is_session_start, starts),
                               (user_hit_number, over(aggregation("row_number"), [user], order))), "session_starts")

    is_start = plan.column(is_session_start)
    # Numbered among the starts alone; the other rows of the partition are numbered in vain, and dropped by the case.
    start_number = case([(is_start, over(aggregation("row_number"), [is_start], order))])
    plan = Extend(plan, ((session_start_number, start_number),), "numbered_starts")

    # Numbers of starts grow along the hits of a user, so the greatest so far is the number of the current session.
    session = over(aggregation("max", plan.column(session_start_number)), [user], order, so_far)
    within_user: Expr = over(aggregation("size", where=is_start), [user], order, so_far)
    if not nobody:
        within_user = case([(call("not_null", user), within_user)])
    # In the order of the user's hits too: numbered within the session, rows would have to be sorted once more.
    first_hit = over(aggregation("max", case([(is_start, plan.column(user_hit_number))])), [user], order, so_far)
    hit = call("add", call("sub", plan.column(user_hit_number), first_hit), literal(1))
    plan = Extend(plan, (("session_id", session), ("session_hit_number", hit)), "sessions",
                  (("session_id", user_id, within_user),))
    return state.with_plan(plan)
