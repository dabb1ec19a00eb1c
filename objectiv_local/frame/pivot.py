"""Pivot tables: aggregates by the values of columns, arranged in rows and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from objectiv_local.arguments import in_words
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.frame.functions import Function, checked_function
from objectiv_local.frame.handles import make_series
from objectiv_local.frame.reshape import unstacked
from objectiv_local.frame.values import is_value
from objectiv_local.types import python_value

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.series.base import Series


def pivot_table(
    self: DataFrame,
    values: str | Sequence[str] | None = None,
    index: str | Sequence[str] | None = None,
    columns: str | None = None,
    aggfunc: Function | Mapping[str, Function] = "mean",
    fill_value: object = None,
    dropna: bool = True,
) -> DataFrame:
    """Return aggregates of ``values`` with a row for each combination of ``index``, which becomes the sorted index.

    With ``columns``, the name of a column, there is a column for each of its values, in ascending order. It is named by the
    value if ``values`` is a single name, otherwise ``<value>__<column>`` as in ``unstack``. This queries the database once for
    the values. Without ``columns``, the columns keep their names. ``values`` are by default all other data columns. ``aggfunc``
    is one aggregate, or a mapping from columns to one aggregate each. A cell without rows is missing, or ``fill_value``.

    With ``dropna``, rows with a missing key are omitted, and so are combinations and columns in which every aggregate is
    missing; for several ``values`` and no ``fill_value``, a second query finds those columns. Without it, a missing key in
    ``index`` has a row of its own, and one in ``columns`` raises InvalidValue.

    Differs from pandas: ``columns`` is a single column, and ``aggfunc`` a single aggregate per column; for margins, use
    ``rollup`` or ``cube``.
    """
    rows = _names(index)
    if not rows:
        raise InvalidValue("pivot_table needs index, the columns for its rows", hint="as in index='city'")
    self._state.rows("pivot_table")
    if columns is not None and not isinstance(columns, str):
        raise NotSupported(
            f"columns of pivot_table has to be one column, not {in_words(columns)}",
            hint="combine several into one: df['both'] = df.a + '-' + df.b",
        )
    if not is_value(fill_value):
        raise InvalidType(
            f"fill_value of pivot_table has to be a single value, not {in_words(fill_value)}",
            hint="for a mapping of columns to values, use fillna on the result",
        )
    keys = [*rows, *([] if columns is None else [columns])]
    if len(set(keys)) != len(keys):
        raise InvalidValue("a column is used twice in index and columns", hint="name each column once")
    functions = aggfunc if isinstance(aggfunc, Mapping) else None
    if functions is not None and not functions:
        raise InvalidValue("aggfunc is empty", hint="as in aggfunc={'amount': 'sum'}")
    chosen = _names(values) or (
        list(functions) if functions is not None else [name for name in self.data_columns if name not in keys]
    )
    if not chosen:
        raise InvalidValue("the frame has no column left to aggregate", hint="for row counts, use groupby([...]).size()")
    wanted = {name: checked_function(aggfunc if functions is None else functions.get(name, "mean")) for name in chosen}
    for name in functions or ():
        if name not in wanted:
            raise InvalidValue(f"aggfunc names the column {name!r}, which is not in values", hint="add it to values")
    frame = self
    if dropna:
        for key in keys:
            frame = frame[_key(frame, key).notnull()]
    grouped = frame.groupby(keys)
    for name in chosen:
        grouped._column(name)
    found = _aggregated(grouped, wanted)
    if dropna:
        found = found.dropna(how="all")
    if columns is not None:
        single = isinstance(values, str)
        found = unstacked(found, columns, None, "max", lambda value, column: value if single else f"{value}__{column}")
        if dropna and len(chosen) > 1 and python_value(fill_value) is None:
            found = _without_empty(found)
    return found if python_value(fill_value) is None else found.fillna(value=fill_value)


def _names(given: str | Sequence[str] | None) -> list[str]:
    return [] if given is None else [given] if isinstance(given, str) else list(given)


def _key(frame: DataFrame, name: str) -> Series:
    level = frame.index.get(name)
    return frame._column(name) if level is None else make_series(frame._state, level._expr, name)


def _aggregated(grouped: DataFrame, functions: Mapping[str, str]) -> DataFrame:
    """Return an aggregate of each column, named like the column."""
    try:
        return grouped._reduce(None, named={name: (name, func) for name, func in functions.items()})
    except InvalidType as error:
        raise InvalidType(
            f"pivot_table aggregates every column: {error.what}",
            hint="choose columns with values=, or another aggregate with aggfunc=",
        ) from None


def _without_empty(frame: DataFrame) -> DataFrame:
    """Return the frame without columns that have only missing values. Runs a query."""
    if not frame.data_columns:
        return frame
    counts = frame.count().to_arrow().to_pylist()[0]
    kept: DataFrame = frame[[name for name in frame.data_columns if counts[f"{name}_count"]]]
    return kept
