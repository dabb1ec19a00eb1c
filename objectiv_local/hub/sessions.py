"""Sessions: sequences of a user's hits in which no two consecutive hits are further apart than the session gap.

A pause of exactly the gap does not end a session. Hits are ordered by moment, then by event id. Sessions are numbered from 1
over all users, by the moment and id of their first hit; hits are numbered from 1 within their session. In Objectiv's frames,
all hits without a user count as those of a single user; in other frames, they have no session.
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


def with_sessions(
    state: State,
    gap_seconds: float,
    *,
    user_id: str = "user_id",
    moment: str = "moment",
    ties: tuple[str, ...] = ("event_id",),
    null_is_one_user: bool = True,
) -> State:
    """Return the state with columns ``session_id`` and ``session_hit_number`` on every row.

    Hits at the same moment are ordered by the columns ``ties``. With ``null_is_one_user``, hits without a user count as those
    of a single user; otherwise both columns are missing for them.
    """
    if isinstance(gap_seconds, bool) or not isinstance(gap_seconds, int | float) or not 0 <= gap_seconds < 1e9:
        raise InvalidValue(f"session_gap_seconds has to be 0 seconds or more, not {gap_seconds!r}")
    gap = datetime.timedelta(seconds=gap_seconds)
    at, user = state.column(moment), state.column(user_id)
    order = (Ordering(at), *(Ordering(state.column(name)) for name in ties))
    so_far = WindowFrame("ROWS", None, 0)
    is_session_start, user_hit_number, session_start_number = (
        unused_name(name, state.plan.types) for name in ("is_session_start", "user_hit_number", "session_start_number")
    )
    previous = over(aggregation("lag", at, literal(1), literal(None, TIMESTAMP)), [user], order)
    paused: Expr = call("coalesce", call("gt", call("sub", at, previous), literal(gap)), literal(True))
    starts = paused if null_is_one_user else call("and", call("not_null", user), paused)
    # The row number breaks ties between identical rows, so that later windows see them in the same order.
    plan = Extend(
        state.plan,
        ((is_session_start, starts), (user_hit_number, over(aggregation("row_number"), [user], order))),
        "session_starts",
    )

    is_start = plan.column(is_session_start)
    # The window numbers session starts and other hits separately; the CASE discards the numbers of the other hits.
    start_number = case([(is_start, over(aggregation("row_number"), [is_start], order))])
    plan = Extend(plan, ((session_start_number, start_number),), "numbered_starts")

    # The numbers of a user's session starts increase, so their running maximum is the current session.
    session = over(aggregation("max", plan.column(session_start_number)), [user], order, so_far)
    within_user: Expr = over(aggregation("size", where=is_start), [user], order, so_far)
    if not null_is_one_user:
        within_user = case([(call("not_null", user), within_user)])
    # Reuses the order of the user's hits, because numbering by session would need another sort.
    first_hit = over(aggregation("max", case([(is_start, plan.column(user_hit_number))])), [user], order, so_far)
    hit = call("add", call("sub", plan.column(user_hit_number), first_hit), literal(1))
    plan = Extend(
        plan, (("session_id", session), ("session_hit_number", hit)), "sessions", (("session_id", user_id, within_user),)
    )
    return state.with_plan(plan)
