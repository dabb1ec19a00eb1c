"""Setting many columns in one step instead of one step each."""

from __future__ import annotations

from collections.abc import Mapping

from objectiv_local.frame.series.base import Series
from objectiv_local.frame.state import State
from objectiv_local.frame.values import checked_name

#: Number of columns up to which ``assign`` sets them one after the other.
MANY_COLUMNS = 20


def set_together(state: State, columns: Mapping[str, object]) -> State | None:
    """Return the state with many columns set in one step, or None if they are few or not all series over its own rows."""
    own = {name: value for name, value in columns.items() if isinstance(value, Series) and value._state == state}
    if not len(own) == len(columns) > MANY_COLUMNS or state.groups is not None or not own.keys().isdisjoint(state.labels):
        return None
    return state.extended([(checked_name(name), value._expr) for name, value in own.items()])
