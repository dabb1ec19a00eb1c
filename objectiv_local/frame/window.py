"""Windows: which rows an aggregate or window function looks at for each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf
from typing import cast as typed

from objectiv_local.errors import InvalidValue
from objectiv_local.frame.align import aligned
from objectiv_local.frame.series.base import Series, make_series
from objectiv_local.frame.state import State
from objectiv_local.plan.expr import Aggregation, Expr, Frame, over

_BOUNDARIES = ("preceding", "current_row", "following")


def frame_of(mode: str, start_boundary: str, start_value: int | None, end_boundary: str,
             end_value: int | None) -> Frame:
    """Return the frame with these boundaries. A boundary without a value is unbounded."""
    mode = str(getattr(mode, "value", mode)).upper()
    if mode not in ("ROWS", "RANGE"):
        raise InvalidValue(f"a window's mode is 'rows' or 'range', not {mode!r}")
    if mode == "RANGE" and (start_value is not None or end_value is not None):
        raise InvalidValue("a range window has no start or end values", hint="use mode='rows'")
    start, end = _bound("start", start_boundary, start_value), _bound("end", end_boundary, end_value)
    low = -float("inf") if start is None else start
    high = float("inf") if end is None else end
    if str(start_boundary).lower() == "following" and start_value is None:
        raise InvalidValue("a window cannot start after all rows", hint="give start_value")
    if str(end_boundary).lower() == "preceding" and end_value is None:
        raise InvalidValue("a window cannot end before all rows", hint="give end_value")
    if low > high:
        raise InvalidValue("a window cannot end before it starts")
    return Frame(typed("OneOf['ROWS', 'RANGE']", mode), start, end)


def _bound(which: str, boundary: str, value: int | None) -> int | None:
    boundary = str(getattr(boundary, "value", boundary)).lower().replace(" ", "_")
    if boundary not in _BOUNDARIES:
        raise InvalidValue(f"{which}_boundary has to be one of {', '.join(_BOUNDARIES)}, not {boundary!r}")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise InvalidValue(f"{which}_value has to be a whole number from 0, not {value!r}")
    if boundary == "current_row":
        if value is not None:
            raise InvalidValue(f"{which}_boundary 'current_row' has no {which}_value")
        return 0
    return None if value is None else (-value if boundary == "preceding" else value)


@dataclass(frozen=True, slots=True)
class Window:
    """The rows of the same group, in the order of the frame, from one boundary to another around each row.

    Made by ``df.sort_values(...).groupby(...).window(...)``.
    """

    state: State
    partition: tuple[Expr, ...]
    frame: Frame

    def over(self, series: Series, function: Aggregation, name: str) -> Series:
        """Return ``function`` of ``series`` over this window."""
        exprs = [*function.children(), *self.partition, *(key.expr for key in self.state.order)]
        state, moved = moved_together(series._state, self.state, exprs, len(function.children()), name)
        n, m = len(function.children()), len(function.children()) + len(self.partition)
        call = function.rebuilt(tuple(moved[:n]))
        assert isinstance(call, Aggregation)
        from objectiv_local.plan.expr import Ordering

        order = [Ordering(expr, key.ascending, key.nulls_last)
                 for key, expr in zip(self.state.order, moved[m:], strict=True)]
        return make_series(state, over(call, moved[n:m], order, self.frame), name)


def moved_together(state: State, other: State, exprs: list[Expr], own: int, name: str) -> tuple[State, list[Expr]]:
    """Return one state for ``exprs``, of which the first ``own`` are of ``state`` and the others of ``other``."""
    mine, theirs = exprs[:own], exprs[own:]
    for position, expr in enumerate(theirs):
        state, found, moved = aligned(state, [*mine, *theirs[:position]], other, expr, "left", name)
        mine, theirs = found[:own], [*found[own:], moved, *theirs[position + 1:]]
    return state, [*mine, *theirs]
