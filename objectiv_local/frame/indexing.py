"""Row selection by condition or label: ``df.loc``."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from objectiv_local.arguments import checked, in_words
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.handles import make_series
from objectiv_local.frame.reshape import row_stacked, shared_type
from objectiv_local.frame.series.base import Series
from objectiv_local.frame.values import value_per_column
from objectiv_local.plan.expr import Expr, Ordering, WindowFrame, aggregation, call, case, cast, literal, over
from objectiv_local.types import STRING, UUID, python_value

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame


@checked
class LocIndexer:
    """Selection of rows by condition or by label of the first index level, and of columns by name.

    ``rows`` is a bool series, a label, a list of labels, a slice of labels, or ``:`` for all rows; ``columns`` is a name, a
    list of names, or a slice of names, both ends included. A slice of labels selects, in the order of the frame, from the
    first row with the start label through the last row with the stop label; the frame has to be sorted. If it is sorted by
    that level, the labels need not exist: the slice has the rows between them, as in pandas. Otherwise, fetching the slice
    raises DataInvalid for a label that does not exist, where pandas raises KeyError.

    The result is a frame, even for a list of one label; labels that do not exist are skipped. For a single label, the result is
    a series ``__stacked`` of the row's values, indexed by column name as ``__stacked_index``; values of different types are
    converted to floats or strings, as in ``append``. ``df.loc[[label]]`` returns that row as a frame.

    Setting a value that does not fit the type of a column changes the type, as in ``append``: setting a float converts an
    integer column to floats, and setting a number converts a non-numeric column to strings.
    """

    __slots__ = ("_frame",)

    def __init__(self, frame: DataFrame) -> None:
        self._frame = frame

    def __getitem__(self, key: Any) -> Any:
        rows, columns = _rows_and_columns(key)
        self._frame._state.rows("loc")
        condition = self._condition(rows)
        found = self._frame if condition is None else self._frame[condition]
        if not isinstance(rows, Series | slice | list | set):
            return row_stacked(found[found.data_columns if columns is None else self._names(columns)], rows)
        if columns is None or _is_all(columns):
            return found
        return found[self._names(columns) if isinstance(columns, slice) else columns]

    def __setitem__(self, key: Any, value: Any) -> None:
        rows, columns = _rows_and_columns(key)
        self._frame._state.rows("loc")
        names = self._names(slice(None) if columns is None else columns)
        condition = self._condition(rows)
        # Columns of an assigned frame are matched by name, as in pandas.
        values = value_per_column(self._frame, value[names] if hasattr(value, "columns") else value, len(names))
        state, columns = self._frame._state, self._frame._columns
        changed = type(self._frame)(state, columns)
        for name, each in zip(names, values, strict=True):
            changed[name] = each if condition is None else _replaced(changed[name], condition, each)
        self._frame._set(changed._state, changed._columns)

    def _names(self, columns: Any) -> list[str]:
        """Return the names of the data columns that ``columns`` selects. Raises ColumnNotFound."""
        known = self._frame.data_columns
        if isinstance(columns, slice):
            if columns.step is not None:
                raise InvalidValue("a slice of columns cannot have a step", hint="pass a list of names")
            for name in (columns.start, columns.stop):
                if name is not None:
                    self._frame._column(name)
            start = 0 if columns.start is None else known.index(columns.start)
            return known[start : None if columns.stop is None else known.index(columns.stop) + 1]
        is_one = isinstance(columns, str | Series) or not isinstance(columns, Iterable)
        names: list[Any] = [columns] if is_one else list(columns)
        for name in names:
            if not isinstance(name, str):
                raise InvalidType(
                    f"column names have to be strings, not {name!r}",
                    hint="in a tuple, the first part selects rows by the first index level and the second "
                    "columns; for other levels, write a condition, such as df[df.index['day'] == day]",
                )
            self._frame._column(name)
        return names

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
            raise InvalidValue("a slice of labels needs sorted rows", hint="sort the frame first: df.sort_index().loc[a:b]")
        first = state.order[0]
        if first.expr == level._expr:
            return make_series(state, _in_sorted(level, labels, first), "selected")
        row = over(aggregation("row_number"), (), state.order)
        inside: Expr = literal(True)
        for label, op, end in ((labels.start, "min", "ge"), (labels.stop, "max", "le")):
            if label is not None:
                same = call("eq", level._expr, level._literal(label, "loc"))
                place = over(aggregation(op, case([(same, row)])), (), (), WindowFrame("ROWS", None, None))
                inside = call("and", inside, case([(call("is_null", place), _no_label(label, row))], call(end, row, place)))
        return make_series(state, inside, "selected")


def _no_label(label: object, row: Expr) -> Expr:
    """Return a condition that fails when evaluated: only the stored rows show whether one has the label.

    The string is not a UUID, and the engine's error quotes it. It ends in a row number, so that no engine evaluates it in
    advance.
    """
    text = call("concat", literal(f"no row has the label {in_words(label)}, including row "), cast(row, STRING))
    return call("eq", cast(text, UUID), literal(uuid.UUID(int=0)))


def _in_sorted(level: Series, labels: slice, order: Ordering) -> Expr:
    """Return the condition for a slice of rows that are sorted by the level, whether or not the labels exist."""
    inside: Expr = literal(True)
    for label, op, is_start in (
        (labels.start, "ge" if order.ascending else "le", True),
        (labels.stop, "le" if order.ascending else "ge", False),
    ):
        if label is not None:
            test = call(op, level._expr, level._literal(label, "loc"))
            # Missing labels sort before all others, or after them.
            inside = call("and", inside, call("coalesce", test, literal(is_start == order.nulls_last)))
    return inside


def _replaced(series: Series, condition: Series, value: object) -> Series:
    """Return the series with values replaced where a condition is true, in a type that fits old and new values."""
    plain = value if isinstance(value, Series) else python_value(value)
    if plain is None:
        return series.mask(condition, None)
    if isinstance(plain, Series):
        other, type_ = plain._expr, plain._expr.type
    else:
        other = series._literal(plain, "loc")
        type_ = other.type
    if type_ == series._expr.type:
        return series.mask(condition, value)
    shared = shared_type([series._expr.type, type_])
    given = plain._with(cast(other, shared)) if isinstance(plain, Series) else series._with(cast(other, shared))
    return series._with(cast(series._expr, shared)).mask(condition, given)


def _rows_and_columns(key: Any) -> tuple[Any, Any]:
    """Return the two parts of a key; the second is None for a key without columns."""
    if not isinstance(key, tuple):
        return key, None
    if len(key) != 2:
        raise InvalidValue(f"loc takes rows and columns, not {len(key)} parts", hint="pass several names as a list")
    return key


def _is_all(key: object) -> bool:
    return isinstance(key, slice) and key == slice(None)
