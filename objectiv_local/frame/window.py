"""Windows: the rows that an aggregate or window function reads for each row."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any
from typing import Literal as OneOf
from typing import cast as typed

from objectiv_local.arguments import checked
from objectiv_local.errors import AttributeNotFound, ColumnNotFound, InvalidValue, NotSupported, near
from objectiv_local.frame import functions
from objectiv_local.frame.align import aligned
from objectiv_local.frame.functions import Reduction, reduction
from objectiv_local.frame.handles import make_frame, make_series
from objectiv_local.frame.reductions import Reductions
from objectiv_local.frame.state import State
from objectiv_local.plan.explain import frame_text
from objectiv_local.plan.expr import Aggregation, Expr, Ordering, WindowFrame, aggregation, call, case, literal, over
from objectiv_local.plan.ops import OPS
from objectiv_local.types import INT64_MAX

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.series.base import Series

_BOUNDARIES = ("preceding", "current_row", "following")


def window_frame(
    mode: str | Enum, start_boundary: str | Enum, start_value: int | None, end_boundary: str | Enum, end_value: int | None
) -> WindowFrame:
    """Return the window frame with these boundaries. A boundary without a value is unbounded."""
    mode = str(getattr(mode, "value", mode)).upper()
    if mode not in ("ROWS", "RANGE"):
        raise InvalidValue(f"mode has to be 'rows' or 'range', not {mode!r}")
    if mode == "RANGE" and (start_value is not None or end_value is not None):
        raise InvalidValue("a range window cannot have start_value or end_value", hint="use mode='rows'")
    start, end = _bound("start", start_boundary, start_value), _bound("end", end_boundary, end_value)
    low = -float("inf") if start is None else start
    high = float("inf") if end is None else end
    if _word(start_boundary) == "following" and start_value is None:
        raise InvalidValue("a window cannot start after all rows", hint="pass start_value")
    if _word(end_boundary) == "preceding" and end_value is None:
        raise InvalidValue("a window cannot end before all rows", hint="pass end_value")
    if low > high:
        raise InvalidValue("a window cannot end before it starts")
    return WindowFrame(typed("OneOf['ROWS', 'RANGE']", mode), start, end)


def _check_count(name: str, value: int | None, least: int) -> None:
    if value is not None and not least <= value <= INT64_MAX:
        raise InvalidValue(f"{name} has to be a whole number of at least {least}, not {value!r}")


def _word(boundary: object) -> str:
    return str(getattr(boundary, "value", boundary)).lower().replace(" ", "_")


def _bound(which: str, boundary: str | Enum, value: int | None) -> int | None:
    boundary = _word(boundary)
    if boundary not in _BOUNDARIES:
        raise InvalidValue(f"{which}_boundary has to be one of {', '.join(_BOUNDARIES)}, not {boundary!r}")
    _check_count(f"{which}_value", value, 0)
    if boundary == "current_row":
        if value is not None:
            raise InvalidValue(f"{which}_boundary 'current_row' cannot have a {which}_value")
        return 0
    return None if value is None else (-value if boundary == "preceding" else value)


@checked
class Window(Reductions["DataFrame"]):
    """For each row, the rows of its group from one boundary to another, in the order of the frame.

    Created by ``df.sort_values(...).groupby(...).window(...)``, ``rolling`` and ``expanding``. An aggregate over a window has a
    value for every row, which is missing for fewer than ``min_values`` values.
    """

    def __init__(
        self,
        state: State,
        partition: tuple[Expr, ...],
        frame: WindowFrame,
        min_values: int | None = None,
        columns: tuple[str, ...] = (),
    ) -> None:
        _check_count("min_values", min_values, 0)
        self._state = state
        self._partition = partition
        self._frame = frame
        self._min_values = min_values
        self._columns = columns

    @property
    def order_by(self) -> tuple[Ordering, ...]:
        """The order of the rows."""
        return self._state.order

    @property
    def min_values(self) -> int | None:
        """The number of non-missing values below which an aggregate is missing."""
        return self._min_values

    @property
    def frame_clause(self) -> str:
        """The boundaries, as in SQL."""
        return frame_text(self._frame)

    def set_frame_clause(
        self,
        mode: str | Enum = "range",
        start_boundary: str | Enum = "preceding",
        start_value: int | None = None,
        end_boundary: str | Enum = "current_row",
        end_value: int | None = None,
    ) -> Window:
        """Return the window with other boundaries."""
        frame = window_frame(mode, start_boundary, start_value, end_boundary, end_value)
        return Window(self._state, self._partition, frame, self._min_values, self._columns)

    def __getitem__(self, key: str) -> SeriesWindow:
        if key not in self._columns:
            raise ColumnNotFound(f"there is no column {key!r}", hint=near(str(key), self._columns))
        return SeriesWindow(self, make_series(self._state, self._state.column(key), key))

    def __getattr__(self, name: str) -> SeriesWindow:
        columns = self.__dict__.get("_columns", ())  # missing while the window is being copied
        if name.startswith("__") or name not in columns:
            raise AttributeNotFound(f"Window has no attribute or column {name!r}", hint=near(name, columns))
        return self[name]

    def _reduce(self, func: Any, *, numeric_only: bool = False, named: object = None, **options: Any) -> DataFrame:
        if named is not None or not (isinstance(func, str) or callable(func)):
            raise NotSupported(
                "a window computes one aggregate at a time", hint="assign each one: df['total'] = window['column'].sum()"
            )
        func = functions.checked_function(func)
        kept = [name for name in self._columns if not numeric_only or self._state.plan.types[name].name in functions.NUMERIC]
        frame = make_frame(self._state, kept)
        results = {f"{name}_{func}": self[name]._reduce(func, **options) for name in kept}
        made = frame.assign(**results)
        return made[list(results)]  # type: ignore[no-any-return]

    def _over(self, series: Series, made: Reduction, name: str) -> Series:
        """Return an aggregate or window function of ``series`` over this window."""
        parts = [child for part in made.parts for child in part.children()]
        exprs = [*parts, *self._partition, *(key.expr for key in self._state.order)]
        state, moved = moved_together(series._state, self._state, exprs, len(parts), name)
        m = len(parts) + len(self._partition)
        partition = moved[len(parts) : m]
        order = [Ordering(expr, key.ascending, key.nulls_last) for key, expr in zip(self._state.order, moved[m:], strict=True)]
        rest = iter(moved)

        def window(part: Aggregation) -> Expr:
            function = part.rebuilt(tuple(next(rest) for _ in part.children()))
            assert isinstance(function, Aggregation)
            return over(function, partition, order, self._frame)

        expr = made.over(window)
        if self._min_values and all(OPS[part.op].kind == "aggregate" for part in made.parts):
            counted = aggregation("count", moved[0]) if made.parts[0].args else aggregation("size")
            enough = call("ge", over(counted, partition, order, self._frame), literal(self._min_values))
            expr = case([(enough, expr)])
        return make_series(state, expr, name)


@checked
class SeriesWindow(Reductions["Series"]):
    """One column of a window: ``window['column'].sum()`` has a value for every row."""

    __slots__ = ("_series", "_window")

    def __init__(self, window: Window, series: Series) -> None:
        self._window = window
        self._series = series

    def _reduce(self, func: Any, *, numeric_only: bool = False, named: object = None, **options: Any) -> Series:
        if named is not None or not (isinstance(func, str) or callable(func)):
            raise NotSupported("a window computes one aggregate at a time", hint="call each one separately")
        made = reduction(functions.checked_function(func), self._series._expr, self._window._state.order, **options)
        return self._window._over(self._series, made, self._series.name)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("window_"):
            raise AttributeNotFound(
                f"a column of a window has no attribute {name!r}",
                hint="use an aggregate, or a window function such as window_row_number()",
            )
        function = getattr(self._series, name)
        return lambda *args, **options: function(*args, **options, window=self._window)


def rolling(
    state: State,
    partition: tuple[Expr, ...],
    columns: tuple[str, ...],
    window: int,
    min_periods: int | None,
    *,
    center: bool,
    closed: str,
) -> Window:
    """Return the window of ``window`` rows that ends at the current one, or has it in the middle with ``center``."""
    _check_count("window", window, 1)
    if closed != "right":
        raise NotSupported(f"a rolling window with closed={closed!r} is not supported", hint="use window(mode='rows', ...)")
    if min_periods is not None and min_periods > window:
        raise InvalidValue(f"min_periods={min_periods} is more than the {window} rows of the window")
    _sorted(state, "rolling")
    # As in pandas: for an even number, the later of the two middle rows is the current one.
    after = (window - 1) // 2 if center else 0
    rows = WindowFrame("ROWS", after - window + 1, after)
    return Window(state, partition, rows, window if min_periods is None else min_periods, columns)


def expanding(state: State, partition: tuple[Expr, ...], columns: tuple[str, ...], min_periods: int, *, center: bool) -> Window:
    """Return the window of all rows up to the current one."""
    if center:
        raise NotSupported("an expanding window with center=True is not supported", hint="use rolling, or window()")
    _sorted(state, "expanding")
    return Window(state, partition, WindowFrame("ROWS", None, 0), min_periods, columns)


def _sorted(state: State, what: str) -> None:
    if not state.order:
        raise InvalidValue(f"{what} needs sorted rows", hint=f"sort the frame first: df.sort_values(...).{what}(...)")


def moved_together(state: State, other: State, exprs: Sequence[Expr], own: int, name: str) -> tuple[State, list[Expr]]:
    """Return one state for ``exprs``, the first ``own`` of which belong to ``state`` and the others to ``other``."""
    mine, theirs = list(exprs[:own]), list(exprs[own:])
    for position, expr in enumerate(theirs):
        state, found, moved = aligned(state, [*mine, *theirs[:position]], other, expr, "left", name)
        mine, theirs = found[:own], [*found[own:], moved, *theirs[position + 1 :]]
    return state, [*mine, *theirs]
