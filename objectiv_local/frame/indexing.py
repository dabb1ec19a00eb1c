"""Rows by condition or label: ``df.loc``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.series.base import Series, make_series
from objectiv_local.frame.series.values import value_per_column
from objectiv_local.plan.expr import Expr, Frame, aggregation, call, case, literal, over

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame


class LocIndexer:
    """Rows of a frame by condition or by label of its first index level, and columns by name.

    ``rows`` is a bool series, a label, a list of labels, a slice of labels, or ``:`` for all rows. The result is a frame,
    also of a single label; a label that no row has gives no rows. A slice goes, in the order of the frame, from the first
    row with its first label up to and including the last row with its last one; the frame has to be sorted.
    """

    __slots__ = ("_frame",)

    def __init__(self, frame: DataFrame) -> None:
        self._frame = frame

    def __getitem__(self, key: Any) -> Any:
        rows, columns = key if isinstance(key, tuple) else (key, None)
        frame = self._frame
        condition = self._condition(rows)
        if condition is not None:
            frame = frame[condition]
        return frame if columns is None or _is_all(columns) else frame[columns]

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(key, tuple):
            raise InvalidType("df.loc sets columns of rows: df.loc[rows, columns] = value")
        rows, columns = key
        names = self._frame.data_columns if _is_all(columns) else [columns] if isinstance(columns, str) else list(columns)
        condition = self._condition(rows)
        # Columns of a frame go by their names here, as in pandas.
        value = value[names] if hasattr(value, "columns") else value
        values = [value] if isinstance(columns, str) else value_per_column(self._frame, value, len(names))
        if condition is not None:
            values = [self._frame[name].mask(condition, one) for name, one in zip(names, values, strict=True)]
        self._frame[names] = values

    def _condition(self, rows: Any) -> Series | None:
        if _is_all(rows):
            return None
        if isinstance(rows, Series):
            return rows
        state = self._frame._state
        if not state.index:
            raise InvalidValue("the frame has no index to look labels up in", hint="use set_index, or a condition")
        level = make_series(state, state.column(state.index[0]), state.index[0])
        if isinstance(rows, slice):
            return self._between(level, rows)
        return level.isin(rows if isinstance(rows, list | set) else [rows])

    def _between(self, level: Series, labels: slice) -> Series:
        state = self._frame._state
        if labels.step is not None:
            raise InvalidValue("a slice of labels cannot have a step")
        if not state.order:
            raise InvalidValue("a slice of labels needs an order", hint="sort the frame first: df.sort_index().loc[a:b]")
        row = over(aggregation("row_number"), (), state.order)
        inside: Expr = literal(True)
        for label, op, end in ((labels.start, "min", "ge"), (labels.stop, "max", "le")):
            if label is not None:
                same = call("eq", level._expr, level._literal(label, "loc"))
                place = over(aggregation(op, case([(same, row)])), (), (), Frame("ROWS", None, None))
                inside = call("and", inside, call("coalesce", call(end, row, place), literal(False)))
        return make_series(state, inside, "selected")


def _is_all(key: object) -> bool:
    return isinstance(key, slice) and key == slice(None)
