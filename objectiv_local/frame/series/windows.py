"""Window functions of a series, and the pandas methods that read previous and next rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.functions import Reduction
from objectiv_local.frame.groupby import partition_of
from objectiv_local.frame.state import State
from objectiv_local.frame.window import Window
from objectiv_local.plan.expr import Expr, Ordering, WindowFrame, aggregation, call, case, cast, literal, over
from objectiv_local.types import FLOAT64

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.series.base import Series
    from objectiv_local.frame.window import SeriesWindow


@checked
class SeriesWindows:
    """Functions over a window, created by ``df.sort_values(...).groupby(...).window()``; the rows need an order."""

    __slots__ = ()
    _state: State
    _expr: Expr
    _name: str

    def _window_function(self, op: str, window: Window | None, *args: Expr) -> Series:
        if not isinstance(window, Window):
            raise InvalidType(
                f"window_{op} needs a window",
                hint=f"window = df.sort_values(...).groupby(...).window(); series.window_{op}(window=window)",
            )
        if not window.order_by:
            raise InvalidValue(
                f"window_{op} needs a window over sorted rows", hint="sort the frame first: df.sort_values(...).window()"
            )
        return window._over(self._of_rows(), Reduction((aggregation(op, *args),)), self._name)

    def window_row_number(self, window: Window | None = None) -> Series:
        """Return the number of each row in its partition, from 1."""
        return self._window_function("row_number", window)

    def window_rank(self, window: Window | None = None) -> Series:
        """Return the rank of each row, with gaps: one plus the number of rows before it, ties excluded."""
        return self._window_function("rank", window)

    def window_dense_rank(self, window: Window | None = None) -> Series:
        """Return the rank of each row without gaps: one plus the number of distinct positions before it."""
        return self._window_function("dense_rank", window)

    def window_percent_rank(self, window: Window | None = None) -> Series:
        """Return (rank - 1) / (rows - 1), from 0 to 1; 0 for a single row."""
        return self._window_function("percent_rank", window)

    def window_cume_dist(self, window: Window | None = None) -> Series:
        """Return the fraction of rows that come before or tie, greater than 0 and at most 1."""
        return self._window_function("cume_dist", window)

    def window_ntile(self, num_buckets: int = 1, window: Window | None = None) -> Series:
        """Return the number, from 1, of the bucket of each row, out of ``num_buckets`` buckets of equal size.

        If the rows cannot be divided evenly, the first buckets have one more row.
        """
        return self._window_function("ntile", window, literal(_whole("num_buckets", num_buckets, 1)))

    def window_lag(self, offset: int = 1, default: object = None, window: Window | None = None) -> Series:
        """Return the value ``offset`` rows before, or ``default`` if there is no such row."""
        return self._shifted("lag", offset, default, window)

    def window_lead(self, offset: int = 1, default: object = None, window: Window | None = None) -> Series:
        """Return the value ``offset`` rows after, or ``default`` if there is no such row."""
        return self._shifted("lead", offset, default, window)

    def _shifted(self, op: str, offset: int, default: object, window: Window | None) -> Series:
        other = literal(None, self._expr.type) if default is None else cast(self._literal(default, op), self._expr.type)
        return self._window_function(op, window, self._expr, literal(_whole("offset", offset, 0)), other)

    def window_first_value(self, window: Window | None = None) -> Series:
        """Return the value of the first row of the window frame, missing or not."""
        return self._window_function("first_value", window, self._expr)

    def window_last_value(self, window: Window | None = None) -> Series:
        """Return the value of the last row of the window frame, missing or not.

        By default, the frame ends at the current row: pass ``end_boundary='following'`` for the whole partition.
        """
        return self._window_function("last_value", window, self._expr)

    def window_nth_value(self, n: int, window: Window | None = None) -> Series:
        """Return the value of the ``n``-th row of the window frame, from 1; missing if the frame is shorter."""
        return self._window_function("nth_value", window, self._expr, literal(_whole("n", n, 1)))

    # ---- methods of pandas, over all rows or those of the group, in the order of the frame; the result is ungrouped

    def _ordered(self, what: str) -> tuple[Ordering, ...]:
        if not self._state.order:
            groups = "" if self._state.groups is None else ".groupby(...)"
            of_column = "" if self._name == what else f".{self._name}"
            raise InvalidValue(
                f"{what} needs sorted rows",
                hint=f"sort the frame first, as in df.sort_values('moment'){groups}{of_column}.{what}()",
            )
        return self._state.order

    def _over_rows(self, op: str, what: str, frame: WindowFrame | None, *args: Expr) -> Expr:
        return over(aggregation(op, *args), self._partition(what), self._ordered(what), frame)

    def _partition(self, what: str) -> tuple[Expr, ...]:
        return partition_of(self._state, what)

    def _on_rows(self, expr: Expr) -> Series:
        """Return a series over the rows, without groups."""
        return self._of_rows()._with(expr)

    def cumsum(self) -> Series:
        """Return the running sum; missing where the value is missing. Tied rows are summed one after the other."""
        return self._cumulated("sum", "cumsum")

    def cummax(self) -> Series:
        """Return the running maximum; missing where the value is missing."""
        return self._cumulated("max", "cummax")

    def cummin(self) -> Series:
        """Return the running minimum; missing where the value is missing."""
        return self._cumulated("min", "cummin")

    def cumcount(self) -> Series:
        """Return the number of rows before each row."""
        return self._on_rows(call("sub", self._over_rows("row_number", "cumcount", None), literal(1)))

    def _cumulated(self, op: str, what: str) -> Series:
        so_far = self._over_rows(op, what, WindowFrame("ROWS", None, 0), self._expr)
        return self._on_rows(case([(call("not_null", self._expr), so_far)]))

    def shift(self, periods: int = 1, fill_value: object = None) -> Series:
        """Return the value ``periods`` rows before, or after if negative; ``fill_value`` if there is no such row."""
        return self._before(periods, fill_value, "shift")

    def _before(self, periods: int, fill_value: object, what: str) -> Series:
        if isinstance(periods, bool) or not isinstance(periods, int):
            raise InvalidType(f"periods has to be a whole number, not {periods!r}")
        default = (
            literal(None, self._expr.type) if fill_value is None else cast(self._literal(fill_value, what), self._expr.type)
        )
        op = "lag" if periods >= 0 else "lead"
        return self._on_rows(self._over_rows(op, what, None, self._expr, literal(abs(periods)), default))

    def diff(self, periods: int = 1) -> Series:
        """Return the difference from the value ``periods`` rows before; missing if there is none."""
        return self._of_rows() - self._before(periods, None, "diff")

    def pct_change(self, periods: int = 1) -> Series:
        """Return the relative change from the value ``periods`` rows before."""
        return self._of_rows() / self._before(periods, None, "pct_change") - 1

    def rank(self, method: str = "average", ascending: bool = True, pct: bool = False) -> Series:
        """Return the rank of each value, from 1, as a float; missing values have no rank.

        ``method`` determines the rank of equal values: the ``average``, ``min`` or ``max`` of their ranks, their position in
        the order of the frame (``first``), or a rank without gaps (``dense``). With ``pct``, divide by the number of values.
        """
        own = (Ordering(self._expr, ascending),)
        keys = self._partition("rank")
        missing = (*keys, call("is_null", self._expr))
        least = over(aggregation("rank"), missing, own)
        ties = over(aggregation("size"), (*keys, self._expr))
        ways = {
            "min": least,
            "max": call("sub", call("add", least, ties), literal(1)),
            "average": call("add", cast(least, FLOAT64), call("truediv", call("sub", ties, literal(1)), literal(2.0))),
            "dense": over(aggregation("dense_rank"), missing, own),
            "first": over(aggregation("row_number"), missing, (*own, *self._state.order)),
        }
        if method not in ways:
            raise InvalidValue(f"method is {method!r}, which is unknown", hint=f"use one of {', '.join(ways)}")
        ranked = cast(ways[method], FLOAT64)
        if pct:
            of = (
                over(aggregation("max", ways["dense"]), missing)
                if method == "dense"
                else over(aggregation("count", self._expr), keys)
            )
            ranked = call("truediv", ranked, cast(of, FLOAT64))
        return self._on_rows(case([(call("not_null", self._expr), ranked)]))

    def _filled(self, *, forward: bool) -> Expr:
        """Return the value, or the nearest previous (or next) one that is not missing."""
        what = "ffill" if forward else "bfill"
        order, keys = self._ordered(what), self._partition(what)
        if not forward:
            order = tuple(Ordering(key.expr, not key.ascending, not key.nulls_last) for key in order)
        # Every value starts a part, which includes the missing values after it.
        part = over(aggregation("count", self._expr), keys, order, WindowFrame("ROWS", None, 0))
        return over(
            aggregation("max" if self._expr.type.name != "json" else "first_value", self._expr),
            (*keys, part),
            () if self._expr.type.name != "json" else order,
        )

    def ffill(self) -> Series:
        """Return the values with missing ones replaced by the previous value, in the order of the frame."""
        return self._on_rows(self._filled(forward=True))

    def bfill(self) -> Series:
        """Return the values with missing ones replaced by the next value, in the order of the frame."""
        return self._on_rows(self._filled(forward=False))

    def rolling(self, window: int, min_periods: int | None = None, center: bool = False) -> SeriesWindow:
        """Return the window of ``window`` rows that ends at the current one, for an aggregate: ``series.rolling(7).mean()``.

        Rows are in the order of the frame, which has to be sorted, and within the group if grouped. See DataFrame.rolling.
        """
        frame = self._frame()
        return frame.rolling(window, min_periods, center)[frame.data_columns[0]]

    def expanding(self, min_periods: int = 1) -> SeriesWindow:
        """Return the window of all rows up to the current one, for an aggregate. See DataFrame.expanding."""
        frame = self._frame()
        return frame.expanding(min_periods)[frame.data_columns[0]]

    def _frame(self) -> DataFrame:
        """Return the series as a frame."""
        raise NotImplementedError

    def _with(self, expr: Expr, name: str | None = None) -> Series:
        """Return a series over the same rows."""
        raise NotImplementedError

    def _of_rows(self) -> Series:
        """Return the series over the rows, without groups."""
        raise NotImplementedError

    def _literal(self, value: object, op: str) -> Expr:
        """Return a Python value as an operand for this series."""
        raise NotImplementedError


def _whole(what: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidValue(
            f"{what} has to be a whole number of at least {least}, not {value!r}",
            hint="window_lag looks back, window_lead looks forward" if what == "offset" else None,
        )
    return value
